import contextlib

from psycopg2.errors import UniqueViolation

from odoo import http
from odoo.http import request
from odoo.tools import email_normalize

from ..models.aftersale_answers import MAX_TEXT, clean_text
from ..models.sender import Sender
from .aftersale_followup import MAX_BODY, PUBLIC, AftersalePage

KINDS = ("complaint", "wish", "praise", "other")
LIMITS = {"detail": MAX_TEXT, "about": 200, "contact_name": 200, "email": 200, "phone": 50}


class AftersaleForm(AftersalePage):
    """The form anybody may fill in: no account, no link, no order. What is written here belongs to no customer.

    Nobody says who they are by typing an address, so the answer gets no customer, and shows up in nobody's portal. What
    keeps programs out is a field that people do not see, the time that writing takes, and a limit for each address;
    whoever is stopped by mistake gets the form back with every word in it.
    """

    @http.route(
        ["/aftersale/feedback", "/aftersale/feedback/<int:company_id>"], methods=["GET"], readonly=True, **PUBLIC
    )
    def show_form(self, company_id=None, **params):
        company, code = self._open_form(company_id)
        return self._render_closed(code) if code else self._render_inbound(company, {})

    @http.route(
        ["/aftersale/feedback", "/aftersale/feedback/<int:company_id>"],
        methods=["POST"],
        max_content_length=MAX_BODY,
        **PUBLIC,
    )
    def submit_form(self, company_id=None, **params):
        company, code = self._open_form(company_id)
        if code:
            return self._render_closed(code)
        form = request.httprequest.form
        given = {name: clean_text(form.get(name, "")) for name in (*LIMITS, "kind", "score", "nonce", "website")}
        Feedback = company.env["aftersale.feedback"]
        key = Feedback._get_inbound_key("form", given["nonce"], given["detail"])
        if Feedback._find_inbound(key):
            # The same form again, by a second click or "back": received already.
            return self._render_received(company)
        errors, alert, status = self._check_inbound(company, given)
        if errors or alert:
            return self._render_inbound(company, given, errors, alert, status)
        sender = Sender.of(request)
        if company._aftersale_is_form_limit_reached(sender):
            alert = company.env._("Many forms came from your connection. Please send it again in an hour, or call us.")
            return self._render_inbound(company, given, {}, alert, 429)
        # Unique: the very same form at the very same moment is one.
        with contextlib.suppress(UniqueViolation), request.env.cr.savepoint():
            company._aftersale_receive_form(given, key, sender)
        return self._render_received(company)

    def _open_form(self, company_id):
        """Return ``(company in sudo, code)``: the code says why the form is not to be had, else it is empty."""
        # sudo: visitors hold no rights; of the company only what the page shows is read
        Company = request.env["res.company"].sudo()
        if self._is_flood():
            return Company, "flood"
        company = Company.browse(company_id).exists() if company_id else Company.search([], limit=1, order="id")
        if not company or not company.active or not company.aftersale_form:
            return Company, "unknown"
        installed = dict(request.env["res.lang"].get_installed())
        args, form = request.httprequest.args, request.httprequest.form
        wished = (args.get("lang"), form.get("lang"), request.env.lang, company.partner_id.lang)
        lang = next((code for code in wished if code in installed), "en_US")
        request.update_context(lang=lang)
        return company.with_context(lang=lang).with_company(company), None

    def _check_inbound(self, company, given):
        """Return ``(errors by field, alert, status)`` of what was filled in; nothing of it is lost either way."""
        env = company.env
        dwell = company._aftersale_check_form_nonce(given["nonce"])
        if dwell is None:
            return {}, env._("This page was open for too long. Your words are still here: please send them again."), 400
        if given["website"]:
            given["website"] = ""
            return (
                {},
                env._("A field that people do not see was filled in. It is empty now: please send it again."),
                422,
            )
        if dwell < company.aftersale_seconds_per_question:
            return (
                {},
                env._("That was faster than anybody types. Your words are still here: please send them again."),
                422,
            )
        errors = {}
        if not given["detail"]:
            errors["detail"] = env._("Please write what it is about.")
        if given["email"] and not email_normalize(given["email"]):
            errors["email"] = env._("Please enter one e-mail address.")
        for name, limit in LIMITS.items():
            if len(given[name]) > limit:
                errors[name] = env._(
                    "Your text has %(length)s characters; at most %(limit)s can be kept. Please shorten it.",
                    length=len(given[name]),
                    limit=limit,
                )
        if given["kind"] not in (*KINDS, "") or given["score"] not in ("", "1", "2", "3", "4", "5"):
            errors["kind"] = env._("Please choose among the answers offered.")
        alert = errors and env._("Please check the marked fields; nothing was sent yet.")
        return errors, alert, 422

    # ------------------------------------------------------------
    # Pages
    # ------------------------------------------------------------

    def _render_inbound(self, company, given, errors=None, alert=None, status=200):
        times = company._aftersale_read_form_nonce(given.get("nonce"))
        values = {
            "given": given,
            "errors": errors or {},
            "alert": alert,
            "nonce": company._aftersale_make_form_nonce(opened=times and times[0]),
            "notice": company._aftersale_form_notice(),
        }
        return self._render_of("aftersale_followup.page_inbound", company, values, status)

    def _render_received(self, company):
        return self._render_of("aftersale_followup.page_received", company)

    def _render_closed(self, code):
        return self._render_message(code, request.env["aftersale.followup"].sudo())

    def _render_of(self, template, company, values=None, status=200):
        """Render a page of ``company``, with the frame of the customer's page."""
        languages = request.env["res.lang"].get_installed()
        frame = {
            "company": company.name,
            "logo": not company.uses_default_logo and f"/logo.png?company={company.id}",
            "phone": company.aftersale_phone or company.phone,
            "languages": languages if len(languages) > 1 else [],
            "path": request.httprequest.path,
        }
        return self._render(template, request.env["aftersale.followup"].sudo(), {**frame, **(values or {})}, status)
