from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from ..models.aftersale_followup_draft import get_clock
from .console_common import ConsoleCase

METHODS = (
    ("console_open", ()),
    ("console_save", ({"note": "x"},)),
    ("console_finish", ("busy", {})),
    ("console_complaint", ({"title": "x"},)),
    ("action_open_call", ()),
)


@tagged("post_install", "-at_install")
class TestConsoleQueue(ConsoleCase):
    """Whom the agent calls today, and in which order."""

    def _queue(self, user=None):
        return self.env["aftersale.followup"].with_user(user or self.agent).console_queue()

    def _ids(self, user=None):
        return [row["id"] for row in self._queue(user)["rows"]]

    def test_agreed_hour_then_rank_then_day_then_later(self):
        now, today = fields.Datetime.now(), self.company._aftersale_today()
        old = self._followup(date_planned=today - timedelta(days=2), channel_id=self.phone.id)
        check = self._followup(self.plan_verify, channel_id=self.phone.id, issue_id=self._solved_issue().id)
        agreed = self._followup(date_call=now - timedelta(minutes=5))
        # a second is enough while the clock stands still, and is still on this day
        later = self._followup(date_call=now + timedelta(seconds=1))
        with freeze_time(now):
            self.assertEqual(self._ids(), [agreed.id, check.id, old.id, self.followup.id, later.id])
            counts = self._queue()["counts"]
        self.assertEqual((counts["due"], counts["later"], counts["late"]), (4, 1, 2))

    def test_only_what_the_agent_speaks_today(self):
        today = self.company._aftersale_today()
        self._followup()  # sent by mail
        self._followup(channel_id=self.env.ref("aftersale_followup.channel_paper").id)
        self._followup(channel_id=self.phone.id, user_id=self.agent_2.id)
        self._followup(channel_id=self.phone.id, date_planned=today + timedelta(days=1))
        self._followup(channel_id=self.phone.id, state="expired")
        self._followup(date_call=fields.Datetime.now() + timedelta(days=3))
        visit = self._followup(channel_id=self.env.ref("aftersale_followup.channel_visit").id)
        self.assertEqual(self._ids(), [self.followup.id, visit.id])

    def test_the_hour_tried_before_waits_for_another(self):
        self.followup._log_attempt("no_answer")
        self.followup.date_call = fields.Datetime.now() - timedelta(minutes=1)
        row = self._queue()["rows"][0]
        self.assertTrue(row["is_same_hour"] and row["is_early"])
        attempt = self.followup.attempt_ids
        attempt.date -= timedelta(hours=3)
        row = self._queue()["rows"][0]
        self.assertFalse(row["is_same_hour"] or row["is_early"])

    def test_unfinished_call_is_taken_up_again(self):
        other = self._followup(channel_id=self.phone.id)
        self.assertFalse(self._queue()["current"])
        self._console(other).console_save({"note": "Half way"})
        self.assertEqual(self._queue()["current"], other.id)
        self._console(other).console_finish("busy")
        self.assertFalse(self._queue()["current"])

    def test_calls_of_today_are_counted(self):
        self._console(self._followup(channel_id=self.phone.id)).console_finish("no_answer")
        self._save()
        counts = self._queue()["counts"]
        self.assertEqual((counts["calls"], counts["answered"]), (2, 1))

    def test_queries_do_not_grow_with_the_queue(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._queue()
            return self.env.cr.sql_log_count - before

        for _n in range(3):
            self._followup(channel_id=self.phone.id)
        count()
        few = count()
        for _n in range(12):
            self._followup(channel_id=self.phone.id)
        self.assertLessEqual(count(), few)


@tagged("post_install", "-at_install")
class TestConsoleScreen(ConsoleCase):
    """What one call shows: script, questions, the customer; and to whom."""

    def test_shows_whom_to_call_what_to_say_and_what_to_ask(self):
        self.plan_new.script = "# Opening\nHello [customer], about [product].\n\n# Consent\nShall <we> begin?"
        call = self._console().console_open()
        self.assertEqual((call["customer"]["name"], call["customer"]["tel"]), ("Wang Fang", "+8613800001234"))
        self.assertEqual(
            call["script"],
            [
                {"key": "opening", "title": "Opening", "text": "Hello Wang Fang, about Kettle."},
                {"key": "consent", "title": "Consent", "text": "Shall <we> begin?"},
            ],
        )
        self.assertEqual(
            [question["title"] for question in call["questions"]], self.survey.question_ids.mapped("title")
        )
        self.assertEqual(call["channel"], self.phone.id)

    def test_parts_of_a_script_in_another_language_go_by_their_order(self):
        self.plan_new.script = "# Begrüßung\nHallo\n# Einwilligung\nDürfen wir?\n# Später\nWann?"
        keys = [part["key"] for part in self.followup._get_script()]
        self.assertEqual(keys, ["opening", "consent", "not_convenient"])
        self.plan_new.script = "# Intro\nFirst\n# Closing\nBye\n# Consent\nMay we?"
        self.assertEqual([part["key"] for part in self.followup._get_script()], ["", "closing", "consent"])

    def test_script_and_questions_speak_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.plan_new.with_context(lang="zh_CN").script = "# 开场\n您好[customer]"
        question = self.env["survey.question"].browse(self._question("satisfaction")["id"])
        question.with_context(lang="zh_CN").title = "打几分？"
        self.followup.lang = "zh_CN"
        call = self._console().console_open()
        self.assertEqual(call["script"][0]["text"], "您好Wang Fang")
        self.assertEqual(call["questions"][0]["title"], "打几分？")

    def test_context_of_the_customer(self):
        followup, product = self._delivered()
        product.product_tmpl_id.aftersale_note = "Ask for the water hardness"
        said = self._feedback(self._followup(), score=3, detail="Came late", suggestion="Send a text before")
        said.suggestion_state = "adopted"
        issue = self._issue()
        self._followup()._log_attempt("no_answer", note="Nobody at home")
        context = self._console(followup).console_open()["context"]
        self.assertEqual(context["products"][0]["title"], "Boiler × 2")
        self.assertEqual(
            context["products"][0]["lines"],
            ["Lot/Serial Number SN-1", "Lot/Serial Number SN-2", "Ask for the water hardness"],
        )
        self.assertIn(followup.order_id.name, context["orders"][0]["title"])
        self.assertIn(followup.order_id.picking_ids.name, context["deliveries"][0]["title"])
        self.assertIn(issue.name, context["issues"][0]["title"])
        self.assertTrue(context["scores"][0]["title"].startswith("3/5"))
        self.assertIn("Send a text before", context["points"][0]["title"])
        self.assertIn("Nobody at home", str(context["contacts"]))

    def test_solved_cases_name_no_other_customer(self):
        issue = self._solved_issue(partner_id=self._second_customer().id, title="Li Na says it leaks")
        issue.with_user(self.supervisor).write({"waiver_reason": "unreachable", "waiver_note": "x", "state": "closed"})
        [case] = self._console().console_open()["context"]["cases"]
        self.assertEqual(case["lines"], ["Worn seal", "Seal replaced"])
        self.assertNotIn("Li Na", str(case))

    def test_another_customers_life_is_not_shown(self):
        stranger = self._second_customer()
        self._issue(partner_id=stranger.id, title="Secret")
        self.assertNotIn("Secret", str(self._console().console_open()["context"]))

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_follow_up_of_another_agent_stays_closed(self):
        for name, arguments in METHODS:
            with self.subTest(method=name), self.assertRaises(AccessError), self.env.cr.savepoint():
                getattr(self._console(user=self.agent_2), name)(*arguments)
        self.assertFalse(self.followup.attempt_ids)
        self.assertFalse(self.followup.call_draft or self.followup.complaint_issue_id)

    def test_draft_is_read_by_nobody_past_the_console(self):
        self._console().console_save({"note": "Sounded angry"})
        for user in (self.agent, self.agent_2, self.manager):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.followup.with_user(user).read(["call_draft"])

    def test_what_is_over_is_not_called(self):
        self._save()
        for name, arguments in METHODS:
            with self.subTest(method=name), self.assertRaises(UserError), self.env.cr.savepoint():
                getattr(self._console(), name)(*arguments)

    def test_address_is_masked_for_who_is_not_in_charge(self):
        self.assertEqual(self._console().console_open()["customer"]["email"], "wang.fang@example.com")
        call = self._console(user=self.supervisor).console_open()
        self.assertEqual(call["customer"]["email"], "w***@example.com")
        self.assertEqual(call["customer"]["tel"], "+8613800001234", "The number to dial.")


@tagged("post_install", "-at_install")
class TestConsoleDraft(ConsoleCase):
    """What is typed is kept until the call is over, and is heard."""

    def test_two_tabs_do_not_undo_each_other(self):
        detail, score = (str(self._question(role)["id"]) for role in ("detail", "satisfaction"))
        self._console().console_save({"answers": {detail: "Too loud"}, "consent": True})
        self._console().console_save({"answers": {score: 2}, "note": "Calm"})
        draft = self._console().console_open()["draft"]
        self.assertEqual(draft["answers"], {detail: "Too loud", score: 2})
        self.assertEqual((draft["consent"], draft["note"]), (True, "Calm"))
        self._console().console_save({"answers": {detail: None}})
        self.assertEqual(self._console().console_open()["draft"]["answers"], {score: 2})

    def test_what_was_typed_later_stands_whenever_it_arrives(self):
        detail, now = str(self._question("detail")["id"]), get_clock()

        def save(text, moment):
            typed = {"note": moment, f"answers.{detail}": moment}
            return self._console().console_save({"answers": {detail: text}, "note": text, "typed": typed})["stale"]

        self.assertEqual(save("First", now - 5000), {})
        self.assertEqual(save("Third", now - 1000), {})
        self.assertEqual(save("Second", now - 3000), {"answers": {detail: "Third"}, "note": "Third"})
        self.assertEqual(save("Third", now - 3000), {}, "the same once more")
        draft = self._console().console_open()["draft"]
        self.assertEqual((draft["note"], draft["answers"]), ("Third", {detail: "Third"}))
        # A clock that is wrong holds nobody up.
        self.assertEqual(save("Fourth", now + 10**9), {})
        for nonsense in (None, "x", -1, float("nan"), [1]):
            self.assertEqual(save(f"Typed at {nonsense}", nonsense), {})
        # Taken away later is taken away.
        save(None, get_clock())
        self.assertEqual(save("Second", now - 3000)["answers"], {detail: None})

    def test_a_call_does_not_end_with_what_somebody_typed_over(self):
        now = get_clock()
        self._console().console_save(self._draft(4) | {"note": "Later", "typed": {"note": now}})
        stale = {"note": "Earlier", "typed": {"note": now - 1000}}
        self.assertEqual(self._console().console_finish("reached", {"draft": stale}), {"stale": {"note": "Later"}})
        self.assertFalse(self.followup.feedback_ids)
        self._console().console_finish("reached")
        self.assertEqual(self.followup.attempt_ids.note, "Later")

    def test_zero_of_ten_is_an_answer(self):
        nps = str(self._question("nps")["id"])
        self._console().console_save({"answers": {nps: 0}})
        self.assertEqual(self.followup.call_draft["answers"], {nps: 0})

    def test_foreign_questions_and_endless_texts_do_not_come_in(self):
        detail = str(self._question("detail")["id"])
        self._console().console_save({"answers": {"999999": "x", detail: "fine"}, "channel": 999, "unknown": 1})
        self.assertEqual(self.followup.call_draft["answers"], {detail: "fine"})
        with self.assertRaises(UserError):
            self._console().console_save({"answers": {detail: "x" * 70_000}})
        for nonsense in (None, [], "text", {"answers": [1]}):
            self._console().console_save(nonsense)

    def test_probing_question_of_the_tag_that_was_heard(self):
        detail = str(self._question("detail")["id"])
        tag = self.env.ref("aftersale_followup.tag_functional_defect")
        heard = self._console().console_save({"answers": {detail: "It is broken again"}})
        self.assertIn(tag.probe, heard["probes"][detail])
        heard = self._console().console_save({"answers": {detail: "It is not broken"}})
        self.assertNotIn(detail, heard["probes"])

    def test_probing_question_of_the_answer_that_was_chosen(self):
        late = self.env.ref("aftersale_followup.survey_new_category_late")
        category = str(self._question("category")["id"])
        heard = self._console().console_save({"answers": {category: [late.id]}})
        self.assertEqual(heard["probes"][category], [late.aftersale_tag_id.probe])

    def test_closing_follows_score_and_suggestion(self):
        self.assertEqual(self._console().console_save(self._draft(5))["closing"], ["closing"])
        heard = self._console().console_save(self._draft(2, suggestion="A better lid"))
        self.assertEqual(heard["closing"], ["closing", "closing_low", "closing_suggestion"])

    def test_draft_ends_with_the_call(self):
        self._console().console_save(self._draft(4))
        self._save()
        self.assertFalse(self.followup.call_draft)

    def test_draft_outlives_the_expiry_of_the_link(self):
        self._console().console_save(self._draft(4))
        self.followup._set_state("expired")
        self._console().console_finish("reached")
        self.assertEqual(self.followup.feedback_ids.score, 4)

    def test_erasure_takes_the_draft(self):
        self._console().console_save({"note": "Wang Fang sounded angry"})
        self.followup._set_state("expired")
        self.followup._anonymise()
        self.assertFalse(self.followup.call_draft)
