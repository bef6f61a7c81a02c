import time
from datetime import timedelta

from odoo import fields, models
from odoo.tools import consteq, hmac

from .aftersale_followup_capture import NONCE, PAGE_SECONDS, QUIET

SCOPE = "aftersale_followup.form"


# What is written into the public form: the proof that it was shown, its limit, and its way to the gate.
class ResCompany(models.Model):
    _inherit = "res.company"

    def _aftersale_sign_form(self, opened, issued):
        self.ensure_one()
        times = f"{opened:x}-{issued:x}"
        return f"{times}-{hmac(self.env(su=True), SCOPE, (self.id, times))}"

    def _aftersale_make_form_nonce(self, opened=None):
        """Return the nonce of a form shown now; ``opened`` keeps the time of one that is shown again."""
        now = int(time.time())
        return self._aftersale_sign_form(int(opened or now), now)

    def _aftersale_read_form_nonce(self, nonce):
        """Return ``(opened, issued)`` of a genuine nonce of this company's form, however old, else None."""
        match = NONCE.fullmatch(nonce) if isinstance(nonce, str) else None
        if not match:
            return None
        opened, issued = int(match[1], 16), int(match[2], 16)
        return (opened, issued) if consteq(nonce, self._aftersale_sign_form(opened, issued)) else None

    def _aftersale_check_form_nonce(self, nonce):
        """Return the seconds since the form was opened, or None when the nonce is forged, foreign or too old."""
        times = self._aftersale_read_form_nonce(nonce)
        now = time.time()
        if not times or now - times[1] > PAGE_SECONDS:
            return None
        return max(now - times[0], 0.0)

    def _aftersale_is_form_limit_reached(self, sender):
        """Return whether as many forms came from this address within the hour as the settings allow."""
        self.ensure_one()
        domain = [
            ("inbound_source", "=", "form"),
            ("company_id", "=", self.id),
            ("sender_key", "=", sender.get_keys(self.env)["sender_key"]),
            ("create_date", ">", fields.Datetime.now() - timedelta(hours=1)),
        ]
        limit = self.aftersale_form_hourly
        return self.env["aftersale.feedback"].sudo().search_count(domain, limit=limit) >= limit

    def _aftersale_form_notice(self):
        """Return the privacy notice of the form, part by part."""
        self.ensure_one()
        return [
            self.env._(
                "%s reads what you write here, to answer it and to do better. You need not say who you are.", self.name
            ),
            self.env._(
                "Only those who look after customers see it. From where it was sent is kept for %s days, in a form "
                "that nobody can read back, to tell people from programs.",
                self.sudo().aftersale_sender_days,
            ),
        ]

    def _aftersale_receive_form(self, given, key, sender):
        """Record what was filled in, checked before, and return the feedback (in sudo); it belongs to no customer."""
        self.ensure_one()
        # As the system: a customer who happens to be logged in did not say who they are.
        Feedback = self.env["aftersale.feedback"].with_user(self.env.ref("base.user_root")).sudo().with_context(**QUIET)
        values, reasons = Feedback._judge_sender(sender, self)
        score = int(given["score"] or 0)
        about = given["about"] and Feedback._for_staff(self).env._("About: %s", given["about"])
        values.update(
            inbound_source="form",
            inbound_key=key,
            source="customer",
            company_id=self.id,
            contact_name=given["contact_name"],
            email=given["email"],
            phone=given["phone"],
            score=score,
            score_raw=score,
            is_complaint=given["kind"] == "complaint",
            note=about or False,
            **{"suggestion" if given["kind"] == "wish" else "detail": given["detail"]},
        )
        return Feedback.with_company(self).create(Feedback._suspect(values, reasons))
