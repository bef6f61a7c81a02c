from datetime import timedelta

from odoo import fields
from odoo.tools import SQL, float_compare

YEAR = timedelta(days=365)
TRENDS = [("up", "Better than the year before"), ("same", "As the year before"), ("down", "Worse than the year before")]
NOTHING = (0, None, 0, None, 0, None)


def score_sums(score, date):
    """Return what to select for `read_scores`: numbers and means of all, of the last 365 days, of the 365 before.

    :param SQL score: the column, 0 where there is none
    :param SQL date: the column
    """
    now = fields.Datetime.now()
    recent = SQL("%s >= %s", date, now - YEAR)
    earlier = SQL("%s >= %s AND %s < %s", date, now - 2 * YEAR, date, now - YEAR)
    return SQL(", ").join(
        SQL(
            "COUNT(*) FILTER (WHERE %(s)s > 0 AND %(when)s), AVG(NULLIF(%(s)s, 0)) FILTER (WHERE %(when)s)",
            s=score,
            when=when,
        )
        for when in (SQL("TRUE"), recent, earlier)
    )


def read_scores(env, sums):
    """Return the values of the fields about scores, out of one row of `score_sums`.

    Below the minimum number of answers the average is withheld, and a year of fewer is compared with nothing.
    """
    n, mean, recent_n, recent, earlier_n, earlier = sums
    least = env.company.aftersale_min_n
    trend = False
    if min(recent_n, earlier_n) >= least:
        # what is shown is compared: 4.24 and 4.21 are the same
        trend = ("down", "same", "up")[1 + float_compare(recent, earlier, precision_digits=1)]
    return {
        "aftersale_score": mean or 0.0,
        "aftersale_score_count": n,
        "aftersale_is_score_shown": n >= max(least, 1),
        "aftersale_score_trend": trend,
    }
