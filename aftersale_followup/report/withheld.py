"""Figures without what nobody is to be shown: what is stored with an analysis can be read by whoever reads that one."""

TOLD = {"value", "low", "high", "change", "median", "share", "others", "phi", "before", "after", "light"}
TOLD_BEFORE = {"previous", "previous_share", "change"}


def blank_withheld(figures):
    """Return ``figures`` with None for every value that is withheld, however deep it stands; numbers of cases stay."""
    if isinstance(figures, list):
        return [blank_withheld(part) for part in figures]
    if not isinstance(figures, dict):
        return figures
    hidden = TOLD if figures.get("withheld") else set()
    if figures.get("previous_withheld"):
        hidden = hidden | TOLD_BEFORE
    return {key: None if key in hidden else blank_withheld(part) for key, part in figures.items()}
