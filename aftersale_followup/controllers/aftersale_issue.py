from odoo import http
from odoo.http import request

from .aftersale_followup import PUBLIC, AftersalePage


class AftersaleIssuePage(AftersalePage):
    """Where an issue stands, for customers without an account: opened by the link of the message, never written to."""

    @http.route("/aftersale/issue/<string:token>", methods=["GET"], readonly=True, **PUBLIC)
    def show_issue(self, token, **params):
        nobody = request.env["aftersale.followup"].sudo()
        if self._is_flood():
            return self._render_message("flood", nobody)
        issue = request.env["aftersale.issue"]._find_by_issue_token(token)
        if not issue:
            return self._render_message("unknown", nobody)
        installed = dict(request.env["res.lang"].get_installed())
        wished = (params.get("lang"), issue.partner_id.lang, request.env.lang, *installed)
        lang = next(code for code in wished if code in installed)
        request.update_context(lang=lang)
        issue = issue.with_context(lang=lang)
        company = issue.company_id
        values = {
            "issue": issue._aftersale_describe_page(),
            "company": company.name,
            "logo": not company.uses_default_logo and f"/logo.png?company={company.id}",
            "phone": company.aftersale_phone or company.phone,
            "languages": list(installed.items()) if len(installed) > 1 else [],
        }
        return self._render("aftersale_followup.page_issue", nobody, values)
