from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import format_date

from .aftersale_followup_capture import QUIET

# What customers are asked about: what they bought in the last two years.
BOUGHT_DAYS = 730
MAX_LINES = 100
# A customer needs no more than these in an hour.
MAX_HOURLY = 20


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _aftersale_own_domain(self, model):
        """Return the domain of this customer's own records: said by them, or in the name of their company as a whole.

        What colleagues of theirs said is theirs alone.
        """
        self.ensure_one()
        own = Domain("partner_id", "in", (self | self.commercial_partner_id).ids)
        # A corrected answer, or an issue that was merged into another, is shown as it counts.
        replaced = "correction_ids" if model == "aftersale.feedback" else "merged_into_id"
        return own & Domain(replaced, "=", False)

    def _aftersale_bought_lines(self):
        """Return ``[(id, label)]`` of the order lines this customer may write about, the latest first."""
        lines = self._aftersale_search_lines()
        return [
            (
                line.id,
                f"{line.product_id.name} ({line.order_id.name}, {format_date(self.env, line.order_id.date_order)})",
            )
            for line in lines
        ]

    def _aftersale_search_lines(self, *domain):
        self.ensure_one()
        since = fields.Datetime.now() - timedelta(days=BOUGHT_DAYS)
        # sudo: the orders of the customer's own company, found by it
        return (
            self.env["sale.order.line"]
            .sudo()
            .search(
                [
                    ("order_id.partner_id.commercial_partner_id", "=", self.commercial_partner_id.id),
                    ("order_id.state", "=", "sale"),
                    ("order_id.date_order", ">=", since),
                    ("product_id", "!=", False),
                    ("display_type", "=", False),
                    ("is_delivery", "=", False)
                    if "is_delivery" in self.env["sale.order.line"]._fields
                    else (1, "=", 1),
                    *domain,
                ],
                order="id desc",
                limit=MAX_LINES,
            )
        )

    def _aftersale_receive_portal(self, given):
        """Record what this customer wrote in the portal, and return the feedback (in sudo).

        :param dict given: texts ``kind``, ``line`` (id), ``score``, ``detail``; taken as they come from outside
        :raises UserError: when the customer sent too much within the hour
        """
        self.ensure_one()
        Feedback = self.env["aftersale.feedback"].sudo().with_context(**QUIET)
        hour_ago = fields.Datetime.now() - timedelta(hours=1)
        recent = [("partner_id", "=", self.id), ("inbound_source", "=", "portal"), ("create_date", ">", hour_ago)]
        if Feedback.search_count(recent, limit=MAX_HOURLY) >= MAX_HOURLY:
            raise UserError(self.env._("You sent a lot within the hour. Please wait a little, or call us."))
        line = self.env["sale.order.line"]
        if given["line"].isdecimal() and len(given["line"]) < 10:
            line = self._aftersale_search_lines(("id", "=", int(given["line"])))
        company = line.company_id or self.company_id or self.env.company
        score = int(given["score"]) if given["score"] in ("1", "2", "3", "4", "5") else 0
        key = Feedback._get_inbound_key(
            "portal", str(self.id), fields.Date.to_string(company._aftersale_today()), given["detail"]
        )
        return Feedback._find_inbound(key) or Feedback.with_company(company).create(
            {
                "inbound_source": "portal",
                "inbound_key": key,
                "source": "customer",
                "partner_id": self.id,
                "contact_name": self.name,
                "company_id": company.id,
                "order_id": line.order_id.id,
                "product_ids": [Command.set(line.product_id.ids)],
                "score": score,
                "score_raw": score,
                "is_complaint": given["kind"] == "complaint",
                "suggestion" if given["kind"] == "wish" else "detail": given["detail"],
            }
        )


class AftersaleFeedback(models.Model):
    _inherit = "aftersale.feedback"

    def _aftersale_describe(self):
        """Return what the customer may see of these answers: their own words, and what became of them."""
        states = dict(self._fields["followup_status"]._description_selection(self.env))
        return [
            {
                "name": feedback.name,
                "date": format_date(self.env, feedback.day),
                "products": ", ".join(feedback.product_ids.mapped("name")),
                "score": feedback.score,
                "text": feedback.content,
                "contact": feedback.contact_name,
                "status": states[feedback.followup_status] if feedback.issue_ids else self.env._("Received"),
                "answer": feedback.suggestion_answer if feedback.suggestion_state in ("adopted", "rejected") else False,
            }
            for feedback in self
        ]
