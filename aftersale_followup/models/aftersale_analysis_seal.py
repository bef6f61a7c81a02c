import json
from hashlib import sha256

from odoo import fields, models


def seal_of(figures):
    """Return the fingerprint of ``figures``, whatever the order of their keys."""
    text = json.dumps(figures, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


class AftersaleAnalysis(models.Model):
    """An issued analysis is sealed, so that a change past every guard is seen."""

    _inherit = "aftersale.analysis"

    seal = fields.Char(readonly=True, copy=False, export_string_translation=False, help="Fingerprint of the figures.")

    def write(self, vals):
        if vals.get("state") == "issued":
            for analysis in self:
                super(AftersaleAnalysis, analysis).write({**vals, "seal": seal_of(analysis.figures)})
            return True
        return super().write(vals)
