from odoo import models
from odoo.fields import Domain


class AftersalePlan(models.Model):
    """Whom a plan is about, and by which channel: its criteria, each in one place."""

    _inherit = "aftersale.plan"

    def _filter_occasions(self, occasions):
        """Return the occasions this plan looks at: since its start, by what they are; an empty criterion means any."""
        start = self._get_start()
        return self._filter_matching([occasion for occasion in occasions if occasion["moment"] >= start])

    def _filter_matching(self, occasions):
        """Return the occasions that fit the criteria of this plan, whenever they were."""
        kept = [occasion for occasion in occasions if not self._get_mismatch(occasion)]
        if kept and not self._get_partner_domain().is_true():
            partners = self.env["res.partner"].union(*{occasion["partner"] for occasion in kept})
            chosen = self._filter_partners(partners)
            kept = [occasion for occasion in kept if occasion["partner"] in chosen]
        return kept

    def _filter_partners(self, partners):
        """Return the ``partners`` that fit the customer filter, themselves or with the company they belong to."""
        everybody = partners | partners.commercial_partner_id
        found = everybody.with_context(active_test=False).search(
            Domain("id", "in", everybody.ids) & self._get_partner_domain()
        )
        return partners.filtered(lambda partner: partner in found or partner.commercial_partner_id in found)

    def _get_start(self):
        """Return the naive UTC moment from which this plan looks at occasions: the start of its first day."""
        self.ensure_one()
        return self.env.company._aftersale_moment(self.date_start)

    def _get_mismatch(self, occasion):
        """Return the field whose criterion ``occasion`` does not meet, or None.

        The customer filter is asked for many occasions at once, see `_filter_partners`.
        """
        teams, wanted, categories = self._get_criteria()
        products = occasion["products"]
        if not self._is_about(occasion):
            return "trigger"
        if occasion["amount"] < self.amount_min:
            return "amount_min"
        if teams and occasion["team"].id not in teams:
            return "team_ids"
        if wanted and wanted.isdisjoint(products.ids):
            return "product_ids"
        # A category stands for all below it: their paths name its id.
        paths = (product.categ_id.parent_path or "" for product in products)
        if categories and not any(categories & set(map(int, path.split("/")[:-1])) for path in paths):
            return "product_category_ids"
        return None

    def _is_about(self, occasion):
        """A resolved issue is verified by its plans, a finished measure asked about by its own, orders by all.

        Some occasions are made for one plan, or count from one of two moments between which a plan chooses.
        """
        if occasion["plan"] and occasion["plan"] != self:
            return False
        if occasion["trigger"] and occasion["trigger"] != self.trigger:
            return False
        if occasion["counts_from"] and occasion["counts_from"] != self.counts_from:
            return False
        if not occasion["issue"] and not occasion["action"]:
            return True
        subject = "issue" if occasion["issue"] else "action"
        return self.scenario == "resolution_check" and self.resolution_of == subject

    def _get_segment_mismatch(self, occasion, facts):
        """Return the field whose criterion the customer of ``occasion`` does not meet, or None."""
        values = facts.get_values(occasion)
        if self.customer_type not in ("any", values["customer_type"]):
            return "customer_type"
        value = "high" if values["is_high_value"] else "other"
        return None if self.customer_value in ("any", value) else "customer_value"

    def _get_possible_channels(self, partner, urgent=False):
        """Return the channels by which this plan can reach ``partner`` now, best first."""
        return self._get_channel_order(partner, urgent).filtered(lambda c: not self._get_obstacle(c, partner))

    def _get_channel_order(self, partner, urgent=False):
        """Return the channels by which this plan tries to reach ``partner``, best first.

        Preferred by the customer, then in their order; phone comes first where the plan says so, or for ``urgent``.
        """
        self.ensure_one()
        channels = self.channel_ids.sorted("sequence")
        if self.phone_first or urgent:
            channels = channels.sorted(lambda channel: channel.code != "phone")
        return partner.aftersale_channel_id | channels

    def _get_obstacle(self, channel, partner):
        """Return why this plan cannot reach ``partner`` by ``channel`` now (a code), or None."""
        if obstacle := channel._get_obstacle(partner):
            return obstacle
        if not channel._has_message(self):
            return "no_text"
        return None if channel._get_carrier(self, partner) else "no_carrier"
