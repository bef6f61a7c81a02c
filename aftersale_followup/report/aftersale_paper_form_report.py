from odoo import api, models
from odoo.exceptions import UserError

from ..models.qr_code import link_qr


class ReportPaperForm(models.AbstractModel):
    """What the paper forms need: everything in the customer's words, and the personal link as a picture."""

    _name = "report.aftersale_followup.report_paper_form"
    _description = "Paper Form"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return the forms of those follow-ups that can still be answered.

        :raises AccessError: when the user may not work on one of them: the form holds the personal link
        :raises UserError: when none of them can be answered
        """
        followups = self.env["aftersale.followup"].browse(docids)
        followups.check_access("write")
        followups = followups.filtered(lambda f: f._is_answerable("staff"))
        if not followups:
            raise UserError(
                self.env._("Forms are printed for follow-ups that are open for contact. Choose such, or send them now.")
            )
        return {
            "doc_ids": followups.ids,
            "doc_model": followups._name,
            "docs": followups,
            "forms": [self._prepare_form(followup._for_customer()) for followup in followups],
        }

    @api.model
    def _prepare_form(self, followup):
        """Return what stands on the form of ``followup``, which is in sudo and in the customer's language."""
        company = followup.company_id
        address = company.partner_id._display_address(without_company=True)
        survey = followup._get_survey()._aftersale_form()
        return {
            "name": followup.name,
            "lang": followup.env.lang,
            "company": company.name,
            "address": " · ".join(line.strip() for line in address.split("\n") if line.strip()),
            "logo": company.logo_web if not company.uses_default_logo else None,
            "phone": company.aftersale_phone or company.phone,
            "customer": followup.partner_id.display_name,
            "products": followup.product_ids.mapped("name"),
            "order": followup.order_id.name,
            "delivered": followup.date_received,
            "intro": survey["intro"],
            "done": survey["done"],
            "questions": followup._get_filled_questions(),
            "notice": followup._get_notice(),
            # Once the link is closed, the form still counts; the code on it would lead nowhere.
            "qr": link_qr(followup) if followup._get_link_code() == "ok" else None,
            "expiry": followup.date_expiry,
        }
