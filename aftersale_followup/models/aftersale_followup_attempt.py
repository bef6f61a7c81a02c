from datetime import timedelta

from odoo import models
from odoo.exceptions import UserError


class AftersaleFollowup(models.Model):
    """Tries at reaching the customer, and what follows from each."""

    _inherit = "aftersale.followup"

    def _log_attempt(self, outcome, channel=None, note=None, call_back_date=None):
        """Record one try at reaching the customer and what follows from it; return the attempt.

        No answer and busy bring the follow-up back on the next working day, at another hour of the day, until the
        plan's number of phone attempts is used up: then it is unreachable. A wrong number goes to the next channel.
        A call back keeps the time the customer asked for, at whatever hour it is.
        """
        self.ensure_one()
        if outcome == "call_back" and not call_back_date:
            raise UserError(self.env._("Enter when the customer wants to be called."))
        # Attempts count in the figures: they are made here, in the name of who is working, and nowhere else.
        attempt = (
            self.env["aftersale.attempt"]
            .sudo()
            .create(
                {
                    "followup_id": self.id,
                    "channel_id": (channel or self.channel_id).id,
                    "user_id": self.env.user.id,
                    "outcome": outcome,
                    "note": note,
                    "call_back_date": call_back_date,
                }
            )
        )
        if self.state != "ready":
            return attempt
        if not self.date_sent and outcome not in ("wrong_contact", "contested"):
            self.sudo().date_sent = attempt.date
        if outcome in ("no_answer", "busy"):
            self._retry_later()
        elif outcome == "call_back":
            self._call_again(call_back_date)
        elif outcome == "refused":
            self._set_state("refused", date_done=attempt.date)
        elif outcome == "wrong_contact":
            self._correct_contact_data(attempt.channel_id)
        return attempt

    def _log_passed_over(self):
        """Note, once each, the channels before the one in use that cannot work, and why.

        Nobody was contacted by them: they count neither as calls nor as contacts.
        """
        describe = self.env["aftersale.channel"]._describe_obstacle
        attempts = []
        for followup in self:
            noted = followup.attempt_ids.filtered("is_passed_over").channel_id
            for channel in followup._get_channel_order():
                if followup.state == "ready" and channel == followup.channel_id:
                    break
                reason = channel not in noted and describe(followup._get_obstacle(channel))
                if reason:
                    attempts.append(
                        {
                            "followup_id": followup.id,
                            "channel_id": channel.id,
                            "user_id": False,  # nobody of the staff tried anything
                            "outcome": "bounced",
                            "is_passed_over": True,
                            "note": reason,
                        }
                    )
        return self.env["aftersale.attempt"].create(attempts)

    def _call_again(self, moment):
        """Have the customer called again at ``moment`` (naive UTC); the follow-up stays open for at least that long."""
        expiry = max(self.date_expiry or moment, moment + timedelta(days=1))
        self.sudo().write({"date_next": moment, "date_call": moment, "date_expiry": expiry})

    def _correct_contact_data(self, failed):
        """Ask the salesperson for the right contact data, and leave the ``failed`` channel for the next, if any.

        A wrong number dialled beside an invitation that went out by mail leaves that one where it is.
        """
        self._ask_for_contact_data()
        if failed == self.channel_id:
            self.sudo()._contact_by_next_channel(failed)

    def _ask_for_contact_data(self):
        """Give the salesperson an activity to correct the customer's contact data."""
        user = self.sales_user_id or self.partner_id.user_id or self.user_id or self.env.user
        self.partner_id.sudo().activity_schedule(
            "aftersale_followup.activity_type_contact_data",
            user_id=user.id,
            note=self.env._("%s could not be reached: the contact data is wrong.", self.display_name),
        )
