import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .aftersale_answers import clean_text
from .aftersale_followup_capture import TOKEN

NUMBER = re.compile(r"(?:FU\s*[/-]?\s*)?([0-9]{1,9})", re.IGNORECASE)
# How answers that staff type in or import were given: on a form, in person, or online with another tool.
ENTERED_CHANNELS = ("paper", "visit", "online")


class AftersaleFollowup(models.Model):
    """Forms on paper: printed with the customer's data, and typed in from a stack when they come back."""

    _inherit = "aftersale.followup"

    # ------------------------------------------------------------
    # Printing
    # ------------------------------------------------------------

    def action_print_paper(self):
        """Print the forms of those that can still be answered; noted is that the form of who gets paper went out."""
        printed = self.filtered(lambda f: f._is_answerable("staff"))
        if not printed:
            raise UserError(
                self.env._("Forms are printed for follow-ups that are open for contact. Choose such, or send them now.")
            )
        printed.check_access("write")
        paper = self.env["aftersale.channel"]._by_code("paper")
        for followup in printed.filtered(lambda f: f.state == "ready" and f.channel_id == paper and not f.date_sent):
            followup.sudo()._log_attempt("sent", channel=paper, note=self.env._("The paper form was printed."))
        return self.env.ref("aftersale_followup.action_report_paper_form").report_action(printed)

    # ------------------------------------------------------------
    # Typing in
    # ------------------------------------------------------------

    @api.model
    def _find_by_code(self, code):
        """Return the follow-up meant by ``code``, if the user may work on it: its number, or its link as scanned."""
        code = clean_text(code or "")
        found = self.browse()
        number = NUMBER.fullmatch(code)
        token = re.split(r"[?#]", code)[0].rstrip("/").rsplit("/", 1)[-1]
        if number:
            found = self.browse(int(number[1])).exists()
        elif TOKEN.fullmatch(token):
            # sudo: the token is known to the system only; whether the user may see the follow-up is checked below
            found = self.sudo().search([("access_token", "=", token)], limit=1).with_env(self.env)
        return found if found and found.has_access("write") else self.browse()

    def action_enter_paper(self):
        """Open the screen for stacks of paper with the form of this follow-up."""
        self._check_paper()
        action = self.env["ir.actions.actions"]._for_xml_id("aftersale_followup.aftersale_paper_action")
        return {**action, "params": {"code": self.name}}

    def _check_paper(self):
        """Raise unless answers on paper can be recorded for this follow-up, with the reason why not.

        Of one that is answered, who entered it first, and when.
        """
        self.ensure_one()
        self.check_access("write")
        if self._is_answerable("staff"):
            return
        if self.state == "done":
            raise UserError(self._explain_first_answer())
        label = dict(self._fields["state"]._description_selection(self.env))[self.state]
        raise UserError(
            self.env._("%(name)s cannot be answered: it is “%(state)s”.", name=self.display_name, state=label)
        )

    def _explain_first_answer(self):
        """Return in words how this follow-up was answered: one follow-up, one answer."""
        feedback = self.sudo().feedback_ids.filtered(lambda f: not f.correction_of_id)[:1]
        day = format_date(self.env, self.company_id._aftersale_date(feedback.create_date or self.date_done))
        if feedback.source == "staff":
            return self.env._(
                "%(name)s is already answered: entered on %(day)s by %(user)s (%(channel)s).",
                name=self.display_name,
                day=day,
                user=feedback.create_uid.name,
                channel=feedback.with_env(self.env).sudo().channel_id.name,
            )
        return self.env._("%(name)s is already answered: by the customer, on %(day)s.", name=self.display_name, day=day)

    @api.model
    def paper_open(self, code):
        """Return what stands on the form with ``code`` (number, or scanned link), for who types it in.

        :raises UserError: when there is no such follow-up among the user's own, or it cannot be answered any more
        """
        followup = self._find_by_code(code)
        if not followup:
            raise UserError(self.env._("No follow-up of yours has the number “%s”.", clean_text(code or "")[:60]))
        followup._check_paper()
        form = followup._for_customer()  # the questions in the words that stand on the form
        return {
            "id": followup.id,
            "name": followup.name,
            "customer": form.partner_id.display_name,
            "contact_name": form.partner_id.name or "",
            "about": ", ".join(filter(None, [*form.product_ids.mapped("name"), form.order_id.name])),
            "plan": followup.sudo().plan_id.name,
            "questions": form._get_filled_questions(),
        }

    def _get_filled_questions(self):
        """Return the questions in the environment's language, with the placeholders in their titles filled."""
        self.ensure_one()
        return [
            {**question, "title": self._fill(question["title"]) if "[" in question["title"] else question["title"]}
            for question in self._get_survey()._aftersale_form()["questions"]
        ]

    def paper_save(self, values):
        """Record the answers of one form and return ``{"message": …}``, or ``{"errors": {question id: text}}``.

        :param dict values: ``answers`` by question id; ``date`` (ISO day on which it was filled in, company time),
            ``channel`` (``paper`` or ``visit``), ``contact_name``, ``note``, ``call_back`` (text, or None when not
            wished for), ``opt_out`` (whether the box "not any more" is ticked)
        """
        self._check_paper()
        values = values if isinstance(values, dict) else {}
        answers, errors = self._get_survey()._aftersale_check(values.get("answers"))
        if errors:
            return {"errors": {str(number): message for number, message in errors.items()}}
        wish = values.get("call_back")
        self._record_paper(
            answers,
            channel="visit" if values.get("channel") == "visit" else "paper",
            day=self._read_day(values.get("date")),
            contact_name=values.get("contact_name"),
            note=values.get("note"),
            call_back=None if wish is None or wish is False else clean_text(wish)[:500],
            opt_out=bool(values.get("opt_out")),
        )
        return {"message": self.env._("%s is recorded.", self.display_name)}

    def _read_day(self, text):
        try:
            return fields.Date.to_date(text or False)
        except (ValueError, TypeError):
            raise UserError(self.env._("“%s” is no date.", clean_text(text)[:60])) from None

    def _record_paper(
        self, answers, *, channel="paper", day=None, contact_name=None, note=None, call_back=None, opt_out=False
    ):
        """Record checked ``answers`` that were given elsewhere, in the name of the user; return the feedback.

        :param str channel: code of the channel: ``paper``, ``visit``, or ``online`` for those of another tool
        :param day: the day on which they were given, in company time; default today
        """
        self.ensure_one()
        followup = self.sudo().with_context(lang=self.env.lang)  # messages are for who types
        if channel not in ENTERED_CHANNELS:
            raise UserError(self.env._("Choose how the answers were given."))
        channel = followup.env["aftersale.channel"]._by_code(channel)
        moment = followup._get_paper_moment(day)
        first = not followup.date_sent
        followup._log_attempt("reached", channel=channel, note=clean_text(note or "")).date = moment
        if first and followup.date_sent:
            followup.date_sent = moment
        feedback = followup._record_answers(
            answers,
            "staff",
            channel=channel,
            user=self.env.user,
            contact_name=contact_name,
            call_back=call_back,
            date=moment,
        )
        if opt_out:
            followup._opt_out("all", source="staff", channel=channel)
        return feedback

    def _get_recorded_consent(self, source, channel):
        """Return the values that keep the consent to answers from ``source`` (see `_get_consent`) by ``channel``.

        On paper the notice stands above the questions, as on the page. What another tool showed is not known.
        """
        code = channel.code
        if source == "staff" and code == "online":
            return {}
        return self._get_consent("customer" if code == "paper" else source)

    def _get_paper_moment(self, day):
        """Return the moment (naive UTC) that stands for ``day``: its noon, but not before the contact, nor in future.

        :raises UserError: when an answer may not be dated on that day
        """
        company, now = self.company_id, fields.Datetime.now()
        if not day or day == company._aftersale_today():
            moment = now
        else:
            moment = company._aftersale_moment(day, 12.0)
            if self.date_sent and company._aftersale_date(self.date_sent) == day:
                moment = max(moment, self.date_sent)
        self.env["aftersale.feedback"]._check_answer_date(moment, self)
        return moment
