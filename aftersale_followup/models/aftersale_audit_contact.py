from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .contact_cap import EXEMPT_CLASSES
from .contact_ledger import ContactLedger

DAY = timedelta(days=1)


class AftersaleAudit(models.Model):
    """Checks of contacts: nothing lost, nothing against what the customer wants."""

    _inherit = "aftersale.audit"

    def _get_sent(self):
        """Return the follow-ups that a message went out for since the last audit."""
        return self.env["aftersale.followup"].search(
            Domain("company_id", "=", self.company_id.id)
            & Domain("date_sent", ">=", self.date_from)
            & Domain("attempt_ids", "any", [("outcome", "=", "sent"), ("channel_id.is_automatic", "=", True)])
        )

    def _check_written(self):
        waiting = self.env["aftersale.followup"].search(
            Domain("company_id", "=", self.company_id.id)
            & Domain("state", "=", "ready")
            & Domain("channel_id.is_automatic", "=", True)
            & Domain("date_sent", "<", fields.Datetime.now() - DAY)
        )
        tried = waiting.attempt_ids.filtered(lambda attempt: attempt.outcome in ("sent", "bounced")).followup_id
        return len(waiting), waiting - tried

    def _find_waiting(self, model):
        """Return {message: what it is about} of the messages in the queue called ``model`` about this company."""
        waiting = self.env[model].search(
            Domain("state", "=", "outgoing") & Domain("mail_message_id.model", "=like", "aftersale.%"), order="id"
        )
        found = {}
        for name, messages in waiting.grouped(lambda message: message.mail_message_id.model).items():
            records = self.env[name].browse(messages.mail_message_id.mapped("res_id")).exists()
            own = {record.id: record for record in records if record.company_id == self.company_id}
            for message in messages:
                if record := own.get(message.mail_message_id.res_id):
                    found[message] = record
        return found

    def _check_queue(self):
        waiting = self._find_waiting("mail.mail") | self._find_waiting("sms.sms")
        limit = fields.Datetime.now() - DAY
        # a number tells which it is, and no name
        return len(waiting), [
            record.name
            for message, record in waiting.items()
            if (("scheduled_date" in message and message.scheduled_date) or message.create_date) < limit
        ]

    def _repair_queue(self):
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
        self.env.ref("sms.ir_cron_sms_scheduler_action")._trigger()

    def _check_reports(self):
        issued = self.env["aftersale.analysis"].search(
            Domain("company_id", "=", self.company_id.id)
            & Domain("state", "=", "issued")
            & Domain("cutoff", ">=", self.date_from - DAY)
        )
        limit = fields.Datetime.now() - DAY
        return len(issued), issued.filtered(lambda analysis: analysis.cutoff < limit and analysis._get_missing())

    def _repair_reports(self):
        """Send to those who got nothing, and to nobody twice."""
        for analysis in self._check_reports()[1]:
            analysis._send(analysis._get_missing())

    def _check_optout(self):
        """Compare what went out with the opt-outs and blacklists that stood at that moment."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT f.id
                  FROM aftersale_attempt a
                  JOIN aftersale_followup f ON f.id = a.followup_id
                  JOIN aftersale_channel c ON c.id = a.channel_id AND c.is_automatic
                 WHERE a.outcome = 'sent' AND f.company_id = %(company)s AND a.date >= %(since)s
                   AND (EXISTS (SELECT FROM aftersale_optout o
                                 WHERE o.active AND GREATEST(o.date, o.create_date) < a.date
                                   AND (o.followup_id IS NULL OR o.followup_id = f.id)
                                   AND (o.scenario IS NULL OR o.scenario = f.scenario)
                                   AND (o.key IN (f.email_key, f.phone_key) OR o.partner_id = f.partner_id))
                     OR c.code <> 'sms' AND EXISTS (SELECT FROM mail_blacklist b
                                 WHERE b.active AND b.email = f.email_key AND b.write_date < a.date)
                     OR c.code = 'sms' AND EXISTS (SELECT FROM phone_blacklist b
                                 WHERE b.active AND b.number = f.phone_key AND b.write_date < a.date))
              ORDER BY f.id
                """,
                company=self.company_id.id,
                since=self.date_from,
            )
        )
        return len(self._get_sent()), self.env["aftersale.followup"].browse(number for (number,) in rows)

    def _check_cap(self):
        """Hold what went out against the rules that contacting goes by, as the settings are now."""
        sent = self._get_sent().filtered(lambda f: f.contact_class not in EXEMPT_CLASSES)
        Plan = self.env["aftersale.plan"].with_company(self.company_id)
        ledger = ContactLedger()
        domain = Plan._get_ledger_domain(sent) & Domain("date_sent", "!=", False)
        contacts = list(Plan._read_contacts(self.env["aftersale.followup"], domain)) if sent else []
        # one after the other, as they went out: the earlier of two was allowed
        day = {followup.id: self.company_id._aftersale_date(followup.date_sent) for followup in sent}
        moments = dict(self._read_moments([contact.ref for _keys, contact in contacts]))
        contacts.sort(key=lambda row: moments[row[1].ref])
        followups, bad = {followup.id: followup for followup in sent}, self.env["aftersale.followup"]
        for keys, contact in contacts:
            followup = followups.get(contact.ref)
            if followup and Plan.browse(followup.plan_id.id)._get_cap(ledger, followup).rule(day[followup.id]):
                bad |= followup
            ledger.add_contact(keys, contact)
        return len(sent), bad

    def _read_moments(self, ids):
        """Return (id, moment and id) of the contacts, for their order."""
        if not ids:
            return []
        table = SQL("SELECT id, date_sent FROM aftersale_followup WHERE id IN %s", tuple(ids))
        return [(number, (moment, number)) for number, moment in self.env.execute_query(table)]
