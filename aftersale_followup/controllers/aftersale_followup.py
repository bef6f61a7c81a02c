import functools
import re
import time
import zlib
from pathlib import Path

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import format_date
from odoo.tools.misc import file_path

from ..models.aftersale_answers import clean_text
from ..models.sender import Sender

# 1 MB of Chinese text takes 3 MB and more in a form; what does not fit is refused before it is read.
MAX_BODY = 8 * 1024 * 1024
PUBLIC = {"type": "http", "auth": "public", "csrf": False, "save_session": False, "sitemap": False}
HEADERS = [
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Robots-Tag", "noindex, nofollow"),
    ("X-Frame-Options", "DENY"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'",
    ),
]
STATUS = {"unknown": 404, "gone": 410, "answered": 200, "flood": 429}
# Calls of this process by address: {address: [minute, count]}.
_calls = {}


@functools.cache
def _fingerprint(name):
    """Return the address of a static file that changes with its content: browsers keep such files for a week."""
    path = f"aftersale_followup/static/src/page/{name}"
    return f"/{path}?v={zlib.crc32(Path(file_path(path)).read_bytes()):x}"


class AftersalePage(http.Controller):
    """The customer's page: no account, one link, one form, one answer.

    Opening a link never writes, since scanners and previews open links. The token is the customer's right; the nonce
    proves that the page was shown, which is what a CSRF token would prove, without a session or a cookie.
    """

    @http.route("/aftersale/<string:token>", methods=["GET"], readonly=True, **PUBLIC)
    def show(self, token, **params):
        followup, code = self._open(token)
        if code != "ok":
            return self._render_message(code, followup)
        return self._render_form(followup, self._preselect(followup, params.get("score")))

    @http.route("/aftersale/<string:token>", methods=["POST"], max_content_length=MAX_BODY, **PUBLIC)
    def submit(self, token, **params):
        followup, code = self._open(token)
        if code in ("unknown", "gone", "flood"):
            return self._render_message(code, followup)
        form = request.httprequest.form
        answers, errors = followup._get_survey()._aftersale_read_form(form)
        wish = clean_text(form.get("call_back_note", ""))[:500] if form.get("call_back") else None
        digest = followup._digest(answers, wish or "")
        if code == "answered":
            return self._answer_again(followup, answers, wish, digest)
        dwell = followup._check_nonce(form.get("nonce"))
        if dwell is None:
            alert = self._explain_stale(followup)
            return self._render_form(followup, form.to_dict(flat=False), alert=alert, status=400)
        if errors:
            # 422: the request was understood and can be sent again once the answers are complete
            return self._render_form(followup, form.to_dict(flat=False), errors=errors, status=422)
        try:
            with request.env.cr.savepoint():
                if form.get("anonymous"):
                    followup._seal_answers(answers, dwell=dwell, call_back=wish)
                    return self._render_thanks(followup, followup.feedback_id)
                feedback = followup._record_answers(
                    answers, "customer", dwell=dwell, digest=digest, call_back=wish, sender=Sender.of(request)
                )
        except UserError as error:
            return self._render_form(followup, form.to_dict(flat=False), alert=str(error), status=422)
        return self._render_thanks(followup, feedback)

    @http.route("/aftersale/<string:token>/optout", methods=["GET"], readonly=True, **PUBLIC)
    def show_optout(self, token, **params):
        followup, code = self._open(token, optout=True)
        if code in ("unknown", "flood"):
            return self._render_message(code, followup)
        return self._render("aftersale_followup.page_optout", followup, {"draft": None})

    @http.route("/aftersale/<string:token>/optout", methods=["POST"], max_content_length=MAX_BODY, **PUBLIC)
    def optout(self, token, **params):
        """End follow-ups for good; links of old messages keep working. Mail clients send one click and no level."""
        followup, code = self._open(token, optout=True)
        if code in ("unknown", "flood"):
            return self._render_message(code, followup)
        level = request.httprequest.form.get("level")
        one_click = request.httprequest.form.get("List-Unsubscribe") == "One-Click"
        followup._opt_out(level if level in ("request", "scenario") else "all", source="mail" if one_click else "link")
        return self._render_message("optout", followup, status=200)

    # ------------------------------------------------------------
    # Steps
    # ------------------------------------------------------------

    def _open(self, token, optout=False):
        """Return ``(follow-up, code)`` of a call, the follow-up in the language of the page.

        Links that are good for an opt-out only are known where ``optout`` is.
        """
        Followup = request.env["aftersale.followup"].sudo()  # the token is the customer's only right
        if self._is_flood():
            return Followup, "flood"
        followup, code = Followup._find_by_optout_token(token) if optout else Followup._find_by_token(token)
        return self._speak(followup), code

    def _speak(self, followup):
        """Return ``followup`` in the language of the page: chosen, else the customer's, else the browser's."""
        offered = self._get_languages(followup)
        args, form = request.httprequest.args, request.httprequest.form
        wished = (args.get("lang"), form.get("lang"), followup.lang, request.env.lang, *offered)
        lang = next((code for code in wished if code in offered), request.env.lang)
        request.update_context(lang=lang)
        return followup.with_context(lang=lang).with_company(followup.company_id)

    def _get_languages(self, followup):
        """Return ``{code: name}`` of the languages the questionnaire is offered in, else of those installed."""
        installed = dict(request.env["res.lang"].get_installed())
        offered = followup._get_survey()._aftersale_langs() if followup else ()
        return {code: name for code, name in installed.items() if code in offered} or installed

    def _is_flood(self):
        """Return whether this address calls more often than people do; counted in memory, for each process."""
        # sudo: a plain number in the settings, never below 60
        limit = request.env["ir.config_parameter"].sudo().get_param("aftersale_followup.page_rate", "")
        limit = max(int(limit), 60) if re.fullmatch(r"[0-9]{1,9}", limit) else 120
        minute = int(time.time() // 60)
        if len(_calls) > 10_000:
            _calls.clear()
        count = _calls.setdefault(request.httprequest.remote_addr, [minute, 0])
        if count[0] != minute:
            count[:] = [minute, 0]
        count[1] += 1
        return count[1] > limit

    def _explain_stale(self, followup):
        return followup.env._("This page was open for too long. Your answers are still here: please send them again.")

    def _preselect(self, followup, score):
        """Return the form filled with the star that was clicked in the invitation, when it makes sense."""
        questions = followup._get_survey()._aftersale_form()["questions"]
        scale = next((q for q in questions if q["role"] == "satisfaction" and q["points"]), None)
        if not scale or score not in ("1", "2", "3", "4", "5"):
            return {}
        value = round(int(score) * scale["points"][-1]["value"] / 5)
        return {f"q{scale['id']}": [str(value)]}

    def _answer_again(self, followup, answers, wish, digest):
        """A second answer changes nothing; what it says differently is kept for the agent to read.

        Not what is or was said anonymously: kept here, it would stand beside the customer's name.
        """
        anonymous = followup.is_anonymous or request.httprequest.form.get("anonymous")
        if answers and not anonymous and digest != followup.answer_digest:
            transcript = followup._get_survey()._aftersale_transcript(answers)
            followup._contest("\n".join(filter(None, [transcript, wish])))
        return self._render_thanks(followup, followup.feedback_id)

    # ------------------------------------------------------------
    # Pages
    # ------------------------------------------------------------

    def _render_form(self, followup, given, errors=None, alert=None, status=200):
        """Show the questionnaire with what was ``given`` so far and a message beside each question in ``errors``."""
        form = followup._get_survey()._aftersale_form()
        errors = errors or {}
        times = followup._read_nonce((given.get("nonce") or [""])[0])
        titles = {q["id"]: followup._fill(q["title"]) if "[" in q["title"] else q["title"] for q in form["questions"]}
        values = {
            "form": form,
            "titles": titles,
            "given": {name: [clean_text(value) for value in values] for name, values in given.items()},
            "errors": errors,
            "alert": alert or (errors and followup.env._("Please check the marked questions; nothing was sent yet.")),
            # The time the page was first opened stays: correcting one answer does not make the others hasty.
            "nonce": followup._make_nonce(opened=times and times[0]),
            "products": followup._get_product_names(),
            "order": followup.order_id.name,
            "notice": followup._get_notice(),
            "anonymous": followup._allows_anonymous(),
        }
        return self._render("aftersale_followup.page_form", followup, values, status)

    def _render_thanks(self, followup, feedback):
        values = {
            "is_low": feedback.is_low_score,
            "days": feedback and feedback._get_call_days(),
            "done": followup._get_survey()._aftersale_form()["done"],
        }
        return self._render("aftersale_followup.page_thanks", followup, values)

    def _render_message(self, code, followup, status=None):
        if code == "answered":
            return self._render_thanks(followup, followup.feedback_id)
        opens = followup._get_opening_day() if followup and code == "gone" else None
        values = {"code": code, "opens": opens and format_date(followup.env, opens)}
        return self._render("aftersale_followup.page_message", followup, values, status or STATUS[code])

    def _render(self, template, followup, values=None, status=200):
        """Render a page of its own, without the frames and assets of the web client: it opens on any phone at once."""
        company = followup.company_id or request.env["res.company"].sudo().search([], limit=1, order="id")
        lang = request.env.lang
        # As it was called: the opt-out page does not tell the personal link.
        path = request.httprequest.path.removesuffix("/optout") if followup else ""
        languages = self._get_languages(followup) if followup else {}
        values = {
            "company": company.name,
            "logo": not company.uses_default_logo and f"/logo.png?company={company.id}",
            "phone": company.aftersale_phone or company.phone,
            "lang": lang,
            "lang_tag": (lang or "en").replace("_", "-"),
            "languages": list(languages.items()) if len(languages) > 1 else [],
            "path": path,
            "draft": followup._get_draft_name() if followup else None,
            "pretest": followup._get_trial() is not None,
            "css": _fingerprint("page.css"),
            "js": _fingerprint("page.js"),
            **(values or {}),
        }
        # The templates take what they are given: no session, user or website is looked up for them.
        html = request.env["ir.qweb"].sudo().with_context(minimal_qcontext=True)._render(template, values)
        headers = [*HEADERS, ("Content-Type", "text/html; charset=utf-8")]
        return request.make_response(f"<!DOCTYPE html>\n{html}", headers=headers, status=status)
