from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import format_datetime

from .aftersale_followup_capture import QUIET

# How far back the first audit looks; every later one goes on where the one before stopped.
FIRST_LOOK = timedelta(days=30)
NIGHT = timedelta(hours=12)
# So many of the records found are kept to be opened; the number is exact.
SHOWN = 200
URGENCY = ("error", "failed", "warning", "passed")
TO_DO = "aftersale_followup.activity_type_audit"


class AftersaleAudit(models.Model):
    """Whether every promise of this add-on was kept in a company, checked each night and kept as evidence."""

    _name = "aftersale.audit"
    _description = "After-sales Audit"
    _inherit = ["mail.thread", "mail.activity.mixin", "aftersale.export.mixin"]
    _order = "date desc, id desc"

    name = fields.Char(compute="_compute_name")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="cascade")
    date = fields.Datetime("Checked On", required=True, readonly=True, default=fields.Datetime.now, index=True)
    date_from = fields.Datetime("Looks Back To", required=True, readonly=True)
    user_id = fields.Many2one("res.users", "Started By", readonly=True, ondelete="restrict", help="Empty: every night.")
    version = fields.Char("Version Checked", readonly=True)
    line_ids = fields.One2many("aftersale.audit.line", "audit_id", "Checks", readonly=True)
    failed_count = fields.Integer("Broken", compute="_compute_state", store=True)
    warning_count = fields.Integer("To Look At", compute="_compute_state", store=True)
    state = fields.Selection(
        [("passed", "All kept"), ("failed", "Something is broken")],
        "Result",
        compute="_compute_state",
        store=True,
    )

    @api.depends("date", "company_id")
    @api.depends_context("lang", "tz")
    def _compute_name(self):
        for audit in self:
            audit.name = self.env._(
                "Audit of %(moment)s, %(company)s",
                moment=format_datetime(self.env, audit.date, dt_format="short"),
                company=audit.company_id.name,
            )

    @api.depends("line_ids.status")
    def _compute_state(self):
        for audit in self:
            audit.failed_count = sum(line.status in ("failed", "error") for line in audit.line_ids)
            audit.warning_count = sum(line.status == "warning" for line in audit.line_ids)
            audit.state = "failed" if audit.failed_count else "passed"

    # ------------------------------------------------------------
    # Running
    # ------------------------------------------------------------

    @api.model
    def _cron_audit(self):
        """Audit every company once a night; one that cannot be audited keeps no other from it.

        A run that has no time left is started again, and goes on with the companies that had no audit yet.
        """
        night = Domain("user_id", "=", False) & Domain("date", ">=", fields.Datetime.now() - NIGHT)
        audited = [company.id for (company,) in self._read_group(night, ["company_id"])]
        companies = self.env["res.company"].sudo().search([("id", "not in", audited)])
        for number, company in enumerate(companies, start=1):
            with self.env["aftersale.plan"]._isolated():
                self._run(company)
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(companies) - number):
                return

    @api.model
    def _run(self, company, user=None):
        """Check everything in ``company``, tell the managers what is newly broken, and return the audit."""
        Audit = self.sudo().with_company(company).with_context(**QUIET)
        before = Audit._get_last(company)
        module = self.env["ir.module.module"].sudo().search([("name", "=", "aftersale_followup")])
        audit = Audit.create(
            {
                "company_id": company.id,
                "date_from": before.date or fields.Datetime.now() - FIRST_LOOK,
                "user_id": user.id if user else False,
                "version": module.latest_version,
            }
        )
        found = {code: audit._check(code) for code in self._get_definitions()}
        # what is broken comes first, the rest in the order of the promises
        codes = sorted(found, key=lambda code: URGENCY.index(found[code]["status"]))
        audit.line_ids = [
            fields.Command.create({"code": code, "sequence": number, **found[code]})
            for number, code in enumerate(codes)
        ]
        audit._tell_managers(before)
        return audit

    def _check(self, code):
        """Return what the check called ``code`` finds, as values of its line; what stops the check is found, too."""
        self.ensure_one()
        self.env.cr.flush()
        try:
            with self.env.cr.savepoint():
                checked, bad, *words = getattr(self, f"_check_{code}")()
        except Exception as error:
            return {"status": "error", "checked": 0, "found": 0, "res_ids": False, "detail": str(error)[:500]}
        definition = self._get_definitions()[code]
        names = ", ".join(bad[:5].mapped("name")) if isinstance(bad, models.BaseModel) else ""
        return {
            "status": (bad and definition.severity) or "passed",
            "checked": checked,
            "found": len(bad),
            "res_model": bad._name if isinstance(bad, models.BaseModel) else False,
            "res_ids": bad[:SHOWN].ids if isinstance(bad, models.BaseModel) else False,
            "detail": (words[0] if words and bad else "") or names or (", ".join(bad[:5]) if bad else ""),
        }

    def _tell_managers(self, before):
        """Have the managers look at what was not broken ``before``; what holds again needs nobody any more."""
        broken = {line.code for line in self.line_ids if line.status in ("failed", "error")}
        known = {line.code for line in before.line_ids if line.status in ("failed", "error")}
        if not broken:
            self.search([("company_id", "=", self.company_id.id)]).activity_unlink([TO_DO])
        elif broken - known:
            for manager in self.company_id._aftersale_managers():
                audit = self.with_context(lang=manager.lang)
                names = audit._get_definitions()
                self.activity_schedule(
                    TO_DO, user_id=manager.id, note=", ".join(names[code].name for code in names if code in broken)
                )

    # ------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------

    @api.model
    def _get_last(self, companies):
        """Return the last audit of each of ``companies``."""
        last = self._read_group([("company_id", "in", companies.ids)], ["company_id"], ["id:max"])
        return self.browse(number for _company, number in last)

    @api.model
    def action_open_last(self):
        """Open the last audit of the company; the first one is made by who asks for it."""
        self.browse().check_access("read")
        audit = self._get_last(self.env.company)
        audit = audit or self._run(self.env.company, self.env.user)
        return audit._get_form()

    def action_check_now(self):
        """Audit the company of this one anew, and open the result."""
        self._check_manager()
        return self._run(self.company_id, self.env.user)._get_form()

    def action_open_earlier(self):
        """Open the audits of this company."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Audits"),
            "res_model": self._name,
            "view_mode": "list,form",
            "domain": [("company_id", "=", self.company_id.id)],
        }

    def _get_form(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Audit"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    def _check_manager(self):
        self.check_access("read")
        if not self.env.user.has_group("aftersale_followup.group_manager"):
            raise AccessError(self.env._("Only after-sales managers start an audit or repair what it found."))
