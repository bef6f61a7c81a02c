from odoo import fields, models


class AftersaleAttempt(models.Model):
    _name = "aftersale.attempt"
    _description = "Contact Attempt"
    _inherit = ["aftersale.export.mixin"]
    _order = "date desc, id desc"
    _rec_name = "date"

    followup_id = fields.Many2one("aftersale.followup", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="followup_id.company_id", store=True, index=True)
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    channel_id = fields.Many2one("aftersale.channel", ondelete="restrict")
    user_id = fields.Many2one("res.users", "Agent", default=lambda self: self.env.user, ondelete="restrict")
    outcome = fields.Selection(
        [
            ("reached", "Reached"),
            ("no_answer", "No answer"),
            ("busy", "Busy"),
            ("wrong_contact", "Wrong number"),
            ("call_back", "Call back later"),
            ("refused", "Refused"),
            ("sent", "Sent"),
            ("bounced", "Bounced"),
            ("contested", "Later answer, not counted"),
        ],
        required=True,
    )
    note = fields.Text()
    call_back_date = fields.Datetime("Call Back At")
    is_passed_over = fields.Boolean(
        "Passed Over", readonly=True, help="This channel could not work from the start: nobody was contacted by it."
    )

    _call_back_dated = models.Constraint(
        "CHECK(outcome <> 'call_back' OR call_back_date IS NOT NULL)", "Enter when the customer wants to be called."
    )

    def _filter_tried(self):
        """Return those at which the customer was contacted: no channels passed over, no later answers."""
        return self.filtered(lambda attempt: not attempt.is_passed_over and attempt.outcome != "contested")
