from odoo import api, models
from odoo.tools import hmac

# What showing and answering the page reads of each record. What is missing here is found all the same, but then Odoo
# reads every column: customers, companies and products have a hundred each.
COLUMNS = {
    "aftersale.followup": (
        *("state", "date_expiry", "access_token", "answer_digest", "lang", "scenario", "customer_type", "survey_id"),
        *("plan_id", "company_id", "partner_id", "order_id", "issue_id", "user_id", "team_id", "channel_id"),
    ),
    "aftersale.plan": ("survey_id", "notice", "allow_anonymous"),
    "res.company": (
        *("name", "email", "phone", "partner_id", "resource_calendar_id", "uses_default_logo", "aftersale_phone"),
        *("aftersale_contact_days", "aftersale_low_score", "aftersale_seconds_per_question"),
        *("aftersale_line_seconds", "aftersale_staff_networks"),
        *("aftersale_recurring_days", "aftersale_recurring_count", "aftersale_repeat_months", "aftersale_issue_policy"),
    ),
    "res.partner": ("name", "commercial_partner_id"),
    "resource.calendar": ("tz",),
    "product.product": ("active", "product_tmpl_id"),
    "product.template": ("name",),
    "survey.question": ("sequence",),
}


class AftersaleFollowup(models.Model):
    """Answering costs little: the customer's page reads the columns it needs, and no others."""

    _inherit = "aftersale.followup"

    @api.model
    def _read_columns(self, *recordsets):
        for records in recordsets:
            if records:
                records.fetch(COLUMNS[records._name])

    def _get_draft_name(self):
        """Return under which name a browser keeps what is not sent yet; it tells neither the link nor the customer."""
        self.ensure_one()
        return hmac(self.env(su=True), "aftersale_followup.draft", self.sudo().access_token)[:16]

    @api.model
    def _search_token(self, token):
        """Return the follow-up of a personal link, with what every page reads of it in the cache."""
        followup = self.search_fetch([("access_token", "=", token)], COLUMNS[self._name], limit=1)
        self._read_columns(followup.plan_id, followup.company_id)
        return followup

    def _get_opening_day(self):
        """Return the day from which the personal link can be answered, None when it is not to be opened any more."""
        self.ensure_one()
        return max(self.date_planned, self.company_id._aftersale_today()) if self.state == "planned" else None

    def _read_products(self):
        """Return the products this is about; only what tells archived ones apart was read of them."""
        self._read_columns(self.with_context(active_test=False).product_ids)
        return self.product_ids

    def _get_product_names(self):
        """Return the names of the products, by which the customer knows what this is about."""
        products = self._read_products()
        self._read_columns(products.product_tmpl_id)
        return products.mapped("name")

    def _read_for_answer(self, form):
        """Read what is needed to store the answers to ``form`` and not to show the page."""
        questions = self.env["survey.question"].browse(question["id"] for question in form["questions"])
        self._read_columns(self.partner_id, self.company_id.resource_calendar_id, questions)
        self._read_products()
