from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

# Outcomes an agent may log here; "reached" comes with the answers.
OUTCOMES = ("no_answer", "busy", "call_back", "wrong_contact", "refused")


class AftersaleCall(models.TransientModel):
    """The agent's form for a call or a visit: whom, what to say, what to ask.

    Agents hold no right on questionnaires, others' orders or feedback: each method checks the follow-up as the agent,
    then reads and writes in sudo what belongs to this follow-up only.
    """

    _name = "aftersale.call"
    _description = "Call a Customer"
    _rec_name = "followup_id"

    followup_id = fields.Many2one("aftersale.followup", required=True, readonly=True, ondelete="cascade")
    customer = fields.Char(compute="_compute_context")
    phone = fields.Char(
        "Phone Number", compute="_compute_context", help="In full, since whoever opens this form is about to dial it."
    )
    products = fields.Char(compute="_compute_context")
    history = fields.Text("Before the Call", compute="_compute_context")
    script = fields.Html(compute="_compute_script", sanitize=False)
    questionnaire = fields.Json(compute="_compute_questionnaire")
    answers = fields.Json("Questions")
    channel_id = fields.Many2one(
        "aftersale.channel",
        compute="_compute_channel_id",
        compute_sudo=False,
        store=True,
        readonly=False,
        domain=[("is_automatic", "=", False), ("code", "!=", "inbound")],
    )
    contact_name = fields.Char(
        "Who Answers", compute="_compute_contact_name", compute_sudo=False, store=True, readonly=False
    )
    consent = fields.Boolean("Agrees to Be Asked", help="Asked before the questions; without it nothing is recorded.")
    note = fields.Text("Remark on the Call")
    call_back_date = fields.Datetime("Call Back At")
    refusal = fields.Selection(
        [("request", "Only this time"), ("scenario", "Never on such occasions"), ("all", "Never at all")],
        "Does Not Want to Be Asked",
        default="request",
        required=True,
    )

    @api.model_create_multi
    def create(self, vals_list):
        calls = super().create(vals_list)
        calls.followup_id.check_access("write")
        return calls

    def _checked(self):
        """Return the follow-up in sudo and in the customer's language, after checking it as the user."""
        # In a form that is not saved yet the relation holds a draft without rights of its own: check the real record.
        followup = self.followup_id._origin
        followup.check_access("write")
        installed = dict(self.env["res.lang"].get_installed())
        followup_sudo = followup.sudo()
        lang = followup_sudo.lang if followup_sudo.lang in installed else self.env.lang
        return followup_sudo.with_context(lang=lang)

    @api.depends("followup_id")
    def _compute_context(self):
        for call in self:
            followup = call._checked()
            partner = followup.partner_id
            call.customer = partner.display_name
            call.phone = partner.phone
            # Whichever way the form is reached, over RPC too: here the number gets out.
            self.env["aftersale.access.log"]._note_call(followup.with_env(self.env))
            products = ", ".join(followup.product_ids.mapped("name"))
            call.products = f"{products} ({followup.order_id.name})" if followup.order_id else products
            call.history = call._describe_history(followup)

    def _describe_history(self, followup):
        """Return in few lines what the agent should know: the last score, open issues, earlier attempts."""
        customer = followup.commercial_partner_id.id
        domain = [("commercial_partner_id", "=", customer), ("company_id", "=", followup.company_id.id)]
        last = followup.env["aftersale.feedback"].search(domain + [("score", ">", 0)], limit=1)
        issues = followup.env["aftersale.issue"].search(
            domain + [("state", "in", ("new", "processing", "done"))], limit=3
        )
        lines = []
        if last:
            day = followup.company_id._aftersale_date(last.date)
            lines.append(
                self.env._("Last score: %(score)s on %(date)s.", score=last.score, date=fields.Date.to_string(day))
            )
        lines += [
            self.env._("Open issue: %(number)s %(title)s", number=issue.name, title=issue.title) for issue in issues
        ]
        if followup.attempt_count:
            lines.append(self.env._("Attempts so far: %s.", followup.attempt_count))
        return "\n".join(lines)

    @api.depends("followup_id")
    def _compute_script(self):
        for call in self:
            followup = call._checked()
            call.script = call._format_script(followup._fill(followup.plan_id.script or ""))

    @api.model
    def _format_script(self, text):
        """Return the script as HTML: each line that starts with a hash opens a part.

        Opening and consent are unfolded: every call begins with them.
        """
        parts = []
        for line in text.splitlines():
            if line.startswith("# "):
                parts.append((line[2:].strip(), []))
            elif line.strip():
                if not parts:
                    parts.append((self.env._("Script"), []))
                parts[-1][1].append(line.strip())
        html = Markup("")
        for index, (title, lines) in enumerate(parts):
            body = Markup("").join(Markup("<p>%s</p>") % line for line in lines)
            opened = Markup(' open="open"') if index < 2 else ""
            html += Markup("<details%s><summary><b>%s</b></summary>%s</details>") % (opened, title, body)
        return html

    @api.depends("followup_id")
    def _compute_questionnaire(self):
        for call in self:
            followup = call._checked()
            call.questionnaire = [
                {
                    **question,
                    "title": followup._fill(question["title"]) if "[" in question["title"] else question["title"],
                }
                for question in followup._get_survey()._aftersale_form()["questions"]
            ]

    @api.depends("followup_id")
    def _compute_channel_id(self):
        for call in self:
            channel = call._checked().channel_id
            manual = channel and not channel.is_automatic and channel.code != "inbound"
            call.channel_id = channel if manual else self.env["aftersale.channel"]._by_code("phone")

    @api.depends("followup_id")
    def _compute_contact_name(self):
        for call in self:
            call.contact_name = call._checked().partner_id.name

    def action_save(self):
        """Record the answers: an attempt that reached the customer, and the feedback."""
        self.ensure_one()
        followup = self._checked()
        if not self.consent:
            raise UserError(self.env._("Ask whether the customer agrees to be asked, and tick it, before you save."))
        if not followup._is_answerable("staff"):
            raise UserError(self.env._("This follow-up has been answered or ended meanwhile; nothing was saved."))
        followup = followup.with_context(lang=self.env.lang)  # messages are for the agent
        channel = self.channel_id.sudo()
        followup._log_attempt("reached", channel=channel, note=self.note)
        followup._record_answers(
            self.answers or {}, "staff", channel=channel, user=self.env.user, contact_name=self.contact_name
        )
        return self._close(self.env._("The answers are recorded."))

    def action_log(self):
        """Log an attempt without answers; its outcome comes from the button (context key ``outcome``)."""
        self.ensure_one()
        followup = self._checked().with_context(lang=self.env.lang)
        outcome = self.env.context.get("outcome")
        if outcome not in OUTCOMES:
            raise UserError(self.env._("Choose how the attempt ended."))
        if followup.state != "ready":
            raise UserError(self.env._("%s is not open any more: no further attempt is needed.", followup.name))
        channel = self.channel_id.sudo()
        if outcome == "refused":
            followup._opt_out(self.refusal, source="staff", channel=channel, note=self.note)
        else:
            when = self.call_back_date if outcome == "call_back" else None
            followup._log_attempt(outcome, channel=channel, note=self.note, call_back_date=when)
        return self._close(self.env._("The attempt is logged."))

    def _close(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": message, "next": {"type": "ir.actions.act_window_close"}},
        }
