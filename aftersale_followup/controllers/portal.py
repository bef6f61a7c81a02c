from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal, pager

from ..models.aftersale_answers import MAX_TEXT, clean_text


class AftersalePortal(CustomerPortal):
    """What a logged-in customer said and what became of it, and the way to say more.

    Customers hold no right on our models. Each page reads, in sudo, what `_aftersale_get_own` finds for the user, and
    hands the templates texts instead of records: nothing internal can slip into a page.
    """

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "aftersale_count" in counters:
            partner = request.env.user.partner_id
            values["aftersale_count"] = sum(
                request.env[model].sudo().search_count(partner._aftersale_own_domain(model))
                for model in ("aftersale.feedback", "aftersale.issue")
            )
        return values

    @http.route(["/my/feedback", "/my/feedback/page/<int:page>"], type="http", auth="user", website=True, readonly=True)
    def portal_my_feedback(self, page=1, sent=None, **params):
        partner = request.env.user.partner_id
        Feedback = request.env["aftersale.feedback"].sudo()
        domain = partner._aftersale_own_domain("aftersale.feedback")
        pages = pager(url="/my/feedback", total=Feedback.search_count(domain), page=page, step=self._items_per_page)
        feedback = Feedback.search(domain, limit=self._items_per_page, offset=pages["offset"])
        issues = (
            request.env["aftersale.issue"]
            .sudo()
            .search(partner._aftersale_own_domain("aftersale.issue"), order="id desc", limit=50)
        )
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "aftersale_feedback",
            "feedback": feedback._aftersale_describe(),
            "issues": issues._aftersale_describe() if page == 1 else [],
            "pager": pages,
            "sent": sent,
        }
        return request.render("aftersale_followup.portal_my_feedback", values)

    @http.route("/my/feedback/issue/<int:issue_id>", type="http", auth="user", website=True, readonly=True)
    def portal_issue(self, issue_id, **params):
        domain = request.env.user.partner_id._aftersale_own_domain("aftersale.issue")
        issue = request.env["aftersale.issue"].sudo().search([*domain, ("id", "=", issue_id)])
        if not issue:
            return request.redirect("/my/feedback")
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "aftersale_issue",
            "issue": issue._aftersale_describe_page(),
        }
        return request.render("aftersale_followup.portal_issue", values)

    @http.route("/my/feedback/new", type="http", auth="user", website=True, methods=["GET"], readonly=True)
    def portal_new_feedback(self, **params):
        return self._render_new({})

    @http.route("/my/feedback/new", type="http", auth="user", website=True, methods=["POST"])
    def portal_send_feedback(self, **params):
        given = {name: clean_text(params.get(name) or "") for name in ("kind", "line", "score", "detail", "nonce")}
        error = None
        if not given["detail"]:
            error = request.env._("Please write what it is about.")
        elif len(given["detail"]) > MAX_TEXT:
            error = request.env._(
                "Your text has %(length)s characters; at most %(limit)s can be kept. Please shorten it.",
                length=len(given["detail"]),
                limit=MAX_TEXT,
            )
        if not error:
            try:
                request.env.user.partner_id._aftersale_receive_portal(given)
            except UserError as refusal:
                error = str(refusal)
        if error:
            return self._render_new(given, error, 422)
        return request.redirect("/my/feedback?sent=1")

    def _render_new(self, given, error=None, status=200):
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "aftersale_new",
            "given": given,
            "error": error,
            "lines": request.env.user.partner_id._aftersale_bought_lines(),
        }
        return request.render("aftersale_followup.portal_new_feedback", values, status=status)
