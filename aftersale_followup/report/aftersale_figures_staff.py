from odoo import models
from odoo.tools import SQL, groupby

# Who is counted, by the field of the follow-up that names them: as it was when the service was given.
ROLES = {"agents": "user_id", "salespeople": "sales_user_id", "deliverers": "delivery_user_id"}


class AftersaleFigures(models.AbstractModel):
    """The figures by member of staff: whoever asked, sold and delivered. By name, never by result.

    Customers score higher on the phone than online, so that averages compare only with the channels beside them.
    """

    _inherit = "aftersale.figures"

    def _get_staff(self, scope, contacts):
        """{role: rows} of those who had follow-ups or scores in the period.

        :param contacts: {role: rows of `_get_contact_rows`}
        """
        scores = self._read_staff_scores(scope)
        ids = {row["channel_id"] for rows in contacts.values() for row in rows} | {key[2] for key in scores}
        channels = self.env["aftersale.channel"].sudo().browse(ids - {None, 0}).sorted()
        names = self._names(channels)
        staff = {}
        for role in ROLES:
            followups = dict(groupby(contacts[role], lambda row: row["person_id"]))
            ids = {person_id for person_id, rows in followups.items() if any(row["is_now"] for row in rows)}
            ids |= {person_id for key, person_id, _channel, is_now in scores if key == role and is_now}
            users = self.env["res.users"].sudo().with_context(active_test=False).browse(ids - {None})
            staff[role] = [
                self._get_person(scope, user, followups.get(user.id, []), channels)
                | self._get_person_scores(scope, role, user, scores, channels, names)
                for user in users.sorted(lambda user: (user.name, user.id))
            ]
            self._withhold_people(scope, role, staff[role], scores)
        return staff

    def _withhold_people(self, scope, role, people, scores):
        """Withhold the average of whoever the averages of the others would tell, and with it those by channel."""
        everybody = {key[1:]: row for key, row in scores.items() if key[0] == role and key[2] == 0}
        averages = [person["satisfaction"] for person in people if person["satisfaction"]]
        self._withhold_differences(scope, self._count_all(everybody), averages)
        for person in people:
            for figure in person["scores"]:
                for name in ("withheld", "previous_withheld"):
                    figure[name] |= person["satisfaction"][name]

    def _get_person(self, scope, user, rows, channels):
        """How far the follow-ups of one person came, the response rate, and the channels of the contacts."""
        now, before = ([row for row in rows if row["is_now"] == is_now] for is_now in (True, False))
        contacted = [row for row in now if row["contacted"]]
        mix = {
            channel.code: sum(row["n"] for row in contacted if row["channel_id"] == channel.id) for channel in channels
        }
        return {
            "name": user.name,
            **self._count_contacts(now),
            "response": self._get_response(scope, now, before),
            "channels": {code: n for code, n in sorted(mix.items()) if n},
        }

    def _get_person_scores(self, scope, role, user, scores, channels, names):
        """The average of one person, and by the channel through which the answers came."""
        nothing = (0.0, 0.0, 0)

        def mean(channel_id):
            return self._mean(
                scope, *(scores.get((role, user.id, channel_id, is_now), nothing) for is_now in (True, False))
            )

        satisfaction = mean(0)
        by_channel = [
            {"code": channel.code, "name": names[channel.id], **figure}
            for channel in channels
            if (figure := mean(channel.id))
        ]
        self._withhold_differences(scope, satisfaction, by_channel)
        return {"satisfaction": satisfaction, "scores": by_channel}

    def _read_staff_scores(self, scope):
        """{(role, person, channel, is this period): (sum, sum of squares, number)}; channel 0 is all of them."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT %(role)s, COALESCE(user_id, sales_user_id, delivery_user_id),
                       CASE GROUPING(channel_id) WHEN 1 THEN 0 ELSE channel_id END, is_now, SUM(score)::float,
                       SUM(score * score)::float, COUNT(*)
                  FROM (SELECT f.date >= %(since)s AS is_now, f.score, f.channel_id, f.user_id, u.sales_user_id,
                               u.delivery_user_id
                          FROM aftersale_feedback f
                     LEFT JOIN aftersale_followup u ON u.id = f.followup_id
                         WHERE f.score > 0 AND %(where)s) said
              GROUP BY is_now, GROUPING SETS ((channel_id), ()), %(sets)s
                """,
                role=self._staff_role(),
                since=scope.bounds[-2],
                where=self._feedback_where(scope, scope.bounds[-3]),
                sets=self._staff_sets(),
            )
        )
        return {tuple(row[:4]): tuple(row[4:]) for row in rows}

    def _staff_sets(self):
        """The grouping sets of `ROLES`: each row of the table counts once for each role."""
        return SQL("GROUPING SETS (%s)", SQL(", ").join(SQL("(%s)", SQL.identifier(name)) for name in ROLES.values()))

    def _staff_role(self):
        """The role that a row of `_staff_sets` is about."""
        return SQL(
            "CASE 0 %s END",
            SQL(" ").join(SQL("WHEN GROUPING(%s) THEN %s", SQL.identifier(name), role) for role, name in ROLES.items()),
        )
