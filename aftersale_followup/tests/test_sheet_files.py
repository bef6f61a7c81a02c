import json
from io import BytesIO

from lxml import etree
from openpyxl import load_workbook

from odoo import http
from odoo.fields import Command
from odoo.tests import BaseCase, HttpCase, tagged

from odoo.addons.aftersale_followup.models.aftersale_feedback_sheet import WIDTHS
from odoo.addons.aftersale_followup.report.sheet_pages import PAGE_LINES, count_lines, split_pages

from .test_sheet import COLUMNS, LIVE, SheetCase


@tagged("post_install", "-at_install")
class TestSheetPages(BaseCase):
    def test_lines_of_words_and_of_chinese(self):
        for text, width, lines in (
            ("", 10, 1),
            ("one two", 10, 1),
            ("one two three", 10, 2),
            ("a\nb", 10, 2),
            ("你好世界", 8, 1),
            ("你好世界啊", 8, 2),
            ("x" * 25, 10, 3),
            (False, 10, 1),
        ):
            self.assertEqual(count_lines(text, width), lines, text)

    def test_no_page_is_too_full_and_no_row_is_lost(self):
        rows = [["a"]] * 100
        pages = split_pages(rows, [50])
        self.assertEqual([number for page in pages for number in page], list(range(100)))
        self.assertTrue(all(len(page) * 1.5 <= PAGE_LINES for page in pages))
        self.assertEqual(split_pages([["a"], ["\n" * 200], ["b"]], [50]), [[0], [1], [2]])
        self.assertEqual(split_pages([], [50]), [[]])

    def test_widths_are_those_of_the_fourteen_columns(self):
        self.assertEqual(list(WIDTHS), COLUMNS)
        self.assertAlmostEqual(sum(WIDTHS.values()), 100)


@tagged("post_install", "-at_install")
class TestSheetFiles(SheetCase, HttpCase):
    """The export as the web client asks for it, and the print."""

    def _xlsx(self, names, records, groupby=()):
        self.authenticate("asf_manager", "asf_manager")
        model = records._name
        fields = records.fields_get(names)
        data = {
            "model": model,
            "fields": [{"name": n, "label": fields[n]["string"], "type": fields[n]["type"]} for n in names],
            "ids": records.ids,
            "domain": [],
            "groupby": list(groupby),
            "import_compat": False,
            "context": {},
        }
        form = {"data": json.dumps(data), "csrf_token": http.Request.csrf_token(self)}
        response = self.url_open("/web/export/xlsx", data=form)
        response.raise_for_status()
        return load_workbook(BytesIO(response.content)).active

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager.group_ids = [Command.link(cls.env.ref("base.group_allow_export").id)]

    def test_export_is_one_row_per_feedback(self):
        feedback = self._row()
        sheet = self._xlsx(COLUMNS, feedback)
        rows = [[cell.value for cell in row] for row in sheet.rows]
        self.assertEqual(len(rows), 2)
        self.assertEqual(
            rows[0],
            [
                "Customer No.",
                "Customer / Short Name",
                "Contact",
                "Contact Data",
                "Follow-up Date",
                "Channel",
                "Agent",
                "Score (1–5)",
                "Feedback Details",
                "Problem Classification",
                "Proposed Improvement",
                "Follow-up Status",
                "Completion",
                "Remark",
            ],
        )
        self.assertEqual(rows[1][0], f"C{self.partner.id:06d}")
        self.assertEqual(rows[1][3], "138****1234")
        self.assertEqual(rows[1][7], 4)
        self.assertEqual(rows[1][9], f"{self.tag.display_name}；{self.tag_2.display_name}")

    def test_score_not_asked_is_no_zero(self):
        feedback = self._feedback(self._ready(), detail="No score")
        self.assertIsNone(self._xlsx(["score", "content"], feedback)["A2"].value)

    def test_customers_words_are_no_formula(self):
        words = '=HYPERLINK("http://evil.example","click")'
        feedback = self._feedback(self._ready(), score=1, detail=words, contact_name=words)
        sheet = self._xlsx(["detail", "content", "contact_name"], feedback)
        for cell in sheet[2]:
            self.assertEqual((cell.data_type, cell.value), ("s", f"'{words}"))
            self.assertIsNone(cell.hyperlink)
        for text in LIVE:
            feedback.note = text
            cell = self._xlsx(["note"], feedback)["A2"]
            self.assertEqual(cell.data_type, "s", text)
            self.assertIsNone(cell.hyperlink, text)
            self.assertTrue(cell.value.startswith("'"), text)

    def test_group_titles_are_no_formula(self):
        words = "=1+1"
        feedback = self._feedback(self._ready(), score=4, contact_name=words)
        sheet = self._xlsx(["content", "note"], feedback, groupby=["contact_name"])
        self.assertEqual((sheet["A2"].data_type, sheet["A2"].value), ("s", f"'{words} (1)"))
        self.partner.name = words
        sheet = self._xlsx(["content", "note"], feedback, groupby=["partner_id"])
        self.assertEqual((sheet["A2"].data_type, sheet["A2"].value), ("s", f"'{words} (1)"))

    def test_print_shows_every_row_and_masks(self):
        rows = self._row() | self._feedback(
            self._ready(partner=self.env["res.partner"].create({"name": "<b>Li</b>", "email": "li@example.com"})),
            score=5,
        )
        report = self.env["ir.actions.report"].with_user(self.agent)
        html = report._render_qweb_html("aftersale_followup.report_feedback_sheet", rows.ids)[0].decode()
        body = etree.HTML(html)
        self.assertEqual(len(body.findall(".//thead//th")), 14)
        self.assertEqual(len(body.findall(".//tbody/tr")), 2)
        self.assertIn("138****1234", html)
        self.assertNotIn("13800001234", html)
        self.assertIn("&lt;b&gt;Li&lt;/b&gt;", html)
        self.assertEqual(self.env.ref("aftersale_followup.paperformat_feedback_sheet").orientation, "Landscape")

    def test_every_page_of_the_print_has_its_head(self):
        """Rows are not cut by the end of a page: a page that is full is followed by one with a table of its own."""
        followup = self._ready()
        answer = {"followup_id": followup.id, "channel_id": self.phone.id, "company_id": self.company.id}
        rows = self._feedback(followup, score=4)
        for _number in range(45):
            values = {"score": 4, "correction_of_id": rows[-1:].id, "correction_reason": "Typing error"}
            rows |= self.env["aftersale.feedback"].create({**answer, **values})
        report = self.env["ir.actions.report"]
        body = etree.HTML(report._render_qweb_html("aftersale_followup.report_feedback_sheet", rows.ids)[0].decode())
        tables = body.findall(".//table")
        self.assertGreater(len(tables), 1)
        self.assertEqual([len(table.findall(".//th")) for table in tables], [14] * len(tables))
        self.assertEqual(len(body.findall(".//tbody/tr")), 46)
        self.assertEqual([table.get("class") for table in tables], [None] + ["as_next"] * (len(tables) - 1))
