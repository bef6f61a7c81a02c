from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

PARTS = {"_get_feedback", "_get_contacts", "_get_loop"}
# The mean of fewer would tell each of them what the other has.
TEAM_AGENTS = 3
# What leads to single answers of customers.
ANSWERS = {"answered", "satisfaction"}
# Counts without a list of their own.
UNLISTED = {"reached", "overdue"}


class AftersaleOverview(models.AbstractModel):
    """What an agent sees of the own work: beside it the mean of the team, never another agent, never a rank."""

    _inherit = "aftersale.overview"

    @api.model
    @api.readonly
    def get_my_figures(self, options):
        """Return the figures of the user who asks; of nobody else.

        :param dict options: `period` (week, month, quarter, year) and `day`, any of the period, today if empty
        """
        scope = self._read_my_options(options)
        company, dates = self.env.company, (scope.date_from, scope.date_to)
        engine = self.env["aftersale.figures"]
        mine = engine._get(company, *dates, only=PARTS, user=self.env.user)
        team = self._get_my_team()
        team_figures = engine._get(company, *dates, team=team, only=PARTS) if team else {}
        page = self.env["report.aftersale_followup.report_analysis"]
        own = (mine.get("agents") or [{}])[0]
        loop = mine.get("loop") or {}
        counts = {
            "contacted": (self.env._("Contacted"), own.get("contacted", 0)),
            "reached": (self.env._("Reached"), own.get("reached", 0)),
            "answered": (self.env._("Answered"), own.get("answered", 0)),
            "waiting": (self.env._("Issues waiting for me"), loop.get("new", 0) + loop.get("processing", 0)),
            "overdue": (self.env._("of which overdue"), loop.get("overdue", 0)),
        }
        tiles = [self._get_count_tile(key, label, count) for key, (label, count) in counts.items()]
        for key in ("response_rate", "satisfaction"):
            tile = self._get_tile(page, mine, options["period"], key)
            # targets are the company's
            tile |= {"light": None, "team": self._compare_with_team(page, team_figures, key, tile["n"])}
            tiles.append(tile)
        for tile in tiles:
            tile["is_open"] = self._can_open(tile["key"])
        return {
            **self._describe_period(options["period"], scope),
            "tiles": tiles,
            "team": team.name,
            "weak_n": mine["weak_n"],
            "min_n": mine["min_n"],
        }

    @api.model
    @api.readonly
    def get_my_records(self, options, key, part=None):
        """Return the action that opens the user's own records behind one of these figures."""
        scope = self._read_my_options(options)
        if key in UNLISTED:
            raise UserError(self.env._("There is no list behind this figure."))
        if not self._can_open(key):
            raise AccessError(self.env._("Single answers are not shown to agents."))
        if key in ("waiting", "overdue"):
            model, domain = "aftersale.issue", Domain("user_id", "=", self.env.uid)
            domain &= Domain("company_id", "=", self.env.company.id) & Domain("state", "in", ("new", "processing"))
        else:
            wanted = {"contacted": "response_rate", "answered": "response_rate"}.get(key, key)
            model, domain = self.env["aftersale.figures"]._get_records(scope, wanted)
        if key == "answered":
            domain &= Domain("state", "=", "done")
        return self._open_records(model, domain, self._describe_period(options["period"], scope)["label"])

    def _read_my_options(self, options):
        if not self.env.user.has_group("aftersale_followup.group_agent"):
            raise AccessError(self.env._("These are the figures of agents."))
        return self._make_period_scope(options, filters={"user": self.env.user})

    def _get_my_team(self):
        company = self.env.company
        teams = self.env["crm.team"].sudo()
        own = teams.search([("member_ids", "in", self.env.uid), ("company_id", "in", [company.id, False])])
        return own & company.sudo().aftersale_team_id or own[:1]

    def _can_open(self, key):
        """Whether the figure leads to its records: not to single answers where agents are not to see them."""
        if key in ANSWERS and self.env.company._aftersale_hides_answers():
            return False
        return key not in UNLISTED

    def _get_count_tile(self, key, label, count):
        nothing = dict.fromkeys(("interval", "change", "direction", "definition", "target", "team"), "")
        plain = {"n": count, "is_count": True, "weak": False, "withheld": False, "light": None, "points": []}
        return {**nothing, **plain, "key": key, "label": label, "value": str(count)}

    def _compare_with_team(self, page, figures, key, own):
        """The team's mean as a text, where it is made of answers to enough agents; ``own`` of its cases are mine."""
        figure = figures.get(key)
        name = {"response_rate": "response", "satisfaction": "satisfaction"}[key]
        agents = [agent for agent in figures.get("agents") or [] if agent[name]]
        if not figure or figure["withheld"] or len(agents) < TEAM_AGENTS:
            return ""
        if figure["n"] - own < self.env.company.aftersale_min_n:  # what the own share leaves tells of too few
            return ""
        return self.env._("Team: %(value)s (n = %(n)s)", value=page._get_formatter(key)(figure["value"]), n=figure["n"])
