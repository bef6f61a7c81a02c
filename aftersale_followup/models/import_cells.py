"""From the cells of a table to answers: by number or in words, in any language the questionnaire is offered in.

Plain classes: the described questions (`survey.survey._aftersale_form`) come from outside, so does every text.
"""

import re

# "4", "4.0", "4 – satisfied", "4分", "4."; not "4.5", nor "4-5"
LEADING_NUMBER = re.compile(r"([0-9]{1,2})(?:[.,]0+)?(?:$|(?:\s|[-–—.:：)、分])(?!\s*[0-9]))")
SEVERAL = re.compile(r"[;；|\n、]")
HEADING = re.compile(r"^\s*(?:q\s*)?[0-9]{1,3}\s*[.)、:：]\s*", re.IGNORECASE)
# What other tools write in the column of a choice that was not ticked.
UNTICKED = {"", "0", "no", "false", "n", "-", "否", "未选", "unchecked"}


def plain(text):
    """Return ``text`` as it is compared: small letters, single spaces, without number and mark of a heading."""
    text = HEADING.sub("", " ".join(str(text).split()))
    return text.rstrip("*:： ").casefold()


class CellReader:
    """Knows what the answers of one questionnaire are called."""

    def __init__(self, forms):
        """:param forms: the described questionnaire in each language; ids are the same in all"""
        self.questions = {question["id"]: question for question in forms[0]["questions"]}
        self.labels = {number: {} for number in self.questions}
        for form in forms:
            for question in form["questions"]:
                known = self.labels[question["id"]]
                for choice in question["choices"]:
                    known.setdefault(plain(choice["label"]), choice["id"])
                    if choice["value"]:
                        known.setdefault(plain(choice["value"]), choice["id"])
                for point in question["points"]:
                    if point["label"]:
                        known.setdefault(plain(point["label"]), point["value"])

    def read_cell(self, question_id, answer_id, cell):
        """Return ``(raw answer, whether it was understood)`` of one cell; None = no answer.

        :param answer_id: row of a matrix, or the choice whose own column this is
        """
        question = self.questions[question_id]
        kind = question["type"]
        if answer_id and kind != "matrix":
            return (answer_id if plain(cell) not in UNTICKED else None), True
        if not cell.strip():
            return None, True
        if kind == "scale":
            return self._read_point(question, cell)
        if kind in ("simple_choice", "multiple_choice", "matrix"):
            return self._read_choices(question, cell)
        return cell, True

    def _read_point(self, question, cell):
        number = LEADING_NUMBER.match(cell.strip())
        value = int(number[1]) if number else self.labels[question["id"]].get(plain(cell))
        return value, value is not None

    def _read_choices(self, question, cell):
        single = self._find_choice(question, cell)
        if single:
            return ([single] if question["several"] else single), True
        if not question["several"]:
            return None, False
        # A label may hold a comma itself: it separates only where nothing else does.
        parts = [part for part in SEVERAL.split(cell) if part.strip()]
        if len(parts) == 1:
            parts = [part for part in re.split(r"[,，]", cell) if part.strip()]
        found = [self._find_choice(question, part) for part in parts]
        return found, bool(found) and all(found)

    def _find_choice(self, question, cell):
        """Return the id of the choice called ``cell``, or of that number, as on the printed form."""
        found = self.labels[question["id"]].get(plain(cell))
        if not found and cell.strip().isdecimal() and len(cell.strip()) < 3:
            place = int(cell) - 1
            choices = question["choices"]
            found = choices[place]["id"] if 0 <= place < len(choices) else None
        return found
