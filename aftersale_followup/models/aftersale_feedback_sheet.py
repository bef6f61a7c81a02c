from odoo import api, fields, models
from odoo.tools import format_date

from ..report.sheet_pages import split_pages
from .masking import mask_email, mask_phone

# Channels that go to a number; of an online answer the channel of the invitation tells what was used.
BY_PHONE = ("phone", "sms", "im", "visit")
BETWEEN_TAGS = "；"
# The columns in their order, with their widths in print (percent).
WIDTHS = {
    "customer_number": 5.5,
    "customer_name": 7.5,
    "contact_name": 5.5,
    "contact_data": 8.5,
    "day": 5.9,
    "channel_id": 5.5,
    "user_id": 6,
    "score": 4.5,
    "content": 14,
    "classification": 8,
    "proposal": 9.2,
    "followup_status": 5,
    "completion": 8.4,
    "note": 6.5,
}


class AftersaleFeedback(models.Model):
    """The Feedback Record Sheet: fourteen columns, one row per feedback, the same in list, export and print.

    Each column is one field, named as the sheet heads it: Odoo's export takes a list's columns and their labels from
    the fields, and writes several rows for one record wherever a column holds several records.
    """

    _inherit = "aftersale.feedback"

    customer_number = fields.Char("Customer No.", compute="_compute_customer", compute_sudo=True)
    customer_name = fields.Char("Customer / Short Name", compute="_compute_customer", compute_sudo=True)
    contact_data = fields.Char(
        compute="_compute_contact_data",
        compute_sudo=True,
        help="Number or address used. Masked where the settings say so: that limits casual exposure and is no barrier "
        "against users who may read contacts.",
    )
    day = fields.Date(
        "Follow-up Date", compute="_compute_day", store=True, precompute=True, help="In the company's time zone."
    )
    content = fields.Text("Feedback Details", compute="_compute_content", help="What happened, then the suggestion.")
    classification = fields.Text("Problem Classification", compute="_compute_classification")
    proposal = fields.Text(
        "Proposed Improvement",
        compute="_compute_proposal",
        compute_sudo=True,
        help="What staff propose to do, else the measures it led to.",
    )
    completion = fields.Char(
        compute="_compute_completion", help="Day the issue was done; before that the planned day, marked as planned."
    )

    @api.depends(
        "commercial_partner_id.ref",
        "commercial_partner_id.name",
        "commercial_partner_id.aftersale_short_name",
        "is_anonymous",
    )
    @api.depends_context("lang")
    def _compute_customer(self):
        for feedback in self:
            customer = feedback.commercial_partner_id
            feedback.customer_number = customer._aftersale_number()
            feedback.customer_name = customer.aftersale_short_name or customer.name
            if feedback.is_anonymous:
                feedback.customer_name = feedback._get_anonymous_label()

    @api.depends(
        "channel_id.code",
        "followup_id.channel_id.code",
        "followup_id.phone_key",
        "followup_id.email_key",
        "partner_id.phone",
        "partner_id.email",
        "company_id.aftersale_masking",
    )
    def _compute_contact_data(self):
        for feedback in self:
            followup, partner = feedback.followup_id, feedback.partner_id
            number = followup.phone_key or partner.phone_sanitized or partner.phone
            address = followup.email_key or partner.email_normalized or partner.email
            if feedback.company_id.aftersale_masking:
                number, address = mask_phone(number), mask_email(address)
            used = feedback.channel_id.code
            if used == "online":
                used = followup.channel_id.code
            feedback.contact_data = (number or address) if used in BY_PHONE else (address or number)

    @api.depends("date", "company_id")
    def _compute_day(self):
        for feedback in self:
            feedback.day = feedback.date and feedback.company_id._aftersale_date(feedback.date)

    @api.depends("detail", "suggestion")
    def _compute_content(self):
        for feedback in self:
            feedback.content = "\n".join(filter(None, (feedback.detail, feedback.suggestion)))

    @api.depends("tag_ids.display_name")
    @api.depends_context("lang")
    def _compute_classification(self):
        for feedback in self:
            feedback.classification = BETWEEN_TAGS.join(feedback.tag_ids.mapped("display_name"))

    @api.depends("improvement", "action_ids.name", "issue_ids.action_ids.name")
    def _compute_proposal(self):
        for feedback in self:
            measures = (feedback.action_ids | feedback.issue_ids.action_ids).filtered(lambda a: a.state != "cancelled")
            feedback.proposal = feedback.improvement or "\n".join(measures.mapped("name"))

    @api.depends("completion_date", "is_completion_planned")
    @api.depends_context("lang")
    def _compute_completion(self):
        for feedback in self:
            day = format_date(self.env, feedback.completion_date) if feedback.completion_date else ""
            feedback.completion = self.env._("%s (planned)", day) if feedback.is_completion_planned else day

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        """Leave the score empty where satisfaction was not asked: in a spreadsheet a 0 would count as an answer."""
        rows = super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)
        columns = [index for index, path in enumerate(fields) if path == ["score"]]
        for row in rows if columns else []:
            for column in columns:
                row[column] = row[column] or ""
        return rows

    # ------------------------------------------------------------
    # print
    # ------------------------------------------------------------

    def _get_sheet_widths(self):
        """{column: width in percent of the page}."""
        return WIDTHS

    def _get_sheet_pages(self):
        """Return the feedback page by page, as much on each as fits."""
        texts = [
            [value.display_name if isinstance(value, models.BaseModel) else str(value or "") for value in row]
            for row in ([feedback[name] for name in WIDTHS] for feedback in self)
        ]
        return [self.browse(self[number].id for number in page) for page in split_pages(texts, list(WIDTHS.values()))]
