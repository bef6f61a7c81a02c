import logging
import re
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .aftersale_plan import ERROR_LIMIT

_logger = logging.getLogger(__name__)

BATCH = 100
# Marks the rendering of a message that really goes out (see `_get_link_token`).
LINK = object()


class AftersaleFollowup(models.Model):
    """How a follow-up goes out: re-check, cap, channel, message, reminder, end."""

    _inherit = "aftersale.followup"

    # ------------------------------------------------------------
    # Contact
    # ------------------------------------------------------------

    def _contact(self):
        """Contact the customers of planned follow-ups: check again, choose the channel, send or put on the list.

        Returns the follow-ups that are now ``ready``. Rows locked by another worker are left to it.
        """
        # Rows that others refer to may go on being referred to: a delivery never waits for the cron.
        locked = self.try_lock_for_update(allow_referencing=True).filtered(lambda f: f.state == "planned")
        ready = self.browse()
        for company, followups in locked.grouped("company_id").items():
            ready |= followups.with_company(company)._contact_in_company()
        return ready

    def _contact_in_company(self):
        """Contact follow-ups of the environment's company, whose cap and calendar count."""
        self._refresh_keys()
        followups = self - self._recheck()
        followups -= followups._enforce_cap()
        followups._choose_channel()
        followups = followups.filtered(lambda f: f.state == "planned")
        followups -= followups._defer_quiet_days()
        now = fields.Datetime.now()
        for followup in followups:
            followup._set_state(
                "ready",
                date_expiry=now + timedelta(days=followup.plan_id.expire_days),
                date_next=now + timedelta(days=followup.plan_id.expire_days),
            )
        followups.filtered("channel_id.is_automatic")._send("invite")
        return followups

    def action_contact(self):
        """Send now: contact the planned follow-ups without waiting for their day."""
        self.check_access("write")
        planned = self.sudo().filtered(lambda f: f.state == "planned")
        locked = planned.try_lock_for_update(allow_referencing=True)
        if planned - locked:
            name = (planned - locked)[0].name
            raise UserError(self.env._("%s is being contacted at this moment. Try again in a minute.", name))
        ready = locked._contact()
        left = locked - ready
        message = self.env._("%(ready)s contacted, %(left)s moved or not asked.", ready=len(ready), left=len(left))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if left else "success",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _refresh_keys(self):
        """Take over the customer's present address and number: opt-outs and the cap count for what is used now."""
        for followup in self:
            keys = (followup.partner_id.email_normalized, followup.partner_id.phone_sanitized)
            if (followup.email_key, followup.phone_key) != keys:
                followup.email_key, followup.phone_key = keys

    def _recheck(self):
        """End what may no longer be sent (see design: what changed since planning) and return it."""
        ended = self.browse()
        open_issue = self._with_open_issue()
        opted_out = self._with_optout()
        self.filtered(lambda f: f.order_id.state == "cancel")._cancel_for_order()
        for followup in self:
            reason = None
            if followup.state != "planned":
                ended |= followup
                continue
            if not followup.partner_id.active:
                reason = "archived"
            elif not followup.plan_id.active:
                reason = "plan_paused"
            elif followup.order_id and followup.order_id._aftersale_is_returned():
                reason = "returned"
            elif followup in opted_out:
                reason = "opt_out"
            elif followup in open_issue:
                reason = "open_issue"
            if reason:
                followup._skip(reason)
                ended |= followup
        return ended

    def _with_optout(self):
        """Return the follow-ups whose customer, address or number has opted out of them."""
        keys = set(self.mapped("email_key")) | set(self.mapped("phone_key"))
        blocked = self.env["aftersale.optout"]._get_blocked(keys - {False}, self.partner_id)

        def opted_out(followup):
            scopes = {False, followup.scenario}
            keys = (followup.email_key, followup.phone_key, followup.partner_id.id)
            return any(scopes & blocked.get(key, set()) for key in keys if key)

        return self.filtered(opted_out)

    def _with_open_issue(self):
        """Return the follow-ups whose customer has an open issue: whoever handles it calls, no survey meanwhile."""
        asked = self.filtered(lambda f: f.contact_class not in ("safety", "verification"))
        if not asked:
            return asked
        busy = self.env["aftersale.issue"]._read_group(
            [
                ("commercial_partner_id", "in", asked.commercial_partner_id.ids),
                ("company_id", "in", asked.company_id.ids),
                ("state", "in", ("new", "processing", "done")),
            ],
            ["commercial_partner_id", "company_id"],
        )
        busy = {(partner.id, company.id) for partner, company in busy}
        return asked.filtered(lambda f: (f.commercial_partner_id.id, f.company_id.id) in busy)

    def _enforce_cap(self):
        """Count again under a lock per address, number and customer; skip what is over the cap and return it."""
        over = self.browse()
        capped = self.filtered(lambda f: f.contact_class not in ("safety", "verification"))
        if not capped:
            return over
        keys = set(capped.mapped("email_key")) | set(capped.mapped("phone_key"))
        keys |= {f"partner:{partner.id}" for partner in capped.commercial_partner_id}
        for key in sorted(filter(None, keys)):
            self.env.execute_query(SQL("SELECT 1 FROM pg_advisory_xact_lock(hashtext('aftersale'), hashtext(%s))", key))
        ledger = self.env["aftersale.plan"]._get_contacted_ledger(capped)
        for followup in capped:
            today = followup.company_id._aftersale_today()
            rule = followup.plan_id._get_cap_rule(ledger, followup, today)
            if not rule:
                ledger.add(followup, today)
                continue
            day = followup.plan_id._get_free_day(ledger, followup, today, followup.date_deadline)
            if day:
                followup.write(
                    {
                        "date_planned": day,
                        "date_next": followup.company_id._aftersale_moment(
                            day, followup.company_id.aftersale_hour_from
                        ),
                        "explanation": followup._explained(
                            self.env._("Moved to %(day)s: %(rule)s.", day=day, rule=rule)
                        ),
                    }
                )
            else:
                followup._skip("contact_cap", rule)
            over |= followup
        return over

    # ------------------------------------------------------------
    # Channel
    # ------------------------------------------------------------

    def _choose_channel(self):
        """Set the first possible channel; skip the follow-up when there is none."""
        for followup in self:
            channel = followup._possible_channels()[:1]
            if channel:
                followup.channel_id = channel
            else:
                followup._skip("no_contact")

    def _possible_channels(self):
        """Return the channels that can work, best first: preferred, then the plan's in their order.

        A verification of a high-priority issue is asked by phone first.
        """
        self.ensure_one()
        channels = self.plan_id.channel_ids.sorted("sequence")
        phone_first = self.plan_id.phone_first or (
            self.contact_class in ("safety", "verification") and self.issue_id.priority in ("1", "2")
        )
        if phone_first:
            channels = channels.sorted(lambda c: c.code != "phone")
        preferred = self.partner_id.aftersale_channel_id
        tried = self.attempt_ids.filtered(lambda a: a.outcome in ("bounced", "wrong_contact")).channel_id
        return (preferred | channels).filtered(
            lambda c: c not in tried and self._has_template(c) and c._is_possible(self.partner_id)
        )

    def _has_template(self, channel):
        """Return whether the plan has the message that ``channel`` sends; channels of people need none."""
        if not channel.is_automatic:
            return True
        return bool(self.plan_id.sms_template_id if channel.code == "sms" else self.plan_id.mail_template_id)

    def _contact_by_next_channel(self, failed):
        """Leave the ``failed`` channel; the customer is reached by the next one, or is unreachable."""
        self.ensure_one()
        channels = self._possible_channels() - failed
        if self._with_optout():
            channels = channels.filtered(lambda c: not c.is_automatic)
        channel = channels[:1]
        if not channel:
            self._set_state("unreachable", date_done=fields.Datetime.now())
            return
        self.write({"channel_id": channel.id, "date_next": self.date_expiry})
        if channel.is_automatic:
            self._send("invite")

    # ------------------------------------------------------------
    # Messages
    # ------------------------------------------------------------

    def _send(self, kind):
        """Queue the ``invite`` or ``reminder`` of each follow-up by its channel and note the attempt."""
        now = fields.Datetime.now()
        sending = self.with_context(aftersale_link=LINK)
        by_sms = sending.filtered(lambda f: f.channel_id.code == "sms")
        by_sms._send_sms()
        (sending - by_sms)._send_mail(kind)
        if kind == "reminder":
            for followup in self:
                followup.reminder_sent += 1
        else:
            self.env["aftersale.attempt"].create(
                [{"followup_id": f.id, "channel_id": f.channel_id.id, "outcome": "sent", "date": now} for f in self]
            )
            self.filtered(lambda f: not f.date_sent).write({"date_sent": now})
        for followup in self:
            followup.date_next = followup._next_reminder() or followup.date_expiry

    def _get_unsubscribe_headers(self):
        """Return the headers that let a mail client show its own "unsubscribe" button (RFC 2369, RFC 8058)."""
        return {
            "List-Unsubscribe": f"<{self._get_optout_link()}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }

    def _send_mail(self, kind):
        reminder = self.env.ref("aftersale_followup.mail_template_reminder", raise_if_not_found=False)
        template_of = (lambda f: reminder) if kind == "reminder" else (lambda f: f.plan_id.mail_template_id)
        for template, followups in self.grouped(template_of).items():
            if not template:
                raise UserError(self.env._("Plan “%s” has no e-mail template. Choose one.", followups.plan_id[:1].name))
            for mail in template.with_env(self.env).send_mail_batch(followups.ids, force_send=False):
                mail.headers = repr(self.browse(mail.res_id)._get_unsubscribe_headers())
        if self:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _send_sms(self):
        for followup in self:
            followup._message_sms_with_template(
                template=followup.plan_id.sms_template_id, partner_ids=followup.partner_id.ids, put_in_queue=True
            )

    def _next_reminder(self):
        """Return when to remind (UTC), or False when no reminder is left or the order is no longer valid."""
        self.ensure_one()
        plan, company = self.plan_id, self.company_id
        if not self._may_remind():
            return False
        day = company._aftersale_add_workdays(company._aftersale_today(), plan.reminder_days)
        moment = company._aftersale_moment(day, company.aftersale_hour_from)
        return moment if moment < self.date_expiry else False

    def _may_remind(self):
        """Return whether a reminder is due at all: some are left, and sending was the last thing that happened."""
        self.ensure_one()
        last = self.attempt_ids.filtered(lambda a: a.outcome != "contested").sorted("id")[-1:]
        return (
            self.reminder_sent < self.plan_id.reminder_count
            and last.outcome in ("sent", False)
            and self.order_id.state != "cancel"
        )

    def _filter_remindable(self):
        """Return the follow-ups that may still be written to: no opt-out, blacklist or cancelled order since."""
        writable = self.filtered(
            lambda f: (
                f.channel_id.is_automatic
                and f._may_remind()
                and f.partner_id.active
                and f.channel_id._is_possible(f.partner_id)
            )
        )
        return writable - writable._with_optout()

    # ------------------------------------------------------------
    # Cron
    # ------------------------------------------------------------

    @api.model
    def _cron_contact(self):
        """Do what is due: contact planned follow-ups, remind, and end those whose link has expired."""
        self._expire_due()
        domain = [
            ("state", "in", ("planned", "ready")),
            ("date_next", "<=", fields.Datetime.now()),
            ("error_count", "<", ERROR_LIMIT),
        ]
        remaining = self.search_count(domain)
        while remaining > 0:
            due = self.search(domain, limit=BATCH, order="date_next, id")
            locked = due.try_lock_for_update(allow_referencing=True)
            locked._process_isolated()
            remaining = max(remaining - len(due), 0)
            if not locked or not self.env["ir.cron"]._commit_progress(len(locked), remaining=remaining):
                break

    @api.model
    def _expire_due(self):
        """End the follow-ups whose link has run out, parked ones too."""
        domain = [("state", "=", "ready"), ("date_expiry", "<=", fields.Datetime.now())]
        for followup in self.search(domain, limit=10 * BATCH).try_lock_for_update(allow_referencing=True):
            followup._set_state("expired")

    def _process_isolated(self):
        """Process a batch; when it fails go row by row, so that one bad record stops nobody else."""
        try:
            with self.env.cr.savepoint():
                self._process_due()
            return
        except OperationalError:
            # Another transaction was faster: no fault of the records, the next run does them.
            raise
        except Exception:
            _logger.warning("Follow-ups fail as a batch, going on one by one", exc_info=True)
        for followup in self:
            try:
                with self.env.cr.savepoint():
                    followup._process_due()
            except OperationalError:
                raise
            except Exception as error:
                _logger.warning("Follow-up %s failed", followup.id, exc_info=True)
                count = followup.error_count + 1
                followup.write(
                    {
                        "error_count": count,
                        "error_message": str(error),
                        "date_next": fields.Datetime.now() + timedelta(hours=count),
                    }
                )

    def _process_due(self):
        self.filtered(lambda f: f.state == "planned")._contact()
        ready = self.filtered(lambda f: f.state == "ready" and f.date_next and f.date_next <= fields.Datetime.now())
        reminded = ready._filter_remindable()
        if reminded:
            reminded._send("reminder")
        # The others, such as a call that is due again, are on the agent's list; their link still expires.
        for followup in ready - reminded:
            followup.date_next = followup.date_expiry
        self.filtered("error_count").write({"error_count": 0, "error_message": False})

    # ------------------------------------------------------------
    # Texts
    # ------------------------------------------------------------

    def _get_link(self, **params):
        """Return the customer's personal address of the questionnaire, with ``params`` (such as ``score=4``)."""
        self.ensure_one()
        query = "&".join(f"{key}={value}" for key, value in params.items())
        return f"{self.get_base_url()}/aftersale/{self._get_link_token()}" + (f"?{query}" if query else "")

    def _get_link_token(self):
        """Return the token while a message is being sent, else a word that leads nowhere.

        Templates can be rendered by anybody who may write a mail. The mark in the context is an object of this
        module: no caller from outside can send it along.
        """
        sending = self.env.context.get("aftersale_link") is LINK
        return self.sudo().access_token if sending else "preview"

    def _get_optout_link(self):
        """Return the address where the customer can say that follow-ups are not wanted."""
        self.ensure_one()
        return f"{self.get_base_url()}/aftersale/{self._get_link_token()}/optout"

    def _get_placeholders(self):
        """Return the texts that stand for the ``[words]`` of scripts and messages, in the environment's language."""
        self.ensure_one()
        followup = self.sudo()
        company, issue, action = followup.company_id, followup.issue_id, followup.action_id
        problem = issue.title or action._get_problem(followup.partner_id)
        lang = self.env["res.lang"]._get_data(code=self.env.lang or followup.lang or "en_US")
        supervisor = followup.team_id.user_id or company.aftersale_team_id.user_id

        def day(date):
            return date.strftime(lang.date_format or "%Y-%m-%d") if date else ""

        return {
            "customer": followup.partner_id.name or "",
            "company": company.name,
            "agent": followup.user_id.name or company.name,
            "supervisor": supervisor.name or "",
            "product": ", ".join(product.name for product in followup.product_ids[:3]) or followup.order_id.name or "",
            "order": followup.order_id.name or "",
            "delivered": day(followup.date_received),
            # Both stand inside sentences, which bring their own full stop.
            "issue": problem.strip().rstrip(".。"),
            "solution": (issue.solution or action.name or "").strip().rstrip(".。"),
            "department": (issue or action).department_id.name or company.name,
            "promised": day(issue.promised_date),
            "number": issue.name or "",
            "period": self.env._("the last %s months", followup.plan_id.interval_months or 6),
            "date": day(followup.date_expiry),
            "link": followup._get_link(),
            "optout": followup._get_optout_link(),
            "phone": company.aftersale_phone or company.phone or "",
        }

    def _fill(self, text):
        """Return ``text`` with its ``[words]`` replaced; unknown words stay. No template engine is involved."""
        # One pass: what a customer wrote may hold words in brackets and is not filled again.
        values = self._get_placeholders()
        return re.sub(r"\[(\w+)\]", lambda match: values.get(match[1], match[0]), text or "")

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """No button to the record in mails to customers: their link stands in the text."""
        groups = super()._notify_get_recipients_groups(message, model_description, msg_vals=msg_vals)
        for group in groups:
            group[2]["has_button_access"] = False
        return groups
