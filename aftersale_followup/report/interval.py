"""Confidence intervals at 95 %. Plain functions: no database, no Odoo."""

from fractions import Fraction
from math import sqrt

Z = 1.959964


def wilson_interval(successes, n):
    """Interval of a share. A ratio that is no share (more events than cases) has none."""
    if not n or not 0 <= successes <= n:
        return None, None
    share = successes / n
    spread = 1 + Z * Z / n
    centre = (share + Z * Z / (2 * n)) / spread
    half = Z / spread * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def difference_interval(successes, n, successes_before, n_before):
    """Interval of how much a share changed (Newcombe's, from the two Wilson intervals)."""
    low, high = wilson_interval(successes, n)
    low_before, high_before = wilson_interval(successes_before, n_before)
    if low is None or low_before is None:
        return None, None
    share, before = successes / n, successes_before / n_before
    change = share - before
    return (
        change - sqrt((share - low) ** 2 + (high_before - before) ** 2),
        change + sqrt((high - share) ** 2 + (before - low_before) ** 2),
    )


def mean_interval(total, squares, n, floor, ceiling):
    """Normal interval of a mean, from the sum and the sum of squares; one value alone says nothing about its spread."""
    if n < 2:
        return None, None
    mean = total / n
    variance = max(0.0, (squares - n * mean * mean) / (n - 1))
    half = Z * sqrt(variance / n)
    return max(floor, mean - half), min(ceiling, mean + half)


def nps_interval(promoters, detractors, n):
    """Normal interval of the mean of +100 / 0 / -100."""
    if not n:
        return None, None
    mean = (promoters - detractors) / n
    half = Z * sqrt(max(0.0, (promoters + detractors) / n - mean * mean) / n)
    return max(-100.0, 100 * (mean - half)), min(100.0, 100 * (mean + half))


def standardised_difference(strata):
    """Difference of two shares within strata: Mantel and Haenszel's, with Sato's interval.

    ``strata`` are (hits, n, hits of the others, n of the others). Strata of one group alone say nothing about a
    difference and drop out. Returns ``value``, ``low``, ``high``, ``share`` and ``others`` (both standardised to the
    same strata), ``n`` and ``n_others``; None without anything to compare.

    Mantel, Haenszel: Statistical aspects of the analysis of data from retrospective studies of disease, Journal of the
    National Cancer Institute 22 (1959), 719–748. Sato: On the variance estimator for the Mantel–Haenszel risk
    difference, Biometrics 45 (1989), 1323–1324: it holds for few large strata and for many sparse ones.
    """
    # exact: where the groups differ in all or nothing, what is left of the variance must be nothing
    strata = [[Fraction(number) for number in row] for row in strata if row[1] and row[3]]
    if not strata:
        return None
    weight = sum(n * m / (n + m) for _x, n, _y, m in strata)
    share = sum(x * m / (n + m) for x, n, _y, m in strata) / weight
    others = sum(y * n / (n + m) for _x, n, y, m in strata) / weight
    value = share - others
    p = sum((n * n * y - m * m * x + n * m * (m - n) / 2) / (n + m) ** 2 for x, n, y, m in strata)
    q = sum((x * (m - y) + y * (n - x)) / (2 * (n + m)) for x, n, y, m in strata)
    # none where all do it, or nobody, in both groups: nothing tells how much they vary
    half = Z * sqrt(variance) / weight if (variance := value * p + q) > 0 else None
    return {
        "value": float(value),
        "low": max(-1.0, value - half) if half else None,
        "high": min(1.0, value + half) if half else None,
        "share": float(share),
        "others": float(others),
        "n": int(sum(n for _x, n, _y, _m in strata)),
        "n_others": int(sum(m for _x, _n, _y, m in strata)),
    }


def phi_coefficient(hits, n, hits_others, n_others):
    """Correlation of two yes-or-no things, from -1 to 1; None where one of them is always the same."""
    all_hits, all_n = hits + hits_others, n + n_others
    product = n * n_others * all_hits * (all_n - all_hits)
    return (hits * (n_others - hits_others) - (n - hits) * hits_others) / sqrt(product) if product else None


def ratio_interval(total, squares, hits_total, hits, n):
    """Interval of a sum per hit (``total / hits``) over ``n`` cases, each with an amount and a hit or none.

    Of the ratio of two sums, by linearisation: Cochran, Sampling Techniques (1977), section 6.4. ``hits_total`` is the
    sum of the amounts of the hits.
    """
    if n < 2 or not hits:
        return None, None
    ratio = total / hits
    residual = squares - 2 * ratio * hits_total + ratio * ratio * hits
    half = Z * sqrt(max(0.0, n * residual / (n - 1))) / hits
    return max(0.0, ratio - half), ratio + half
