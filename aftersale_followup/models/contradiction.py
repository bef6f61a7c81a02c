"""Words that say the opposite of a score: a scale held upside down, or an answer given without reading."""

import re

from .aftersale_tag import CJK, NEGATIONS

# Strong words only: who is satisfied may well name a problem, and many do.
DISPLEASED = (
    *("terrible", "awful", "horrible", "worst", "useless", "unacceptable", "disgusting", "never again", "scam"),
    *("very disappointed", "very dissatisfied", "very unhappy"),
    *(
        "非常不满",
        "很不满",
        "极不满",
        "太差",
        "很差",
        "极差",
        "差劲",
        "垃圾",
        "差评",
        "失望",
        "骗人",
        "坑人",
        "再也不",
        "再也不会",
    ),
)
_PATTERNS = [
    re.compile(re.escape(word) if CJK.search(word) else rf"(?<!\w){re.escape(word)}(?!\w)") for word in DISPLEASED
]


def is_displeased(text):
    """Return whether ``text`` holds strong words of displeasure that are not denied."""
    text = re.sub(r"\s+", " ", (text or "").lower())
    return any(
        not text[: match.start()].endswith(NEGATIONS) for pattern in _PATTERNS for match in pattern.finditer(text)
    )
