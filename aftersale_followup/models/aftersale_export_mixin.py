import re

from odoo import models

# What a spreadsheet, or the library that writes it, takes for a formula, a link or markup instead of a text.
# Signs count in their full-width form, too: Chinese spreadsheets read them as the same.
LIVE = re.compile(r"[=+\-@\t\r\n＝＋－＠]|\{=|<r>|http|(?:ftps?|file|mailto|internal|external):", re.IGNORECASE)


def as_text(value):
    """Return ``value`` so that a spreadsheet shows it as it is: texts that would come alive begin with ``'``."""
    return f"'{value}" if isinstance(value, str) and LIVE.match(value) else value


class AftersaleExportMixin(models.AbstractModel):
    """For every model that holds words of customers: in an export they are text, never a formula or a link."""

    _name = "aftersale.export.mixin"
    _description = "Export as Plain Text"

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        rows = super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)
        return [[as_text(value) for value in row] for row in rows]
