"""Where the pages of the record sheet end. Plain functions: no database, no Odoo.

The engine that prints PDFs cuts through rows and does not repeat the head of a table, unless it is built with a Qt of
its own. So the rows are dealt out to pages before, by how many lines they will take, and each page is a table.
"""

import unicodedata

# A page holds this many lines of text; a row takes its longest column and the space around it.
PAGE_LINES = 60
ROW_SPACE = 0.5
# Letters of plain width that fit into one percent of the page's width; Chinese ones are twice as wide.
LETTERS_PER_PERCENT = 2.3


def count_lines(text, width):
    """Lines of ``text`` in a column of ``width`` plain letters: broken between words, or anywhere in Chinese."""
    lines = 0
    for paragraph in (text or "").split("\n"):
        used, lines = 0, lines + 1
        for word, size in _words(paragraph):
            if used and used + size > width:
                lines, used = lines + 1, 0
            if size > width:  # a word longer than the line is broken
                lines += int(size // width)
                size %= width
            used += size + (1 if word.isascii() else 0)
    return lines


def _words(paragraph):
    """(word, width) of what stays together on a line: a word of letters, or one Chinese character."""
    word = ""
    for char in paragraph:
        wide = unicodedata.east_asian_width(char) in "WF"
        if (wide or char == " ") and word:
            yield word, len(word)
            word = ""
        if wide:
            yield char, 2
        elif char != " ":
            word += char
    if word:
        yield word, len(word)


def split_pages(rows, widths):
    """Deal out ``rows``, lists of the texts of their columns, to pages; return their numbers page by page.

    ``widths`` are those of the columns, in percent of the page. A row longer than a page has one of its own.
    """
    pages, used = [[]], 0
    for number, texts in enumerate(rows):
        height = ROW_SPACE + max(
            count_lines(text, width * LETTERS_PER_PERCENT) for text, width in zip(texts, widths, strict=True)
        )
        if pages[-1] and used + height > PAGE_LINES:
            pages.append([])
            used = 0
        pages[-1].append(number)
        used += height
    return pages
