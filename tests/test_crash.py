"""What a crash leaves: the server is killed in the middle of its work, twice; two processes plan the same at once.

Design invariants 1 to 3: one follow-up for each plan and origin, nothing waits, no mail is lost; only the one that was
on its way when the process died may come again, and then with the same Message-ID.
"""

import os
import signal
from collections import defaultdict

import pytest
from conftest import wait_for
from loop_clock import Clock, company_today
from loop_company import Company
from loop_inside import GATE, end_inside, gate, start_inside

CUSTOMERS = 300
ORDERS = 8
MAIL_DOMAIN = "crash.example.com"
# What each of two processes does: read, wait until the other is as far, then plan, all in one transaction.
PLAN = f"""
env.cr.execute("SELECT count(*) FROM aftersale_followup")
pickings = env["stock.picking"].browse({{pickings}})
pickings.move_ids.sale_line_id.order_id.mapped("name")
print("ready", flush=True)
env.cr.execute("SELECT pg_advisory_xact_lock_shared({GATE})")
env["aftersale.plan"]._plan_isolated("delivery", pickings)
env.cr.commit()
print("planned", flush=True)
"""


@pytest.fixture(scope="module")
def name(database):
    return database(demo=False, lang="zh_CN")


def kill(served, pid_file):
    """Kill Odoo itself, not the command around it: nothing can be tidied up."""
    os.kill(int(pid_file.read_text()), signal.SIGKILL)
    served.process.wait(30)
    assert not served.answers()


def plan_customers(company):
    """Follow-ups of as many customers, due now."""
    emails = [f"customer{number}@{MAIL_DOMAIN}" for number in range(CUSTOMERS)]
    partners = company.call(
        "res.partner", "create", [{"name": email.split("@")[0], "email": email, "lang": "en_US"} for email in emails]
    )
    common = {
        "plan_id": company.ref("plan_new"),
        "scenario": "new_customer",
        "contact_class": "new",
        "team_id": company.team,
        "company_id": company.id,
        "lang": "en_US",
        "date_planned": str(company_today()),
        "date_deadline": str(company_today()),
        "date_next": "2020-01-01 00:00:00",
    }
    rows = [
        {**common, "origin": f"target:0:{partner}:0", "partner_id": partner, "email_key": email}
        for partner, email in zip(partners, emails, strict=True)
    ]
    company.call("aftersale.followup", "create", rows)
    return emails


def test_a_killed_server_loses_no_invitation(databases, name, server, smtp, tmp_path):
    pid_file = tmp_path / "odoo.pid"

    def start():
        return server(name, "--pidfile", str(pid_file), smtp_port=smtp.port)

    def received():
        return [mail for mail in smtp.messages if mail.envelope_to[0].endswith(MAIL_DOMAIN)]

    def count(state):
        return clock.sql("SELECT count(*) FROM aftersale_followup WHERE state = %s", state)[0][0]

    served = start()
    company, clock = Company(served).set_up(), Clock(databases, served)
    # The mails wait until the second part: first the contacts are interrupted, then the sending.
    mail_queue = company.ref("mail.ir_cron_mail_scheduler_action")
    clock.sql("UPDATE ir_cron SET active = false WHERE id = %s", mail_queue)
    emails = plan_customers(company)

    clock.wake("ir_cron_contact")
    wait_for(lambda: count("ready"), 60, "the first batch to be contacted")
    kill(served, pid_file)
    contacted = count("ready")
    assert 0 < contacted < CUSTOMERS, "the kill came too late to prove anything"
    invitations = (
        "SELECT count(*) FROM mail_mail mail JOIN mail_message message ON message.id = mail.mail_message_id"
        " WHERE message.model = 'aftersale.followup'"
    )
    assert clock.sql(invitations)[0][0] == contacted  # state and mail are written together, or not at all

    served = start()
    clock.run("ir_cron_contact")
    wait_for(lambda: count("ready") == CUSTOMERS, 120, "all to be contacted")
    assert clock.sql(invitations)[0][0] == CUSTOMERS
    assert clock.sql("SELECT count(*) FROM aftersale_attempt WHERE outcome = 'sent'")[0][0] == CUSTOMERS
    assert received() == []

    clock.sql("UPDATE ir_cron SET active = true WHERE id = %s", mail_queue)
    clock.wake("ir_cron_mail_scheduler_action")
    wait_for(lambda: len(received()) > 20, 60, "the first mails")
    kill(served, pid_file)
    before = len(received())
    assert before < CUSTOMERS, "the kill came too late to prove anything"

    served = start()
    clock.wake("ir_cron_mail_scheduler_action")
    wait_for(lambda: {mail.envelope_to[0] for mail in received()} == set(emails), 120, "a mail for everybody")
    wait_for(lambda: clock.sql("SELECT count(*) FROM mail_mail WHERE state = 'outgoing'")[0][0] == 0, 60, "the queue")
    identities = defaultdict(list)
    for mail in received():
        identities[mail.envelope_to[0]].append(mail["Message-ID"])
    repeated = [ids for ids in identities.values() if len(ids) > 1]
    assert len(repeated) <= 1  # the one in flight
    assert all(len(set(ids)) == 1 for ids in identities.values())
    assert len({ids[0] for ids in identities.values()}) == CUSTOMERS
    assert count("ready") == CUSTOMERS
    assert served.errors() == []


def test_two_processes_planning_the_same_deliveries_leave_one_row_each(databases, name, server, smtp):
    served = server(name, smtp_port=smtp.port)
    company, clock = Company(served), Clock(databases, served)
    plan = company.ref("plan_new")
    if not company.find("resource.calendar", ["name", "=", "Monday to Friday"]):
        company.set_up()  # the other test did not run
    # Delivered while the plan did not look yet: no hook has planned them.
    company.call("aftersale.plan", "write", [plan], {"date_start": "2099-01-01"})
    product = company.product("Drip coffee machine", "滴滤咖啡机")
    customers = [company.customer(f"Customer {number}", f"late{number}@example.com") for number in range(ORDERS)]
    orders = [company.order(customer, product, confirm=True) for customer in customers]
    pickings = company.deliveries(*orders)
    company.call("stock.picking", "button_validate", pickings)
    assert company.followups(["order_id", "in", orders]) == []
    company.call("aftersale.plan", "write", [plan], {"date_start": "2020-01-01"})

    with gate(databases, name):
        # One in the other's order, and each has a delivery that the other has not.
        planners = [start_inside(name, PLAN.format(pickings=share)) for share in (pickings[:-1], pickings[:0:-1])]
        for planner in planners:
            assert planner.stdout.readline() == "ready\n"
    logs = "".join(end_inside(planner, "planned") for planner in planners)
    assert "aftersale_followup_origin_unique" in logs, "the two did not meet: this proved nothing"
    rows = clock.sql("SELECT order_id, count(*) FROM aftersale_followup WHERE order_id = ANY(%s) GROUP BY 1", orders)
    assert {count for _order, count in rows} == {1}

    # Whoever came second left its rows to the sweep.
    clock.run("ir_cron_sweep")
    rows = clock.sql(
        "SELECT order_id, count(*) FROM aftersale_followup WHERE order_id = ANY(%s) AND plan_id = %s GROUP BY 1",
        orders,
        plan,
    )
    assert sorted(rows) == [(order, 1) for order in sorted(orders)]
    assert company.read("aftersale.plan", plan, "error_count") == 0
    assert served.errors() == []
