from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from .contradiction import is_displeased

# More answers within the hour than one household or office gives. An office shares its address, hence the difference.
BURST = timedelta(hours=1)
BURST_SIZES = {"device_key": 3, "sender_key": 10}
TO_SCREEN = Domain("evidence", "=", "suspicious") & Domain("screened_by_id", "=", False)


class AftersaleFeedback(models.Model):
    """Can this answer be believed? What looks odd waits, out of the figures, until a supervisor decides."""

    _inherit = "aftersale.feedback"

    # One-way forms, and those only for a while: they lead from one answer to another, not to an address.
    sender_key = fields.Char(copy=False, groups="base.group_system")
    device_key = fields.Char(copy=False, groups="base.group_system")
    evidence_date = fields.Datetime("Evidence Changed On", readonly=True, copy=False)
    is_to_screen = fields.Boolean("To Screen", compute="_compute_is_to_screen", search="_search_is_to_screen")

    _sender_key = models.Index("(sender_key, date) WHERE sender_key IS NOT NULL")
    _device_key = models.Index("(device_key, date) WHERE device_key IS NOT NULL")

    @api.depends("evidence", "screened_by_id")
    def _compute_is_to_screen(self):
        for feedback in self:
            feedback.is_to_screen = feedback.evidence == "suspicious" and not feedback.screened_by_id

    def _search_is_to_screen(self, operator, value):
        return TO_SCREEN if operator == "in" else NotImplemented

    # ------------------------------------------------------------
    # Flags
    # ------------------------------------------------------------

    @api.model
    def _judge_sender(self, sender, company):
        """Return ``(values, reasons)``: what tells ``sender`` again later, and why their answer is suspicious."""
        if sender is None:
            return {}, []
        staff = self._for_staff(company)
        reasons = []
        if sender.user_id:
            user = self.env["res.users"].sudo().browse(sender.user_id)
            reasons.append(staff.env._("Sent by a colleague who was logged in: %s.", user.name))
        if company.sudo().aftersale_staff_networks and sender.is_from(company.sudo().aftersale_staff_networks):
            reasons.append(staff.env._("Sent from the staff's own network."))
        keys = sender.get_keys(self.env)
        if not sender.is_telling():
            # Bursts are looked for by the device; what is left serves the limit of the public form.
            keys.pop("device_key")
        return keys, reasons

    @api.model
    def _for_staff(self, company):
        """Return the model in the language of the company: reasons are read by staff, not by the customer."""
        return self.with_context(lang=company.sudo().partner_id.lang or "en_US")

    @api.model
    def _suspect(self, vals, reasons):
        """Return ``vals`` of a new answer with ``reasons`` to doubt it beside those it has."""
        if not reasons:
            return vals
        reasons = [vals["suspicious_reason"], *reasons] if vals.get("suspicious_reason") else reasons
        return {**vals, "evidence": "suspicious", "suspicious_reason": " ".join(reasons)}

    def _screen(self):
        """Mark the answers that contradict themselves or what is known, and bursts with all that belongs to them.

        Corrections are not looked at: a supervisor stands for them.
        """
        for feedback in self.filtered(lambda f: not f.correction_of_id):
            if feedback._get_contradictions():
                # The language of the staff is read only where there is something to tell them.
                feedback._mark(feedback._for_staff(feedback.company_id)._get_contradictions())
        self.filtered("device_key")._mark_bursts()

    def _mark(self, reasons):
        """Take these answers out of the figures until somebody decided, past what is decided already."""
        for feedback in self.filtered(lambda f: not f.screened_by_id):
            known = feedback.suspicious_reason or ""
            new = [reason for reason in reasons if reason not in known]
            if new:
                feedback.write(self._suspect({"suspicious_reason": known}, new))

    def _get_contradictions(self):
        """Return what in this answer does not fit together."""
        self.ensure_one()
        reasons = []
        text = "\n".join(filter(None, (self.detail, self.suggestion)))
        if self.score >= 4 and is_displeased(text):
            reasons.append(self.env._("High score, but the words are those of a displeased customer."))
        if 0 < self.score <= 2 and self._only_praises() and not is_displeased(text):
            reasons.append(self.env._("Low score, but nothing except praise in the words."))
        if self.score == 5 and self.resolved in ("no", "came_back"):
            reasons.append(self.env._("Very satisfied, though the problem is said not to be solved."))
        if receipt := self._get_contradicting_receipt():
            reasons.append(
                self.env._(
                    "Said to be late, but received on %(received)s, promised for %(promised)s.",
                    received=receipt[0],
                    promised=receipt[1],
                )
            )
        return reasons

    def _only_praises(self):
        return "praise" in self.tag_ids.mapped("code") and not any(self.tag_ids.mapped("is_problem"))

    def _get_contradicting_receipt(self):
        """Return ``(received, promised)`` where the customer says it came late and the delivery says it did not.

        Only a receipt that somebody entered counts: the day the goods left says nothing about when they came, and to
        doubt every late delivery would hide the slow carrier.
        """
        if "logistics_delay" not in self.tag_ids.mapped("code") or not self.is_tag_confirmed or not self.followup_id:
            return None
        picking, order = self.followup_id.picking_id, self.order_id
        received, promised = picking.aftersale_receipt_date, order.commitment_date
        if not received or not promised:
            return None
        promised = self.company_id._aftersale_date(promised)
        return (received, promised) if received <= promised else None

    def _mark_bursts(self):
        """Mark answers of which too many came from one device or address within the hour, the first ones as well."""
        for feedback in self:
            for name, size in BURST_SIZES.items():
                same = [(name, "=", feedback[name]), ("company_id", "=", feedback.company_id.id)]
                near = [("date", ">", feedback.date - BURST), ("date", "<=", feedback.date)]
                burst = self.search([*same, *near], limit=100)
                if len(burst) >= size:
                    staff = self._for_staff(feedback.company_id)
                    burst._mark([staff.env._("Many answers from one device or address within the hour.")])

    @api.constrains("partner_id", "user_id", "source")
    def _check_not_own(self):
        """Nobody records an answer of their own as the customer's."""
        for feedback in self.filtered(lambda f: f.source == "staff" and f.partner_id and f.user_id):
            if feedback.partner_id == feedback.user_id.sudo().partner_id:
                raise UserError(self.env._("Nobody answers for themselves. Ask a colleague to record it."))

    # ------------------------------------------------------------
    # Decisions
    # ------------------------------------------------------------

    def action_confirm_evidence(self):
        """Believe these answers: they count in the figures from now on."""
        self._check_screener()
        self.filtered(lambda f: f.evidence == "suspicious").write({"evidence": "confirmed"})

    def action_reject_evidence(self):
        """Do not believe these answers: they stay, and stay out of the figures."""
        self._check_screener()
        decision = {"screened_by_id": self.env.uid, "screened_date": fields.Datetime.now()}
        # sudo: after the check; who decided and when is written by nothing but a decision
        self.sudo().filtered("is_to_screen").write(decision)

    def write(self, vals):
        """Note when the evidence changes: figures as of an earlier moment count what counted then."""
        changed = self.filtered(lambda f: f.evidence != vals.get("evidence", f.evidence))
        result = super().write(vals)
        if changed:
            super(AftersaleFeedback, changed.sudo()).write({"evidence_date": fields.Datetime.now()})
        return result

    def _check_screener(self):
        if not self.env.user.has_group("aftersale_followup.group_supervisor"):
            raise AccessError(self.env._("Whether an answer counts is for supervisors to decide. Ask yours."))
        self.check_access("write")

    def _forget_sender(self):
        """Forget from where these answers came: it served its purpose within the hour."""
        self.sudo().write({"sender_key": False, "device_key": False})

    def _get_anonymous_values(self):
        return super()._get_anonymous_values() | {"sender_key": False, "device_key": False}
