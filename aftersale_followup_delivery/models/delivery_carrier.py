from odoo import fields, models


class DeliveryCarrier(models.Model):
    _inherit = "delivery.carrier"

    aftersale_transit_days = fields.Integer(
        "Transit Days",
        help="Days from the validation of a delivery until the customer has it: follow-ups count from there. "
        "0: as in the after-sales settings of the company.",
    )

    _aftersale_transit_days_positive = models.Constraint(
        "CHECK(aftersale_transit_days >= 0)", "Transit takes no less than 0 days."
    )
