from odoo import fields, models
from odoo.tools import format_date, formatLang

from .aftersale_followup_draft import get_clock
from .aftersale_issue import OPEN_STATES
from .masking import mask_email

SHOWN = 5
CASES = 3
QUOTE = 200


def _quote(text):
    """Return the beginning of what a customer said, in one line."""
    text = " ".join((text or "").split())
    return text if len(text) <= QUOTE else f"{text[:QUOTE]}…"


class AftersaleFollowup(models.Model):
    """What the console shows of one call: script, questions, and what the agent should know of the customer."""

    _inherit = "aftersale.followup"

    def console_open(self):
        """Return all that one call needs: customer, script, questionnaire, draft, context. It is noted who looked.

        Script and questions are in the customer's language and filled with the customer's data, the rest is in the
        user's. Moments are UTC texts.
        """
        self._check_call()
        self.env["aftersale.access.log"]._note_call(self)
        said, followup = self._for_customer(), self.sudo()
        draft = followup.call_draft or {}
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "is_safety": self.contact_class == "safety",
            "customer": followup._describe_customer(self.is_contact_masked),
            "script": [{**part, "text": said._fill(part["text"])} for part in said._get_script()],
            "questions": said._describe_questions(),
            "channels": [{"id": c.id, "name": c.name} for c in followup._get_call_channels()],
            "channel": followup._get_draft_channel(draft).id,
            "is_chat": followup.state == "ready" and followup.channel_id.code == "im",
            "clock": get_clock(),
            "draft": {name: draft.get(name) for name in ("answers", "consent", "contact_name", "note")},
            "call_back": fields.Datetime.to_string(followup._get_retry_moment()),
            "complaint": followup._describe_complaint(followup.complaint_issue_id),
            "context": followup._get_call_context(),
            **said._hear(draft),
        }

    def _describe_questions(self):
        questions = self._get_survey()._aftersale_form()["questions"]
        return [
            {**question, "title": self._fill(question["title"]) if "[" in question["title"] else question["title"]}
            for question in questions
        ]

    def _describe_customer(self, masked):
        """Return whom to call; the number in full, since whoever opens this is about to dial it."""
        partner = self.partner_id
        address = partner.email_normalized or partner.email or ""
        return {
            "name": partner.name,
            "company": partner.commercial_partner_id.name if partner.commercial_partner_id != partner else "",
            "function": partner.function or "",
            "phone": partner.phone or "",
            "tel": (partner.phone_sanitized or partner.phone or "").replace(" ", ""),
            "email": mask_email(address) if masked else address,
            "zone": self._get_customer_zone(partner, self.company_id),
            "is_high_value": self.is_high_value,
            "tried": sorted(self._get_tried_hours()),
            "is_same_hour": self._is_same_hour(),
        }

    # ------------------------------------------------------------
    # Context
    # ------------------------------------------------------------

    def _get_call_context(self):
        """Return the sections at the side of the call, in order: lists of ``{"title", "lines"}`` by key (in sudo)."""
        return {
            "points": self._list_points(),
            "products": self._list_products(),
            "orders": self._list_orders(),
            "deliveries": self._list_deliveries(),
            "issues": self._list_issues(),
            "scores": self._list_scores(),
            "contacts": self._list_contacts(),
            "cases": self._list_cases(),
        }

    def _get_own_domain(self, name="commercial_partner_id"):
        return [(name, "=", self.commercial_partner_id.id), ("company_id", "=", self.company_id.id)]

    def _search_feedback(self, domain, limit):
        """Return earlier answers of the customer, as far as the agent may see single ones."""
        if self.company_id._aftersale_hides_answers():
            domain = [*domain, ("source", "=", "staff"), ("create_uid", "=", self.env.uid)]
        return self.env["aftersale.feedback"].search([*self._get_own_domain(), *domain], limit=limit)

    def _day(self, moment):
        return format_date(self.env, self.company_id._aftersale_date(moment)) if moment else ""

    def _list_points(self):
        """Return what is worth saying: what became of suggestions, what was improved or promised."""
        said = self._search_feedback([("suggestion_state", "in", ("accepted", "adopted"))], CASES)
        points = []
        for feedback in said:
            words, answer = _quote(feedback.suggestion), _quote(feedback.suggestion_answer)
            if feedback.suggestion_state == "adopted":
                text = self.env._(
                    "The suggestion “%(words)s” was put into practice. %(answer)s", words=words, answer=answer
                )
            else:
                text = self.env._("The suggestion “%(words)s” was accepted. %(answer)s", words=words, answer=answer)
            points.append({"title": text.strip()})
        for action in self._get_finished_measures():
            points.append({"title": self.env._("Improved since the customer told us: %s", action.name)})
        if self.is_high_value:
            points.append({"title": self.env._("A high-value customer: thank for the cooperation.")})
        return points

    def _get_finished_measures(self):
        feedback = self.env["aftersale.feedback"].search([*self._get_own_domain()], limit=50)
        measures = feedback.action_ids | feedback.issue_ids.action_ids
        return measures.filtered(lambda action: action.state == "done").sorted("date_done", reverse=True)[:CASES]

    def _list_products(self):
        """Return what the call is about, with quantity, serial numbers and the note for callers."""
        moves = self.order_id._aftersale_customer_moves().filtered(lambda move: move.state == "done")
        rows = []
        for product in self.product_ids:
            own = moves.filtered(lambda m, p=product: p in (m.product_id, m.sale_line_id.product_id))
            line = self.order_id.order_line.filtered(lambda o, p=product: o.product_id == p)
            quantity = sum(line.mapped("qty_delivered"))
            rows.append(
                {
                    "title": f"{product.display_name} × {quantity:g}" if quantity else product.display_name,
                    "lines": [
                        *(self.env._("Lot/Serial Number %s", lot.name) for lot in own.move_line_ids.lot_id),
                        *filter(None, [product.aftersale_note]),
                    ],
                }
            )
        return rows

    def _list_orders(self):
        orders = self.env["sale.order"].search(
            [
                ("partner_id", "child_of", self.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "=", "sale"),
            ],
            order="date_order desc",
            limit=SHOWN,
        )
        return [
            {
                "title": f"{order.name} · {self._day(order.date_order)}",
                "lines": [
                    formatLang(self.env, order.amount_total, currency_obj=order.currency_id),
                    ", ".join(order.order_line.filtered(lambda o: not o.display_type).product_id.mapped("name")),
                ],
            }
            for order in orders
        ]

    def _list_deliveries(self):
        pickings = self.env["stock.picking"].search(
            [
                ("partner_id", "child_of", self.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("picking_type_code", "=", "outgoing"),
                ("state", "!=", "cancel"),
            ],
            order="date_done desc NULLS FIRST, id desc",
            limit=SHOWN,
        )
        states = dict(pickings._fields["state"]._description_selection(self.env))
        return [
            {"title": f"{picking.name} · {self._day(picking.date_done) or states[picking.state]}", "lines": []}
            for picking in pickings
        ]

    def _list_issues(self):
        issues = self.env["aftersale.issue"].search(
            [*self._get_own_domain(), ("state", "in", OPEN_STATES)], limit=SHOWN
        )
        states = dict(issues._fields["state"]._description_selection(self.env))
        rows = []
        for issue in issues:
            line = " · ".join(filter(None, (states[issue.state], issue.user_id.name, issue.tag_ids[:1].display_name)))
            promised = issue.promised_date and self.env._("Promised by %s", format_date(self.env, issue.promised_date))
            rows.append({"title": f"{issue.name} {issue.title}", "lines": list(filter(None, (line, promised)))})
        return rows

    def _list_scores(self):
        feedback = self._search_feedback([("score", ">", 0)], SHOWN)
        return [
            {
                "title": f"{answer.score}/5 · {self._day(answer.date)}",
                "score": answer.score,
                "lines": list(filter(None, (answer.plan_id.name, _quote(answer.detail)))),
            }
            for answer in feedback
        ]

    def _list_contacts(self):
        attempts = self.env["aftersale.attempt"].search(
            [
                *self._get_own_domain("followup_id.commercial_partner_id"),
                ("outcome", "!=", "contested"),
                ("is_passed_over", "=", False),
            ],
            limit=SHOWN,
        )
        outcomes = dict(attempts._fields["outcome"]._description_selection(self.env))
        return [
            {
                "title": " · ".join(
                    filter(None, (self._day(one.date), one.channel_id.name, outcomes[one.outcome], one.user_id.name))
                ),
                "lines": list(filter(None, [_quote(one.note)])),
            }
            for one in attempts
        ]

    def _list_cases(self):
        """Return how such problems were solved: causes and solutions of closed issues of these products, no names."""
        if not self.product_ids:
            return []
        issues = self.env["aftersale.issue"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("product_id", "in", self.product_ids.ids),
                ("state", "=", "closed"),
            ],
            order="date_closed desc",
            limit=CASES,
        )
        return [
            {
                "title": ", ".join(issue.tag_ids.mapped("display_name")) or issue.product_id.display_name,
                "lines": [_quote(issue.root_cause), _quote(issue.solution)],
            }
            for issue in issues
        ]
