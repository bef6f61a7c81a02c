from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .planning_window import PlanningWindows


class AftersaleFollowup(models.Model):
    """How a follow-up goes out: what changed since planning, the cap, the channel."""

    _inherit = "aftersale.followup"

    def _contact(self, by_hand=False):
        """Contact the customers of planned follow-ups: check again, choose the channel, send or put on the list.

        Outside the contact hours at the customer's place nothing goes out, safety excepted: it is moved. Returns the
        follow-ups that are now ``ready``. Rows locked by another worker are left to it.

        :param by_hand: a person asks for it now, whatever the day; calls are put on the list at any hour
        """
        # Rows that others refer to may go on being referred to: a delivery never waits for the cron.
        locked = self.try_lock_for_update(allow_referencing=True).filtered(lambda f: f.state == "planned")
        ready = self.browse()
        for company, followups in locked.grouped("company_id").items():
            ready |= followups.with_company(company)._contact_in_company(by_hand)
        return ready

    def _contact_in_company(self, by_hand):
        """Contact follow-ups of the environment's company, whose cap and calendar count."""
        self._refresh_keys()
        followups = self - self._recheck()
        followups._choose_channel()
        followups = followups.filtered(lambda f: f.state == "planned")
        followups -= followups._defer_to_opening(by_hand)
        followups -= followups._defer_quiet_days()
        # Last: only what really goes out counts, and keeps others from the customer.
        followups -= followups._enforce_cap()
        followups -= followups._await_budget()
        now = fields.Datetime.now()
        for days, rows in followups.grouped(lambda f: f.plan_id.expire_days).items():
            expiry = now + timedelta(days=days)
            rows._set_state("ready", date_expiry=expiry, date_next=expiry)
        followups._log_passed_over()
        followups.filtered("channel_id.is_automatic")._send("invite")
        return followups

    def action_contact(self):
        """Send now: contact the planned follow-ups without waiting for their day."""
        self.check_access("write")
        planned = self.sudo().filtered(lambda f: f.state == "planned")
        locked = planned.try_lock_for_update(allow_referencing=True)
        if planned - locked:
            name = (planned - locked)[0].name
            raise UserError(self.env._("%s is being contacted at this moment. Try again in a minute.", name))
        ready = locked._contact(by_hand=True)
        left = locked - ready
        message = self.env._("%(ready)s contacted, %(left)s moved or not asked.", ready=len(ready), left=len(left))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if left else "success",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _refresh_keys(self):
        """Take over the customer's present address and number: opt-outs and the cap count for what is used now."""
        for followup in self:
            keys = (followup.partner_id.email_normalized, followup.partner_id.phone_sanitized)
            if (followup.email_key, followup.phone_key) != keys:
                followup.email_key, followup.phone_key = keys

    def _recheck(self):
        """End what may no longer be sent (see design: what changed since planning) and return it."""
        ended = self.browse()
        open_issue = self._with_open_issue()
        opted_out = self._with_optout()
        self.filtered(lambda f: f.order_id.state == "cancel")._cancel_for_order()
        planned = self.filtered(lambda f: f.state == "planned" and f.order_id)
        returned = planned.filtered(lambda f: f.order_id._aftersale_is_returned())
        returned -= returned._hand_on(self.env._("The goods of the order came back."))
        planned._drop_withdrawn()
        for followup in self:
            reason = None
            if followup.state != "planned":
                ended |= followup
                continue
            if not followup.partner_id.active:
                reason = "archived"
            elif not followup.plan_id.active:
                reason = "plan_paused"
            elif followup in returned:
                reason = "returned"
            elif followup in opted_out and followup.contact_class != "safety":
                reason = "opt_out"
            elif followup in open_issue:
                reason = "open_issue"
            if reason:
                followup._skip(reason)
                ended |= followup
        return ended

    def _with_optout(self):
        """Return the follow-ups whose customer, address or number has opted out of them."""
        keys = set(self.mapped("email_key")) | set(self.mapped("phone_key"))
        blocked = self.env["aftersale.optout"]._get_blocked(keys - {False}, self.partner_id)

        def opted_out(followup):
            scopes = {False, followup.scenario}
            keys = (followup.email_key, followup.phone_key, followup.partner_id.id)
            return any(scopes & blocked.get(key, set()) for key in keys if key)

        return self.filtered(opted_out)

    def _with_open_issue(self):
        """Return the follow-ups whose customer has an open issue: whoever handles it calls, no survey meanwhile."""
        asked = self.filtered(lambda f: f.contact_class not in ("safety", "verification"))
        if not asked:
            return asked
        busy = self.env["aftersale.issue"]._read_group(
            [
                ("commercial_partner_id", "in", asked.commercial_partner_id.ids),
                ("company_id", "in", asked.company_id.ids),
                ("state", "in", ("new", "processing", "done")),
            ],
            ["commercial_partner_id", "company_id"],
        )
        busy = {(partner.id, company.id) for partner, company in busy}
        return asked.filtered(lambda f: (f.commercial_partner_id.id, f.company_id.id) in busy)

    def _enforce_cap(self):
        """Count again under a lock per address, number and customer; skip what is over the cap and return it."""
        over = self.browse()
        capped = self.filtered(lambda f: f.contact_class not in ("safety", "verification"))
        if not capped:
            return over
        keys = set(capped.mapped("email_key")) | set(capped.mapped("phone_key"))
        keys |= {f"partner:{partner.id}" for partner in capped.commercial_partner_id}
        # One order for all workers, by what is really locked: else two could wait for each other.
        self.env.execute_query(
            SQL(
                """SELECT pg_advisory_xact_lock(hashtext('aftersale'), number)
                     FROM (SELECT DISTINCT hashtext(key) AS number FROM unnest(%s) AS key ORDER BY number) AS locks""",
                sorted(filter(None, keys)),
            )
        )
        ledger = self.env["aftersale.plan"]._get_contacted_ledger(capped)
        windows = PlanningWindows(self.env.company, [], [fields.Datetime.now()])
        today = windows.today
        for followup in capped:
            cap = followup.plan_id._get_cap(ledger, followup)
            rule = cap.rule(today)
            if not rule:
                ledger.add(followup, today)
                continue
            days = windows.between(today, followup.date_deadline)
            day = cap.first(days)
            if day:
                followup._move_to(day, self.env._("Moved to %(day)s: %(rule)s.", day=day, rule=rule))
            else:
                followup.lost_turn = followup.plan_id._loses_turn(ledger, followup, days or [today])
                followup._skip("contact_cap", rule)
            over |= followup
        return over

    # ------------------------------------------------------------
    # Channel
    # ------------------------------------------------------------

    def _choose_channel(self):
        """Set the first possible channel; skip the follow-up when there is none.

        An opt-out stops every automatic channel; only a hazard is told all the same, by the supervisor.
        """
        opted_out = self._with_optout()
        chosen = self.grouped(lambda f: f._get_next_channel(by_people=f in opted_out))
        for channel, followups in chosen.items():
            if channel:
                followups.channel_id = channel
                continue
            (followups & opted_out)._skip("opt_out")
            (followups - opted_out)._skip("no_contact")
            followups._log_passed_over()
        self._hand_to_supervisor()

    def _get_next_channel(self, failed=None, by_people=False):
        """Return the first channel but ``failed`` that can work, empty if none; ``by_people``: nothing may be sent."""
        for channel in self._get_channel_order():
            if channel != failed and not (by_people and channel.is_automatic) and not self._get_obstacle(channel):
                return channel
        return self.env["aftersale.channel"]

    def _get_channel_order(self):
        """Return the channels that did not fail yet, best first; what is urgent about an issue is a call first."""
        self.ensure_one()
        urgent = self.contact_class in ("safety", "verification") and self.issue_id.priority in ("1", "2")
        return self.plan_id._get_channel_order(self.partner_id, urgent) - self._get_failed_channels()

    def _get_obstacle(self, channel):
        """Return why the customer cannot be reached by ``channel`` now (a code), or None."""
        return self.plan_id._get_obstacle(channel, self.partner_id)

    def _get_failed_channels(self):
        """Return the channels by which the customer turned out not to be reached."""
        return self.attempt_ids._filter_tried().filtered(lambda a: a.outcome in ("bounced", "wrong_contact")).channel_id

    def _contact_by_next_channel(self, failed):
        """Leave the ``failed`` channel; the customer is reached by the next one, or is unreachable."""
        self.ensure_one()
        channel = self._get_next_channel(failed, by_people=bool(self._with_optout()))
        if not channel:
            self._set_state("unreachable", date_done=fields.Datetime.now())
            self._log_passed_over()
            return
        self.write({"channel_id": channel.id, "date_next": self.date_expiry, "date_call": False})
        self._log_passed_over()
        self._hand_to_supervisor()
        if channel.is_automatic and not self._postpone_to_opening() and not self._await_budget():
            self._send("invite")
