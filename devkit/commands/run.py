"""./dev run: a served Odoo with demo data and the add-on."""

import http.client
import signal
import socket
import sys
import time

from devkit import odoo, prepare, process, system
from devkit.console import Stop, say
from devkit.database import addon_hash, manifest
from devkit.paths import ADDON, ADDONS, LOG

NAME = "aftersale_run"
PATIENCE = 180  # seconds for the login page to come up
LOGINS = ("agent", "supervisor", "manager", "logistics")  # of the add-on's demo data; password = login
TO_TRY = """Five things to try
  1. as agent: After-Sales > Follow-ups, open one of today's calls and fill in the call form
  2. as admin: confirm a sale order, validate its delivery, and find the planned follow-up on the order
  3. as supervisor: After-Sales > Issues, drag a card to Done and read what is still missing
  4. as manager: After-Sales > Analysis > Analyses, open last month's and print it
  5. open the customer's page: the link is in the e-mail of a follow-up that was sent"""


def main(options):
    _check_port(options.port)
    databases = prepare.databases()
    databases.check_lang(options.lang)
    system.ready(["wkhtmltopdf", "fonts-noto-cjk"], required=False)
    _database(databases, options)
    url = f"http://127.0.0.1:{options.port}"
    databases.set_url(NAME, url)
    log = LOG / "run.log"
    command = odoo.command("-d", NAME, f"--db-filter=^{NAME}$", "--http-port", options.port, "--logfile", log)
    with log.open("ab") as output:
        server = process.start(command, own_group=True, env=databases.environment, stdout=output, stderr=output)
    stopped = []
    for number in process.PASSED_ON:
        signal.signal(number, lambda received, _frame: stopped.append(received))
    try:
        if _wait(url, options.port, server, stopped):
            _tell(databases, url, log)
        while server.poll() is None and not stopped:
            time.sleep(0.2)
    finally:
        process.end(server)
    if stopped:
        say("Stopped.")
        return 0
    raise Stop(f"Odoo ended by itself; its log: {log}", code=1)


def _check_port(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise Stop(f"Port {port} cannot be used ({error}): choose another with --port.") from error


def _database(databases, options):
    """The database of earlier runs, brought up to date if the add-on changed; a new one when there is none."""
    current = addon_hash(ADDONS)  # a bridge is updated with what it hangs on
    if options.fresh or not databases.exists(NAME):
        databases.create(NAME, demo=True, lang=options.lang)
    elif manifest() and databases.facts(NAME).get("addon") != current:
        databases.odoo_step("updating the add-on in the database", NAME, "-i", ADDON, "-u", ADDON)
        databases.remember(NAME, addon=current)
    if not options.lang:
        return
    if databases.facts(NAME).get("lang") != options.lang:
        databases.odoo_step(f"loading {options.lang}", NAME, f"--load-language={options.lang}")
        databases.remember(NAME, lang=options.lang)
    query = "UPDATE res_partner SET lang = %s WHERE id IN (SELECT partner_id FROM res_users WHERE login IN %s)"
    databases.server.sql(query, [options.lang, ("admin", *LOGINS)], database=NAME)


def _wait(url, port, server, stopped):
    """Whether the login page answers; False when the server ended or Ctrl-C came first."""
    say("  starting Odoo …")
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and not stopped:
        if time.monotonic() > deadline:
            raise Stop(f"Odoo does not answer at {url}; its log: {LOG / 'run.log'}", code=1)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/web/login")
            if connection.getresponse().status == 200:
                return True
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.2)
    return False


def _tell(databases, url, log):
    query = "SELECT login FROM res_users WHERE active AND login IN %s"
    present = {row[0] for row in databases.server.sql(query, [("admin", *LOGINS)], database=NAME)}
    logins = ", ".join(login for login in (*LOGINS, "admin") if login in present)
    print(f"\n{url}\nLogins (the password is the login): {logins}\n\n{TO_TRY}\n\nLog: {log}\nCtrl-C ends it.")
    sys.stdout.flush()
