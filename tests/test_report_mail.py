"""The analysis as it arrives: by the server's own cron, through a real mail server that turns one recipient away."""

import pytest
from conftest import wait_for
from loop_clock import Clock, ended_month
from loop_company import DOMAIN, Company
from loop_inside import at_once
from loop_smtp import MailServer

MANAGER, HEAD, LI = f"manager@{DOMAIN}", f"stock@{DOMAIN}", "li@reports.example"
WIDTHS = {"phone": 390, "desktop": 1100}


class Reports:
    def __init__(self, databases, server, mail_server):
        self.mail_server = mail_server
        self.clock = Clock(databases, server)
        self.company = Company(server).set_up()
        self.tag = self.company.ref("tag_logistics_delay")
        self.name_recipients()

    def say_something(self):
        """Make a month's report due: last of all, as the server's cron may find it at any moment from now on."""
        for score in (5, 4, 4, 2, 1):
            values = {"score": score, "company_id": self.company.id}
            if score < 3:
                values["tag_ids"] = [(6, 0, [self.tag])]
            self.company.call("aftersale.feedback", "create", values)
        # answers can be entered a month late, no more
        self.clock.sql("UPDATE aftersale_feedback SET date = %s", f"{ended_month()} 04:00:00")

    def name_recipients(self):
        """The manager by role, an address without a user, and the head of the department with the first problem."""
        company = self.company
        li = company.customer("Li Hua", email=LI)
        employee = {"name": "Sun Lei", "user_id": company.users["stock"], "company_id": company.id}
        head = company.call("hr.employee", "create", employee)
        logistics = company.call("hr.department", "create", {"name": "Logistics", "manager_id": head})
        company.call("aftersale.tag", "write", [self.tag], {"department_id": logistics})
        values = {
            "aftersale_report_recipient_ids": [(6, 0, [li])],
            "aftersale_report_week": False,
            "aftersale_min_n": 1,
        }
        company.call("res.company", "write", [company.id], values)

    def received(self, address):
        """Mails of analyses: Odoo's own digest may go out the same minute."""
        mails = [mail for mail in self.mail_server.messages if address in mail.envelope_to]
        return [mail for mail in mails if "-aftersale.analysis@" in mail["Message-Id"]]

    def states(self):
        rows = self.clock.sql(
            "SELECT n.notification_status FROM mail_notification n JOIN mail_message m ON m.id = n.mail_message_id"
            " WHERE m.model = 'aftersale.analysis' AND m.message_type = 'email_outgoing' ORDER BY 1"
        )
        return [state for (state,) in rows]


@pytest.fixture
def reports(request, databases, database, server):
    mail_server = MailServer().start()
    served = server(database(demo=False, lang="zh_CN"), *getattr(request, "param", ()), smtp_port=mail_server.port)
    yield Reports(databases, served, mail_server)
    mail_server.stop()


def test_each_gets_their_report_once_even_if_the_server_turns_one_away_at_first(reports, browser, artefacts):
    reports.mail_server.handler.refuse.add(LI)
    reports.say_something()
    reports.clock.run("ir_cron_analysis")
    wait_for(lambda: reports.received(MANAGER) and reports.received(HEAD), 90, "the reports")
    wait_for(lambda: "exception" in reports.states(), 30, "the failure to be noted")
    [analysis] = reports.company.find("aftersale.analysis", ["state", "=", "issued"])
    assert "Li Hua: " in reports.company.read("aftersale.analysis", analysis, "unsent_note")
    tried = reports.mail_server.handler.refused[LI]

    reports.mail_server.handler.refuse.clear()
    for _step in ("it is given a pause", "the pause is over"):
        reports.clock.run("ir_cron_contact")
        reports.clock.sql(
            "UPDATE mail_mail SET aftersale_retry_date = (now() AT TIME ZONE 'UTC') - interval '1 minute'"
            " WHERE aftersale_retry_date IS NOT NULL"
        )
    reports.clock.run("ir_cron_contact")
    wait_for(lambda: reports.received(LI), 60, "the report that was turned away")
    wait_for(lambda: set(reports.states()) == {"sent"}, 30, "the queue to note it")
    assert tried >= 1
    assert not reports.company.read("aftersale.analysis", analysis, "unsent_note")
    for address in (MANAGER, HEAD, LI):
        assert len(reports.received(address)) == 1, address

    whole, part, chinese = (reports.received(address)[0] for address in (MANAGER, HEAD, LI))
    pdfs = [[file.get_filename()[-9:] for file in mail.iter_attachments()] for mail in (whole, part, chinese)]
    assert pdfs == [["en_US.pdf"], [], ["zh_CN.pdf"]]
    texts = {}
    for name, mail in (("manager", whole), ("head", part), ("chinese", chinese)):
        page = browser.new_page()
        page.set_content(mail.get_body(("html",)).get_content())
        texts[name] = " ".join(page.inner_text("body").split())
        for device, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 700})
            page.screenshot(path=artefacts / f"{name}-{device}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, device)
        page.close()
    assert "Average satisfaction: 3.2" in texts["manager"]
    assert "60%*" in texts["manager"]
    assert "Logistics" in texts["head"]
    assert "60%" not in texts["head"]
    assert "平均满意度" in texts["chinese"]
    for english in ("Average", "Response", "Top 3"):
        assert english not in texts["chinese"]


@pytest.mark.parametrize("reports", [["--max-cron-threads=0"]], indirect=True)
def test_two_workers_review_and_issue_each_report_once(databases, reports):
    company, name = reports.company, reports.company.server.database
    reports.say_something()
    company.call("res.company", "write", [company.id], {"aftersale_report_review": True})
    assert "Traceback" not in at_once(databases, name, "aftersale.analysis", "_cron_issue")
    [(draft, state, in_review)] = reports.clock.sql("SELECT id, state, in_review FROM aftersale_analysis")
    assert (state, in_review) == ("draft", True)
    query = "SELECT user_id FROM mail_activity WHERE res_model = 'aftersale.analysis' AND active"
    users = [user for (user,) in reports.clock.sql(query)]
    assert company.users["manager"] in users
    assert len(users) == len(set(users)), "a manager is asked once"

    reports.clock.sql("UPDATE aftersale_analysis SET date_issue = '2020-01-01'")
    assert "Traceback" not in at_once(databases, name, "aftersale.analysis", "_cron_issue")
    assert reports.clock.sql("SELECT id, state FROM aftersale_analysis") == [(draft, "issued")]
    query = """SELECT count(*), count(DISTINCT n.res_partner_id) FROM mail_notification n
                 JOIN mail_message m ON m.id = n.mail_message_id AND m.message_type = 'email_outgoing'
                WHERE m.model = 'aftersale.analysis'"""
    [(mails, people)] = reports.clock.sql(query)
    assert mails == people > 2
