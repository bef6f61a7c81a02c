from odoo import fields, models
from odoo.fields import Command

from ..models.aftersale_feedback_inbound import INBOUND_SOURCES

SCORES = [
    ("1", "1 – Very dissatisfied"),
    ("2", "2 – Dissatisfied"),
    ("3", "3 – Neutral"),
    ("4", "4 – Satisfied"),
    ("5", "5 – Very satisfied"),
]
# What the form and the feedback call the same.
TAKEN = (
    *("inbound_source", "inbound_url", "contact_name", "email", "phone", "date", "nps", "detail", "suggestion"),
    *("is_complaint", "note"),
)


class AftersaleRecord(models.TransientModel):
    """What a customer told us unasked, written down by whoever heard or read it: hotline, reviews, social media."""

    _name = "aftersale.record"
    _description = "Record Feedback"
    _rec_name = "inbound_source"

    inbound_source = fields.Selection(INBOUND_SOURCES, "Came In By", required=True, default="hotline")
    inbound_url = fields.Char("Link", help="Where the review or the message stands.")
    partner_id = fields.Many2one("res.partner", "Customer", help="Empty when you do not know who it is.")
    contact_name = fields.Char("Contact", help="Who spoke or wrote, or the name under which it was published.")
    email = fields.Char("E-mail Address")
    phone = fields.Char("Phone Number")
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    score = fields.Selection(SCORES, "Satisfaction", help="As the customer gave it; stars of a review count as such.")
    nps = fields.Selection([(str(n), str(n)) for n in range(11)], "Recommendation")
    detail = fields.Text("In the Customer's Words", required=True)
    suggestion = fields.Text("Wish")
    is_complaint = fields.Boolean("The Customer Complains", help="Opens an issue, whatever the score.")
    product_ids = fields.Many2many("product.product", string="Products")
    tag_ids = fields.Many2many("aftersale.tag", string="Classification", help="Empty: suggested by the words.")
    note = fields.Text("Remark", help="Internal.")

    def action_record(self):
        """Record the feedback in the name of the user and show it.

        Agents hold no right to create feedback: the values are checked as theirs, then written in sudo.
        """
        self.ensure_one()
        Feedback = self.env["aftersale.feedback"]
        self.partner_id.check_access("read")
        values = Feedback._check_recorded(
            {
                **{name: self[name] for name in TAKEN},
                "partner_id": self.partner_id.id,
                "contact_name": self.contact_name or self.partner_id.name,
                "company_id": self.company_id.id,
                "product_ids": [Command.set(self.product_ids.ids)],
                "score": int(self.score or 0),
                "score_raw": int(self.score or 0),
                "tag_ids": [Command.set(self.tag_ids.ids)] if self.tag_ids else [],
                "is_tag_confirmed": bool(self.tag_ids),
            }
        )
        feedback = Feedback.with_company(self.company_id).sudo().create(values)
        return {
            "type": "ir.actions.act_window",
            "res_model": "aftersale.feedback",
            "res_id": feedback.id,
            "views": [(False, "form")],
        }
