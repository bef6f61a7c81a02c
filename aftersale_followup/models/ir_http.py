from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _dispatch(cls, endpoint):
        """Drop a form or query field called "self": it would clash with the controller's own and end as a 500."""
        if request.httprequest.path.startswith("/aftersale/"):
            request.params.pop("self", None)
        return super()._dispatch(endpoint)
