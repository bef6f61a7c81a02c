import io
from datetime import date, datetime

from odoo import models

from ..models.aftersale_export_mixin import as_text
from .figure_kinds import get_kind

FORMATS = {
    "score": "0.0",
    "change": "0.0",
    "days": "0.0",
    "share": "0%",
    "growth": "0%",
    "points": "0%",
    "balance": "0",
    "money": "#,##0.00",
    "day": "yyyy-mm-dd",
}
FORBIDDEN = str.maketrans("[]:*?/\\", "       ")  # in the names of sheets
WIDTH, FIRST_WIDTH = 16, 38


class Sheets:
    """An Excel file, a sheet a part: numbers as numbers, texts as texts whatever they begin with."""

    def __init__(self):
        import xlsxwriter  # noqa: PLC0415  as Odoo does: only who asks for a file needs it

        self.output = io.BytesIO()
        self.book = xlsxwriter.Workbook(
            self.output, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self.head = self.book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self.text = self.book.add_format({"text_wrap": True, "valign": "top"})
        self.formats = {
            unit: self.book.add_format({"num_format": code, "valign": "top"}) for unit, code in FORMATS.items()
        }

    def add(self, title, headings, rows):
        """Add a sheet; cells are texts, numbers, dates, (number, unit) or None for an empty one."""
        if not rows:
            return
        sheet = self.book.add_worksheet(title.translate(FORBIDDEN)[:31])
        sheet.set_column(0, 0, FIRST_WIDTH)
        sheet.set_column(1, len(headings), WIDTH)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate([headings, *rows]):
            for column, cell in enumerate(row):
                self._write(sheet, number, column, cell, number == 0)

    def _write(self, sheet, row, column, cell, is_head):
        value, unit = cell if isinstance(cell, tuple) else (cell, None)
        if isinstance(value, bool) or value is None:
            return
        if isinstance(value, (date, datetime)):
            sheet.write_datetime(row, column, value, self.formats["day"])
        elif isinstance(value, (int, float)):
            sheet.write_number(row, column, value, self.formats.get(unit))
        else:
            sheet.write_string(row, column, as_text(value), self.head if is_head else self.text)

    def close(self):
        self.book.close()
        return self.output.getvalue()


class AftersaleAnalysisWorkbook(models.AbstractModel):
    """All figures of an analysis as an Excel file, in the language of the environment; unrounded.

    It holds what the report holds: no contact data, and nothing that is withheld.
    """

    _name = "aftersale.analysis.workbook"
    _description = "After-sales Analysis as a Spreadsheet"

    def _make(self, analysis):
        """Return the file, as bytes."""
        page = self._report()._get_page(analysis)
        figures = analysis.figures or {}
        sheets = Sheets()
        for part in self._get_parts():
            for title, headings, rows in part(analysis, figures, page):
                sheets.add(title, headings, rows)
        return sheets.close()

    def _get_parts(self):
        """Return the methods that make sheets: of analysis, figures and page, each yields (title, headings, rows)."""
        return [
            self._get_figures,
            self._get_trends,
            self._get_problems,
            self._get_lists,
            self._get_loop,
            self._get_funnel,
            self._get_people,
            self._get_scores,
            self._get_effects,
            self._get_words,
            self._get_method,
        ]

    def _report(self):
        return self.env["report.aftersale_followup.report_analysis"]

    def _pick(self, names):
        return self._report()._pick(names)

    # ------------------------------------------------------------
    # figures
    # ------------------------------------------------------------

    def _get_headings(self):
        return [
            self.env._("Value"),
            self.env._("n"),
            self.env._("95 % interval, low"),
            self.env._("95 % interval, high"),
            self.env._("Before"),
            self.env._("n before"),
            self.env._("Read With Care"),
        ]

    def _get_cells(self, figure, unit):
        """The cells of a figure, below these headings."""
        if not figure:
            return [None, 0]
        shown, shown_before = not figure["withheld"], not figure.get("previous_withheld", True)
        remark = self.env._("few answers") if figure["weak"] else ""
        return [
            (figure["value"], unit) if shown else None,
            figure["n"],
            (figure["low"], unit) if shown else None,
            (figure["high"], unit) if shown else None,
            (figure["previous"], unit) if shown_before else None,
            figure.get("previous_n"),
            remark if shown else self.env._("too few answers"),
        ]

    def _get_figures(self, analysis, figures, page):
        """All figures by name, each with its target and how it is counted."""
        labels = {"green": self.env._("reached"), "amber": self.env._("just missed"), "red": self.env._("missed")}
        rows = []
        for key, (label, definition) in self.env["aftersale.figures"]._get_definitions().items():
            figure = figures.get(key)
            if isinstance(figure, dict) and "withheld" in figure:
                unit = get_kind(key)
                target = (figure["target"], unit) if "target" in figure else None
                light = labels.get(figure.get("light"), "")
                rows.append([label, *self._get_cells(figure, unit), target, light, definition])
        headings = [self.env._("Figure"), *self._get_headings(), self.env._("Target"), self.env._("Result")]
        yield self.env._("Figures"), [*headings, self.env._("How it is counted")], rows

    def _get_trends(self, analysis, figures, page):
        """One row a period, value and n of each headline figure."""
        trends = {tile["key"]: self._report()._get_trend_points(figures, tile["key"]) for tile in page["tiles"]}
        labels = {tile["key"]: tile["label"] for tile in page["tiles"]}
        trends = {key: points for key, points in trends.items() if points}
        rows = []
        for points in zip(*trends.values(), strict=True):
            row = [date.fromisoformat(points[0][name]) for name in ("date_from", "date_to")]
            for key, point in zip(trends, points, strict=True):
                row += [None if point["withheld"] else (point["value"], get_kind(key)), point["n"]]
            rows.append(row)
        headings = [self.env._("From"), self.env._("To")]
        for key in trends:
            headings += [labels[key], self.env._("n")]
        yield self.env._("Periods"), headings, rows

    def _get_problems(self, analysis, figures, page):
        rows = []
        for rank, problem in enumerate(figures.get("top_problems") or [], start=1):
            shown, before = not problem["withheld"], problem["previous_share"]
            rows.append(
                [
                    self._pick(problem["name"]),
                    rank,
                    problem["n"],
                    (problem["share"], "share") if shown else None,
                    problem["previous_rank"],
                    (before, "share") if before is not None and not problem["previous_withheld"] else None,
                    page["problems"][rank - 1]["products"],
                ]
            )
        headings = [self.env._("Problem"), self.env._("No."), self.env._("Feedback"), self.env._("Share")]
        headings += [self.env._("No. Before"), self.env._("Share Before"), self.env._("Products most hit")]
        yield self.env._("Problems"), headings, rows

    def _get_lists(self, analysis, figures, page):
        """The lists of the report as they are printed there."""
        report = self._report()
        for title, key, columns in (
            (self.env._("High-priority list"), "issues", report._get_issue_columns()),
            (self.env._("Typical suggestions"), "suggestions", report._get_suggestion_columns()),
            (self.env._("Improvement measures"), "measures", report._get_measure_columns()),
        ):
            headings = [label for label, _width, _class in columns.values()]
            yield title, headings, [[row[name] for name in columns] for row in page[key]]
