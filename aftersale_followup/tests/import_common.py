import base64
import csv
import io

import xlsxwriter

from .capture_common import CaptureCase


def write_csv(rows, separator=",", encoding="utf-8"):
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator).writerows(rows)
    return buffer.getvalue().encode(encoding)


def write_xlsx(rows):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return buffer.getvalue()


class ImportCase(CaptureCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.followups = cls.followup | cls._followup() | cls._followup()
        cls.titles = {role: cls._question(role)["title"] for role in ("satisfaction", "detail", "category", "nps")}
        cls.headings = ["Follow-up (number or link)", cls.titles["satisfaction"], cls.titles["detail"]]

    def _import(self, rows, user=None, content=None, **values):
        wizard = self.env["aftersale.import"].with_user(user or self.supervisor)
        content = content or write_csv(rows)
        return wizard.create({"survey_id": self.survey.id, "file": base64.b64encode(content), **values})

    def _states(self, wizard):
        return [(line.number, line.state) for line in wizard.line_ids]

    def _rows(self):
        return [
            self.headings,
            [self.followups[0].name, "4", "Good"],
            ["FU/999999", "4", "Whose is this?"],
            [self.followups[1].name, "delighted", ""],
            [self.followups[2].name, "5 – Very satisfied", "=1+1"],
        ]
