"""What kind of number each figure is, and which way it is better: for its texts, its cells and its target."""

from typing import NamedTuple


class Kind(NamedTuple):
    """The least and the most a target may be, in the unit users enter, and how many of it make one of the figure."""

    lowest: float | None
    highest: float | None
    unit: float = 1


KINDS = {
    "share": Kind(0, 100, 100),
    "growth": Kind(0, None, 100),
    "points": Kind(-100, 100, 100),
    "balance": Kind(-100, 100),
    "score": Kind(1, 5),
    "change": Kind(-4, 4),
    "days": Kind(0, None),
    "money": Kind(0, None),
}
# All others are shares.
KIND_OF_FIGURE = {
    "satisfaction": "score",
    "nps": "balance",
    "loyalty": "score",
    "suggestion_lead_time": "days",
    "lifetime_value": "money",
    "sales_growth": "growth",
    "repeat_purchase_effect": "points",
    "retention_effect": "points",
    "problem_scores": "points",
    "recovery_scores": "change",
    "recovery_cost": "money",
}
LESS_IS_BETTER = {"complaint_rate", "reopened", "churn", "suggestion_lead_time", "recovery_cost"}
# What is a table instead of one number.
TABLES = {"words", "funnel_weeks", "problem_scores"}


def get_kind(figure):
    """Return the name of the kind of a figure."""
    return KIND_OF_FIGURE.get(figure, "share")
