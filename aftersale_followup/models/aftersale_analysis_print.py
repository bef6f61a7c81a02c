from odoo import models


class AftersaleAnalysis(models.Model):
    """The frozen PDFs of an analysis, one for each language."""

    _inherit = "aftersale.analysis"

    def _get_pdf(self, lang):
        """The frozen PDF in a language, printed from the frozen figures the first time somebody needs that language."""
        self.ensure_one()
        installed = [code for code, _label in self.env["res.lang"].get_installed()]
        lang = lang if lang in installed else self.env.lang or installed[0]
        report = self.env["ir.actions.report"].with_context(
            lang=lang, report_pdf_no_attachment=True, allowed_company_ids=self.company_id.ids
        )
        name = self.with_context(lang=lang)._get_pdf_name()
        Attachment = self.env["ir.attachment"]
        pdf = Attachment.search(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("name", "=", name)], order="id", limit=1
        )
        if not pdf:
            content, _type = report._render_qweb_pdf("aftersale_followup.action_report_analysis", self.ids)
            pdf = Attachment.create({"name": name, "raw": content, "res_model": self._name, "res_id": self.id})
        return pdf

    def _get_pdf_name(self):
        """File name of the PDF in the environment's language; the report action finds the frozen PDF by it.

        It is not translated, so that it is found again after a translation has changed.
        """
        self.ensure_one()
        number = self.name.replace("/", "-")
        return f"aftersales-analysis-{self.period}-{self.date_from}-{number}-{self.env.lang or 'en_US'}.pdf"
