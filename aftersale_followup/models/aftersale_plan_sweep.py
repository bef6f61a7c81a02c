import logging
import re
from collections import defaultdict
from datetime import timedelta

from psycopg2 import OperationalError
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import LockError

from .aftersale_plan import ERROR_LIMIT

_logger = logging.getLogger(__name__)

BATCH = 200
# How a record that failed is named among the plan's: as Odoo prints it.
FAILED_KEY = re.compile(r"([\w.]+)\((\d+),\)")


class AftersalePlan(models.Model):
    """The sweep: what the hooks missed, because it failed, was imported, or no hook sees it."""

    _inherit = "aftersale.plan"

    @api.model
    def _cron_sweep(self):
        """Plan cancelled remainders, services, imports and failures; each plan on its own, errors kept."""
        self._sweep_plans(["delivery", "sale", "resolution"])

    @api.model
    def _sweep_plans(self, triggers):
        plans = self.search([("trigger", "in", triggers), ("error_count", "<", ERROR_LIMIT)])
        for index, plan in enumerate(plans):
            if not plan._sweep(remaining=len(plans) - index - 1):
                break

    def _sweep(self, remaining=0):
        """Plan under one plan what it has no row for, in batches; return whether there is time for more."""
        self.ensure_one()
        started = fields.Datetime.now()
        try:
            with self.env.cr.savepoint():
                self._get_partner_domain()
                shares = self._get_shares()
        except OperationalError:
            raise
        except Exception as error:
            # The plan itself cannot be used: parked after three times, until somebody edits it.
            _logger.warning("Plan %s cannot be used", self.id, exc_info=True)
            self.write({"error_count": self.error_count + 1, "error_message": str(error)})
            return self.env["ir.cron"]._commit_progress(1, remaining=remaining)
        parked = {key for key, count in (self.failed_records or {}).items() if count >= ERROR_LIMIT}
        for plan, missed in shares:
            missed = missed.filtered(lambda record: str(record) not in parked)
            for start in range(0, len(missed), BATCH):
                plan._sweep_batch(missed[start : start + BATCH])
                if not self.env["ir.cron"]._commit_progress(remaining=remaining + 1):
                    return False
        if self.error_count:
            self.error_count = 0
        # Failures stay within reach of the next sweep.
        if not set(self.failed_records or {}) - parked:
            self.sweep_date = started
        return self.env["ir.cron"]._commit_progress(1, remaining=remaining)

    def _sweep_batch(self, records):
        """Plan ``records``; on failure one by one. A record that fails three times is left alone, the plan goes on.

        Return the records that are left for another try.
        """
        try:
            with self.env.cr.savepoint():
                self._plan_followups(self.trigger, records)
            return records.browse()
        except OperationalError:
            raise
        except Exception:
            _logger.warning("Plan %s fails as a batch, going on one by one", self.id, exc_info=True)
        return self._sweep_singly(records)

    def _get_failed_records(self):
        """Return the records that this plan could not plan and that still exist, as recordsets, one for each model."""
        self.ensure_one()
        found = defaultdict(list)
        for key in self.failed_records or {}:
            if match := FAILED_KEY.fullmatch(key):
                found[match[1]].append(int(match[2]))
        return [self.env[name].browse(ids).exists() for name, ids in found.items() if name in self.env]

    def _sweep_singly(self, records):
        failed = dict(self.failed_records or {})
        message = self.error_message
        left = records.browse()
        for record in records:
            try:
                with self.env.cr.savepoint():
                    self._plan_followups(self.trigger, record)
                failed.pop(str(record), None)
            except OperationalError:
                raise
            except LockError:
                left |= record  # just now in somebody's hands: the next sweep finds it again
            except UniqueViolation:
                # Another worker planned the same at the same moment: the row is there.
                continue
            except Exception as error:
                left |= record
                failed[str(record)] = failed.get(str(record), 0) + 1
                message = f"{record.display_name}: {error}"
        self.write({"failed_records": failed or False, "error_message": message})
        return left

    def _get_shares(self):
        """Return what to plan now as a list of (this plan, records), each with the environment to plan them in."""
        return [(self, self._get_missed())]

    def _get_missed(self):
        """Return the orders, issues or measures that have no row under this plan.

        What changed since the last complete sweep is looked at, with a day to spare; at most 90 days back.
        """
        self.ensure_one()
        # Companies far east begin the day of the start up to 14 hours before UTC does.
        start = fields.Datetime.to_datetime(self.date_start) - timedelta(days=1)
        oldest = max(start, fields.Datetime.now() - timedelta(days=90))
        since = max(self.sweep_date - timedelta(days=1), oldest) if self.sweep_date else oldest
        if self.trigger == "resolution":
            subject = "aftersale.action" if self.resolution_of == "action" else "aftersale.issue"
            return self.env[subject]._get_unplanned(self, since)
        return self.env["sale.order"]._aftersale_get_unplanned(self, since)
