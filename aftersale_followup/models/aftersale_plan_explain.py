from collections import namedtuple

from odoo import models
from odoo.fields import Domain

from .aftersale_plan import ERROR_LIMIT
from .planning_facts import PlanningFacts

# followups: the rows of the plan, if any; reason: in words why there is none
Answer = namedtuple("Answer", "plan followups reason")


class AftersalePlan(models.Model):
    """Why was this customer not asked? The criteria of each plan, in words."""

    _inherit = "aftersale.plan"

    def _explain(self, partner, order):
        """Return an `Answer` for each plan in ``self``: its rows for ``order``, or why there is none.

        Plans at regular intervals are not about an order: their rows are those for the customer of ``partner``. With
        no order, all rows of the customer count, and reasons are those for the last one.
        """
        partner.check_access("read")
        customer = partner.commercial_partner_id
        # sudo: that a colleague asked is an answer, too
        mine = Domain("commercial_partner_id", "=", customer.id) & Domain("company_id", "in", self.env.companies.ids)
        rows = self.env["aftersale.followup"].sudo().search(mine & Domain("plan_id", "in", self.ids))
        last = order or self.env["sale.order"].sudo().search(
            [
                ("partner_id.commercial_partner_id", "=", customer.id),
                ("state", "=", "sale"),
                ("company_id", "in", self.env.companies.ids),
            ],
            order="date_order desc",
            limit=1,
        )
        answers = []
        for plan in self:
            found = rows.filtered(lambda row, plan=plan: row.plan_id == plan)
            if order and plan.trigger in ("delivery", "sale"):
                found = found.filtered(lambda row: row.order_id == order)
            answers.append(Answer(plan, found, not found and plan._explain_absence(customer, last)))
        return answers

    def _explain_absence(self, customer, order):
        """Return in words why this plan has no row for the customer, or the order."""
        if not self.active:
            return self.env._("The plan is paused.")
        if self.error_count >= ERROR_LIMIT:
            return self.env._("The plan rests after failing again and again: %s", self.error_message or "")
        if self.trigger == "periodic":
            return self._explain_cycle(customer)
        if self.trigger == "resolution":
            return self.env._("Nothing this customer reported was resolved yet.")
        if self.trigger == "manual":
            return self.env._("This plan asks whom somebody chooses; the customer was in no target list.")
        if not order:
            return self.env._("The customer has no confirmed order.")
        plan = self.sudo().with_company(order.company_id)
        if self.company_id not in (order.company_id, self.company_id.browse()):
            return self.env._("The plan serves another company.")
        occasions = order.sudo()._aftersale_occasions(self.trigger)
        if not occasions:
            return (
                self.env._("The order is not delivered yet.")
                if order.state == "sale"
                else self.env._("The order is not confirmed.")
            )
        if str(order.browse(order.id)) in (self.failed_records or {}):
            return self.env._("It fits, but planning it fails: %s", self.error_message or "")
        return plan._explain_mismatch(occasions) or self.env._("It fits: it is planned within the next hour.")

    def _explain_mismatch(self, occasions):
        """Return in words which criterion none of ``occasions`` meets, or None when one meets all."""
        reasons = [self._get_reason(occasion) for occasion in occasions]
        return None if None in reasons else reasons[0]

    def _get_reason(self, occasion):
        if occasion["moment"] < self._get_start():
            return self.env._("It happened before the plan's start on %s.", self.date_start)
        field = self._get_mismatch(occasion)
        if not field and not self._filter_partners(occasion["partner"]):
            field = "partner_domain"
        field = field or self._get_segment_mismatch(occasion, PlanningFacts(self.env, [(self, occasion)]))
        return field and self.env._(
            "It does not meet the plan's criterion “%s”.", self._fields[field]._description_string(self.env)
        )

    def _explain_cycle(self, customer):
        """Return in words when, or why never, the customer is due under this plan at regular intervals."""
        for company in self._get_companies() & self.env.companies:
            cycles = self._get_cycles(company, customer.ids)
            if customer.id in cycles.cycles:
                # Of who waits since before the switch-on, only all customers together tell the day.
                cycles = self._get_cycles(company)
                return self.env._(
                    "Due on %(day)s. %(why)s", day=cycles.days()[customer.id], why=cycles.describe(customer.id)
                )
            if customer.id in cycles.inactive:
                return self.env._("The customer has not ordered for %s months.", company.aftersale_inactive_months)
        return self.env._("The customer does not meet the plan's criteria, or a plan with a shorter interval asks.")
