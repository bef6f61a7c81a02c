from odoo import models
from odoo.tools import format_date

from .aftersale_analysis_report import DASH
from .clip import clip

# What the first page has room for, rows and plain letters; the whole lists follow.
SUGGESTIONS, ISSUES, MEASURES = 3, 5, 4
SUGGESTION, TAGS, PRODUCTS, MEASURE, PROBLEM, PEOPLE, EFFECT = 110, 40, 62, 48, 28, 22, 36


class AftersaleAnalysisReport(models.AbstractModel):
    """The first page: what a manager acts on, on one sheet of A4. What it shortens stands in full on the next pages."""

    _inherit = "report.aftersale_followup.report_analysis"

    def _get_page(self, analysis):
        page = super()._get_page(analysis)
        page["front"] = {
            "problems": self._make_table(
                [{**row, "products": clip(row["products"], PRODUCTS)} for row in page["problems"]],
                self._get_problem_columns(),
                is_list=True,
            ),
            "suggestions": self._make_table(
                [
                    {**row, "text": clip(row["text"], SUGGESTION), "tags": clip(row["tags"], TAGS)}
                    for row in page["suggestions"][:SUGGESTIONS]
                ],
                self._get_suggestion_columns(),
                is_list=True,
            ),
            "issues": self._make_table(
                [{**row, "tags": clip(row["tags"], TAGS)} for row in page["issues"][:ISSUES]],
                self._get_issue_columns(),
                is_list=True,
            ),
            "measures": self._make_table(
                [self._shorten_measure(row) for row in page["measures"][:MEASURES]],
                self._get_measure_columns(),
                is_list=True,
            ),
        }
        page["front"] |= {
            f"{key}_left": len(page[key]) - len(page["front"][key]["rows"]) + max(0, page.get(f"{key}_left", 0))
            for key in ("suggestions", "issues", "measures")
        }
        page["lists"] = [
            (title, self._make_table(page[key], columns, is_list=True), page.get(f"{key}_left", 0))
            for key, title, columns in (
                ("problems", self.env._("Top 3 problems in full"), self._get_problem_columns()),
                ("suggestions", self.env._("Typical suggestions in full"), self._get_suggestion_columns()),
                ("issues", self.env._("High-priority list in full"), self._get_issue_columns()),
                ("measures", self.env._("Improvement measures in full"), self._get_measure_columns()),
            )
            if self._is_cut(page["front"][key]["rows"], page[key])
        ]
        return page

    def _shorten_measure(self, row):
        return {
            **row,
            "steps": "",
            "name": clip(row["name"], MEASURE),
            "problem": clip(row["problem"], PROBLEM),
            "department": clip(row["department"], PEOPLE),
            "owner": clip(row["owner"], PEOPLE),
            "expected": clip(row["expected"], EFFECT),
            "effect": clip(row["effect"], EFFECT),
        }

    def _is_cut(self, shown, rows):
        """Whether the first page leaves anything out."""
        return len(shown) < len(rows) or any(
            text != row[key] for short, row in zip(shown, rows, strict=True) for key, text in short.items()
        )

    def _make_table(self, rows, columns, is_list=False):
        """Rows with their columns: {key: (heading, width in percent, class)}. Lists stand row below row on a phone."""
        return {
            "rows": rows,
            "is_list": is_list,
            "columns": [
                {"key": key, "label": label, "width": width, "class": name}
                for key, (label, width, name) in columns.items()
            ],
        }

    def _get_problem_columns(self):
        return {
            "rank": (self.env._("No."), 6, ""),
            "name": (self.env._("Problem"), 20, "aa_strong"),
            "n": (self.env._("Feedback"), 10, "aa_n"),
            "share_text": (self.env._("Share"), 9, "aa_n"),
            "move": (self.env._("Change"), 12, "aa_after"),
            "before": (self.env._("Before"), 14, ""),
            "products": (self.env._("Products most hit"), 29, ""),
        }

    def _get_suggestion_columns(self):
        return {
            "text": (self.env._("Suggestion"), 54, ""),
            "tags": (self.env._("About"), 22, ""),
            "similar": (self.env._("Similar"), 9, "aa_n"),
            "state": (self.env._("Status"), 15, "aa_after"),
        }

    def _get_issue_columns(self):
        return {
            "name": (self.env._("Issue"), 16, ""),
            "customer": (self.env._("Customer no."), 13, ""),
            "tags": (self.env._("Problem"), 24, ""),
            "owner": (self.env._("Owner"), 13, ""),
            "in_time": (self.env._("Contact in time"), 10, ""),
            "state": (self.env._("Status"), 10, ""),
            "next_text": (self.env._("Next date"), 14, ""),
        }

    def _get_measure_columns(self):
        return {
            "name": (self.env._("Measure"), 22, "aa_strong"),
            "problem": (self.env._("Problem"), 13, ""),
            "department": (self.env._("Departments"), 12, ""),
            "owner": (self.env._("Owner"), 9, ""),
            "deadline": (self.env._("Deadline"), 10, ""),
            "state": (self.env._("Status"), 9, ""),
            "expected": (self.env._("Expected effect"), 13, ""),
            "effect": (self.env._("Measured effect (per 100)"), 12, ""),
        }

    # ------------------------------------------------------------
    # what the rows add
    # ------------------------------------------------------------

    def _format_problems(self, problems):
        """Add how far the share moved, in points."""
        rows = super()._format_problems(problems)
        for row, problem in zip(rows, problems or [], strict=True):
            row |= {"move": DASH, "share_text": row["share"] + ("*" if row["weak"] else "")}
            before = problem["previous_share"]
            if before is not None and not problem["withheld"] and not problem["previous_withheld"]:
                points = round(100 * problem["share"]) - round(100 * before)
                arrow = "↑" if points > 0 else "↓" if points < 0 else "="
                row["move"] = self.env._("%(arrow)s %(points)s points", arrow=arrow, points=abs(points))
        return rows

    def _format_issues(self, issues):
        """Mark the dates that have passed. Analyses issued before do not say which."""
        rows = super()._format_issues(issues)
        for row, issue in zip(rows, issues or [], strict=True):
            row["next_text"] = row["next_date"]
            if issue.get("late"):
                row["next_text"] = self.env._("%s, overdue", format_date(self.env, issue["next_date"]))
        return rows
