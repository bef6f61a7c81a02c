"""Confidence intervals at 95 %. Plain functions: no database, no Odoo."""

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
