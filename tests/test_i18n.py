"""The translations are whole: the .pot is what Odoo exports now, and zh_CN has every term of it."""

import polib
import pytest

from devkit import terms


@pytest.fixture(scope="module")
def exported(databases):
    return terms.export(databases)


def test_the_pot_is_up_to_date(exported):
    assert terms.POT.exists(), "./dev pot writes it"
    assert terms.without_dates(terms.POT.read_text()) == terms.without_dates(exported), "stale: run ./dev pot"


def test_every_term_is_in_chinese(exported):
    wanted = {(entry.msgctxt, entry.msgid) for entry in polib.pofile(exported)}
    file = terms.POT.with_name("zh_CN.po")
    assert file.exists()
    chinese = polib.pofile(str(file))
    translated = {(entry.msgctxt, entry.msgid) for entry in chinese.translated_entries() if not entry.obsolete}
    assert sorted(msgid for _context, msgid in wanted - translated) == []
