import io
import re
import unicodedata
from datetime import date, datetime

from openpyxl import load_workbook
from pypdf import PdfReader

from odoo.exceptions import AccessError
from odoo.tests import BaseCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.aftersale_followup.report.anonymous import anonymise
from odoo.addons.aftersale_followup.report.clip import clip, text_width
from odoo.addons.aftersale_followup.report.trend_chart import spark_line, trend_chart

from .analysis_common import AnalysisCase

DAY = datetime(2026, 1, 15, 4)


@tagged("post_install", "-at_install")
class TestPageHelpers(BaseCase):
    def test_clip_keeps_to_the_room_and_cuts_between_words(self):
        self.assertEqual(clip("Short text", 20), "Short text")
        self.assertEqual(clip("Two more agents at peak hours", 20), "Two more agents at…")
        self.assertEqual(clip("高峰时段增加两名客服，转接一次", 12), "高峰时段增…")
        for text in ("a" * 50, "汉" * 50, "one two three four five six"):
            self.assertLessEqual(text_width(clip(text, 15)), 16)

    def test_line_of_a_tile_keeps_small_changes_small(self):
        def drop(values, span):
            points = re.search(r'points="([^"]+)"', spark_line(values, "x", span))[1].split()
            heights = [float(point.split(",")[1]) for point in points]
            return max(heights) - min(heights)

        self.assertAlmostEqual(drop([4.0, 4.1], 1), 2.2, places=1)
        self.assertAlmostEqual(drop([2.0, 5.0], 1), 22, places=1)
        self.assertEqual(spark_line([None, None], "x", 1), "")
        self.assertEqual(spark_line([3, None, 4, 5], "x", 1).count("<circle"), 2, "a lonely period, and the last")
        self.assertIn("&lt;b&gt;", spark_line([1, 2], "<b>", 1))

    def test_chart_draws_its_target_inside_the_frame_only(self):
        levels = [(0, "0"), (10, "10")]
        self.assertIn("dasharray", trend_chart([1, 2], ["1", "2"], ["a", "b"], "x", levels, target=5))
        self.assertNotIn("dasharray", trend_chart([1, 2], ["1", "2"], ["a", "b"], "x", levels, target=50))

    def test_streets_are_taken_out_of_quotes(self):
        text = anonymise("Ring at Lindenweg 7, left door", [], ["Lindenweg 7", None, " "])
        self.assertEqual(text, "Ring at ***, left door")


@tagged("post_install", "-at_install")
class TestAnalysisPages(AnalysisCase):
    """The report as it is read: on paper, and as a spreadsheet; in both languages."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.env["ir.module.module"].search([("name", "=", "aftersale_followup")])._update_translations(["zh_CN"])
        cls.company.partner_id.lang = "en_US"
        cls.customers = cls.env["res.partner"].create(
            [
                {
                    "name": f"Quentin Zyx{letter}wald",
                    "phone": f"+86 138 0000 77{number}5",
                    "email": f"quentin{number}@zyxwald.example",
                    "street": f"Zyxgasse {number}",
                }
                for number, letter in enumerate("abcdefg")
            ]
        )

    def _analysis(self, **values):
        values = {
            "period": "month",
            "date_from": date(2026, 1, 1),
            "date_to": date(2026, 1, 31),
            "company_id": self.company.id,
            **values,
        }
        return self.env["aftersale.analysis"].sudo().create(values)

    def _month_of_work(self):
        """Two months of answers, contacts and issues of customers whose data must not be told."""
        for score, nps in zip([5, 5, 4, 2, 4], ["10", "9", "8", "3", "7"], strict=True):
            self._feedback(datetime(2025, 12, 15), score, self.tag_fault, nps=nps)
        for number, customer in enumerate(self.customers):
            self._feedback(
                DAY,
                [5, 4, 4, 3, 2, 5, 5][number],
                self.tag_late if number % 2 else self.tag_late | self.tag_price,
                nps=str(10 - number),
                partner_id=customer.id,
                detail=f"{customer.name} of {customer.street}, {customer.phone}: slow courier, zyxgasse",
                suggestion=f"=Call {customer.name} at {customer.phone} or {customer.email}, {customer.street}",
                suggestion_state="new",
                is_typical=number == 1,
            )
            self._followup(number, "done" if number < 5 else "ready", ["sent"], partner_id=customer.id)
            self._set(self._issue(DAY, partner_id=customer.id, priority="1", kind="complaint"), create_date=DAY)

    def _text(self, pdf):
        """Texts of the pages, whatever the gaps are made of, and 月 where a font names its glyph as a radical."""
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
        return [" ".join(unicodedata.normalize("NFKC", text).split()) for text in pages]

    def _print(self, analysis, lang):
        report = self.env["ir.actions.report"].with_context(lang=lang, force_report_rendering=True)
        with self.allow_pdf_render(), mute_logger("odoo.addons.base.models.ir_actions_report"):
            pdf, _type = report._render_qweb_pdf("aftersale_followup.action_report_analysis", analysis.ids)
        return self._text(pdf)

    def test_pdf_tells_the_figures_of_the_engine_in_both_languages(self):
        self._month_of_work()
        self._set_target("csat", 60)
        self._set_target("nps", 50)
        analysis = self._analysis()
        analysis._compute_figures()
        figures = analysis.figures
        self.assertAlmostEqual(figures["satisfaction"]["value"], 4)
        self.assertAlmostEqual(figures["csat"]["value"], 5 / 7)
        # written out by hand: one decimal, shares and balances without
        shown = {
            "satisfaction": "4.0, 0.0",
            "csat": f"{round(100 * figures['csat']['value'])}%",
            "nps": f"{round(figures['nps']['value']):+d}",
            "response_rate": f"{round(100 * 5 / 7)}%",
        }
        problem = figures["top_problems"][0]
        for lang in ("en_US", "zh_CN"):
            front = self._print(analysis, lang)[0]
            labels = self.figures.with_context(lang=lang)._get_definitions()
            for key, value in shown.items():
                label = unicodedata.normalize("NFKC", labels[key][0])
                self.assertRegex(front, re.escape(label), lang)
                self.assertIn(value, front, f"{key} in {lang}")
            self.assertIn(f"{problem['n']} {round(100 * problem['share'])}%", front)
            self.assertIn(f"n = {figures['csat']['n']}", front)
            for issue in figures["priority_issues"][:5]:
                self.assertIn(issue["name"], front)
        self.assertIn("≥ 60% reached", self._print(analysis, "en_US")[0], "a word, not a colour alone")

    def test_first_page_holds_what_matters_however_much_there_is(self):
        self._month_of_work()
        analysis = self._analysis()
        analysis._compute_figures()
        figures = analysis.figures
        long = {"en_US": "A very long name of a very long thing that never ends", "zh_CN": "名称很长的一件事情" * 6}
        for number, problem in enumerate(figures["top_problems"]):
            problem["name"] = {code: f"{number} {name}"[:30] for code, name in long.items()}
            problem["products"] = [{"name": long, "n": 3}] * 3
        issue = figures["priority_issues"][0] | {"tags": [long] * 3, "owner": "Maximiliane Oberhuber", "late": True}
        figures["priority_issues"] = [{**issue, "name": f"ISS/2026/{n:05}"} for n in range(20)]
        measure = {
            "problem": [long, long],
            "department": long,
            "cooperating": [long] * 3,
            "owner": "Maximiliane Oberhuber",
            "deadline": "2026-02-10",
            "state": "in_progress",
            "late": False,
            "steps": "First\nSecond\nThird",
            "expected": long["zh_CN"],
            "target": 20,
            "effect": "no_evidence",
            "before": 35.0,
            "after": 30.0,
            "n": [50, 50],
            "change": [-20.0, 10.0],
            "withheld": False,
        }
        figures["measures"] = [{**measure, "name": f"M{n} {long['en_US']}"} for n in range(20)]
        quote = {"text": "建议 " + long["zh_CN"] * 3, "tags": [long], "similar": 2, "state": "new"}
        figures["suggestions"] = [{**quote, "text": f"Q{n} {quote['text']}"} for n in range(5)]
        analysis.figures = figures
        for lang in ("en_US", "zh_CN"):
            pages = self._print(analysis, lang)
            for told in ("ISS/2026/00004", "Q2", "M3"):
                self.assertIn(told, pages[0], lang)
            for left in ("ISS/2026/00005", "Q3", "M4"):
                self.assertNotIn(left, pages[0], lang)
                self.assertIn(left, " ".join(pages[1:]), f"in full on the next pages, {lang}")
            self.assertNotIn("M3", pages[1], f"nothing of the first page runs over, {lang}")

    def test_withheld_periods_are_not_drawn(self):
        self.company.aftersale_min_n = 3
        for month, scores in ((1, [5, 5, 4]), (2, [1, 1]), (3, [4, 4, 4])):
            self._scores(month, scores)
        analysis = self._analysis(date_from=date(2026, 3, 1), date_to=date(2026, 3, 31))
        analysis._compute_figures()
        page = self.env["report.aftersale_followup.report_analysis"]._get_page(analysis)
        chart = page["trends"][0]["chart"]
        self.assertIn(">4.7<", chart)
        self.assertNotIn("polyline", chart, "the period between is not joined over")
        self.assertNotIn("1.0<", chart.replace(">1.0</text>", "", 1), "only the lowest level says 1.0")
        self.assertEqual(page["tiles"][0]["range"], "12 periods: 4.0 to 4.7")

    def test_pages_of_analyses_that_know_no_new_key(self):
        self._scores(1, [5, 4])
        analysis = self._analysis()
        analysis._compute_figures()
        new = {"trends", "funnel_weeks", "words", "sampling", "exclusions", "left_out"}
        analysis.figures = {key: value for key, value in analysis.figures.items() if key not in new}
        self.assertIn("4.5", analysis.figures_html)
        self.assertTrue(self.env["aftersale.analysis.workbook"]._make(analysis))

    # ------------------------------------------------------------
    # spreadsheet
    # ------------------------------------------------------------

    def _issued(self):
        analysis = self._analysis().with_context(force_report_rendering=True)
        with self.allow_pdf_render(), mute_logger("odoo.addons.base.models.ir_actions_report"):
            analysis._issue()
        self.assertEqual(analysis.state, "issued", analysis.error_message)
        return analysis

    def _book(self, analysis, lang="en_US"):
        return load_workbook(io.BytesIO(analysis._get_workbook(lang).raw))

    def test_workbook_holds_the_figures_unrounded_as_numbers(self):
        self._month_of_work()
        analysis = self._issued()
        rows = {row[0].value: row for row in self._book(analysis)["Figures"].rows}
        labels = self.figures._get_definitions()
        compared = 0
        for key, figure in analysis.figures.items():
            if isinstance(figure, dict) and "withheld" in figure and key in labels:
                cell, n = rows[labels[key][0]][1:3]
                self.assertAlmostEqual(cell.value, figure["value"], places=12, msg=key)
                self.assertEqual(n.value, figure["n"], key)
                self.assertEqual(cell.data_type, "n")
                compared += 1
        self.assertGreater(compared, 8)
        self.assertEqual(rows["Average satisfaction"][1].number_format, "0.0")
        periods = list(self._book(analysis)["Periods"].rows)
        self.assertEqual(periods[-1][0].value, datetime(2026, 1, 1))
        self.assertEqual(periods[-1][2].value, analysis.figures["satisfaction"]["value"])
        labels = self.figures.with_context(lang="zh_CN")._get_definitions()
        names = {row[0].value for sheet in self._book(analysis, "zh_CN") for row in sheet.rows}
        self.assertIn(labels["csat"][0], names)

    def test_workbook_leaves_out_what_is_withheld(self):
        self.company.aftersale_min_n = 6
        self._scores(1, [5, 3, 5, 3, 5])
        rows = {row[0].value: row for row in self._book(self._issued())["Figures"].rows}
        self.assertEqual([cell.value for cell in rows["Average satisfaction"][1:5]], [None, 5, None, None])
        self.assertEqual(rows["Average satisfaction"][7].value, "too few answers")

    def test_no_contact_data_in_pdf_and_workbook(self):
        self._month_of_work()
        analysis = self._issued()
        texts = " ".join(self._text(analysis._get_pdf("en_US").raw))
        book = [str(cell.value) for sheet in self._book(analysis) for row in sheet.rows for cell in row if cell.value]
        for told in (texts, " ".join(book)):
            self.assertIn("***", told, "the suggestion is quoted")
            for customer in self.customers:
                words = (customer.name, customer.name.split()[1], customer.phone, customer.email, customer.street)
                for secret in words:
                    self.assertNotIn(secret.lower(), told.lower())
            self.assertNotRegex(told, "quentin|zyx|0000 ?77")

    def test_texts_in_the_workbook_are_no_formulas(self):
        self._feedback(DAY, 4, suggestion="=1+1", suggestion_state="new", is_typical=True)
        self.tag_late.name = "@SUM(1)"
        self._feedback(DAY, 2, self.tag_late)
        cells = [cell for sheet in self._book(self._issued()) for row in sheet.rows for cell in row]
        self.assertFalse([cell.value for cell in cells if cell.data_type == "f"])
        self.assertLessEqual({"'=1+1", "'@SUM(1)"}, {cell.value for cell in cells})

    def test_workbook_is_frozen_and_for_who_may_export(self):
        self._scores(1, [5])
        analysis = self._issued()
        groups = "aftersale_followup.group_manager"
        manager = new_test_user(self.env, "sheet_manager", groups, company_id=self.company.id)
        export = self.env.ref("base.group_allow_export")
        manager.group_ids -= export
        mine = analysis.with_user(manager).sudo(False)
        with self.assertRaises(AccessError):
            mine.action_workbook()
        manager.group_ids += export
        url = mine.action_workbook()["url"]
        file = analysis._get_workbook("en_US")
        self.assertEqual(url, f"/web/content/{file.id}?download=true")
        content = file.raw
        self._scores(1, [1, 1])
        self.assertEqual(analysis._get_workbook("en_US").raw, content)
        with self.assertRaises(AccessError):
            file.with_user(manager).sudo(False).write({"raw": b"forged"})

    def test_workbook_is_read_by_who_may_export_only(self):
        self._scores(1, [5])
        analysis = self._issued()
        export = self.env.ref("base.group_allow_export")
        user = new_test_user(
            self.env, "sheet_reader", "aftersale_followup.group_supervisor", company_id=self.company.id
        )
        for language in ("en_US", "zh_CN"):
            file = analysis._get_workbook(language).with_user(user).sudo(False)
            for groups, allowed in ((user.group_ids | export, True), (user.group_ids - export, False)):
                user.group_ids = groups
                with self.subTest(language=language, allowed=allowed):
                    self.assertEqual(file.has_access("read"), allowed)
                    self.assertEqual(bool(file.search([("id", "=", file.id)])), allowed)
                    listed = file.search([("res_model", "=", analysis._name), ("res_id", "=", analysis.id)])
                    self.assertTrue(listed, "the PDF is there")
                    self.assertNotIn(file, listed, "nor is it in the chatter")
