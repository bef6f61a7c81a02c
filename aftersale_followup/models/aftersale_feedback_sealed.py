import logging
from collections import Counter
from datetime import datetime, time, timedelta
from random import SystemRandom

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Command

from .aftersale_plan import ERROR_LIMIT

_logger = logging.getLogger(__name__)

# Whom an answer hides among: never fewer, whatever the settings say.
LEAST = 5
# Answers that found too few others in this time are given up: what waits for ever is read by nobody.
DAYS = 90
BATCH = 500
# Not a seeded generator: nobody may compute the order afterwards.
_random = SystemRandom()


class AftersaleFeedbackSealed(models.Model):
    """Anonymous answers that wait for others of their plan and company, then become feedback in a shuffled order.

    Nothing here refers to a follow-up or a customer, and nobody has access. Who may become superuser, or reads the
    database, can still guess while answers wait: by day and products where few customers answered, and by the
    physical order of the rows; a web server's log tells when a personal link was used. Once released, the rows are
    deleted and the feedback says neither day nor order. Backups and the database's own log keep what they saw.
    """

    _name = "aftersale.feedback.sealed"
    _description = "Anonymous Answers Waiting"
    _inherit = ["aftersale.export.mixin"]
    # No author and no time: both would lead to the customer.
    _log_access = False

    plan_id = fields.Many2one("aftersale.plan", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, index=True, ondelete="cascade")
    product_ids = fields.Many2many("product.product", string="Products")
    day = fields.Date(required=True, help="Given on this day, in company time.")
    answers = fields.Json(required=True, help="Values of the feedback to be made.")
    error_count = fields.Integer()

    @api.model
    def _cron_release(self):
        """Release what has enough company, plan by plan, then give up what waited for too long."""
        groups = self._read_group([("error_count", "<", ERROR_LIMIT)], ["plan_id", "company_id"], ["__count"])
        ready = [(plan, company) for plan, company, count in groups if count >= self._get_least(company)]
        for index, (plan, company) in enumerate(ready):
            while more := self._release_some(plan, company):
                if not self.env["ir.cron"]._commit_progress(more, remaining=len(ready) - index):
                    return
            if not self.env["ir.cron"]._commit_progress(remaining=len(ready) - index - 1):
                return
        self._drop_expired()

    @api.model
    def _get_least(self, company):
        """Return how many answers are released together at least: as many as figures are shown for."""
        return max(company.aftersale_min_n, LEAST)

    @api.model
    def _release_some(self, plan, company):
        """Release one batch of the answers to ``plan`` in ``company``; return how many, 0 when they are too few."""
        domain = [("plan_id", "=", plan.id), ("company_id", "=", company.id), ("error_count", "<", ERROR_LIMIT)]
        batch = self.search(domain, limit=BATCH, order="id").try_lock_for_update()
        least = self._get_least(company)
        if len(batch) >= least and not batch._release():
            batch -= batch._set_failing_aside()
            if len(batch) >= least and not batch._release():
                return 0
        return len(batch) if len(batch) >= least else 0

    def _release(self):
        """Turn these answers into feedback and forget them; return whether that worked."""
        try:
            with self.env.cr.savepoint():
                self._create_feedback()
                self.unlink()
            return True
        except OperationalError:
            # Another transaction was faster: no fault of the records, the next run does them.
            raise
        except Exception as error:
            # Neither the text of the error nor its trace: both may hold a single customer's words.
            _logger.warning("%s anonymous answers cannot be released: %s", len(self), type(error).__name__)
            return False

    def _set_failing_aside(self):
        """Return the answers that cannot be released, each counted; all of them when they fail only together.

        Each is tried alone, and the try undone: fewer than a batch never become feedback.
        """
        failing = self.browse()
        for sealed in self:
            try:
                with self.env.cr.savepoint() as savepoint:
                    sealed._create_feedback()
                    savepoint.rollback()
            except OperationalError:
                raise
            except Exception:
                failing |= sealed
        failing = failing or self
        for sealed in failing:
            sealed.error_count += 1
        failing.plan_id.error_message = self.env._("%s anonymous answers cannot be released.", len(failing))
        return failing

    def _create_feedback(self):
        """Create the feedback of these answers, of one plan and company, in an order that tells nothing.

        Its date is the day of release: noon in UTC is on the same calendar day nearly everywhere.
        """
        plan, company = self.plan_id, self.company_id
        shared = {
            "is_anonymous": True,
            "source": "customer",
            "date": datetime.combine(company._aftersale_today(), time(12)),
            "channel_id": self.env["aftersale.channel"]._by_code("online").id,
            "plan_id": plan.id,
            "scenario": plan.scenario,
            "company_id": company.id,
        }
        products = self._get_shown_products()
        shuffled = list(self)
        _random.shuffle(shuffled)
        return (
            self.env["aftersale.feedback"]
            .with_company(company)
            .create(
                [
                    {**sealed._read_answers(), **shared, "product_ids": [Command.set(products[sealed])]}
                    for sealed in shuffled
                ]
            )
        )

    def _read_answers(self):
        """Return the sealed values; a tag or an area that was deleted in the meantime is left out."""
        self.ensure_one()
        values = dict(self.answers)
        for command in values.get("tag_ids", ()):
            command[2] = self.env["aftersale.tag"].browse(command[2]).exists().ids
        if "dimension_ids" in values:
            known = self.env["aftersale.dimension"].browse(line[2]["dimension_id"] for line in values["dimension_ids"])
            known = set(known.exists().ids)
            values["dimension_ids"] = [line for line in values["dimension_ids"] if line[2]["dimension_id"] in known]
        return values

    def _get_shown_products(self):
        """Return the ids of the products that each answer may be shown with.

        Answers with the very same products are shown with them where they are enough. Those without must be enough
        as well, or the one buyer of a rare product would be the one whose product is missing: then the next smallest
        group gives up its products, too.
        """
        least = self._get_least(self.company_id)
        bought = {sealed: tuple(sorted(sealed.with_context(active_test=False).product_ids.ids)) for sealed in self}
        sizes = Counter(bought.values())
        hidden = {products for products, size in sizes.items() if size < least or not products}
        for products, _size in sorted(sizes.items(), key=lambda item: (item[1], item[0])):
            if not hidden or sum(sizes[group] for group in hidden) >= least:
                break
            hidden.add(products)
        return {sealed: () if products in hidden else products for sealed, products in bought.items()}

    @api.model
    def _drop_expired(self):
        """Give up what found too few others in 90 days, or cannot be released; the plan counts it."""
        today = fields.Date.today()
        expired = self.search([("day", "<", today - timedelta(days=DAYS))], limit=10 * BATCH)
        waiting = {
            (plan, company): count
            for plan, company, count in self._read_group(
                [("plan_id", "in", expired.plan_id.ids), ("error_count", "<", ERROR_LIMIT)],
                ["plan_id", "company_id"],
                ["__count"],
            )
        }
        for (plan, company), rows in expired.grouped(lambda s: (s.plan_id, s.company_id)).items():
            if waiting.get((plan, company), 0) >= self._get_least(company):
                rows = rows.filtered(lambda s: s.error_count >= ERROR_LIMIT)
            plan.anonymous_dropped += len(rows)
            rows.unlink()
