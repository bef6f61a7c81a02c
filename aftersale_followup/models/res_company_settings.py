from odoo import models
from odoo.fields import Command

# What a user may do to a many2many: a command that creates, changes or deletes the linked records is none of it.
LINKING = {Command.UNLINK, Command.LINK, Command.CLEAR, Command.SET}
MANAGER = "aftersale_followup.group_manager"


# The settings: every stored, editable field ``aftersale_*`` of a company, changed by its after-sales managers. Odoo
# lets only administrators write companies, and save its settings page. So the managers' right is given here, field by
# field, as users have it on their own preferences. Fields with ``groups`` (masking, retention) are those of these
# groups alone: not of the managers, nor of administrators.
class ResCompany(models.Model):
    _inherit = "res.company"

    def write(self, vals):
        mine = self._aftersale_may_set(vals)
        relations = [name for name in vals if mine and self._fields[name].relational]
        linked = {name: self.sudo()[name] for name in relations}
        guarded = [] if self.env.su else self._aftersale_get_guarded(vals)
        before = {company: [company.sudo()[name] for name in guarded] for company in self}
        result = super(ResCompany, self.sudo() if mine else self).write(vals)
        for name in relations:
            # Nobody names a record that they cannot see: beyond `check_company`, this follows the record rules.
            (self.sudo()[name] - linked[name]).sudo(False).check_access("read")
        for company, values in before.items():
            company._aftersale_note_change(guarded, values)
        return result

    def _aftersale_get_guarded(self, vals):
        """Return the names in ``vals`` of our settings that a group of its own keeps."""
        return [
            name for name in vals if name.startswith("aftersale_") and getattr(self._fields.get(name), "groups", None)
        ]

    def _aftersale_note_change(self, names, before):
        """Note in the access log which of the settings ``names`` changed, from what to what."""
        company = self.sudo()
        changes = [
            f"{self._fields[name]._description_string(self.env)}: {old} → {company[name]}"
            for name, old in zip(names, before, strict=True)
            if old != company[name]
        ]
        if changes:
            self.env["aftersale.access.log"]._note_strictly("settings", self, "\n".join(changes))

    def _aftersale_may_set(self, vals):
        """Return whether the user writes ``vals`` as who keeps these settings in all these companies."""
        user = self.env.user
        return (
            bool(vals)
            and not self.env.su
            and not self.has_access("write")
            and self <= user.company_ids
            and all(self._aftersale_is_setting(name) for name in vals)
            and all(user.has_group(self._fields[name].groups or MANAGER) for name in vals)
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

    def _aftersale_settings_action(self, page="settings"):
        """Return the action that opens the settings, or another ``page`` of them, of the company the user works in."""
        action = self.env["ir.actions.act_window"]._for_xml_id(f"aftersale_followup.res_company_action_{page}")
        return {**action, "res_id": self.env.company.id}
