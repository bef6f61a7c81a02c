from odoo import api, fields, models
from odoo.exceptions import UserError

from .aftersale_answers import CHOICES, read_answer


class SurveySurvey(models.Model):
    _inherit = "survey.survey"

    survey_type = fields.Selection(
        selection_add=[("aftersale", "After-sales follow-up")], ondelete={"aftersale": "set default"}
    )

    @api.depends_context("uid")
    def _compute_allowed_survey_types(self):
        result = super()._compute_allowed_survey_types()
        user = self.env.user
        if user.has_group("aftersale_followup.group_manager") or user.has_group("survey.group_survey_user"):
            for survey in self:
                survey.allowed_survey_types = (survey.allowed_survey_types or []) + ["aftersale"]
        return result

    @api.onchange("survey_type")
    def _onchange_survey_type(self):
        """Follow-ups are one page without points, in every language; only their personal link opens them."""
        result = super()._onchange_survey_type()
        if self.survey_type == "aftersale":
            self.update(
                {
                    "questions_layout": "one_page",
                    "questions_selection": "all",
                    "access_mode": "token",
                    "scoring_type": "no_scoring",
                    "certification": False,
                    "is_time_limited": False,
                    "users_login_required": False,
                    "users_can_go_back": False,
                    "lang_ids": False,
                }
            )
        return result

    def write(self, vals):
        result = super().write(vals)
        if "survey_type" in vals:
            self.env.registry.clear_cache()
        elif vals.keys() & {"description", "description_done", "question_and_page_ids", "lang_ids"}:
            self._aftersale_note_change()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_aftersale_answered(self):
        surveys = self.filtered(lambda survey: survey.survey_type == "aftersale")
        # sudo: whoever edits questionnaires need not be allowed to read the answers
        answered = self.env["survey.user_input"].sudo().search([("survey_id", "in", surveys.ids)], limit=1)
        if answered:
            raise UserError(
                self.env._(
                    "“%s” holds answers of customers. Archive the questionnaire instead of deleting it.",
                    answered.survey_id.title,
                )
            )

    def get_formview_id(self, access_uid=None):
        """Our managers, who need not know Odoo's surveys, get the form without what makes no sense for follow-ups."""
        user = self.env["res.users"].browse(access_uid) if access_uid else self.env.user
        if self.survey_type == "aftersale" and not user.has_group("survey.group_survey_user"):
            return self.env.ref("aftersale_followup.survey_survey_view_form").id
        return super().get_formview_id(access_uid=access_uid)

    def action_survey_user_input_completed(self):
        action = super().action_survey_user_input_completed()
        if self.survey_type == "aftersale":
            # The action shows the types it knows only.
            action["domain"] = [("survey_id.survey_type", "=", "aftersale")]
        return action

    # ------------------------------------------------------------
    # Reading answers
    # ------------------------------------------------------------

    def _aftersale_read_form(self, form):
        """Return ``(answers, errors)`` of a posted form; its fields are ``q<question>`` and ``q<question>_<row>``."""

        def values(name):
            found = form.getlist(name) if hasattr(form, "getlist") else form.get(name, [])
            return found if isinstance(found, list) else [found]

        raw = {}
        for question in self._aftersale_form()["questions"]:
            name = f"q{question['id']}"
            if question["type"] == "matrix":
                raw[question["id"]] = {row["id"]: values(f"{name}_{row['id']}") for row in question["rows"]}
            else:
                raw[question["id"]] = values(name)
        return self._aftersale_check(raw)

    def _aftersale_check(self, raw):
        """Return ``(answers, errors)``, both by question id, of raw answers by question id from anywhere.

        Whatever does not belong to the questionnaire is left out; a question whose triggering answers were not
        chosen is not asked, so that its answer does not count.
        """
        raw = raw if isinstance(raw, dict) else {}
        answers, errors, chosen = {}, {}, set()
        for question in self._aftersale_form()["questions"]:
            number = question["id"]
            if question["triggers"] and not chosen.intersection(question["triggers"]):
                continue
            # JSON turns the numbers of keys into texts
            value, error = read_answer(self.env, question, raw.get(number, raw.get(str(number))))
            if error:
                errors[number] = error
            elif value not in (None, "", [], {}):
                answers[number] = value
                if question["type"] in CHOICES:
                    chosen.update(value if isinstance(value, list) else [value])
            elif question["required"]:
                errors[number] = question["required_message"] or self.env._("Please answer this question.")
        return answers, errors

    def _aftersale_transcript(self, answers):
        """Return checked answers as text a person can read."""
        lines = []
        for question in self._aftersale_form()["questions"]:
            value = answers.get(question["id"])
            if value is None:
                continue
            names = {choice["id"]: choice["label"] for choice in question["choices"]}
            rows = {row["id"]: row["label"] for row in question["rows"]}
            if question["type"] == "matrix":
                cells = (f"{rows[row]}: {', '.join(names[column] for column in value[row])}" for row in value)
                text = "; ".join(cells)
            elif question["type"] in CHOICES:
                text = ", ".join(names[choice] for choice in (value if isinstance(value, list) else [value]))
            else:
                text = str(value)
            lines.append(f"{question['title']} {text}")
        return "\n".join(lines)
