from datetime import timedelta

from pytz import timezone, utc

from odoo import api, fields, models
from odoo.fields import Command


class AftersaleFollowup(models.Model):
    """Moving planned follow-ups: to the customer's contact hours, or to another day, always with the reason."""

    _inherit = "aftersale.followup"

    # The window counted in working days from the receipt, so that it can be counted again when the calendar changes.
    window_from = fields.Integer(copy=False, export_string_translation=False)
    window_to = fields.Integer(copy=False, export_string_translation=False)
    lost_turn = fields.Boolean(
        copy=False, help="Not asked because of contacts of another kind alone: next time this kind goes first."
    )

    @api.model
    def _get_customer_zone(self, partner, company):
        """Return the name of the time zone whose hours count for ``partner``: its own, else the company's."""
        return partner.tz or partner.commercial_partner_id.tz or company._aftersale_tz()

    def _get_customer_today(self):
        """Return the date of now at the customer's place."""
        self.ensure_one()
        zone = timezone(self._get_customer_zone(self.partner_id, self.company_id))
        return utc.localize(fields.Datetime.now()).astimezone(zone).date()

    def _get_opening(self, day):
        """Return the naive UTC moment at which the customer may be contacted on ``day`` (`_aftersale_day_opening`)."""
        self.ensure_one()
        zone = self._get_customer_zone(self.partner_id, self.company_id)
        return self.company_id._aftersale_day_opening(day, zone)

    def _move_to(self, day, sentence, **values):
        """Plan the follow-up for ``day`` and note ``sentence`` as the reason."""
        self.ensure_one()
        self.write(
            {
                "date_planned": day,
                "date_next": self._get_opening(day),
                "time_planned": False,
                "explanation": self._explained(sentence),
                **values,
            }
        )

    def _reschedule(self):
        """The day a supervisor chose ends the count of working days: a change of the calendar does not undo it."""
        result = super()._reschedule()
        self.write({"window_from": 0, "window_to": 0})
        return result

    def _hand_on(self, sentence):
        """Have planned follow-ups go on for the orders merged into them that still stand; return those that do.

        Their own order has come to nothing, which ``sentence`` says; who served and when is told of the next one.
        """
        merged = self.search([("merged_into_id", "in", self.ids), ("order_id.state", "!=", "cancel")])
        merged = merged.filtered(lambda f: not (f.order_id and f.order_id._aftersale_is_returned()))
        for followup, heirs in merged.grouped("merged_into_id").items():
            heir = heirs[0]
            place = followup._take_place(heir) if followup.order_id.state == "cancel" else {}
            followup.write(
                {
                    **place,
                    "order_id": heir.order_id.id,
                    "picking_id": heir.picking_id.id,
                    "sales_user_id": heir.sales_user_id.id,
                    "delivery_user_id": heir.delivery_user_id.id,
                    # The day stands, but no longer counts in working days from this receipt.
                    "date_received": heir.date_received,
                    "window_from": 0,
                    "window_to": 0,
                    "product_ids": [Command.set(heirs.product_ids.ids)],
                    "product_line_id": heir.product_line_id.id,
                    "explanation": followup._explained(sentence),
                }
            )
        return merged.merged_into_id

    def _take_place(self, heir):
        """Return the values that make this follow-up the one of the occasion of ``heir``, whose own place is freed.

        An order confirmed again finds its place as it should be: the one of the cancelled order free, so that it is
        planned anew, and that of the heir taken by the follow-up that is really held.
        """
        values = {"origin": heir.origin, "plan_id": heir.plan_id.id, "touchpoint_id": heir.touchpoint_id.id}
        heir.origin = f"merged:{heir.id}"
        heir.flush_recordset(["origin"])
        return values

    def _drop_withdrawn(self):
        """Ask no more about merged orders that were cancelled or came back since; their rows stay merged."""
        merged = self.search([("merged_into_id", "in", self.ids), ("order_id", "!=", False)])
        gone = merged.filtered(lambda f: f.order_id.state == "cancel" or f.order_id._aftersale_is_returned())
        standing = (merged - gone).grouped("merged_into_id")
        for followup, rows in gone.grouped("merged_into_id").items():
            kept = standing.get(followup, self.browse()).product_ids | followup.order_id.order_line.product_id
            products = (rows.product_ids - kept) & followup.product_ids
            if products:
                names = ", ".join(products.mapped("display_name"))
                sentence = self.env._(
                    "Not asked about %s: a merged order was cancelled, or its goods came back.", names
                )
                followup.write(
                    {"product_ids": [Command.unlink(product.id) for product in products]}
                    | {"explanation": followup._explained(sentence)}
                )

    def _defer_to_opening(self, by_hand=False):
        """Move what would reach customers outside their contact hours to the next opening; return it.

        The hours count at the customer's place, on working days of the company. Safety does not wait. A person who
        sends by hand chooses the day, and may put calls on the list at any hour; mail and SMS never leave at night.
        """
        now = fields.Datetime.now()
        moved = self.browse()
        for followup, opening in self._get_openings(now, by_hand).items():
            zone = timezone(followup._get_customer_zone(followup.partner_id, followup.company_id))
            local = utc.localize(opening).astimezone(zone)
            sentence = self.env._(
                "Moved to %(day)s, %(hour)s in the time zone %(zone)s: outside the contact hours.",
                day=local.date(),
                hour=local.strftime("%H:%M"),
                zone=zone.zone,
            )
            followup._move_to(local.date(), sentence, date_next=opening)
            moved |= followup
        return moved

    def _postpone_to_opening(self):
        """Keep messages about follow-ups under way for the customers' contact hours; return those that wait."""
        now = fields.Datetime.now()
        waiting = self.browse()
        for followup, opening in self._get_openings(now).items():
            followup.date_next = min(opening, followup.date_expiry)
            waiting |= followup
        return waiting

    def _get_openings(self, now, by_hand=False):
        """Return {follow-up: opening in naive UTC} of those whose customers may not be contacted ``now``."""
        openings = {}
        for company, followups in self.grouped("company_id").items():
            today = company._aftersale_date(now)
            workdays = set(company._aftersale_workdays(today - timedelta(days=1), today + timedelta(days=59)))
            for followup in followups:
                if followup.contact_class == "safety" or (by_hand and not followup.channel_id.is_automatic):
                    continue
                zone = self._get_customer_zone(followup.partner_id, company)
                opening = company._aftersale_opening(now, zone, None if by_hand else workdays)
                if opening > now:
                    openings[followup] = opening
        return openings
