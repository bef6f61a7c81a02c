from odoo import models


class AftersaleAnalysisReport(models.AbstractModel):
    """What the mail says of an analysis."""

    _inherit = "report.aftersale_followup.report_analysis"

    def _get_mail(self, analysis, departments=False):
        """All texts of the mail: the headline; or, for ids of departments, their problems and measures."""
        figures = analysis.figures or {}
        problems = self._format_problems(figures.get("top_problems"))
        mail = {
            "title": analysis.title,
            "name": analysis.name,
            "company": analysis.company_id.name,
            "accent": analysis.company_id.email_secondary_color or "#875A7B",
            "team": analysis.team_id.name,
            "version": analysis.version,
            "replaces": analysis.previous_id.name,
            "average": analysis.headline,
            "first": analysis.headline_problem,
            "feedback": figures.get("feedback", 0),
            "tiles": [],
            "problems": problems,
            "measures": [],
            "summary": analysis.summary,
            "meeting": self._format_meeting(analysis),
            "departments": "",
        }
        if departments is False or departments is None:
            return mail | {"tiles": self._get_tiles(figures)}
        return mail | {
            "summary": "",
            "departments": ", ".join(self.env["hr.department"].sudo().browse(departments).exists().mapped("name")),
            "problems": self._pick_problems(figures, problems, departments),
            "measures": self._format_measures(
                [row for row in figures.get("measures", []) if {*row.get("department_ids", [])} & {*departments}]
            ),
        }

    def _pick_problems(self, figures, problems, departments):
        """Return those of the formatted problems that the departments look after."""
        tags = self.env["aftersale.tag"].browse([row["tag_id"] for row in figures.get("top_problems", [])])
        return [
            problem
            for tag, problem in zip(tags, problems, strict=True)
            if tag.exists().sudo().department_id.id in departments
        ]
