from io import TextIOWrapper
from tempfile import TemporaryFile

from werkzeug.wsgi import wrap_file

from odoo import http
from odoo.http import Response, content_disposition, request


class AftersaleAnswersExport(http.Controller):
    """The table of answers for statistics, from a file of its own, so that no size fills the memory."""

    @http.route(
        "/aftersale_followup/answers/<int:export_id>.csv", type="http", auth="user", methods=["GET"], readonly=False
    )
    def download_answers(self, export_id):
        export = request.env["aftersale.answers"].browse(export_id).exists()
        if not export:
            raise request.not_found()
        export._check_export()
        table = TemporaryFile()
        text = TextIOWrapper(table, encoding="utf-8", newline="")
        export._write_csv(text)
        text.detach()
        table.seek(0)
        name = f"answers-{export.date_from}-{export.date_to}.csv"
        headers = [("Content-Type", "text/csv; charset=utf-8"), ("Content-Disposition", content_disposition(name))]
        return Response(wrap_file(request.httprequest.environ, table), headers=headers, direct_passthrough=True)
