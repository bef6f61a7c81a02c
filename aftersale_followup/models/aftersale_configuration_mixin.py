from odoo import api, models


class AftersaleConfigurationMixin(models.AbstractModel):
    """Configuration that every contact or answer asks for, so that what follows from it is kept in the cache.

    The cache is emptied after each change: what is looked up while a change goes on would bring the old values back.
    """

    _name = "aftersale.configuration.mixin"
    _description = "Configuration Kept in the Cache"

    # The fields on which something cached depends: only these empty it.
    _cached_fields = frozenset()

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env.registry.clear_cache()
        return records

    def write(self, vals):
        result = super().write(vals)
        if not self._cached_fields.isdisjoint(vals):
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
