from odoo import api, fields, models

from .beside import beside


class AftersaleFeedback(models.Model):
    """Who plans a purchase and asks to be contacted is on the salesperson's list at once."""

    _inherit = "aftersale.feedback"

    opportunity = fields.Selection(
        [("yes", "Yes, please contact me"), ("later", "Later"), ("no", "No")],
        "Plans a Purchase",
        readonly=True,
        help="Answer to whether the customer plans a purchase, an extension or an upgrade.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        created = super().create(vals_list)
        interested = created.sudo().filtered(
            lambda f: f.opportunity == "yes" and f.partner_id and not f.correction_of_id
        )
        interested._follow_interest_isolated()
        return created

    def _follow_interest_isolated(self):
        """Follow the interest of each customer; what fails keeps no answer from being recorded."""
        for feedback in self:
            with beside(feedback, "The interest told by %s is on nobody's list"):
                feedback._follow_interest()

    def _follow_interest(self):
        """Put the customer on the list of the salesperson."""
        self.ensure_one()
        user = self._get_salesperson()
        if user:
            company = self.company_id
            # Read by the salesperson, not by the customer who answers just now.
            customer = self.partner_id.with_context(lang=user.lang)
            customer.activity_schedule(
                "aftersale_followup.activity_type_interest",
                date_deadline=company._aftersale_next_workday(company._aftersale_today()),
                user_id=user.id,
                note=customer.env._("%s: plans a purchase and asks to be contacted.", self.name),
            )

    def _get_salesperson(self):
        """Return who sells to this customer: sold the order, else looks after the contact, else leads a team."""
        self.ensure_one()
        users = self.followup_id.sales_user_id | self.order_id.user_id | self.partner_id.user_id
        users |= self.commercial_partner_id.user_id | self.team_id.user_id | self.company_id.aftersale_team_id.user_id
        return users.filtered(lambda user: user.active and not user.share)[:1]
