import re

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .capture_common import CaptureCase
from .test_page import PageCase
from .test_page_form import OwnSurvey

COUNTED = ("aftersale.followup", "aftersale.feedback", "aftersale.attempt", "survey.user_input", "mail.activity")


class PretestCase(OwnSurvey, CaptureCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls._survey({"title": "What happened?", "question_type": "text_box", "aftersale_role": "detail"})
        cls.manager.partner_id.email = "manager@example.com"

    def _prepare(self, plan=None):
        """Return the tries of ``plan`` as its manager gets them."""
        action = (plan or self.plan_new).with_user(self.manager).action_pretest()
        return self.env["aftersale.pretest"].with_user(self.manager).search(action["domain"])

    def _try_all(self, plan=None):
        tries = self._prepare(plan)
        for pretest in tries.sudo():
            if pretest.channel_id:
                pretest._record_answers({self.own.question_ids[0].id: 5})
            else:
                pretest.action_read()
        return tries


@tagged("post_install", "-at_install")
class TestGoingLive(PretestCase):
    """Customers see a questionnaire that users made or changed only after it was tried, channel by channel."""

    def test_what_is_shipped_is_live_what_users_make_is_not(self):
        for name in ("new", "relation", "verify", "pilot", "service", "shop"):
            self.assertFalse(self.env.ref(f"aftersale_followup.survey_{name}").aftersale_is_own)
        self.assertTrue(self.own.aftersale_is_own)
        copy = self.survey.copy()
        self.assertTrue(copy.aftersale_is_own)
        for change in (
            lambda survey: survey.question_ids[0].write({"title": "Changed"}),
            lambda survey: survey.question_ids[1].suggested_answer_ids[0].write({"value": "Changed"}),
            lambda survey: survey.question_ids[0].unlink(),
            lambda survey: survey.write({"description": "<p>Changed</p>"}),
        ):
            self.survey.aftersale_is_own = False
            change(self.survey)
            self.assertTrue(self.survey.aftersale_is_own)

    def test_running_plan_takes_a_tried_questionnaire_only(self):
        with self.assertRaisesRegex(ValidationError, "as it comes by E-mail"), self.env.cr.savepoint():
            self.plan_new.survey_id = self.own
        self.plan_new.next_survey_id = self.own
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.plan_new.action_use_next_survey()
        tries = self._prepare()
        automatic = self.plan_new.channel_ids.filtered("is_automatic")
        self.assertEqual(tries.channel_id, automatic)
        self.assertEqual(len(tries), len(automatic) + 1, "And the script")
        self._try_all()
        self.assertFalse(self.plan_new.pretest_missing)
        self.plan_new.with_user(self.manager).action_use_next_survey()
        self.assertEqual((self.plan_new.survey_id, self.plan_new.next_survey_id.id), (self.own, False))

    def test_each_channel_and_the_script_are_needed(self):
        self.plan_new.next_survey_id = self.own
        for pretest in self._try_all().sudo():
            with self.subTest(pretest=pretest.display_name):
                done = pretest.date_done
                pretest.date_done = False
                self.assertEqual(len(self.plan_new._get_missing_pretests(self.own)), 1)
                with self.assertRaises(ValidationError), self.env.cr.savepoint():
                    self.plan_new.action_use_next_survey()
                pretest.date_done = done

    def test_a_changed_wording_is_tried_again(self):
        self.plan_new.next_survey_id = self.own
        tries = self._try_all().sudo()
        self.own.question_ids[1].title = "What else happened?"
        by_channel = tries.filtered("channel_id")
        self.assertFalse(any(pretest._is_current() for pretest in by_channel))
        self.assertEqual(len(self.plan_new._get_missing_pretests(self.own)), len(by_channel))
        self.plan_new.script = "# Opening\nGood morning."
        self.assertEqual(len(self.plan_new._get_missing_pretests(self.own)), len(by_channel) + 1)

    def test_new_plan_waits_and_paused_plan_starts_after_its_tries(self):
        plan = self.env["aftersale.plan"].create(
            {
                "name": "Own",
                "trigger": "manual",
                "survey_id": self.own.id,
                "channel_ids": [(6, 0, self.env.ref("aftersale_followup.channel_email").ids)],
                "mail_template_id": self.env.ref("aftersale_followup.mail_template_invite_new").id,
            }
        )
        self.assertFalse(plan.active, "Nobody is asked with what nobody has tried")
        wizard = self.env["aftersale.plan.start"].create({"plan_id": plan.id})
        self.assertIn("as it comes by E-mail", wizard.warnings)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            wizard.action_confirm()
        self._try_all(plan)
        self.assertNotIn("as it comes by", self.env["aftersale.plan.start"].create({"plan_id": plan.id}).warnings)
        wizard.action_confirm()
        self.assertTrue(plan.active)

    def test_a_running_plan_takes_up_a_tried_channel_only(self):
        mail, sms = (self.env.ref(f"aftersale_followup.channel_{code}") for code in ("email", "sms"))
        plan = self.plan_new
        plan.write({"channel_ids": [(6, 0, mail.ids)], "next_survey_id": self.own.id})
        self._try_all()
        plan.action_use_next_survey()
        with self.assertRaisesRegex(ValidationError, "as it comes by SMS"), self.env.cr.savepoint():
            plan.channel_ids += sms
        plan.script = "# Opening\nGood morning."
        plan.channel_ids -= mail
        self.assertTrue(plan.active, "Fewer channels need no try")

    def test_questions_for_identity_keep_a_plan_from_going_live(self):
        self.plan_new.next_survey_id = self.own
        self.own.question_ids[1].title = "Your passport number?"
        self._try_all()
        with self.assertRaisesRegex(ValidationError, "identity or bank data"), self.env.cr.savepoint():
            self.plan_new.action_use_next_survey()

    def test_only_managers_try(self):
        for user in (self.agent, self.supervisor):
            with self.assertRaises(AccessError):
                self.plan_new.with_user(user).action_pretest()
        pretest = self._prepare()[0]
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
            pretest.write({"date_done": fields.Datetime.now()})


@tagged("post_install", "-at_install")
class TestVersions(PretestCase):
    """What customers were asked stays as it was; the next version is a copy that is tried first."""

    def test_questionnaire_of_a_running_plan_is_not_changed_under_its_customers(self):
        survey = self.survey.with_user(self.manager)
        question, category = survey.question_ids[0], survey.question_ids[1]
        for change in (
            lambda: question.write({"title": "Changed"}),
            lambda: question.write({"constr_mandatory": False}),
            lambda: category.suggested_answer_ids[0].write({"value": "Changed"}),
            lambda: category.suggested_answer_ids[0].unlink(),
            lambda: question.unlink(),
            lambda: question.create({"survey_id": survey.id, "title": "One more", "question_type": "date"}),
        ):
            with self.assertRaisesRegex(UserError, "New Version"), self.env.cr.savepoint():
                change()
        (self.plan_new | self.env.ref("aftersale_followup.plan_onboard")).active = False
        question.title = "Changed"

    def test_new_version_is_a_copy_that_waits_at_the_running_plans(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        verify = self.env.ref("aftersale_followup.survey_verify")
        verify.with_context(lang="zh_CN").title = "处理效果"
        running = self.env.ref("aftersale_followup.plan_verify")
        paused = self.env.ref("aftersale_followup.plan_improved")
        paused.active = False
        action = verify.with_user(self.manager).action_aftersale_new_version()
        version = self.env["survey.survey"].browse(action["res_id"])
        self.assertEqual((version.aftersale_version, version.aftersale_previous_id), (2, verify))
        self.assertEqual(version.title, f"{verify.title} (version 2)")
        self.assertTrue(version.with_context(lang="zh_CN").title.startswith("处理效果"))
        self.assertEqual((running.survey_id, running.next_survey_id), (verify, version))
        self.assertEqual((paused.survey_id, paused.next_survey_id.id), (version, False))
        detail = version.question_ids.filtered(lambda q: q.aftersale_role == "detail")
        self.assertEqual(detail.triggering_answer_ids.question_id.survey_id, version, "Conditions are copied along")
        self.assertEqual(version.question_ids.mapped("aftersale_role"), verify.question_ids.mapped("aftersale_role"))
        third = version.action_aftersale_new_version()["res_id"]
        self.assertEqual(self.env["survey.survey"].browse(third).title, f"{verify.title} (version 3)")

    def test_open_followups_go_on_with_the_version_of_that_day(self):
        planned = self._followup(state="planned")
        self.plan_new.next_survey_id = self.own
        self._try_all()
        form = self._read(self._whole_form(4))
        self.plan_new.action_use_next_survey()
        self.assertEqual(self.followup._get_survey(), self.survey)
        self.assertEqual(planned._get_survey(), self.survey, "Open rows keep their questionnaire.")
        self.assertEqual(self._followup(state="planned")._get_survey(), self.own)
        self.followup._record_answers(form, "customer", dwell=60)
        self.assertEqual(self.followup.user_input_id.survey_id, self.survey)
        self.assertEqual(self.followup.feedback_ids.score, 4)


@tagged("post_install", "-at_install")
class TestPretestPage(OwnSurvey, PageCase):
    """The page of a try is the customer's page; whatever is sent to it never counts."""

    def setUp(self):
        super().setUp()
        self.own = self._survey({"title": "How do you like [product]?", "question_type": "text_box"})
        self.plan_new.next_survey_id = self.own
        self.manager.partner_id.write({"email": "manager@example.com", "phone": "+86 138 0013 8000"})
        action = self.plan_new.with_user(self.manager).action_pretest()
        tries = self.env["aftersale.pretest"].with_user(self.manager).search(action["domain"])
        self.script = tries.filtered(lambda pretest: not pretest.channel_id)
        self.mail, self.sms = (tries.filtered(lambda p, c=code: p.channel_id.code == c) for code in ("email", "sms"))
        self.path = f"/aftersale/test/{self.mail.access_token}"

    def _counts(self):
        self.env.invalidate_all()
        return [self.env[model].with_context(active_test=False).search_count([]) for model in COUNTED]

    def test_message_is_the_customers_and_leads_to_the_page(self):
        before = self._counts()
        self.assertIn(self.manager.partner_id.name, self.mail.message)
        self.assertTrue(self.mail.subject)
        for pretest in (self.mail, self.sms):
            self.assertIn(f"/aftersale/test/{pretest.access_token}", pretest.message)
        self.assertIn("after-sales service", self.script.message)
        self.assertNotIn("[customer]", self.script.message)
        self.assertFalse(self.env["aftersale.followup"].search([("origin", "=like", "pretest:%")]))
        self.assertEqual(self._counts(), before)

    def test_answers_are_checked_and_kept_apart(self):
        before = self._counts()
        score, text = self.own.question_ids
        page = self._get(f"{self.path}?score=2")
        self.assertEqual(page.status_code, 200)
        self.assertIn("never counts", page.text)
        self.assertRegex(page.text, r'value="2"[^>]*checked')
        self.assertNotIn("[product]", page.text)
        self.assertNotIn("optout", page.text)
        nonce = {"nonce": self._nonce(page)}
        self.assertEqual(self.url_open(self.path, data=nonce).status_code, 422)
        unproven = self.url_open(self.path, data={f"q{score.id}": "2"})
        self.assertEqual(unproven.status_code, 422)
        self.assertIn("please send them again", unproven.text)
        self.assertFalse(self.mail.date_done)
        reply = self.url_open(self.path, data={**nonce, f"q{score.id}": "1", f"q{text.id}": "冒烟 <b>"})
        self.assertEqual(reply.status_code, 200)
        self.assertIn("The pre-test is done", reply.text)
        self.env.invalidate_all()
        self.assertEqual(self.mail.state, "done")
        self.assertIn("冒烟 <b>", self.mail.answers)
        self.assertEqual(self._counts(), before, "No feedback, no issue, no alert, nothing that counts")
        self.assertFalse(self.own.user_input_ids)
        self.own.question_ids[0].title = "Still free to change"

    def test_a_page_sent_empty_is_no_try(self):
        self.own.question_ids[0].unlink()  # nothing is required any more
        tries = self.plan_new.with_user(self.manager).action_pretest()["domain"]
        pretest = self.mail.search(tries).filtered(lambda p: p.channel_id == self.mail.channel_id and p.state == "open")
        path = f"/aftersale/test/{pretest.access_token}"
        reply = self.url_open(path, data={"nonce": self._nonce(self._get(path))})
        self.assertEqual(reply.status_code, 422)
        self.assertIn("no answer to save", reply.text)
        self.assertFalse(pretest.date_done)

    def test_links(self):
        self.assertEqual(self._get("/aftersale/test/" + "x" * 22).status_code, 404)
        self.assertEqual(self._get("/aftersale/test/x").status_code, 404)
        self.assertEqual(self._get(f"/aftersale/test/{self.script.access_token}").status_code, 404)
        self.assertEqual(self._get(f"/aftersale/{self.mail.access_token}").status_code, 404)
        self.assertEqual(self._get(f"/aftersale/test/{self.followup.access_token}").status_code, 404)
        self.own.question_ids[0].title = "Another wording"
        self.assertEqual(self._get().status_code, 410)
        self.assertEqual(self.url_open(self.path, data={"a": "b"}).status_code, 410)

    def test_message_goes_to_who_tries_by_its_channel(self):
        self.mail.action_send()
        mail = self.env["mail.mail"].search([("email_to", "like", "manager@example.com")])
        self.assertIn(self.mail.access_token, mail.body_html)
        self.assertRegex(mail.subject, "^Pre-test: ")
        self.sms.action_send()
        sms = self.env["sms.sms"].search([("number", "=", "+8613800138000")])
        self.assertTrue(re.search(self.sms.access_token, sms.body))
        with self.assertRaises(UserError):
            self.script.action_send()
        self.script.action_read()
        self.assertEqual(self.script.state, "done")
        with self.assertRaises(UserError):
            self.mail.action_read()

    def test_nobody_forges_the_mark_of_a_try(self):
        forged = self.followup.with_context(aftersale_trial={"token": "x", "survey_id": self.own.id})
        self.assertEqual(forged._get_survey(), self.survey)
        forged = self.followup.with_context(aftersale_trial=["x", self.own.id])
        self.assertEqual(forged._get_link_token(), self.followup._get_link_token())
