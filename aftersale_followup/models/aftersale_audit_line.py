from odoo import api, fields, models
from odoo.exceptions import UserError


class AftersaleAuditLine(models.Model):
    """One check of an audit: what it looked at, what it found, and who repaired it."""

    _name = "aftersale.audit.line"
    _description = "After-sales Audit Check"
    _inherit = ["aftersale.export.mixin"]
    _order = "audit_id desc, sequence, id"
    _rec_name = "title"

    audit_id = fields.Many2one("aftersale.audit", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="audit_id.company_id", store=True, index=True)
    date = fields.Datetime(related="audit_id.date", store=True)
    sequence = fields.Integer(readonly=True)
    code = fields.Char(required=True, readonly=True)
    status = fields.Selection(
        [("passed", "Kept"), ("warning", "Look at it"), ("failed", "Broken"), ("error", "Could not be checked")],
        required=True,
        readonly=True,
    )
    checked = fields.Integer("Looked At", readonly=True, aggregator=None, help="So many records were compared.")
    found = fields.Integer("Exceptions", readonly=True, aggregator=None)
    detail = fields.Char("Which", readonly=True)
    res_model = fields.Char("Found In", readonly=True)
    res_ids = fields.Json("Found Records", readonly=True)
    repaired_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    repaired_date = fields.Datetime("Repaired On", readonly=True)
    repaired_count = fields.Integer("Exceptions Before", readonly=True, aggregator=None)
    # In the reader's language, as the checks are called today.
    title = fields.Char("Promise", compute="_compute_definition")
    invariant = fields.Integer("No.", compute="_compute_definition")
    clause = fields.Char(compute="_compute_definition", help="What it is evidence for.")
    advice = fields.Char("What to Do", compute="_compute_definition")
    is_repairable = fields.Boolean(compute="_compute_definition")
    is_readable = fields.Boolean(compute="_compute_is_readable")

    @api.depends("code", "status")
    @api.depends_context("lang")
    def _compute_definition(self):
        definitions = self.env["aftersale.audit"]._get_definitions()
        for line in self:
            definition = definitions.get(line.code)
            bad = line.status != "passed"
            line.title = definition.name if definition else line.code
            line.invariant = definition.invariant if definition else 0
            line.clause = definition.clause if definition else False
            line.advice = definition.advice if definition and bad else False
            line.is_repairable = bad and hasattr(line.audit_id, f"_repair_{line.code}")

    @api.depends("res_model")
    @api.depends_context("uid")
    def _compute_is_readable(self):
        for line in self:
            line.is_readable = (
                bool(line.res_ids) and line.res_model in self.env and self.env[line.res_model].has_access("read")
            )

    def action_show(self):
        """Open the records that the check found."""
        self.ensure_one()
        if not self.is_readable:
            return False
        return {
            "type": "ir.actions.act_window",
            "name": self.title,
            "res_model": self.res_model,
            "view_mode": "list,form",
            "domain": [("id", "in", self.res_ids or [])],
            "context": {"active_test": False},
        }

    def action_repair(self):
        """Repair what was found, check again, and note who did and what was there before."""
        self.ensure_one()
        audit = self.audit_id
        audit._check_manager()
        if audit != audit._get_last(audit.company_id):
            raise UserError(self.env._("This audit is evidence of its day. Repair what the last one found."))
        repair = getattr(audit.sudo().with_company(audit.company_id), f"_repair_{self.code}", None)
        if not repair:
            raise UserError(self.env._("Nothing here can be repaired by itself. “What to Do” says how to go on."))
        repair()
        self.sudo().write(
            {
                **audit.sudo().with_company(audit.company_id)._check(self.code),
                "repaired_by_id": self.env.uid,
                "repaired_date": fields.Datetime.now(),
                "repaired_count": self.repaired_count or self.found,
            }
        )
        return True
