from odoo import fields, models


# Steps of a measure are its owner's, unless the plan says whose.
class MailActivityPlanTemplate(models.Model):
    _inherit = "mail.activity.plan.template"

    responsible_type = fields.Selection(
        selection_add=[("aftersale_owner", "Owner of the measure")], ondelete={"aftersale_owner": "cascade"}
    )

    def _determine_responsible(self, on_demand_responsible, applied_on_record):
        if self.responsible_type != "aftersale_owner":
            return super()._determine_responsible(on_demand_responsible, applied_on_record)
        owner = applied_on_record.user_id if applied_on_record._name == "aftersale.action" else False
        return {"responsible": owner or on_demand_responsible or self.env.user, "error": False, "warning": False}
