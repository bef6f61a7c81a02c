from odoo import fields, models


class AftersaleFollowup(models.Model):
    """What the customer agreed to before answering, in which words, and when."""

    _inherit = "aftersale.followup"

    consent = fields.Selection(
        [
            ("asked", "Asked before the questions"),
            ("notice", "Notice shown, given by sending"),
            ("declined", "Declined before the questions"),
        ],
        copy=False,
        readonly=True,
    )
    consent_date = fields.Datetime("Consent Given On", copy=False, readonly=True)
    consent_text = fields.Text(
        "Wording", copy=False, readonly=True, help="What was said or shown, in the language of the customer."
    )
    consent_version = fields.Char(
        "Version of the Wording",
        copy=False,
        readonly=True,
        help="Fingerprint of the wording before it was filled: the same for all who were asked in the same words.",
    )

    def _get_consent(self, source):
        """Return the values that keep the consent of whoever answers now: a ``customer`` or, asked by ``staff``.

        ``declined`` keeps that the customer was asked and did not agree.
        """
        self.ensure_one()
        if source == "customer":
            wording = "\n\n".join(self._get_notice())
            version = self._get_version(self.plan_id.notice or wording)
        else:
            wording, version = self._get_asked_wording()
        return {
            "consent": {"customer": "notice", "staff": "asked"}.get(source, source),
            "consent_date": fields.Datetime.now(),
            "consent_text": wording,
            "consent_version": version,
        }

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
