"""Reading raw answers: one reader a question type, for the public page and the call form alike.

A reader takes whatever was sent, a list of texts from a form or anything JSON can hold, and returns
``(value, error)``. It never raises: what comes from outside may be anything.
"""

import re

from odoo import fields
from odoo.tools import email_normalize

MAX_TEXT = 10_000
CHOICES = ("simple_choice", "multiple_choice")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# "1000", "-1,5"
NUMBER = re.compile(r"[+-]?[0-9]{1,15}([.,][0-9]{1,9})?")
# "1 000", "1,000,000.5", "1.000,5", "1'000"; whatever the spaces
GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}([.,'’\s])[0-9]{3}(\1[0-9]{3}){0,3}((?!\1)[.,][0-9]{1,9})?")
# "1,000" is one thousand to some and one to others.
AMBIGUOUS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
WIDE = str.maketrans("０１２３４５６７８９，．＋－", "0123456789,.+-")


def clean_text(text):
    """Return ``text`` as it can be stored: no NUL or other control characters, no half characters."""
    text = str(text).encode("utf-8", "replace").decode()
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def read_number(text):
    """Return the number that people mean by ``text``, None where there is none or it can be read in two ways."""
    text = text.translate(WIDE)
    if AMBIGUOUS.fullmatch(text):
        return None
    grouped = GROUPED.fullmatch(text)
    if grouped:
        text = text.replace(grouped[1], "")
    return float(text.replace(",", ".")) if grouped or NUMBER.fullmatch(text) else None


def read_answer(env, question, raw):
    """Return ``(value, error)`` of one question; an unanswered one gives ``(None, None)``."""
    if question["type"] == "matrix":
        return _read_matrix(env, question, raw)
    values = raw if isinstance(raw, list) else [raw]
    values = [value for value in values if value is not None and value is not False and value != ""]
    if not values:
        return None, None
    if question["type"] == "multiple_choice":
        return _read_choices(env, question, values)
    if len(values) > 1 or isinstance(values[0], (list, dict, bool)):
        return None, env._("Please give one answer.")
    return READERS.get(question["type"], _read_text)(env, question, values[0])


def _to_id(value):
    return int(value) if not isinstance(value, bool) and re.fullmatch(r"[0-9]{1,10}", str(value)) else None


def _read_scale(env, question, value):
    number = _to_id(value)
    if number is None or number not in {point["value"] for point in question["points"]}:
        low, high = question["points"][0]["value"], question["points"][-1]["value"]
        return None, env._("Please choose a number from %(low)s to %(high)s.", low=low, high=high)
    return number, None


def _read_choice(env, question, value):
    ids, error = _read_choices(env, question, [value])
    return (ids[0], None) if ids else (None, error)


def _read_choices(env, question, values):
    # Only answers of this very question count: another question's id would be stored as nonsense.
    known = {choice["id"] for choice in question["choices"]}
    ids = list(dict.fromkeys(_to_id(value) for value in values))
    if not known.issuperset(ids):
        return None, env._("Please choose among the answers offered.")
    return ids, None


def _read_matrix(env, question, raw):
    raw = raw if isinstance(raw, dict) else {}
    answer = {}
    for row in question["rows"]:
        values = raw.get(row["id"], raw.get(str(row["id"])))
        values = [
            value for value in (values if isinstance(values, list) else [values]) if value not in (None, False, "")
        ]
        if not values:
            if question["required"]:
                return None, env._("Please answer every line.")
            continue
        ids, error = _read_choices(env, question, values)
        if not error and len(ids) > 1 and not question["several"]:
            error = env._("Please give one answer in each line.")
        if error:
            return None, error
        answer[row["id"]] = ids
    return answer, None


def _read_text(env, question, value):
    text = clean_text(value)
    if len(text) > MAX_TEXT:
        return None, env._(
            "Your text has %(length)s characters; at most %(limit)s can be kept. Please shorten it.",
            length=len(text),
            limit=MAX_TEXT,
        )
    if question["email"] and text and not email_normalize(text):
        return None, env._("Please enter one e-mail address.")
    limits = question["limits"]
    if limits and text and not limits["min"] <= len(text) <= limits["max"]:
        return None, question["limits_message"] or env._(
            "Please write between %(min)s and %(max)s characters.", min=limits["min"], max=limits["max"]
        )
    return text, None


def _read_number(env, question, value):
    text, limits = clean_text(value), question["limits"]
    # What was checked before comes as the number it is.
    is_number = isinstance(value, int | float) and abs(value) < 10**15
    number = float(value) if is_number else read_number(text)
    if number is None and AMBIGUOUS.fullmatch(text.translate(WIDE)):
        return None, env._("“%s” can be read in two ways: please write it as 1000 or as 1.0.", text)
    if number is None:
        return None, env._("Please enter a number.")
    if limits and not limits["min"] <= number <= limits["max"]:
        return None, question["limits_message"] or env._(
            "Please enter a number between %(min)s and %(max)s.", min=limits["min"], max=limits["max"]
        )
    return number, None


def _read_date(env, question, value):
    text, kind = clean_text(value), question["type"]
    field = fields.Date if kind == "date" else fields.Datetime
    text = text.replace("T", " ")
    text = f"{text}:00" if kind == "datetime" and len(text) == 16 else text
    try:
        text = field.to_string(field.to_datetime(text) if kind == "datetime" else field.to_date(text))
    except (ValueError, TypeError):
        return None, env._("Please enter a date.")
    limits = {end: limit.replace("T", " ") for end, limit in question["limits"].items()}
    if text and ((limits.get("min") and text < limits["min"]) or (limits.get("max") and text[:16] > limits["max"])):
        return None, question["limits_message"] or env._("Please enter a date in the range asked for.")
    return text or None, None


READERS = {
    "scale": _read_scale,
    "simple_choice": _read_choice,
    "numerical_box": _read_number,
    "date": _read_date,
    "datetime": _read_date,
}
