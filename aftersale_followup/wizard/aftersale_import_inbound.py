import re
from datetime import datetime

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import email_normalize

from ..models.aftersale_answers import clean_text

CUSTOMER_NUMBER = re.compile(r"C0*([0-9]{1,9})", re.IGNORECASE)
# ISO first: what is ambiguous is read as the user's language writes it.
DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日")


class AftersaleImport(models.TransientModel):
    """Lines that name no follow-up: feedback that came in by itself, of a customer who is known or not."""

    _inherit = "aftersale.import"

    def _record_inbound(self, row, content):
        """Record a line as inbound feedback and return ``(state, feedback)``.

        The key that keeps it from being recorded twice is the number it has in the other tool, else its whole content.
        """
        Feedback = self.env["aftersale.feedback"].with_company(self.company_id)
        tool = f"{self.company_id.id}:{self.survey_id.id}"
        key = Feedback._get_inbound_key("import", tool, row.get("line_key") or content)
        known = Feedback._find_inbound(key)
        if known:
            return "known", known
        order = self._find_order(row.get("order"))
        partner = self._find_customer(row) or order.partner_id
        notes = [row.get("note"), self._transcribe_rest(row["answers"])]
        if row.get("call_back"):
            notes.insert(0, self.env._("Asks to be called back. %s", clean_text(row["call_back"])).strip())
        values = {
            **self.env["aftersale.followup"]._prepare_feedback(self.survey_id._aftersale_form(), row["answers"]),
            "inbound_source": self.inbound_source,
            "partner_id": partner.id,
            "order_id": order.id,
            "product_ids": [Command.set(order.order_line.product_id.ids)],
            "contact_name": clean_text(row.get("contact_name") or partner.name or "")[:200] or False,
            "email": False if partner else row.get("email"),
            "phone": False if partner else row.get("phone"),
            "company_id": self.company_id.id,
            "date": self._read_moment(row.get("date")),
            "note": clean_text("\n".join(filter(None, notes))),
        }
        values = Feedback._check_recorded(values)
        # Agents and supervisors hold no right to set the key; the values are checked as theirs.
        return "done", Feedback.sudo().create({**values, "inbound_key": key})

    def _transcribe_rest(self, answers):
        """Return in words the answers that no field of the feedback holds: nothing else keeps them."""
        form = self.survey_id._aftersale_form()
        kept = {q["id"] for q in form["questions"] if q["role"] in ("satisfaction", "nps", "category", "dimension")}
        kept |= {q["id"] for q in form["questions"] if q["role"] in self.env["aftersale.feedback"]._fields}
        return self.survey_id._aftersale_transcript({number: answers[number] for number in answers.keys() - kept})

    def _find_order(self, name):
        """Return the sale order called ``name`` (in sudo: who works here need not hold a Sales right)."""
        Order = self.env["sale.order"].sudo()
        if not name:
            return Order
        orders = Order.search([("name", "=", name), ("company_id", "=", self.company_id.id)], limit=1)
        if not orders:
            raise UserError(self.env._("There is no order “%s”.", name[:60]))
        return orders

    def _find_customer(self, row):
        """Return the customer of a line by number, address or phone number, empty when nobody is known by them.

        :raises UserError: when several customers are, or the customer number is unknown
        """
        Partner = self.env["res.partner"]
        own = Domain("company_id", "in", (False, self.company_id.id))
        if row.get("customer_ref"):
            number = CUSTOMER_NUMBER.fullmatch(row["customer_ref"])
            by_ref = Domain("ref", "=", row["customer_ref"])
            by_id = Domain("id", "=", int(number[1])) if number else Domain.FALSE
            found = Partner.search(own & by_ref, limit=2) or Partner.search(own & by_id)
            if not found:
                raise UserError(self.env._("There is no customer number “%s”.", row["customer_ref"][:60]))
            return self._only_one(found, row["customer_ref"])
        address = email_normalize(row.get("email") or "")
        found = Partner.search(own & Domain("email_normalized", "=", address), limit=20) if address else Partner
        number = row.get("phone") and Partner._phone_format(number=row["phone"], country=self.company_id.country_id)
        if number and not found:
            found = Partner.search(own & Domain("phone_sanitized", "=", number), limit=20)
        return self._only_one(found, address or number)

    def _only_one(self, partners, by):
        """Return the one customer among ``partners``; several contacts of one customer are one."""
        if len(partners.commercial_partner_id) > 1:
            raise UserError(self.env._("Several customers have “%s”. Enter the customer number.", by))
        return partners[:1]

    # ------------------------------------------------------------
    # Days
    # ------------------------------------------------------------

    def _read_day(self, text):
        """Return the day in ``text``, with or without an hour, as ISO, Chinese or the user's language writes it."""
        if not text:
            return None
        lang = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        word = re.split(r"[\sT]", text.strip())[0]
        for style in (*DAYS, lang.date_format or DAYS[0], "%d.%m.%Y"):
            try:
                return datetime.strptime(word, style).date()
            except ValueError:
                continue
        raise UserError(self.env._("“%s” is no date.", text[:60]))

    def _read_moment(self, text):
        """Return the moment that stands for the day in ``text``: its noon in company time, but never in future."""
        day = self._read_day(text)
        now = fields.Datetime.now()
        if not day or day == self.company_id._aftersale_today():
            return now
        return self.company_id._aftersale_moment(day, 12.0)
