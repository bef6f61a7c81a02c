"""Small line charts as vector graphics. Plain functions: no database, no Odoo.

Presentation attributes only, and a view box that fits any width: the engine that prints PDFs is an old one.
"""

from markupsafe import Markup

WIDTH, HEIGHT = 440, 150
LEFT, RIGHT, TOP, BOTTOM = 40, 32, 18, 22
SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 150, 30, 4
FONT = "Noto Sans, Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, Arial, sans-serif"
LINE, GRID, TEXT, GOAL = "#1f5f8b", "#dddddd", "#555555", "#7a5200"

_text = Markup('<text x="{}" y="{}" font-family="{}" font-size="{}" fill="{}" text-anchor="{}">{}</text>').format
_dot = Markup('<circle cx="{}" cy="{}" r="{}" fill="{}"></circle>').format
_run = Markup('<polyline points="{}" fill="none" stroke="{}" stroke-width="2"></polyline>').format
_level = Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="1"></line>').format
_goal = Markup(
    '<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="1" stroke-dasharray="5,4"></line>'
).format
_picture = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
).format


def chart_points(values, floor, ceiling, box=(LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM)):
    """Position of each value in the box (left, top, right, bottom); None stays None."""
    left, top, right, bottom = box
    step = (right - left) / max(1, len(values) - 1)
    scale = (bottom - top) / (ceiling - floor)
    return [
        None if value is None else (round(left + number * step, 1), round(top + (ceiling - value) * scale, 1))
        for number, value in enumerate(values)
    ]


def chart_lines(points):
    """Runs of neighbouring points: a period without a value interrupts the line."""
    runs = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if len(run) > 1]


def _draw_lines(points):
    return [_run(" ".join(f"{x},{y}" for x, y in run), LINE) for run in chart_lines(points)]


def trend_chart(values, value_labels, labels, title, levels=((1, "1"), (5, "5")), target=None):
    """Return the chart as safe SVG markup: one position per label, between the first and the last level.

    ``levels`` are (value, label) of the lines across, from the lowest to the highest; ``target`` is a broken one.
    """
    floor, ceiling = levels[0][0], levels[-1][0]
    points = chart_points(values, floor, ceiling)
    parts = []
    for level, label in levels:
        [(_x, y)] = chart_points([level], floor, ceiling)
        parts += [_level(LEFT, y, WIDTH - RIGHT, y, GRID), _text(LEFT - 6, y + 4, FONT, 11, TEXT, "end", label)]
    if target is not None and floor <= target <= ceiling:
        [(_x, y)] = chart_points([target], floor, ceiling)
        parts.append(_goal(LEFT, y, WIDTH - RIGHT, y, GOAL))
    for (x, _y), label in zip(chart_points([floor] * len(labels), floor, ceiling), labels, strict=True):
        parts.append(_text(x, HEIGHT - 6, FONT, 11, TEXT, "middle", label))
    parts += _draw_lines(points)
    for point, label in zip(points, value_labels, strict=True):
        if point:
            x, y = point
            parts += [_dot(x, y, 3, LINE), _text(x, y - 6, FONT, 11, LINE, "middle", label)]
    return _picture(WIDTH, HEIGHT, title, Markup("").join(parts))


def spark_line(values, title, span, target=None):
    """Return a line without axes as safe SVG markup, from the lowest to the highest value, at least ``span`` apart."""
    known = [value for value in (*values, target) if value is not None]
    if not any(value is not None for value in values):
        return ""
    middle, half = (max(known) + min(known)) / 2, max(max(known) - min(known), span) / 2
    box = (SPARK_EDGE, SPARK_EDGE, SPARK_WIDTH - SPARK_EDGE, SPARK_HEIGHT - SPARK_EDGE)
    points = chart_points(values, middle - half, middle + half, box)
    parts = []
    if target is not None:
        [(_x, y)] = chart_points([target], middle - half, middle + half, box)
        parts.append(_goal(SPARK_EDGE, y, SPARK_WIDTH - SPARK_EDGE, y, GOAL))
    parts += _draw_lines(points)
    lonely = set(filter(None, points)) - {point for run in chart_lines(points) for point in run}
    parts += [_dot(*point, 2, LINE) for point in sorted(lonely)]
    if points[-1]:
        parts.append(_dot(*points[-1], 3, LINE))
    return _picture(SPARK_WIDTH, SPARK_HEIGHT, title, Markup("").join(parts))
