from odoo import models


class AftersaleMessageMixin(models.AbstractModel):
    """Answers to customers about what they said: who may be written to, and how it goes out.

    Such a message is no contact for the cap: the customer waits for it. Opt-outs and blacklists stop it all the same.
    """

    _name = "aftersale.message.mixin"
    _description = "Answers to Customers"

    # Models that mix this in have a `partner_id`, and say what they are about.
    def _get_unwanted_scenarios(self):
        """Return the kinds of follow-up whose opt-outs stop messages about this record, too."""
        raise NotImplementedError

    def _get_asked_followup(self):
        """Return the follow-up whose opt-out link the messages carry; empty where the customer was never asked."""
        raise NotImplementedError

    def _filter_reachable(self, code="email"):
        """Return the records whose customer may be written to this way: an address, no opt-out, no blacklist."""
        channel = self.env["aftersale.channel"]._by_code(code)
        partners = self.partner_id
        keys = set(partners.mapped("email_normalized")) | set(partners.mapped("phone_sanitized"))
        blocked = self.env["aftersale.optout"]._get_blocked(set(filter(None, keys)), partners)

        def reachable(record):
            partner = record.partner_id
            if not channel or not partner.active or not channel._is_possible(partner):
                return False
            scopes = {False, *record._get_unwanted_scenarios()}
            return not any(
                scopes & blocked.get(key, set())
                for key in (partner.email_normalized, partner.phone_sanitized, partner.id)
                if key
            )

        return self.filtered(reachable)

    def _queue_mails(self, template):
        """Put the mails that ``template`` makes of these records into Odoo's queue; return them."""
        queued = template.with_env(self.env).send_mail_batch(self.ids, force_send=False)
        followups = {record.id: record._get_asked_followup() for record in self}
        for mail in queued:
            if followup := followups[mail.res_id]:
                mail.headers = repr(followup._get_unsubscribe_headers())
        if queued:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
        return queued
