from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from ..models.aftersale_feedback_bonds import STABILITY
from .aftersale_record import SCORES

# What a correction may say anew, and what it takes over as it is.
SAID = ("nps", "resolved", "stability", "detail", "suggestion", "contact_name", "is_complaint")
KEPT = ("inbound_source", "inbound_url", "email", "phone", "improvement", "opportunity")


class AftersaleCorrection(models.TransientModel):
    """A second record in place of a wrong or incomplete one: with author and reason; the first stays as it was."""

    _name = "aftersale.correction"
    _description = "Correct Feedback"
    _rec_name = "feedback_id"

    feedback_id = fields.Many2one("aftersale.feedback", required=True, readonly=True, ondelete="cascade")
    is_unknown = fields.Boolean(compute="_compute_is_unknown")
    partner_id = fields.Many2one("res.partner", "Customer", help="Of whom the customer was not known so far.")
    contact_name = fields.Char("Contact")
    score = fields.Selection(SCORES, "Satisfaction")
    nps = fields.Selection([(str(n), str(n)) for n in range(11)], "Recommendation")
    resolved = fields.Selection(
        [("fully", "Fully solved"), ("partly", "Partly solved"), ("no", "Not solved"), ("came_back", "Came back")]
    )
    stability = fields.Selection(STABILITY, "Compared with Before")
    loyalty = fields.Selection(SCORES, "Will Buy Again")
    detail = fields.Text("What Happened")
    suggestion = fields.Text()
    is_complaint = fields.Boolean("Complaint")
    tag_ids = fields.Many2many("aftersale.tag", string="Classification")
    reason = fields.Char("Reason for the Correction", required=True)

    @api.model
    def default_get(self, fields):
        """Fill the form with the record as it is."""
        values = super().default_get(fields)
        feedback = self.env["aftersale.feedback"].browse(self.env.context.get("default_feedback_id") or [])
        if feedback:
            feedback._check_correctable()
            current = feedback.sudo()
            found = {name: current[name] for name in SAID}
            found["score"] = str(current.score) if current.score else False
            found["loyalty"] = str(current.loyalty) if current.loyalty else False
            found["tag_ids"] = [Command.set(current.tag_ids.ids)]
            values.update({name: value for name, value in found.items() if name in fields})
        return values

    @api.depends("feedback_id")
    def _compute_is_unknown(self):
        for correction in self:
            feedback = correction.feedback_id
            correction.is_unknown = bool(feedback) and not feedback.partner_id and not feedback.followup_id

    def action_correct(self):
        """Create the correction and show it; the figures count it instead of the first record."""
        self.ensure_one()
        self.feedback_id._check_correctable()
        self.partner_id.check_access("read")
        # sudo: checked above; agents complete their own records, and hold no right to create any
        correction = self.env["aftersale.feedback"].sudo().create(self._prepare_correction(self.feedback_id.sudo()))
        return {
            "type": "ir.actions.act_window",
            "res_model": "aftersale.feedback",
            "res_id": correction.id,
            "views": [(False, "form")],
        }

    def _prepare_correction(self, original):
        score = int(self.score or 0)
        same = score == original.score
        values = {
            **{name: original[name] for name in KEPT},
            **{name: self[name] for name in SAID},
            "followup_id": original.followup_id.id,
            "correction_of_id": original.id,
            "correction_reason": self.reason,
            "source": "staff",
            "user_id": self.env.uid,
            "loyalty": int(self.loyalty or 0),
            "score": score,
            "score_raw": original.score_raw if same else score,
            "score_max": original.score_max if same else 5,
            "tag_ids": [Command.set(self.tag_ids.ids)],
            "is_tag_confirmed": original.is_tag_confirmed or self.tag_ids != original.tag_ids,
            "dimension_ids": [
                Command.create({"dimension_id": line.dimension_id.id, "score": line.score})
                for line in original.dimension_ids
            ],
            # It is the same problem: the issue that it led to is that of the correction, too.
            "issue_ids": [Command.set(original.issue_ids.ids)],
        }
        if self.is_unknown and self.partner_id:
            values["partner_id"] = self.partner_id.id
        return values


class AftersaleFeedback(models.Model):
    _inherit = "aftersale.feedback"

    def action_open_correction(self):
        """Open the form that corrects this record, or completes it."""
        self.ensure_one()
        self._check_correctable()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Correct %s", self.display_name),
            "res_model": "aftersale.correction",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_feedback_id": self.id},
        }

    def _check_correctable(self):
        """Raise unless the user may correct this: supervisors any record, agents what they left incomplete."""
        self.ensure_one()
        if self.env.user.has_group("aftersale_followup.group_supervisor"):
            self.check_access("write")
        else:
            self.check_access("read")
            if self.user_id != self.env.user or self.source != "staff" or not self.is_incomplete:
                raise AccessError(self.env._("Only supervisors correct what is complete, or not your own. Ask yours."))
        feedback = self.sudo()
        if feedback.is_anonymous:
            raise UserError(self.env._("An anonymous answer is nobody's to correct."))
        if feedback.correction_ids:
            later = feedback.correction_ids[:1].name
            raise UserError(self.env._("This record was corrected already. Correct the later one: %s.", later))
