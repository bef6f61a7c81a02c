import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

# Whose customers have the link: they are asked on with the questionnaire they were contacted for.
OPEN = ("planned", "ready", "expired", "unreachable")


class AftersalePlan(models.Model):
    """Which questionnaire a plan asks with, and what must have been tried before customers see it.

    Questionnaires as shipped are tried. One that users made or changed needs an answered try on each automatic channel
    of the plan, and somebody who has read the script, before the plan goes live with it.
    """

    _inherit = "aftersale.plan"

    next_survey_id = fields.Many2one(
        "survey.survey",
        "Next Questionnaire",
        domain=[("survey_type", "=", "aftersale")],
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        help="A new version that is being tested. Put into use, it takes the place of the questionnaire; customers who "
        "have their link are asked on with the old one.",
    )
    pretest_ids = fields.One2many(
        "aftersale.pretest", "plan_id", "Pre-tests", groups="aftersale_followup.group_manager"
    )
    pretest_missing = fields.Text("Still to Test", compute="_compute_pretest_missing", compute_sudo=True)

    @api.depends("survey_id", "next_survey_id", "channel_ids", "script", "pretest_ids.date_done")
    def _compute_pretest_missing(self):
        for plan in self:
            plan.pretest_missing = "\n".join(plan._get_missing_pretests(plan._get_candidate()))

    @api.constrains("survey_id", "next_survey_id")
    def _check_survey_usable(self):
        for plan in self:
            for survey in (plan.survey_id | plan.next_survey_id).sudo():
                survey._aftersale_check_usable(plan.name)

    @api.constrains("active", "survey_id")
    def _check_pretested(self):
        self._check_survey_usable()  # what nobody could ever answer is said first
        for plan in self.filtered("active"):
            missing = plan._get_missing_pretests(plan.survey_id)
            if missing:
                raise ValidationError(
                    self.env._(
                        "Plan “%(plan)s” cannot ask customers with “%(survey)s” yet. Choose it as the next "
                        "questionnaire, or pause the plan, and press “Pre-test”:\n%(missing)s",
                        plan=plan.name,
                        survey=plan.survey_id.sudo().title,
                        missing="\n".join(missing),
                    )
                )

    def _get_candidate(self):
        """Return the questionnaire that is to be tried: the next one, else the present one."""
        self.ensure_one()
        return (self.next_survey_id or self.survey_id).sudo()

    def _get_automatic_channels(self):
        return self.channel_ids.filtered("is_automatic")

    def _get_script_fingerprint(self):
        """Return what tells one wording of the script, in all languages, from another."""
        self.ensure_one()
        codes = [code for code, _name in self.env["res.lang"].get_installed()]
        texts = [self.with_context(lang=code).script or "" for code in codes]
        return hashlib.sha256(json.dumps(texts).encode()).hexdigest()

    def _get_pretests(self):
        """Return the tries of this plan that hold for the present wording."""
        self.ensure_one()
        return self.sudo().pretest_ids.filtered(lambda pretest: pretest._is_current())

    def _get_missing_pretests(self, survey):
        """Return in sentences what is to be done before this plan may ask customers with ``survey``."""
        self.ensure_one()
        survey = survey.sudo()
        if not survey.aftersale_is_own:
            return []
        done = self._get_pretests().filtered("date_done")
        tried = done.filtered(lambda pretest: pretest.survey_id == survey).channel_id
        missing = [
            self.env._("Answer the questionnaire once as it comes by %s.", channel.name)
            for channel in self._get_automatic_channels() - tried
        ]
        if self.script and not done.filtered(lambda pretest: not pretest.channel_id):
            missing.append(self.env._("Read the script once as agents will see it."))
        return missing + survey._aftersale_get_identity_questions()

    @api.model_create_multi
    def create(self, vals_list):
        """A plan whose questionnaire is still to be tried starts paused."""
        surveys = self.env["survey.survey"].sudo()
        for vals in vals_list:
            if vals.get("survey_id") and surveys.browse(vals["survey_id"]).aftersale_is_own:
                vals["active"] = False
        return super().create(vals_list)

    def write(self, vals):
        if vals.get("survey_id"):
            self._keep_asked_survey(vals["survey_id"])
        before = [(plan, plan._get_automatic_channels()) for plan in self] if "channel_ids" in vals else []
        result = super().write(vals)
        # A running plan takes up a channel when it was tried; what was live before stays live.
        self.browse([plan.id for plan, known in before if plan._get_automatic_channels() - known])._check_pretested()
        return result

    def _keep_asked_survey(self, survey_id):
        """Have follow-ups that are open go on with the questionnaire of the day they were planned."""
        for plan in self.filtered(lambda plan: plan.survey_id and plan.survey_id.id != survey_id):
            open_rows = [("plan_id", "=", plan.id), ("state", "in", OPEN), ("survey_id", "=", False)]
            self.env["aftersale.followup"].sudo().search(open_rows).write({"survey_id": plan.survey_id.id})

    def action_pretest(self):
        """Prepare what is to be tried and show it."""
        self.ensure_one()
        self.check_access("write")
        if not self._get_candidate():
            raise UserError(self.env._("The plan has no questionnaire. Choose one first."))
        # sudo: tries are written by these methods only, whatever they say counts
        prepared = self.env["aftersale.pretest"].sudo()._prepare(self)
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_pretest_action")
        return {
            **action,
            "name": self.env._("Pre-test: %s", self.name),
            "domain": [("id", "in", prepared.ids)],
        }

    def action_use_next_survey(self):
        """Ask with the next questionnaire from now on; raise ValidationError while tries are missing."""
        for plan in self.filtered("next_survey_id"):
            plan.write({"survey_id": plan.next_survey_id.id, "next_survey_id": False})
