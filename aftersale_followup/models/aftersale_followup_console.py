from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_datetime

from .aftersale_plan import CONTACT_CLASSES

# Channels by which a person speaks to the customer.
SPOKEN = ("phone", "visit", "im")
QUEUE_LIMIT = 200
# Outcomes of an attempt at which nothing was answered; "reached" comes with the answers.
OUTCOMES = ("no_answer", "busy", "call_back", "wrong_contact", "refused")
OPTOUT_LEVELS = ("request", "scenario", "all")


class AftersaleFollowup(models.Model):
    """The phone console: the agent's queue, and how each call ends.

    Agents hold no right on questionnaires, others' orders or feedback: each method here checks the follow-up as the
    agent, then reads and writes in sudo what belongs to this follow-up only.
    """

    _inherit = "aftersale.followup"

    def _check_call(self):
        """Raise unless the user may call this customer now: it is their follow-up, and it can still be answered."""
        self.ensure_one()
        self.check_access("write")
        if not self._is_answerable("staff"):
            raise UserError(
                self.env._(
                    "%s cannot be answered: it is not open for contact, already answered, or has no questionnaire.",
                    self.display_name,
                )
            )

    def action_open_call(self):
        """Open the phone console with this follow-up: whom to call, what to say, what to ask."""
        self._check_call()
        self.env["aftersale.access.log"]._note("call", self)
        action = self.env["ir.actions.actions"]._for_xml_id("aftersale_followup.aftersale_console_action")
        return {**action, "params": {"followup_id": self.id}}

    # ------------------------------------------------------------
    # Queue
    # ------------------------------------------------------------

    @api.model
    def console_queue(self):
        """Return the user's calls, visits and chats of today as ``{"rows": […], "counts": {…}, "current": id}``.

        What was agreed for an hour that has come goes first, then by rank and day; last what waits for a later hour
        of today. ``current`` is the follow-up of an unfinished call, or False.
        """
        now = fields.Datetime.now()
        followups = self.search(self._get_queue_domain(), limit=QUEUE_LIMIT)
        drafts = {followup: followup.call_draft or {} for followup in followups.sudo()}
        rows = [followup._describe_row(now) for followup in followups]
        ranks = [code for code, _label in CONTACT_CLASSES]
        rows.sort(
            key=lambda row: (
                1 if row["is_early"] else -1 if row["hour"] else 0,
                row["hour"] or "",
                ranks.index(row["rank"]),
                row["day"],
                row["id"],
            )
        )
        started = [followup for followup, draft in drafts.items() if draft.get("user") == self.env.uid]
        current = max(started, key=lambda followup: drafts[followup]["saved"], default=self.browse())
        return {"rows": rows, "counts": self._count_calls(rows), "current": current.id}

    @api.model
    def _get_queue_domain(self):
        """Return the domain of what the user is to do today by phone, visit or chat."""
        spoken = Domain("channel_id.code", "in", SPOKEN) | Domain("date_call", "!=", False)
        return (
            Domain("user_id", "=", self.env.uid)
            & Domain("state", "=", "ready")
            & self._by_company(lambda company: Domain("date_planned", "<=", company._aftersale_today()))
            & Domain("is_postponed", "=", False)
            & (spoken | Domain("channel_id", "=", False))
        )

    def _describe_row(self, now):
        """Return one entry of the queue; ``hour`` is a UTC text or empty, texts are in the user's language."""
        self.ensure_one()
        followup = self.sudo()
        same_hour = followup._is_same_hour()
        labels = dict(self._fields["contact_class"]._description_selection(self.env))
        return {
            "id": self.id,
            "customer": followup.partner_id.display_name,
            "number": self.contact_number or "",
            "plan": followup.plan_id.name,
            "products": ", ".join(followup.product_ids.mapped("name")),
            "order": followup.order_id.name or "",
            "rank": self.contact_class,
            "rank_label": labels[self.contact_class],
            "channel": followup.channel_id.code or "phone",
            "day": fields.Date.to_string(self.date_planned),
            "hour": fields.Datetime.to_string(self.date_call) if self.date_call else "",
            "is_early": bool(same_hour or (self.date_call and self.date_call > now)),
            "is_same_hour": same_hour,
            "is_late": self.is_late,
            "is_high_value": self.is_high_value,
            "attempts": self.attempt_count,
        }

    def _count_calls(self, rows):
        """Return the numbers above the queue: what is due, late, agreed for later, and what was done today."""
        today = self.env.company._aftersale_today()
        attempts = self.env["aftersale.attempt"]._read_group(
            [
                ("user_id", "=", self.env.uid),
                ("date", ">=", self.env.company._aftersale_moment(today)),
                ("outcome", "in", ("reached", *OUTCOMES)),
            ],
            ["outcome"],
            ["__count"],
        )
        return {
            "due": sum(not row["is_early"] for row in rows),
            "late": sum(row["is_late"] and not row["is_early"] for row in rows),
            "later": sum(row["is_early"] for row in rows),
            "calls": sum(count for _outcome, count in attempts),
            "answered": dict(attempts).get("reached", 0),
        }

    # ------------------------------------------------------------
    # Ends of a call
    # ------------------------------------------------------------

    def console_finish(self, outcome, values=None):
        """End the call with ``outcome``: ``reached`` records the answers, the others log the attempt.

        :param dict values: ``draft`` (what was typed last), ``call_back_date`` (UTC text), ``level`` of an opt-out,
            ``declined`` when the customer did not agree to be asked
        :return: ``{"message": …}``, or ``{"errors": {question id: text}}`` when answers are missing or wrong, or
            ``{"stale": …}``, see `_merge_draft`: the agent looks at what stands before the call is over
        """
        self._check_call()
        values = values if isinstance(values, dict) else {}
        followup = self.sudo().with_context(lang=self.env.lang)  # messages are for the agent
        draft, stale = followup._merge_draft(values.get("draft"))
        if stale:
            return {"stale": stale}
        channel, note = followup._get_draft_channel(draft), draft.get("note")
        if outcome == "reached":
            return followup._finish_answered(draft, channel, note)
        if outcome not in OUTCOMES:
            raise UserError(self.env._("Choose how the attempt ended."))
        if followup.state != "ready":
            raise UserError(self.env._("%s is not open any more: no further attempt is needed.", followup.name))
        if outcome == "refused":
            followup._finish_refused(values, channel, note)
        elif outcome == "call_back":
            moment = followup._read_call_back(values.get("call_back_date"))
            followup._log_attempt(outcome, channel=channel, note=note, call_back_date=moment)
        else:
            followup._log_attempt(outcome, channel=channel, note=note)
        followup._end_draft(keep_answers=outcome == "call_back")
        return {"message": followup._describe_end()}

    def _finish_answered(self, draft, channel, note):
        if not draft.get("consent"):
            raise UserError(self.env._("Ask whether the customer agrees to be asked, and tick it, before you save."))
        _answers, errors = self._get_survey()._aftersale_check(draft.get("answers"))
        if errors:
            return {"errors": {str(number): message for number, message in errors.items()}}
        self._log_attempt("reached", channel=channel, note=note)
        feedback = self._record_answers(
            draft["answers"], "staff", channel=channel, user=self.env.user, contact_name=draft.get("contact_name")
        )
        if self.complaint_issue_id:
            self.complaint_issue_id._take(feedback)
        self._end_draft()
        return {"message": self.env._("The answers are recorded.")}

    def _finish_refused(self, values, channel, note):
        level = values.get("level")
        if level not in OPTOUT_LEVELS:
            raise UserError(self.env._("Choose what the customer does not want to be asked."))
        if values.get("declined"):
            self.write(self._get_consent("declined"))
        self._opt_out(level, source="staff", channel=channel, note=note)

    def _read_call_back(self, text):
        """Return the moment agreed for the next call (naive UTC)."""
        try:
            moment = fields.Datetime.to_datetime(text or False)
        except (ValueError, TypeError):
            moment = None
        if not moment:
            raise UserError(self.env._("Enter when the customer wants to be called."))
        if moment < fields.Datetime.now() - timedelta(minutes=1):
            raise UserError(self.env._("That hour is over: enter a time to come."))
        return moment

    def _describe_end(self):
        """Return in words what follows from the attempt that was logged."""
        if self.state == "ready" and self.date_call:
            return self.env._("Logged. To be called again: %s", format_datetime(self.env, self.date_call))
        if self.state == "ready":
            return self.env._("Logged. It goes on by: %s", self.channel_id.name)
        label = dict(self._fields["state"]._description_selection(self.env))[self.state]
        return self.env._("Logged. The follow-up is now: %s", label)
