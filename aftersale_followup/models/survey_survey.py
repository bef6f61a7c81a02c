from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import ormcache

from .aftersale_answers import read_answer

CHOICES = ("simple_choice", "multiple_choice")


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
        """Follow-ups are one page without points; only their personal link opens them."""
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
                }
            )
        return result

    def write(self, vals):
        result = super().write(vals)
        if "survey_type" in vals:
            self.env.registry.clear_cache()
        elif vals.keys() & {"description", "description_done", "question_and_page_ids"}:
            self._aftersale_clear_form()
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
    # The questionnaire as plain data, shared by page and call form
    # ------------------------------------------------------------

    @ormcache("self.id")
    def _is_aftersale(self):
        """Return whether this is one of our questionnaires, from the cache: every answer asks."""
        return self.sudo().survey_type == "aftersale"

    def _aftersale_clear_form(self):
        if any(survey.survey_type == "aftersale" for survey in self):
            self.env.registry.clear_cache()

    @ormcache("self.id", "self.env.lang")
    def _aftersale_form(self):
        """Return the questionnaire as plain data in the current language.

        The page is opened far more often than a questionnaire changes: kept in the cache, showing and checking a
        page costs no query at all. Callers must not change the result.
        """
        survey = self.sudo()  # plain texts of the questionnaire: the callers check the follow-up
        questions = survey.question_and_page_ids.filtered(lambda question: not question.is_page)
        # Satisfaction comes first: the stars in the invitation stand for it.
        questions = questions.sorted(lambda question: question.aftersale_role != "satisfaction")
        return {
            "intro": Markup(survey.description or ""),
            "done": Markup(survey.description_done or ""),
            "questions": [survey._aftersale_describe(question) for question in questions],
        }

    def _aftersale_describe(self, question):
        """Return one question as plain data."""
        kind = question.question_type
        data = {
            "id": question.id,
            "type": kind,
            "role": question.aftersale_role or "",
            "sequence": question.sequence,
            "title": question.title,
            "help": Markup(question.description or ""),
            "placeholder": question.question_placeholder or "",
            "required": question.constr_mandatory or question.aftersale_role == "satisfaction",
            "required_message": question.constr_error_msg or "",
            "triggers": question.triggering_answer_ids.ids,
            "points": self._aftersale_points(question) if kind == "scale" else [],
            "choices": [],
            "rows": [],
            "several": kind == "multiple_choice" or (kind == "matrix" and question.matrix_subtype == "multiple"),
            "limits": self._aftersale_limits(question) if question.validation_required else {},
            "limits_message": question.validation_error_msg or "",
            "email": question.validation_email,
        }
        if kind in CHOICES or kind == "matrix":
            data["choices"] = [
                {
                    "id": answer.id,
                    "label": answer.value_label,
                    "value": answer.aftersale_value or "",
                    "tag": answer.aftersale_tag_id.id,
                }
                for answer in question.suggested_answer_ids
            ]
            data["rows"] = [
                {"id": row.id, "label": row.value_label, "dimension": row.aftersale_dimension_id.id}
                for row in question.matrix_row_ids
            ]
        return data

    def _aftersale_points(self, question):
        """Return the points of a scale with their labels; five points of satisfaction are all named."""
        low, high = question.scale_min, question.scale_max
        labels = {}
        if question.aftersale_role == "satisfaction" and (low, high) == (1, 5):
            names = (
                self.env._("Very dissatisfied"),
                self.env._("Dissatisfied"),
                self.env._("Neutral"),
                self.env._("Satisfied"),
                self.env._("Very satisfied"),
            )
            labels = dict(enumerate(names, start=1))
        elif question.aftersale_role == "nps":
            labels = {low: self.env._("Not at all likely"), high: self.env._("Extremely likely")}
        middle = (low + high) / 2
        own = {low: question.scale_min_label, middle: question.scale_mid_label, high: question.scale_max_label}
        labels |= {value: label for value, label in own.items() if label}
        return [{"value": value, "label": labels.get(value, "")} for value in range(low, high + 1)]

    def _aftersale_limits(self, question):
        """Return the lowest and highest answer the questionnaire allows, as far as it says so."""
        kind = question.question_type
        if kind == "char_box":
            limits = (question.validation_length_min, question.validation_length_max)
        elif kind == "numerical_box":
            limits = (question.validation_min_float_value, question.validation_max_float_value)
        elif kind in ("date", "datetime"):
            limits = [str(question[f"validation_{end}_{kind}"] or "").replace(" ", "T")[:16] for end in ("min", "max")]
        else:
            return {}
        return {"min": limits[0], "max": limits[1]}

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
