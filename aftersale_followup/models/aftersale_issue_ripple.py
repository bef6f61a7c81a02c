from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class AftersaleFollowup(models.Model):
    _inherit = "aftersale.followup"

    # Not `issue_id`: that is what the customer reported. An answer here verifies nothing, closes nothing, and the words
    # of the customer who reported the hazard are not told to others.
    ripple_issue_id = fields.Many2one(
        "aftersale.issue",
        "Checked For",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Issue of another customer, because of which this buyer of the same product or lot is checked.",
    )


class AftersaleIssue(models.Model):
    """The ripple of a hazard: everybody else who has the same product or lot is checked."""

    _inherit = "aftersale.issue"

    ripple_followup_ids = fields.One2many("aftersale.followup", "ripple_issue_id", "Checks of Other Buyers")
    can_ripple = fields.Boolean("Can Check Other Buyers", compute="_compute_can_ripple", compute_sudo=True)
    ripple_count = fields.Integer("Buyers Checked", compute="_compute_ripple", compute_sudo=True)
    ripple_planned = fields.Integer("Still to Reach", compute="_compute_ripple", compute_sudo=True)
    ripple_reached = fields.Integer("Reached", compute="_compute_ripple", compute_sudo=True)
    ripple_answered = fields.Integer("Buyers Who Answered", compute="_compute_ripple", compute_sudo=True)
    ripple_problems = fields.Integer("Problems Found", compute="_compute_ripple", compute_sudo=True)

    @api.depends("tag_ids.is_safety", "feedback_ids.is_recurring", "product_id", "state")
    def _compute_can_ripple(self):
        """A safety hazard, or a problem that recurs, of a product: others may have it, too."""
        for issue in self:
            hazard = any(issue.tag_ids.mapped("is_safety")) or any(issue.feedback_ids.mapped("is_recurring"))
            recurring = issue.company_id.aftersale_recurring_count
            issue.can_ripple = (
                bool(issue.product_id)
                and issue.state != "cancelled"
                and (hazard or 0 < recurring <= issue.occurrence_count)
            )

    @api.depends("ripple_followup_ids.state", "ripple_followup_ids.feedback_ids.issue_ids")
    def _compute_ripple(self):
        """Reached are who spoke to us or answered; a problem is an issue that their answer led to."""
        rows = self.env["aftersale.followup"].search([("ripple_issue_id", "in", self.ids), ("state", "!=", "skipped")])
        by_issue = rows.grouped("ripple_issue_id")
        for issue in self:
            checks = by_issue.get(issue, rows.browse())
            answered = checks.filtered(lambda f: f.state == "done")
            spoken = checks.filtered(lambda f: "reached" in f.attempt_ids.mapped("outcome"))
            issue.ripple_count = len(checks)
            issue.ripple_planned = len(checks.filtered(lambda f: f.state in ("planned", "ready")))
            issue.ripple_reached = len(answered | spoken)
            issue.ripple_answered = len(answered)
            issue.ripple_problems = len(checks.feedback_ids.issue_ids)

    # ------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------

    def action_check_buyers(self):
        """Open the list of the other buyers, drawn afresh while it is not planned; planning is its next button."""
        self.ensure_one()
        if not self._may_supervise():
            raise AccessError(self.env._("Only a supervisor has other buyers checked. Ask yours."))
        self.check_access("write")
        issue = self.sudo()
        if not issue.can_ripple:
            raise UserError(
                self.env._(
                    "Other buyers are checked for a safety hazard, or a problem that recurs, of a product. "
                    "%s names none; choose its product and its classification.",
                    issue.name,
                )
            )
        target = self.env["aftersale.target"].sudo().search([("issue_id", "=", issue.id)], limit=1)
        if target.state in (False, "planned"):
            plan = issue._get_ripple_plan()
            draft = target.create(
                {"plan_id": plan.id, "issue_id": issue.id, "company_id": issue.company_id.id, "user_id": self.env.uid}
            )
            draft._draw()
            if target and not draft.line_ids:
                # Nobody bought it since: the list that was planned says all there is.
                draft.unlink()
            else:
                target = draft
        elif target.state == "draft":
            target._draw()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_target_action")
        action.update(views=[(False, "form")], res_id=target.id)
        return action

    def _get_ripple_plan(self):
        """Return the live plan for safety checks: the one that came with the add-on, else the company's first."""
        self.ensure_one()
        plans = self.env["aftersale.plan"].search(
            [
                ("trigger", "=", "manual"),
                ("contact_class", "=", "safety"),
                ("company_id", "in", [False, self.company_id.id]),
            ]
        )
        shipped = self.env.ref("aftersale_followup.plan_safety", raise_if_not_found=False)
        plan = plans.filtered(lambda plan: plan == shipped) or plans[:1]
        if not plan:
            raise UserError(
                self.env._("No plan by hand of the rank “Safety” is running. Create one, or start the shipped one.")
            )
        return plan

    def action_view_ripple(self):
        """Open the checks of other buyers."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_followup_action")
        action.update(domain=[("ripple_issue_id", "=", self.id)], context={"create": False})
        return action

    # ------------------------------------------------------------
    # Buyers
    # ------------------------------------------------------------

    def _get_other_buyers(self, target):
        """Return the other customers who have the product (of its lots, where the issue names some), as candidates.

        Left out are the customers who reported it, those who brought everything back, and those planned before. The
        period of ``target`` bounds the days of delivery. Called in sudo, for who may see the issue.
        """
        self.ensure_one()
        reporters = (self.partner_id | self.feedback_ids.partner_id).commercial_partner_id
        planned = self.ripple_followup_ids.partner_id.commercial_partner_id
        Partner, Order = self.env["res.partner"], self.env["sale.order"]
        rows = self._read_buyers(target)
        Partner.browse(row[0] for row in rows).fetch(["active", "commercial_partner_id"])
        found = {}
        for partner_id, order_id, lots in rows:
            contact = Partner.browse(partner_id)
            customer = contact.commercial_partner_id
            if customer in reporters | planned or customer in found:
                continue
            found[customer] = {
                "partner": contact if contact.active else customer,
                "customer": customer,
                "order": Order.browse(order_id or ()),
                "products": self.product_id,
                "lots": ", ".join(sorted(filter(None, lots))),
            }
        return list(found.values())

    def _read_buyers(self, target):
        """Return (contact, order, names of the lots) of each customer who kept something of the product.

        Counted are the done moves to customers of the issue's company, of a kit those of its parts, less what came
        back; the contact is the one of the last delivery: who ordered it, else whom it was delivered to.
        """
        company = self.company_id
        conditions = [
            SQL("l.state = 'done' AND l.company_id = %s", company.id),
            SQL("%s IN (l.product_id, sl.product_id)", self.product_id.id),
            SQL("(d.usage = 'customer') <> (s.usage = 'customer')"),
        ]
        if self.lot_ids:
            conditions.append(SQL("l.lot_id IN %s", tuple(self.lot_ids.ids)))
        since = target.date_from and company._aftersale_moment(target.date_from)
        until = target.date_to and company._aftersale_moment(fields.Date.add(target.date_to, days=1))
        self.env.flush_all()  # quantities, locations, lots, orders and customers: all is read below
        return self.env.execute_query(
            SQL(
                """
                WITH moved AS (
                    SELECT l.date, l.id, c.id AS partner_id, c.commercial_partner_id AS customer_id, o.id AS order_id,
                           d.usage = 'customer' AS is_out, t.name AS lot,
                           CASE WHEN d.usage = 'customer' THEN 1 ELSE -1 END * l.quantity_product_uom AS quantity
                      FROM stock_move_line l
                      JOIN stock_move m ON m.id = l.move_id
                      JOIN stock_location s ON s.id = l.location_id
                      JOIN stock_location d ON d.id = l.location_dest_id
                 LEFT JOIN sale_order_line sl ON sl.id = m.sale_line_id
                 LEFT JOIN sale_order o ON o.id = sl.order_id
                 LEFT JOIN stock_picking p ON p.id = m.picking_id
                      JOIN res_partner c ON c.id = COALESCE(o.partner_id, p.partner_id)
                 LEFT JOIN stock_lot t ON t.id = l.lot_id
                     WHERE %(where)s),
                kept AS (
                    SELECT customer_id, lot, BOOL_OR(is_out AND %(period)s) AS is_within
                      FROM moved GROUP BY customer_id, lot HAVING SUM(quantity) > 0.000001)
                SELECT DISTINCT ON (v.customer_id) v.partner_id, v.order_id,
                       (SELECT ARRAY_AGG(k.lot) FROM kept k WHERE k.customer_id = v.customer_id AND k.is_within)
                  FROM moved v
                 WHERE v.is_out AND EXISTS (SELECT 1 FROM kept k WHERE k.customer_id = v.customer_id AND k.is_within)
              ORDER BY v.customer_id, v.date DESC, v.id DESC
                """,
                where=SQL(" AND ").join(conditions),
                period=SQL(
                    "(%(since)s::timestamp IS NULL OR date >= %(since)s::timestamp) "
                    "AND (%(until)s::timestamp IS NULL OR date < %(until)s::timestamp)",
                    since=since or None,
                    until=until or None,
                ),
            )
        )
