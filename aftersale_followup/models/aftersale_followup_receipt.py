from odoo import models

from .agent_load import AgentLoad
from .contact_cap import EXEMPT_CLASSES
from .planning_window import PlanningWindows


class AftersaleFollowup(models.Model):
    """Windows that begin on another day, since the receipt became known after the follow-up was planned."""

    _inherit = "aftersale.followup"

    def _recount_windows(self):
        """Count the windows of these planned follow-ups from what is now known of the deliveries, and move them there.

        In place: what was merged into them stays with them. Who can no longer be asked is skipped with the reason.
        """
        for company, rows in self.grouped("company_id").items():
            occasions = rows.order_id.with_company(company)._aftersale_occasions("delivery")
            moments = {occasion["order"].id: occasion["moment"] for occasion in occasions}
            rows = rows.with_company(company).filtered(lambda row, known=moments: row.order_id.id in known)
            if rows:
                rows._recount_in(company, moments)

    def _recount_in(self, company, moments):
        rules = {row: row.touchpoint_id or row.plan_id for row in self}
        windows = PlanningWindows(company, list(rules.values()), list(moments.values()))
        found = {row: windows.get(rule, moments[row.order_id.id]) for row, rule in rules.items()}
        load = AgentLoad(company, [day for days, _last, _time in found.values() for day in days])
        ledger = self.env["aftersale.plan"]._get_ledger(self)
        survivors = self.search([("merged_into_id", "in", self.ids)]).merged_into_id
        for row, (days, last, exact) in found.items():
            rule = rules[row]
            in_workdays = rule.delay_unit == "working_days"
            values = {
                "date_received": company._aftersale_date(moments[row.order_id.id]),
                "date_deadline": last,
                "window_from": rule.delay_min if in_workdays else 0,
                "window_to": rule.delay_max if in_workdays else 0,
            }
            sentence = self.env._(
                "Received on %(received)s, as is known now: window from %(first)s to %(last)s.",
                received=values["date_received"],
                first=days[0],
                last=last,
            )
            free = row.plan_id._get_cap(ledger, row).free(days)
            too_old = last < windows.today and row.contact_class not in EXEMPT_CLASSES
            if (too_old or not free) and row not in survivors:
                lost = not too_old and row.plan_id._loses_turn(ledger, row, days)
                row.write({**values, "lost_turn": lost, "explanation": row._explained(sentence)})
                row._skip("too_old" if too_old else "contact_cap")
                continue
            if too_old or not free:
                # The call goes on as it was, for the orders merged into it.
                values = {"date_received": values["date_received"]}
                free = [row.date_planned]
            row._recount_one(free, exact, sentence, values, load)
            ledger.move(row, row.date_planned)

    def _recount_one(self, free, exact, sentence, values, load):
        """Keep the day if it is one of the ``free`` ones, else take the best; ``exact`` is the hour of the first."""
        day = self.date_planned if self.date_planned in free else load.pick(free, self.user_id)[1]
        if exact and self.company_id._aftersale_date(exact) == day:
            values = {**values, "time_planned": exact, "date_next": exact}
        if day == self.date_planned:
            self.write({**values, "explanation": self._explained(sentence)})
        else:
            self._move_to(day, sentence, **values)

    def _recount_merged(self):
        """Have the calls that these follow-ups were merged into wait until their goods have arrived, too.

        A call that cannot wait inside its window goes on without these goods: nobody is asked about what is on its way.
        """
        for company, rows in self.grouped("company_id").items():
            rows = rows.with_company(company)
            occasions = rows.order_id._aftersale_occasions("delivery")
            moments = {occasion["order"]: occasion["moment"] for occasion in occasions}
            rows = rows.filtered(lambda row, known=moments: row.order_id in known)
            windows = PlanningWindows(company, [*rows.touchpoint_id, *rows.plan_id], list(moments.values()))
            ledger = self.env["aftersale.plan"]._get_ledger(rows.merged_into_id)
            load = AgentLoad(company, rows.merged_into_id.mapped("date_deadline"))
            for row in rows:
                first = windows.get(row.touchpoint_id or row.plan_id, moments[row.order_id])[0][0]
                if row.merged_into_id.date_planned < first:
                    row._wait_with_survivor(first, windows, ledger, load)

    def _wait_with_survivor(self, first, windows, ledger, load):
        """Move the call this follow-up was merged into to ``first`` or later, else take our goods out of it."""
        call = self.merged_into_id
        days = windows.between(first, call.date_deadline)
        if free := call.plan_id._get_cap(ledger, call).free(days):
            _user, day = load.pick(free, call.user_id)
            call._move_to(
                day, self.env._("Moved to %(day)s: %(order)s arrives later.", day=day, order=self.order_id.name)
            )
            ledger.move(call, day)
            return
        others = self.search([("merged_into_id", "=", call.id)]) - self
        kept = call.order_id.order_line.product_id | others.product_ids
        call.product_ids -= self.product_ids - kept
        sentence = self.env._("%s arrives after the shared call: its products are not asked about.", self.order_id.name)
        for followup in (call, self):
            followup.explanation = followup._explained(sentence)
        self.lost_turn = True
