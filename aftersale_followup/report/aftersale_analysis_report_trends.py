from datetime import date
from math import ceil

from babel.dates import format_skeleton

from odoo import models

from .trend_chart import spark_line, trend_chart

# A line moves over no less than this: what changes little shall look like it.
SPANS = {"satisfaction": 1, "nps": 40}
SPAN_OF_SHARES = 0.2
# Shares are drawn up to the first of these that holds them all.
CEILINGS = (0.1, 0.2, 0.5, 1)
# Every which period is named below the chart.
NAMED = {"week": 2, "month": 1, "quarter": 3}


class AftersaleAnalysisReport(models.AbstractModel):
    """How the headline figures moved: a line in each tile, and a chart of each."""

    _inherit = "report.aftersale_followup.report_analysis"

    def _get_page(self, analysis):
        page = super()._get_page(analysis)
        figures = analysis.figures or {}
        for tile in page["tiles"]:
            tile |= self._get_spark(figures, tile)
            tile["note"] = self.env._("before: %(before)s · n = %(n)s", before=tile["previous"], n=tile["n"])
        page["trends"] = [
            {"label": tile["label"], "chart": self._get_trend(analysis.period, figures, tile)}
            for tile in page["tiles"]
            if len(self._get_points(figures, tile["key"])) > 1
        ]
        return page

    def _get_trend_points(self, figures, key):
        """What is stored of a trend. Analyses that 19.0.1.0.0 issued know that of satisfaction alone."""
        if "trends" in figures:
            return figures["trends"].get(key, [])
        return figures.get("trend", []) if key == "satisfaction" else []

    def _get_points(self, figures, key):
        """The values that may be shown."""
        return [
            p["value"] for p in self._get_trend_points(figures, key) if not p["withheld"] and p["value"] is not None
        ]

    def _get_spark(self, figures, tile):
        """Line of a tile, and in words what it shows: without it nobody knows how high it is."""
        key, formatter = tile["key"], self._get_formatter(tile["key"])
        known = self._get_points(figures, key)
        if len(known) < 2:
            return {"spark": "", "range": ""}
        points = self._get_trend_points(figures, key)
        low, high = formatter(min(known)), formatter(max(known))
        label = self.env._("%(number)s periods: %(low)s to %(high)s", number=len(points), low=low, high=high)
        values = [None if point["withheld"] else point["value"] for point in points]
        target = (figures.get(key) or {}).get("target")
        return {"spark": spark_line(values, label, SPANS.get(key, SPAN_OF_SHARES), target), "range": label}

    def _get_trend(self, period, figures, tile):
        """Chart of one figure over the periods."""
        key, formatter = tile["key"], self._get_formatter(tile["key"])
        points = self._get_trend_points(figures, key)
        skeleton = "Md" if period == "week" else "yQQQ" if period == "quarter" else "MMM"
        every = NAMED.get(period, 1)
        labels = [
            ""
            if (len(points) - 1 - number) % every
            else format_skeleton(skeleton, date.fromisoformat(point["date_from"]), locale=self._locale())
            for number, point in enumerate(points)
        ]
        values = [None if point["withheld"] else point["value"] for point in points]
        shown = ["" if value is None else formatter(value) for value in values]
        target = (figures.get(key) or {}).get("target")
        levels = [(level, formatter(level)) for level in self._get_levels(key, self._get_points(figures, key))]
        return trend_chart(values, shown, labels, tile["label"], levels, target)

    def _get_levels(self, key, values):
        if key == "satisfaction":
            return range(1, 6)
        if key == "nps":
            return (-100, 0, 100) if min(values) < 0 else (0, 50, 100)
        top = next((ceiling for ceiling in CEILINGS if ceiling >= max(values)), ceil(max(values)))
        return (0, top / 2, top)
