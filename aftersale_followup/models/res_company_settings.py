from odoo import models
from odoo.fields import Command

# What a user may do to a many2many: a command that creates, changes or deletes the linked records is none of it.
LINKING = {Command.UNLINK, Command.LINK, Command.CLEAR, Command.SET}


class ResCompany(models.Model):
    """The settings: every stored, editable field ``aftersale_*`` of a company, changed by its after-sales managers.

    Odoo lets only administrators write companies, and save its settings page. So the managers' right is given here,
    field by field, as users have it on their own preferences.
    """

    _inherit = "res.company"

    def write(self, vals):
        if not self._aftersale_may_set(vals):
            return super().write(vals)
        companies = self.sudo()
        relations = [name for name in vals if self._fields[name].relational]
        before = {name: companies[name] for name in relations}
        result = super(ResCompany, companies).write(vals)
        for name in relations:
            # Nobody names a record that they cannot see: beyond `check_company`, this follows the record rules.
            (companies[name] - before[name]).sudo(False).check_access("read")
        return result

    def _aftersale_may_set(self, vals):
        """Return whether the user writes ``vals`` as after-sales manager of all these companies."""
        user = self.env.user
        return (
            bool(vals)
            and not self.env.su
            and user.has_group("aftersale_followup.group_manager")
            and not self.has_access("write")
            and self <= user.company_ids
            and all(self._aftersale_is_setting(name) for name in vals)
            and all(self._aftersale_only_links(vals[name]) for name in vals if self._fields[name].type == "many2many")
        )

    def _aftersale_is_setting(self, name):
        """Return whether the field ``name`` is one of our settings and the user may change it."""
        field = self._fields.get(name)
        return (
            field is not None
            and name.startswith("aftersale_")
            and field.store
            and not field.readonly
            and not field.inverse
            and field.type != "one2many"
            and self._has_field_access(field, "write")
        )

    def _aftersale_only_links(self, value):
        return isinstance(value, list | tuple) and all(
            isinstance(command, list | tuple) and command and command[0] in LINKING for command in value
        )

    def _aftersale_settings_action(self):
        """Return the action that opens the settings of the company the user works in."""
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.res_company_action_settings")
        return {**action, "res_id": self.env.company.id}
