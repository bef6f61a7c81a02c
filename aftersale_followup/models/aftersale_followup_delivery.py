from odoo import api, fields, models
from odoo.tools import SQL

# What the notification of a text message says, and what the attempt does.
DELIVERY = {
    "ready": "waiting",
    "process": "waiting",
    "pending": "sent",
    "sent": "delivered",
    "exception": "failed",
    "bounce": "failed",
    "canceled": "failed",
}


class AftersaleAttempt(models.Model):
    _inherit = "aftersale.attempt"

    message_id = fields.Many2one("mail.message", readonly=True, index="btree_not_null", ondelete="set null")
    delivery = fields.Selection(
        [
            ("waiting", "In the queue"),
            ("sent", "Handed over"),
            ("delivered", "Delivered"),
            ("failed", "Not delivered"),
            ("withdrawn", "Withdrawn"),
        ],
        readonly=True,
        help="What the SMS service reports. What nobody needs any more when its turn comes in the queue, text message "
        "or mail, is withdrawn.",
    )

    _undelivered = models.Index("(message_id) WHERE delivery IN ('waiting', 'sent')")

    @api.model
    def _note_withdrawn(self, messages):
        """Note at the attempts of ``messages`` (mail.message), which were taken out of the queue, that none left."""
        for attempt in self.search([("message_id", "in", messages.ids)]):
            reason = attempt.followup_id._explain_withdrawn()
            attempt.write({"delivery": "withdrawn", "note": "\n".join(filter(None, [attempt.note, reason]))})


class AftersaleFollowup(models.Model):
    """What became of messages: those that cannot be delivered move the follow-up to its next channel."""

    _inherit = "aftersale.followup"

    @api.model
    def _settle_deliveries(self):
        """Look after messages that failed, and read back what became of text messages."""
        self.env["mail.mail"]._aftersale_settle_failed()
        self.env["sms.sms"]._aftersale_settle_failed()
        self._read_back_sms()

    @api.model
    def _read_back_sms(self):
        """Take over from Odoo what became of text messages; one that did not arrive is answered by the next channel.

        Those that are going to be tried again are left alone.
        """
        self.env["aftersale.attempt"].flush_model(["message_id", "delivery"])
        self.env["mail.notification"].flush_model(["notification_status", "failure_type", "failure_reason"])
        self.env["sms.sms"].flush_model(["state"])
        rows = self.env.execute_query(
            SQL(
                """SELECT a.id, n.notification_status, n.failure_type, n.failure_reason
                     FROM aftersale_attempt a
                     JOIN mail_notification n ON n.mail_message_id = a.message_id AND n.notification_type = 'sms'
                    WHERE a.delivery IN ('waiting', 'sent')
                      AND NOT (n.notification_status IN ('ready', 'process') AND a.delivery = 'waiting')
                      AND NOT (n.notification_status = 'pending' AND a.delivery = 'sent')
                      AND NOT EXISTS (
                          SELECT FROM sms_sms s WHERE s.mail_message_id = a.message_id AND s.state = 'error'
                      )
                 ORDER BY a.id LIMIT 1000"""
            )
        )
        labels = dict(self.env["mail.notification"]._fields["failure_type"]._description_selection(self.env))
        for attempt_id, status, failure_type, reason in rows:
            attempt = self.env["aftersale.attempt"].browse(attempt_id)
            attempt.delivery = DELIVERY[status]
            if attempt.delivery == "failed":
                attempt.followup_id._note_undelivered("sms", reason or labels.get(failure_type))

    def _note_undelivered(self, code, reason, is_wrong=False):
        """Note that a message by the carrier ``code`` (email, sms) did not arrive, and go on by the next channel.

        :param reason: what the server or the service said
        :param is_wrong: the address or number is wrong: the salesperson is asked for the right one
        """
        self.ensure_one()
        followup = self.with_company(self.company_id)
        sent = followup.attempt_ids.filtered(lambda a: a.outcome == "sent").sorted("id")
        by_carrier = sent.filtered(lambda a: a.channel_id.code in (code, "online"))
        channel = by_carrier[-1:].channel_id or followup.channel_id
        tried = followup.attempt_ids.filtered(lambda a: a.channel_id == channel and a.outcome in ("sent", "bounced"))
        if tried.sorted("id")[-1:].outcome == "bounced":
            return  # the same one, reported again
        followup._log_attempt("bounced", channel=channel, note=reason)
        if is_wrong and code == "email":
            followup.partner_id.aftersale_bounced_email = followup.email_key
        if is_wrong:
            followup._ask_for_contact_data()
        if followup.state == "ready" and followup.channel_id == channel:
            followup._contact_by_next_channel(channel)

    def _explain_withdrawn(self):
        """Return why the message of this follow-up was not wanted any more when its turn came."""
        self.ensure_one()
        if self.state != "ready":
            label = dict(self._fields["state"]._description_selection(self.env))[self.state]
            return self.env._("Not sent: by then the follow-up was “%s”.", label)
        if not self.partner_id.active:
            return self.env._("Not sent: by then the customer was archived.")
        if self.order_id.state == "cancel":
            return self.env._("Not sent: by then the order was cancelled.")
        return self.env._("Not sent: by then the customer had opted out.")

    def _message_receive_bounce(self, email, partner):
        """A mail came back: note it, unless the server says that it goes on trying."""
        super()._message_receive_bounce(email, partner)
        report = self.env.context.get("aftersale_report") or {}
        if report.get("temporary"):
            return
        # sudo: the gateway has no rights of ours
        for followup in self.sudo():
            sentence = self.env._("The mail to %s came back.", email)
            followup._note_undelivered(
                "email", "\n".join(filter(None, [sentence, report.get("text")])), is_wrong=followup.email_key == email
            )


class ResCompany(models.Model):
    _inherit = "res.company"

    def _aftersale_alert_sms(self):
        """Tell the after-sales managers, once while it is open, that text messages do not go out for want of credit."""
        self.ensure_one()
        kind = self.env.ref("aftersale_followup.activity_type_sms")
        managers = self._aftersale_managers()
        told = (
            self.env["mail.activity"]
            .sudo()
            .search([("activity_type_id", "=", kind.id), ("user_id", "in", managers.ids)])
        )
        self.env["mail.activity"].sudo().with_context(mail_activity_quick_update=True).create(
            [
                {
                    "activity_type_id": kind.id,
                    "user_id": user.id,
                    "date_deadline": fields.Date.context_today(self),
                    "note": self.with_context(lang=user.lang).env._(
                        "Text messages of %s are not sent: the SMS service has no credit. Until there is some, "
                        "customers are contacted by the next channel.",
                        self.name,
                    ),
                }
                for user in managers - told.user_id
            ]
        )
