from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.sql import constraint_definition

from .aftersale_followup import OPEN_STATES
from .aftersale_plan import ERROR_LIMIT

DAY = timedelta(days=1)
LATE_JOB = timedelta(hours=3)


class AftersaleAudit(models.Model):
    """Checks of planning: nothing twice, nothing missed, nothing in the way of sales and deliveries."""

    _inherit = "aftersale.audit"

    def _get_guards(self):
        """Return {name in the database: (model, its constraint or unique index)} of all models of this add-on."""
        guards = {}
        for name in self.env.registry:
            model = self.env[name]
            if name.startswith("aftersale.") and model._auto and not model._transient:
                for guard in model._table_objects.values():
                    if not isinstance(guard, models.Index) or guard.unique:
                        guards[guard.full_name(model)] = (model, guard)
        return guards

    def _check_guards(self):
        guards = self._get_guards()
        indexes = dict(
            self.env.execute_query(
                SQL(
                    """SELECT c.relname, i.indisvalid AND i.indisunique FROM pg_index i
                         JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname IN %s""",
                    tuple(guards),
                )
            )
        )
        missing = [
            name
            for name, (model, guard) in guards.items()
            if not (
                indexes.get(name)
                if isinstance(guard, models.Index)
                else constraint_definition(self.env.cr, model._table, name)
            )
        ]
        return len(guards), missing

    def _repair_guards(self):
        """Set the missing rules up again; one that double records break is left, and found by the next look."""
        guards = self._get_guards()
        for name in self._check_guards()[1]:
            model, guard = guards[name]
            if isinstance(guard, models.Index):
                # an index that is there and not valid is made anew
                self.env.cr.execute(SQL("DROP INDEX IF EXISTS %s", SQL.identifier(name)))
            with self.env["aftersale.plan"]._isolated():
                guard.apply_to_database(model)

    def _get_swept_plans(self):
        triggers = Domain("trigger", "in", ("delivery", "sale", "resolution"))
        return self.env["aftersale.plan"].search(triggers & Domain("company_id", "in", (False, self.company_id.id)))

    def _check_swept(self):
        plans, limit = self._get_swept_plans(), fields.Datetime.now() - DAY
        return len(plans), plans.filtered(lambda plan: (plan.sweep_date or plan.create_date) < limit)

    def _repair_swept(self):
        self.env.ref("aftersale_followup.ir_cron_sweep")._trigger()
        for plan in self._check_swept()[1]:
            missed = plan._get_missed()
            if not plan._sweep_batch(missed):
                plan.sweep_date = fields.Datetime.now()

    def _check_hooks(self):
        plans = self._get_swept_plans()
        return len(plans), plans.filtered(lambda plan: plan.error_count >= ERROR_LIMIT or plan.failed_records)

    def _repair_hooks(self):
        for plan in self._check_hooks()[1]:
            failed = plan._get_failed_records()
            plan.write({"error_count": 0, "error_message": False, "failed_records": False})
            # the sweep has passed them long ago
            for records in failed:
                plan._sweep_batch(records)
        self._repair_swept()

    def _open_followups(self):
        return Domain("company_id", "=", self.company_id.id) & Domain("state", "in", OPEN_STATES)

    def _count_open(self):
        return self.env["aftersale.followup"].search_count(self._open_followups())

    def _check_parked(self):
        parked = self._open_followups() & Domain("error_count", ">=", ERROR_LIMIT)
        return self._count_open(), self.env["aftersale.followup"].search(parked)

    def _repair_parked(self):
        self._check_parked()[1].write({"error_count": 0, "error_message": False, "date_next": fields.Datetime.now()})
        self.env.ref("aftersale_followup.ir_cron_contact")._trigger()

    def _get_jobs(self):
        """Return all scheduled actions of this add-on and its bridges."""
        # sudo: they belong to the administrators
        data = (
            self.env["ir.model.data"].sudo().search([("model", "=", "ir.cron"), ("module", "=like", r"aftersale\_%")])
        )
        return self.env["ir.cron"].sudo().with_context(active_test=False).browse(data.mapped("res_id")).exists()

    def _check_jobs(self):
        """Look for jobs that are off, fail or are late; after a standstill all are, and this one tells of none."""
        own, limit = self.env.ref("aftersale_followup.ir_cron_audit").sudo(), fields.Datetime.now() - LATE_JOB
        jobs, stood_still = self._get_jobs() - own, own.active and own.nextcall < limit
        return len(jobs), jobs.filtered(
            lambda job: not job.active or job.failure_count or (job.nextcall < limit and not stood_still)
        )

    def _check_overdue(self):
        limit = fields.Datetime.now() - DAY
        late = Domain("state", "=", "planned") & Domain("date_next", "<", limit)
        late &= Domain("error_count", "<", ERROR_LIMIT)
        open_links = Domain("state", "=", "ready") & Domain("date_expiry", "<", limit)
        return self._count_open(), self.env["aftersale.followup"].search(
            self._open_followups() & (late | open_links), order="date_next"
        )

    def _repair_overdue(self):
        self.env.ref("aftersale_followup.ir_cron_contact")._trigger()

    def _check_apart(self):
        """Look for columns of ours that an order or a delivery cannot be deleted, or anything be created without."""
        holding = self.env.execute_query(
            SQL(
                """SELECT k.conname, k.confdeltype IN ('a', 'r')
                     FROM pg_constraint k
                     JOIN pg_class own ON own.oid = k.conrelid
                     JOIN pg_class other ON other.oid = k.confrelid
                    WHERE k.contype = 'f' AND own.relname LIKE 'aftersale%%'
                      AND other.relname IN ('sale_order', 'sale_order_line', 'stock_picking', 'stock_move')
                 ORDER BY k.conname"""
            )
        )
        ours = [
            (f"{name}.{field.name}", field.required and not field.default)
            for name in self.env.registry
            if not name.startswith("aftersale.") and self.env[name]._auto
            for field in self.env[name]._fields.values()
            if field.name.startswith("aftersale_") and field.store
        ]
        return len(holding) + len(ours), [name for name, is_bad in (*holding, *ours) if is_bad]

    def _check_updated(self):
        modules = self.env["ir.module.module"].search([("name", "=like", r"aftersale\_followup%")])
        modules = modules.filtered(lambda module: module.state != "uninstalled")
        return len(modules), modules.filtered(
            lambda module: module.state != "installed" or module.latest_version != module.installed_version
        )
