from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import date_utils, mute_logger

from odoo.addons.aftersale_followup.models.erased_key import PREFIX

from .common import AftersaleCase

WORDS = ("Wang Fang", "wang.fang", "13800001234", "The lid leaks", "a blue one")


@tagged("post_install", "-at_install")
class TestErasure(AftersaleCase):
    """A customer who asks for it is forgotten: in every table of ours, for good, and without a wrong figure."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.privacy = new_test_user(cls.env, "asf_privacy", groups="aftersale_followup.group_privacy")
        cls.order = cls._order()
        cls._deliver(cls.order)
        cls.followup = cls.order.aftersale_followup_ids
        cls.followup._contact()
        cls.token = cls.followup.access_token
        cls._answer(cls.followup, 1)
        cls.feedback = cls.followup.feedback_id
        cls.feedback.note = "Wang Fang was rude"
        cls.issue = cls.feedback.issue_ids
        cls.issue.message_post(body="Wang Fang called again", message_type="comment")

    @classmethod
    def _answer(cls, followup, score):
        questions = followup._get_survey().question_ids
        role = {q.aftersale_role: q for q in questions if q.aftersale_role}
        answers = {role["satisfaction"].id: score}
        words = {"detail": WORDS[3], "suggestion": WORDS[4]}
        answers |= {role[name].id: text for name, text in words.items() if name in role}
        followup._record_answers(answers, "customer", call_back="Please call 13800001234")

    def _close_issue(self):
        self.issue.write({"user_id": self.agent.id, "state": "processing"})
        self.issue.write({"whys": "Wang Fang was not told", "lesson": "Call Wang Fang first"})
        self.issue.write({"root_cause": "Worn seal", "solution": "Told Wang Fang on +8613800001234", "state": "done"})
        self.issue.with_user(self.supervisor).write(
            {"waiver_reason": "no_reply", "waiver_note": "Wang Fang is silent", "state": "closed"}
        )

    def _erase(self, partner=None, user=None, **values):
        erasure = self.env["aftersale.erasure"].with_user(user or self.privacy)
        values = {"reason": "Asked by mail", **values}
        return erasure.create({"partner_ids": (partner or self.partner).ids, **values}).action_erase()

    def _find_words(self):
        """Return (table, column, word) of each of our tables, and Odoo's that serve us, in which a word stands."""
        self.env.flush_all()
        tables = [model._table for model in self.env.values() if model._auto and model._name.startswith("aftersale.")]
        tables += ["survey_user_input", "survey_user_input_line", "mail_message", "mail_mail", "sms_sms"]
        found = []
        for table in tables:
            self.env.cr.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t')
            rows = [text for (text,) in self.env.cr.fetchall()]
            found += [(table, word) for word in (*WORDS, self.token) if any(word in text for text in rows)]
        return found

    # -- what goes -------------------------------------------------------------

    def test_no_word_of_the_customer_is_left(self):
        self._close_issue()
        # Orders, deliveries and the contact are not ours.
        sales = self.env["mail.message"].search([("model", "in", ("sale.order", "stock.picking", "res.partner"))])
        sales.filtered(lambda m: m.model != "res.partner").sudo().unlink()
        tables = {table for table, _word in self._find_words()}
        self.assertLessEqual({"aftersale_feedback", "aftersale_issue", "mail_message"}, tables)
        self._erase()
        self.env["aftersale.erasure"].search([]).unlink()
        self.assertEqual(self._find_words(), [])

    def test_no_reference_to_the_customer_is_left(self):
        self._close_issue()
        self._erase()
        for record in (self.followup, self.feedback, self.issue, self.followup.user_input_id):
            with self.subTest(model=record._name):
                self.assertFalse(record.partner_id)
        for record in (self.followup, self.feedback, self.issue):
            self.assertFalse(record.commercial_partner_id)
            self.assertFalse(record.order_id)
        self.assertFalse(self.followup.picking_id)
        self.assertTrue(self.followup.origin.startswith(PREFIX))
        self.assertNotIn(self.partner, self.issue.message_partner_ids)
        self.assertFalse(self.partner.activity_ids, "The wish to be called back stood in one.")

    def test_links_die(self):
        self._erase()
        self.assertEqual(self.env["aftersale.followup"]._find_by_token(self.token)[1], "unknown")

    def test_open_follow_ups_and_issues_end(self):
        planned = self._planned()
        self.assertEqual(self.issue.state, "new")
        self._erase()
        self.assertEqual((planned.state, planned.cancel_cause), ("cancelled", "erasure"))
        self.assertEqual((self.issue.state, self.issue.cancel_reason), ("cancelled", "The customer's data was erased."))
        self.assertFalse(self.issue.activity_ids)

    def _target_line(self):
        plan = self.plan_new.copy({"trigger": "manual"})
        target = self.env["aftersale.target"].create({"name": "Autumn", "plan_id": plan.id})
        return self.env["aftersale.target.line"].create({"target_id": target.id, "partner_id": self.partner.id})

    def test_target_lists_lose_the_customer(self):
        line = self._target_line()
        self._erase()
        self.assertFalse(line.exists())

    def test_forms_about_the_customer_go(self):
        why = self.env["aftersale.why"].with_user(self.manager).create({"partner_id": self.partner.id})
        lines = why.line_ids
        self.assertTrue(lines)
        other = self.env["aftersale.why"].create({"partner_id": self.env["res.partner"].create({"name": "Li Na"}).id})
        self._erase()
        self.assertFalse(why.exists() or lines.exists())
        self.assertTrue(other.exists())

    def test_drafts_forget_and_issued_analyses_stay(self):
        today = self.company._aftersale_today()
        period = dict(zip(("date_from", "date_to"), date_utils.get_month(today), strict=True))
        draft, issued = self.env["aftersale.analysis"].create([period, period])
        issued._issue()
        draft.action_preview()
        number = self.partner._aftersale_number()
        self.assertIn(number, str(draft.figures))
        frozen = issued.figures
        self._erase()
        self.assertFalse(draft.figures or draft.cutoff)
        self.assertEqual(issued.figures, frozen)
        draft.action_preview()
        self.assertNotIn(number, str(draft.figures))

    def test_preferences_of_the_contact_are_forgotten(self):
        self.partner.write({"aftersale_offline": True, "aftersale_quiet_0": True, "aftersale_short_name": "W."})
        self._erase()
        self.assertFalse(self.partner.aftersale_offline or self.partner.aftersale_quiet_0)
        self.assertFalse(self.partner.aftersale_short_name)
        self.assertEqual(self.partner.name, "Wang Fang")

    # -- what stays ------------------------------------------------------------

    def test_scores_and_figures_stay(self):
        self._close_issue()
        today = self.company._aftersale_today()
        get = self.env["aftersale.figures"]._get
        before = get(self.company, today.replace(day=1), today)
        self._erase()
        after = get(self.company, today.replace(day=1), today)
        for key in ("feedback", "satisfaction", "followup_rate", "response_rate", "funnel", "loop", "top_problems"):
            with self.subTest(figure=key):
                self.assertEqual(after.get(key), before.get(key))
        self.assertEqual(self.feedback.score, 1)
        self.assertEqual(self.feedback.suggestion_state, "new")

    def test_other_customers_stay_as_they_are(self):
        other = self.env["res.partner"].create({"name": "Li Na", "email": "li.na@example.com"})
        followup = self._ready(partner=other)
        feedback = self._feedback(followup, score=2, detail="Too loud")
        token = followup.access_token
        self._erase()
        self.assertEqual((followup.partner_id, feedback.partner_id, feedback.detail), (other, other, "Too loud"))
        self.assertEqual((followup.access_token, followup.email_key), (token, "li.na@example.com"))

    def test_the_order_is_not_planned_again(self):
        self._erase(never_ask=False)
        self.assertFalse(self.order.aftersale_followup_ids)
        self.env["aftersale.plan"]._plan_followups("delivery", self.order.picking_ids)
        self.assertFalse(self.order.aftersale_followup_ids, "Its row stands, in a form that names no order.")

    def test_an_anonymous_follow_up_is_not_answered(self):
        followup = self._ready(partner=self.env["res.partner"].create({"name": "Li Na", "phone": "+8613811112222"}))
        followup._set_state("expired")
        self._erase(followup.partner_id)
        with self.assertRaises(UserError):
            followup.action_open_call()

    def test_an_open_record_needs_its_customer(self):
        for record in (self._planned(), self.issue):
            with self.subTest(model=record._name), mute_logger("odoo.sql_db"):
                with self.assertRaises(CheckViolation), self.env.cr.savepoint():
                    record.partner_id = False
                    self.env.flush_all()

    # -- opt-outs --------------------------------------------------------------

    def _blocked(self):
        keys = {self.partner.email_normalized, self.partner.phone_sanitized}
        return self.env["aftersale.optout"]._get_blocked(keys, self.partner)

    def test_an_opt_out_survives_without_naming_anybody(self):
        self.env["aftersale.optout"].create(
            {"key": "old@example.com", "partner_id": self.partner.id, "scenario": "pilot"}
        )
        self._erase(never_ask=False)
        optouts = self.env["aftersale.optout"].with_context(active_test=False).search([])
        self.assertFalse(optouts.partner_id)
        self.assertTrue(all(key.startswith(PREFIX) for key in optouts.mapped("key")))
        blocked = self._blocked()
        for key in (self.partner.email_normalized, self.partner.phone_sanitized, self.partner.id):
            self.assertEqual(blocked[key], {"pilot"})
        self.assertEqual(
            self.env["aftersale.optout"]._get_blocked({"old@example.com"}, self.env["res.partner"]),
            {"old@example.com": {"pilot"}},
        )

    def test_never_ask_again_holds_for_the_next_order(self):
        self._erase()
        order = self._order(products=self._product("Pan"))
        self._deliver(order)
        self.assertEqual(set(order.aftersale_followup_ids.mapped("skip_reason")), {"opt_out"})

    def test_without_it_a_new_order_is_a_new_relation(self):
        self._erase(never_ask=False)
        self.assertFalse(self._blocked())

    def test_erasing_twice_is_harmless(self):
        self._erase()
        count = self.env["aftersale.optout"].search_count([])
        self._erase()
        self.assertEqual(self.env["aftersale.optout"].search_count([]), count)
        self.assertEqual(self.followup.origin.count(PREFIX), 1)

    # -- who, and how ----------------------------------------------------------

    def test_only_privacy_erases(self):
        for user in (self.manager, self.supervisor, self.agent):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._erase(user=user)
        erasure = (
            self.env["aftersale.erasure"]
            .with_user(self.privacy)
            .create({"partner_ids": self.partner.ids, "reason": "Asked"})
        )
        with self.assertRaises(AccessError):
            erasure.with_user(self.manager).action_erase()
        self.assertEqual(self.feedback.partner_id, self.partner)

    def test_it_asks_for_a_reason_and_is_noted(self):
        with self.assertRaises(UserError):
            self._erase(reason=" ")
        self._erase(reason="Letter of 3 March")
        row = self.env["aftersale.access.log"].search([("purpose", "=", "erasure")])
        self.assertEqual((row.user_id, row.partner_id, row.note), (self.privacy, self.partner, "Letter of 3 March"))

    def test_all_or_nothing(self):
        """What fails half-way leaves everything as it was."""
        self.env.cr.execute("ALTER TABLE aftersale_followup ADD CONSTRAINT no_erasure CHECK (email_key IS NOT NULL)")
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self._erase()
            self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual((self.feedback.partner_id, self.feedback.detail), (self.partner, WORDS[3]))
        self.assertEqual(self.issue.state, "new")

    def test_companies_not_selected_are_left_alone(self):
        other = self.env["res.company"].create({"name": "Other company"})
        foreign = self._planned(company_id=other.id, team_id=False, user_id=False)
        erasure = self.env["aftersale.erasure"].with_user(self.privacy).create({"partner_ids": self.partner.ids})
        self.assertTrue(erasure.is_elsewhere)
        self._erase()
        self.assertEqual(foreign.partner_id, self.partner)

    def test_a_company_takes_its_people_along(self):
        firm = self.env["res.partner"].create({"name": "Firm", "is_company": True})
        self.partner.parent_id = firm
        self._erase(firm)
        self.assertFalse(self.feedback.partner_id)

    def test_the_form_tells_what_will_be_erased(self):
        self._planned()
        context = {"active_model": "res.partner", "active_ids": self.partner.ids}
        # As the web client opens it: `onchange` without a record, which takes commands only.
        opened = self.env["aftersale.erasure"].with_user(self.privacy).with_context(**context)
        shown = opened.onchange({}, [], {"partner_ids": {"fields": {}}, "feedback_count": {}})["value"]
        self.assertEqual(shown["feedback_count"], 1)
        with Form(self.env["aftersale.erasure"].with_user(self.privacy).with_context(**context)) as form:
            self.assertEqual(form.followup_count, 2)
            self.assertEqual(form.open_followup_count, 1)
            self.assertEqual(form.feedback_count, 1)
            self.assertEqual(form.open_issue_count, 1)
            form.reason = "Asked"

    # -- a copy for the customer -----------------------------------------------

    def test_the_copy_holds_what_there_is(self):
        self._close_issue()
        self._target_line()
        report = self.env["ir.actions.report"].with_user(self.privacy)
        html = report._render_qweb_html("aftersale_followup.report_disclosure", self.partner.ids)[0].decode()
        for text in (
            self.followup.name,
            WORDS[3],
            WORDS[4],
            "Worn seal",
            self.issue.name,
            "wang.fang@example.com",
            "Autumn",
        ):
            with self.subTest(text=text):
                self.assertIn(text, html)
        row = self.env["aftersale.access.log"].search([("purpose", "=", "disclosure")])
        self.assertEqual((row.user_id, row.partner_id), (self.privacy, self.partner))

    def test_only_privacy_gives_a_copy(self):
        report = self.env["ir.actions.report"].with_user(self.manager)
        with self.assertRaises(AccessError):
            report._render_qweb_html("aftersale_followup.report_disclosure", self.partner.ids)
