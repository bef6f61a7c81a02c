from babel.dates import format_skeleton
from babel.numbers import format_percent

from odoo import api, models
from odoo.tools import float_round, format_date, format_datetime, formatLang
from odoo.tools.misc import babel_locale_parse

DASH = "–"
LOOP_RATES = (
    "contact_in_time",
    "closed_loop",
    "reopened",
    "closure_survival",
    "measures_in_time",
    "suggestion_adoption",
    "suggestion_lead_time",
)
CONTACT_RATES = ("coverage", "followup_rate", "in_time_rate", "reached_rate", "response_rate", "feedback_quality")


class AftersaleAnalysisReport(models.AbstractModel):
    """Turns stored figures into what the page shows, in the language of the environment. It computes nothing."""

    _name = "report.aftersale_followup.report_analysis"
    _description = "After-sales Analysis Report"

    @api.model
    def _get_report_values(self, docids, data=None):
        docs = self.env["aftersale.analysis"].browse(docids)
        return {
            "doc_ids": docids,
            "doc_model": "aftersale.analysis",
            "docs": docs,
            "lang": self.env.lang,
            "pages": [(doc, self._get_page(doc)) for doc in docs],
        }

    def _get_page(self, analysis):
        """All texts of one report."""
        figures = analysis.figures or {}
        company = analysis.company_id
        return {
            "title": analysis.title,
            "name": analysis.name if analysis.state == "issued" else "",
            "company": company.name,
            "team": analysis.team_id.name,
            "period": f"{format_date(self.env, analysis.date_from)} – {format_date(self.env, analysis.date_to)}",
            "version": analysis.version,
            "replaces": analysis.previous_id.name,
            "is_draft": analysis.state == "draft",
            "cutoff": analysis.cutoff
            and format_datetime(self.env, analysis.cutoff, tz=company._aftersale_tz(), dt_format="short"),
            "summary": analysis.summary,
            "meeting": self._format_meeting(analysis),
            "feedback": figures.get("feedback", 0),
            "tiles": self._get_tiles(figures),
            "has_weak": any(isinstance(figure, dict) and figure.get("weak") for figure in figures.values()),
            "problems": self._format_problems(figures.get("top_problems")),
            "problem_feedback": figures.get("problem_feedback", 0),
            "issues": self._format_issues(figures.get("priority_issues")),
            "issues_left": figures.get("priority_issue_count", 0) - len(figures.get("priority_issues") or []),
            "suggestions": self._format_suggestions(figures.get("suggestions")),
            "measures": self._format_measures(figures.get("measures")),
            "measures_left": figures.get("measure_count", 0) - len(figures.get("measures") or []),
            "loop": self._get_loop(figures),
            "verification": self._get_verification(figures),
            "loop_rates": self._get_rates(figures, LOOP_RATES),
            "funnel": self._get_funnel(figures.get("funnel")),
            "contact_rates": self._get_rates(figures, CONTACT_RATES),
            "effects": self._get_effects(figures, company.currency_id),
            "definitions": self._get_definitions(figures),
            "channels": self._get_channels(figures),
            "scores": self._get_scores(figures),
            "products_left": figures.get("product_count", 0) - len(figures.get("products") or []),
            "tolerance": self._format_share(figures.get("target_tolerance", 0) / 100),
            "has_targets": any(isinstance(figure, dict) and "target" in figure for figure in figures.values()),
            "weak_n": figures.get("weak_n", company.aftersale_weak_n),
            "min_n": figures.get("min_n", company.aftersale_min_n),
        }

    def _format_meeting(self, analysis):
        """When it is talked over; once issued, as it was known then."""
        is_draft = analysis.state == "draft"
        moment = analysis.meeting_id.active and analysis.meeting_id.start if is_draft else analysis.meeting_date
        zone = analysis.company_id._aftersale_tz()
        return moment and format_datetime(self.env, moment, tz=zone, dt_format="short")

    # ------------------------------------------------------------
    # numbers and words in the reader's language
    # ------------------------------------------------------------

    def _locale(self):
        return babel_locale_parse(self.env.lang or "en_US")

    def _pick(self, names):
        """Name in the reader's language out of those stored with the figures."""
        return names.get(self.env.lang) or names.get("en_US") or next(iter(names.values()), "")

    def _format_mean(self, value, sign=False):
        rounded = float_round(value, precision_digits=1) + 0.0  # no "-0.0"
        text = formatLang(self.env, rounded, digits=1)
        return f"+{text}" if sign and rounded > 0 else text

    def _format_score(self, value, sign=False):
        """NPS: a whole number that always carries its sign."""
        rounded = float_round(value, precision_digits=0) + 0.0
        return f"{'+' if rounded > 0 else ''}{formatLang(self.env, rounded, digits=0)}"

    def _format_share(self, value):
        return format_percent(float_round(value, precision_digits=2), locale=self._locale())

    def _format_target(self, value, formatter):
        """As the figure, but a share as it was entered: 2.5 % is not 3 %."""
        if formatter != self._format_share:
            return formatter(value)
        return format_percent(float_round(value, precision_digits=4), locale=self._locale(), decimal_quantization=False)

    def _format_period(self, period, date_from, date_to):
        if not date_from or not date_to:
            return ""
        if period == "week":
            year, week, _day = date_from.isocalendar()
            return self.env._("Week %(week)s of %(year)s", week=week, year=year)
        skeleton = "yQQQ" if period == "quarter" else "yMMMM"
        return format_skeleton(skeleton, date_from, locale=self._locale())

    def _format_average(self, figure):
        """Average and change the way the headline has them: "4.2, +0.3"."""
        if not figure:
            return DASH
        if figure["withheld"]:
            return self._format_withheld(figure)
        change = figure.get("change")
        parts = [self._format_mean(figure["value"])]
        if change is not None and not figure["previous_withheld"]:
            parts.append(self._format_mean(change, sign=True))
        return ", ".join(parts)

    def _format_withheld(self, figure):
        return self.env._("too few answers (%s)", figure["n"])

    # ------------------------------------------------------------
    # parts of the page
    # ------------------------------------------------------------

    def _get_row(self, label, figure, formatter):
        """One figure as texts."""
        row = {
            "label": label,
            "value": DASH,
            "previous": DASH,
            "interval": DASH,
            "n": 0,
            "weak": False,
            "withheld": False,
            "target": "",
            "light": None,
            "light_label": "",
        }
        if not figure:
            return row
        row |= {"n": figure["n"], "weak": figure["weak"], "withheld": figure["withheld"]}
        row |= self._get_target(figure, formatter)
        if not figure["withheld"]:
            row["value"] = formatter(figure["value"])
            if figure["low"] is not None:
                row["interval"] = f"{formatter(figure['low'])} – {formatter(figure['high'])}"
        if figure["previous"] is not None and not figure["previous_withheld"]:
            row["previous"] = formatter(figure["previous"])
        return row

    def _get_tiles(self, figures):
        average = self._get_defined_row(figures, "satisfaction")
        if not average["withheld"]:
            average["value"] = self._format_average(figures.get("satisfaction"))
        others = ("csat", "nps", "response_rate", "complaint_rate")
        return [average, *(self._get_defined_row(figures, key) for key in others)]

    def _get_target(self, figure, formatter):
        """Target and traffic light as texts: a word says what the colour says."""
        if "target" not in figure:
            return {}
        labels = {"green": self.env._("reached"), "amber": self.env._("just missed"), "red": self.env._("missed")}
        return {
            "target": f"{'≤' if figure['target_at_most'] else '≥'} {self._format_target(figure['target'], formatter)}",
            "light": figure["light"],
            "light_label": labels.get(figure["light"], ""),
        }

    def _format_problems(self, problems):
        rows = []
        for rank, problem in enumerate(problems or [], start=1):
            if problem["previous_withheld"]:
                before = DASH
            elif problem["previous_rank"]:
                before = self.env._(
                    "no. %(rank)s, %(share)s",
                    rank=problem["previous_rank"],
                    share=self._format_share(problem["previous_share"]),
                )
            else:
                before = self.env._("not reported")
            name = self._pick(problem["name"])
            share = DASH if problem["withheld"] else self._format_share(problem["share"])
            rows.append(
                {
                    "rank": rank,
                    "name": name,
                    "text": name if problem["withheld"] else f"{name} {share}",
                    "n": problem["n"],
                    "share": share,
                    "weak": problem["weak"] and not problem["withheld"],
                    "before": before,
                    "products": ", ".join(
                        f"{self._pick(product['name'])} ({product['n']})" for product in problem.get("products", [])
                    )
                    or DASH,
                }
            )
        return rows

    def _format_issues(self, issues):
        states = dict(self.env["aftersale.issue"]._fields["state"]._description_selection(self.env))
        in_time = {True: self.env._("yes"), False: self.env._("no"), None: self.env._("open")}
        return [
            {
                "name": issue["name"],
                "customer": issue["customer"] or DASH,
                "tags": ", ".join(self._pick(names) for names in issue["tags"]) or DASH,
                "owner": issue["owner"] or DASH,
                "in_time": in_time[issue["in_time"]],
                "state": states.get(issue["state"], issue["state"]),
                "next_date": format_date(self.env, issue["next_date"]) if issue["next_date"] else DASH,
            }
            for issue in issues or []
        ]

    def _format_suggestions(self, suggestions):
        states = dict(self.env["aftersale.feedback"]._fields["suggestion_state"]._description_selection(self.env))
        return [
            {
                "text": suggestion["text"],
                "tags": ", ".join(self._pick(names) for names in suggestion["tags"]) or DASH,
                "similar": suggestion["similar"],
                "state": states.get(suggestion["state"], suggestion["state"]),
            }
            for suggestion in suggestions or []
        ]

    def _format_measures(self, measures):
        states = dict(self.env["aftersale.action"]._fields["state"]._description_selection(self.env))
        return [
            {
                "name": measure["name"],
                "steps": measure.get("steps"),
                "problem": ", ".join(self._pick(names) for names in measure["problem"]) or DASH,
                "department": ", ".join(
                    self._pick(names) for names in [measure["department"], *measure["cooperating"]] if names
                )
                or DASH,
                "owner": measure["owner"] or DASH,
                "deadline": format_date(self.env, measure["deadline"]) if measure["deadline"] else DASH,
                "state": self.env._("Overdue") if measure["late"] else states.get(measure["state"], measure["state"]),
                "expected": self._format_expected(measure),
                "effect": self._format_effect(measure),
            }
            for measure in measures or []
        ]

    def _format_expected(self, measure):
        target = measure["target"]
        goal = self.env._("%s per 100", self._format_mean(target)) if target else ""
        return "; ".join(filter(None, [(measure["expected"] or "").rstrip(".。"), goal])) or DASH

    def _format_effect(self, measure):
        """Rates before and after with the interval of the change: "proven: 35.0 → 20.0 (-24.1 to -5.2)"."""
        if not measure["effect"]:
            return DASH
        effects = dict(self.env["aftersale.action"]._fields["effect"]._description_selection(self.env))
        effect = effects.get(measure["effect"], measure["effect"])
        if measure.get("withheld"):
            return self.env._("%s (too few answers)", effect)
        low, high = measure["change"]
        return self.env._(
            "%(effect)s: %(before)s → %(after)s (change %(low)s to %(high)s)",
            effect=effect,
            before=self._format_mean(measure["before"]),
            after=self._format_mean(measure["after"]),
            low=self._format_mean(low, sign=True),
            high=self._format_mean(high, sign=True),
        )
