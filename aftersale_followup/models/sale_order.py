from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, float_compare

from .planning_occasion import prepare_occasion


class SaleOrder(models.Model):
    _inherit = "sale.order"

    aftersale_followup_ids = fields.One2many("aftersale.followup", "order_id", "Follow-ups", copy=False)
    aftersale_followup_count = fields.Integer("Follow-up Count", compute="_compute_aftersale_followup_count")

    @api.depends_context("uid")
    def _compute_aftersale_followup_count(self):
        counts = {}
        if self.env["aftersale.followup"].has_access("read"):
            groups = self.env["aftersale.followup"]._read_group(
                [("order_id", "in", self.ids)], ["order_id"], ["__count"]
            )
            counts = {order.id: count for order, count in groups}
        for order in self:
            order.aftersale_followup_count = counts.get(order.id, 0)

    def _action_confirm(self):
        result = super()._action_confirm()
        # Sellers and the public user of the web shop hold no right on follow-ups: planning runs in sudo.
        Plan = self.env["aftersale.plan"]
        Plan._plan_isolated("sale", self)
        with Plan._isolated():
            # Delivered, cancelled and now confirmed again: no delivery will follow to bring the follow-up back.
            cancelled = (
                self.env["aftersale.followup"]
                .sudo()
                .search([("order_id", "in", self.ids), ("state", "=", "cancelled"), ("cancel_cause", "=", "order")])
            )
            if cancelled:
                Plan._plan_isolated("delivery", cancelled.order_id)
        return result

    def _action_cancel(self):
        result = super()._action_cancel()
        with self.env["aftersale.plan"]._isolated():
            followups = (
                self.env["aftersale.followup"]
                .sudo()
                .search([("order_id", "in", self.ids), ("state", "in", ("planned", "ready"))])
            )
            # Never wait for a row that is being contacted: it is looked at again before anything is sent.
            followups.try_lock_for_update(allow_referencing=True)._cancel_for_order()
        return result

    def action_aftersale_followups(self):
        """Open the follow-ups of this order."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_followup_action")
        action.update(domain=[("order_id", "=", self.id)], context={"create": False})
        return action

    # ------------------------------------------------------------
    # Occasions
    # ------------------------------------------------------------

    def _aftersale_customer_moves(self):
        """Return the moves of these orders that bring goods to the customer, drop-shipped ones included."""
        moves = self.order_line.move_ids
        return moves.filtered(lambda m: m.picking_id and m.picking_id._is_to_external_location())

    def _aftersale_delivered_lots(self, product):
        """Return the lots and serial numbers of ``product``, of a kit those of its parts, that these orders brought."""
        if not product:
            return self.env["stock.lot"]
        moves = self._aftersale_customer_moves().filtered(lambda m: m.state == "done")
        moves = moves.filtered(lambda m: product in (m.product_id, m.sale_line_id.product_id))
        return moves.move_line_ids.lot_id

    def _aftersale_delivered(self):
        """Return the orders that are delivered: something reached the customer and no move is open any more.

        Read over the moves of the lines, whatever the warehouse steps; returns do not count. `delivery_status` would
        also be full after a full return or a cancelled remainder. An order without goods is delivered when the
        delivered quantities of its services have reached the ordered ones.
        """
        served = self.filtered(lambda order: not order.order_line.move_ids and order._aftersale_is_served())
        arrived = self._aftersale_customer_moves().filtered(lambda m: m.state == "done").sale_line_id.order_id
        waiting = self.order_line.move_ids.filtered(
            lambda m: m.state not in ("done", "cancel") and not m.origin_returned_move_id
        )
        return ((self & arrived) - waiting.sale_line_id.order_id) | served

    def _aftersale_is_served(self):
        self.ensure_one()
        lines = self._aftersale_service_lines()
        goods = self.order_line.filtered(lambda line: line.product_id.type == "consu" and line.product_uom_qty > 0)
        return bool(lines) and not goods and lines._aftersale_is_complete()

    def _aftersale_service_lines(self):
        """Return the lines of these orders that are work for the customer: no freight, discount or down payment."""
        return self.order_line.filtered(
            lambda line: (
                line.product_id.type == "service"
                and line.product_uom_qty > 0
                and line.price_unit >= 0
                and not line.is_downpayment
                and not line._is_delivery()
            )
        )

    def _aftersale_is_returned(self):
        """Return whether everything that reached the customer came back."""
        self.ensure_one()
        moves = self.order_line.move_ids.filtered(lambda m: m.state == "done" and m.picking_id)
        balance = {}
        for move in moves:
            if move.picking_id._is_to_external_location():
                sign = 1
            elif move.origin_returned_move_id and move.location_id.usage == "customer":
                sign = -1
            else:
                continue
            quantity = move.product_uom._compute_quantity(move.quantity, move.product_id.uom_id)
            balance[move.product_id] = balance.get(move.product_id, 0.0) + sign * quantity
        return bool(balance) and all(
            float_compare(quantity, 0.0, precision_rounding=product.uom_id.rounding) <= 0
            for product, quantity in balance.items()
        )

    def _aftersale_occasions(self, trigger):
        """Return what planning needs to know of each order, as dictionaries.

        Under ``delivery`` only delivered orders count and the moment is the receipt: the latest receipt date entered
        on a delivery, else its validation plus the company's transit days. Under ``sale`` it is the confirmation, and
        once more, for plans that count from there, the end of the order's services.
        """
        orders = self.filtered(lambda order: order.state == "sale")
        if trigger == "delivery":
            return [order._aftersale_occasion(trigger) for order in orders._aftersale_delivered()]
        return [order._aftersale_occasion(trigger) for order in orders] + [
            order._aftersale_service_occasion(lines)
            for order in orders
            if (lines := order._aftersale_service_lines()) and lines._aftersale_is_complete()
        ]

    def _aftersale_occasion(self, trigger):
        self.ensure_one()
        picking, moment = self.env["stock.picking"], self.date_order
        products = self.order_line.product_id.filtered(lambda product: product.type != "combo")
        label = self.env._("confirmation")
        if trigger == "delivery":
            moves = self._aftersale_customer_moves().filtered(lambda m: m.state == "done")
            label = self.env._("receipt")
            if moves:
                picking = moves.picking_id.sorted(lambda p: (p.date_done or fields.Datetime.now(), p.id))[-1:]
                moment = max(delivery._aftersale_receipt() for delivery in moves.picking_id)
                # What was sold: of a kit not the parts that were moved.
                products = moves.sale_line_id.product_id
            else:
                moment = self._aftersale_service_lines()._aftersale_completed_at()
        facts = {"picking": picking, "products": products, "delivery_user": picking.user_id}
        counts_from = "confirmation" if trigger == "sale" else ""
        return self._aftersale_prepare(label, moment, counts_from=counts_from, **facts)

    def _aftersale_service_occasion(self, lines):
        """Return the occasion of the services in ``lines``, which are all done."""
        moment = lines._aftersale_completed_at()
        return self._aftersale_prepare(
            self.env._("end of the service"), moment, counts_from="service", products=lines.product_id
        )

    @api.model
    def _aftersale_expected_occasions(self, company, until):
        """Return the occasions of the orders of ``company`` whose delivery is scheduled until the day ``until``.

        They are as they would be if all goes as scheduled; what is late is expected today.
        """
        domain = [
            ("company_id", "=", company.id),
            ("state", "not in", ("draft", "done", "cancel")),
            ("sale_line_id.order_id.state", "=", "sale"),
            ("date", "<", company._aftersale_moment(until, 24.0)),
        ]
        orders = self.env["stock.move"].search(domain).sale_line_id.order_id
        now, occasions = fields.Datetime.now(), []
        for order in orders:
            moves = order._aftersale_customer_moves().filtered(lambda m: m.state not in ("done", "cancel"))
            if not moves:
                continue
            moment = max(
                max(now, move.date) + timedelta(days=move.picking_id._aftersale_transit_days()) for move in moves
            )
            picking = moves.picking_id[-1:]
            products = moves.sale_line_id.product_id
            facts = {"picking": picking, "products": products, "delivery_user": picking.user_id}
            if company._aftersale_date(moment) <= until:
                occasions.append(order._aftersale_prepare(self.env._("expected receipt"), moment, **facts))
        return occasions

    def _aftersale_prepare(self, label, moment, **facts):
        return prepare_occasion(
            self.company_id,
            self.partner_id,
            f"order:{self.id}",
            label,
            moment,
            order=self,
            amount=self.amount_total / (self.currency_rate or 1.0),
            team=self.team_id,
            sales_user=self.user_id,
            **facts,
        )

    @api.model
    def _aftersale_get_unplanned(self, plan, since):
        """Return the confirmed orders (trigger ``sale``), or those with a change in their lines or moves since
        ``since`` (UTC), that have no row under ``plan``; whether they are delivered is seen when they are planned.
        """
        self.env["aftersale.followup"].flush_model(["plan_id", "order_id", "state", "cancel_cause"])
        self.env["stock.move"].flush_model(["state", "sale_line_id", "write_date"])
        self.env["sale.order.line"].flush_model(["order_id", "write_date"])
        self.flush_model(["state", "date_order", "company_id"])
        changed = SQL(
            """SELECT l.order_id FROM sale_order_line l WHERE l.write_date >= %(since)s
                UNION
               SELECT l.order_id FROM stock_move m JOIN sale_order_line l ON l.id = m.sale_line_id
                WHERE m.write_date >= %(since)s""",
            since=since,
        )
        rows = self.env.execute_query(
            SQL(
                """SELECT o.id FROM sale_order o
                    WHERE o.state = 'sale' AND (%(company)s::int IS NULL OR o.company_id = %(company)s)
                      AND o.id IN (%(changed)s)
                      AND NOT EXISTS (SELECT 1 FROM aftersale_followup f
                                       WHERE f.plan_id = %(plan)s AND f.order_id = o.id
                                         AND (f.state <> 'cancelled' OR f.cancel_cause IS DISTINCT FROM 'order'))
                 ORDER BY o.id""",
                company=plan.company_id.id or None,
                changed=changed,
                plan=plan.id,
            )
        )
        return self.browse(order_id for (order_id,) in rows)
