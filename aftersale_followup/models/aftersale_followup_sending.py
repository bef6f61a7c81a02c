from odoo import api, fields, models
from odoo.tools import SQL

from .aftersale_plan import RANK
from .mail_budget import MailBudget, hour_of


class AftersaleFollowup(models.Model):
    """The sending budget: mails for which the hour or the day has no room wait, the lower ranks first."""

    _inherit = "aftersale.followup"

    is_waiting_to_send = fields.Boolean(
        "Waits for Room in the Mail Budget",
        copy=False,
        readonly=True,
        help="More mails were due than may leave in an hour or on a day; this one goes when there is room.",
    )

    _waiting_to_send = models.Index("(company_id, date_next) WHERE is_waiting_to_send")

    def _await_budget(self):
        """Give those that find no room now the next free hour, and return them; the others are counted as sent.

        Ranks go before one another, then the window that ends earlier. Only mails count.
        """
        waiting = self.browse()
        for company, followups in self.grouped("company_id").items():
            budget = MailBudget(company)
            mailed = budget.is_limited and followups.filtered(lambda f: f._get_carrier().code == "email")
            if not mailed:
                continue
            budget.lock()
            room = budget.get_room()
            mailed = mailed.sorted(lambda f: (RANK[f.contact_class], f.date_deadline, f.id))
            budget.take(len(mailed[:room]))
            late = mailed[room:]
            if late:
                for followup, moment in zip(late, budget.get_slots(), strict=False):
                    followup._wait_until(moment)
                waiting |= late
        return waiting

    def _wait_until(self, moment):
        """Try again at ``moment`` (naive UTC), and say why when that is another day."""
        self.ensure_one()
        self.is_waiting_to_send = True
        day = self.company_id._aftersale_date(moment)
        if self.state == "ready":
            self.date_next = min(moment, self.date_expiry)
        elif day == self.date_planned:
            self.date_next = moment
        else:
            sentence = self.env._("Moved to %s: no more mails may leave before.", day)
            if day > self.date_deadline:
                sentence += " " + self.env._("The window ended on %s.", self.date_deadline)
            self._move_to(day, sentence, date_next=moment)

    def _get_mail_values(self, kind):
        """Return what the mail queue is to know of the mails of ``kind`` about these follow-ups."""
        return {"aftersale_kind": kind, "aftersale_slot": hour_of(fields.Datetime.now())}


class MailMail(models.Model):
    _inherit = "mail.mail"

    aftersale_slot = fields.Datetime(
        "Counted In", copy=False, help="The hour of the sending budget this mail counts in."
    )

    def send(self, *args, **kwargs):
        """Leave in the queue what would exceed the budget: mails that waited there into another hour, say."""
        wanted = self - self._aftersale_drop_unwanted()
        return super(MailMail, wanted - wanted._aftersale_await_budget()).send(*args, **kwargs)

    def _aftersale_await_budget(self):
        """Give mails to customers that have no room in this hour a later one, and return them.

        That hour's room is kept for them: thanks and answers are soon out of place, and who waits in the queue was
        written to before those who are still to be invited.
        """
        hour = hour_of(fields.Datetime.now())
        waiting = self.browse()
        for company, mails in self._aftersale_find_uncounted(hour).items():
            budget = MailBudget(company)
            budget.lock()
            room = budget.get_room()
            budget.take(len(mails[:room]))
            mails[:room].write({"aftersale_slot": hour})
            late = mails[room:]
            for mail, moment in zip(late, budget.get_slots(before_waiting=True), strict=False):
                mail.write({"scheduled_date": moment, "aftersale_slot": hour_of(moment)})
            for moment, mails_then in late.grouped("scheduled_date").items():
                budget.take(len(mails_then), moment)
                # sudo: whoever sends a mail has it tried again
                self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger(moment)
            waiting |= late
        return waiting

    @api.model
    def _aftersale_get_senders(self):
        """Return {model: query of the `id` and `company_id` of its records} that customers are written to about."""
        models = ("aftersale.followup", "aftersale.feedback", "aftersale.issue")
        return {name: SQL("SELECT id, company_id FROM %s", SQL.identifier(self.env[name]._table)) for name in models}

    def _aftersale_find_uncounted(self, hour):
        """Return {company: mails} of those to customers, limited, that do not count in ``hour`` yet; answers first.

        Colleagues are written to about the same records: they are no customers.
        """
        if not self.ids:
            return {}
        self.flush_recordset(["state", "aftersale_slot", "aftersale_kind", "email_to", "recipient_ids"])
        about = SQL(" UNION ALL ").join(
            SQL(
                """SELECT mail.id, r.company_id FROM mail_mail mail JOIN mail_message m ON m.id = mail.mail_message_id
                     JOIN (%s) r ON r.id = m.res_id WHERE m.model = %s AND mail.id IN %s""",
                records,
                model,
                tuple(self.ids),
            )
            for model, records in self._aftersale_get_senders().items()
        )
        rows = self.env.execute_query(
            SQL(
                """SELECT r.company_id, array_agg(mail.id ORDER BY mail.aftersale_kind IS NOT NULL, mail.id)
                     FROM mail_mail mail JOIN (%s) r ON r.id = mail.id JOIN res_company c ON c.id = r.company_id
                    WHERE mail.state = 'outgoing' AND mail.aftersale_slot IS DISTINCT FROM %s
                      AND (c.aftersale_mail_day > 0 OR c.aftersale_mail_hour > 0)
                      AND (mail.aftersale_kind IS NOT NULL OR COALESCE(mail.email_to, '') <> '' OR EXISTS (
                          SELECT FROM mail_mail_res_partner_rel rel JOIN res_partner p ON p.id = rel.res_partner_id
                           WHERE rel.mail_mail_id = mail.id AND p.partner_share
                      ))
                 GROUP BY r.company_id""",
                about,
                hour,
            )
        )
        return {self.env["res.company"].sudo().browse(company): self.browse(ids) for company, ids in rows}
