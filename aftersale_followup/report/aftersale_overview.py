from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import date_utils, format_date

from ..models.aftersale_plan import SCENARIOS
from .aftersale_analysis_report import DASH
from .figure_kinds import LESS_IS_BETTER, get_kind

PERIODS = {"week": {"weeks": 1}, "month": {"months": 1}, "quarter": {"months": 3}, "year": {"years": 1}}
FIRST_YEAR = 2000
# The parts of the figures that the page shows, and its tiles.
PARTS = {
    "_get_feedback",
    "_get_problems",
    "_get_scores",
    "_get_contacts",
    "_get_loop",
    "_get_verification",
    "_get_measures",
}
TILES = (
    "satisfaction",
    "csat",
    "nps",
    "response_rate",
    "followup_rate",
    "complaint_rate",
    "contact_in_time",
    "closed_loop",
    "reopened",
    "measures_in_time",
    "suggestion_adoption",
)
# What the page shows besides, of the figures that have a target, and the part that computes each.
PART_OF_FIGURE = {
    "recommendation": "_get_feedback",
    "stability": "_get_bonds",
    "loyalty": "_get_bonds",
    "feedback_quality": "_get_quality",
    "coverage": "_get_coverage",
    "in_time_rate": "_get_contacts",
    "reached_rate": "_get_calls",
    "closure_survival": "_get_survival",
    "suggestion_lead_time": "_get_lead_time",
    "recovery": "_get_recovery",
    "recovery_scores": "_get_recovery",
    "recovery_cost": "_get_recovery",
    "repeat_purchase": "_get_repeat_purchase",
    "repeat_purchase_not_asked": "_get_repeat_purchase",
    "repeat_purchase_effect": "_get_comparisons",
    "retention_effect": "_get_comparisons",
    "retention": "_get_customers",
    "churn": "_get_customers",
    "lifetime_value": "_get_customers",
    "sales_growth": "_get_growth",
    "measure_effects": "_get_measure_effects",
}
# What may be chosen, besides the team, by the names the figures have for it.
FILTERS = {"plan": "aftersale.plan", "scenario": None, "channel": "aftersale.channel", "product": "product.template"}
# What opens for the records of each model, as (action, what stands above them).
ACTIONS = {
    "aftersale.feedback": "aftersale_followup.aftersale_feedback_action",
    "aftersale.followup": "aftersale_followup.aftersale_followup_action",
    "aftersale.issue": "aftersale_followup.aftersale_issue_action",
    "aftersale.action": "aftersale_followup.aftersale_action_action",
}


class AftersaleOverview(models.AbstractModel):
    """What the manager's overview shows: figures as texts, in the reader's language. It computes none itself."""

    _name = "aftersale.overview"
    _description = "After-sales Overview"

    # ------------------------------------------------------------
    # what the page asks for
    # ------------------------------------------------------------

    @api.model
    @api.readonly
    def get_overview(self, options):
        """Return all the page shows of one period, for who may read an analysis of this company or team.

        :param dict options: `period` (week, month, quarter, year), `day` (any of the period, today if empty), `team`,
            `plan`, `scenario`, `channel`, `product` (a template); what is empty is all
        """
        team, scope = self._read_options(options)
        further = self._get_further()
        figures = self.env["aftersale.figures"]._get(
            self.env.company,
            scope.date_from,
            scope.date_to,
            team=team,
            only=PARTS | set(further.values()),
            **scope.filters,
        )
        page = self.env["report.aftersale_followup.report_analysis"]
        return {
            **self._describe_period(options["period"], scope),
            "company": self.env.company.name,
            "choices": self._get_choices(),
            "is_empty": not any(figures.get(key) for key in (*TILES, *further, "problem_feedback")),
            "tiles": [
                {**self._get_tile(page, figures, options["period"], key), "is_open": key in TILES}
                for key in (*TILES, *further)
            ],
            "problems": self._get_problems(page, figures),
            "areas": self._get_areas(page, figures),
            "channels": self._get_channels(page, figures),
            "weak_n": figures["weak_n"],
            "min_n": figures["min_n"],
        }

    @api.model
    @api.readonly
    def get_records(self, options, key, part=None):
        """Return the action that opens the records behind a figure of the page, of the same period and filters."""
        _team, scope = self._read_options(options)
        model, domain = self.env["aftersale.figures"]._get_records(scope, key, part)
        period = self._describe_period(options["period"], scope)
        return self._open_records(model, domain, f"{self._get_label(key, part)} · {period['label']}")

    def _get_part_of_figure(self):
        """Return {figure that is shown where it has a target: name of the part that computes it}."""
        return PART_OF_FIGURE

    def _get_further(self):
        """Return those of them that have a target, in the order of the definitions."""
        targets, parts = self.env.company._aftersale_targets(), self._get_part_of_figure()
        order = self.env["aftersale.figures"]._get_definitions()
        return {key: parts[key] for key in order if key in targets and key in parts}

    def _open_records(self, model, domain, name):
        action = self.env["ir.actions.act_window"]._for_xml_id(ACTIONS[model])
        views = [view for view in action["views"] if view[1] in ("list", "form")]
        return {
            **action,
            "name": name,
            "display_name": name,
            "domain": list(domain),
            # what is archived counted, too
            "context": {"active_test": False, "create": False},
            "views": sorted(views, key=lambda view: view[1] == "form"),
            "view_mode": "list,form",
            "path": False,
        }

    # ------------------------------------------------------------
    # rights
    # ------------------------------------------------------------

    def _read_options(self, options):
        """Return (team, scope) of what the page has chosen; refuse whom the rules of the analyses refuse."""
        team = self._find(self.env["crm.team"].sudo(), options.get("team"))
        if not self._filter_readable(team or [team]):
            raise AccessError(self.env._("These figures are for supervisors: of their teams and of the company."))
        filters = {}
        for name, model in FILTERS.items():
            value = options.get(name)
            filters[name] = self._find(self.env[model], value) if model else value
        return team, self._make_period_scope(options, team, filters)

    def _find(self, model, chosen):
        """Return the record ``chosen`` by its id, an empty one for none; what is gone does not become all there is."""
        found = model.browse(chosen or []).exists()
        if chosen and not found:
            raise UserError(self.env._("What was chosen no longer exists. Choose anew."))
        return found

    def _make_period_scope(self, options, team=None, filters=None):
        """Return the scope of the period around a day; filters that are empty are none."""
        company = self.env.company
        day = self._read_day(options)
        date_from, date_to = (edge(day, options["period"]) for edge in (date_utils.start_of, date_utils.end_of))
        return self.env["aftersale.figures"]._make_scope(company, date_from, date_to, team, self.env.cr.now(), filters)

    def _read_day(self, options):
        """Return the day around which the period lies, today if none is given; refuse what is neither."""
        today = self.env.company._aftersale_today()
        try:
            day = fields.Date.to_date(options.get("day")) or today
        except ValueError:
            day = None
        if not day or options.get("period") not in PERIODS or not FIRST_YEAR <= day.year <= today.year + 1:
            raise UserError(self.env._("Choose a week, month, quarter or year from 2000 on."))
        return day

    def _filter_readable(self, teams):
        """Return those of ``teams`` (an empty one is the whole company) whose analyses the user may read.

        The record rules decide, asked about analyses that are not stored.
        """
        Analysis = self.env["aftersale.analysis"]
        Analysis.check_access("read")
        allowed = self.env["ir.rule"]._compute_domain("aftersale.analysis", "read")
        company = self.env.company
        wanted = [Analysis.sudo().new({"company_id": company.id, "team_id": team.id}) for team in teams]
        return [
            team
            for team, analysis in zip(teams, wanted, strict=True)
            if (team.company_id or company) == company and analysis.filtered_domain(allowed)
        ]

    # ------------------------------------------------------------
    # the period and what may be chosen
    # ------------------------------------------------------------

    def _describe_period(self, period, scope):
        """How the period is called, and a day of the one before, of the one after, of this one and the last."""
        today = self.env.company._aftersale_today()
        step = relativedelta(**PERIODS[period])
        return {
            "label": self._name_period(period, scope.date_from, scope.date_to),
            "dates": f"{format_date(self.env, scope.date_from)} – {format_date(self.env, scope.date_to)}",
            "day": scope.date_from.isoformat(),
            "previous": (scope.date_from - step).isoformat(),
            # what lies ahead holds nothing
            "next": (scope.date_from + step).isoformat() if scope.date_to < today else False,
            "current": today.isoformat(),
            "presets": [
                {"period": kind, "day": day.isoformat(), "label": label}
                for kind, labels in self._label_presets().items()
                for day, label in zip((today, today - relativedelta(**PERIODS[kind])), labels, strict=True)
            ],
        }

    def _label_presets(self):
        return {
            "week": (self.env._("This week"), self.env._("Last week")),
            "month": (self.env._("This month"), self.env._("Last month")),
            "quarter": (self.env._("This quarter"), self.env._("Last quarter")),
            "year": (self.env._("This year"), self.env._("Last year")),
        }

    def _name_period(self, period, date_from, date_to):
        if period == "year":
            return str(date_from.year)
        return self.env["report.aftersale_followup.report_analysis"]._format_period(period, date_from, date_to)

    def _get_choices(self):
        """What may be chosen, as {filter: [(value, label)]}; products are searched by the page itself."""
        here = [("company_id", "in", [self.env.company.id, False])]
        teams = self.env["crm.team"].sudo().search(here)
        scenarios = dict(self.env["aftersale.plan"]._fields["scenario"]._description_selection(self.env))
        return {
            "team": [(team.id, team.name) for team in self._filter_readable(teams)],
            "plan": [(plan.id, plan.name) for plan in self.env["aftersale.plan"].search(here)],
            "scenario": [(code, scenarios[code]) for code, _label in SCENARIOS],
            "channel": [
                (channel.id, channel.name) for channel in self.env["aftersale.channel"].search([("code", "!=", False)])
            ],
        }

    # ------------------------------------------------------------
    # figures as texts
    # ------------------------------------------------------------

    def _get_tile(self, page, figures, period, key):
        """One figure as texts, with its change and its last periods; what is withheld has no value at all."""
        figure = figures.get(key)
        format_value = page._get_formatter(key, self.env.company.currency_id)
        tile = page._get_defined_row(figures, key, self.env.company.currency_id)
        withheld = self.env._("too few answers (%s)", tile["n"])
        return {
            **tile,
            "value": withheld if tile["withheld"] else tile["value"],
            "interval": tile["interval"] if tile["interval"] != DASH else "",
            **self._get_change(page, key, figure),
            "points": [
                {
                    "label": self._name_period(
                        period, *(fields.Date.to_date(point[end]) for end in ("date_from", "date_to"))
                    ),
                    "value": None if point["withheld"] else point["value"],
                    "text": self.env._("withheld") if point["withheld"] else format_value(point["value"]),
                    "n": point["n"],
                }
                for point in figures.get("trends", {}).get(key, [])
            ],
        }

    def _get_change(self, page, key, figure):
        """The change on the period before as a text, and whether it is for the better."""
        if not figure or figure["withheld"] or figure["previous"] is None or figure["previous_withheld"]:
            return {"change": "", "direction": ""}
        kind, change = get_kind(key), figure["value"] - figure["previous"]
        if kind in ("score", "days", "change"):
            change = figure["change"]
            text = page._format_mean(change, sign=True)
        elif kind == "balance":
            text = page._format_score(change)
        elif kind == "money":
            text = f"{'+' if change > 0 else ''}{page._get_formatter(key, self.env.company.currency_id)(change)}"
        else:
            text = page._format_points(change)
        if not any(digit in "123456789" for digit in text):
            return {"change": text, "direction": "same"}
        is_better = (change > 0) != (key in LESS_IS_BETTER)
        return {"change": text, "direction": "better" if is_better else "worse"}

    def _get_problems(self, page, figures):
        problems = figures.get("top_problems") or []
        return [
            {**row, "part": problem["tag_id"], "value": None if problem["withheld"] else 100 * problem["share"]}
            for row, problem in zip(page._format_problems(problems), problems, strict=True)
        ]

    def _get_areas(self, page, figures):
        rows = page._get_named_rows(figures.get("areas"))
        return [
            {**row, "part": area["code"], "score": None if area["withheld"] else area["value"]}
            for row, area in zip(rows, figures.get("areas") or [], strict=True)
        ]

    def _get_channels(self, page, figures):
        channels = (figures.get("response_rate") or {}).get("channels", {})
        return [
            {**row, "part": code, **{key: channel[key] for key in ("contacted", "reached", "answered")}}
            for row, (code, channel) in zip(page._get_channels(figures), channels.items(), strict=True)
        ]

    def _get_label(self, key, part):
        """What the records behind a figure are headed with."""
        if key == "problems":
            return self.env["aftersale.tag"].browse(part).display_name
        if key == "areas":
            return self.env["aftersale.dimension"].search([("code", "=", part)], limit=1).name
        if key == "channels":
            return self.env["aftersale.channel"].search([("code", "=", part)], limit=1).name
        return self.env["aftersale.figures"]._get_definitions()[key][0]
