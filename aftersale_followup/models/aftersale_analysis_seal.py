import json
from hashlib import sha256

from odoo import fields, models


def seal_of(figures):
    """Return the fingerprint of ``figures`` as the database keeps them: keys in any order, and no negative zero."""
    kept = json.loads(json.dumps(figures), parse_float=lambda digits: float(digits) + 0.0)
    return sha256(json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class AftersaleAnalysis(models.Model):
    """An issued analysis is sealed, so that a change past every guard is seen."""

    _inherit = "aftersale.analysis"

    seal = fields.Char(readonly=True, copy=False, export_string_translation=False, help="Fingerprint of the figures.")

    # {file name: fingerprint} of what was printed
    print_seals = fields.Json(readonly=True, copy=False, export_string_translation=False)

    def _get_pdf(self, lang):
        """The PDF of a language is sealed when it is printed."""
        pdf = super()._get_pdf(lang)
        if self.state == "issued" and pdf.name not in (self.print_seals or {}):
            self.print_seals = {**(self.print_seals or {}), pdf.name: sha256(pdf.raw or b"").hexdigest()}
        return pdf

    def _is_unchanged(self):
        """Return whether the figures and all that was printed are what they were; what has no seal is not looked at."""
        self.ensure_one()
        if self.seal and self.seal != seal_of(self.figures):
            return False
        seals = self.print_seals or {}
        reports = self.env["ir.attachment"].search(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("name", "in", list(seals))]
        )
        found = {report.name: sha256(report.raw or b"").hexdigest() for report in reports}
        reports.invalidate_recordset(["raw"])  # years of reports are not kept in memory
        return found == seals

    def write(self, vals):
        if vals.get("state") == "issued":
            for analysis in self:
                super(AftersaleAnalysis, analysis).write({**vals, "seal": seal_of(analysis.figures)})
            return True
        return super().write(vals)
