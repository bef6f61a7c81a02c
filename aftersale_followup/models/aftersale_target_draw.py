from collections import Counter

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.fields import Command, Domain
from odoo.tools import SQL

from .customer_segments import CustomerSegments
from .sampling import largest_remainder, rank

COMPLAINT_COLUMN_MONTHS = 12
PRODUCTS_SHOWN = 20


class AftersaleTarget(models.Model):
    """Who fits the criteria, and who of them is drawn; every step reads in a fixed number of queries."""

    _inherit = "aftersale.target"

    def _draw(self):
        """Replace the customers of the list by a new draw and look at what planning would do with them."""
        self.ensure_one()
        candidates = self._get_candidates()
        sample, strata = self._draw_sample(candidates)
        # sudo: lines are written by drawing only; orders and issues are read for whoever chooses customers
        target = self.sudo()
        target.line_ids.unlink()
        target.env["aftersale.target.line"].create(target._prepare_lines(sample))
        target.write(
            {
                "date_drawn": fields.Datetime.now(),
                "drawn_by": target._get_criteria(),
                "candidate_count": len(candidates),
                "strata": strata,
            }
        )
        target._preview()

    # ------------------------------------------------------------
    # Candidates
    # ------------------------------------------------------------

    def _get_candidates(self):
        """Return who fits the criteria: one contact per customer, as dictionaries sorted by customer.

        ``partner`` is the contact, ``customer`` the commercial entity, ``order`` the last order that fits (or none),
        ``products`` what they bought of the products asked for, ``lots`` the lots of it.
        """
        found = self.issue_id.sudo()._get_other_buyers(self) if self.issue_id else self._find_customers()
        found = self._filter_segment(self._filter_complaints(found))
        return sorted(found, key=lambda candidate: candidate["customer"].id)

    def _find_customers(self):
        """Return the candidates by orders; without a criterion on purchases, prospects too when they are wanted."""
        orders = self.sudo()._get_last_orders()
        asks_purchases = any(self[name] for name in ("product_ids", "product_category_ids", "date_from", "team_ids"))
        prospects = not self.only_customers and not asks_purchases and not self.date_to
        pool = Domain.TRUE if prospects else Domain("id", "in", orders.partner_id.ids + self._customers_of(orders).ids)
        matching = self._search_partners(pool)
        found = {}
        for order in orders:
            contact, customer = order.partner_id, order.partner_id.commercial_partner_id
            if contact in matching or customer in matching:
                found[customer] = self._candidate(contact if contact.active else customer, order)
        if prospects:
            known = self._customers_of(orders)
            for partner in matching.sudo().sorted(lambda p: (p != p.commercial_partner_id, p.id)):
                if partner.commercial_partner_id not in known:
                    found.setdefault(partner.commercial_partner_id, self._candidate(partner, orders.browse()))
        self._add_products(found)
        return list(found.values())

    @staticmethod
    def _customers_of(orders):
        return orders.partner_id.commercial_partner_id

    def _candidate(self, partner, order):
        nothing = self.env["product.product"].sudo().browse()
        customer = partner.commercial_partner_id
        return {"partner": partner, "customer": customer, "order": order, "products": nothing, "lots": ""}

    def _search_partners(self, pool):
        """Return the contacts of ``pool`` (a Domain) that pass the filter, as far as the user may read them."""
        company = Domain("company_id", "in", [False, self.company_id.id])
        return self.env["res.partner"].search(self._get_partner_domain() & company & pool).sudo()

    def _get_order_domain(self):
        """Return the Domain of the confirmed orders that the criteria ask for; days are days of the company."""
        company = self.company_id
        domain = Domain("company_id", "=", company.id) & Domain("state", "=", "sale")
        bought = self._get_product_domain()
        if not bought.is_true():
            domain &= Domain("order_line", "any", bought)
        if self.date_from:
            domain &= Domain("date_order", ">=", company._aftersale_moment(self.date_from))
        if self.date_to:
            domain &= Domain("date_order", "<", company._aftersale_moment(self.date_to + relativedelta(days=1)))
        if self.team_ids:
            domain &= Domain("team_id", "in", self.team_ids.ids)
        return domain

    def _get_product_domain(self):
        """Return the Domain of order lines with one of the products, or one below one of the categories."""
        choices = []
        if self.product_ids:
            choices.append(Domain("product_id", "in", self.product_ids.ids))
        if self.product_category_ids:
            choices.append(Domain("product_id.categ_id", "child_of", self.product_category_ids.ids))
        return Domain.OR(choices) if choices else Domain.TRUE

    def _get_last_orders(self):
        """Return the last fitting order of each customer (commercial entity)."""
        self._flush_orders()
        query = self.env["sale.order"]._search(self._get_order_domain())
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT ON (p.commercial_partner_id) o.id
                     FROM sale_order o JOIN res_partner p ON p.id = o.partner_id
                    WHERE o.id IN %s
                 ORDER BY p.commercial_partner_id, o.date_order DESC, o.id DESC""",
                query.subselect(),
            )
        )
        return self.env["sale.order"].browse(order_id for (order_id,) in rows)

    def _flush_orders(self):
        """Write what the queries below read."""
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        self.env["sale.order"].flush_model(["state", "company_id", "partner_id", "date_order"])
        self.env["sale.order.line"].flush_model(["order_id", "product_id"])

    def _add_products(self, found):
        """Note on the candidates of ``found`` what they bought of the products and categories asked for."""
        target = self.sudo()
        bought = target._get_product_domain()
        if bought.is_true() or not found:
            return
        domain = Domain("order_id", "any", target._get_order_domain()) & bought
        groups = target.env["sale.order.line"]._read_group(domain, ["order_partner_id"], ["product_id:recordset"])
        for partner, products in groups:
            candidate = found.get(partner.commercial_partner_id)
            if candidate:
                candidate["products"] |= products

    # ------------------------------------------------------------
    # Criteria on the customer's history
    # ------------------------------------------------------------

    def _filter_complaints(self, found):
        if self.complaint == "any":
            return found
        complained = self._count_complaints(found, self.complaint_months)
        return [one for one in found if (one["customer"].id in complained) == (self.complaint == "had")]

    def _count_complaints(self, found, months):
        """Return {customer id: number of complaints} of the last ``months`` in this company."""
        customers = [candidate["customer"].id for candidate in found]
        groups = (
            self.env["aftersale.issue"]
            .sudo()
            ._read_group(
                [
                    ("commercial_partner_id", "in", customers),
                    ("company_id", "=", self.company_id.id),
                    ("kind", "=", "complaint"),
                    ("state", "!=", "cancelled"),
                    ("create_date", ">=", fields.Datetime.now() - relativedelta(months=months)),
                ],
                ["commercial_partner_id"],
                ["__count"],
            )
        )
        return {customer.id: count for customer, count in groups}

    def _filter_segment(self, found):
        if self.customer_type == "any" and self.customer_value == "any":
            return found
        segments = self._get_segments(found)
        return [
            candidate
            for candidate in found
            if self.customer_type in ("any", self._type_of(candidate, segments))
            and self.customer_value in ("any", segments.customer_value(candidate["customer"].id))
        ]

    def _get_segments(self, found):
        """Return the `CustomerSegments` of the candidates."""
        return CustomerSegments(self.sudo().company_id, [candidate["customer"].id for candidate in found])

    def _type_of(self, candidate, segments):
        return segments.customer_type(candidate["customer"].id, self._get_moment())

    def _get_moment(self):
        """Return the naive UTC moment from which the plan counts."""
        return self.company_id._aftersale_moment(self.date_start, self.company_id.aftersale_hour_from)

    # ------------------------------------------------------------
    # Sample
    # ------------------------------------------------------------

    def _draw_sample(self, candidates):
        """Return (the candidates drawn, how many of each sales team in words)."""
        size = self._get_sample_size(len(candidates))
        ranked = sorted(candidates, key=lambda candidate: rank(self.seed, candidate["customer"].id))
        if not self.is_stratified:
            return ranked[:size], False
        teams = {team.id: team.display_name for team in (candidate["order"].team_id for candidate in candidates)}
        counts = Counter(candidate["order"].team_id.id or 0 for candidate in candidates)
        seats = largest_remainder(counts, size)
        left, sample = dict(seats), []
        for candidate in ranked:
            team_id = candidate["order"].team_id.id or 0
            if left[team_id]:
                left[team_id] -= 1
                sample.append(candidate)
        strata = [
            self.env._(
                "%(team)s: %(drawn)s of %(all)s",
                team=teams.get(team_id) or self.env._("No sales team"),
                drawn=seats[team_id],
                all=counts[team_id],
            )
            for team_id in sorted(counts)
        ]
        return sample, "\n".join(strata)

    def _get_sample_size(self, count):
        """Return how many of ``count`` customers are drawn; a share is rounded, but never to nobody."""
        if self.sample_method == "size":
            return min(self.sample_size, count)
        if self.sample_method == "percent":
            return min(count, max(1, int(count * self.sample_percent / 100.0 + 0.5)))
        return count

    # ------------------------------------------------------------
    # What is shown of each customer
    # ------------------------------------------------------------

    def _prepare_lines(self, sample):
        """Return the values of the lines of ``sample``: the customers' history as it is now."""
        segments = self._get_segments(sample)
        complaints = self._count_complaints(sample, COMPLAINT_COLUMN_MONTHS)
        customers = [candidate["customer"].id for candidate in sample]
        bought = self._read_products(customers)
        contacts = self._read_last_contacts(customers)
        scores = self._read_last_scores(customers)
        values = []
        for candidate in sample:
            customer_id = candidate["customer"].id
            purchases = segments.purchases.get(customer_id)
            values.append(
                {
                    "target_id": self.id,
                    "partner_id": candidate["partner"].id,
                    "order_id": candidate["order"].id,
                    "product_ids": [Command.set(candidate["products"].ids)],
                    "lots": candidate["lots"],
                    "customer_type": self._type_of(candidate, segments),
                    "customer_value": segments.customer_value(customer_id),
                    "products": bought.get(customer_id),
                    "date_last_order": purchases and self.company_id._aftersale_date(purchases.last),
                    "complaint_count": complaints.get(customer_id, 0),
                    "date_last_contact": contacts.get(customer_id),
                    "last_score": scores.get(customer_id, 0),
                }
            )
        return values

    def _read_products(self, customers):
        """Return {customer id: names of the products bought} of the confirmed orders in this company."""
        self._flush_orders()
        rows = self.env.execute_query(
            SQL(
                """SELECT p.commercial_partner_id, ARRAY_AGG(DISTINCT l.product_id)
                     FROM sale_order o
                     JOIN res_partner p ON p.id = o.partner_id
                     JOIN sale_order_line l ON l.order_id = o.id AND l.product_id IS NOT NULL
                    WHERE o.state = 'sale' AND o.company_id = %s AND p.commercial_partner_id = ANY(%s)
                 GROUP BY p.commercial_partner_id""",
                self.company_id.id,
                customers,
            )
        )
        numbers = {number for _customer, products in rows for number in products}
        names = {product.id: product.display_name for product in self.env["product.product"].browse(numbers)}
        bought = {}
        for customer, products in rows:
            own = sorted(names[number] for number in products)
            more = ["…"] if len(own) > PRODUCTS_SHOWN else []
            bought[customer] = ", ".join(own[:PRODUCTS_SHOWN] + more)
        return bought

    def _read_last_contacts(self, customers):
        groups = (
            self.env["aftersale.followup"]
            .sudo()
            ._read_group(
                [
                    ("commercial_partner_id", "in", customers),
                    ("company_id", "=", self.company_id.id),
                    ("date_sent", "!=", False),
                ],
                ["commercial_partner_id"],
                ["date_sent:max"],
            )
        )
        return {customer.id: self.company_id._aftersale_date(sent) for customer, sent in groups}

    def _read_last_scores(self, customers):
        self.env["aftersale.feedback"].flush_model(["commercial_partner_id", "score", "date", "is_valid"])
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT ON (commercial_partner_id) commercial_partner_id, score
                     FROM aftersale_feedback
                    WHERE score > 0 AND is_valid AND company_id = %s AND commercial_partner_id = ANY(%s)
                 ORDER BY commercial_partner_id, date DESC, id DESC""",
                self.company_id.id,
                customers,
            )
        )
        return dict(rows)
