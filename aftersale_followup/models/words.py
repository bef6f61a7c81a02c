"""The words of a text, as the learned classification counts them."""

import re

from .aftersale_tag import CJK

try:
    import rjieba
except ImportError:  # without it Chinese is read in pairs of characters
    rjieba = None

CHINESE = re.compile(rf"{CJK.pattern}+")
CONTACT = re.compile(r"\S+@\S+|https?://\S+|www\.\S+")
WORD = re.compile(r"\w+(?:'\w+)*")
LONGEST = 40


def split_words(text):
    """Return the set of words of ``text``: no address, nothing with a digit, no single Latin letter.

    Chinese is cut by `rjieba` where that is installed, else into each pair of neighbouring characters. Its single
    characters count as well: they carry meaning of their own, and there are few of them to learn.
    """
    text = CONTACT.sub(" ", (text or "").lower().replace("’", "'"))
    words = set()
    for run in CHINESE.findall(text):
        words.update(run, _split_chinese(run))
    others = WORD.findall(CHINESE.sub(" ", text))
    return words | {word for word in others if 1 < len(word) <= LONGEST and word.replace("'", "").isalpha()}


def _split_chinese(run):
    return rjieba.cut(run) if rjieba else [run[i : i + 2] for i in range(len(run) - 1)]
