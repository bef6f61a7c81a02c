import json
import math
import re
import time
from hashlib import sha256

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import SQL, consteq, hmac, plaintext2html

from .aftersale_answers import clean_text

TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
NONCE = re.compile(r"([0-9a-f]{1,12})-([0-9a-f]{1,12})-([0-9a-f]{64})")
# A page may stay open this long before it is renewed; what was typed is kept.
PAGE_SECONDS = 24 * 3600
# Nobody fills the database by answering again and again.
MAX_CONTESTED = 10
MAX_PAYLOAD = 20_000
# Fields of `survey.user_input.line` by type of question.
LINE_FIELDS = {
    "scale": "value_scale",
    "numerical_box": "value_numerical_box",
    "char_box": "value_char_box",
    "text_box": "value_text_box",
    "date": "value_date",
    "datetime": "value_datetime",
}
QUIET = {"tracking_disable": True, "mail_create_nolog": True, "mail_create_nosubscribe": True}


class AftersaleFollowup(models.Model):
    """How answers come in: the personal link, the proof that a page was shown, and the answers themselves."""

    _inherit = "aftersale.followup"

    answer_digest = fields.Char(
        copy=False, groups="base.group_system", help="Fingerprint of the accepted answers: the same again is no news."
    )

    # ------------------------------------------------------------
    # Link and page
    # ------------------------------------------------------------

    @api.model
    def _find_by_token(self, token):
        """Return ``(follow-up in sudo, code)`` of a personal link.

        The code is ``ok``, ``answered``, ``gone`` (known, but not to be answered now) or ``unknown``. Nothing that
        does not look like a token reaches the database.
        """
        followup_sudo = self.sudo().browse()
        if isinstance(token, str) and TOKEN.fullmatch(token):
            # sudo: the token is the customer's only right
            followup_sudo = self.sudo()._search_token(token)
        if not followup_sudo:
            return followup_sudo, "unknown"
        return followup_sudo, followup_sudo._get_link_code()

    def _get_link_code(self):
        """Return what the personal link of this follow-up is good for (see ``_find_by_token``)."""
        self.ensure_one()
        if self.state == "done":
            return "answered"
        expired = self.date_expiry and self.date_expiry <= fields.Datetime.now()
        return "ok" if self.state == "ready" and not expired and self._get_survey() else "gone"

    def _get_survey(self):
        """Return the questionnaire of the plan, readable: agents hold no right on questionnaires."""
        self.ensure_one()
        return self.sudo().plan_id.survey_id

    def _sign_page(self, opened, issued):
        """Return the proof that this follow-up's page was shown: both times, signed with the database's secret."""
        times = f"{opened:x}-{issued:x}"
        token = self.sudo().access_token
        return f"{times}-{hmac(self.env(su=True), 'aftersale_followup.page', (token, times))}"

    def _make_nonce(self, opened=None):
        """Return the nonce of a page shown now; ``opened`` keeps the time of a page that is shown again."""
        now = int(time.time())
        return self._sign_page(int(opened or now), now)

    def _read_nonce(self, nonce):
        """Return ``(opened, issued)`` of a genuine nonce of this follow-up, however old, else None."""
        match = NONCE.fullmatch(nonce) if isinstance(nonce, str) else None
        if not match:
            return None
        opened, issued = int(match[1], 16), int(match[2], 16)
        return (opened, issued) if consteq(nonce, self._sign_page(opened, issued)) else None

    def _check_nonce(self, nonce):
        """Return the seconds since the page was opened, or None when the nonce is forged, foreign or too old."""
        times = self._read_nonce(nonce)
        now = time.time()
        if not times or now - times[1] > PAGE_SECONDS:
            return None
        return max(now - times[0], 0.0)

    # ------------------------------------------------------------
    # Answers
    # ------------------------------------------------------------

    @api.model
    def _digest(self, answers, extra=""):
        """Return the fingerprint of checked answers, the same whatever their order."""
        return sha256(json.dumps([answers, extra], sort_keys=True, default=str).encode()).hexdigest()

    def _lock_for_answer(self):
        """Wait for whoever is answering this very follow-up, then see what they left.

        When another transaction answered in the meantime, PostgreSQL reports a serialization failure here and Odoo
        runs the request again, which then finds the follow-up answered: what this transaction has read holds.
        """
        self.flush_recordset()
        query = SQL("SELECT id FROM aftersale_followup WHERE id = %s FOR UPDATE", self.id)
        self.env.cr.execute(query, log_exceptions=False)  # a second answer at once is no error

    def _record_answers(
        self,
        answers,
        source,
        *,
        channel=None,
        user=None,
        dwell=None,
        digest=None,
        call_back=None,
        contact_name=None,
        date=None,
        sender=None,
    ):
        """Store the answers to this follow-up and return the feedback made of them (in sudo).

        :param dict answers: values by question id; checked here again, since agents send theirs over RPC
        :param str source: ``customer`` (page) or ``staff`` (call, visit, paper)
        :param channel: how the answers came, default online
        :param user: who asked, default the agent of the follow-up
        :param float dwell: seconds the customer spent on the page, None when unknown
        :param str digest: fingerprint that tells a replay from another answer
        :param str call_back: wish to be called back in the customer's words, None when there is none
        :param date: when they were given (naive UTC), default now; callers check it
        :param sender: the `Sender` of the page's request, None where there is none
        """
        self.ensure_one()
        followup = self.sudo().with_context(**QUIET)  # customers and agents hold no right to create feedback
        if self.env.user._is_public():
            # Staff are told by mail, and a mail without a sender is not sent: visitors have no address.
            followup = followup.with_user(SUPERUSER_ID)
        answers = followup._admit_answers(answers, source)
        form = followup._get_survey()._aftersale_form()
        followup._read_for_answer(form)
        followup.write(
            {
                "user_input_id": followup._create_user_input(form, answers).id,
                "answer_digest": digest or followup._digest(answers, call_back or ""),
                **followup._get_recorded_consent(source, channel or followup.env["aftersale.channel"]),
            }
        )
        values = followup._prepare_feedback(form, answers)
        values |= followup._prepare_circumstances(source, channel, user, call_back, contact_name, date)
        if source == "customer":
            values |= followup._judge(form, answers, dwell, sender)
        feedback = followup.env["aftersale.feedback"].create(values)
        if call_back is not None:
            followup._schedule_call_back(clean_text(call_back))
        return feedback

    def _admit_answers(self, answers, source):
        """Keep everybody else from answering until this is recorded; return ``answers``, checked.

        :raises UserError: when the follow-up cannot be answered, or not with these answers
        """
        self._lock_for_answer()
        if not self._is_answerable(source):
            raise UserError(self.env._("This follow-up cannot be answered any more. Open it again to see why."))
        answers, errors = self._get_survey()._aftersale_check(answers)
        if errors or not answers:
            raise UserError(self._explain_errors(errors))
        return answers

    def _prepare_circumstances(self, source, channel, user, call_back, contact_name, date):
        """Return the feedback values that no question asks for: how, when, by whom; see ``_record_answers``."""
        values = {
            "followup_id": self.id,
            "source": source,
            "channel_id": (channel or self.env["aftersale.channel"]._by_code("online")).id,
            "user_id": (user or self.user_id).id,
        }
        if date:
            values["date"] = date
        if contact_name:
            values["contact_name"] = clean_text(contact_name)[:200]
        if call_back is not None:
            values["note"] = self.env._("Asks to be called back. %s", clean_text(call_back)).strip()
        return values

    def _is_answerable(self, source):
        if source == "staff":
            return self.state in ("ready", "expired", "unreachable") and bool(self.partner_id and self._get_survey())
        return self._get_link_code() == "ok"

    def _explain_errors(self, errors):
        titles = {question["id"]: question["title"] for question in self._get_survey()._aftersale_form()["questions"]}
        lines = [f"{self._fill(titles[number])} {message}" for number, message in errors.items()]
        return "\n".join(lines) or self.env._("There is no answer to save yet.")

    def _create_user_input(self, form, answers):
        """Write the answers where Odoo's survey keeps them, in two inserts, without its mails and certificates."""
        lines = []
        for question in form["questions"]:
            if question["id"] in answers:
                lines += self._prepare_lines(question, answers[question["id"]])
        now, survey = fields.Datetime.now(), self._get_survey()
        return self.env["survey.user_input"].create(
            {
                "survey_id": survey.id,
                "partner_id": self.partner_id.id,
                "lang_id": self.env["res.lang"]._get_data(code=self.env.lang or self.lang or "").id,
                "state": "done",
                "test_entry": False,
                "start_datetime": now,
                "end_datetime": now,
                # known already: not to be read, computed and written in an update of its own
                "scoring_percentage": 0,
                "scoring_total": 0,
                "scoring_success": False,
                "predefined_question_ids": [Command.set([question["id"] for question in form["questions"]])],
                "user_input_line_ids": [Command.create({**line, "survey_id": survey.id}) for line in lines],
            }
        )

    @api.model
    def _prepare_lines(self, question, value):
        # Points are for quizzes; what is given here, they and the sequence, is not computed line by line.
        base = {
            "question_id": question["id"],
            "question_sequence": question["sequence"],
            "skipped": False,
            "answer_score": 0,
            "answer_is_correct": False,
        }
        kind = question["type"]
        if kind in LINE_FIELDS:
            return [{**base, "answer_type": kind, LINE_FIELDS[kind]: value}]
        base["answer_type"] = "suggestion"
        if kind == "matrix":
            return [
                {**base, "matrix_row_id": row, "suggested_answer_id": column}
                for row, columns in value.items()
                for column in columns
            ]
        return [{**base, "suggested_answer_id": choice} for choice in (value if isinstance(value, list) else [value])]

    @api.model
    def _prepare_feedback(self, form, answers):
        """Return the feedback values that the roles of the questions give to the answers."""
        values, texts, tags, areas = {}, {}, [], {}
        for question in form["questions"]:
            value, role = answers.get(question["id"]), question["role"]
            if value is None or not role:
                continue
            codes = {choice["id"]: choice["value"] for choice in question["choices"]}
            if role in ("satisfaction", "loyalty") and question["type"] == "scale":
                highest = question["points"][-1]["value"]
                # Any scale ends up on five points: 7 of 10 is 4, the lowest point is always 1.
                score = max(math.ceil(value * 5 / highest), 1)
                raw = {"score": score, "score_raw": value, "score_max": highest}
                values.update(raw if role == "satisfaction" else {"loyalty": score})
            elif role == "nps" and question["type"] == "scale":
                values["nps"] = str(value)
            elif role in ("detail", "suggestion"):
                texts.setdefault(role, []).append(str(value))
            elif role == "category":
                chosen = value if isinstance(value, list) else [value]
                tags += [choice["tag"] for choice in question["choices"] if choice["id"] in chosen and choice["tag"]]
            elif role == "dimension" and question["type"] == "matrix":
                for row in question["rows"]:
                    code = codes.get(next(iter(value.get(row["id"], [])), None), "")
                    if row["dimension"] and code in ("1", "2", "3", "4", "5"):
                        areas[row["dimension"]] = int(code)
            elif role in self.env["aftersale.feedback"]._fields:
                code = codes.get(value) if question["type"] == "simple_choice" else value
                values[role] = self._fit_feedback(role, code)
        values |= {role: "\n".join(parts) for role, parts in texts.items()}
        if areas:
            values["dimension_ids"] = [Command.create({"dimension_id": key, "score": areas[key]}) for key in areas]
        if tags:
            values.update(tag_ids=[Command.set(list(dict.fromkeys(tags)))], is_tag_confirmed=True)
        return values

    @api.model
    def _fit_feedback(self, name, code):
        """Return ``code`` when the feedback field can hold it: questionnaires are edited by people."""
        field = self.env["aftersale.feedback"]._fields[name]
        if field.type == "selection":
            return str(code) if str(code) in field.get_values(self.env) else False
        if field.type == "integer":
            return int(code) if str(code) in ("1", "2", "3", "4", "5") else 0
        return code or False

    def _judge_dwell(self, dwell, count):
        """Return what the time spent says about the answers: nobody reads and answers faster than a person can."""
        fastest = self.company_id.aftersale_seconds_per_question * count
        if dwell is None or dwell >= fastest:
            return {}
        staff = self.with_context(lang=self.company_id.partner_id.lang or "en_US")  # read by staff, not by the customer
        reason = staff.env._(
            "%(count)s questions answered in %(seconds)s seconds.", count=count, seconds=f"{dwell:.0f}"
        )
        return {"evidence": "suspicious", "suspicious_reason": reason}

    def _schedule_call_back(self, words):
        """Put the wish to be called back on the list of the agent, else of who leads the team."""
        company = self.company_id
        user = self.user_id or self.team_id.user_id or company.aftersale_team_id.user_id
        note = self.env._("%(followup)s: asks to be called back. %(words)s", followup=self.display_name, words=words)
        self.partner_id.activity_schedule(
            "aftersale_followup.activity_type_call_customer",
            date_deadline=company._aftersale_next_workday(company._aftersale_today()),
            user_id=(user or self.env.user).id,
            note=plaintext2html(note),
        )

    # ------------------------------------------------------------
    # Later answers
    # ------------------------------------------------------------

    def _contest(self, payload):
        """Keep a later, different answer as an attempt with its text; the accepted answer stays as it is."""
        self.ensure_one()
        payload = clean_text(payload)[:MAX_PAYLOAD]
        contested = self.attempt_ids.filtered(lambda attempt: attempt.outcome == "contested")
        if not payload or len(contested) >= MAX_CONTESTED or payload in contested.mapped("note"):
            return contested[:1]
        self._claim_for_later_answer()
        attempt = self._log_attempt("contested", channel=self.env["aftersale.channel"]._by_code("online"), note=payload)
        attempt.user_id = False  # nobody of the staff tried anything
        return attempt

    def _claim_for_later_answer(self):
        """Have what was counted of later answers hold until this one is noted.

        The row is written, not only locked as for the first answer, which writes it itself: a transaction that began
        before another one noted something does not see that. PostgreSQL refuses it here, and Odoo runs it again.
        """
        self.flush_recordset()
        query = SQL("UPDATE aftersale_followup SET state = state WHERE id = %s", self.id)
        self.env.cr.execute(query, log_exceptions=False)  # two later answers at once are no error
