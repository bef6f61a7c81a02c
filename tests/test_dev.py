"""./dev itself: its arguments, what it refuses, and that broken downloads and killed runs leave no trace."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import DEV_COMMAND, dev, wait_for

from devkit import console, debian, odoo, postgres
from devkit.commands.test import _targets
from devkit.measure import Context, row
from devkit.paths import ADDON, ADDONS, ROOT


def test_help_names_every_command():
    result = dev("--help")
    assert result.returncode == 0
    for command in ("run", "test", "db", "odoo", "bench", "lint"):
        assert f"\n    {command} " in result.stdout


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((), "required"),
        (("nonsense",), "invalid choice"),
        (("run", "--port", "many"), "invalid int"),
        (("run", "--port", "70000"), "--port"),
        (("db", "../x"), "no name for a database"),
        (("db", "postgres"), "no name for a database"),
        (("db", "x", "--lang", "xx_YY"), "no language"),
        (("run", "--lang", "Chinese", "--port", "8999"), "no language"),
        (("bench", "nonsense"), "No such benchmark"),
        (("bench", "--json", "/no/such/folder/x.json"), "No such folder"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    result = dev(*arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_taken_port_is_refused(server_socket):
    result = dev("run", "--port", server_socket)
    assert result.returncode == 2
    assert "--port" in result.stderr


@pytest.fixture
def server_socket():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


# ------------------------------------------------------------
# Odoo
# ------------------------------------------------------------


def _odoo_home(folder, series):
    (folder / "odoo").mkdir()
    (folder / "odoo" / "release.py").write_text(f"series = {series!r}\nversion = series\n")
    return {**os.environ, "ODOO_HOME": str(folder)}


def test_a_wrong_version_is_refused(tmp_path):
    result = dev("odoo", "--version", env=_odoo_home(tmp_path, "17.0"))
    assert result.returncode == 2
    assert "17.0" in result.stderr and "19.0 is needed" in result.stderr


def test_an_empty_odoo_home_is_refused(tmp_path):
    result = dev("odoo", "--version", env={**os.environ, "ODOO_HOME": str(tmp_path)})
    assert result.returncode == 2
    assert "holds no Odoo" in result.stderr


def test_a_wrong_odoo_on_the_path_is_not_used(tmp_path, monkeypatch, capsys):
    _odoo_home(tmp_path, "16.0")
    (tmp_path / "odoo-bin").write_text("#!/bin/sh\n")
    (tmp_path / "odoo-bin").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert odoo._from_path() is None
    assert "16.0" in capsys.readouterr().err


def test_odoo_gets_input_and_gives_output_and_exit_code():
    shell = dev("odoo", "shell", input="print(6 * 7)\n")
    assert shell.returncode == 0 and "42" in shell.stdout
    assert dev("odoo", "no-such-command").returncode == 1


def test_addons_path_extends():
    in_use = odoo.Odoo(Path("/o/odoo"), "19.0", "test")
    one, two = (
        odoo.with_addons_path(in_use, ["--addons-path=/x", "-d", "a"]),
        odoo.with_addons_path(in_use, ["--addons-path", "/x"]),
    )
    assert one[0].startswith("--addons-path=/x,") and one[1:] == ["-d", "a"]
    assert two[1] == one[0].removeprefix("--addons-path=")


def test_killed_dev_takes_odoo_along():
    command = [*DEV_COMMAND, "odoo", "server", "--no-http", "--max-cron-threads=0", "--logfile", os.devnull]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    try:
        child = wait_for(lambda: [int(pid) for pid in children.read_text().split() if _is_odoo(pid)], 60, "Odoo")[0]
        process.kill()
        wait_for(lambda: _is_gone(child), 30, "the end of Odoo")
    finally:
        process.kill()
        process.wait()


def _is_odoo(pid):
    try:
        return "odoo-bin" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def _is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


# ------------------------------------------------------------
# Debian's package
# ------------------------------------------------------------


def test_mirrors_are_read_from_both_formats(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(
        "# deb http://commented.example/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/k.gpg] http://one.example/debian/ bookworm main\n"
        "deb-src http://source.example/debian bookworm main\n"
        "deb http://one.example/debian bookworm-security main\n"
    )
    (tmp_path / "sources.list.d" / "x.sources").write_text(
        "Types: deb deb-src\n# a remark\nURIs: http://two.example/debian\n  http://three.example/debian\n"
        "Suites: bookworm\n bookworm-updates\n\n"
        "Types: deb\nURIs: http://off.example/debian\nSuites: bookworm\nEnabled: no\n\n"
        "Types: deb\nURIs: http://four.example/other\nSuites: bookworm\n"
    )
    (tmp_path / "sources.list.d" / "x.list.disabled").write_text("deb http://five.example/debian bookworm main\n")
    assert debian.mirrors(tmp_path) == [f"http://{name}.example/debian" for name in ("one", "two", "three")]


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """An apt-get that delivers small real packages; those of its first `broken` downloads are cut short."""
    debs, commands, sources = tmp_path / "debs", tmp_path / "bin", tmp_path / "apt"
    for folder in (debs, commands, sources / "sources.list.d"):
        folder.mkdir(parents=True)
    for name in (package.split("/")[0] for package in debian.PACKAGES):
        tree = tmp_path / "tree" / name
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "usr/lib/python3/dist-packages/odoo").mkdir(parents=True)
        (tree / "usr" / name).write_text("content")
        control = f"Package: {name}\nVersion: 19.0.0\nArchitecture: all\nMaintainer: nobody\nDescription: test\n"
        (tree / "DEBIAN" / "control").write_text(control)
        command = ["dpkg-deb", "--root-owner-group", "-b", str(tree), str(debs / f"{name}_19.0.0_all.deb")]
        subprocess.run(command, check=True, capture_output=True)
    (sources / "sources.list").write_text("deb http://archive.example/debian bookworm main\n")
    script = f"""
        #!/bin/sh
        case "$*" in
        *" download "*)
            echo >> {tmp_path}/downloads
            cp {debs}/*.deb .
            if [ $(wc -l < {tmp_path}/downloads) -le $(cat {tmp_path}/broken) ]; then
                for deb in *.deb; do truncate -s 150 "$deb"; done
            fi ;;
        esac
    """
    (commands / "apt-get").write_text(textwrap.dedent(script).lstrip())
    (commands / "apt-get").chmod(0o755)
    keyring = tmp_path / "keyring.gpg"
    keyring.touch()
    monkeypatch.setenv("PATH", str(commands), prepend=os.pathsep)
    monkeypatch.setattr(debian, "DEV", tmp_path)
    monkeypatch.setattr(debian, "KEYRING", keyring)
    monkeypatch.setattr(debian, "mirrors", lambda folder=sources: ["http://archive.example/debian"])
    return tmp_path


@pytest.mark.parametrize("broken", [0, 1])
def test_a_broken_download_is_noticed_and_fetched_again(archive, broken):
    (archive / "broken").write_text(str(broken))
    target = archive / "odoo"
    debian.fetch(target)
    assert (target / "usr" / "odoo-19").read_text() == "content"
    assert (target / "version").read_text() == "19.0.0"
    assert len((archive / "downloads").read_text().splitlines()) == broken + 1
    assert not (archive / "fetch").exists()


def test_a_download_broken_twice_leaves_nothing_half_made(archive):
    (archive / "broken").write_text("9")
    target = archive / "odoo"
    with pytest.raises(console.Stop) as stop:
        debian.fetch(target)
    assert stop.value.code == 2 and "ODOO_HOME" in str(stop.value)
    assert not target.exists()
    (archive / "broken").write_text("0")  # what the broken tries left is in nobody's way
    debian.fetch(target)
    assert (target / "version").exists()


def test_without_apt_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(console.Stop) as stop:
        debian.fetch(tmp_path / "odoo")
    assert stop.value.code == 2 and "ODOO_HOME" in str(stop.value)


# ------------------------------------------------------------
# PostgreSQL and databases
# ------------------------------------------------------------


def test_a_server_that_does_not_answer_is_reported():
    result = dev("db", "x", env={**os.environ, "PGHOST": "/no/such/folder", "PGUSER": "nobody"})
    assert result.returncode == 2
    assert "PostgreSQL server of the PG* variables" in result.stderr


def test_a_stale_pid_file_is_removed(monkeypatch, tmp_path):
    """Also when its process id belongs to another process by now (here: to this test)."""
    monkeypatch.setattr(postgres, "DATA", tmp_path)
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}\n")
    postgres._clear_stale(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_a_half_made_template_is_made_again(databases, monkeypatch):
    name = f"tpl_{databases.checkout}_try_{os.getpid()}_0123456789"

    def killed(title, half, *arguments):
        databases.server.sql(f'CREATE DATABASE "{half}"')
        raise KeyboardInterrupt

    def made(title, half, *arguments):
        databases.server.sql(f'CREATE DATABASE "{half}"')

    try:
        monkeypatch.setattr(databases, "odoo_step", killed)
        with pytest.raises(KeyboardInterrupt):
            databases._make(name, None, "try", ["base"], False, None)
        assert not databases.exists(name)
        monkeypatch.setattr(databases, "odoo_step", made)
        databases._make(name, None, "try", ["base"], False, None)
        assert databases.exists(name) and not databases.exists(f"{name}_half")
    finally:
        databases.drop(name)
        databases.drop(f"{name}_half")


def test_facts_stay_with_their_database(databases):
    name = f"aftersale_out_{os.getpid()}_facts"
    databases.server.sql(f'CREATE DATABASE "{name}"')
    try:
        assert databases.facts(name) == {}
        databases.remember(name, addon="1")
        databases.remember(name, lang="zh_CN")
        assert databases.facts(name) == {"addon": "1", "lang": "zh_CN"}
    finally:
        databases.drop(name)


# ------------------------------------------------------------
# Tests and benchmarks
# ------------------------------------------------------------


def test_paths_choose_the_run():
    inside, outside = f"{ADDON}/tests", "tests/test_dev.py::test_paths_choose_the_run"
    (ROOT / inside).mkdir(exist_ok=True)
    everywhere = {addon: ["-k", "page", f"{addon}/tests"] for addon in ADDONS}
    assert _targets(["-k", "page"]) == (everywhere, ["-k", "page", "tests"])
    assert _targets(["-x", inside]) == ({ADDON: ["-x", inside]}, None)
    assert _targets([outside]) == ({}, [outside])


def test_a_skipped_test_fails(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import pytest, unittest\n"
        "def test_good(): pass\n"
        "def test_skips(): pytest.skip('no time')\n"
        "@pytest.mark.xfail\ndef test_expected(): assert False\n"
        "class Case(unittest.TestCase):\n    def test_skips(self): self.skipTest('no browser')\n"
    )
    counts = tmp_path / "counts.json"
    command = [sys.executable, "-m", "pytest", "-p", "devkit.strict", "-p", "no:odoo", "-c", os.devnull, str(tmp_path)]
    environment = {**os.environ, "DEV_TEST_COUNTS": str(counts), "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "no time" in result.stdout and "no browser" in result.stdout
    assert counts.read_text() == '{"passed": 1, "failed": 3}'


def test_benchmark_rows():
    assert row("x", 1.0, 2.0, budget=0.5)["holds"] is True
    assert row("x", 1.1, 2.0, budget=0.5)["holds"] is False
    assert row("x", 3.0, budget=2.0) == {
        "name": "x",
        "ours": 3.0,
        "peer": None,
        "unit": "s",
        "ratio": None,
        "budget": 2.0,
        "holds": False,
    }
    calls = []
    figures = iter(range(100))
    made = Context(None).compare("y", lambda: calls.append("o") or next(figures), lambda: calls.append("p") or 1)
    assert calls == ["o", "p"] * 10, "interleaved, nine counted rounds after one"
    assert made["ours"] == 5 and made["ratio"] == 5
