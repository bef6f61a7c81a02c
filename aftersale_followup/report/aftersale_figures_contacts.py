from datetime import timedelta

from odoo import models
from odoo.tools import SQL, groupby

from .aftersale_figures_staff import ROLES
from .figures_scope import counting


class AftersaleFigures(models.AbstractModel):
    """The figures about our own work: follow-ups due, contacted, reached, answered; by channel and by agent."""

    _inherit = "aftersale.figures"

    @counting("aftersale.followup", "aftersale.feedback")
    def _get_contacts(self, scope):
        """Follow-up rate, share in time, response rate and funnel of the follow-ups that came due in the period.

        What lies ahead on the day of the cutoff is not due yet. The funnel starts with everything that came due. The
        follow-up rate leaves out what must not be contacted (skipped by a rule, or cancelled before the contact); in
        time is a first contact by the end of the window, asked once the contact was made or the window has ended. An
        invited customer who answers counts as reached.
        """
        staff = self._get_contact_rows(scope)
        rows = staff["agents"]  # each follow-up once; those of nobody, too
        now, before = ([row for row in rows if row["is_now"] == is_now] for is_now in (True, False))
        funnel, funnel_before = self._count_contacts(now), self._count_contacts(before)
        response = self._get_response(scope, now, before)
        return {
            "followup_rate": self._rate(
                scope,
                (funnel["contacted"], funnel["allowed"]),
                (funnel_before["contacted"], funnel_before["allowed"]),
            ),
            "in_time_rate": self._rate(
                scope,
                (funnel["in_time"], funnel["decided"]),
                (funnel_before["in_time"], funnel_before["decided"]),
            ),
            "response_rate": response and {**response, "channels": self._get_channels(scope, now, before)},
            "funnel": {
                "due": funnel["due"],
                "skipped": self._count_skipped(now),
                "contacted": funnel["contacted"],
                "reached": funnel["reached"],
                "answered": funnel["answered"],
            },
            "funnel_weeks": self._get_weeks(scope, now),
            **self._get_staff(scope, staff),
        }

    def _get_weeks(self, scope, rows):
        """The funnel by the week in which the follow-ups came due; the first and the last end with the period."""
        weeks = []
        for monday, own in sorted(groupby(rows, lambda row: row["week"])):
            weeks.append(
                {
                    "date_from": max(monday, scope.date_from).isoformat(),
                    "date_to": min(monday + timedelta(days=6), scope.date_to).isoformat(),
                    "skipped": self._count_skipped(own),
                    **self._count_contacts(own),
                }
            )
        return weeks

    def _count_contacts(self, rows):
        """How far these follow-ups came. `allowed`: were due and no rule forbade; `decided`: in time or too late."""
        counts = dict.fromkeys(("due", "allowed", "decided", "contacted", "in_time", "reached", "answered"), 0)
        for row in rows:
            allowed = row["contacted"] or row["state"] not in ("skipped", "cancelled")
            answered = row["contacted"] and row["state"] == "done"
            for key, counted in (
                ("due", allowed or row["state"] == "skipped"),
                ("allowed", allowed),
                ("decided", allowed and (row["contacted"] or row["is_over"])),
                ("contacted", row["contacted"]),
                ("in_time", row["contacted"] and row["in_time"]),
                ("reached", row["contacted"] and row["reached"] or answered),
                ("answered", answered),
            ):
                counts[key] += row["n"] if counted else 0
        return counts

    def _count_skipped(self, rows):
        """{reason: number} of the follow-ups that were not held."""
        counts = {}
        for row in rows:
            if row["state"] == "skipped":
                reason = row["skip_reason"] or ""
                counts[reason] = counts.get(reason, 0) + row["n"]
        return dict(sorted(counts.items()))

    def _get_response(self, scope, now, before):
        """Figure: answered of those contacted."""
        counts, counts_before = self._count_contacts(now), self._count_contacts(before)
        return self._rate(
            scope,
            (counts["answered"], counts["contacted"]),
            (counts_before["answered"], counts_before["contacted"]),
        )

    def _get_channels(self, scope, now, before):
        """{code: response rate with the counts behind it}, by the channel the follow-up went out."""
        ids = {row["channel_id"] for row in now} - {None}
        channels = self.env["aftersale.channel"].sudo().browse(ids).sorted()
        names = self._names(channels)
        table = {}
        for channel in channels:
            own, own_before = ([row for row in rows if row["channel_id"] == channel.id] for rows in (now, before))
            figure = self._get_response(scope, own, own_before)
            if figure:
                table[channel.code] = {"name": names[channel.id], **figure, **self._count_contacts(own)}
        return table

    def _get_contact_rows(self, scope):
        """{role: numbers of follow-ups of this period and the one before, by all that the rates ask about}."""
        (before_from, _before_to), (date_from, date_to) = scope.periods[-2:]
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT u.date_planned >= %(date_from)s AS is_now, u.channel_id, u.skip_reason,
                       CASE WHEN u.state = 'done' AND u.date_done > %(cutoff)s THEN 'ready' ELSE u.state END AS state,
                       COALESCE(a.contacted, FALSE)
                       OR COALESCE(u.dropped_contact_date <= %(cutoff)s, FALSE) AS contacted,
                       COALESCE(a.reached, FALSE)
                       OR COALESCE(u.dropped_reached_date <= %(cutoff)s, FALSE) AS reached,
                       COALESCE((LEAST(a.first, u.dropped_contact_date) AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date
                                <= COALESCE(u.date_deadline, u.date_planned), FALSE) AS in_time,
                       COALESCE(u.date_deadline, u.date_planned) < %(today)s AS is_over,
                       CASE WHEN u.date_planned >= %(date_from)s
                            THEN date_trunc('week', u.date_planned::timestamp)::date END AS week,
                       %(role)s AS role, COALESCE(user_id, sales_user_id, delivery_user_id) AS person_id,
                       COUNT(*) AS n
                  FROM aftersale_followup u
             LEFT JOIN aftersale_channel c ON c.id = u.channel_id
             LEFT JOIN LATERAL (SELECT BOOL_OR(outcome <> 'contested' AND is_passed_over IS NOT TRUE) AS contacted,
                                       BOOL_OR(outcome = 'reached') AS reached,
                                       MIN(date) FILTER (WHERE outcome <> 'contested'
                                                           AND is_passed_over IS NOT TRUE) AS first
                                  FROM aftersale_attempt
                                 WHERE followup_id = u.id AND create_date <= %(cutoff)s) a ON TRUE
                 WHERE %(where)s AND u.date_planned BETWEEN %(before_from)s AND %(date_to)s
                   AND c.code IS DISTINCT FROM 'inbound'
                   AND (u.date_planned <= %(today)s OR a.contacted OR u.dropped_contact_date <= %(cutoff)s)
              GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, %(sets)s
                """,
                role=self._staff_role(),
                sets=self._staff_sets(),
                cutoff=scope.cutoff,
                today=scope.company._aftersale_date(scope.cutoff),
                zone=scope.zone,
                where=scope.where("u", "aftersale.followup"),
                before_from=before_from,
                date_from=date_from,
                date_to=date_to,
            )
        )
        return {role: [row for row in rows if row["role"] == role] for role in ROLES}

    @counting("aftersale.followup")
    def _get_calls(self, scope):
        """Calls at which somebody was reached, of the calls made in the period.

        Attempts are deleted after 12 months (a setting), and with them what this counts.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT a.date >= %(since)s, COUNT(*) FILTER (WHERE a.outcome = 'reached'), COUNT(*)
                  FROM aftersale_attempt a
                  JOIN aftersale_followup u ON u.id = a.followup_id
                  JOIN aftersale_channel c ON c.id = a.channel_id AND c.code = 'phone'
                 WHERE %(where)s AND a.create_date <= %(cutoff)s AND a.date >= %(before)s AND a.date < %(until)s
                   AND a.is_passed_over IS NOT TRUE AND a.outcome NOT IN ('sent', 'bounced', 'contested')
              GROUP BY 1
                """,
                since=scope.bounds[-2],
                where=scope.where("u", "aftersale.followup"),
                cutoff=scope.cutoff,
                before=scope.bounds[-3],
                until=scope.bounds[-1],
            )
        )
        calls = {is_now: (reached, made) for is_now, reached, made in rows}
        return {"reached_rate": self._rate(scope, calls.get(True, (0, 0)), calls.get(False, (0, 0)))}
