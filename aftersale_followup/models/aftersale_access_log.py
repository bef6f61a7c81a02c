import logging
from datetime import timedelta

from psycopg2.errors import ReadOnlySqlTransaction

from odoo import api, fields, models

_logger = logging.getLogger(__name__)


class AftersaleAccessLog(models.Model):
    """Who got customers' data out of this add-on, when and what for.

    Noted is each deliberate step: a call form opened (it shows the number to dial), masked contact data shown on
    request, an export, a print, a copy given to the customer, an erasure, and a change of the rules on how long data
    is kept and what is masked. Not noted is what a list or a form shows
    anyway: there it is masked, except to who is in charge of the customer or where masking is off, and a row for every
    look at one's own work would bury the rows that matter.
    """

    _name = "aftersale.access.log"
    _description = "Access to Customers' Data"
    _inherit = ["aftersale.export.mixin"]
    _order = "date desc, id desc"
    _rec_name = "purpose"

    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now, index=True)
    user_id = fields.Many2one(
        "res.users",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.user,
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    purpose = fields.Selection(
        [
            ("call", "Call form opened"),
            ("reveal", "Contact data shown"),
            ("link", "Personal link copied"),
            ("export", "Exported"),
            ("print", "Printed"),
            ("disclosure", "Copy for the customer"),
            ("erasure", "Erased"),
            ("settings", "Rules changed"),
        ],
        required=True,
        readonly=True,
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Empty where the records are those of several customers.",
    )
    model_id = fields.Many2one("ir.model", "Kind of Record", readonly=True, ondelete="set null")
    record_count = fields.Integer("Records", readonly=True)
    note = fields.Text("Details", readonly=True, help="The reason given for an erasure, the columns of an export.")

    @api.model
    def _note(self, purpose, records, note=None):
        """Note that the user got ``records`` for ``purpose``; whatever fails here never stops the user's work."""
        if not records:
            return
        # What the caller left to write is not ours to swallow.
        self.env.cr.flush()
        try:
            with self.env.cr.savepoint():
                self._note_strictly(purpose, records, note)
        except ReadOnlySqlTransaction:
            # Odoo does the request again where it can write.
            raise
        except Exception:
            _logger.exception("Access to %s could not be noted", records)

    @api.model
    def _note_strictly(self, purpose, records, note=None):
        """Note as `_note` does, but raise what fails; return the rows: one for each customer, or one for the batch."""
        each = records if records._name == "res.partner" else [records]
        model = self.env["ir.model"]._get(records._name)
        # sudo: nobody writes the log but this
        return self.sudo().create(
            [
                {
                    "user_id": self.env.uid,
                    "company_id": self._get_company(subset).id,
                    "purpose": purpose,
                    "partner_id": self._get_customer(subset).id,
                    "model_id": model.id,
                    "record_count": len(subset),
                    "note": note,
                }
                for subset in each
            ]
        )

    @api.model
    def _note_call(self, followup):
        """Note that the call form of ``followup`` showed the number, once an hour: it may be read many times."""
        customer = followup.sudo().partner_id
        hour_ago = fields.Datetime.now() - timedelta(hours=1)
        recent = [("user_id", "=", self.env.uid), ("partner_id", "=", customer.id), ("date", ">=", hour_ago)]
        if not self.sudo().search_count([*recent, ("purpose", "=", "call")], limit=1):
            self._note("call", followup)

    def _get_company(self, records):
        if records._name == "res.company":
            return records
        single = len(records) == 1 and records._name != "res.partner" and "company_id" in records._fields
        return (single and records.sudo().company_id) or self.env.company

    def _get_customer(self, records):
        if records._name == "res.partner":
            return records
        single = len(records) == 1 and "partner_id" in records._fields
        return records.sudo().partner_id if single else self.env["res.partner"]
