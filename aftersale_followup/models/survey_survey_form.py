from markupsafe import Markup

from odoo import models
from odoo.tools import groupby, ormcache

from .aftersale_answers import CHOICES


# The questionnaire as plain data, the one source of page, call form, paper and preview: what is asked, which words the
# points of a scale have, and when a question is asked.
class SurveySurvey(models.Model):
    _inherit = "survey.survey"

    @ormcache("self.id")
    def _is_aftersale(self):
        """Return whether this is one of our questionnaires, from the cache: every answer asks."""
        return self.sudo().survey_type == "aftersale"

    def _aftersale_clear_form(self):
        if any(survey.survey_type == "aftersale" for survey in self):
            self.env.registry.clear_cache()

    @ormcache("self.id")
    def _aftersale_langs(self):
        """Return the codes of the languages the questionnaire is offered in; empty = all that are installed."""
        return tuple(self.sudo().lang_ids.mapped("code"))

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
        points = self._aftersale_points(question) if kind == "scale" else []
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
            "condition": self._aftersale_condition(question),
            "points": points,
            "legend": self._aftersale_legend(points),
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

    def _aftersale_condition(self, question):
        """Return in words when a conditional question is to be answered: for paper, and pages without JavaScript."""
        answers = question.triggering_answer_ids
        if not answers:
            return ""
        return self.env._("Only if you chose: %s", " / ".join(answers.mapped("value_label")))

    def _aftersale_points(self, question):
        """Return the points of a scale as ``[{"value", "label"}]``.

        The names are those the questionnaire gives, one for each point or for the ends and the middle; else the usual
        ones of satisfaction and of buying again, on five points or, two of them sharing a name, on ten.
        """
        low, high = question.scale_min, question.scale_max
        values = range(low, high + 1)
        names = [name.strip() for name in (question.aftersale_point_labels or "").splitlines() if name.strip()]
        if len(names) == len(values):
            return [{"value": value, "label": name} for value, name in zip(values, names, strict=True)]
        labels = {}
        usual = self._aftersale_usual_names().get(question.aftersale_role)
        if usual and low == 1 and high in (5, 10):
            labels = {value: usual[(value * 5 - 1) // high] for value in values}
        elif question.aftersale_role == "nps":
            labels = {low: self.env._("Not at all likely"), high: self.env._("Extremely likely")}
        middle = (low + high) / 2
        own = {low: question.scale_min_label, middle: question.scale_mid_label, high: question.scale_max_label}
        labels |= {value: label for value, label in own.items() if label}
        return [{"value": value, "label": labels.get(value, "")} for value in values]

    def _aftersale_usual_names(self):
        """Return the names of five points by role, the same wherever customers or agents see such a scale."""
        return {
            "satisfaction": [
                self.env._("Very dissatisfied"),
                self.env._("Dissatisfied"),
                self.env._("Neutral"),
                self.env._("Satisfied"),
                self.env._("Very satisfied"),
            ],
            "loyalty": [
                self.env._("Very unlikely"),
                self.env._("Rather unlikely"),
                self.env._("Cannot say"),
                self.env._("Rather likely"),
                self.env._("Very likely"),
            ],
        }

    def _aftersale_legend(self, points):
        """Return ``[{"points", "label"}]`` of the named points, neighbours that share a name together: "9–10"."""
        legend = []
        for label, group in groupby(points, lambda point: point["label"]):
            values = [point["value"] for point in group]
            if label:
                text = f"{values[0]}–{values[-1]}" if len(values) > 1 else str(values[0])
                legend.append({"points": text, "label": label})
        return legend

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
