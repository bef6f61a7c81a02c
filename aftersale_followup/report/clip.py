"""Shortening texts to the room they have. Plain functions: no database, no Odoo."""

import unicodedata

MORE = "…"


def text_width(text):
    """Width in plain letters; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def clip(text, width):
    """Return ``text`` on one line, cut to ``width`` plain letters: between words where that loses little."""
    text = " ".join((text or "").split())
    if text_width(text) <= width:
        return text
    kept = ""
    for char in text:
        if text_width(kept + char) > width - 1:
            break
        kept += char
    start, _space, _cut = kept.rpartition(" ")
    return (start if text_width(start) > width * 2 // 3 else kept).rstrip(" ,.;:，。；：、") + MORE
