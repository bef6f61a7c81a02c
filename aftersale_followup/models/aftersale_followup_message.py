import re

from odoo import fields, models
from odoo.exceptions import UserError

# Marks the rendering of a message that really goes out (see `_get_link_token`).
LINK = object()


class AftersaleFollowup(models.Model):
    """What customers are sent: invitations, reminders, their personal link, and the words that fill texts."""

    _inherit = "aftersale.followup"

    def _send(self, kind):
        """Queue the ``invite`` or ``reminder`` of each follow-up by its channel and note the attempt."""
        now = fields.Datetime.now()
        sending = self.with_context(aftersale_link=LINK)
        by_sms = sending.filtered(lambda f: f._get_carrier().code == "sms")
        texts, mails = by_sms._send_sms(kind), (sending - by_sms)._send_mail(kind)
        self.filtered("is_waiting_to_send").is_waiting_to_send = False
        if kind == "reminder":
            for count, followups in self.grouped("reminder_sent").items():
                followups.reminder_sent = count + 1
        else:
            self.env["aftersale.attempt"].create(
                [
                    {
                        "followup_id": followup.id,
                        "channel_id": followup.channel_id.id,
                        "outcome": "sent",
                        "date": now,
                        "message_id": texts.get(followup.id) or mails.get(followup.id),
                        "delivery": followup.id in texts and "waiting",
                    }
                    for followup in self
                ]
            )
            self.filtered(lambda f: not f.date_sent).write({"date_sent": now})
        for moment, followups in self.grouped(lambda f: f._next_reminder() or f.date_expiry).items():
            followups.date_next = moment

    def _get_unsubscribe_headers(self):
        """Return the headers that let a mail client show its own "unsubscribe" button (RFC 2369, RFC 8058)."""
        return {
            "List-Unsubscribe": f"<{self._get_optout_link()}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }

    def _get_carrier(self):
        """Return the channel that carries the message: that of the follow-up, or how its link is brought."""
        self.ensure_one()
        return self.channel_id._get_carrier(self.plan_id, self.partner_id)

    def _send_mail(self, kind):
        """Queue the mail of each follow-up; return {follow-up id: message id}."""
        messages = {}
        reminder = self.env.ref("aftersale_followup.mail_template_reminder", raise_if_not_found=False)
        template_of = (lambda f: reminder) if kind == "reminder" else (lambda f: f.plan_id.mail_template_id)
        for template, followups in self.grouped(template_of).items():
            if not template:
                raise UserError(self.env._("Plan “%s” has no e-mail template. Choose one.", followups.plan_id[:1].name))
            values = self._get_mail_values(kind)
            mails = template.with_env(self.env).send_mail_batch(followups.ids, email_values=values, force_send=False)
            for mail in mails:
                mail.headers = repr(self.browse(mail.res_id)._get_unsubscribe_headers())
                messages[mail.res_id] = mail.mail_message_id.id
        if self:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
        return messages

    def _send_sms(self, kind):
        """Queue the text message of each follow-up, with short links; return {follow-up id: message id}."""
        messages = {}
        reminder = self.env.ref("aftersale_followup.sms_template_reminder", raise_if_not_found=False)
        short = self.with_context(aftersale_short=True)
        template_of = (
            (lambda f: reminder or f.plan_id.sms_template_id)
            if kind == "reminder"
            else (lambda f: f.plan_id.sms_template_id)
        )
        for template, followups in short.grouped(template_of).items():
            texts = template.with_env(short.env)._render_field("body", followups.ids, compute_lang=True)
            for followup in followups:
                message = followup._message_sms(
                    texts[followup.id], partner_ids=followup.partner_id.ids, put_in_queue=True
                )
                messages[followup.id] = message.id
        # sudo: the queue belongs to nobody
        queued = self.env["sms.sms"].sudo().search([("mail_message_id", "in", list(messages.values()))])
        queued.write({"aftersale_kind": kind})
        return messages

    def _next_reminder(self):
        """Return when to remind (UTC), or False when no reminder is left or the order is no longer valid."""
        self.ensure_one()
        plan, company = self.plan_id, self.company_id
        if not self._may_remind():
            return False
        day = company._aftersale_add_workdays(company._aftersale_today(), plan.reminder_days)
        moment = self._get_opening(day)
        return moment if moment < self.date_expiry else False

    def _may_remind(self):
        """Return whether a reminder is due at all: some are left, and sending was the last thing that happened."""
        self.ensure_one()
        last = self.attempt_ids._filter_tried().sorted("id")[-1:]
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
    # Texts
    # ------------------------------------------------------------

    def _get_link(self, **params):
        """Return the customer's personal address of the questionnaire, with ``params`` (such as ``score=4``)."""
        self.ensure_one()
        query = "&".join(f"{key}={value}" for key, value in params.items())
        return self._get_address(self._get_link_token()) + (f"?{query}" if query else "")

    def _get_address(self, token, page=""):
        """Return the address that ``token`` opens; text messages carry a short one, which leads there."""
        if self.env.context.get("aftersale_short"):
            return f"{self.get_base_url()}/a/{token}"
        return f"{self.get_base_url()}/aftersale/{token}{page}"

    def _get_link_token(self):
        """Return the token while a message is being sent, else a word that leads nowhere.

        Templates can be rendered by anybody who may write a mail. The mark in the context is an object of this
        module: no caller from outside can send it along.
        """
        sending = self.env.context.get("aftersale_link") is LINK
        return self.sudo().access_token if sending else "preview"

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
