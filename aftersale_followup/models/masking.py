import re

import phonenumbers


def mask_email(address):
    """Return ``z***@example.com`` for ``zhang@example.com``: the domain shows which account it is, not whose."""
    name, at, domain = (address or "").strip().rpartition("@")
    return f"{name[:1]}***@{domain}" if at else "***" if domain else ""


def mask_phone(number):
    """Return ``138****1234`` for ``+86 138 0000 1234``: never more than seven digits, and always some hidden."""
    text = (number or "").strip()
    try:
        digits = str(phonenumbers.parse(text).national_number)
    except phonenumbers.NumberParseException:
        digits = re.sub(r"\D", "", text)
    if not digits:
        return "****" if text else ""
    size = len(digits)
    head, tail = (3, 4) if size >= 11 else (2, 3) if size >= 9 else (1, 2) if size >= 6 else (0, 0)
    return f"{digits[:head]}****{digits[size - tail :]}"
