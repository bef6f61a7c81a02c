import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from ..report.interval import difference_interval

_logger = logging.getLogger(__name__)

BATCH = 100


class AftersaleAction(models.Model):
    """The effect of a measure, measured from what customers say before and after it."""

    _inherit = "aftersale.action"

    @api.model
    def _cron_effect(self):
        """Measure the effect of what was finished long enough ago; what fails is tried again tomorrow."""
        due = self.search(self._get_unmeasured_domain(), order="date_done, id")
        remaining = len(due)
        for ids in split_every(BATCH, due.ids):
            batch = self.browse(ids).try_lock_for_update()
            batch._measure_isolated()
            remaining -= len(ids)
            if not self.env["ir.cron"]._commit_progress(len(ids), remaining=remaining):
                break

    @api.model
    def _get_unmeasured_domain(self):
        """Domain of the measures whose window after completion has passed and whose effect is not known yet."""
        now = fields.Datetime.now()
        ended = Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain("date_done", "<=", now - timedelta(days=company.aftersale_effect_days))
            for company in self.env["res.company"].sudo().search([])
        )
        return Domain("state", "=", "done") & Domain("date_effect", "=", False) & Domain("tag_ids", "!=", False) & ended

    def _measure_isolated(self):
        """Measure a batch; when it fails go one by one, so that one bad record stops no other."""
        try:
            with self.env.cr.savepoint():
                self._measure_effect()
            return
        except Exception:
            _logger.warning("Effects fail as a batch, going on one by one", exc_info=True)
        for action in self:
            try:
                with self.env.cr.savepoint():
                    action._measure_effect()
            except Exception:
                _logger.warning("The effect of measure %s could not be measured", action.id, exc_info=True)

    def _measure_effect(self):
        """Compare how many of 100 valid answers named the problem, in equal windows before and after completion.

        Proven or worse only when the 95 % interval of the difference leaves out zero; too few answers prove nothing.
        """
        counts = self._count_feedback()
        now = fields.Datetime.now()
        # sudo: the effect is written by nobody but this
        for action in self.sudo():
            named_before, before, named_after, after = counts.get(action.id, (0, 0, 0, 0))
            low, high = difference_interval(named_after, after, named_before, before)
            effect = "no_evidence"
            if low is not None and min(before, after) >= action.company_id.aftersale_min_n:
                effect = "proven" if high < 0 else "worse" if low > 0 else effect
            action.write(
                {
                    "rate_before": 100.0 * named_before / before if before else 0.0,
                    "rate_after": 100.0 * named_after / after if after else 0.0,
                    "sample_before": before,
                    "sample_after": after,
                    "change_low": 100.0 * (low or 0.0),
                    "change_high": 100.0 * (high or 0.0),
                    "effect": effect,
                    "date_effect": now,
                }
            )
        self.filtered(lambda a: a.effect == "worse")._call_for_decision()

    def _call_for_decision(self):
        """Customers name the problem more often than before: somebody has to decide what now."""
        for action in self:
            action.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("The problem became more frequent"),
                note=self.env._(
                    "Named in %(before).1f of 100 answers before the measure and in %(after).1f after it. "
                    "Resume the measure, or plan another one.",
                    before=action.rate_before,
                    after=action.rate_after,
                ),
                user_id=(action.team_id.user_id or action.user_id).id,
            )

    def _count_feedback(self):
        """Return {action id: (named before, answers before, named after, answers after)}, in one query.

        Answers to "is it solved?" do not count: they are given by those who had the problem, because they had it.
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT a.id,
                       COUNT(*) FILTER (WHERE t.named AND f.date < a.date_done),
                       COUNT(*) FILTER (WHERE f.date < a.date_done),
                       COUNT(*) FILTER (WHERE t.named AND f.date >= a.date_done),
                       COUNT(*) FILTER (WHERE f.date >= a.date_done)
                  FROM aftersale_action a
                  JOIN res_company c ON c.id = a.company_id
                  JOIN aftersale_feedback f
                    ON f.company_id = a.company_id AND f.is_valid
                   AND f.date >= a.date_done - make_interval(days => c.aftersale_effect_days)
                   AND f.date < a.date_done + make_interval(days => c.aftersale_effect_days)
            CROSS JOIN LATERAL (SELECT EXISTS (SELECT 1 FROM %(tags)s ft
                                                 JOIN aftersale_action_tag_rel r ON r.tag_id = ft.%(tag)s
                                                WHERE ft.%(tag_feedback)s = f.id AND r.action_id = a.id) AS named) t
                 WHERE a.id = ANY(%(ids)s)
                   AND f.scenario IS DISTINCT FROM 'resolution_check'
                   AND (NOT EXISTS (SELECT 1 FROM %(own)s WHERE %(own_action)s = a.id)
                        OR EXISTS (SELECT 1 FROM %(products)s fp
                                     JOIN %(own)s chosen ON chosen.%(own_product)s = fp.%(product)s
                                    WHERE fp.%(product_feedback)s = f.id AND chosen.%(own_action)s = a.id))
              GROUP BY a.id
                """,
                ids=self.ids,
                **self._get_relations(),
            )
        )
        return {action_id: tuple(counts) for action_id, *counts in rows}

    def _get_relations(self):
        """Return the names of the relation tables as SQL identifiers."""
        feedback = self.env["aftersale.feedback"]._fields
        tags, products, own = feedback["tag_ids"], feedback["product_ids"], self._fields["product_ids"]
        names = {
            "tags": tags.relation,
            "tag_feedback": tags.column1,
            "tag": tags.column2,
            "products": products.relation,
            "product_feedback": products.column1,
            "product": products.column2,
            "own": own.relation,
            "own_action": own.column1,
            "own_product": own.column2,
        }
        return {key: SQL.identifier(name) for key, name in names.items()}
