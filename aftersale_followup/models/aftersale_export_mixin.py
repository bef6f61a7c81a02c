import re

from odoo import models
from odoo.exceptions import AccessError
from odoo.models import fix_import_export_id_paths

# What a spreadsheet, or the library that writes it, takes for a formula, a link or markup instead of a text.
# Signs count in their full-width form, too: Chinese spreadsheets read them as the same.
LIVE = re.compile(r"[=+\-@\t\r\n＝＋－＠]|\{=|<r>|http|(?:ftps?|file|mailto|internal|external):", re.IGNORECASE)

# What everybody may take of a person or a message out of our records; the rest is contact data.
PEOPLE = {"res.partner", "mail.message"}
PLAIN = {"id", ".id", "name", "display_name"}


def as_text(value):
    """Return ``value`` so that a spreadsheet shows it as it is: texts that would come alive begin with ``'``."""
    return f"'{value}" if isinstance(value, str) and LIVE.match(value) else value


class AftersaleExportMixin(models.AbstractModel):
    """For every model of ours: exports are noted, texts in them are text, and contact data goes to agents only."""

    _name = "aftersale.export.mixin"
    _description = "Export as Plain Text"

    def export_data(self, fields_to_export):
        personal = self._get_personal()
        if personal:
            self._check_exported(fields_to_export)
        result = super().export_data(fields_to_export)
        self.env["aftersale.access.log"]._note("export", personal, ", ".join(fields_to_export))
        return result

    def _check_exported(self, paths):
        """Raise AccessError where who does not speak to customers asks for more of a person than the name."""
        if self.env.su or self.env.user.has_group("aftersale_followup.group_agent"):
            return
        for path in paths:
            model = self
            for name in fix_import_export_id_paths(path):
                if model._name in PEOPLE and name not in PLAIN:
                    raise AccessError(
                        self.env._("Contact data is for those who speak to the customer. Ask the agent to call.")
                    )
                field = model._fields.get(name)
                if not field or not field.relational:
                    break
                model = self.env[field.comodel_name]

    def _get_personal(self):
        """Return the records whose export is noted: all but where a model also serves others."""
        return self

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        rows = super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)
        return [[as_text(value) for value in row] for row in rows]
