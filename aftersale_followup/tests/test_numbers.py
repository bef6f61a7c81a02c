import io
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import Workbook

from odoo.tests import tagged

from ..models.aftersale_answers import read_number
from ..models.import_table import read_table
from .import_common import ImportCase

# How numbers are written: (separator of thousands, of decimals)
STYLES = [
    (group, point) for point in ".," for group in ("", ",", ".", " ", "\u00a0", "\u202f", "'", "’") if group != point
]
numbers = st.decimals(-999_999_999, 999_999_999, places=4) | st.integers(-999_999_999, 999_999_999).map(Decimal)


def write(number, group, point):
    """Return ``number`` as people write it, without zeros that say nothing."""
    text = f"{number:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(",", "#").replace(".", point).replace("#", group)


@tagged("post_install", "-at_install")
class TestNumbers(ImportCase):
    """A number that is typed or imported is the one that was meant, or is asked for again: never another one."""

    @given(numbers, st.sampled_from(STYLES))
    @example(Decimal(1000), (",", "."))
    @example(Decimal("1.125"), ("", "."))
    @example(Decimal("1000.5"), (".", ","))
    def test_whatever_the_style_it_is_never_another_number(self, number, style):
        text = write(number, *style)
        value = read_number(text)
        self.assertIn(value, (float(number), None), text)
        # Told apart are: no separator, two different ones, the same one twice, not three digits behind it.
        marks = [sign for sign in text if sign in ".,"]
        behind = text[text.rindex(marks[-1]) + 1 :] if marks else ""
        if len(marks) != 1 or len(behind) != 3 or "e" in text:
            self.assertEqual(value, float(number), text)

    def test_what_people_write(self):
        cases = {
            "1,5": 1.5,
            "-1.5": -1.5,
            "１２．５": 12.5,
            "1,000,000": 1_000_000,
            "1.000,5": 1000.5,
            "1,000.50": 1000.5,
            "1 000": 1000,
            "12'345": 12345,
            "0,125": 0.125,
            "1234.567": 1234.567,
            "1.1250": 1.125,
            "1,000": None,
            "1.000": None,
            "-12,345": None,
            "1,00,000": None,
            "1,000,5": None,
            "1.000.5": None,
            "1,00.5": None,
            "1,000 000": None,
            "10 00": None,
            "5²": None,
            "²": None,
            "1e5": None,
            "": None,
            "12 pieces": None,
        }
        for text, number in cases.items():
            with self.subTest(text=text):
                self.assertEqual(read_number(text), number)

    def test_a_line_whose_number_has_two_meanings_is_reported(self):
        how_many = self.env["survey.question"].create(
            {"survey_id": self.survey.id, "title": "How many?", "question_type": "numerical_box", "sequence": 99}
        )
        names = [followup.name for followup in self.followups]
        book = Workbook()
        book.active.append([self.headings[0], self.titles["satisfaction"], "How many?"])
        for name, number in zip(names, ("1,000", "1.000,5", 1.125), strict=True):
            book.active.append([name, 4, number])
        content = io.BytesIO()
        book.save(content)
        self.assertEqual(read_table(content.getvalue())[3][1][2], "1.1250", "a number of the table is no text")
        wizard = self._import(None, content=content.getvalue())
        wizard.action_import()
        self.assertEqual(self._states(wizard), [(2, "error"), (3, "done"), (4, "done")])
        self.assertIn("“1,000” can be read in two ways", wizard.line_ids[0].message)
        lines = self.followups.user_input_id.user_input_line_ids.filtered(lambda line: line.question_id == how_many)
        self.assertEqual(sorted(lines.mapped("value_numerical_box")), [1.125, 1000.5])
