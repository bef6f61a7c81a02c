from collections import defaultdict

from odoo.fields import Domain


class AgentLoad:
    """How many open follow-ups each agent has on each of ``days``, read in one query; ``company`` is the asking one."""

    def __init__(self, company, days):
        self._load = defaultdict(int)
        if not days:
            return
        domain = (
            Domain("company_id", "=", company.id)
            & Domain("state", "in", ("planned", "ready"))
            & Domain("date_planned", ">=", min(days))
            & Domain("date_planned", "<=", max(days))
        )
        groups = company.env["aftersale.followup"]._read_group(domain, ["user_id", "date_planned:day"], ["__count"])
        for user, day, count in groups:
            self._load[user.id, day] += count

    def pick(self, days, agents):
        """Return (agent, day) with the least load, the earliest day first; counts the choice."""
        users = agents or [agents]
        day, user = min(
            ((day, user) for day in days for user in users), key=lambda pair: (self._load[pair[1].id, pair[0]], pair[0])
        )
        self._load[user.id, day] += 1
        return user, day
