"""The translations are whole: the .pot is what Odoo exports now, and zh_CN has every term of it."""

import re
from collections import Counter

import polib
import pytest

from devkit import terms
from devkit.paths import ADDONS

# What the program fills in or a browser reads; titles and labels inside a tag are words, and [brackets] is one, too.
FILLED_IN = re.compile(r"%\(\w+\)[\d.]*[sdf]|%[sd]|\{\{.*?\}\}|\[(?!brackets)[a-z]+\]|<[^>]+>")
WORDS_IN_TAG = re.compile(r'(title|aria-label)="[^"]*"')


def filled_in(text):
    return Counter(FILLED_IN.findall(WORDS_IN_TAG.sub("", text)))


@pytest.fixture(scope="module", params=ADDONS)
def addon(request):
    return request.param


@pytest.fixture(scope="module")
def exported(databases, addon):
    return terms.export(databases, addon)


def chinese_file(addon):
    return str(terms.pot(addon).with_name("zh_CN.po"))


def test_the_pot_is_up_to_date(addon, exported):
    assert terms.pot(addon).exists(), "./dev pot writes it"
    assert terms.without_dates(terms.pot(addon).read_text()) == terms.without_dates(exported), "stale: run ./dev pot"


def test_every_term_is_in_chinese(addon, exported):
    wanted = {(entry.msgctxt, entry.msgid) for entry in polib.pofile(exported)}
    chinese = polib.pofile(chinese_file(addon))
    translated = {(entry.msgctxt, entry.msgid) for entry in chinese.translated_entries() if not entry.obsolete}
    assert sorted(msgid for _context, msgid in wanted - translated) == []
    assert sorted(msgid for _context, msgid in translated - wanted) == [], "no longer in the program"


def test_what_is_filled_in_survives_translation(addon):
    broken = [e.msgid for e in polib.pofile(chinese_file(addon)) if filled_in(e.msgid) != filled_in(e.msgstr)]
    assert broken == []
