from hashlib import sha256

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import plaintext2html

from .masking import mask_email, mask_phone

INBOUND_SOURCES = [
    ("hotline", "Hotline"),
    ("review", "Review"),
    ("social", "Social Media"),
    ("portal", "Customer Portal"),
    ("form", "Public Form"),
    ("mail", "Complaint by Mail"),
]
# Of whom we know no more than this; erased and made anonymous with the rest.
GIVEN_FIELDS = ("email", "phone", "inbound_url", "inbound_key")


class AftersaleFeedback(models.Model):
    """What customers tell us unasked: by which door it came in, and where it can be read again."""

    _inherit = "aftersale.feedback"

    inbound_source = fields.Selection(
        INBOUND_SOURCES, "Came In By", index="btree_not_null", help="Empty where we asked the customer."
    )
    inbound_url = fields.Char("Link", help="Where the review or the message stands.")
    is_complaint = fields.Boolean("Complaint", help="The customer complains: this opens an issue, whatever the score.")
    email = fields.Char(
        "E-mail as Given", groups="base.group_system", help="Of somebody who wrote without being a known customer."
    )
    phone = fields.Char(
        "Phone as Given", groups="base.group_system", help="Of somebody who wrote without being a known customer."
    )
    inbound_key = fields.Char(
        copy=False, groups="base.group_system", help="Fingerprint of what came in: the same again is no news."
    )

    _inbound_once = models.UniqueIndex(
        "(inbound_key) WHERE inbound_key IS NOT NULL", "This message was received before."
    )
    _inbound_link = models.Constraint(
        "CHECK(COALESCE(inbound_url, '') = '' OR inbound_url ~* '^https?://')",
        "A link begins with http:// or https://.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        created = super().create(vals_list)
        created.sudo()._tell_unidentified()
        return created

    def _complete_values(self, vals):
        """Return ``vals`` with what holds for everything that comes in: its channel, and the team that reads it."""
        vals = super()._complete_values(vals)
        if not vals.get("inbound_source"):
            return vals
        company = self.env["res.company"].browse(vals.get("company_id")) or self.env.company
        # sudo: whoever hands it in need not know who works here
        found = {
            "channel_id": self.env["aftersale.channel"]._by_code("inbound").id,
            "company_id": company.id,
            "team_id": company.sudo().aftersale_team_id.id,
        }
        return vals | {name: value for name, value in found.items() if not vals.get(name)}

    @api.model
    def _get_inbound_key(self, *parts):
        """Return the fingerprint that ``parts``, texts, have in common with nothing else."""
        return sha256("\0".join(parts).encode()).hexdigest()

    @api.model
    def _find_inbound(self, key):
        """Return the feedback that came in with this fingerprint before, if any (in sudo)."""
        return self.sudo().search([("inbound_key", "=", key)], limit=1)

    def _tell_unidentified(self):
        """Put a complaint whose customer is not known on the supervisor's list: without one it has no issue."""
        for feedback in self:
            urgent = feedback.is_complaint or feedback.priority == "1"
            if feedback.inbound_source and urgent and not feedback.partner_id:
                user = feedback._get_caretaker()
                staff = feedback.with_context(lang=user.lang)
                note = staff.env._(
                    "A complaint without a known customer. Find out whose it is, then correct the record."
                )
                feedback._put_on_list(user, note)

    def _get_caretaker(self):
        """Return who looks after this feedback: its agent, else the supervisor of its team, else a manager."""
        self.ensure_one()
        if self.user_id.active and not self.user_id.share:
            return self.user_id
        issue = self.env["aftersale.issue"].new({"company_id": self.company_id.id, "team_id": self.team_id.id})
        return issue._get_supervisor() or self.env.ref("base.user_admin", raise_if_not_found=False) or self.env.user

    def _put_on_list(self, user, note):
        """Give ``user`` a to-do about this feedback, which is no thread and holds none itself."""
        company = self.company_id
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            {
                "activity_type_id": self.env.ref("aftersale_followup.activity_type_record").id,
                "user_id": user.id,
                "date_deadline": company._aftersale_next_workday(company._aftersale_today()),
                "note": plaintext2html(note) + self._get_html_link(),
            }
        )

    # ------------------------------------------------------------
    # Contact data as given
    # ------------------------------------------------------------

    @api.depends("email", "phone")
    def _compute_contact_data(self):
        result = super()._compute_contact_data()
        for feedback in self.filtered(lambda f: not f.partner_id and (f.email or f.phone)):
            number, address = feedback.phone, feedback.email
            if feedback.company_id.aftersale_masking:
                number, address = mask_phone(number), mask_email(address)
            feedback.contact_data = " · ".join(filter(None, (number, address)))
        return result

    def _get_contact(self):
        return super()._get_contact() if self.partner_id else " · ".join(filter(None, (self.phone, self.email)))

    def _get_anonymous_values(self):
        return super()._get_anonymous_values() | dict.fromkeys(GIVEN_FIELDS, False)


class ResCompany(models.Model):
    _inherit = "res.company"

    def _aftersale_get_expired(self):
        """Answers of people who are no customers of ours are kept no longer than those of customers."""
        expired = super()._aftersale_get_expired()
        if self.aftersale_answer_months:
            limit = fields.Datetime.subtract(fields.Datetime.now(), months=self.aftersale_answer_months)
            personal = ("contact_name", "email", "phone", "inbound_url", "detail", "suggestion", "note")
            named = Domain.OR(Domain(name, "not in", (False, "")) for name in personal)
            unknown = Domain("inbound_source", "!=", False) & Domain("partner_id", "=", False) & named
            own = Domain("company_id", "=", self.id)
            expired.append(("aftersale.feedback", own & unknown & Domain("date", "<", limit), "_anonymise"))
        return expired
