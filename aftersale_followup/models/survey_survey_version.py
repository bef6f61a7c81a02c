import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import UserError


# Versions: what customers were asked stays as it was. A questionnaire that is answered or in use is not changed; its
# next version is a copy, tried before the plans ask with it.
class SurveySurvey(models.Model):
    _inherit = "survey.survey"

    aftersale_version = fields.Integer("Version", default=1, readonly=True, copy=False)
    aftersale_previous_id = fields.Many2one(
        "survey.survey", "Version Before", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
    aftersale_is_own = fields.Boolean(
        "Changed by Users",
        readonly=True,
        copy=False,
        help="Not as shipped: plans go live with it after a pre-test only.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        surveys = super().create(vals_list)
        surveys._aftersale_note_change()
        return surveys

    def _aftersale_note_change(self):
        """Note that users made or changed these questionnaires, and forget how they looked."""
        ours = self.filtered(lambda survey: survey.survey_type == "aftersale")
        # What an add-on brings counts as tried. Only data files are loaded by the system with this context.
        if not (self.env.su and self.env.context.get("install_module")):
            ours.filtered(lambda survey: not survey.aftersale_is_own).write({"aftersale_is_own": True})
        ours._aftersale_clear_form()

    def _aftersale_fingerprint(self):
        """Return what tells this wording, in all languages it is offered in, from any other."""
        self.ensure_one()
        codes = self._aftersale_langs() or [code for code, _name in self.env["res.lang"].get_installed()]
        forms = [self.with_context(lang=code)._aftersale_form() for code in codes]
        return hashlib.sha256(json.dumps(forms, sort_keys=True, default=str).encode()).hexdigest()

    def _aftersale_get_plans(self):
        """Return the plans, running or paused, that ask with these questionnaires."""
        # sudo: who edits questionnaires need not see every company's plans
        return self.env["aftersale.plan"].sudo().with_context(active_test=False).search([("survey_id", "in", self.ids)])

    def _aftersale_check_unused(self):
        """Refuse to change what a running plan asks with: customers would see what nobody has tried."""
        if self.env.su:
            return
        running = self.filtered(lambda s: s.survey_type == "aftersale")._aftersale_get_plans().filtered("active")
        if running:
            raise UserError(
                self.env._(
                    "The running plan “%(plan)s” asks with “%(survey)s”. Press “New Version” in the questionnaire: you "
                    "change and try a copy, and customers are asked with it once you put it into use.",
                    plan=running[0].name,
                    survey=running[0].survey_id.title,
                )
            )

    def action_aftersale_new_version(self):
        """Copy the questionnaire for its next version: paused plans take it at once, running ones after its tries."""
        self.ensure_one()
        self.check_access("write")
        number = self.aftersale_version + 1
        version = self.copy()
        version.write({"aftersale_version": number, "aftersale_previous_id": self.id})
        # sudo: who edits questionnaires need not import answers
        self.env["aftersale.import.mapping"].sudo().search([("survey_id", "=", self.id)])._copy_for(version)
        first = self
        while first.aftersale_previous_id:
            first = first.aftersale_previous_id
        for code, _name in self.env["res.lang"].get_installed():
            new, title = version.with_context(lang=code), first.with_context(lang=code).title
            new.title = new.env._("%(title)s (version %(number)s)", title=title, number=number)
        plans = self._aftersale_get_plans()
        plans.filtered("active").write({"next_survey_id": version.id})
        plans.filtered(lambda plan: not plan.active).write({"survey_id": version.id})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": version.id,
            "views": [(version.get_formview_id(), "form")],
        }

    def action_aftersale_pretest(self):
        """Show what is to be tried before customers are asked with this questionnaire, by plan."""
        self.ensure_one()
        using = ["|", ("survey_id", "=", self.id), ("next_survey_id", "=", self.id)]
        plans = self.env["aftersale.plan"].with_context(active_test=False).search(using)
        plans = plans.filtered(lambda plan: plan._get_candidate() == self)
        if not plans:
            raise UserError(self.env._("No plan asks with this questionnaire. Choose it in a plan first."))
        if len(plans) == 1:
            return plans.action_pretest()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_plan_action")
        return {**action, "domain": [("id", "in", plans.ids)]}
