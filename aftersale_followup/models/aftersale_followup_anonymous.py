from datetime import datetime, time

from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, plaintext2html

from .aftersale_followup_capture import QUIET

# Roles whose answers a feedback holds in a field of its own; all others are kept as text.
FIELD_ROLES = {
    "satisfaction",
    "nps",
    "detail",
    "suggestion",
    "resolved",
    "category",
    "dimension",
    "stability",
    "loyalty",
}


class AftersaleFollowup(models.Model):
    """Answers without a name: the follow-up learns that it was answered and on which day, and nothing else."""

    _inherit = "aftersale.followup"

    is_anonymous = fields.Boolean("Answered Anonymously", copy=False, readonly=True)

    def _allows_anonymous(self):
        """Return whether this customer may answer without a name; a verification needs to know who confirms."""
        self.ensure_one()
        return self.plan_id.allow_anonymous and self.scenario != "resolution_check"

    def _seal_answers(self, answers, *, dwell=None, call_back=None):
        """Put the answers away without a link to this follow-up, which is done from now on.

        They wait in `aftersale.feedback.sealed` until enough others are there. No user input, feedback or attempt is
        written, no fingerprint of the answers, and no time finer than the day, in the company's zone. Every write is
        made by the system: a customer who happens to be logged in leaves no trace as its author.

        :param dict answers: values by question id; checked here again
        :param float dwell: seconds the customer spent on the page, None when unknown
        :param str call_back: wish to be called back, None when there is none
        :raise UserError: when the follow-up cannot be answered, not without a name, or when a call is asked for
        """
        self.ensure_one()
        followup = self.with_user(SUPERUSER_ID).with_context(**QUIET)
        followup._lock_for_answer()
        if not followup._is_answerable("customer"):
            raise UserError(followup.env._("This follow-up cannot be answered any more. Open it again to see why."))
        if not followup._allows_anonymous():
            raise UserError(
                followup.env._("Here answers are kept with your name. Nothing was sent; send them only if you agree.")
            )
        if call_back is not None:
            raise UserError(
                followup.env._("We cannot call you back when you answer anonymously. Please choose one of the two.")
            )
        answers, errors = followup._get_survey()._aftersale_check(answers)
        if errors or not answers:
            raise UserError(followup._explain_errors(errors))
        company = followup.company_id
        day = company._aftersale_today()
        values = followup._prepare_sealed(answers, dwell)
        followup.env["aftersale.feedback.sealed"].create(
            {
                "plan_id": followup.plan_id.id,
                "company_id": company.id,
                "product_ids": followup.with_context(active_test=False).product_ids.ids,
                "day": day,
                "answers": values,
            }
        )
        # The start of the day in UTC, or in the company's zone where that is later: on that day in both.
        moment = max(datetime.combine(day, time()), company._aftersale_moment(day))
        consent = {**followup._get_consent("customer"), "consent_date": moment}
        followup._set_state("done", date_done=moment, is_anonymous=True, **consent)
        followup._blur(followup, ["write_date"], moment)
        followup._alert_hazard(values, moment)

    def _prepare_sealed(self, answers, dwell):
        """Return the answers as the values of their later feedback, all of them JSON."""
        survey = self._get_survey()
        form = survey._aftersale_form()
        # Nothing of the sender: a fingerprint would lead from one answer to the next.
        values = {**self._prepare_feedback(form, answers), **self._judge(form, answers, dwell)}
        roles = {question["id"]: question["role"] for question in form["questions"]}
        others = {number: value for number, value in answers.items() if roles[number] not in FIELD_ROLES}
        if others:
            # The customer's language would tell customers apart.
            lang = self.company_id.partner_id.lang or "en_US"
            values["note"] = survey.with_context(lang=lang)._aftersale_transcript(others)
        return values

    def _blur(self, records, columns, moment):
        """Set the times that Odoo notes by itself to ``moment``, the start of the day."""
        records.flush_recordset()
        assignments = SQL(", ").join(SQL("%s = %s", SQL.identifier(column), moment) for column in columns)
        table = SQL.identifier(records._table)
        self.env.cr.execute(SQL("UPDATE %s SET %s WHERE id IN %s", table, assignments, records._ids))
        records.invalidate_recordset(columns)

    def _alert_hazard(self, values, moment):
        """Tell the supervisor at once when the words or the chosen tags name a danger, without customer or plan.

        A to-do of the supervisor that hangs on no record, without the message that would note its minute. The day
        remains: where a single customer answers anonymously on it, the supervisor can guess. The page says so.
        """
        words = "\n".join(filter(None, (values.get("detail"), values.get("suggestion"))))
        Tag = self.env["aftersale.tag"]
        chosen = Tag.browse(tag for command in values.get("tag_ids", ()) for tag in command[2])
        hazards = (Tag._match_keywords(words) | chosen).filtered("is_safety")
        if not hazards:
            return
        company = self.company_id
        issue = self.env["aftersale.issue"].new({"company_id": company.id, "team_id": False})
        user = issue._get_supervisor() or self.env.user
        staff = self.with_context(lang=user.lang, mail_activity_quick_update=True)
        note = staff.env._(
            "An anonymous answer to %(company)s names a danger. Nobody can be asked back. The customer's words:\n"
            "%(words)s",
            company=company.name,
            words=words or ", ".join(hazards.mapped("name")),
        )
        activity = staff.env["mail.activity"].create(
            {
                "activity_type_id": self.env.ref("aftersale_followup.activity_type_hazard").id,
                "user_id": user.id,
                "date_deadline": company._aftersale_today(),
                "note": plaintext2html(note),
            }
        )
        self._blur(activity, ["create_date", "write_date"], moment)
