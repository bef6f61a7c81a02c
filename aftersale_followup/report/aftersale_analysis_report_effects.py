from odoo import models
from odoo.tools import float_round, formatLang

from .aftersale_analysis_report import DASH

EFFECTS = ("repeat_purchase_effect", "retention_effect")


class AftersaleAnalysisReport(models.AbstractModel):
    """The tables of the analysis about what follow-ups bring, and about staff."""

    _inherit = "report.aftersale_followup.report_analysis"

    def _get_page(self, analysis):
        figures = analysis.figures or {}
        currency = analysis.company_id.currency_id
        page = super()._get_page(analysis)
        page |= {
            "comparisons": self._get_comparisons(figures),
            "recovery": self._get_recovery(figures, currency),
            "problem_scores": self._get_problem_scores(figures.get("problem_scores")),
            "measure_effects": self._get_measure_effects(figures.get("measure_effects")),
            "measure_rates": self._get_rates(figures, ("measure_effects",)),
            "staff": self._get_staff(figures),
        }
        page["has_weak"] = page["has_weak"] or any(row["weak"] for row in page["problem_scores"])
        return page

    def _format_points(self, value):
        """The difference of two shares; not in percent, which would be a share of one of them."""
        return self.env._("%s points", self._format_signed(value))

    def _format_signed(self, value):
        # what rounds to nothing has no sign
        points = float_round(100 * value, precision_digits=0) + 0.0
        return f"{'+' if points > 0 else ''}{formatLang(self.env, points, digits=0)}"

    def _get_comparisons(self, figures):
        """Rows of customers asked and comparable ones not asked."""
        return [
            self._get_contrast(figures[key], self._get_defined_row(figures, key)) for key in EFFECTS if figures.get(key)
        ]

    def _get_contrast(self, figure, row):
        """Add both shares of a difference to its row, each with its number."""
        shown = not figure["withheld"]
        if shown and figure["low"] is not None:
            # the unit stands beside the value
            row["interval"] = " – ".join(self._format_signed(figure[end]) for end in ("low", "high"))
        return {
            **row,
            "share": self._format_share(figure["share"]) if shown else DASH,
            "others": self._format_share(figure["others"]) if shown else DASH,
            "n_others": figure["n_others"],
        }

    def _get_problem_scores(self, problems):
        """Rows of problems, the most frequent first."""
        rows = []
        for figure in problems or []:
            row = self._get_contrast(figure, self._get_row(self._pick(figure["name"]), figure, self._format_points))
            has_phi = figure["phi"] is not None and not figure["withheld"]
            rows.append({**row, "phi": formatLang(self.env, figure["phi"], digits=2) if has_phi else DASH})
        return rows

    def _get_recovery(self, figures, currency):
        """Rows of what followed a low score."""
        rows = self._get_rates(figures, ("recovery_scores", "recovery_cost"), currency)
        scores = figures.get("recovery_scores")
        for row in rows:
            row["from_to"] = ""
            if row["key"] == "recovery_scores" and not row["withheld"]:
                row["from_to"] = f"{self._format_mean(scores['before'])} → {self._format_mean(scores['after'])}"
        return rows

    def _get_measure_effects(self, figure):
        """Numbers of measures by their measured effect; empty where none was measured."""
        effects = self.env["aftersale.action"]._fields["effect"]._description_selection(self.env)
        return [(label, figure[effect]) for effect, label in effects] if figure else []

    # ------------------------------------------------------------
    # staff
    # ------------------------------------------------------------

    def _get_staff(self, figures):
        """(title, heading of the names, rows) of each role; rows by name."""
        parts = [
            (self.env._("By agent"), self.env._("Agent"), self._get_people(figures, "agents")),
            (self.env._("By salesperson"), self.env._("Salesperson"), self._get_people(figures, "salespeople")),
            (self.env._("By deliverer"), self.env._("Deliverer"), self._get_people(figures, "deliverers")),
        ]
        return [part for part in parts if part[2]]

    def _get_people(self, figures, role):
        """One row a person, with the share of each channel among the contacts, and the averages by channel."""
        names = {
            code: self._pick(channel["name"])
            for code, channel in (figures.get("response_rate") or {}).get("channels", {}).items()
        }
        return [
            {
                "name": person["name"],
                "counts": person,
                "response": self._get_row("", person["response"], self._format_share),
                "satisfaction": self._get_row("", person["satisfaction"], self._format_mean),
                "scores": [
                    self._get_row(self._pick(figure["name"]), figure, self._format_mean)
                    for figure in person.get("scores") or []
                ],
                "mix": [
                    f"{names.get(code, code)} {self._format_share(n / person['contacted'])}"
                    for code, n in person["channels"].items()
                ],
            }
            for person in figures.get(role) or []
        ]
