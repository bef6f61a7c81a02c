from datetime import timedelta

from odoo import fields

from .common import AftersaleCase


class CaptureCase(AftersaleCase):
    """A follow-up that waits for its answer, and answers to it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.survey = cls.env.ref("aftersale_followup.survey_new")
        cls.env["survey.user_input"].search([("survey_id", "=", cls.survey.id)]).unlink()
        cls.followup = cls._followup()

    @classmethod
    def _followup(cls, plan=None, **values):
        """Return a follow-up whose link was sent and can be answered for two weeks."""
        return cls._planned(
            plan=plan,
            **{
                "state": "ready",
                "channel_id": cls.env.ref("aftersale_followup.channel_email").id,
                "date_expiry": fields.Datetime.now() + timedelta(days=14),
                **values,
            },
        )

    @classmethod
    def _question(cls, role, survey=None):
        """Return the described question of ``role``."""
        questions = (survey or cls.survey)._aftersale_form()["questions"]
        return next(question for question in questions if question["role"] == role)

    @classmethod
    def _form(cls, score=5, survey=None, **texts):
        """Return the form fields of an answer: a score (None = none) and texts by role."""
        form = {} if score is None else {f"q{cls._question('satisfaction', survey)['id']}": [str(score)]}
        return form | {f"q{cls._question(role, survey)['id']}": [text] for role, text in texts.items()}

    @classmethod
    def _whole_form(cls, score=5):
        """Return the form fields of an answer to all six questions of the shipped questionnaire."""
        form = cls._form(score, detail="It came two days late.", suggestion="Use a faster courier.")
        category, matrix = cls._question("category"), cls._question("dimension")
        late = cls.env.ref("aftersale_followup.survey_new_category_late")
        form[f"q{category['id']}"] = [str(late.id)]
        form[f"q{cls._question('nps')['id']}"] = ["0"]
        for row, column in zip(matrix["rows"], (1, 3, 5), strict=True):
            form[f"q{matrix['id']}_{row['id']}"] = [str(matrix["choices"][column - 1]["id"])]
        return form

    def _read(self, form, survey=None):
        """Return the checked answers of ``form``, which must be free of errors."""
        answers, errors = (survey or self.survey)._aftersale_read_form(form)
        self.assertFalse(errors)
        return answers
