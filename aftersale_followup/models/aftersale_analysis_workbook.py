from odoo import fields, models
from odoo.exceptions import AccessError


class AftersaleAnalysis(models.Model):
    """The figures as an Excel file beside the PDF."""

    _inherit = "aftersale.analysis"

    # Holds the files of all languages as attachments: being of a field, they are in no chatter, and who may not read
    # the field cannot read them.
    workbook = fields.Binary(
        readonly=True, copy=False, groups="base.group_allow_export", export_string_translation=False
    )

    def action_workbook(self):
        """Open the frozen Excel file in the reader's language, for who may export."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("base.group_allow_export"):
            raise AccessError(self.env._("You may not export. Ask your administrator for the right to."))
        self._check_issued()
        # sudo: readers may not write on the analysis the file belongs to
        file = self.sudo()._get_workbook(self.env.lang)
        return {"type": "ir.actions.act_url", "url": f"/web/content/{file.id}?download=true", "target": "self"}

    def _get_workbook(self, lang):
        """The frozen file in a language, made from the frozen figures the first time somebody needs that language."""
        self.ensure_one()
        analysis = self.with_context(lang=lang)
        name = analysis._get_pdf_name()[: -len("pdf")] + "xlsx"
        key = {"res_model": self._name, "res_id": self.id, "res_field": "workbook", "name": name}
        Attachment = self.env["ir.attachment"]
        file = Attachment.search([(field, "=", value) for field, value in key.items()], order="id", limit=1)
        return file or Attachment.create({**key, "raw": analysis.env["aftersale.analysis.workbook"]._make(analysis)})
