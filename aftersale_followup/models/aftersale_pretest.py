import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import html2plaintext, plaintext2html

from .aftersale_followup_capture import QUIET, TOKEN
from .aftersale_followup_trial import Trial

MAX_ANSWERS = 20_000


class AftersalePretest(models.Model):
    """One try of a questionnaire before customers see it: of one automatic channel, or of the script.

    The message is written as the channel will write it and leads to the customer's page. What is answered there is
    kept here, as text for whoever prepares the questionnaire: there is no follow-up, no feedback, nothing that counts.
    A try holds for the wording it was made with and no other.
    """

    _name = "aftersale.pretest"
    _description = "Pre-test of a Questionnaire"
    _inherit = ["aftersale.export.mixin"]
    _order = "id desc"

    plan_id = fields.Many2one("aftersale.plan", required=True, readonly=True, index=True, ondelete="cascade")
    survey_id = fields.Many2one(
        "survey.survey", "Questionnaire", required=True, readonly=True, index=True, ondelete="cascade"
    )
    channel_id = fields.Many2one(
        "aftersale.channel", readonly=True, ondelete="cascade", help="Empty: the script, which an agent reads out."
    )
    fingerprint = fields.Char(required=True, readonly=True, export_string_translation=False)
    access_token = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: secrets.token_urlsafe(16),
        export_string_translation=False,
    )
    subject = fields.Char(readonly=True)
    message = fields.Html(readonly=True, sanitize="email_outgoing")
    user_id = fields.Many2one("res.users", "Tested By", readonly=True, default=lambda self: self.env.user)
    date_done = fields.Datetime("Tested On", readonly=True)
    answers = fields.Text(readonly=True)
    state = fields.Selection(
        [("open", "To test"), ("done", "Tested"), ("outdated", "Outdated")], compute="_compute_state"
    )

    _access_token_unique = models.UniqueIndex("(access_token)")

    @api.depends("channel_id.name", "plan_id.name")
    def _compute_display_name(self):
        for pretest in self:
            pretest.display_name = pretest.channel_id.name or self.env._("Script")

    @api.depends("date_done", "fingerprint")
    def _compute_state(self):
        for pretest in self:
            pretest.state = ("done" if pretest.date_done else "open") if pretest._is_current() else "outdated"

    def _is_current(self):
        """Return whether what was tried is still worded like that."""
        self.ensure_one()
        source = self.survey_id._aftersale_fingerprint if self.channel_id else self.plan_id._get_script_fingerprint
        return self.fingerprint == source()

    @api.model
    def _find_by_token(self, token):
        """Return ``(try in sudo, code)`` of a link; codes as those of `aftersale.followup._find_by_token`."""
        pretest = self.sudo().browse()
        if isinstance(token, str) and TOKEN.fullmatch(token):
            pretest = pretest.search([("access_token", "=", token), ("channel_id", "!=", False)], limit=1)
        if not pretest:
            return pretest, "unknown"
        return pretest, "ok" if pretest._is_current() else "gone"

    # ------------------------------------------------------------
    # Preparing
    # ------------------------------------------------------------

    @api.model
    def _prepare(self, plan):
        """Return what is to be tried before ``plan`` asks with its (next) questionnaire: made now, or tried already."""
        prepared = self.browse()
        pretests = plan._get_pretests()
        survey = plan._get_candidate()
        wanted = [(channel, survey._aftersale_fingerprint()) for channel in plan._get_automatic_channels()]
        if plan.script:
            wanted.append((self.env["aftersale.channel"], plan._get_script_fingerprint()))
        for channel, fingerprint in wanted:
            found = pretests.filtered(lambda p, c=channel, f=fingerprint: p.channel_id == c and p.fingerprint == f)
            found = found or self.create(
                {"plan_id": plan.id, "survey_id": survey.id, "channel_id": channel.id, "fingerprint": fingerprint}
            )
            found[0]._write_message()
            prepared |= found[0]
        return prepared

    def _write_message(self):
        """Write down what the customer will read, or hear, as of now."""
        self.ensure_one()
        # The templates read a follow-up from the database: there is one for as long as they do.
        savepoint = self.env.cr.savepoint()
        try:
            followup = self._get_model().with_context(**QUIET).create(self._prepare_sample())
            values = self._render_message(followup)
        finally:
            savepoint.close(rollback=True)
        self.write(values)

    def _render_message(self, followup):
        """Return subject and text of the plan's message to ``followup``, those of its script where no channel is."""
        plan = self.plan_id
        if not self.channel_id:
            return {"subject": False, "message": plaintext2html(followup._fill(plan.script))}

        def render(template, name):
            template = template.with_env(followup.env)
            return template._render_field(name, followup.ids, compute_lang=True)[followup.id] if template else ""

        if self.channel_id.code == "sms":
            return {"subject": False, "message": plaintext2html(render(plan.sms_template_id, "body"))}
        template = plan.mail_template_id
        return {"subject": render(template, "subject"), "message": render(template, "body_html")}

    def _get_model(self):
        """Return follow-ups, without any, that know they are a try: of this questionnaire, with this link."""
        trial = Trial(self.access_token, self.survey_id.id)
        return self.env["aftersale.followup"].sudo().with_context(aftersale_trial=trial)

    def _get_sample(self):
        """Return the follow-up, of nobody and not in the database, that the page is shown for."""
        return self._get_model().new({**self._prepare_sample(), "access_token": self.access_token})

    def _prepare_sample(self):
        plan, today = self.plan_id, fields.Date.context_today(self)
        company = plan.company_id or self.env.company
        # sudo: whoever prepares questionnaires need not have the right to read products
        products = self.env["product.product"].sudo()
        product = products.search([("sale_ok", "=", True), ("company_id", "in", [False, company.id])], limit=1)
        return {
            "origin": f"pretest:{self.id}",
            "plan_id": plan.id,
            "scenario": plan.scenario,
            "contact_class": plan.contact_class,
            "partner_id": self.user_id.partner_id.id,
            "product_ids": [Command.set(product.ids)],
            "channel_id": self.channel_id.id,
            "user_id": self.user_id.id,
            "company_id": company.id,
            "lang": self.user_id.lang,
            "date_received": today,
            "date_planned": today,
            "date_deadline": today,
            "date_expiry": fields.Datetime.now() + timedelta(days=plan.expire_days),
        }

    # ------------------------------------------------------------
    # Trying
    # ------------------------------------------------------------

    def _get_address(self):
        return f"{self.get_base_url()}/aftersale/test/{self.access_token}"

    def action_open(self):
        """Open the page as the link in the message does."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self._get_address(), "target": "new"}

    def action_send(self):
        """Send the message to the user, by the channel it is written for."""
        self.ensure_one()
        self.plan_id.check_access("write")
        partner, text = self.env.user.partner_id, self.sudo().message
        if not self.channel_id or not text:
            raise UserError(self.env._("There is no message to send. Choose a template in the plan."))
        if self.channel_id.code == "sms":
            if not partner.phone_sanitized:
                raise UserError(self.env._("Enter your mobile number in your own contact first."))
            # sudo: sending to oneself needs no right on the queue
            self.env["sms.sms"].sudo().create(
                {"partner_id": partner.id, "number": partner.phone_sanitized, "body": html2plaintext(text)}
            )
            self.env.ref("sms.ir_cron_sms_scheduler_action").sudo()._trigger()
        else:
            if not partner.email_normalized:
                raise UserError(self.env._("Enter your e-mail address in your own contact first."))
            self.env["mail.mail"].sudo().create(
                {
                    "subject": self.env._("Pre-test: %s", self.subject or self.plan_id.name),
                    "body_html": text,
                    "email_to": partner.email_formatted,
                    "email_from": self.env.company.email_formatted or self.env.user.email_formatted,
                    "auto_delete": True,
                }
            )
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()
        message = self.env._("The message is on its way to you.")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": message},
        }

    def action_read(self):
        """Note that the user has read the script as an agent will see it."""
        self.ensure_one()
        self.plan_id.check_access("write")
        if self.channel_id or not self._is_current():
            raise UserError(self.env._("Only the present script is tested by reading it; a message, by answering."))
        self.sudo().write({"date_done": fields.Datetime.now(), "user_id": self.env.uid})

    def _record_answers(self, answers, wish=None):
        """Keep what was answered on the page as text; a later answer takes its place."""
        self.ensure_one()
        text = "\n".join(filter(None, [self.survey_id._aftersale_transcript(answers), wish]))
        self.write({"date_done": fields.Datetime.now(), "answers": text[:MAX_ANSWERS]})
