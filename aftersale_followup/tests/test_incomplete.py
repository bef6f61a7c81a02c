from odoo.tests import freeze_time, tagged

from .common import AftersaleCase

KIND = "aftersale_followup.activity_type_incomplete"


@tagged("post_install", "-at_install")
class TestIncomplete(AftersaleCase):
    """Records that lack something: a filter, and one to-do an agent and evening."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Feedback = cls.env["aftersale.feedback"]
        cls.env["res.company"].search([("aftersale_evening", "!=", False)]).aftersale_evening = False

    def _activities(self):
        return self.env["mail.activity"].search([("activity_type_id", "=", self.env.ref(KIND).id)])

    def _staff(self, user=None, **values):
        """Return a record that ``user`` made of a call, without content."""
        return self.Feedback.create(
            {"source": "staff", "user_id": (user or self.agent).id, "partner_id": self.partner.id, "score": 4, **values}
        )

    def _evening(self, moment):
        """Run the cron at ``moment``; return ``{agent: to-do}``."""
        with freeze_time(moment), self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_incomplete").method_direct_trigger()
        activities = self._activities()
        self.assertEqual(len(activities), len(activities.user_id), "One to-do an agent")
        return {activity.user_id: activity for activity in activities}

    def test_what_is_incomplete(self):
        whole, wish = self._staff(detail="Fine"), self._staff(suggestion="An app")
        empty, unrated = self._staff(), self._staff(detail="Fine", score=0)
        unknown = self._staff(detail="Fine", partner_id=False)
        found = self.Feedback.search([("is_incomplete", "=", True)])
        for feedback in (empty, unrated, unknown):
            self.assertTrue(feedback.is_incomplete)
            self.assertIn(feedback, found)
        for feedback in (whole, wish):
            self.assertFalse(feedback.is_incomplete)
            self.assertNotIn(feedback, found)
        empty.write({"evidence": "suspicious", "suspicious_reason": "Junk", "screened_by_id": self.supervisor.id})
        self.assertFalse(empty.is_incomplete, "What is not believed need not be completed.")

    def test_one_to_do_an_agent_and_evening(self):
        self._evening("2026-03-01 18:30:00")
        with freeze_time("2026-03-02 10:00:00"):
            first, second = self._staff(), self._staff(detail="Fine", score=0)
            other = self._staff(self.agent_2)
            called = self._ready()
            called.with_user(self.agent_2).sudo()._log_attempt("reached", channel=called.channel_id)
        self.assertFalse(self._evening("2026-03-02 17:59:00"), "The day is not over.")
        lists = self._evening("2026-03-02 18:01:00")
        self.assertEqual(set(lists), {self.agent, self.agent_2})
        for feedback in (first, second):
            self.assertIn(feedback.name, lists[self.agent].note)
        self.assertIn(other.name, lists[self.agent_2].note)
        self.assertIn(called.name, lists[self.agent_2].note, "A call that ended without a record")
        self.assertFalse(lists[self.agent].res_model, "Feedback holds no to-dos itself.")
        self.company.aftersale_evening = False
        self.assertEqual(self._evening("2026-03-02 18:02:00"), lists, "The same evening again changes nothing.")
        with freeze_time("2026-03-03 09:00:00"):
            correction = {"correction_of_id": other.id, "correction_reason": "Forgotten", "detail": "Fine", "score": 4}
            self.Feedback.create({**correction, "source": "staff", "user_id": self.agent_2.id})
            self._feedback(called, score=5, detail="Fine", source="staff")
        self.assertEqual(self._evening("2026-03-03 18:01:00"), {self.agent: lists[self.agent]}, "What is done is gone.")

    def test_days_without_the_cron_are_made_up_for(self):
        self._evening("2026-03-01 18:30:00")
        with freeze_time("2026-03-02 10:00:00"):
            self._staff()
        self.assertTrue(self._evening("2026-03-05 07:00:00"), "The evenings of three days were missed.")

    def test_customers_answers_are_nobodys_to_complete(self):
        with freeze_time("2026-03-02 10:00:00"):
            self._feedback(score=5)
            unknown = self.Feedback.create({"inbound_source": "form", "source": "customer", "detail": "Hello"})
            self._staff(partner_id=False, detail="Long ago", date="2025-12-01 10:00:00")
        lists = self._evening("2026-03-02 18:01:00")
        self.assertEqual(set(lists), {self.supervisor})
        self.assertIn(unknown.name, lists[self.supervisor].note, "Whose it is, the supervisor finds out.")
