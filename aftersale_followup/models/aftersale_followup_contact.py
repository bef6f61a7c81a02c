import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .aftersale_plan import ERROR_LIMIT

_logger = logging.getLogger(__name__)

BATCH = 100


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
        followups = self.try_lock_for_update().filtered(lambda f: f.state == "planned")
        followups -= followups._recheck()
        followups -= followups._enforce_cap()
        followups._choose_channel()
        followups -= followups.filtered(lambda f: f.state == "skipped")
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
        ready = self.sudo()._contact()
        left = self.sudo().filtered(lambda f: f.state == "planned")
        if left:
            raise UserError(self.env._("%s is being contacted at this moment. Try again in a minute.", left[0].name))
        return ready.with_env(self.env)

    def _recheck(self):
        """End what may no longer be sent (see design: what changed since planning) and return it."""
        ended = self.browse()
        open_issue = self._with_open_issue()
        blocked = self.env["aftersale.optout"]._get_blocked(
            set(self.mapped("email_key")) | set(self.mapped("phone_key")), self.partner_id
        )
        for followup in self:
            scopes = {False, followup.scenario}
            keys = (followup.email_key, followup.phone_key, followup.partner_id.id)
            reason = None
            if followup.order_id.state == "cancel":
                followup._cancel(self.env._("The order was cancelled."))
                ended |= followup
                continue
            if not followup.partner_id.active:
                reason = "archived"
            elif not followup.plan_id.active:
                reason = "plan_paused"
            elif followup.order_id and followup.order_id._aftersale_is_returned():
                reason = "returned"
            elif any(scopes & blocked.get(key, set()) for key in keys if key):
                reason = "opt_out"
            elif followup in open_issue:
                reason = "open_issue"
            if reason:
                followup._skip(reason)
                ended |= followup
        return ended

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
        return (preferred | channels).filtered(lambda c: c not in tried and c._is_possible(self.partner_id))

    def _contact_by_next_channel(self, failed):
        """Leave the ``failed`` channel; the customer is reached by the next one, or is unreachable."""
        self.ensure_one()
        channel = (self._possible_channels() - failed)[:1]
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
        by_sms = self.filtered(lambda f: f.channel_id.code == "sms" and f.plan_id.sms_template_id)
        for template, followups in by_sms.grouped(lambda f: f.plan_id.sms_template_id).items():
            followups._send_sms(template)
        by_mail = self - by_sms
        reminder = self.env.ref("aftersale_followup.mail_template_reminder", raise_if_not_found=False)
        template_of = (lambda f: reminder) if kind == "reminder" else (lambda f: f.plan_id.mail_template_id)
        for template, followups in by_mail.grouped(template_of).items():
            if not template:
                raise UserError(self.env._("Plan “%s” has no e-mail template. Choose one.", followups.plan_id[:1].name))
            mails = template.send_mail_batch(followups.ids, force_send=False)
            for mail in mails:
                mail.headers = repr(self.browse(mail.res_id)._get_unsubscribe_headers())
        if by_mail:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
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

    def _send_sms(self, template):
        for followup in self:
            followup._message_sms_with_template(
                template=template, partner_ids=followup.partner_id.ids, put_in_queue=True
            )

    def _next_reminder(self):
        """Return when to remind (UTC), or False when no reminder is left or the order is no longer valid."""
        self.ensure_one()
        plan, company = self.plan_id, self.company_id
        if self.reminder_sent >= plan.reminder_count or self.order_id.state == "cancel":
            return False
        day = company._aftersale_add_workdays(company._aftersale_today(), plan.reminder_days)
        moment = company._aftersale_moment(day, company.aftersale_hour_from)
        return moment if moment < self.date_expiry else False

    # ------------------------------------------------------------
    # Cron
    # ------------------------------------------------------------

    @api.model
    def _cron_contact(self):
        """Do what is due: contact planned follow-ups, remind, and end those whose link has expired."""
        domain = [
            ("state", "in", ("planned", "ready")),
            ("date_next", "<=", fields.Datetime.now()),
            ("error_count", "<", ERROR_LIMIT),
        ]
        remaining = self.search_count(domain)
        while remaining > 0:
            due = self.search(domain, limit=BATCH, order="date_next, id")
            locked = due.try_lock_for_update()
            locked._process_isolated()
            remaining = max(remaining - len(due), 0)
            if not locked or not self.env["ir.cron"]._commit_progress(len(locked), remaining=remaining):
                break

    def _process_isolated(self):
        """Process a batch; when it fails go row by row, so that one bad record stops nobody else."""
        try:
            with self.env.cr.savepoint():
                self._process_due()
            return
        except Exception:
            _logger.warning("Follow-ups fail as a batch, going on one by one", exc_info=True)
        for followup in self:
            try:
                with self.env.cr.savepoint():
                    followup._process_due()
                    followup.error_count = 0
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
        expired = ready.filtered(lambda f: f.date_expiry and f.date_expiry <= fields.Datetime.now())
        for followup in expired:
            followup._set_state("expired")
        (ready - expired).filtered("channel_id.is_automatic")._send("reminder")
        # A call that is due again just shows up on the agent's list; its link still expires.
        for followup in (ready - expired).filtered(lambda f: not f.channel_id.is_automatic):
            followup.date_next = followup.date_expiry

    # ------------------------------------------------------------
    # Texts
    # ------------------------------------------------------------

    def _get_link(self, **params):
        """Return the customer's personal address of the questionnaire, with ``params`` (such as ``score=4``)."""
        self.ensure_one()
        query = "&".join(f"{key}={value}" for key, value in params.items())
        return f"{self.get_base_url()}/aftersale/{self.sudo().access_token}" + (f"?{query}" if query else "")

    def _get_optout_link(self):
        """Return the address where the customer can say that follow-ups are not wanted."""
        self.ensure_one()
        return f"{self.get_base_url()}/aftersale/{self.sudo().access_token}/optout"

    def _get_placeholders(self):
        """Return the texts that stand for the ``[words]`` of scripts and messages, in the environment's language."""
        self.ensure_one()
        followup = self.sudo()
        company, issue = followup.company_id, followup.issue_id
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
            "issue": (issue.title or "").strip().rstrip(".。"),
            "solution": (issue.solution or "").strip().rstrip(".。"),
            "department": issue.department_id.name or company.name,
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
        text = text or ""
        for word, value in self._get_placeholders().items():
            text = text.replace(f"[{word}]", value)
        return text

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """No button to the record in mails to customers: their link stands in the text."""
        groups = super()._notify_get_recipients_groups(message, model_description, msg_vals=msg_vals)
        for group in groups:
            group[2]["has_button_access"] = False
        return groups
