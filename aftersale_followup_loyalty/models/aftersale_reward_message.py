from odoo import models
from odoo.tools import format_date


class AftersaleReward(models.Model):
    """How customers learn of their reward: on the page, by mail, else from an agent."""

    _inherit = "aftersale.reward"

    def _tell(self):
        """Bring each new reward to its customer: coupons by mail where allowed, else they are an agent's to-do.

        Who opted out is left alone: the page has shown the code.
        """
        coupons = self.filtered(lambda reward: reward.state == "given" and reward.card_id and reward.partner_id)
        mailed = coupons._send()
        unknown = (coupons - mailed).filtered(lambda reward: not reward.partner_id.email_normalized)
        (self.filtered(lambda reward: reward.state == "open") | unknown)._ask_to_hand_over()

    def _send(self):
        """Queue the mail with the code of each coupon whose customer may be written to; return those."""
        sources = {reward: reward.feedback_id for reward in self}
        allowed = self.feedback_id._filter_reachable()
        sent = self.browse()
        for occasion, rewards in self.filtered(lambda r: sources[r] in allowed).grouped("occasion").items():
            template = self.env.ref(f"aftersale_followup_loyalty.mail_template_coupon_{occasion}", False)
            if not template:
                continue
            mails = template.with_env(self.env).send_mail_batch(rewards.ids, force_send=False)
            followups = {reward.id: reward.feedback_id.followup_id for reward in rewards}
            for mail in mails:
                if followups[mail.res_id]:
                    mail.headers = repr(followups[mail.res_id]._get_unsubscribe_headers())
            sent |= rewards
        if sent:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
        return sent

    def _get_lang(self):
        """Return the customer's language: that of the follow-up, else of the contact."""
        self.ensure_one()
        return self.feedback_id.followup_id.lang or self.partner_id.lang or self.company_id.partner_id.lang

    def _get_placeholders(self):
        """Return the texts that stand in the message about a coupon, in the environment's language."""
        self.ensure_one()
        reward = self.sudo()
        company, followup = reward.company_id, reward.feedback_id.followup_id
        return {
            "customer": reward.feedback_id.contact_name or reward.partner_id.name or "",
            "company": company.name,
            "coupon": reward.rule_id.name,
            "code": reward.code or "",
            "date": format_date(self.env, reward.date_valid),
            "phone": company.aftersale_phone or company.phone or "",
            "optout": followup._get_optout_link() if followup else "",
        }

    def _get_page_values(self):
        """Return what the thank-you page shows of this reward, empty when there is nothing to show."""
        reward = self.sudo().filtered(lambda r: r.state != "withheld" and r.code)[:1]
        if not reward:
            return {}
        return {
            "kind": "coupon" if reward.card_id else reward.kind,
            "what": reward.rule_id.name,
            "code": reward.code,
            "date": format_date(self.env, reward.date_valid),
        }
