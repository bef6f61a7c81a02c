from unittest.mock import patch

from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestInterest(AftersaleCase):
    """Who plans a purchase is on a salesperson's list; so is who falls silent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._user("asf_seller", "sales_team.group_sale_salesman")
        # what the add-on does by itself: a bridge makes an opportunity of it
        cls.interest = cls.env.ref("aftersale_followup.activity_type_interest")
        cls.retention = cls.env.ref("aftersale_followup.activity_type_retention")
        cls.company.aftersale_silence_count = 2

    # -- interest ----------------------------------------------------------------------

    def test_wish_to_be_contacted_is_on_the_salespersons_list(self):
        self.partner.user_id = self.seller
        feedback = self.env["aftersale.feedback"].create({"partner_id": self.partner.id, "opportunity": "yes"})
        if "lead_ids" in feedback._fields:
            return  # tested there
        [activity] = self.partner.activity_ids
        self.assertEqual((activity.activity_type_id, activity.user_id), (self.interest, self.seller))
        self.assertIn(feedback.name, activity.note)

    # -- silence -----------------------------------------------------------------------

    def _bought(self, *days):
        for day in days:
            order = self._order(user_id=self.seller.id)
            order.date_order = f"{day} 08:00:00"
        self.env.flush_all()

    def _asked(self, day, state="expired", **values):
        plan = self.plan_new
        return self.env["aftersale.followup"].create(
            {
                "plan_id": plan.id,
                "origin": f"test:{self.partner.id}:{day}:{state}",
                "contact_class": plan.contact_class,
                "scenario": plan.scenario,
                "partner_id": self.partner.id,
                "date_planned": day,
                "date_deadline": day,
                "date_sent": f"{day} 09:00:00",
                "sales_user_id": self.seller.id,
                "company_id": self.company.id,
                "state": state,
                **values,
            }
        )

    def _told(self):
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_silence").method_direct_trigger()
        return self.partner.activity_ids.filtered(lambda a: a.activity_type_id == self.retention)

    def test_two_unanswered_and_no_order_as_usual(self):
        self._bought("2025-09-01", "2025-10-01", "2025-11-01")
        followups = self._asked("2025-12-01") | self._asked("2026-01-15", "unreachable")
        [activity] = self._told()
        self.assertEqual(activity.user_id, self.seller)
        for followup in followups:
            self.assertIn(followup.name, activity.note)
        self.assertTrue(all(followups.mapped("is_silence_told")))

    def test_silence_is_told_once(self):
        self._bought("2025-09-01", "2025-10-01", "2025-11-01")
        self._asked("2025-12-01"), self._asked("2026-01-15")
        self._told()
        self._asked("2026-02-10")
        self.assertEqual(len(self._told()), 1, "One more is not yet two new ones.")
        self._asked("2026-02-20")
        self.assertEqual(len(self._told()), 2)

    def test_one_customer_who_cannot_be_told_of_keeps_no_other_from_it(self):
        self._bought("2025-09-01", "2025-10-01", "2025-11-01")
        self._asked("2025-12-01"), self._asked("2026-01-15")
        spoilt = self.env["res.partner"].create({"name": "Spoilt"})
        for day in ("2025-09-02", "2025-10-02", "2025-11-02"):
            self._order(user_id=self.seller.id, partner_id=spoilt.id).date_order = f"{day} 08:00:00"
        for day in ("2025-12-02", "2026-01-16"):
            self._asked(day, partner_id=spoilt.id, origin=f"spoilt:{day}")
        self.env.flush_all()
        Followup, tell = self.env.registry["aftersale.followup"], self.env.registry["aftersale.followup"]._tell_silence

        def fail(model, silent):
            if any(row[1] == spoilt.id for row in silent):
                raise ValueError("spoilt")
            return tell(model, silent)

        with (
            patch.object(Followup, "_tell_silence", fail),
            mute_logger("odoo.addons.aftersale_followup.models.aftersale_plan_planning"),
        ):
            self.assertEqual(len(self._told()), 1)

    def test_who_orders_as_usual_is_not_lost(self):
        self._bought("2025-06-01", "2025-10-01", "2026-02-01")
        self._asked("2025-12-01"), self._asked("2026-01-15")
        self.assertFalse(self._told())

    def test_two_orders_make_no_usual_interval(self):
        self._bought("2025-09-01", "2025-10-01")
        self._asked("2025-12-01"), self._asked("2026-01-15")
        self.assertFalse(self._told())

    def test_orders_of_one_day_count_once(self):
        self._bought("2025-09-01", "2025-09-01", "2025-09-01", "2025-10-01")
        self._asked("2025-12-01"), self._asked("2026-01-15")
        self.assertFalse(self._told())

    def test_who_said_anything_is_not_silent(self):
        self._bought("2025-09-01", "2025-10-01", "2025-11-01")
        self._asked("2025-12-01"), self._asked("2026-01-15")
        said = {"partner_id": self.partner.id, "detail": "Called us", "date": "2026-01-20 10:00:00"}
        self.env["aftersale.feedback"].create(said)
        self.assertFalse(self._told())

    def test_open_question_is_waited_for(self):
        self._bought("2025-09-01", "2025-10-01", "2025-11-01")
        self._asked("2025-12-01"), self._asked("2026-01-15"), self._asked("2026-02-25", "ready")
        self.assertFalse(self._told())

    def test_refusal_is_an_answer(self):
        self._bought("2025-09-01", "2025-10-01", "2025-11-01")
        self._asked("2025-12-01"), self._asked("2026-01-15", "refused")
        self.assertFalse(self._told())

    def test_setting_turns_it_off(self):
        self._bought("2025-09-01", "2025-10-01", "2025-11-01")
        self._asked("2025-12-01"), self._asked("2026-01-15")
        self.company.aftersale_silence_count = 0
        self.assertFalse(self._told())
