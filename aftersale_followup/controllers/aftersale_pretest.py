from odoo import http
from odoo.http import request

from ..models.aftersale_answers import clean_text
from .aftersale_followup import MAX_BODY, PUBLIC, AftersalePage


class AftersalePretestPage(AftersalePage):
    """The customer's page before customers see it: the same questions, checks and thanks; nothing that counts."""

    @http.route("/aftersale/test/<string:token>", methods=["GET"], readonly=True, **PUBLIC)
    def show_test(self, token, **params):
        _pretest, sample, code = self._open_test(token)
        if code != "ok":
            return self._render_message(code, sample)
        return self._render_form(sample, self._preselect(sample, params.get("score")))

    @http.route("/aftersale/test/<string:token>", methods=["POST"], max_content_length=MAX_BODY, **PUBLIC)
    def submit_test(self, token, **params):
        pretest, sample, code = self._open_test(token)
        if code != "ok":
            return self._render_message(code, sample)
        form = request.httprequest.form
        answers, errors = sample._get_survey()._aftersale_read_form(form)
        alert = None
        if sample._check_nonce(form.get("nonce")) is None:
            alert = self._explain_stale(sample)
        elif not answers and not errors:
            alert = sample._explain_errors({})
        if errors or alert:
            return self._render_form(sample, form.to_dict(flat=False), errors=errors, alert=alert, status=422)
        pretest._record_answers(answers, clean_text(form.get("call_back_note", "")))
        return self._render_thanks(sample, sample.feedback_id)

    def _open_test(self, token):
        """Return ``(pretest, sample, code)`` of a call, the sample follow-up in the language of the page."""
        Pretest = request.env["aftersale.pretest"].sudo()  # the token is the tester's only right
        pretest, code = (Pretest, "flood") if self._is_flood() else Pretest._find_by_token(token)
        sample = pretest._get_sample() if code == "ok" else request.env["aftersale.followup"].sudo()
        sample = self._speak(sample)
        return pretest.with_env(sample.env), sample, code
