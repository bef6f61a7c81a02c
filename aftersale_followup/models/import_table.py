"""Reading tables that people bring: CSV of any make, and XLSX. Plain functions: no database.

What comes in is a list of ``(line number, cells)``; cells are texts. The first line holds the names of the columns.
"""

import csv
import io
import re
import zipfile
from datetime import date, datetime

from openpyxl import load_workbook

MAX_ROWS = 2_000
MAX_COLUMNS = 200
MAX_CELL = 20_000
# A small archive can hold a very large sheet.
MAX_UNPACKED = 200_000_000
SEPARATORS = ",;\t|"
PROBE = 50  # lines that tell the separator


class TableError(Exception):
    """Why a file cannot be read: ``empty``, ``format`` (no CSV and no XLSX) or ``long``."""


def read_table(content, chinese=False):
    """Return the table in ``content`` (bytes), without its blank lines.

    :param bool chinese: how a text is read that is not UTF-8: Chinese spreadsheets write GB 18030, others the code
        page of Western Europe
    """
    if content[:4] == b"PK\x03\x04":
        rows = _read_xlsx(content)
    elif b"\x00" in content[:1000] and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise TableError("format")  # the old XLS, a PDF, a picture
    else:
        rows = _read_csv(_decode(content, chinese))
    table = []
    for number, cells in enumerate(rows, 1):
        cells = [_as_text(cell)[:MAX_CELL] for cell in cells[:MAX_COLUMNS]]
        if any(cells):
            table.append((number, cells))
        if len(table) > MAX_ROWS + 1:
            raise TableError("long")
    if len(table) < 2:
        raise TableError("empty")
    width = len(table[0][1])
    return [(number, _fit(cells, width)) for number, cells in table]


def _fit(cells, width):
    """Return a line as wide as the names of the columns; wider only where something stands beyond them."""
    return cells if any(cells[width:]) else (cells + [""] * width)[:width]


def _read_xlsx(content):
    """Yield the rows of the first sheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
                raise TableError("long")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        yield from book.worksheets[0].iter_rows(values_only=True)
    except (zipfile.BadZipFile, KeyError, IndexError, ValueError, SyntaxError, TypeError) as error:
        raise TableError("format") from error


def _decode(content, chinese):
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    for encoding in ("utf-8-sig", "gb18030" if chinese else "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("gb18030", "replace")


def _read_csv(text):
    """Return the rows, read with the separator that gives most lines as many cells as there are names of columns.

    How often it stands in the first line does not tell: questions hold commas of their own.
    """
    try:
        found = [list(csv.reader(io.StringIO(text, newline=""), delimiter=sign)) for sign in SEPARATORS]
    except csv.Error as error:
        raise TableError("format") from error
    return max(found, key=_count_whole)


def _count_whole(rows):
    """Return how well ``rows`` hang together: (lines as long as the first, cells in it)."""
    rows = [row for row in rows[:PROBE] if any(row)]
    width = len(rows[0]) if rows else 0
    return (sum(len(row) == width for row in rows) if width > 1 else 0, width)


def _as_text(cell):
    """Return a cell as the text people see in it: whole numbers without a point, days without an hour.

    Numbers of three decimals get another: as texts they could be thousands.
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, float):
        return f"{cell}0" if re.search(r"\.[0-9]{3}$", str(cell)) else str(cell)
    if isinstance(cell, datetime) and cell.time() == datetime.min.time():
        return cell.date().isoformat()
    if isinstance(cell, datetime | date):
        return cell.isoformat(sep=" ") if isinstance(cell, datetime) else cell.isoformat()
    return str(cell).strip()
