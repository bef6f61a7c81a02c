from odoo import fields, models


# What is printed for customers.
class ResCompany(models.Model):
    _inherit = "res.company"

    aftersale_slip_qr = fields.Boolean("QR Code on Delivery Slips")
