from odoo import api, models
from odoo.tools import email_normalize, html2plaintext, parse_contact_from_email

from .aftersale_answers import MAX_TEXT, clean_text


class AftersaleIssue(models.Model):
    """Complaints by mail: a new one passes the gate of feedback, which opens its issue; replies stay with theirs."""

    _inherit = "aftersale.issue"

    def _open(self, feedback):
        issue = super()._open(feedback)
        if feedback.is_complaint:
            issue.kind = "complaint"
        return issue

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """Return the issue of the feedback made of a mail; the mail with its files is posted there by the gateway.

        Who is not known becomes a contact: an issue needs a customer, and whoever complains wants an answer.
        """
        values = custom_values if isinstance(custom_values, dict) else {}
        company = self.env["res.company"].browse(values.get("company_id")) or self.env.company
        issues = self.with_company(company)
        Feedback = issues.env["aftersale.feedback"].sudo()
        key = Feedback._get_inbound_key("mail", msg_dict.get("message_id") or "")
        feedback = Feedback._find_inbound(key)
        if not feedback:
            partner = issues._get_mail_author(msg_dict)
            msg_dict["author_id"] = partner.id
            feedback = Feedback.create(
                {
                    "inbound_source": "mail",
                    "inbound_key": key,
                    "is_complaint": True,
                    "source": "customer",
                    "partner_id": partner.id,
                    "contact_name": partner.name,
                    "detail": issues._read_mail(msg_dict),
                    "company_id": company.id,
                    "team_id": values.get("team_id"),
                }
            )
        return feedback.issue_ids.sorted("id")[-1:]

    def _get_mail_author(self, msg_dict):
        """Return the contact who wrote, made of the mail's sender where there is none yet."""
        partner = self.env["res.partner"].browse(msg_dict.get("author_id") or [])
        sender = msg_dict.get("email_from") or ""
        if not partner and email_normalize(sender, strict=False):
            partner = self.env["mail.thread"]._partner_find_from_emails_single([sender], avoid_alias=False)
        if partner:
            return partner
        name = parse_contact_from_email(sender)[0] or sender
        return partner.create({"name": name or self.env._("Unknown sender")})

    @api.model
    def _read_mail(self, msg_dict):
        """Return subject and text of a mail as plain text, cut to what feedback holds."""
        text = html2plaintext(msg_dict.get("body") or "", include_references=False)
        return clean_text(f"{msg_dict.get('subject') or ''}\n{text}")[:MAX_TEXT]

    @api.model
    def _detect_loop_sender_domain(self, email_from_normalized):
        """Odoo ignores a sender who opens too many records: found by the customer, since issues keep no address."""
        return [("partner_id.email_normalized", "=", email_from_normalized)]
