from datetime import date, datetime

from psycopg2.errors import CheckViolation

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import BaseCase, freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.aftersale_followup.report.anonymous import anonymise

from .common import AftersaleCase
from .test_analysis import IssueCase


@tagged("post_install", "-at_install")
class TestSuggestion(AftersaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.wish = cls._feedback(score=4, suggestion="A faster courier")

    def test_the_first_decision_is_dated_once(self):
        self.assertFalse(self.wish.suggestion_date)
        wish = self.wish.with_user(self.supervisor)
        with freeze_time("2026-03-05 10:00:00"):
            wish.suggestion_state = "accepted"
        with freeze_time("2026-03-09 10:00:00"):
            wish.suggestion_state = "adopted"
        self.assertEqual(wish.suggestion_date, datetime(2026, 3, 5, 10))

    def _mails(self, feedback=None):
        domain = [("model", "=", "aftersale.feedback"), ("res_id", "=", (feedback or self.wish).id)]
        return self.env["mail.mail"].sudo().search(domain, order="id")

    def test_every_decision_is_told_to_the_author(self):
        wish = self.wish.with_user(self.supervisor)
        wish.suggestion_state = "accepted"
        wish.write({"suggestion_state": "adopted", "suggestion_answer": "A second carrier"})
        accepted, adopted = self._mails()
        self.assertEqual(accepted.subject, "Your idea is accepted")
        self.assertEqual(adopted.subject, "Your idea is in place")
        for mail in (accepted, adopted):
            self.assertEqual((mail.state, mail.recipient_ids), ("outgoing", self.partner))
            self.assertIn("A faster courier", mail.body_html)
            optout = self.wish.followup_id._get_optout_link()
            self.assertIn(optout, mail.body_html)
            self.assertIn(optout, mail.headers)
            # Agents read what was sent about their customers' answers: it is no way to answer in their name.
            message = mail.mail_message_id
            self.assertTrue(message.with_user(self.agent).has_access("read"))
            for text in (mail.body_html, message.body, mail.headers):
                self.assertNotIn(self.wish.followup_id.sudo().access_token, text)
        self.assertIn("A second carrier", adopted.body_html)
        wish.write({"suggestion_state": "adopted"})
        self.assertEqual(len(self._mails()), 2, "nothing changed, nothing to tell")

    def test_adoption_rate_and_days_to_the_decision_in_the_pivot(self):
        """What waits counts for the rate, not for the days; who suggested nothing for neither."""
        moment = datetime(2026, 3, 2, 10)
        values = {"score": 4, "suggestion": "More colours", "date": moment}
        kept, declined, waiting = (self._feedback(self._planned(state="ready"), **values) for _n in range(3))
        other = self._feedback(self._planned(state="ready"), score=4)
        with freeze_time("2026-03-05 10:00:00"):
            kept.with_user(self.supervisor).suggestion_state = "adopted"
        with freeze_time("2026-03-12 10:00:00"):
            declined.write({"suggestion_state": "rejected", "suggestion_answer": "Four must do"})
        self.env.flush_all()
        domain = [("id", "in", (kept | declined | waiting | other).ids)]
        [(share, days)] = self.env["aftersale.feedback.report"]._read_group(
            domain, [], ["adopted_share:avg", "suggestion_days:avg"]
        )
        self.assertAlmostEqual(share, 100 / 3)
        self.assertAlmostEqual(days, 6.5)

    def test_supervisors_mark_what_is_typical(self):
        self.wish.with_user(self.supervisor).is_typical = True
        self.assertTrue(self.wish.is_typical)

    def test_declining_needs_an_answer(self):
        with self.assertRaisesRegex(ValidationError, "write why"):
            self.wish.suggestion_state = "rejected"
        with self.assertRaisesRegex(ValidationError, "write why"):
            self.wish.write({"suggestion_state": "rejected", "suggestion_answer": "  "})
        self.assertFalse(self._mails())
        self.wish.write({"suggestion_state": "rejected", "suggestion_answer": "None serves <b>your</b> area"})
        mail = self._mails()
        self.assertEqual(mail.subject, "About your idea")
        self.assertIn("&lt;b&gt;your", mail.body_html)
        with self.assertRaisesRegex(ValidationError, "write why"):
            self.wish.suggestion_answer = False
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env.cr.execute("UPDATE aftersale_feedback SET suggestion_answer = '' WHERE id = %s", [self.wish.id])

    def test_a_decision_is_not_taken_back(self):
        self.wish.suggestion_state = "adopted"
        for state in ("new", "accepted", "rejected"):
            with self.subTest(state=state), self.assertRaises(UserError):
                self.wish.write({"suggestion_state": state, "suggestion_answer": "Changed our mind"})
        plain = self._feedback(self._ready(partner=self._author()), score=5)
        with self.assertRaises(UserError):
            plain.suggestion_state = "accepted"

    def _author(self, **values):
        self.number = getattr(self, "number", 0) + 1
        email = f"author{self.number}@example.com"
        return self.env["res.partner"].create({"name": f"Author {self.number}", "email": email, **values})

    def test_who_cannot_or_will_not_be_written_to_is_not(self):
        blacklisted, opted_out, other_kind, offline, no_address, gone = (self._author() for _number in range(6))
        feedback = {
            p: self._feedback(self._ready(partner=p), score=4, suggestion="Faster")
            for p in (blacklisted, opted_out, other_kind, offline, no_address, gone)
        }
        anonymous = self.env["aftersale.feedback"].create({"score": 4, "suggestion": "Faster"})
        self.env["mail.blacklist"]._add(blacklisted.email)
        Optout = self.env["aftersale.optout"]
        Optout.create({"key": opted_out.email_normalized, "partner_id": opted_out.id})
        Optout.create({"key": other_kind.email_normalized, "scenario": "pilot"})
        offline.aftersale_offline = True
        no_address.email = False
        gone.active = False
        everyone = self.env["aftersale.feedback"].union(anonymous, *feedback.values())
        self.env.flush_all()
        self.env.invalidate_all()
        everyone.write({"suggestion_state": "accepted"})
        told = everyone.filtered(self._mails)
        self.assertEqual(told, feedback[other_kind])

    def test_the_author_s_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        template = self.env.ref("aftersale_followup.mail_template_idea_adopted")
        template.with_context(lang="zh_CN").subject = "您的建议已实施"
        self.wish.followup_id.lang = "zh_CN"
        self.wish.suggestion_state = "adopted"
        self.assertEqual(self._mails().subject, "您的建议已实施")


@tagged("post_install", "-at_install")
class TestAnonymous(BaseCase):
    def test_names_addresses_and_numbers_are_taken_out(self):
        names = ["Li Qiang", "王芳", None]
        self.assertEqual(anonymise("我是王芳，电话13800001234，快一点。", names), "我是***，电话***，快一点。")
        self.assertEqual(anonymise("Mail li.qiang@example.com, says Qiang.", names), "Mail ***, says ***.")
        self.assertEqual(anonymise("Call +86 138-0000-1234 please", names), "Call *** please")
        self.assertEqual(anonymise("I like model 200 of 2026", names), "I like model 200 of 2026")


@tagged("post_install", "-at_install")
class TestAnalysisImprovement(IssueCase):
    def _wish(self, day, text="Longer hours", tags=None, **values):
        return self._feedback(datetime(2026, 1, day, 4), 4, tags or self.tag_late, suggestion=text, **values)

    def _measure(self, deadline, done=None, **values):
        return self.env["aftersale.action"].create(
            {
                "name": "Another carrier",
                "user_id": self.manager.id,
                "date_deadline": deadline,
                "state": "done" if done else "in_progress",
                "date_done": done or False,
                "company_id": self.company.id,
                "team_id": False,
                "tag_ids": [Command.set(self.tag_late.ids)],
                **values,
            }
        )

    def _backdated(self, actions, day):
        self.env.flush_all()
        self.env.cr.execute("UPDATE aftersale_action SET create_date = %s WHERE id IN %s", [day, tuple(actions.ids)])
        actions.invalidate_recordset()

    def test_measures_in_time(self):
        self._measure(date(2026, 1, 10), datetime(2026, 1, 10, 15, 30))  # 23:30 in Shanghai: in time
        self._measure(date(2026, 1, 10), datetime(2026, 1, 10, 16, 30))  # 00:30 of the next day: late
        self._measure(date(2026, 1, 31), datetime(2026, 1, 2))
        self._measure(date(2026, 1, 31))
        self._measure(date(2026, 1, 5), state="cancelled", cancel_reason="Not needed")
        self._measure(date(2025, 12, 31), datetime(2025, 12, 1))
        self._measure(date(2026, 2, 1), datetime(2026, 1, 1))
        figure = self._january()["measures_in_time"]
        self.assertEqual((figure["value"], figure["n"]), (0.5, 4))
        self.assertEqual((figure["previous"], figure["previous_n"]), (1, 1))

    def test_measures_of_the_period(self):
        department = self.env["hr.department"].create({"name": "Logistics", "company_id": self.company.id})
        shown = self._measure(
            date(2026, 2, 20),
            name="Carriers rated",
            department_id=department.id,
            expected_effect="Half as often",
            target_rate=20,
        )
        done = self._measure(date(2026, 1, 20), datetime(2026, 1, 20), name="Finished")
        done.write({"effect": "proven", "rate_before": 35, "rate_after": 20, "change_low": -24, "change_high": -5})
        past = self._measure(date(2025, 11, 20), datetime(2025, 11, 20), name="Long ago")
        self._backdated(shown | done | past, datetime(2025, 10, 1))
        future = self._measure(date(2026, 4, 1), name="Planned later")
        rows = {row["name"]: row for row in self._january()["measures"]}
        self.assertEqual(set(rows), {"Carriers rated", "Finished"})
        self.assertNotIn(future.name, rows)
        row = rows["Carriers rated"]
        self.assertEqual(row["problem"][0]["en_US"], "Late goods")
        self.assertEqual(row["department"]["en_US"], "Logistics")
        self.assertEqual((row["owner"], row["deadline"]), (self.manager.name, "2026-02-20"))
        self.assertEqual((row["expected"], row["target"], row["effect"]), ("Half as often", 20, None))
        self.assertEqual((rows["Finished"]["before"], rows["Finished"]["after"]), (35, 20))

    def test_marked_suggestions_are_quoted_and_frozen(self):
        author = self.env["res.partner"].create({"name": "Ada Brown", "email": "ada@customer.example"})
        chosen = self._wish(10, "Ask Ada Brown: open until 21:00", is_typical=True, partner_id=author.id)
        similar = self._wish(11, "Later hours")
        self._wish(12, "Cheaper", tags=self.tag_price)
        self._feedback(datetime(2026, 2, 3), 4, self.tag_late, suggestion="Next month", is_typical=True)
        analysis = self._issued()
        self.assertEqual(analysis.suggestion_ids, chosen)
        quoted = analysis.figures["suggestions"]
        self.assertEqual([row["text"] for row in quoted], ["Ask ***: open until 21:00"])
        self.assertEqual((quoted[0]["similar"], quoted[0]["state"]), (1, "new"))
        chosen.write({"suggestion_state": "adopted"})
        self.assertEqual(analysis.figures["suggestions"], quoted)
        with self.assertRaises(UserError):
            analysis.write({"suggestion_ids": [Command.set(similar.ids)]})
        again = self.figures._get(
            self.company,
            analysis.date_from,
            analysis.date_to,
            cutoff=analysis.cutoff,
            suggestions=analysis.suggestion_ids,
            details=True,
        )
        self.assertEqual(set(again), set(analysis.figures))

    def test_a_choice_in_the_draft_stands(self):
        self._wish(10, is_typical=True)
        own = self._wish(11, "A white one")
        analysis = self._analysis(suggestion_ids=[Command.set(own.ids)])
        analysis._issue()
        self.assertEqual([row["text"] for row in analysis.figures["suggestions"]], ["A white one"])

    def test_at_most_five_and_of_the_company(self):
        wishes = [self._wish(day) for day in range(1, 7)]
        with self.assertRaisesRegex(ValidationError, "at most 5"):
            self._analysis(suggestion_ids=[Command.set([wish.id for wish in wishes])])
        foreign = self._wish(1, company_id=self.env["res.company"].create({"name": "Other"}).id)
        with self.assertRaisesRegex(ValidationError, "company"):
            self._analysis(suggestion_ids=[Command.set(foreign.ids)])

    def test_report_shows_measures_and_suggestions(self):
        self._wish(10, "Open until 21:00", is_typical=True)
        action = self._measure(date(2026, 1, 20), datetime(2026, 1, 20), name="Evening shift")
        action.write({"effect": "proven", "rate_before": 35, "rate_after": 20, "change_low": -24, "change_high": -5})
        action.write({"sample_before": 40, "sample_after": 4})
        self._backdated(action, datetime(2026, 1, 1))
        analysis = self._analysis()
        analysis._compute_figures()
        page = self.env["report.aftersale_followup.report_analysis"]._get_page(analysis)
        (measure,) = page["measures"]
        self.assertEqual(measure["effect"], "Proven: 35.0 → 20.0 (change -24.0 to -5.0)")
        self.company.aftersale_min_n = 5
        analysis._compute_figures()
        withheld = self.env["report.aftersale_followup.report_analysis"]._get_page(analysis)["measures"][0]
        self.assertEqual(withheld["effect"], "Proven (too few answers)")
        self.assertIn("Measures in time", [row["label"] for row in page["loop_rates"]])
        html = str(analysis.figures_html)
        for text in ("Evening shift", "Open until 21:00", "Improvement measures", "Typical suggestions", "Late goods"):
            self.assertIn(text, html)
