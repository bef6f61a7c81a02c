from odoo import http
from odoo.http import request

from ..models.aftersale_followup_capture import TOKEN
from ..models.aftersale_issue_page import ISSUE_TOKEN
from ..models.aftersale_optout import OPTOUT_TOKEN

HEADERS = [("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"), ("X-Robots-Tag", "noindex, nofollow")]


class AftersaleShortLink(http.Controller):
    """Links of text messages, where each character counts: they lead to the page itself and record nothing."""

    @http.route("/a/<string:token>", type="http", auth="public", methods=["GET"], save_session=False, sitemap=False)
    def open_short(self, token, **params):
        """Lead to the questionnaire, the opt-out or the issue; what is no such token, to nothing."""
        if OPTOUT_TOKEN.fullmatch(token):
            response = request.redirect(f"/aftersale/{token}/optout")
        elif ISSUE_TOKEN.fullmatch(token):
            response = request.redirect(f"/aftersale/issue/{token}")
        elif TOKEN.fullmatch(token):
            response = request.redirect(f"/aftersale/{token}")
        else:
            return request.not_found()
        response.headers.extend(HEADERS)
        return response
