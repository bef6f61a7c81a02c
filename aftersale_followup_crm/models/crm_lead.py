from odoo import fields, models


# Where an opportunity comes from. The plan is kept apart: an answer made anonymous is no longer named here.
class CrmLead(models.Model):
    _inherit = "crm.lead"

    aftersale_feedback_id = fields.Many2one(
        "aftersale.feedback",
        "Follow-up Feedback",
        readonly=True,
        copy=False,
        index="btree_not_null",  # for the list of its opportunities; the unique index is for once
        ondelete="set null",
        groups="aftersale_followup.group_agent",
        help="The answer in which the customer showed interest.",
    )
    aftersale_plan_id = fields.Many2one(
        "aftersale.plan",
        "Follow-up Plan",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The plan under which the customer was asked.",
    )
    is_from_aftersale = fields.Boolean(
        "From a Follow-up", readonly=True, copy=False, help="Created because of what a customer said in a follow-up."
    )

    _aftersale_once = models.UniqueIndex(
        "(aftersale_feedback_id) WHERE aftersale_feedback_id IS NOT NULL", "This answer led to an opportunity already."
    )
    _from_aftersale = models.Index("(company_id, create_date) WHERE is_from_aftersale")

    def _merge_get_fields(self):
        """The opportunity that goes on for others keeps where they came from."""
        return [*super()._merge_get_fields(), "aftersale_plan_id", "is_from_aftersale"]
