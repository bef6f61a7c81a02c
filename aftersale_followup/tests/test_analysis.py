import io
import unicodedata
from datetime import date, datetime, timedelta

from freezegun import freeze_time
from psycopg2.errors import UniqueViolation
from pypdf import PdfReader

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .analysis_common import AnalysisCase

MODEL_LOGGER = "odoo.addons.aftersale_followup.models.aftersale_analysis"


class IssueCase(AnalysisCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.tag_late.with_context(lang="zh_CN").name = "物流配送"
        cls.reader, cls.chinese_reader = cls.env["res.partner"].create(
            [
                {"name": "Ann", "email": "ann@analysis.example", "lang": "en_US"},
                {"name": "Li", "email": "li@analysis.example", "lang": "zh_CN"},
            ]
        )
        cls.manager = new_test_user(
            cls.env,
            "analysis_manager",
            groups="aftersale_followup.group_manager",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.supervisor = new_test_user(
            cls.env,
            "analysis_supervisor",
            groups="aftersale_followup.group_supervisor",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.agent = new_test_user(
            cls.env,
            "analysis_agent",
            groups="aftersale_followup.group_agent",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )

    def _analysis(self, month=1, **values):
        last = {1: 31, 2: 28}[month]
        return self.env["aftersale.analysis"].create(
            {
                "period": "month",
                "date_from": date(2026, month, 1),
                "date_to": date(2026, month, last),
                "company_id": self.company.id,
                **values,
            }
        )

    def _issued(self, **values):
        analysis = self._analysis(**values)
        analysis._issue()
        self.assertEqual(analysis.state, "issued", analysis.error_message)
        return analysis

    def _pdfs(self, analysis):
        return self.env["ir.attachment"].search([("res_model", "=", analysis._name), ("res_id", "=", analysis.id)])

    def _mails(self, analysis):
        return self.env["mail.mail"].sudo().search([("model", "=", "aftersale.analysis"), ("res_id", "=", analysis.id)])


@tagged("post_install", "-at_install")
class TestAnalysis(IssueCase):
    def test_issuing_freezes_figures_and_queues_mail(self):
        self._scores(1, [5, 4, 4])
        analysis = self._issued(recipient_ids=[(6, 0, (self.reader + self.chinese_reader).ids)])
        self.assertEqual(analysis.figures["satisfaction"]["n"], 3)
        self.assertTrue(analysis.name.startswith("ANA/"))
        self.assertTrue(analysis.cutoff and analysis.date_sent)
        mails = self._mails(analysis)
        self.assertEqual(set(mails.mapped("state")), {"outgoing"}, "the queue sends, not this transaction")
        self.assertEqual(mails.recipient_ids, self.reader + self.chinese_reader)
        english = mails.filtered(lambda mail: mail.recipient_ids == self.reader)
        chinese = mails - english
        self.assertIn("January 2026", english.subject)
        self.assertIn("2026年1月", chinese.subject)
        self.assertTrue(english.attachment_ids.name.endswith("en_US.pdf"))
        self.assertTrue(chinese.attachment_ids.name.endswith("zh_CN.pdf"))
        # one PDF per language needed, each on the record
        self.assertEqual(self._pdfs(analysis) & mails.attachment_ids, mails.attachment_ids)

    def test_issued_analysis_never_changes(self):
        self._scores(1, [5])
        analysis = self._issued(recipient_ids=[(6, 0, self.reader.ids)])
        figures = analysis.figures
        self._scores(1, [1, 1, 1])
        self.assertEqual(analysis.figures, figures)
        for values in ({"summary": "Better"}, {"figures": {}}, {"state": "draft"}, {"recipient_ids": [(5,)]}):
            with self.subTest(values=values), self.assertRaises(UserError):
                analysis.sudo().write(values)
        with self.assertRaises(UserError):
            analysis.sudo().unlink()
        pdf = self._pdfs(analysis).with_user(self.manager)
        self.assertTrue(pdf.mapped("raw"))
        for change in (lambda: pdf.write({"raw": b"forged"}), pdf.unlink):
            with self.assertRaises(AccessError):
                change()

    def test_issued_analysis_is_not_forged(self):
        Analysis = self.env["aftersale.analysis"].with_user(self.manager)
        period = {"period": "month", "date_from": "2026-01-01", "date_to": "2026-01-31", "company_id": self.company.id}
        forged = Analysis.with_context(default_state="issued").create(
            period | {"state": "issued", "figures": {"satisfaction": {"value": 5.0}}}
        )
        self.assertEqual(forged.state, "draft")
        self.assertFalse(forged.figures)
        for vals in ({"state": "issued"}, {"figures": {}}, {"date_sent": "2026-02-01 00:00:00"}):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                forged.write(vals)

    def test_recomputation_as_of_the_cutoff_agrees(self):
        self._scores(1, [5, 3])
        idea = self._feedback(datetime(2026, 1, 9), 4, suggestion="Later hours", suggestion_state="new")
        analysis = self._issued()
        idea.suggestion_state = "adopted"
        self.assertTrue(idea.suggestion_adopted_date)
        self._set(idea, suggestion_adopted_date=analysis.cutoff + timedelta(seconds=1))
        again = self.figures._get(
            self.company, analysis.date_from, analysis.date_to, cutoff=analysis.cutoff, details=True
        )
        self.assertEqual(again, analysis.figures)
        self.assertEqual(again["suggestion_adoption"]["value"], 0, "it was adopted since")

    def test_print_takes_the_frozen_pdf(self):
        self._scores(1, [5])
        analysis = self._issued(recipient_ids=[(6, 0, self.reader.ids)])
        pdfs = self._pdfs(analysis)
        action = analysis.with_user(self.supervisor).with_context(lang="en_US").action_print()
        self.assertIn(f"/web/content/{pdfs.filtered(lambda pdf: 'en_US' in pdf.name).id}?", action["url"])
        self.assertEqual(self._pdfs(analysis), pdfs)
        with self.assertRaises(UserError):
            self._analysis(month=2).action_print()

    def test_one_bad_analysis_does_not_stop_the_others(self):
        self._issued()
        again, good = self._analysis(), self._analysis(month=2)
        with mute_logger(MODEL_LOGGER):
            (again + good)._issue()
        self.assertEqual((again.state, good.state), ("draft", "issued"))
        self.assertEqual(again.error_count, 1)
        self.assertIn("already been issued", again.error_message)
        self.assertFalse(again.figures or self._mails(again) or self._pdfs(again), "nothing of it is left")
        with mute_logger(MODEL_LOGGER):
            self.assertIn("already been issued", again.action_issue()["params"]["message"])

    def test_database_refuses_a_second_issue_of_the_same_period(self):
        first, second = self._analysis(), self._analysis()
        self.env.flush_all()
        query = "UPDATE aftersale_analysis SET state = 'issued' WHERE id = %s"
        self.env.cr.execute(query, [first.id])
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env.cr.execute(query, [second.id])

    def test_new_version_replaces_without_touching_the_first(self):
        self._scores(1, [5])
        first = self._issued()
        self._scores(1, [1])
        draft = self.env["aftersale.analysis"].browse(first.action_new_version()["res_id"])
        self.assertEqual((draft.state, draft.version, draft.previous_id), ("draft", 2, first))
        draft.summary = "A late answer was added."
        draft._issue()
        self.assertEqual(draft.state, "issued")
        self.assertEqual((first.figures["satisfaction"]["value"], draft.figures["satisfaction"]["value"]), (5, 3))
        self.assertNotEqual(first.name, draft.name)

    def test_a_new_version_names_the_latest_that_was_issued(self):
        self._scores(1, [5])
        first = self._issued()
        second = first.browse(first.action_new_version()["res_id"])
        second._issue()
        third = first.browse(first.action_new_version()["res_id"])
        self.assertEqual((third.version, third.previous_id), (3, second))
        fourth = first.browse(first.action_new_version()["res_id"])
        self.assertEqual((fourth.version, fourth.previous_id), (4, second), "the third is a draft")

    def test_a_period_that_is_not_over_cannot_be_issued(self):
        """Else its figures were frozen, and the analysis of the whole period would never come."""
        day = self.company._aftersale_today()
        date_from, date_to = self.env["aftersale.analysis"]._period_around("month", day)
        self.env["aftersale.feedback"].create({"score": 4, "company_id": self.company.id})
        analysis = self._analysis(date_from=date_from, date_to=date_to)
        analysis.action_preview()
        self.assertEqual(analysis.figures["satisfaction"]["value"], 4)
        with mute_logger("odoo.addons.aftersale_followup.models.aftersale_analysis"):
            analysis.action_issue()
        self.assertEqual(analysis.state, "draft")
        self.assertIn("is not over yet", analysis.error_message)

    def test_what_is_withheld_is_not_stored(self):
        """Whoever may read the analysis may read its figures as they are stored."""
        self.company.aftersale_min_n = 3
        self._feedback(datetime(2025, 12, 10), 1)
        self._scores(1, [5, 2], nps="9")
        figures = self._issued().figures
        figure = figures["satisfaction"]
        self.assertTrue(figure["withheld"])
        told = {key: figure[key] for key in ("value", "low", "high", "change", "previous")}
        self.assertEqual(told, dict.fromkeys(told))
        self.assertEqual((figure["n"], figure["previous_n"]), (2, 1))
        self.assertFalse([point for point in figures["trends"]["satisfaction"] if point["value"] is not None])
        self.assertIsNone(figures["nps"]["value"])

    def test_recipients_default_to_roles_and_addresses_of_the_settings(self):
        self.assertEqual(self._analysis()._default_recipients(), self.company._aftersale_managers().partner_id)
        self.company.aftersale_report_managers = False
        self.company.aftersale_report_recipient_ids = self.reader
        self.assertEqual(self._issued().recipient_ids, self.reader)

    def test_send_again_queues_another_mail(self):
        analysis = self._issued(recipient_ids=[(6, 0, self.reader.ids)])
        self.assertEqual(len(self._mails(analysis)), 1)
        analysis.with_user(self.manager).action_send()
        self.assertEqual(len(self._mails(analysis)), 2)
        with self.assertRaises(AccessError):
            analysis.with_user(self.supervisor).action_send()

    def test_only_full_periods_are_accepted(self):
        with self.assertRaises(ValidationError):
            self._analysis().date_to = date(2026, 1, 30)
        with Form(self.env["aftersale.analysis"].with_user(self.manager)) as form:
            form.period = "quarter"
            form.date_from = date(2026, 2, 10)
            self.assertEqual(form.date_to, date(2026, 3, 31))
        self.assertEqual(form.record.date_from, date(2026, 1, 1))

    def test_pages_show_figures_without_contact_data_and_markup(self):
        self.customer.ref = False
        issue = self.env["aftersale.issue"].create(
            {"title": "Broken", "partner_id": self.customer.id, "company_id": self.company.id, "priority": "1"}
        )
        self.env.cr.execute("UPDATE aftersale_issue SET create_date = '2026-01-10' WHERE id = %s", [issue.id])
        self._feedback(datetime(2026, 1, 10), 2, self.tag_late, detail="<script>alert(1)</script>")
        analysis = self._analysis(summary="<b>Bold</b> claim")
        analysis.with_user(self.manager).action_preview()
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("aftersale_followup.action_report_analysis", analysis.ids)[0]
            .decode()
        )
        self.assertIn(issue.name, analysis.figures_html)
        self.assertIn(f"C{self.customer.id:06d}", html)
        self.assertIn(issue.name, html)
        self.assertIn("&lt;b&gt;Bold", html)
        self.assertNotIn("Zhang", html)
        self.assertNotIn("customer.example", html)
        self.assertNotIn("alert(1)", html)

    def test_roles(self):
        team = self.env["crm.team"].create(
            {"name": "North", "company_id": self.company.id, "user_id": self.supervisor.id}
        )
        other_team = self.env["crm.team"].create({"name": "South", "company_id": self.company.id})
        whole, own, other = self._analysis(), self._analysis(team_id=team.id), self._analysis(team_id=other_team.id)
        Analysis = self.env["aftersale.analysis"]
        key = [("id", "in", (whole + own + other).ids)]
        self.assertEqual(Analysis.with_user(self.manager).search(key), whole + own + other)
        self.assertEqual(Analysis.with_user(self.supervisor).search(key), whole + own)
        with self.assertRaises(AccessError):
            Analysis.with_user(self.agent).search(key)
        with self.assertRaises(AccessError):
            own.with_user(self.supervisor).action_issue()
        with self.assertRaises(AccessError):
            own.with_user(self.supervisor).write({"summary": "Mine"})
        foreign = self.env["res.company"].create({"name": "Foreign"})
        elsewhere = self._analysis(company_id=foreign.id)
        self.assertFalse(Analysis.with_user(self.manager).search([("id", "=", elsewhere.id)]))
        own.with_user(self.manager).write({"summary": "Fine"})

    def test_pivot_shows_each_role_its_rows(self):
        team = self.env["crm.team"].create(
            {"name": "North", "company_id": self.company.id, "user_id": self.supervisor.id}
        )
        other_team = self.env["crm.team"].create({"name": "South", "company_id": self.company.id})
        mine = self._feedback(datetime(2026, 1, 10), 5, user_id=self.agent.id, team_id=other_team.id)
        led = self._feedback(datetime(2026, 1, 10), 4, user_id=self.manager.id, team_id=team.id)
        free = self._feedback(datetime(2026, 1, 10), 3, user_id=self.manager.id)
        for user, feedback in ((self.agent, mine), (self.supervisor, led + free), (self.manager, mine + led + free)):
            rows = self.env["aftersale.feedback.report"].with_user(user).search([])
            self.assertEqual(set(rows.ids) & set((mine + led + free).ids), set(feedback.ids), user.login)


@tagged("post_install", "-at_install")
class TestAnalysisCron(IssueCase):
    def _run_cron(self, moment):
        with freeze_time(moment), self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_analysis").method_direct_trigger()

    def _found(self, period="month"):
        return self.env["aftersale.analysis"].search(
            [("company_id", "=", self.company.id), ("period", "=", period)], order="date_from"
        )

    def test_monthly_analysis_comes_on_the_first_working_day_at_eight_exactly_once(self):
        self._scores(1, [5, 4])
        # 31 January 2026 is a Saturday: the first working day is Monday, 2 February
        self._run_cron("2026-02-01 23:59:00")  # Monday, 07:59 in Shanghai
        self.assertFalse(self._found())
        self._run_cron("2026-02-02 00:00:00")
        analysis = self._found()
        self.assertEqual((analysis.state, analysis.date_from), ("issued", date(2026, 1, 1)), analysis.error_message)
        mails = self._mails(analysis)
        self.assertTrue(mails)
        self._run_cron("2026-02-02 01:00:00")
        self.assertEqual(self._found(), analysis)
        self.assertEqual(self._mails(analysis), mails)

    def test_weekly_analysis_comes_on_monday(self):
        self._feedback(datetime(2026, 1, 18, 15, 0), 4)  # Sunday, 23:00 in Shanghai
        self._run_cron("2026-01-18 20:00:00")
        self.assertFalse(self._found("week"))
        self._run_cron("2026-01-19 00:30:00")
        self.assertEqual(
            (self._found("week").date_from, self._found("week").date_to), (date(2026, 1, 12), date(2026, 1, 18))
        )

    def test_missed_periods_are_made_up_for_and_empty_ones_left_out(self):
        self._feedback(datetime(2025, 11, 10), 4)
        self._feedback(datetime(2026, 1, 10), 5)
        self._run_cron("2026-03-02 09:00:00")
        self.assertEqual(self._found().mapped("date_from"), [date(2025, 11, 1), date(2026, 1, 1)])
        self.assertEqual(set(self._found().mapped("state")), {"issued"})

    def test_catching_up_goes_back_twelve_periods(self):
        self._feedback(datetime(2024, 1, 10), 4)
        self._feedback(datetime(2025, 2, 10), 4)
        self._run_cron("2026-02-02 09:00:00")
        self.assertEqual(self._found().mapped("date_from"), [date(2025, 2, 1)])

    def test_periods_are_made_as_the_settings_say(self):
        self._scores(1, [5])
        self._scores(2, [4])
        self.company.write({"aftersale_report_week": False, "aftersale_report_month": False})
        self._run_cron("2026-04-01 09:00:00")
        self.assertFalse(self.env["aftersale.analysis"].search([("company_id", "=", self.company.id)]))
        self.company.aftersale_report_quarter = True
        self._backdate_feedback()
        self._run_cron("2026-03-31 23:59:00")  # 1 April, 07:59 in Shanghai
        self.assertFalse(self._found("quarter"))
        self._run_cron("2026-04-01 00:00:00")
        self._run_cron("2026-04-01 01:00:00")
        quarter = self._found("quarter")
        self.assertEqual((quarter.date_from, quarter.date_to), (date(2026, 1, 1), date(2026, 3, 31)))
        self.assertEqual((quarter.state, quarter.figures["satisfaction"]["n"]), ("issued", 2))

    def test_teams_have_their_own_analysis_of_what_is_theirs(self):
        north, south = self.env["crm.team"].create(
            [{"name": name, "company_id": self.company.id} for name in ("North", "South")]
        )
        self._scores(1, [5, 5], team_id=north.id)
        self._scores(1, [1], team_id=south.id)
        self.company.aftersale_report_team_ids = north
        self._backdate_feedback()
        for _run in range(2):
            self._run_cron("2026-02-02 09:00:00")
        whole, own = self._found().sorted(lambda analysis: analysis.team_id.id or 0)
        self.assertEqual((whole.team_id.id, own.team_id), (False, north))
        self.assertEqual([report.figures["satisfaction"]["n"] for report in (whole, own)], [3, 2])
        # nothing of the team happened in February: the company has its report, the team none
        self._scores(2, [1], team_id=south.id)
        self._run_cron("2026-03-02 09:00:00")
        self.assertEqual(len(self._found() - whole - own), 1)
        self.assertFalse((self._found() - whole - own).team_id)

    def test_team_that_moved_to_another_company_has_no_analysis_any_more(self):
        team = self.env["crm.team"].create({"name": "North", "company_id": self.company.id})
        self._scores(1, [5], team_id=team.id)
        self.company.aftersale_report_team_ids = team
        team.company_id = self.env["res.company"].create({"name": "Other Company"})
        with freeze_time("2026-02-02 09:00:00"):
            due = self.env["aftersale.analysis"]._get_due()
        self.assertEqual([row[1].id for row in due if row[0] == self.company and row[2] == "month"], [False])

    def test_analysis_that_cannot_be_drafted_stops_no_other(self):
        other = self.env["res.company"].create({"name": "Other Company"})
        self._scores(1, [5])
        self._scores(1, [4], company_id=other.id)
        # what every draft of this company replaces is not there
        self.env["ir.default"].set("aftersale.analysis", "previous_id", 2**31 - 1, company_id=self.company.id)
        with mute_logger("odoo.sql_db", "odoo.addons.aftersale_followup.models.aftersale_plan_planning"):
            self._run_cron("2026-02-02 09:00:00")
        self.assertFalse(self._found())
        issued = self.env["aftersale.analysis"].search([("company_id", "=", other.id), ("state", "=", "issued")])
        self.assertIn("month", issued.mapped("period"))

    def test_what_is_switched_on_later_begins_with_the_last_period_and_catches_up_from_there(self):
        for day in (date(2025, 2, 10), date(2025, 8, 10), date(2025, 11, 10), date(2026, 1, 10), date(2026, 5, 10)):
            self._feedback(datetime(day.year, day.month, day.day, 4), 4)
        self.company.aftersale_report_quarter = True
        self._run_cron("2026-01-05 09:00:00")
        self.assertEqual(self._found("quarter").mapped("date_from"), [date(2025, 10, 1)])
        self._run_cron("2026-07-06 09:00:00")
        self.assertEqual(
            self._found("quarter").mapped("date_from"), [date(2025, 10, 1), date(2026, 1, 1), date(2026, 4, 1)]
        )

    def test_what_fails_again_and_again_is_parked(self):
        self._scores(1, [5])
        self.env.ref("aftersale_followup.mail_template_analysis").subject = "{{ object.no_such_field }}"
        for hour in (1, 2, 3, 4, 5):
            with mute_logger(MODEL_LOGGER, "odoo.addons.mail.models.mail_render_mixin"):
                self._run_cron(f"2026-02-02 0{hour}:00:00")
        self.assertEqual((self._found().state, self._found().error_count), ("draft", 3))
        self.assertFalse(self._mails(self._found()))


@tagged("post_install", "-at_install")
class TestAnalysisPdf(IssueCase):
    def _text(self, attachment):
        reader = PdfReader(io.BytesIO(attachment.raw))
        # the words, whatever the gaps between them are made of, and 月 where the font names its glyph as a radical
        text = unicodedata.normalize("NFKC", " ".join(page.extract_text() for page in reader.pages))
        return reader, " ".join(text.split())

    def test_pdf_holds_average_and_top_problem_in_both_languages(self):
        for _number in range(2):
            self._feedback(datetime(2025, 12, 10), 4, self.tag_fault)
        for score in (5, 5, 4, 4, 3):
            self._feedback(datetime(2026, 1, 10), score, self.tag_late)
        analysis = self._analysis()
        analysis = analysis.with_context(force_report_rendering=True)
        with self.allow_pdf_render(), mute_logger("odoo.addons.base.models.ir_actions_report"):
            analysis._issue()
            self.assertEqual(analysis.state, "issued", analysis.error_message)
            english, chinese = analysis._get_pdf("en_US"), analysis._get_pdf("zh_CN")
        self.assertEqual(english.mimetype, "application/pdf")
        _reader, text = self._text(english)
        self.assertIn("4.2, +0.2", text)
        self.assertIn("Late goods", text)
        self.assertIn("100%", text)
        self.assertIn("January 2026", text)
        reader, text = self._text(chinese)
        self.assertIn("物流配送", text)
        self.assertIn("2026年1月", text)
        fonts = {
            str(font.get_object()["/BaseFont"])
            for page in reader.pages
            for font in page["/Resources"]["/Font"].values()
        }
        self.assertTrue(any("CJK" in font for font in fonts), f"Chinese glyphs need a Chinese font, found {fonts}")
        # the chart is drawn as lines: no picture in the whole file
        self.assertFalse([image for page in reader.pages for image in page.images])
