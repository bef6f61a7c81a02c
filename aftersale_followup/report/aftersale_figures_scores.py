from collections import Counter

from odoo import models
from odoo.tools import SQL

from .figures_scope import counting

PRODUCTS = 10
PRODUCTS_HIT = 3
COMPLETE_LENGTH = 10


class AftersaleFigures(models.AbstractModel):
    """Scores by what they are about and by whom they come from; how steady the service is to existing customers."""

    _inherit = "aftersale.figures"

    @counting("aftersale.feedback")
    def _get_scores(self, scope):
        """Average scores by area, product, customer type and, of a whole company, by team; each with its n."""
        return {
            "areas": self._get_areas(scope),
            **self._get_products(scope),
            "customer_types": self._get_customer_types(scope),
            "teams": None if scope.team else self._get_teams(scope),
        }

    def _get_score_sums(self, scope, key, join=None, score=None):
        """{(key, is this period): (sum, sum of squares, number)} of the scores of this period and the one before."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT key, is_now, SUM(score)::float, SUM(score * score)::float, COUNT(*)
                  FROM (SELECT DISTINCT f.id, %(key)s AS key, f.date >= %(since)s AS is_now, %(score)s AS score
                          FROM aftersale_feedback f %(join)s
                         WHERE %(where)s) scores
                 WHERE score > 0
              GROUP BY 1, 2
                """,
                key=key,
                score=score or SQL("f.score"),
                join=join or SQL(),
                since=scope.bounds[-2],
                where=self._feedback_where(scope, scope.bounds[-3]),
            )
        )
        return {(value, is_now): tuple(sums) for value, is_now, *sums in rows}

    def _get_mean(self, scope, sums, key):
        """Figure of the mean behind one key of `_get_score_sums`; None without an answer in this period."""
        nothing = (0.0, 0.0, 0)
        return self._mean(scope, sums.get((key, True), nothing), sums.get((key, False), nothing))

    def _get_areas(self, scope):
        sums = self._get_score_sums(
            scope,
            SQL("d.dimension_id"),
            SQL("JOIN aftersale_feedback_dimension d ON d.feedback_id = f.id"),
            SQL("d.score"),
        )
        ids = {dimension_id for dimension_id, is_now in sums if is_now}
        dimensions = self.env["aftersale.dimension"].sudo().browse(ids).sorted()
        names = self._names(dimensions)
        return [
            {
                "code": dimension.code,
                "name": names[dimension.id],
                **self._get_mean(scope, sums, dimension.id),
            }
            for dimension in dimensions
        ]

    def _get_customer_types(self, scope):
        sums = self._get_score_sums(scope, SQL("f.customer_type"))
        types = self.env["aftersale.feedback"]._fields["customer_type"].get_values(self.env)
        rows = [{"type": kind, **self._get_mean(scope, sums, kind)} for kind in types if (kind, True) in sums]
        self._withhold_differences(scope, self._count_all(sums), rows)
        return rows

    def _get_teams(self, scope):
        sums = self._get_score_sums(scope, SQL("f.team_id"))
        teams = self.env["crm.team"].sudo().browse({team_id for team_id, is_now in sums if is_now} - {None}).sorted()
        names = self._names(teams)
        rows = [{"name": names[team.id], **self._get_mean(scope, sums, team.id)} for team in teams]
        self._withhold_differences(scope, self._count_all(sums), rows)
        return rows

    # ------------------------------------------------------------
    # products, whatever their variants
    # ------------------------------------------------------------

    def _join_products(self):
        """Join the products of feedback `f`, as `p`."""
        field = self.env["aftersale.feedback"]._fields["product_ids"]
        return SQL(
            "JOIN %(relation)s fp ON fp.%(feedback)s = f.id JOIN product_product p ON p.id = fp.%(product)s",
            relation=SQL.identifier(field.relation),
            feedback=SQL.identifier(field.column1),
            product=SQL.identifier(field.column2),
        )

    def _get_products(self, scope):
        """Those with the most scores, the best known first."""
        sums = self._get_score_sums(scope, SQL("p.product_tmpl_id"), self._join_products())
        ids = sorted((key for key, is_now in sums if is_now), key=lambda key: (-sums[key, True][2], key))
        products = self.env["product.template"].sudo().browse(ids[:PRODUCTS])
        names = self._names(products)
        return {
            "products": [
                {"name": names[product.id], **self._get_mean(scope, sums, product.id)} for product in products
            ],
            "product_count": len(ids),
        }

    def _get_products_hit(self, scope, tags):
        """{tag id: the products most named together with the tag in this period, with the number of feedback}."""
        field = self.env["aftersale.feedback"]._fields["tag_ids"]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT r.%(tag)s, p.product_tmpl_id, COUNT(DISTINCT f.id)
                  FROM aftersale_feedback f
                  JOIN %(relation)s r ON r.%(feedback)s = f.id
                  %(products)s
                 WHERE r.%(tag)s = ANY(%(tags)s) AND %(where)s
              GROUP BY 1, 2
              ORDER BY 3 DESC, 2
                """,
                relation=SQL.identifier(field.relation),
                feedback=SQL.identifier(field.column1),
                tag=SQL.identifier(field.column2),
                products=self._join_products(),
                tags=tags.ids,
                where=self._feedback_where(scope, scope.bounds[-2]),
            )
        )
        hit = {tag.id: [row for row in rows if row[0] == tag.id][:PRODUCTS_HIT] for tag in tags}
        ids = {product_id for found in hit.values() for _tag_id, product_id, _n in found}
        names = self._names(self.env["product.template"].sudo().browse(ids))
        return {
            tag_id: [{"name": names[product_id], "n": n} for _tag_id, product_id, n in found]
            for tag_id, found in hit.items()
        }

    # ------------------------------------------------------------
    # stability and loyalty
    # ------------------------------------------------------------

    @counting("aftersale.feedback")
    def _get_bonds(self, scope):
        """Of existing customers: share that finds the service as good as before, or better; will they buy again (1–5).

        "Cannot say" is no answer to the first question.
        """
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT f.date >= %(since)s AS is_now,
                       COUNT(*) FILTER (WHERE f.stability IN ('better', 'same')) AS steady,
                       COUNT(*) FILTER (WHERE f.stability IN ('better', 'same', 'worse')) AS compared,
                       COALESCE(SUM(f.loyalty), 0)::float AS total,
                       COALESCE(SUM(f.loyalty * f.loyalty), 0)::float AS squares,
                       COUNT(*) FILTER (WHERE f.loyalty > 0) AS n
                  FROM aftersale_feedback f
                 WHERE f.customer_type = 'existing' AND (f.stability IS NOT NULL OR f.loyalty > 0) AND %(where)s
              GROUP BY 1
                """,
                since=scope.bounds[-2],
                where=self._feedback_where(scope, scope.bounds[-3]),
            )
        )
        sides = {row["is_now"]: row for row in rows}
        now, before = (Counter(sides.get(is_now, {})) for is_now in (True, False))
        return {
            "stability": self._rate(scope, (now["steady"], now["compared"]), (before["steady"], before["compared"])),
            "loyalty": self._mean(
                scope,
                (now["total"], now["squares"], now["n"]),
                (before["total"], before["squares"], before["n"]),
            ),
        }

    # ------------------------------------------------------------
    # quality
    # ------------------------------------------------------------

    @counting("aftersale.feedback")
    def _get_quality(self, scope):
        """Share of the feedback that is complete and beyond doubt: a score, and ten characters or a tag.

        Of a corrected answer the correction counts; of suspicious ones, and those answered a second time, none.
        """
        field = self.env["aftersale.feedback"]._fields["tag_ids"]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT f.date >= %(since)s, COUNT(*) FILTER (
                           WHERE %(valid)s AND f.score > 0
                             AND (LENGTH(BTRIM(f.detail, %(blank)s)) >= %(length)s
                                  OR LENGTH(BTRIM(f.suggestion, %(blank)s)) >= %(length)s
                                  OR EXISTS (SELECT FROM %(relation)s r WHERE r.%(feedback)s = f.id))
                             AND NOT EXISTS (SELECT FROM aftersale_attempt a
                                              WHERE a.followup_id = f.followup_id AND a.outcome = 'contested'
                                                AND a.create_date <= %(cutoff)s)), COUNT(*)
                  FROM aftersale_feedback f
                 WHERE %(where)s AND f.date >= %(before)s AND f.date < %(until)s
                   AND NOT EXISTS (SELECT FROM aftersale_feedback c
                                    WHERE c.correction_of_id = f.id AND c.create_date <= %(cutoff)s)
              GROUP BY 1
                """,
                since=scope.bounds[-2],
                blank=" \t\r\n",
                length=COMPLETE_LENGTH,
                relation=SQL.identifier(field.relation),
                feedback=SQL.identifier(field.column1),
                cutoff=scope.cutoff,
                where=scope.where("f", "aftersale.feedback"),
                valid=scope.valid("f"),
                before=scope.bounds[-3],
                until=scope.bounds[-1],
            )
        )
        counts = {is_now: (good, n) for is_now, good, n in rows}
        return {"feedback_quality": self._rate(scope, counts.get(True, (0, 0)), counts.get(False, (0, 0)))}
