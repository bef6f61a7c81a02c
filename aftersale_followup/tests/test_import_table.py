import base64
import io

from openpyxl import load_workbook
from psycopg2.errors import UniqueViolation

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.import_cells import CellReader
from ..models.import_table import MAX_ROWS, TableError, read_table
from .import_common import ImportCase, write_csv, write_xlsx


@tagged("post_install", "-at_install")
class TestImportColumns(ImportCase):
    def test_a_mapping_is_kept_and_used_again(self):
        rows = [["Ref", "Happy?", "Words", "IP"], [self.followups[0].name, "delighted", "Great", "127.0.0.1"]]
        wizard = self._import(rows)
        self.assertEqual(set(wizard.column_ids.mapped("target")), {"ignore"})
        with self.assertRaisesRegex(UserError, "No column answers"):
            wizard.action_try()
        ref, happy, words, _address = wizard.column_ids
        ref.target = "followup"
        happy.write(
            {
                "target": "question",
                "question_id": self._question("satisfaction")["id"],
                "translations": "delighted = 5\nso-so=3",
            }
        )
        words.write({"target": "question", "question_id": self._question("detail")["id"]})
        wizard.mapping_name = "Monthly export"
        wizard.action_keep_mapping()
        rows[1][0], rows[0] = self.followups[1].name, ["ref ", "IP", "HAPPY?", "Words"]  # names count, not places
        rows[1] = [self.followups[1].name, "127.0.0.1", "So-so", "Well"]
        again = self._import(rows, mapping_id=wizard.mapping_id.id)
        again.action_import()
        self.assertEqual(again.line_ids.mapped("message"), [False])
        self.assertEqual((self.followups[1].feedback_id.score, self.followups[1].feedback_id.detail), (3, "Well"))
        # Kept again under the same name, it is the same mapping.
        again.mapping_name = "Monthly export"
        again.action_keep_mapping()
        self.assertEqual(again.mapping_id, wizard.mapping_id)
        self.assertEqual(len(wizard.mapping_id.line_ids), 4)

    def test_a_new_version_of_the_questionnaire_takes_its_mappings_along(self):
        """Columns lead to the questions, rows and choices of the new version; the old mapping stays."""
        matrix, category = self._question("dimension"), self._question("category")
        meanings = [
            ("Ref", "followup", None, None),
            ("Happy?", "question", self._question("satisfaction")["id"], None),
            ("Last area", "question", matrix["id"], matrix["rows"][-1]["id"]),
            ("Second category", "question", category["id"], category["choices"][1]["id"]),
        ]
        lines = [
            {"name": name, "target": target, "question_id": question, "answer_id": answer, "sequence": place}
            for place, (name, target, question, answer) in enumerate(meanings)
        ]
        lines[1]["translations"] = "delighted = 5"
        Mapping = self.env["aftersale.import.mapping"]
        values = {"survey_id": self.survey.id, "name": "Monthly export"}
        mapping = Mapping.create({**values, "line_ids": [Command.create(line) for line in lines]})
        Mapping.create({**values, "name": "Not in use", "active": False})
        version = self.survey.browse(self.survey.with_user(self.manager).action_aftersale_new_version()["res_id"])
        copied = Mapping.with_context(active_test=False).search([("survey_id", "=", version.id)])
        self.assertEqual(copied.mapped("name"), ["Monthly export"])
        self.assertEqual(
            copied.line_ids.mapped(lambda line: (line.name, line.target, line.translations)),
            mapping.line_ids.mapped(lambda line: (line.name, line.target, line.translations)),
        )
        self.assertEqual(mapping.line_ids.question_id.survey_id, self.survey)
        self.assertEqual(copied.line_ids.question_id.survey_id, version)
        for old, new in zip(mapping.line_ids, copied.line_ids, strict=True):
            self.assertEqual(new.question_id.title, old.question_id.title)
            self.assertEqual(new.answer_id.value, old.answer_id.value)
            self.assertFalse(new.answer_id & old.answer_id)

    def test_a_column_names_its_question_and_row(self):
        wizard = self._import(self._rows())
        matrix = self._question("dimension")
        with self.assertRaisesRegex(ValidationError, "Choose the question"):
            wizard.column_ids[0].target = "question"
        with self.assertRaisesRegex(ValidationError, "row of the matrix"):
            wizard.column_ids[0].write({"target": "question", "question_id": matrix["id"]})
        with self.assertRaisesRegex(ValidationError, "another question"):
            wizard.column_ids[1].answer_id = matrix["rows"][0]["id"]

    def test_choices_in_columns_of_their_own(self):
        category = self._question("category")
        late, wrong = (choice["label"] for choice in category["choices"][1:3])
        rows = [[*self.headings, f"{category['title']} [{late}]", f"{category['title']} [{wrong}]"]]
        rows.append([self.followups[0].name, "4", "", "x", "0"])
        wizard = self._import(rows)
        wizard.action_import()
        self.assertEqual(len(self.followups[0].feedback_id.tag_ids), 1, wizard.line_ids.message)

    def test_the_template_is_understood_in_every_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["survey.question"].browse(self._question("detail")["id"]).with_context(
            lang="zh_CN"
        ).title = "情况怎么样？"
        wizard = self._import(self._rows())
        for lang in ("en_US", "zh_CN"):
            with self.subTest(lang=lang):
                content = base64.b64decode(wizard.with_context(lang=lang).template_file)
                heading = [cell.value for cell in load_workbook(io.BytesIO(content)).worksheets[0][1]]
                again = self._import(None, content=write_xlsx([heading, ["1"] * len(heading)]))
                self.assertNotIn("ignore", again.column_ids.mapped("target"))
                self.assertEqual(len(set(again.column_ids.mapped("question_id"))), 6)

    def test_lines_to_mend_come_back_with_their_reason(self):
        wizard = self._import(self._rows())
        wizard.action_import()
        content = base64.b64decode(wizard.rest_file)
        sheet = load_workbook(io.BytesIO(content)).worksheets[0]
        lines = [[cell.value for cell in row] for row in sheet.iter_rows()]
        self.assertEqual([line[1] for line in lines], [self.headings[0], "FU/999999", self.followups[1].name])
        self.assertIn("delighted", lines[2][0])
        # Mended, that very table goes in.
        lines[2][2] = "5"
        again = self._import(None, content=write_xlsx([lines[0], lines[2]]))
        again.action_import()
        self.assertEqual(self._states(again), [(2, "done")])

    def test_a_text_that_fell_apart_is_no_shorter_answer(self):
        first, second = (followup.name for followup in self.followups[:2])
        table = f"{self.headings[0]},Score,Text\n{first},4,Nice, but loud\n{second},5,Nice,,\n"
        wizard = self._import(None, content=table.encode())
        for column, role in zip(wizard.column_ids[1:], ("satisfaction", "detail"), strict=True):
            column.write({"target": "question", "question_id": self._question(role)["id"]})
        wizard.action_import()
        self.assertEqual(self._states(wizard), [(2, "error"), (3, "done")])
        self.assertIn("more cells", wizard.line_ids[0].message)
        sheet = load_workbook(io.BytesIO(base64.b64decode(wizard.rest_file))).worksheets[0]
        self.assertEqual([cell.value for cell in sheet[2]][1:], [first, "4", "Nice", "but loud"])

    def test_a_mapping_name_is_used_once(self):
        Mapping = self.env["aftersale.import.mapping"].with_user(self.supervisor)
        values = {"name": "Export", "survey_id": self.survey.id, "line_ids": [Command.create({"name": "A"})]}
        Mapping.create(values)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            Mapping.create(values)


@tagged("post_install", "-at_install")
class TestImportTable(ImportCase):
    def test_csv_of_any_make(self):
        rows = [["号", "意见"], ["1", "很好，谢谢"]]
        expected = [(1, rows[0]), (2, rows[1])]
        for separator in ",;\t":
            for encoding in ("utf-8", "utf-8-sig", "utf-16", "gb18030"):
                with self.subTest(separator=separator, encoding=encoding):
                    self.assertEqual(read_table(write_csv(rows, separator, encoding), chinese=True), expected)
        western = write_csv([["No", "Avis"], ["1", "Très bien"]], ";", "cp1252")
        self.assertEqual(read_table(western)[1], (2, ["1", "Très bien"]))

    def test_questions_may_hold_commas(self):
        table = read_table(b"No;How was it, all in all, with us?\n1;Well, thanks\n2;Fine\n")
        self.assertEqual([len(cells) for _number, cells in table], [2, 2, 2])

    def test_blank_lines_are_left_out_and_lines_keep_their_numbers(self):
        table = read_table(b"A,B\n\n1\n , \n3,4,5\n")
        self.assertEqual(table, [(1, ["A", "B"]), (3, ["1", ""]), (5, ["3", "4", "5"])])

    def test_what_is_no_table_is_refused_with_a_reason(self):
        cases = {
            b"": "empty",
            b"A,B\n": "empty",
            b"\xd0\xcf\x11\xe0\x00\x00": "format",
            b"PK\x03\x04 torn": "format",
            b"A\n" + b"1\n" * (MAX_ROWS + 1): "long",
        }
        for content, reason in cases.items():
            with self.subTest(content=content[:10]), self.assertRaisesRegex(TableError, reason):
                read_table(content)
        with self.assertRaisesRegex(UserError, "neither CSV nor XLSX"):
            self._import(None, content=b"PK\x03\x04 torn").column_ids.mapped("name")

    def test_answers_in_words_of_any_language_and_by_number(self):
        reader = CellReader([self.survey._aftersale_form()])
        scale, category = self._question("satisfaction"), self._question("category")
        ids = [choice["id"] for choice in category["choices"]]
        names = [choice["label"] for choice in category["choices"]]
        cases = [
            (scale, "4", (4, True)),
            (scale, "5分", (5, True)),
            (scale, "4.0", (4, True)),
            (scale, "4,5", (None, False)),
            (scale, "4.5", (None, False)),
            (scale, "4-5", (None, False)),
            (scale, "4 5", (None, False)),
            (category, "²", ([None], False)),
            (scale, "Very Satisfied", (5, True)),
            (scale, "so-so", (None, False)),
            (scale, " ", (None, True)),
            (category, names[1], ([ids[1]], True)),
            (category, f"{names[1]};{names[2]}", (ids[1:3], True)),
            (category, "2、3", (ids[1:3], True)),
            (category, "2, 10", ([ids[1], ids[9]], True)),
        ]
        for question, cell, expected in cases:
            with self.subTest(cell=cell):
                self.assertEqual(reader.read_cell(question["id"], None, cell), expected)
        self.assertFalse(reader.read_cell(category["id"], None, f"{names[1]};nonsense")[1])
        self.assertFalse(reader.read_cell(category["id"], None, "0")[1])
