import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .aftersale_answers import CHOICES

# What the customer's page can ask; add-ons may bring other types.
TYPES = {*CHOICES, "scale", "text_box", "char_box", "numerical_box", "date", "datetime", "matrix"}
OPEN_TYPES = ("text_box", "char_box")
MOST_OPEN = 3
# Words are looked for in every language of the questionnaire: a Chinese title is not checked by English words only.
LEADING = re.compile(
    r"对吗|对吧|是吧|不是吗|不错吧|(应该|挺|很).{0,20}吧|好评|[给打][5五]分"
    r"|\bright\s*\?|\b(is|was|are|were|do|does|did)n['’]t (it|you|they|we)\b|\bsurely\b|\bgive us (a )?(5|five)\b",
    re.I,
)
TWO_IN_ONE = re.compile(
    r"[?？].*[?？]|以及|并且|同时|及(?![时其])|和(?![我您你贵谁他她])|\band\b|\bas well as\b|&", re.I | re.S
)
IDENTITY = re.compile(
    r"身份证|护照|社保号|银行卡|银行账[号户]|开户行|信用卡|密码|验证码"
    r"|\b(id|identity|identification|passport|social security|tax)( card)? (number|no\b)|\bidentity card\b|\bpassport\b"
    r"|\bbank (account|card|details)\b|\b(credit|debit) card\b|\biban\b|\bcvv\b|\bpassword\b",
    re.I,
)


# What stands against a questionnaire: obstacles, which the page cannot do and a plan refuses, and warnings, which the
# editor sees while writing and may have good reasons to leave.
class SurveySurvey(models.Model):
    _inherit = "survey.survey"

    aftersale_obstacles = fields.Text("Not Usable in Plans", compute="_compute_aftersale_check")
    aftersale_warnings = fields.Text("Questionnaire Check", compute="_compute_aftersale_check")

    @api.depends_context("lang", "company")
    @api.depends(
        *("survey_type", "is_time_limited", "questions_selection", "scoring_type", "certification", "lang_ids"),
        *("users_login_required", "question_and_page_ids", "question_and_page_ids.title"),
        *("question_and_page_ids.question_type", "question_and_page_ids.aftersale_role"),
        *("question_and_page_ids.comments_allowed", "question_and_page_ids.triggering_answer_ids"),
        *("question_and_page_ids.scale_min", "question_and_page_ids.scale_max"),
        *("question_and_page_ids.scale_min_label", "question_and_page_ids.scale_mid_label"),
        *("question_and_page_ids.scale_max_label", "question_and_page_ids.aftersale_point_labels"),
        *("question_and_page_ids.sequence", "question_and_page_ids.suggested_answer_ids.value"),
        *("question_and_page_ids.suggested_answer_ids.aftersale_value", "question_and_page_ids.matrix_row_ids.value"),
    )
    def _compute_aftersale_check(self):
        for survey in self:
            is_ours = survey.survey_type == "aftersale"
            survey.aftersale_obstacles = is_ours and "\n".join(survey._aftersale_get_obstacles())
            survey.aftersale_warnings = is_ours and "\n".join(survey._aftersale_get_warnings())

    @api.constrains(
        "survey_type", "is_time_limited", "questions_selection", "scoring_type", "certification", "users_login_required"
    )
    def _check_aftersale_usable(self):
        self._aftersale_get_plans()._check_survey_usable()

    # ------------------------------------------------------------
    # Obstacles
    # ------------------------------------------------------------

    def _aftersale_check_usable(self, plan_name):
        """Raise ValidationError when a plan cannot ask with this questionnaire, saying all that stands against it."""
        self.ensure_one()
        obstacles = self._aftersale_get_obstacles()
        if obstacles:
            raise ValidationError(
                self.env._(
                    "Plan “%(plan)s” cannot use the questionnaire “%(survey)s”:\n%(reasons)s",
                    plan=plan_name,
                    survey=self.title,
                    reasons="\n".join(obstacles),
                )
            )

    def _aftersale_get_obstacles(self):
        """Return in sentences what the customer's page, one page without an account, cannot do for this survey."""
        self.ensure_one()
        needs = {
            self.env._("It is no questionnaire of the type “After-sales follow-up”."): self.survey_type != "aftersale",
            self.env._("Its questions are drawn at random: each customer gets all questions here."): (
                self.questions_selection == "random"
            ),
            self.env._("It is limited in time: customers take the time they need."): self.is_time_limited,
            self.env._("It gives points: feedback is no quiz."): self.scoring_type != "no_scoring",
            self.env._("It ends in a certificate."): self.certification,
            self.env._("It asks customers to sign in: the personal link is enough."): self.users_login_required,
            self.env._("It is a live session."): bool(self.session_state),
        }
        found = [reason for reason, applies in needs.items() if applies]
        for question in self.question_ids:
            found += [self._aftersale_quote(question.title, reason) for reason in self._aftersale_cannot_ask(question)]
        return found

    def _aftersale_cannot_ask(self, question):
        answers = question.suggested_answer_ids | question.matrix_row_ids
        needs = {
            self.env._("this kind of question cannot be shown on the page."): question.question_type not in TYPES,
            self.env._("a comment beside the answers is not asked for; add a question for it."): (
                question.comments_allowed and question.question_type in (*CHOICES, "matrix")
            ),
            self.env._("an answer that is only a picture cannot be read aloud; give it words."): any(
                not answer.value for answer in answers
            ),
            self.env._("it is limited in time."): question.is_time_limited,
        }
        return [reason for reason, applies in needs.items() if applies]

    def _aftersale_quote(self, title, reason):
        return self.env._("“%(question)s”: %(reason)s", question=title or "…", reason=reason)

    # ------------------------------------------------------------
    # Warnings
    # ------------------------------------------------------------

    def _aftersale_get_warnings(self):
        """Return in sentences what makes answers fewer, or worth less: length, what is not asked, wording, scales."""
        self.ensure_one()
        return [
            *self._aftersale_warn_of_length(),
            *self._aftersale_warn_of_missing(),
            *self._aftersale_warn_of_wording(),
            *self._aftersale_warn_of_meaning(),
        ]

    def _aftersale_warn_of_length(self):
        count, company = len(self.question_ids), self.env.company
        fewest, most = company.aftersale_questions_min, company.aftersale_questions_max
        found = []
        if count and not fewest <= count <= most:
            found.append(
                self.env._("%(count)s questions: %(min)s to %(max)s are usual.", count=count, min=fewest, max=most)
            )
        if len(self.question_ids.filtered(lambda question: question.question_type in OPEN_TYPES)) > MOST_OPEN:
            found.append(self.env._("More than %s questions ask for a text: customers give up there.", MOST_OPEN))
        return found

    def _aftersale_warn_of_missing(self):
        """Return which of the three questions that every figure and every issue lives on is not there."""
        scales = self.question_ids.filtered(lambda question: question.question_type == "scale")
        roles = set(self.question_ids.mapped("aftersale_role"))
        missing = {
            self.env._("No question with a scale asks for satisfaction: there will be no score."): (
                "satisfaction" not in scales.mapped("aftersale_role")
            ),
            self.env._("No question asks what the customer experienced."): "detail" not in roles,
            self.env._("No question asks for suggestions."): "suggestion" not in roles,
        }
        return [sentence for sentence, applies in missing.items() if applies]

    def _aftersale_warn_of_wording(self):
        found = []
        for question in self.question_ids:
            titles = self._aftersale_titles(question)
            for title in titles:
                reasons = {
                    self.env._("suggests the answer."): LEADING.search(title),
                    self.env._("asks two things in one."): TWO_IN_ONE.search(title),
                }
                found += [self._aftersale_quote(title, reason) for reason, applies in reasons.items() if applies]
        return found + self._aftersale_get_identity_questions()

    def _aftersale_get_identity_questions(self):
        """Return which questions ask for what nobody needs for a follow-up and thieves would like to read."""
        reason = self.env._("asks for identity or bank data, which has no place in a questionnaire.")
        return [
            self._aftersale_quote(title, reason)
            for question in self.question_ids
            for title in self._aftersale_titles(question)
            if IDENTITY.search(title)
        ]

    def _aftersale_titles(self, question):
        """Return the wordings of a question in the languages of the questionnaire, each once."""
        codes = self.lang_ids.mapped("code") or [code for code, _name in self.env["res.lang"].get_installed()]
        titles = (question.with_context(lang=code).title for code in codes)
        return list(dict.fromkeys(title for title in titles if title))

    def _aftersale_warn_of_meaning(self):
        """Return whose answers will be understood in different ways, or by nobody."""
        found = []
        places = {question._origin.id: question.sequence for question in self.question_ids}
        for question in self.question_ids:
            role, kind = question.aftersale_role, question.question_type
            points = self._aftersale_points(question) if kind == "scale" else []
            named = [point for point in points if point["label"]]
            codes = set(question.suggested_answer_ids.mapped("aftersale_value"))
            reasons = {
                self.env._("not every point of the scale has a name."): (
                    points and (len(named) < 2 if role == "nps" else len(named) < len(points))
                ),
                self.env._("a recommendation is asked for from 0 to 10."): (
                    role == "nps" and (kind != "scale" or (question.scale_min, question.scale_max) != (0, 10))
                ),
                self.env._("satisfaction is asked of everybody; without a condition, please."): (
                    role == "satisfaction" and bool(question.triggering_answer_ids)
                ),
                self.env._("its columns need the codes 1 to 5, or the areas get no score."): (
                    role == "dimension" and not (kind == "matrix" and codes <= set("12345"))
                ),
                self.env._("it stands before the question it depends on and is never asked."): any(
                    places[question._origin.id] < places.get(trigger, 0)
                    for trigger in question.triggering_answer_ids.question_id._origin.ids
                ),
            }
            found += [self._aftersale_quote(question.title, reason) for reason, applies in reasons.items() if applies]
        return found
