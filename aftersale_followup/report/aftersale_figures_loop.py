from odoo import models
from odoo.tools import SQL

from .figures_scope import OBSERVED, counting

PRIORITY_ISSUES = 20


class AftersaleFigures(models.AbstractModel):
    """The figures about issues: what became of them, what the customers confirmed, which are urgent."""

    _inherit = "aftersale.figures"

    @counting("aftersale.issue")
    def _get_loop(self, scope):
        """What became of the issues: rates of the period and counts, the latter also of what is open at the cutoff."""
        now, before = self._get_issue_counts(scope)
        figures = {
            "contact_in_time": self._rate(
                scope,
                (now["contacted_in_time"], now["contact_due"]),
                (before["contacted_in_time"], before["contact_due"]),
            ),
            "closed_loop": self._rate(
                scope, (now["confirmed"], now["resolved"]), (before["confirmed"], before["resolved"])
            ),
            "loop": {
                key: now[key]
                for key in ("opened", "new", "processing", "done", "resolved", "closed", "waived", "overdue")
            },
        }
        if scope.is_whole_company:
            # orders belong to sales teams, issues to the agent's: their ratio means something for the company only
            delivered, delivered_before = self._get_delivered_orders(scope)
            figures["complaint_rate"] = self._rate(
                scope, (now["complaints"], delivered), (before["complaints"], delivered_before)
            )
        return figures

    def _get_issue_counts(self, scope):
        """Counts of the period and of the one before; what was contacted, done or closed since the cutoff was not."""
        (before_from, before_to), (date_from, date_to) = scope.periods[-2:]
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT COUNT(*) FILTER (WHERE opened) AS opened,
                       COUNT(*) FILTER (WHERE opened AND kind = 'complaint') AS complaints,
                       COUNT(*) FILTER (WHERE contact_due) AS contact_due,
                       COUNT(*) FILTER (WHERE contact_due AND contact_day <= contact_deadline) AS contacted_in_time,
                       COUNT(*) FILTER (WHERE resolved) AS resolved,
                       COUNT(*) FILTER (WHERE resolved AND state = 'closed' AND waiver_reason IS NULL) AS confirmed,
                       COUNT(*) FILTER (WHERE closed) AS closed,
                       COUNT(*) FILTER (WHERE closed AND waiver_reason IS NOT NULL) AS waived,
                       COUNT(*) FILTER (WHERE state = 'new') AS new,
                       COUNT(*) FILTER (WHERE state = 'processing') AS processing,
                       COUNT(*) FILTER (WHERE state = 'done') AS done,
                       COUNT(*) FILTER (WHERE next_deadline < %(today)s) AS overdue
                  FROM (VALUES (1, %(since)s, %(until)s, %(date_from)s, %(date_to)s),
                               (0, %(since_before)s, %(since)s, %(before_from)s, %(before_to)s))
                       AS period (is_now, since, until, first_day, last_day)
             LEFT JOIN LATERAL (
                       SELECT t.state, i.kind, i.waiver_reason, i.contact_deadline,
                              i.create_date >= since AND i.create_date < until AS opened,
                              t.state IN ('done', 'closed')
                              AND i.date_done >= since AND i.date_done < until AS resolved,
                              t.state = 'closed' AND i.date_closed >= since AND i.date_closed < until AS closed,
                              (t.date_contacted AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date AS contact_day,
                              i.priority <> '0' AND i.contact_deadline BETWEEN first_day AND last_day
                              AND (i.contact_deadline < %(today)s OR t.date_contacted IS NOT NULL) AS contact_due,
                              %(next_deadline)s AS next_deadline
                         FROM aftersale_issue i
                CROSS JOIN LATERAL (
                              SELECT CASE WHEN i.state NOT IN ('done', 'closed')
                                               OR GREATEST(i.date_done, i.date_closed) > %(cutoff)s IS NOT TRUE
                                               THEN i.state
                                          WHEN i.date_done <= %(cutoff)s THEN 'done'
                                          ELSE 'processing' END AS state,
                                     CASE WHEN i.date_contacted <= %(cutoff)s THEN i.date_contacted END
                                     AS date_contacted) t
                        WHERE %(where)s AND i.state <> 'cancelled') issue ON TRUE
              GROUP BY is_now
              ORDER BY is_now DESC
                """,
                where=scope.where("i", "aftersale.issue"),
                zone=scope.company._aftersale_tz(),
                cutoff=scope.cutoff,
                today=scope.company._aftersale_date(scope.cutoff),
                next_deadline=self._next_deadline(scope),
                since_before=scope.bounds[-3],
                since=scope.bounds[-2],
                until=scope.bounds[-1],
                before_from=before_from,
                before_to=before_to,
                date_from=date_from,
                date_to=date_to,
            )
        )

    def _next_deadline(self, scope):
        """When the next clock of issue `i`, as it was (`t`), runs out; that of the solution stops while it waits."""
        return SQL(
            """
            CASE WHEN t.state IN ('new', 'processing')
                      THEN LEAST(CASE WHEN i.waiting_date <= %(today)s IS NOT TRUE
                                      THEN LEAST(i.resolution_deadline, i.promised_date) END,
                                 CASE WHEN t.date_contacted IS NULL THEN i.contact_deadline END)
                 WHEN t.state = 'done' THEN i.verification_deadline END
            """,
            today=scope.company._aftersale_date(scope.cutoff),
        )

    def _get_delivered_orders(self, scope):
        """Numbers of orders whose delivery was completed in the period and in the one before."""
        query = SQL(
            "SELECT delivered >= %s, COUNT(*) FROM (%s) orders GROUP BY 1",
            scope.bounds[-2],
            self._delivered_orders(scope),
        )
        counts = dict(self.env.execute_query(query))
        return counts.get(True, 0), counts.get(False, 0)

    def _delivered_orders(self, scope, since=None):
        """Query of (order_id, delivered) of the orders whose delivery was completed in the period or the one before.

        Or ``since`` another moment, to the end of the period.

        An order is delivered when goods went to the customer and none of its moves is open but returns.
        """
        return SQL(
            """
            SELECT order_id, delivered
              FROM (SELECT l.order_id, MAX(m.date) FILTER (WHERE m.state = 'done' AND d.usage = 'customer') AS delivered
                      FROM stock_move m
                      JOIN sale_order_line l ON l.id = m.sale_line_id
                      JOIN stock_location d ON d.id = m.location_dest_id
                     WHERE m.origin_returned_move_id IS NULL
                       AND l.order_id IN (SELECT sl.order_id
                                            FROM stock_move sm
                                            JOIN sale_order_line sl ON sl.id = sm.sale_line_id
                                           WHERE sm.state = 'done' AND sl.company_id = %(company)s
                                             AND sm.date >= %(since)s AND sm.date < %(until)s)
                  GROUP BY l.order_id
                    HAVING BOOL_AND(m.state IN ('done', 'cancel'))) completed
             WHERE delivered >= %(since)s AND delivered < %(until)s
            """,
            company=scope.company.id,
            since=since or scope.bounds[-3],
            until=scope.bounds[-1],
        )

    @counting("aftersale.issue")
    def _get_survival(self, scope):
        """Closed issues without a new one of the same customer, product and category within 90 days.

        Of the issues closed in the period of 90 days earlier; those whose customer was erased cannot be told.
        """
        start, now, end = scope.cohorts
        rows = self.env.execute_query(
            SQL(
                """
                SELECT i.date_closed >= %(now)s, COUNT(*) FILTER (WHERE NOT EXISTS (
                           SELECT FROM aftersale_issue n
                            WHERE n.commercial_partner_id = i.commercial_partner_id AND n.company_id = i.company_id
                              AND n.product_id IS NOT DISTINCT FROM i.product_id
                              AND n.category_id IS NOT DISTINCT FROM i.category_id
                              AND n.id <> i.id AND n.state <> 'cancelled' AND n.create_date > i.date_closed
                              AND n.create_date <= i.date_closed + %(observed)s)), COUNT(*)
                  FROM aftersale_issue i
                 WHERE %(where)s AND i.state = 'closed' AND i.commercial_partner_id IS NOT NULL
                   AND i.date_closed >= %(start)s AND i.date_closed < %(end)s
                   AND i.date_closed + %(observed)s <= %(cutoff)s
              GROUP BY 1
                """,
                now=now,
                start=start,
                end=end,
                observed=OBSERVED,
                cutoff=scope.cutoff,
                where=scope.where("i", "aftersale.issue"),
            )
        )
        counts = {is_now: (kept, n) for is_now, kept, n in rows}
        return {"closure_survival": self._rate(scope, counts.get(True, (0, 0)), counts.get(False, (0, 0)))}

    @counting("aftersale.feedback")
    def _get_verification(self, scope):
        """What customers answered when asked whether their problem is solved; share of issues that failed so."""
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT f.date >= %(since)s AS is_now,
                       COUNT(DISTINCT u.issue_id) AS verified,
                       COUNT(DISTINCT u.issue_id) FILTER (
                           WHERE f.resolved <> 'fully' OR (f.score > 0 AND f.score < 3)) AS failed,
                       COUNT(DISTINCT u.issue_id) FILTER (WHERE f.resolved = 'partly') AS partly,
                       COUNT(DISTINCT u.issue_id) FILTER (WHERE f.resolved = 'no') AS no,
                       COUNT(DISTINCT u.issue_id) FILTER (WHERE f.resolved = 'came_back') AS came_back
                  FROM aftersale_feedback f
                  JOIN aftersale_followup u ON u.id = f.followup_id
                 WHERE u.issue_id IS NOT NULL AND f.scenario = 'resolution_check' AND %(where)s
              GROUP BY 1
                """,
                since=scope.bounds[-2],
                where=self._feedback_where(scope, scope.bounds[-3]),
            )
        )
        results = {row.pop("is_now"): row for row in rows}

        def reopened(row):
            return (row["failed"], row["verified"]) if row else (0, 0)

        return {
            "reopened": self._rate(scope, reopened(results.get(True)), reopened(results.get(False))),
            "verification": results.get(True),
        }

    @counting("aftersale.issue")
    def _get_priority_issues(self, scope):
        """High-priority issues opened in the period or still open, the most urgent first; no names, no contact data."""
        domain = [
            ("company_id", "=", scope.company.id),
            ("priority", "!=", "0"),
            ("create_date", "<=", scope.cutoff),
            ("create_date", "<", scope.bounds[-1]),
            ("state", "!=", "cancelled"),
            "|",
            ("state", "!=", "closed"),
            ("create_date", ">=", scope.bounds[-2]),
            *scope.domain("aftersale.issue"),
        ]
        if scope.team:
            domain.append(("team_id", "=", scope.team.id))
        Issue = self.env["aftersale.issue"].sudo().with_context(active_test=False)  # archived products, too
        issues = Issue.search(domain, order="priority desc, contact_deadline, id", limit=PRIORITY_ISSUES)
        tag_names = self._names(issues.tag_ids)
        today = scope.company._aftersale_date(scope.cutoff).isoformat()
        return {
            "priority_issue_count": Issue.search_count(domain) if len(issues) == PRIORITY_ISSUES else len(issues),
            "priority_issues": [
                {
                    "name": issue.name,
                    "customer": issue.partner_id._aftersale_number() or None,
                    "tags": [tag_names[tag.id] for tag in issue.tag_ids],
                    "owner": issue.user_id.name or None,
                    "in_time": self._contacted_in_time(scope, issue),
                    "state": issue.state,
                    "priority": issue.priority,
                    "next_date": self._next_date(issue),
                    "late": bool((day := self._next_date(issue)) and day < today),
                }
                for issue in issues
            ],
        }

    def _contacted_in_time(self, scope, issue):
        """True or False once it is decided, None while there is time."""
        if not issue.contact_deadline:
            return None
        if issue.date_contacted:
            return scope.company._aftersale_date(issue.date_contacted) <= issue.contact_deadline
        return False if scope.company._aftersale_date(scope.cutoff) > issue.contact_deadline else None

    def _next_date(self, issue):
        """The next date somebody has to keep; while it waits for the customer, none about the solution."""
        dates = []
        if issue.state in ("new", "processing"):
            dates = [] if issue.waiting_date else [issue.promised_date, issue.resolution_deadline]
            if not issue.date_contacted:
                dates.append(issue.contact_deadline)
        elif issue.state == "done":
            dates = [issue.verification_deadline]
        return min((date.isoformat() for date in dates if date), default=None)
