from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_datetime

FAILED = ("exception", "bounce")


class AftersaleAnalysis(models.Model):
    """The mails an analysis comes with, and what became of them.

    Each recipient has a mail of their own, so that one that is tried again reaches nobody else twice. Who read, bounced
    or failed stands in Odoo's own notifications of the message, which is one for each language and part.
    """

    _inherit = "aftersale.analysis"

    # Odoo deletes notifications of old mails; this stays.
    sent_partner_ids = fields.Many2many(
        "res.partner", "aftersale_analysis_sent_rel", "analysis_id", "partner_id", "Sent To", readonly=True, copy=False
    )
    mail_html = fields.Html(compute="_compute_mail_html", sanitize=False, export_string_translation=False)
    unsent_note = fields.Text("Not Delivered", compute="_compute_unsent_note")

    @api.depends("figures", "summary")
    @api.depends_context("lang", "aftersale_departments")
    def _compute_mail_html(self):
        formatter = self.env["report.aftersale_followup.report_analysis"]
        departments = self.env.context.get("aftersale_departments")
        for analysis in self:
            mail = formatter._get_mail(analysis, departments)
            analysis.mail_html = self.env["ir.qweb"]._render("aftersale_followup.analysis_mail", {"mail": mail})

    @api.depends("recipient_ids.email", "head_ids.email", "state")
    @api.depends_context("lang", "tz")
    def _compute_unsent_note(self):
        last = self._get_last_notifications()
        for analysis in self:
            lines = []
            for partner in analysis.recipient_ids | analysis.head_ids:
                notification = last.get((analysis.id, partner.id))
                if not partner.email:
                    reason = self.env._("no e-mail address")
                elif notification and notification.notification_status in FAILED:
                    reason = self._describe_failure(notification)
                else:
                    continue
                lines.append(f"{partner.name}: {reason}")
            analysis.unsent_note = "\n".join(lines)

    def _get_last_notifications(self):
        """Return {(analysis id, partner id): what became of the last mail to that partner}."""
        # sudo: the notifications belong to the recipients
        notifications = self.env["mail.notification"].sudo()
        found = notifications.search(
            [
                ("mail_message_id.model", "=", self._name),
                ("mail_message_id.res_id", "in", self.ids),
                ("mail_message_id.message_type", "=", "email_outgoing"),
            ],
            order="id",
        )
        return {(row.mail_message_id.res_id, row.res_partner_id.id): row for row in found}

    def _describe_failure(self, notification):
        reason = notification.failure_reason or notification.format_failure_reason()
        mail = notification.mail_mail_id
        if not mail._aftersale_is_tried_again():
            return reason
        if mail.aftersale_retry_date:
            moment = format_datetime(self.env, mail.aftersale_retry_date, dt_format="short")
            return self.env._("%(reason)s (tried again at %(moment)s)", reason=reason, moment=moment)
        return self.env._("%s (tried again soon)", reason)

    # ------------------------------------------------------------
    # sending
    # ------------------------------------------------------------

    def action_send_missing(self):
        """Send the analysis to whom it could not be delivered, after the reason is gone."""
        self.ensure_one()
        # the rule that protects issued analyses refuses any write on them, so the right on the model is asked for
        self.browse().check_access("write")
        self.check_access("read")
        self._check_issued()
        missing = self.sudo()._get_missing()
        if not missing:
            raise UserError(self.env._("Nobody is left to send it to: enter the missing addresses first."))
        self.sudo()._send(missing)

    def _get_missing(self):
        """Return the recipients with an address who were sent nothing, or whose mail failed and is not tried again."""
        last = self._get_last_notifications()
        recipients = (self.recipient_ids | self.head_ids).filtered("email")

        def is_given_up(partner):
            notification = last.get((self.id, partner.id))
            return (
                notification
                and notification.notification_status in FAILED
                and not notification.mail_mail_id._aftersale_is_tried_again()
            )

        return recipients - self.sent_partner_ids | recipients.filtered(is_given_up)

    def _send(self, partners=None):
        """Queue the mails, to the recipients or to some of them. The mail queue sends them later."""
        self.ensure_one()
        default = self.company_id.partner_id.lang
        partners = (self.recipient_ids | self.head_ids if partners is None else partners).filtered("email")
        groups = {}
        for partner in partners:
            part = False if partner in self.recipient_ids else tuple(self._get_departments(partner).ids)
            groups.setdefault((partner.lang or default, part), []).append(partner)
        for (lang, part), members in groups.items():
            self._queue_mails(members, lang, part)
        if partners:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
            sent = [Command.link(partner.id) for partner in partners]
            self.write({"date_sent": fields.Datetime.now(), "sent_partner_ids": sent})

    def _queue_mails(self, partners, lang, departments):
        """Queue one message in a language to some partners, a mail each; all of it, or the part of departments."""
        template = self.env.ref("aftersale_followup.mail_template_analysis").with_context(
            aftersale_lang=lang, aftersale_departments=departments
        )
        pdf = self._get_pdf(lang) if departments is False else self.env["ir.attachment"]
        mails = self.env["mail.mail"]
        for partner in partners:
            # having a kind, it is tried again however long the standstill was
            values = {"recipient_ids": [Command.set(partner.ids)], "aftersale_kind": "analysis"}
            if mails:
                mails |= mails[0].copy({**values, "mail_message_id": mails[0].mail_message_id.id})
            else:
                values |= {"attachment_ids": [Command.link(pdf.id)] if pdf else [], "is_notification": True}
                mails = mails.browse(template.send_mail(self.id, email_values=values)).sudo()
        self.env["mail.notification"].create(
            [
                {
                    "mail_message_id": mail.mail_message_id.id,
                    "mail_mail_id": mail.id,
                    "res_partner_id": mail.recipient_ids.id,
                    "author_id": mail.author_id.id,
                    "notification_type": "email",
                    "notification_status": "ready",
                    "is_read": True,  # not in anybody's inbox
                }
                for mail in mails
            ]
        )
