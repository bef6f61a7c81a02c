from datetime import timedelta

from odoo import api, fields, models

from .aftersale_issue import OPEN_STATES
from .beside import beside

# Who is thanked in the moment of answering: by the page, or by the person who asks.
PAGE_DOORS = {"form", "portal"}
PERSONAL_DOORS = {"hotline", "review", "social"}
PERSONAL_CHANNELS = {"phone", "visit", "im"}
# Thanks for what was said longer ago are odd: old paper that is entered, a file of last year that is imported.
LATEST = timedelta(days=7)


class AftersaleFeedback(models.Model):
    """Every answer is thanked once, in the same tone whatever it says, in the customer's language.

    Where the customer answers on a page or to a person, that is the moment. What comes in otherwise, on paper or by
    mail, is thanked by a message, where one is allowed.
    """

    _inherit = "aftersale.feedback"

    thanks = fields.Selection(
        [
            ("page", "On the page"),
            ("person", "In person"),
            ("email", "By e-mail"),
            ("sms", "By text message"),
            ("issue", "With the news about the issue"),
            ("none", "No message possible"),
        ],
        "Thanked",
        readonly=True,
        copy=False,
        help="A message is not sent to who opted out or has no address, nor a week after the answer.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        created = super().create(vals_list)
        created.sudo().filtered(lambda f: not f.thanks and not f.correction_of_id)._thank()
        return created

    def _complete_values(self, vals):
        """Return ``vals`` with who has thanked already, so that most answers cost no further write."""
        vals = super()._complete_values(vals)
        return vals if vals.get("correction_of_id") else vals | {"thanks": self._get_immediate_thanks(vals)}

    @api.model
    def _get_immediate_thanks(self, vals):
        """Return by whom an answer with these values was thanked when it was given; False = by nobody yet."""
        door = vals.get("inbound_source")
        # From the cache: the channel of every answer is known by its code.
        codes = {self.env["aftersale.channel"]._by_code(code).id: code for code in ("online", *PERSONAL_CHANNELS)}
        code = codes.get(vals.get("channel_id"))
        if vals.get("is_anonymous") or door in PAGE_DOORS or (code == "online" and vals.get("source") == "customer"):
            return "page"
        return "person" if door in PERSONAL_DOORS or (not door and code in PERSONAL_CHANNELS) else False

    def _thank(self):
        """Queue the thanks of each of these answers; what cannot be sent keeps no answer from being recorded."""
        since = fields.Datetime.now() - LATEST
        recent = self.filtered(lambda f: f.date >= since)
        for feedback in recent:
            with beside(feedback, "%s is not thanked"):
                feedback.thanks = feedback._send_thanks() or "none"
        self.filtered(lambda f: not f.thanks).thanks = "none"

    def _send_thanks(self):
        """Queue the message of one answer; return the code of the channel, False when there is none."""
        self.ensure_one()
        if self._is_told_about_issue() and (self._filter_reachable() or self._may_be_texted()):
            return "issue"
        name = "thanks_low" if self._get_call_days() else "thanks"
        if self._filter_reachable():
            template = self._get_thanks_template(f"mail_template_{name}")
            if not template:
                return False
            self._queue_mails(template)
            return "email"
        template = self._get_thanks_template(f"sms_template_{name}")
        if template and self._may_be_texted():
            text = template._render_field("body", self.ids, compute_lang=True)[self.id]
            self.followup_id._message_sms(text, partner_ids=self.partner_id.ids, put_in_queue=True)
            return "sms"
        return False

    def _is_told_about_issue(self):
        """Return whether a message about the issue is on its way: one at the same minute is enough.

        That one says more than thanks do: the number, where to follow it, who calls until when.
        """
        issues = self.issue_ids | self.followup_id.issue_id
        return any(issue.notice in ("opened", "closed") for issue in issues)

    def _get_thanks_template(self, name):
        """Return the message with this name, none where it was deleted or made for other records."""
        template = self.env.ref(f"aftersale_followup.{name}", raise_if_not_found=False)
        return template if template and template.model == self._name else None

    def _may_be_texted(self):
        """Return whether a text message is allowed: the plan has that channel, and the customer wants to hear of us."""
        followup, sms = self.followup_id, self.env["aftersale.channel"]._by_code("sms")
        return bool(
            followup
            and sms in followup.plan_id.channel_ids
            and self.partner_id.active
            and sms._is_possible(self.partner_id)
            and not followup._with_optout()
        )

    def _get_call_days(self):
        """Return within how many working days a supervisor calls because of this low score; 0 when nobody has to.

        Nothing is promised that no clock watches.
        """
        self.ensure_one()
        if not self.is_low_score:
            return 0
        issues = (self.issue_ids | self.followup_id.issue_id).filtered(
            lambda issue: issue.state in OPEN_STATES and issue.contact_deadline and not issue.date_contacted
        )
        company = self.company_id
        if any(issues.tag_ids.mapped("is_safety")):
            return company.aftersale_contact_days_safety
        return company.aftersale_contact_days if issues else 0

    def _get_thanks_placeholders(self):
        """Return the texts that stand in the thanks."""
        self.ensure_one()
        return {**self._get_idea_placeholders(), "days": self.sudo()._get_call_days()}
