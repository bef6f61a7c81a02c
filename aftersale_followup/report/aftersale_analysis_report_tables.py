from odoo import models
from odoo.tools import formatLang

from .aftersale_analysis_report import DASH
from .figure_kinds import get_kind


class AftersaleAnalysisReport(models.AbstractModel):
    """The tables of the analysis about issues, contacts and scores."""

    _inherit = "report.aftersale_followup.report_analysis"

    def _get_rates(self, figures, keys, currency=None):
        """Rows of those of these figures that there are, each with how it is counted."""
        rows = [self._get_defined_row(figures, key, currency) for key in keys]
        return [row for row in rows if row["n"]]

    def _get_defined_row(self, figures, key, currency=None):
        """One figure as texts, under its own name."""
        label, definition = self.env["aftersale.figures"]._get_definitions()[key]
        formatter = self._get_formatter(key, currency)
        return {**self._get_row(label, figures.get(key), formatter), "key": key, "definition": definition}

    def _get_formatter(self, key, currency=None):
        """Return what turns the value of one figure, or the limits of its interval, into a text."""
        return {
            "score": self._format_mean,
            "days": self._format_mean,
            "change": lambda value: self._format_mean(value, sign=True),
            "balance": self._format_score,
            "points": self._format_points,
            "money": lambda value: formatLang(self.env, value, currency_obj=currency),
        }.get(get_kind(key), self._format_share)

    def _get_effects(self, figures, currency):
        """(title, rows) of what became of the customers; the values of customers by segment, with their median."""
        keys = ("recovery", "repeat_purchase", "repeat_purchase_not_asked", "retention", "churn", "sales_growth")
        worth = figures.get("lifetime_value")
        rows = self._get_rates(figures, ("lifetime_value",), currency)

        def money(value):
            return formatLang(self.env, value, currency_obj=currency)

        if worth:
            labels = {"high": self.env._("of high-value customers"), "other": self.env._("of other customers")}
            if len(worth["segments"]) > 1:
                rows += [self._get_row(labels[row["segment"]], row, money) for row in worth["segments"]]
            if not worth["withheld"]:
                # the target is that of the mean
                median = {key: value for key, value in worth.items() if not key.startswith("target")}
                median |= {"value": worth["median"], "low": None, "previous": None}
                rows.append(self._get_row(self.env._("Median"), median, money))
        parts = [("", self._get_rates(figures, keys)), (self.env._("Value of customers"), rows)]
        return [(title, rows) for title, rows in parts if rows]

    def _get_definitions(self, figures):
        """(label, definition) of the figures that there are."""
        definitions = self.env["aftersale.figures"]._get_definitions()
        return [definition for key, definition in definitions.items() if figures.get(key)]

    def _get_loop(self, figures):
        """Numbers of issues: what happened in the period, then what is open now."""
        loop = figures.get("loop")
        if not loop:
            return []
        # Analyses that 19.0.1.0.0 issued hold the share alone.
        share = figures.get("reopened") or {"value": 0, "n": 0}
        reopened = figures.get("verification", {}).get("failed", round((share["value"] or 0) * share["n"]))
        labels = {
            "opened": self.env._("Opened"),
            "resolved": self.env._("Resolved"),
            "closed": self.env._("Closed"),
            "waived": self.env._("of which waived"),
            "reopened": self.env._("Reopened"),
            "new": self.env._("Waiting now"),
            "processing": self.env._("In processing now"),
            "done": self.env._("Being verified now"),
            "overdue": self.env._("Overdue now"),
        }
        return [(label, {**loop, "reopened": reopened}[key]) for key, label in labels.items()]

    def _get_verification(self, figures):
        """Numbers of what customers said about solutions, and of the measures due."""
        counts = figures.get("verification")
        rows = []
        if counts:
            results = dict(self.env["aftersale.feedback"]._fields["resolved"]._description_selection(self.env))
            rows += [
                (self.env._("Verified"), counts["verified"]),
                (self.env._("Passed"), counts["verified"] - counts["failed"]),
                *((results[key], counts[key]) for key in ("partly", "no", "came_back")),
            ]
        measures = figures.get("measures_due")
        if measures:
            rows += [
                (self.env._("Measures due"), measures["due"]),
                (self.env._("of which done in time"), measures["in_time"]),
            ]
        return rows

    # ------------------------------------------------------------
    # contacts
    # ------------------------------------------------------------

    def _get_funnel(self, funnel):
        if not funnel:
            return []
        reasons = dict(self.env["aftersale.followup"]._fields["skip_reason"]._description_selection(self.env))
        return [
            (self.env._("Due"), funnel["due"]),
            *((self.env._("Not asked: %s", reasons.get(reason, reason)), n) for reason, n in funnel["skipped"].items()),
            (self.env._("Contacted"), funnel["contacted"]),
            (self.env._("Reached"), funnel["reached"]),
            (self.env._("Answered"), funnel["answered"]),
        ]

    def _get_channels(self, figures):
        """One row a channel, the response rate last. Analyses that 19.0.1.0.0 issued hold the rates alone."""
        channels = (figures.get("response_rate") or {}).get("channels", {})
        return [
            {
                "counts": dict.fromkeys(("contacted", "reached", "answered"), DASH) | channel,
                **self._get_row(self._pick(channel["name"]), channel, self._format_share),
            }
            for channel in channels.values()
        ]

    # ------------------------------------------------------------
    # scores
    # ------------------------------------------------------------

    def _get_scores(self, figures):
        """(title, rows) of each way the scores are split; what there is no answer to is left out."""
        types = dict(self.env["aftersale.feedback"]._fields["customer_type"]._description_selection(self.env))
        parts = [
            ("", self._get_rates(figures, ("recommendation",))),
            (self.env._("By area"), self._get_named_rows(figures.get("areas"))),
            (self.env._("By product"), self._get_named_rows(figures.get("products"))),
            (
                self.env._("By customer"),
                [
                    self._get_row(types.get(row["type"], row["type"]), row, self._format_mean)
                    for row in figures.get("customer_types") or []
                ],
            ),
            (self.env._("By team"), self._get_named_rows(figures.get("teams"))),
            (self.env._("Existing customers"), self._get_rates(figures, ("stability", "loyalty"))),
        ]
        return [(title, rows) for title, rows in parts if rows]

    def _get_named_rows(self, figures):
        return [self._get_row(self._pick(figure["name"]), figure, self._format_mean) for figure in figures or []]
