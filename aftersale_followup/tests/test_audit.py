from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import SQL, mute_logger

from .common import AftersaleCase

NOW = "2026-03-02 10:00:00"


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestAudit(AftersaleCase):
    """Every promise of the design is looked at each night: each test breaks one, past all guards, and sees it found."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Audit = cls.env["aftersale.audit"]
        # A company of its own: what others left in the database is not looked at.
        cls.sister = cls.env["res.company"].create({"name": "Quiet Sister"})
        jobs = cls.Audit._get_jobs()
        jobs.write({"active": True, "nextcall": "2026-03-03 02:00:00", "failure_count": 0})
        cls.plans = cls.env["aftersale.plan"].search([])
        cls.plans.write({"sweep_date": NOW, "error_count": 0, "failed_records": False})

    def _sql(self, query, *args):
        self.env.flush_all()
        self.env.cr.execute(SQL(query, *args))
        self.env.invalidate_all()

    def _check(self, code, company=None):
        # as if it were the first one: it looks back a month
        self.Audit.search([]).unlink()
        audit = self.Audit._run(company or self.company)
        return audit.line_ids.filtered(lambda line: line.code == code)

    def _assert_found(self, code, records=None, status="failed"):
        line = self._check(code)
        self.assertEqual((line.code, line.status), (code, status), line.detail)
        self.assertEqual(line.audit_id.state, "passed" if status == "warning" else "failed")
        self.assertTrue(line.found and line.advice and line.detail)
        if records is not None:
            self.assertEqual(line.res_ids, records.ids)
        return line

    def _repair(self, line):
        line.with_user(self.manager).action_repair()
        self.assertEqual(line.status, "passed", line.detail)
        self.assertEqual((line.repaired_by_id, line.repaired_count), (self.manager, 1))

    def _sent(self, days_ago=1, **values):
        """Return a follow-up whose invitation went out some days ago."""
        moment = fields.Datetime.now() - timedelta(days=days_ago)
        channel = self.env.ref("aftersale_followup.channel_email")
        followup = self._planned(
            state="ready",
            channel_id=channel.id,
            date_sent=moment,
            date_expiry=fields.Datetime.now() + timedelta(days=9),
            **values,
        )
        self.env["aftersale.attempt"].create(
            {"followup_id": followup.id, "date": moment, "channel_id": channel.id, "outcome": "sent"}
        )
        return followup

    # -- the whole -----------------------------------------------------------------

    def test_company_without_a_broken_promise_is_green(self):
        audit = self.Audit._run(self.sister)
        bad = audit.line_ids.filtered(lambda line: line.status != "passed")
        self.assertEqual(audit.state, "passed", bad.mapped("detail"))
        self.assertEqual(set(audit.line_ids.mapped("invariant")), set(range(1, 12)), "Every promise of the design.")
        self.assertEqual(audit.line_ids.mapped("code"), list(self.Audit._get_definitions()))

    def test_every_night_every_company(self):
        before = self.Audit.search([])
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_audit").method_direct_trigger()
        made = self.Audit.search([]) - before
        self.assertEqual(made.company_id, self.env["res.company"].search([]))
        self.assertFalse(made.user_id)

    def test_a_night_that_goes_on_audits_no_company_twice(self):
        """A run without time left is started again: it takes up the companies that are left."""
        self.patch(self.registry["ir.cron"], "_commit_progress", lambda *args, **options: 0)
        before = self.Audit.search([])
        for _run in self.env["res.company"].search([]):
            self.Audit._cron_audit()
        made = self.Audit.search([]) - before
        self.assertEqual(made.company_id, self.env["res.company"].search([]))
        self.assertEqual(len(made), len(made.company_id))

    def test_an_audit_goes_on_where_the_last_one_stopped(self):
        first = self.Audit._run(self.sister)
        self.assertEqual(str(first.date_from), "2026-01-31 10:00:00")
        with freeze_time("2026-03-20 02:00:00"):
            self.assertEqual(self.Audit._run(self.sister).date_from, first.date, "Days of downtime are looked at, too.")

    def test_a_check_that_fails_is_found_and_stops_no_other(self):
        def fail(audit):
            self.env.cr.execute("SELECT 1 / 0")

        self.patch(self.registry["aftersale.audit"], "_check_cap", fail)
        with mute_logger("odoo.sql_db"):
            line = self._check("cap", self.sister)
        self.assertEqual(line.status, "error")
        self.assertIn("division", line.detail)
        self.assertEqual(line.audit_id.line_ids[0], line, "What is broken comes first.")
        self.assertEqual(line.audit_id.line_ids[-1].status, "passed")

    def test_managers_are_told_once_of_what_is_newly_broken(self):
        self.manager.company_ids |= self.sister
        cron = self.env.ref("aftersale_followup.ir_cron_sweep")
        cron.active = False
        first = self.Audit._run(self.sister)
        self.assertEqual(first.activity_ids.user_id, self.sister._aftersale_managers())
        self.assertIn(self.manager, first.activity_ids.user_id)
        self.assertIn("All scheduled actions run", first.activity_ids[0].note)
        self.assertFalse(self.Audit._run(self.sister).activity_ids, "They know already.")
        cron.active = True
        self.assertEqual(self.Audit._run(self.sister).state, "passed")
        self.assertFalse(first.activity_ids, "What holds again needs nobody.")

    def test_who_may_look_and_who_may_repair(self):
        line = self._check("cap", self.company)
        self.assertTrue(line.with_user(self.supervisor).title)
        with self.assertRaises(AccessError):
            line.with_user(self.agent).read(["detail"])
        with self.assertRaises(AccessError):
            line.with_user(self.supervisor).action_repair()
        with self.assertRaises(AccessError):
            line.audit_id.with_user(self.supervisor).action_check_now()
        with self.assertRaises(AccessError):
            line.with_user(self.manager).status = "passed"
        action = line.audit_id.with_user(self.manager).action_check_now()
        self.assertEqual(self.Audit.browse(action["res_id"]).user_id, self.manager)

    def test_printed_as_evidence(self):
        line = self._assert_found("parked", self._planned(error_count=3))
        html, _type = self.env["ir.actions.report"]._render_qweb_html(
            "aftersale_followup.report_audit", line.audit_id.ids
        )
        for words in ("ISO 10002", line.title, line.detail, self.company.name):
            self.assertIn(words, html.decode())

    # -- 1 and 2: planning -------------------------------------------------------------

    def test_1_missing_rule_of_the_database(self):
        self.env.cr.execute("DROP INDEX aftersale_followup_origin_unique")
        self._repair(self._assert_found("guards"))
        self.assertFalse(self.Audit._check_guards()[1])

    def test_1_plan_that_is_not_swept(self):
        order = self._order()
        self._deliver(order)
        self.plan_new.date_start = "2026-01-01"
        self.env["aftersale.followup"].search([("order_id", "=", order.id)]).unlink()
        (self.plans - self.plan_new).active = False
        self.plan_new.sweep_date = "2026-02-27 10:00:00"
        self._repair(self._assert_found("swept", self.plan_new))
        self.assertTrue(self.env["aftersale.followup"].search([("order_id", "=", order.id)]))

    def test_2_record_that_could_not_be_planned(self):
        order = self._order()
        self._deliver(order)
        self.env["aftersale.followup"].search([("order_id", "=", order.id)]).unlink()
        (self.plans - self.plan_new).active = False
        # parked long ago: no sweep comes back to it
        self._sql("UPDATE sale_order_line SET write_date = '2026-01-01' WHERE order_id = %s", order.id)
        self._sql(
            "UPDATE stock_move SET write_date = '2026-01-01' WHERE id IN %s", tuple(order.picking_ids.move_ids.ids)
        )
        self.plan_new.failed_records = {f"sale.order({order.id},)": 3, "sale.order(0,)": 3}
        self._repair(self._assert_found("hooks", self.plan_new))
        self.assertTrue(self.env["aftersale.followup"].search([("order_id", "=", order.id)]))

    # -- 3 and 4: contacts ----------------------------------------------------------------

    def test_3_counts_as_written_to_without_a_message(self):
        followup = self._sent(2)
        followup.attempt_ids.unlink()
        self._assert_found("written", followup)

    def test_3_mail_that_stays_in_the_queue(self):
        followup = self._planned()
        mail = self.env["mail.mail"].create(
            {"model": followup._name, "res_id": followup.id, "state": "outgoing", "email_to": "a@example.com"}
        )
        self._sql("UPDATE mail_mail SET create_date = '2026-02-27' WHERE id = %s", mail.id)
        line = self._assert_found("queue")
        self.assertEqual(line.detail, followup.name, "No customer's name.")
        self.assertEqual(self._check("queue", self.sister).status, "passed", "Another company's messages.")
        mail.state = "sent"
        self.assertEqual(self._check("queue").status, "passed")

    def test_3_report_that_nobody_got(self):
        analysis = self._issued()
        self._sql("DELETE FROM aftersale_analysis_sent_rel WHERE analysis_id = %s", analysis.id)
        self._sql("UPDATE aftersale_analysis SET cutoff = '2026-02-28' WHERE id = %s", analysis.id)
        self._repair(self._assert_found("reports", analysis))
        self.assertFalse(analysis._get_missing())

    def test_4_written_to_against_an_optout(self):
        followup = self._sent()
        optout = {"key": self.partner.email_normalized, "source": "link", "date": "2026-02-20 10:00:00"}
        optout = self.env["aftersale.optout"].create(optout)
        self.assertEqual(self._check("optout").status, "passed", "Entered after the message, whenever it was said.")
        self._sql("UPDATE aftersale_optout SET create_date = date WHERE id = %s", optout.id)
        self._assert_found("optout", followup)

    def test_4_optout_after_the_message_or_of_another_kind_is_none(self):
        self._sent()
        Optout = self.env["aftersale.optout"]
        Optout.create({"key": self.partner.email_normalized, "source": "link", "date": NOW})
        Optout.create(
            {
                "key": self.partner.email_normalized,
                "source": "link",
                "date": "2026-02-20 10:00:00",
                "scenario": "pilot",
            }
        )
        self.assertEqual(self._check("optout").status, "passed")

    def test_4_written_to_against_the_blacklist(self):
        followup = self._sent()
        self.env["mail.blacklist"]._add(self.partner.email)
        self._sql("UPDATE mail_blacklist SET write_date = '2026-02-20' WHERE email = %s", self.partner.email_normalized)
        self._assert_found("optout", followup)

    def test_4_written_to_more_often_than_the_cap_allows(self):
        self._sent(4)
        followup = self._sent(2)
        self._assert_found("cap", followup, "warning")
        followup.contact_class = "safety"
        self.assertEqual(self._check("cap").status, "passed", "A warning of a hazard is not capped.")

    # -- 5 and 6: issues and reports ---------------------------------------------------------

    def test_5_closed_with_an_answer_that_confirms_nothing(self):
        issue = self._solved_issue()
        check = issue.verification_followup_ids
        check.write({"state": "ready", "date_expiry": "2026-04-01"})
        answer = self._feedback(check, score=5, resolved="fully")
        self.assertEqual(issue.state, "closed")
        self.assertEqual(self._check("closed").status, "passed")
        self._sql("UPDATE aftersale_feedback SET score = 1 WHERE id = %s", answer.id)
        self._assert_found("closed", issue)

    def test_5_resolved_and_nobody_asks(self):
        issue = self._solved_issue()
        self._sql("DELETE FROM aftersale_followup WHERE issue_id = %s", issue.id)
        self.assertEqual(self._check("verified").status, "passed", "There is a day to plan it.")
        issue.sudo().date_done = "2026-02-27 10:00:00"
        self._repair(self._assert_found("verified", issue))
        self.assertTrue(issue.verification_followup_ids)

    def _issued(self):
        analysis = self.env["aftersale.analysis"].create(
            {"period": "month", "date_from": "2026-02-01", "date_to": "2026-02-28", "company_id": self.company.id}
        )
        self._feedback(score=5).date = "2026-02-10 10:00:00"
        analysis._issue()
        self.assertEqual(analysis.state, "issued", analysis.error_message)
        return analysis

    def test_6_figures_changed_in_the_database(self):
        analysis = self._issued()
        self.assertEqual(self._check("frozen").status, "passed")
        self._sql("UPDATE aftersale_analysis SET figures = figures || '{\"feedback\": 99}' WHERE id = %s", analysis.id)
        self._assert_found("frozen", analysis)

    def test_6_report_replaced_in_the_database(self):
        analysis = self._issued()
        pdf = self.env["ir.attachment"].search([("res_model", "=", analysis._name), ("res_id", "=", analysis.id)])
        self.assertEqual(list(analysis.print_seals), pdf.mapped("name"))
        self.assertEqual(self._check("frozen").status, "passed")
        pdf.sudo().raw = b"another report"
        self._assert_found("frozen", analysis)
        pdf.sudo().unlink()
        self._assert_found("frozen", analysis)

    def test_6_seal_is_that_of_what_the_database_keeps(self):
        analysis = self.env["aftersale.analysis"].create(
            {"period": "month", "date_from": "2026-01-01", "date_to": "2026-01-31", "company_id": self.company.id}
        )
        figures = {"a": {"change": -0.0, "value": 1e-7, "n": 3}, "名": [0.1, 0.30000000000000004], "z": {1: None}}
        self.patch(self.registry["aftersale.figures"], "_get", lambda *args, **options: figures)
        analysis._issue()
        self.env.invalidate_all()
        self.assertTrue(analysis._is_unchanged())

    def test_6_figures_that_are_counted_otherwise_now(self):
        analysis = self._issued()
        self.assertEqual(self._check("recomputed").status, "passed", self._check("recomputed").detail)
        late = self._feedback(self._planned(state="ready", date_expiry="2026-04-01"), score=2)
        self._sql(
            "UPDATE aftersale_feedback SET date = '2026-02-11', create_date = '2026-02-11' WHERE id = %s", late.id
        )
        line = self._assert_found("recomputed", analysis, "warning")
        self.assertIn("satisfaction", line.detail)

    # -- 7 and 8: protection ---------------------------------------------------------------

    def test_7_anonymous_answer_with_a_precise_time(self):
        answers = self.env["aftersale.feedback"].create(
            [
                {"is_anonymous": True, "score": 4, "plan_id": self.plan_new.id, "date": "2026-03-02 12:00:00"}
                for _number in range(5)
            ]
        )
        self._sql("UPDATE aftersale_feedback SET create_uid = 1 WHERE id IN %s", tuple(answers.ids))
        self.assertEqual(self._check("anonymous").status, "passed")
        self._sql("UPDATE aftersale_feedback SET create_uid = %s WHERE id = %s", self.agent.id, answers[0].id)
        self._assert_found("anonymous", answers[0])
        self._sql(
            "UPDATE aftersale_feedback SET create_uid = 1, date = '2026-03-02 12:03' WHERE id = %s", answers[0].id
        )
        self._assert_found("anonymous")

    def test_7_rare_product_leads_to_its_buyer(self):
        answers = self.env["aftersale.feedback"].create(
            [
                {
                    "is_anonymous": True,
                    "plan_id": self.plan_new.id,
                    "date": "2026-03-02 12:00:00",
                    "product_ids": [Command.set(self.product.ids if number else [])],
                }
                for number in range(6)
            ]
        )
        self._sql("UPDATE aftersale_feedback SET create_uid = 1 WHERE id IN %s", tuple(answers.ids))
        self._assert_found("anonymous", answers[0])

    def test_7_anonymous_answer_that_waits_too_long(self):
        self.env["aftersale.feedback.sealed"].create(
            {"plan_id": self.plan_new.id, "company_id": self.company.id, "day": "2025-11-01", "answers": {"score": 3}}
        )
        self._repair(self._assert_found("sealed"))

    def test_8_view_that_prints_without_escaping(self):
        view = self.env["ir.ui.view"].create(
            {"name": "loose", "type": "qweb", "key": "aftersale_followup.loose", "arch": "<t><i t-out='x'/></t>"}
        )
        self.assertEqual(self._check("texts").status, "passed")
        self._sql(
            "UPDATE ir_ui_view SET arch_db = jsonb_build_object('en_US', '<t t-raw=\"x\"/>') WHERE id = %s", view.id
        )
        self._assert_found("texts")

    # -- 9 to 11: running -----------------------------------------------------------------

    def test_9_follow_up_that_fails_again_and_again(self):
        self._repair(self._assert_found("parked", self._planned(error_count=3)))

    def test_9_job_that_is_off(self):
        cron = self.env.ref("aftersale_followup.ir_cron_contact")
        cron.active = False
        line = self._assert_found("jobs", cron)
        self.assertFalse(line.with_user(self.supervisor).is_readable)

    def test_9_all_jobs_are_late_after_a_standstill(self):
        self.Audit._get_jobs().write({"nextcall": "2026-03-01 02:00:00"})
        self.assertEqual(self._check("jobs").status, "passed")
        self.env.ref("aftersale_followup.ir_cron_audit").nextcall = "2026-03-03 02:00:00"
        self.assertEqual(self._check("jobs").status, "failed")

    def test_repair_is_for_what_the_last_audit_found(self):
        followup = self._planned(error_count=3)
        first = self._assert_found("parked", followup)
        self.Audit._run(self.company)
        with self.assertRaises(UserError):
            first.with_user(self.manager).action_repair()

    def test_10_contact_that_nobody_made(self):
        self._assert_found("overdue", self._planned(date_next="2026-02-27 10:00:00"))

    def test_10_link_that_is_open_beyond_its_end(self):
        self._assert_found("overdue", self._planned(state="ready", date_expiry="2026-02-27 10:00:00"))

    def test_11_order_that_cannot_be_deleted(self):
        self._sql("ALTER TABLE aftersale_issue DROP CONSTRAINT aftersale_issue_order_id_fkey")
        self._sql(
            "ALTER TABLE aftersale_issue ADD CONSTRAINT aftersale_issue_order_id_fkey"
            " FOREIGN KEY (order_id) REFERENCES sale_order ON DELETE RESTRICT"
        )
        self._assert_found("apart")

    def test_11_update_that_was_not_completed(self):
        self._sql("UPDATE ir_module_module SET latest_version = '19.0.0.1' WHERE name = 'aftersale_followup'")
        self._assert_found("updated")
