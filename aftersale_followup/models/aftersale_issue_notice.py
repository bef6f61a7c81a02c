from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import split_every

from .aftersale_feedback_thanks import LATEST
from .aftersale_followup_message import LINK

WORKED_ON = ("new", "processing")
BATCH = 100


class AftersaleIssue(models.Model):
    """What customers are told about their issues: that it was received, until when it is promised, what was done.

    What happens to an issue only leaves a mark on it. A scheduled action tells what the mark says a moment later: once,
    whatever happened within one transaction, and without keeping whoever answers or works waiting.
    """

    _name = "aftersale.issue"
    _inherit = ["aftersale.issue", "aftersale.message.mixin"]

    notice = fields.Selection(
        [("opened", "Received"), ("progress", "Promised date"), ("closed", "What was done")],
        "To Be Told",
        copy=False,
        readonly=True,
        index="btree_not_null",
        help="The message that the customer gets in the next minutes.",
    )

    # ------------------------------------------------------------
    # What leaves a mark
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        issues = super().create(vals_list)
        issues._filter_news()._mark_notice("opened")
        return issues

    def write(self, vals):
        before = {issue: issue.promised_date for issue in self} if vals.get("promised_date") else {}
        result = super().write(vals)
        promised = self.filtered(
            lambda i: i in before and i.promised_date != before[i] and i.state in WORKED_ON and i.notice != "opened"
        )
        promised._mark_notice("progress")
        return result

    def _after_step(self, before):
        """Tell what was done to who confirmed it; a waiver says nothing to who did not answer, or did not want to.

        What was to be told about a state that is over is told no more. Neither holds a promise that is over.
        """
        result = super()._after_step(before)
        confirmed = self.filtered(lambda issue: issue.state == "closed" and issue.confirmed_by_id)
        confirmed._mark_notice("closed")
        over = (self - confirmed).filtered(lambda i: i.notice and (i.state not in WORKED_ON or i.notice == "closed"))
        over._mark_notice(False)
        for issue in self.filtered(lambda i: before[i] in ("done", "closed") and i.state == "processing"):
            if issue.promised_date and issue.promised_date < issue.company_id._aftersale_today():
                issue.sudo().promised_date = False
        return result

    def _merge_into(self, target):
        """Merging is our own tidying up: the customer was told of both, and the nearer promise was made before."""
        told = target.sudo().notice
        result = super()._merge_into(target)
        target._mark_notice(told)
        return result

    def _split(self, feedback, title):
        """Splitting, too: what the customer said was acknowledged as it came in."""
        issue = super()._split(feedback, title)
        issue._mark_notice(False)
        return issue

    def _filter_news(self):
        """Return those in work about something recent: nobody expects an answer to what is in last year's file."""
        since = fields.Datetime.now() - LATEST
        return self.filtered(
            lambda issue: (
                issue.state in WORKED_ON and all(feedback.date >= since for feedback in issue.sudo().feedback_ids[:1])
            )
        )

    def _mark_notice(self, notice):
        """Have the customers told soon, where the company does; False = nothing is left to tell."""
        # sudo: whatever the way an issue moves, nobody sets by hand what its customer is told
        issues = self.sudo()
        if notice:
            issues = issues.filtered(lambda issue: issue.company_id.aftersale_tell_customers)
        issues = issues.filtered(lambda issue: issue.notice != notice)
        if not issues:
            return
        issues.write({"notice": notice})
        cron = notice and self.env.ref("aftersale_followup.ir_cron_tell_customers", raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger()

    # ------------------------------------------------------------
    # Telling
    # ------------------------------------------------------------

    @api.model
    def _cron_tell_customers(self):
        """Tell what is to be told; an issue whose message cannot be made goes to its supervisor and stops no other."""
        # sudo: customers of all teams and companies
        issues = self.sudo().search([("notice", "!=", False)], order="id")
        left = len(issues)
        for batch in split_every(BATCH, issues.ids, issues.browse):
            if not batch._tell_isolated():
                for issue in batch:
                    if not issue._tell_isolated():
                        issue._give_up_notice()
            left -= len(batch)
            if not self.env["ir.cron"]._commit_progress(len(batch), remaining=left):
                break

    def _tell_isolated(self):
        """Tell what is to be told about these issues; return whether it worked, else nothing has changed."""
        with self.env["aftersale.plan"]._isolated() as outcome:
            self.try_lock_for_update().filtered("notice")._tell_customers()
        return not outcome["failed"]

    def _give_up_notice(self):
        self.notice = False
        self._tell_supervisor(
            self.env._("The customer could not be told about %s: check the message.", self.display_name)
        )

    def _tell_customers(self):
        """Queue what these issues (in sudo) are marked with, by mail, else by text message; take the marks off."""
        # The mark of who really sends: only then texts hold the personal link.
        for notice, issues in self.with_context(aftersale_link=LINK).grouped("notice").items():
            mailed = issues._filter_reachable()
            told = mailed._tell_by_mail(notice) | (issues - mailed)._tell_by_text(notice)
            told.customer_notified_date = fields.Datetime.now()
        self.notice = False

    def _tell_by_mail(self, notice):
        """Queue the mails; return the issues told about."""
        template = self._get_notice_template("mail", notice)
        if not self or not template:
            return self.browse()
        mails = self._queue_mails(template)
        # Templates set none: answers would go to the sender's mailbox.
        answers = self._notify_get_reply_to()
        for mail in mails:
            mail.reply_to = answers[mail.res_id] or mail.email_from
            self.browse(mail.res_id)._keep_told(mail.mail_message_id, mail.subject)
        return self.browse(mails.mapped("res_id"))

    def _tell_by_text(self, notice):
        """Queue the text messages, where a plan of the company uses them; return the issues told about."""
        template = self._get_notice_template("sms", notice)
        told = self._filter_texted() if self and template else self.browse()
        if told:
            short = told.with_context(aftersale_short=True)
            texts = template.with_env(short.env)._render_field("body", told.ids, compute_lang=True)
            for issue in told:
                message = issue._message_sms(texts[issue.id], partner_ids=issue.partner_id.ids, put_in_queue=True)
                issue._keep_told(message)
        return told

    def _get_notice_template(self, kind, notice):
        """Return the message with this name, none where it was deleted or made for other records."""
        name = {"opened": "issue_opened", "progress": "progress", "closed": "issue_closed"}[notice]
        template = self.env.ref(f"aftersale_followup.{kind}_template_{name}", raise_if_not_found=False)
        return template if template and template.model == self._name else None

    def _filter_texted(self):
        """Return the issues whose customer may be sent text messages, of companies that send any."""
        sms = self.env["aftersale.channel"]._by_code("sms")
        plans = self.env["aftersale.plan"].search([("channel_ids", "in", sms.ids)])
        everywhere = not all(plan.company_id for plan in plans)
        return self._filter_reachable("sms").filtered(lambda i: everywhere or i.company_id in plans.company_id)

    def _keep_told(self, message, subject=None):
        """Have the chatter say what was sent, and not how it reads: the personal link is nobody's to read."""
        env = self.with_context(lang=self.company_id.partner_id.lang).env
        if subject:
            note = env._("Told %(customer)s by e-mail: %(subject)s", customer=self.partner_id.name, subject=subject)
        else:
            note = env._("Told %s by text message.", self.partner_id.name)
        message.body = Markup("<p>%s</p>") % note

    # ------------------------------------------------------------
    # Who may be told
    # ------------------------------------------------------------

    def _get_unwanted_scenarios(self):
        return {"resolution_check", *self.feedback_ids.mapped("scenario")}

    def _get_asked_followup(self):
        return self.feedback_ids.followup_id.sorted("id")[-1:]

    def _filter_reachable(self, code="email"):
        """Leave out, too, who did not want to hear any more of the very follow-up in which the problem came up."""
        reachable = super()._filter_reachable(code)
        refused = self.env["aftersale.optout"].search([("followup_id", "in", reachable.feedback_ids.followup_id.ids)])
        return reachable.filtered(lambda issue: not issue.feedback_ids.followup_id & refused.followup_id)
