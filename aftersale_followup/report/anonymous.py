"""Taking a customer's name and contact data out of a text. Plain functions: no database, no Odoo."""

import re

EMAIL = re.compile(r"[^\s@<>,;，；。]+@[^\s@<>,;，；。]+\.\w+")
# Seven digits or more, with the signs people write between them.
NUMBER = re.compile(r"\+?\d(?:[\s().-]?\d){6,}")
HIDDEN = "***"


def anonymise(text, names, streets=()):
    """Return ``text`` without e-mail addresses, long numbers, ``names`` and ``streets``, the longest first.

    Of a name of several words each word of two letters or more is taken out, too; streets are as a whole.
    """
    text = NUMBER.sub(HIDDEN, EMAIL.sub(HIDDEN, text or ""))
    for street in sorted(
        {street.strip() for street in streets if street and len(street.strip()) > 3}, key=len, reverse=True
    ):
        text = re.sub(re.escape(street), HIDDEN, text, flags=re.IGNORECASE)
    words = {word for name in names if name for word in (name, *name.split()) if len(word) > 1}
    for word in sorted(words, key=len, reverse=True):
        pattern = re.escape(word)
        # Latin names only as whole words: "Li" must not hit "like"; Chinese is written without spaces.
        text = re.sub(rf"(?<!\w){pattern}(?!\w)" if word.isascii() else pattern, HIDDEN, text, flags=re.IGNORECASE)
    return text.strip()
