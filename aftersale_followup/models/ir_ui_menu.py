from odoo import models


class IrUiMenu(models.Model):
    _inherit = "ir.ui.menu"

    def _load_menus_blacklist(self):
        """Every employee gets to the issues and measures of the own department; agents have the whole menu instead."""
        hidden = super()._load_menus_blacklist()
        if self.env.user.has_group("aftersale_followup.group_agent"):
            names = ("menu_department_issues", "menu_department_measures")
            menus = [self.env.ref(f"aftersale_followup.{name}", raise_if_not_found=False) for name in names]
            hidden += [menu.id for menu in menus if menu]
        return hidden
