from odoo.http import request

from odoo.addons.web.controllers.export import ExcelExport

from ..models.aftersale_export_mixin import as_text


class AftersaleExcelExport(ExcelExport):
    """Group titles of an export do not come from the records, so that the models cannot make them plain text."""

    def from_group_data(self, fields, columns_headers, groups):
        if isinstance(groups._model, request.env.registry["aftersale.export.mixin"]):
            self._tame_titles(groups)
        return super().from_group_data(fields, columns_headers, groups)

    def _tame_titles(self, node):
        children = {}
        for title, child in node.children.items():
            self._tame_titles(child)
            # Many2one groups are (id, name), others the value itself.
            plain = (title[0], as_text(title[1])) if isinstance(title, tuple) else as_text(title)
            children[plain] = child
        node.children = children
