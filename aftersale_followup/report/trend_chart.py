"""A small line chart as vector graphics. Plain functions: no database, no Odoo.

Presentation attributes only, and a view box that fits any width: the engine that prints PDFs is an old one.
"""

from markupsafe import Markup

WIDTH, HEIGHT = 900, 190
LEFT, RIGHT, TOP, BOTTOM = 30, 20, 18, 24
FONT = "Noto Sans, Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, Arial, sans-serif"
LINE, GRID, TEXT = "#1f5f8b", "#dddddd", "#555555"


def chart_points(values, floor, ceiling):
    """Position of each value in the picture; None stays None."""
    step = (WIDTH - LEFT - RIGHT) / max(1, len(values) - 1)
    scale = (HEIGHT - TOP - BOTTOM) / (ceiling - floor)
    return [
        None if value is None else (round(LEFT + number * step, 1), round(TOP + (ceiling - value) * scale, 1))
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


def trend_chart(values, value_labels, labels, title, floor=1, ceiling=5):
    """Return the chart as safe SVG markup: one position per label, from `floor` to `ceiling`."""
    points = chart_points(values, floor, ceiling)
    text = Markup('<text x="{}" y="{}" font-family="{}" font-size="{}" fill="{}" text-anchor="{}">{}</text>').format
    parts = []
    for level in range(floor, ceiling + 1):
        y = chart_points([level], floor, ceiling)[0][1]
        parts.append(
            Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="1"></line>').format(
                LEFT, y, WIDTH - RIGHT, y, GRID
            )
        )
        parts.append(text(LEFT - 10, y + 4, FONT, 12, TEXT, "end", level))
    for (x, _y), label in zip(chart_points([floor] * len(labels), floor, ceiling), labels, strict=True):
        parts.append(text(x, HEIGHT - 6, FONT, 12, TEXT, "middle", label))
    for run in chart_lines(points):
        coordinates = " ".join(f"{x},{y}" for x, y in run)
        parts.append(
            Markup('<polyline points="{}" fill="none" stroke="{}" stroke-width="2"></polyline>').format(
                coordinates, LINE
            )
        )
    for point, label in zip(points, value_labels, strict=True):
        if point:
            x, y = point
            parts.append(Markup('<circle cx="{}" cy="{}" r="3" fill="{}"></circle>').format(x, y, LINE))
            parts.append(text(x, y - 7, FONT, 13, LINE, "middle", label))
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(WIDTH, HEIGHT, title, Markup("").join(parts))
