from odoo import models
from odoo.tools import format_date

from .aftersale_analysis_report import DASH


class AftersaleAnalysisReport(models.AbstractModel):
    """The funnel by week, the words, and how the figures came about: sampling, and what does not count."""

    _inherit = "report.aftersale_followup.report_analysis"

    def _get_page(self, analysis):
        page = super()._get_page(analysis)
        figures = analysis.figures or {}
        page["weeks"] = self._get_weeks(figures)
        page["words"] = self._get_words(figures.get("words"))
        page["sampling"] = page["exclusions"] = ""
        if notes := self._get_sampling(figures):
            page["sampling"] = self.env._("Sampling: %s.", "; ".join(notes))
        if counts := self._get_exclusions(figures):
            counted = "; ".join(f"{label} {count}" for label, count in counts)
            page["exclusions"] = self.env._("Not counted: %s.", counted)
        return page

    def _get_sampling(self, figures):
        """How much of each plan was asked."""
        return [
            self.env._(
                "%(plan)s: %(rate)s asked, %(not_drawn)s of %(due)s due not drawn",
                plan=self._pick(plan["name"]),
                rate=self._format_share(plan["rate"] / 100),
                not_drawn=plan["not_drawn"],
                due=plan["due"],
            )
            for plan in figures.get("sampling") or []
        ]

    def _get_skip_reasons(self):
        return dict(self.env["aftersale.followup"]._fields["skip_reason"]._description_selection(self.env))

    def _get_weeks(self, figures):
        """The funnel of each week of the due date; one week alone is the funnel itself."""
        weeks = figures.get("funnel_weeks") or []
        if len(weeks) < 2:
            return None
        reasons = self._get_skip_reasons()
        rows = [
            {
                **week,
                "week": f"{format_date(self.env, week['date_from'])} – {format_date(self.env, week['date_to'])}",
                "reasons": ", ".join(f"{reasons.get(reason, reason)} {n}" for reason, n in week["skipped"].items())
                or DASH,
            }
            for week in weeks
        ]
        columns = {
            "week": (self.env._("Week of the due date"), 26, ""),
            "due": (self.env._("Due"), 8, "aa_n"),
            "reasons": (self.env._("Not asked"), 33, "aa_after"),
            "contacted": (self.env._("Contacted"), 11, "aa_n"),
            "reached": (self.env._("Reached"), 11, "aa_n"),
            "answered": (self.env._("Answered"), 11, "aa_n"),
        }
        return self._make_table(rows, columns)

    def _get_words(self, words):
        """The words in two columns, each with the average of who used it."""
        if not words:
            return None
        cells = [
            {
                "word": row["word"],
                "n": row["n"],
                "score": DASH
                if row["withheld"] or row["value"] is None
                else self._format_mean(row["value"]) + ("*" if row["weak"] else ""),
            }
            for row in words["top"]
        ]
        half = (len(cells) + 1) // 2
        nothing = {"word": "", "n": "", "score": ""}
        others = cells[half:] + [nothing] * (2 * half - len(cells))
        rows = [
            {**left, **{f"{key}_right": value for key, value in right.items()}}
            for left, right in zip(cells[:half], others, strict=True)
        ]
        labels = {"word": self.env._("Word"), "n": self.env._("Feedback"), "score": self.env._("Average")}
        columns = {
            f"{key}{side}": (
                label,
                24 if key == "word" else 13,
                "aa_n" if key != "word" else "aa_after" if side else "",
            )
            for side in ("", "_right")
            for key, label in labels.items()
        }
        note = self.env._(
            "Of %(texts)s texts; only words that at least %(least)s different customers used.",
            texts=words["texts"],
            least=words["least"],
        )
        return {**self._make_table(rows, columns), "note": note}

    def _get_exclusions(self, figures):
        """(what, how many) of all that does not count."""
        counts = {**figures.get("exclusions", {}), **figures.get("left_out", {})}
        labels = {
            "suspicious": self.env._("suspicious"),
            "corrected": self.env._("replaced by a correction"),
            "pretests": self.env._("pre-tests"),
            "anonymous_dropped": self.env._("anonymous, dropped so far for want of a group"),
        }
        return [(label, counts[key]) for key, label in labels.items() if key in counts]
