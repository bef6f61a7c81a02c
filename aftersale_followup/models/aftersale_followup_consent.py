from odoo import fields, models


class AftersaleFollowup(models.Model):
    """What the customer agreed to before answering, in which words, and when."""

    _inherit = "aftersale.followup"

    consent = fields.Selection(
        [("asked", "Asked before the questions"), ("notice", "Notice shown, given by sending")],
        copy=False,
        readonly=True,
    )
    consent_date = fields.Datetime("Consent Given On", copy=False, readonly=True)
    consent_text = fields.Text(
        "Wording", copy=False, readonly=True, help="What was said or shown, in the language of the customer."
    )

    def _get_consent(self, source):
        """Return the values that keep the consent of whoever answers now: a ``customer`` or, asked by ``staff``."""
        self.ensure_one()
        asked = source == "staff"
        wording = self._get_asked_wording() if asked else "\n\n".join(self._get_notice())
        return {
            "consent": "asked" if asked else "notice",
            "consent_date": fields.Datetime.now(),
            "consent_text": wording,
        }

    def _get_asked_wording(self):
        """Return the consent part of the phone script, its second, as the agent saw it."""
        installed = dict(self.env["res.lang"].get_installed())
        followup = self.with_context(lang=self.lang if self.lang in installed else self.env.lang)
        parts = (followup.plan_id.script or "").split("# ")[1:]
        if len(parts) < 2:
            return followup.env._("Asked in person, without a script.")
        return followup._fill(parts[1].partition("\n")[2].strip())

    def _get_linking(self):
        """Return the sentence on what is kept together."""
        if self._allows_anonymous():
            return self.env._(
                "Unless you answer anonymously, we keep your name, your contact data, the order and your answers "
                "together."
            )
        return self.env._("We keep your name, your contact data, the order and your answers together.")

    def _get_notice(self):
        """Return the paragraphs of the privacy notice above the questions: the plan's own, else the standard text."""
        self.ensure_one()
        if self.plan_id.notice:
            text = self._fill(self.plan_id.notice)
            return [part.strip() for part in text.split("\n\n") if part.strip()]
        company = self.company_id
        phone = company.aftersale_phone or company.phone
        return [
            self.env._(
                "%s asks for your opinion to improve products and service. Answering is voluntary; by sending the "
                "form you agree that your answers are used for this.",
                company.name,
            ),
            self._get_linking(),
            self.env._("Only those who handle after-sales feedback and the problems reported in it can read them."),
            self.env._("They are kept as long as they are needed for this, and erased earlier when you ask for it."),
            self.env._("Reports issued before keep figures, customer numbers and words quoted without a name."),
            self.env._("You may see, correct or erase them at any time: %s.", phone or company.email or company.name),
        ]
