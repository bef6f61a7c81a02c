import base64
import io

import xlsxwriter

from odoo import fields, models
from odoo.exceptions import UserError

from ..models.import_cells import plain

LIST_LENGTH = 250  # characters that a spreadsheet takes for the list of one cell
ROWS = 1000  # lines of the template that offer the answers as a list


class AftersaleImport(models.TransientModel):
    """What an import hands out: the empty table to fill in, and the lines that were not taken over."""

    _inherit = "aftersale.import"

    template_file = fields.Binary(compute="_compute_template_file", export_string_translation=False)
    rest_file = fields.Binary(compute="_compute_rest_file", export_string_translation=False)

    def action_download_template(self):
        """Download an empty table for this questionnaire, with a sheet that says what may be entered."""
        return self._download("template_file", self.env._("Answers"))

    def action_download_rest(self):
        """Download the lines that were not taken over, each with its reason: mend them and import that table."""
        if not self.line_ids.filtered(lambda line: line.state == "error"):
            raise UserError(self.env._("Every line was good."))
        return self._download("rest_file", self.env._("Lines to mend"))

    def _download(self, field, name):
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/{field}/{name}.xlsx?download=true",
            "target": "download",
        }

    def _compute_template_file(self):
        for wizard in self:
            wizard.template_file = wizard._base64(wizard._write_template())

    def _compute_rest_file(self):
        for wizard in self:
            wizard.rest_file = wizard._base64(wizard._write_rest())

    @staticmethod
    def _base64(content):
        return base64.b64encode(content)

    def _write_template(self):
        """Return the template as the bytes of an XLSX file, in the language of the user."""
        buffer = io.BytesIO()
        # Texts are texts: nothing in a title becomes a formula or a link.
        with xlsxwriter.Workbook(
            buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        ) as book:
            bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
            wrap = book.add_format({"text_wrap": True, "valign": "top"})
            text = book.add_format({"num_format": "@"})
            sheet, guide = book.add_worksheet(self.env._("Answers")), book.add_worksheet(self.env._("What to enter"))
            sheet.freeze_panes(1, 1)
            guide.set_column(0, 0, 45, wrap)
            guide.set_column(1, 1, 90, wrap)
            for place, (heading, hint, choices) in enumerate(self._list_template()):
                sheet.write_string(0, place, heading, bold)
                sheet.set_column(place, place, 22, text)
                if choices and len(",".join(choices)) < LIST_LENGTH and not any("," in choice for choice in choices):
                    options = {"validate": "list", "source": choices, "error_type": "warning"}
                    sheet.data_validation(1, place, ROWS, place, options)
                guide.write_string(place, 0, heading, bold)
                guide.write_string(place, 1, hint)
        return buffer.getvalue()

    def _list_template(self):
        """Return ``[(heading, what to enter, answers offered as a list)]`` of the columns of the template."""
        questions = {question["id"]: question for question in self.survey_id._aftersale_form()["questions"]}
        hints = {
            "followup": self.env._(
                "The number on the form, such as FU/000123. Empty: feedback that came in by itself."
            ),
            "date": self.env._("The day of the answer, such as 2026-03-31. Empty: today."),
            "call_back": self.env._("When and on which number; empty when not wished for."),
            "line_key": self.env._("What tells this line from all others, for lines without a follow-up."),
        }
        columns = []
        for heading, meaning in self._list_headings():
            if meaning["target"] != "question":
                columns.append((heading, hints.get(meaning["target"], ""), []))
                continue
            question = questions[meaning["question_id"]]
            if question["several"] and question["type"] != "matrix" and meaning.get("answer_id"):
                continue  # one column for all choices is enough
            columns.append((heading, *self._describe_answers(question)))
        return columns

    def _describe_answers(self, question):
        """Return ``(what to enter in words, answers offered as a list)`` of a question."""
        names = [choice["label"] for choice in question["choices"]]
        hint = " / ".join(f"{place}: {name}" for place, name in enumerate(names, 1))
        if question["type"] == "scale":
            names = [str(point["value"]) for point in question["points"]]
            hint = " / ".join(
                f"{point['value']}: {point['label']}" if point["label"] else str(point["value"])
                for point in question["points"]
            )
        elif question["several"] and names:
            return self.env._("Several are possible, separated by semicolons: %s", hint), []
        elif question["type"] in ("date", "datetime"):
            hint = self.env._("A date, such as 2026-03-31.")
        elif question["type"] == "numerical_box":
            hint = self.env._("A number.")
        required = self.env._("Required.") if question["required"] else ""
        return " ".join(filter(None, (required, question["condition"], hint))), names

    def _write_rest(self):
        """Return the lines that were not taken over as the bytes of an XLSX file: as they were, with the reason."""
        reasons = {line.number: line.message or "" for line in self.line_ids if line.state == "error"}
        table = self._read_table() if self.file else [(1, [])]
        title = self.env._("What is wrong")
        # A table that was mended before has such a column already.
        places = [place for place, name in enumerate(table[0][1]) if plain(name) != plain(title)]
        rows = [[title, *(table[0][1][place] for place in places)]]
        width = len(table[0][1])
        rows += [
            [reasons[number], *(cells[place] for place in places), *cells[width:]]
            for number, cells in table[1:]
            if number in reasons
        ]
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(
            buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        ) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    sheet.write_string(number, place, cell)
            sheet.set_column(0, 0, 60)
        return buffer.getvalue()
