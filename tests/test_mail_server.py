"""Mail servers as they are: stopped, slow, hanging up in the middle; mails that come back; scanners that open links.

Issue's proof of contact: no mail is lost, only the one in flight may come twice, and then with the same Message-ID.
"""

import re
import xmlrpc.client
from collections import defaultdict

import pytest
import requests
from conftest import wait_for
from loop_clock import Clock, company_today
from loop_company import Company
from loop_inside import GATE, end_inside, gate, start_inside
from loop_page import Page
from loop_smtp import MailServer

NUMBER = 12
MAIL_DOMAIN = "mailserver.example.com"
# What each of two workers does: read, wait until the other is as far, then contact, all in one transaction.
CONTACT = f"""
env.cr.execute("SELECT count(*) FROM aftersale_sending")
print("ready", flush=True)
env.cr.execute("SELECT pg_advisory_xact_lock_shared({GATE})")
env["aftersale.followup"].browse({{ids}})._contact()
env.cr.commit()
print("worked", flush=True)
"""
BOUNCE = """Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example.com>
To: service@huashan-kitchen.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-{number}@mx.example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain

This is the mail system at mx.example.com. I am sorry to inform you.
--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user here

--=_b
Content-Type: message/rfc822

{original}
--=_b--
"""


class World:
    """A served company and its mail server."""

    def __init__(self, databases, server, mail_server):
        self.databases, self.server, self.mail_server = databases, server, mail_server
        self.clock = Clock(databases, server)
        self.company = Company(server).set_up()
        self.number = 0

    def planned(self, number, **partner):
        """As many follow-ups of customers of their own, due now: {address: follow-up}."""
        made = {}
        for _number in range(number):
            self.number += 1
            email = f"customer{self.number}@{MAIL_DOMAIN}"
            customer = self.company.customer(f"Customer {self.number}", email=email, lang="en_US", **partner)
            made[email] = self.company.call(
                "aftersale.followup",
                "create",
                {
                    "origin": f"target:0:{customer}:0",
                    "plan_id": self.company.ref("plan_new"),
                    "scenario": "new_customer",
                    "contact_class": "new",
                    "partner_id": customer,
                    "team_id": self.company.team,
                    "company_id": self.company.id,
                    "lang": "en_US",
                    "email_key": email,
                    "date_planned": str(company_today()),
                    "date_deadline": str(company_today()),
                    "date_next": "2020-01-01 00:00:00",
                },
            )
        return made

    def contact(self):
        self.clock.run("ir_cron_contact")

    def send_queue(self):
        self.clock.run("ir_cron_mail_scheduler_action")

    def end_pauses(self):
        """The pause after a failed try is over."""
        self.clock.sql(
            "UPDATE mail_mail SET aftersale_retry_date = (now() AT TIME ZONE 'UTC') - interval '1 minute'"
            " WHERE aftersale_retry_date IS NOT NULL"
        )

    def received(self, emails):
        """{address: Message-IDs} of what arrived."""
        found = defaultdict(list)
        for message in self.mail_server.messages:
            if message.envelope_to[0] in emails:
                found[message.envelope_to[0]].append(message["Message-ID"])
        return found

    def states(self, followups):
        rows = self.clock.sql(
            "SELECT mail.state FROM mail_mail mail JOIN mail_message m ON m.id = mail.mail_message_id"
            " WHERE m.model = 'aftersale.followup' AND m.res_id = ANY(%s)",
            list(followups),
        )
        return sorted(state for (state,) in rows)

    def outcomes(self, followup):
        rows = self.clock.sql(
            "SELECT c.code, a.outcome FROM aftersale_attempt a JOIN aftersale_channel c ON c.id = a.channel_id"
            " WHERE a.followup_id = %s ORDER BY a.id",
            followup,
        )
        return [tuple(row) for row in rows]


@pytest.fixture(scope="module")
def world(databases, database, server):
    mail_server = MailServer().start()
    served = server(database(demo=False, lang="zh_CN"), smtp_port=mail_server.port)
    yield World(databases, served, mail_server)
    mail_server.stop()


def test_a_stopped_mail_server_loses_no_mail(world):
    made = world.planned(NUMBER)
    world.mail_server.stop()
    assert not world.mail_server.is_up()
    world.contact()
    world.send_queue()
    wait_for(lambda: world.states(made.values()) == ["exception"] * NUMBER, 60, "the failures")
    world.contact()
    world.mail_server.start()
    world.end_pauses()
    world.contact()
    wait_for(lambda: len(world.received(made)) == NUMBER, 60, "all mails")
    assert all(len(ids) == 1 for ids in world.received(made).values())
    wait_for(lambda: world.states(made.values()) == ["sent"] * NUMBER, 30, "the queue to note it")


def test_a_connection_dropped_in_the_middle_repeats_only_the_one_in_flight(world):
    made = world.planned(NUMBER)
    world.mail_server.handler.drop = 1
    world.contact()
    world.send_queue()
    wait_for(lambda: world.mail_server.handler.drop == 0, 60, "the connection to be dropped")

    def all_there():
        world.contact()
        world.end_pauses()
        world.send_queue()
        return world.states(made.values()) == ["sent"] * NUMBER

    wait_for(all_there, 120, "all mails")
    received = world.received(made)
    assert set(received) == set(made)
    repeated = [ids for ids in received.values() if len(ids) > 1]
    assert len(repeated) == 1  # the server had it, and hung up before it said so
    assert all(len(set(ids)) == 1 for ids in received.values())


def test_a_slow_mail_server_gets_each_mail_once(world):
    made = world.planned(NUMBER)
    world.mail_server.handler.delay = 0.5
    try:
        world.contact()
        wait_for(lambda: world.states(made.values()) == ["sent"] * NUMBER, 90, "all mails")
    finally:
        world.mail_server.handler.delay = 0
    assert [len(ids) for ids in world.received(made).values()] == [1] * NUMBER


def test_a_bounce_through_the_gateway_moves_the_follow_up_on(world):
    """As the script beside the mail server does it: over XML-RPC, with the mail as it came."""
    made = world.planned(1, phone="+86 10 6555 1234")
    [(email, followup)] = made.items()
    world.contact()
    wait_for(lambda: world.received(made), 60, "the invitation")
    [original] = [m for m in world.mail_server.messages if m.envelope_to[0] == email]
    headers = f"Message-ID: {original['Message-ID']}\nSubject: How is it?\nTo: {email}\n\nHello"
    bounce = BOUNCE.format(number=followup, address=email, original=headers)
    models = xmlrpc.client.ServerProxy(f"{world.server.url}/xmlrpc/2/object", allow_none=True)
    user = world.company.admin.env.uid
    models.execute_kw(
        world.server.database,
        user,
        "admin",
        "mail.thread",
        "message_process",
        [False, xmlrpc.client.Binary(bounce.encode())],
        {},
    )
    # The next channel would be a text message: a landline gets none, which is noted, and the customer is called.
    assert world.outcomes(followup) == [("email", "sent"), ("email", "bounced"), ("sms", "bounced")]
    state, channel, partner = world.company.read("aftersale.followup", followup, "state", "channel_id", "partner_id")
    assert (state, channel) == ("ready", world.company.ref("channel_phone"))
    kind = world.company.ref("activity_type_contact_data")
    assert world.company.find(
        "mail.activity",
        ["res_model", "=", "res.partner"],
        ["res_id", "=", partner],
        ["activity_type_id", "=", kind],
    )


def test_scanners_that_open_every_link_answer_nothing(world, browser):
    """What mail gateways do with a mail: HEAD and GET of each link, also with a browser. Then the customer answers."""
    made = world.planned(1)
    [(email, followup)] = made.items()
    world.contact()
    wait_for(lambda: world.received(made), 60, "the invitation")
    [mail] = [m for m in world.mail_server.messages if m.envelope_to[0] == email]
    html = mail.get_body(("html",)).get_content()
    links = sorted({link.replace("&amp;", "&") for link in re.findall(r'href="(http[^"]+)"', html)})
    stars = [link for link in links if "score=" in link]
    assert len(stars) == 5
    unsubscribe = re.search(r"<(\S+)>", mail["List-Unsubscribe"])[1]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    before = world.company.call("aftersale.followup", "read", [followup])[0]
    for link in [*links, unsubscribe]:
        assert requests.head(link, timeout=60).status_code == 200
        assert requests.get(link, timeout=60).status_code == 200
    context = browser.new_context()
    tab = context.new_page()
    for link in stars:
        tab.goto(link)
        score = re.search(r"score=(\d)", link)[1]
        assert tab.locator(f"input[type=radio][value='{score}']:checked").count() == 1
    context.close()
    assert world.company.call("aftersale.followup", "read", [followup])[0] == before
    assert world.company.find("aftersale.feedback", ["followup_id", "=", followup]) == []

    page = Page(world.server, world.company.tokens(world.databases, [followup])[followup])
    score = f"q{world.company.ref('survey_new_satisfaction')}"
    page.open().read(2)
    assert page.post({score: "4"}).status_code == 200
    [feedback] = world.company.find("aftersale.feedback", ["followup_id", "=", followup])
    figures = world.clock.sql("SELECT count(*), sum(score) FROM aftersale_feedback WHERE is_valid")
    page.read(15)  # 30 s later the same is sent again, and then another score
    assert page.post({score: "4"}).status_code == 200
    assert world.outcomes(followup)[-1][1] != "contested"
    assert page.post({score: "1"}).status_code == 200
    assert world.company.find("aftersale.feedback", ["followup_id", "=", followup]) == [feedback]
    assert world.company.read("aftersale.feedback", feedback, "score") == 4
    assert world.clock.sql("SELECT count(*), sum(score) FROM aftersale_feedback WHERE is_valid") == figures
    assert world.outcomes(followup)[-1][1] == "contested"
    for link in stars:  # whoever opens the mail again
        assert requests.get(link, timeout=60).status_code == 200
    assert world.company.find("aftersale.feedback", ["followup_id", "=", followup]) == [feedback]


def test_one_click_needs_no_page_and_ends_it(world):
    made = world.planned(1)
    [(email, followup)] = made.items()
    world.contact()
    wait_for(lambda: world.received(made), 60, "the invitation")
    [mail] = [m for m in world.mail_server.messages if m.envelope_to[0] == email]
    unsubscribe = re.search(r"<(\S+)>", mail["List-Unsubscribe"])[1]
    assert requests.post(unsubscribe, data={"List-Unsubscribe": "One-Click"}, timeout=60).status_code == 200
    assert world.company.read("aftersale.followup", followup, "state") == "refused"
    assert world.clock.sql("SELECT scenario, source FROM aftersale_optout WHERE key = %s", email) == [(None, "mail")]


def test_two_workers_never_send_more_than_the_budget(databases, world):
    """Both looked before either sent: what leaves in the hour stays below the limit, and nobody is lost."""
    world.clock.let_only()
    world.clock.sql("DELETE FROM aftersale_sending")
    made = world.planned(20)
    ids = list(made.values())
    world.clock.sql("UPDATE res_company SET aftersale_mail_hour = 7, aftersale_mail_day = 0")
    name = world.server.database
    with gate(databases, name):
        workers = [start_inside(name, CONTACT.format(ids=share)) for share in (ids[:10], ids[10:])]
        for worker in workers:
            assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        end_inside(worker, "worked")
    rows = world.clock.sql(
        "SELECT state, is_waiting_to_send, count(*) FROM aftersale_followup WHERE id = ANY(%s) GROUP BY 1, 2", ids
    )
    assert {(state, bool(waits)): count for state, waits, count in rows} == {("ready", False): 7, ("planned", True): 13}
    assert world.clock.sql("SELECT sum(number) FROM aftersale_sending") == [(7,)]
