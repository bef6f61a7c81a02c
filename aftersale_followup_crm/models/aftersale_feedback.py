from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import UserError


# An answer that shows interest becomes an opportunity, once.
class AftersaleFeedback(models.Model):
    _inherit = "aftersale.feedback"

    lead_ids = fields.One2many("crm.lead", "aftersale_feedback_id", "Opportunities", readonly=True)
    # Stays when opportunities are merged: once is once.
    is_lead_created = fields.Boolean("Led to an Opportunity", readonly=True, copy=False)

    def _follow_interest(self):
        """Make it an opportunity of the salesperson instead of an item on a list."""
        return None if self._create_leads() else super()._follow_interest()

    def _create_leads(self):
        """Return new opportunities for those of these answers, all of named customers, that led to none yet.

        Made by the system: whoever answers, or takes the call, need not be allowed to use the CRM.
        """
        origins = (
            self._get_originals().with_user(SUPERUSER_ID).filtered(lambda f: f.partner_id and not f.is_lead_created)
        )
        # Two clicks at once: PostgreSQL refuses the second write, and Odoo runs it again.
        origins.is_lead_created = True
        return origins.env["crm.lead"].create([feedback._prepare_lead() for feedback in origins])

    def _prepare_lead(self):
        self.ensure_one()
        user = self._get_salesperson()
        seller = self.with_context(lang=user.lang or self.company_id.partner_id.lang)
        products = ", ".join(seller.product_ids.mapped("display_name"))
        source = self.env.ref("aftersale_followup_crm.utm_source_followup", raise_if_not_found=False)
        return {
            "name": seller.env._("%s: interest told in a follow-up", self.commercial_partner_id.name),
            "type": "opportunity",
            "partner_id": self.partner_id.id,
            "user_id": user.id,
            "company_id": self.company_id.id,
            "source_id": source.id if source else False,
            "referred": self.name,
            "description": seller.env._("Has bought: %s", products) if products else False,
            "aftersale_feedback_id": self.id,
            "aftersale_plan_id": self.plan_id.id,
            "is_from_aftersale": True,
        }

    def action_create_lead(self):
        """Create the opportunity of this answer, and open it where the user may see it."""
        self.ensure_one()
        self.check_access("read")
        if not self.partner_id:
            raise UserError(self.env._("Nobody knows who gave this answer, so there is nobody to sell to."))
        if not self._create_leads():
            raise UserError(self.env._("This answer led to an opportunity already."))
        return self.action_open_lead()

    def action_open_lead(self):
        """Open the opportunity of this answer; who may not see it reads whose it is."""
        self.ensure_one()
        self.check_access("read")
        lead = self._get_originals().lead_ids[:1]
        if not lead:
            raise UserError(self.env._("The opportunity was merged with another one of this customer, or deleted."))
        if lead.with_env(self.env).has_access("read"):
            return {
                "type": "ir.actions.act_window",
                "res_model": "crm.lead",
                "res_id": lead.id,
                "views": [(False, "form")],
            }
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%s is asked to contact the customer.", lead.user_id.name or lead.team_id.name),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _anonymise(self):
        # sudo: what names the customer's answer is Odoo's own; the opportunity stays, with the plan it came from
        self.env["crm.lead"].sudo().search([("aftersale_feedback_id", "in", self.ids)]).write(
            {"aftersale_feedback_id": False, "referred": False}
        )
        return super()._anonymise()
