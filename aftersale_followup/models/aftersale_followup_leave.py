from odoo import api, models
from odoo.fields import Domain

from .aftersale_followup_redate import BATCH
from .agent_load import AgentLoad


class AftersaleFollowup(models.Model):
    """Planned days on which the agent is away after all: leave that was entered after the planning."""

    _inherit = "aftersale.followup"

    @api.model
    def _leave_entered(self):
        """Have the days of what is planned looked at soon; whoever enters a leave does not wait for it."""
        if cron := self.env.ref("aftersale_followup.ir_cron_redate", raise_if_not_found=False):
            cron.sudo()._trigger()

    def _redate_absent(self, windows):
        """Find another day, else another agent, for what agents on leave cannot do in the company of ``windows``.

        Return whether there is time for more. Where nobody else can, it stays as it is.
        """
        company = windows.company
        coming = (
            Domain("state", "=", "planned")
            & Domain("company_id", "=", company.id)
            & Domain("date_planned", ">=", windows.today)
        )
        [lasts] = self._read_group(coming, [], ["date_planned:max", "date_deadline:max"])
        if not any(lasts):
            return True
        load = AgentLoad(company, [windows.today, *lasts])
        known = load.absences()
        users, days = {user for user, _day in known}, {day for _user, day in known}
        absent = self.search(coming & Domain("user_id", "in", users) & Domain("date_planned", "in", days))
        # Who changed a follow-up later knew of the leave.
        absent = absent.filtered(
            lambda row: (moment := known.get((row.user_id.id, row.date_planned))) and row.write_date <= moment
        )
        for start in range(0, len(absent), BATCH):
            batch = absent[start : start + BATCH].try_lock_for_update(allow_referencing=True)
            batch = batch.filtered(lambda row: row.state == "planned")
            ledger = self.env["aftersale.plan"]._get_ledger(batch)
            opted_out = batch._with_optout()
            for row in batch:
                row._find_substitute(windows, ledger, load, row in opted_out)
            left = max(len(absent) - start - BATCH, 0)
            if not self.env["ir.cron"]._commit_progress(len(batch), remaining=left):
                return False
        return True

    def _find_substitute(self, windows, ledger, load, is_opted_out):
        """Give the follow-up a day in its window on which its agent works, else an agent who does, as the plan says."""
        counted = self.window_to and self.date_received
        # Without a count of days it is not known where the window began: no day before the planned one.
        first = windows.nth(self.date_received, self.window_from) if counted else self.date_planned
        days = windows.between(max(first, windows.today), self.date_deadline)
        days = self.plan_id._get_cap(ledger, self).free(days) or [self.date_planned]
        agents, own = self.user_id, [day for day in days if load.has_room(self.user_id, day)]
        if not own:
            occasion = {"sales_user": self.sales_user_id, "issue": self.issue_id}
            against_optout = is_opted_out and self.contact_class == "safety"
            facts = {"occasion": occasion, "against_optout": against_optout}
            agents = self.plan_id._get_agents(facts, self.team_id, load)
            own = [day for day in days if not all(load.is_absent(agent, day) for agent in agents)]
        if own:
            user, day = load.pick(own, agents)
            self._substitute(user, day)
            ledger.move(self, day)

    def _substitute(self, user, day):
        names = {"agent": user.name, "day": day, "absent": self.user_id.name, "old": self.date_planned}
        if user == self.user_id:
            self._move_to(day, self.env._("Moved from %(old)s to %(day)s: %(absent)s is on leave.", **names))
            return
        sentence = self.env._("Handed over to %(agent)s for %(day)s: %(absent)s is on leave on %(old)s.", **names)
        if day == self.date_planned:
            self.write({"user_id": user.id, "explanation": self._explained(sentence)})
        else:
            self._move_to(day, sentence, user_id=user.id)
