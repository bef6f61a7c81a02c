from markupsafe import Markup

from odoo import api, fields, models

from ..models.qr_code import link_qr


class AftersaleQr(models.TransientModel):
    """The personal link as a QR code on the agent's screen, for a customer who stands in front of it with a phone.

    Only who works on the follow-up gets it; each code shown is noted, since it is the customer's link. The picture
    comes with the form: no address of its own could be passed on.
    """

    _name = "aftersale.qr"
    _description = "QR Code of a Follow-up"
    _rec_name = "followup_id"

    followup_id = fields.Many2one("aftersale.followup", required=True, readonly=True, ondelete="cascade")
    picture = fields.Html("QR Code", compute="_compute_picture", compute_sudo=False, sanitize=False)

    @api.model_create_multi
    def create(self, vals_list):
        codes = super().create(vals_list)
        for followup in codes.followup_id:
            followup._check_qr()
            self.env["aftersale.access.log"]._note("link", followup)
        return codes

    @api.depends("followup_id")
    def _compute_picture(self):
        for code in self:
            # A draft is not noted yet, so that it shows nothing.
            followup = code._origin.followup_id
            if followup:
                followup._check_qr()
            image = Markup('<img src="%s" alt="%s" class="img-fluid"/>')
            code.picture = image % (link_qr(followup), self.env._("QR code")) if followup else False
