from itertools import count
from types import SimpleNamespace

from psycopg2.extras import execute_values


class Store:
    """Inserts the rows of a `World`; the ORM would take minutes, and compute what the test wants to tell itself."""

    def store(self, cr):
        """Insert everything; the objects learn their ids."""
        self.cr = cr
        self._store_issues()
        self._store_followups()
        self._store_feedback()
        self._store_actions()
        self._store_orders()

    def _insert(self, table, rows, values, relation=None):
        """Insert one row for each object; ``values`` tells its columns."""
        ids = count(self._next(table, len(rows)))
        for row in rows:
            row.id = next(ids)
        columns = list(values(rows[0]))
        data = [(row.id, *values(row).values()) for row in rows]
        execute_values(self.cr._obj, f"INSERT INTO {table} (id, {', '.join(columns)}) VALUES %s", data, page_size=500)

    def _next(self, table, number):
        self.cr.execute(f"SELECT setval('{table}_id_seq', nextval('{table}_id_seq') + %s) - %s", [number + 1, number])
        return self.cr.fetchone()[0]

    def _link(self, relation, pairs):
        pairs = list(pairs)
        execute_values(self.cr._obj, f"INSERT INTO {relation} VALUES %s", pairs, page_size=500)

    def _store_issues(self):
        text = "Text"
        self._insert(
            "aftersale_issue",
            self.issues,
            lambda row: {
                "title": text,
                "name": text,
                "company_id": self.company,
                "create_date": row.created,
                "kind": row.kind,
                "state": row.state,
                "priority": row.priority,
                "partner_id": row.partner,
                "commercial_partner_id": row.customer,
                "user_id": row.user,
                "team_id": row.team,
                "product_id": row.product,
                "category_id": row.category,
                "contact_deadline": row.contact_deadline,
                "date_contacted": row.contacted,
                "resolution_deadline": row.resolution_deadline,
                "promised_date": row.promised,
                "waiting_date": row.waiting,
                "verification_deadline": row.verification_deadline,
                "date_done": row.done,
                "date_closed": row.closed,
                "root_cause": text,
                "solution": text,
                "cancel_reason": text,
                "waiver_reason": row.waiver,
                "waiver_note": row.waiver and text,
                "compensation": row.compensation,
                "compensation_state": row.compensation_state if row.compensation else None,
                "compensation_date": row.compensated if row.compensation else None,
                "confirmed_by_id": None if row.waiver or row.state != "closed" else self.about["answer"],
            },
        )

    def _store_followups(self):
        self._insert(
            "aftersale_followup",
            self.followups,
            lambda row: {
                "origin": f"oracle:{row.number}",
                "access_token": f"oracle{row.number}",
                "contact_class": "new",
                "company_id": self.company,
                "create_date": row.created,
                "plan_id": row.plan,
                "scenario": row.scenario,
                "partner_id": row.partner,
                "commercial_partner_id": row.customer,
                "customer_type": row.type,
                "is_high_value": row.is_high,
                "user_id": row.user,
                "team_id": row.team,
                "channel_id": row.channel,
                "date_planned": row.planned,
                "date_deadline": row.deadline,
                "state": row.state,
                "date_done": row.answered if row.state == "done" else None,
                "skip_reason": row.skip_reason,
                "issue_id": row.issue and row.issue.id,
                "dropped_contact_date": row.dropped,
                "dropped_reached_date": row.dropped_reached,
                "sales_user_id": row.sales_user,
                "delivery_user_id": row.delivery_user,
            },
        )
        self._link(
            "aftersale_followup_product_product_rel (aftersale_followup_id, product_product_id)",
            ((row.id, product) for row in self.followups for product in row.products),
        )
        self._insert(
            "aftersale_attempt",
            self.attempts,
            lambda row: {
                "followup_id": row.followup.id,
                "company_id": self.company,
                "create_date": row.created,
                "date": row.date,
                "outcome": row.outcome,
                "channel_id": row.channel,
                "is_passed_over": row.is_passed_over,
                "call_back_date": row.date,
            },
        )

    def _store_feedback(self):
        first = [row for row in self.feedback if not row.corrects]
        for rows in (first, [row for row in self.feedback if row.corrects]):
            self._insert("aftersale_feedback", rows, self._feedback_values)
        self._link(
            "aftersale_feedback_product_product_rel (aftersale_feedback_id, product_product_id)",
            ((row.id, product) for row in self.feedback for product in row.products),
        )
        self._link(
            "aftersale_feedback_aftersale_tag_rel (aftersale_feedback_id, aftersale_tag_id)",
            ((row.id, tag) for row in self.feedback for tag in row.tags),
        )
        self._link(
            "aftersale_feedback_dimension (feedback_id, dimension_id, score)",
            ((row.id, area, score) for row in self.feedback for area, score in row.areas.items()),
        )

    def _feedback_values(self, row):
        return {
            "company_id": self.company,
            "create_date": row.created,
            "date": row.date,
            "followup_id": row.followup and row.followup.id,
            "partner_id": row.partner,
            "commercial_partner_id": row.customer,
            "is_anonymous": row.is_anonymous,
            "plan_id": row.plan,
            "scenario": row.scenario,
            "customer_type": row.type,
            "channel_id": row.channel,
            "user_id": row.user,
            "team_id": row.team,
            "score": row.score,
            "score_max": 5,
            "score_raw": row.score,
            "nps": None if row.nps is None else str(row.nps),
            "resolved": row.resolved,
            "stability": row.stability,
            "loyalty": row.loyalty,
            "detail": row.detail,
            "suggestion": row.suggestion,
            "suggestion_state": row.suggestion_state,
            "suggestion_answer": "Because",
            "suggestion_date": row.decided,
            "suggestion_adopted_date": row.adopted,
            "evidence": row.evidence,
            "suspicious_reason": "Too fast" if row.is_doubted else None,
            "screened_date": row.screened,
            "evidence_date": row.decided_on,
            "is_valid": row.is_valid,
            "correction_of_id": row.corrects and row.corrects.id,
            "correction_reason": "Misheard",
            "priority": "0",
            "source": "staff",
        }

    def _store_actions(self):
        self._insert(
            "aftersale_action",
            self.actions,
            lambda row: {
                "name": "Measure",
                "kind": "process",
                "company_id": self.company,
                "create_date": row.created,
                "state": row.state,
                "team_id": row.team,
                "user_id": row.user,
                "date_deadline": row.deadline,
                "date_done": row.done,
                "effect": row.effect,
                "date_effect": row.measured,
                "cancel_reason": "Not needed",
            },
        )
        self._link(
            "aftersale_action_product_product_rel (aftersale_action_id, product_product_id)",
            ((row.id, product) for row in self.actions for product in row.products),
        )

    def _store_orders(self):
        self._insert(
            "sale_order",
            self.orders,
            lambda row: {
                "name": "Oracle",
                "company_id": self.company,
                "partner_id": row.partner,
                "partner_invoice_id": row.partner,
                "partner_shipping_id": row.partner,
                "picking_policy": "direct",
                "date_order": row.date,
                "state": row.state,
                "amount_untaxed": row.amount,
                "currency_rate": row.rate,
            },
        )
        lines = [SimpleNamespace(order=row) for row in self.orders if row.moves]
        self._insert(
            "sale_order_line",
            lines,
            lambda row: {
                "order_id": row.order.id,
                "name": "Oracle",
                "company_id": self.company,
                "price_unit": 1,
                "product_uom_qty": 1,
                "customer_lead": 0,
            },
        )
        moves = [(line, move) for line in lines for move in line.order.moves]
        for line, move in moves:
            move.line = line.id
        moves = [move for _line, move in moves]
        product, unit = self.about["stocked"]
        inside, customers = self.about["locations"]
        for rows in ([m for m in moves if not m.returns], [m for m in moves if m.returns]):
            self._insert(
                "stock_move",
                rows,
                lambda row: {
                    "sale_line_id": row.line,
                    "company_id": self.company,
                    "product_id": product,
                    "product_uom": unit,
                    "product_uom_qty": 1,
                    "procure_method": "make_to_stock",
                    "location_id": inside,
                    "location_dest_id": customers if row.is_out else inside,
                    "date": row.date,
                    "state": row.state,
                    "origin_returned_move_id": row.returns and row.returns.id,
                },
            )
