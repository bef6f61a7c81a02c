from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import SQL

from .aftersale_issue import OPEN_STATES


class AftersaleFeedback(models.Model):
    """Problems that come up again: the same tag with the same product or lot, over all customers."""

    _inherit = "aftersale.feedback"

    def _prioritise(self):
        """Raise the issues of answers that turn out more urgent than they were opened with, as staff classify them."""
        before = {feedback: feedback._get_issue_priority() for feedback in self}
        result = super()._prioritise()
        for feedback in self.filtered(lambda feedback: feedback._get_issue_priority() > before[feedback]):
            feedback.issue_ids._raise_for(feedback)
        return result

    def _filter_recurring(self):
        """Return the feedback whose problem, same product or lot, came up as often as the setting says (3 in 30 d).

        One query for all of them. A corrected answer counts as its correction does, once.
        """
        problems = self.filtered(lambda feedback: any(feedback.tag_ids.mapped("is_problem")))
        if not problems.ids:
            return self.browse()  # as most are: whoever is content waits for no query
        self.env.flush_all()
        query = SQL(
            """
            SELECT DISTINCT f.id
              FROM aftersale_feedback f
              JOIN res_company c ON c.id = f.company_id
              JOIN %(tags)s ft ON ft.%(tag_feedback)s = f.id
              JOIN aftersale_tag t ON t.id = ft.%(tag)s AND t.is_problem
              JOIN %(tags)s ot ON ot.%(tag)s = t.id
              JOIN aftersale_feedback o
                ON o.id = ot.%(tag_feedback)s AND o.company_id = f.company_id
               AND o.date BETWEEN f.date - make_interval(days => c.aftersale_recurring_days) AND f.date
             WHERE f.id = ANY(%(ids)s)
               AND (o.id = f.id
                    OR NOT EXISTS (SELECT FROM aftersale_feedback n WHERE n.correction_of_id = o.id)
                   AND (%(same_product)s OR %(same_lot)s))
          GROUP BY f.id, t.id, c.aftersale_recurring_count
            HAVING COUNT(DISTINCT o.id) >= c.aftersale_recurring_count
            """,
            ids=problems.ids,
            same_product=SQL(
                """(EXISTS (SELECT FROM %(products)s fp JOIN %(products)s op ON op.%(product)s = fp.%(product)s
                             WHERE fp.%(feedback)s = f.id AND op.%(feedback)s = o.id)
                    OR NOT EXISTS (SELECT FROM %(products)s p WHERE p.%(feedback)s IN (f.id, o.id)))""",
                **self._get_product_relation(),
            ),
            same_lot=SQL(
                "EXISTS (%s INTERSECT %s)",
                self._get_lots_query(SQL("f")),
                self._get_lots_query(SQL("o")),
            ),
            **self._get_tag_relation(),
        )
        return self.browse(feedback_id for (feedback_id,) in self.env.execute_query(query))

    @api.model
    def _get_tag_relation(self):
        field = self._fields["tag_ids"]
        names = {"tags": field.relation, "tag_feedback": field.column1, "tag": field.column2}
        return {key: SQL.identifier(name) for key, name in names.items()}

    @api.model
    def _get_product_relation(self):
        field = self._fields["product_ids"]
        names = {"products": field.relation, "feedback": field.column1, "product": field.column2}
        return {key: SQL.identifier(name) for key, name in names.items()}

    @api.model
    def _get_lots_query(self, feedback):
        """Return the query of the lots that the products of ``feedback``, an alias in it, were delivered from.

        Of a kit, those of its parts: two kits may share a bad one.
        """
        return SQL(
            """SELECT l.lot_id
                 FROM sale_order_line s
                 JOIN stock_move m ON m.sale_line_id = s.id AND m.state = 'done'
                 JOIN stock_location d ON d.id = m.location_dest_id AND d.usage = 'customer'
                 JOIN stock_move_line l ON l.move_id = m.id AND l.lot_id IS NOT NULL
                 JOIN %(products)s p ON p.%(feedback)s = %(alias)s.id AND p.%(product)s IN (m.product_id, s.product_id)
                WHERE s.order_id = %(alias)s.order_id""",
            alias=feedback,
            **self._get_product_relation(),
        )


class AftersaleIssue(models.Model):
    _inherit = "aftersale.issue"

    occurrence_count = fields.Integer("Similar Feedback", compute="_compute_occurrence_count")

    @api.depends("tag_ids", "product_id", "lot_ids", "company_id")
    def _compute_occurrence_count(self):
        similar = self._get_similar_feedback()
        for issue in self:
            issue.occurrence_count = len(similar.get(issue._origin.id, ()))

    def _raise_for(self, feedback):
        """Let the open ones of these issues be as urgent as ``feedback``; supervisor and owner are told, once.

        A hazard that is noticed when all is over goes to the supervisor, who reopens the issue or not.
        """
        problems = feedback.tag_ids.filtered("is_problem")
        still_open = self.filtered(lambda issue: issue.state in OPEN_STATES)
        for issue in still_open:
            priority = max(issue.priority, feedback._get_issue_priority())
            issue.write({"priority": priority, "tag_ids": [Command.link(tag.id) for tag in problems]})
            # One call, with all its reasons.
            issue.activity_unlink(["aftersale_followup.activity_type_call_customer"])
            issue._tell_about(feedback)
        if feedback.is_safety and not still_open:
            self[-1:]._tell_supervisor(
                self.env._("Classified as a safety hazard after the end: %s. Reopen the issue?", feedback.display_name)
            )

    def _follow_tags(self, feedback, before):
        """Let the open ones of these issues have the problems of ``feedback``, which had the tags ``before``.

        What only this answer had brought goes with it; a hazard stays, which only a supervisor takes off here.
        """
        for issue in self.filtered(lambda issue: issue.state in OPEN_STATES):
            others = (issue.feedback_ids - feedback).tag_ids
            lost = (before - feedback.tag_ids - others).filtered(lambda tag: not tag.is_safety)
            tags = issue.tag_ids - lost | feedback.tag_ids.filtered("is_problem")
            if tags != issue.tag_ids:
                issue.tag_ids = tags

    def _get_similar_feedback(self):
        """Return {issue id: ids of the valid feedback like it in the window, of all customers}, in one query.

        Alike is one of its tags with its product, or none on both; or one of its tags with a lot it names.
        """
        if not self.ids:
            return {}
        self.env.flush_all()
        Feedback, issue_tags, lots = self.env["aftersale.feedback"], self._fields["tag_ids"], self._fields["lot_ids"]
        query = SQL(
            """
            SELECT i.id, ARRAY_AGG(DISTINCT f.id)
              FROM aftersale_issue i
              JOIN res_company c ON c.id = i.company_id
              JOIN %(issue_tags)s it ON it.%(tag_issue)s = i.id
              JOIN %(tags)s ft ON ft.%(tag)s = it.%(issue_tag)s
              JOIN aftersale_feedback f
                ON f.id = ft.%(tag_feedback)s AND f.company_id = i.company_id AND f.is_valid
               AND f.date >= %(now)s - make_interval(days => c.aftersale_recurring_days)
             WHERE i.id = ANY(%(ids)s)
               AND (CASE WHEN i.product_id IS NULL
                         THEN NOT EXISTS (SELECT FROM %(products)s p WHERE p.%(feedback)s = f.id)
                         ELSE EXISTS (SELECT FROM %(products)s p
                                       WHERE p.%(feedback)s = f.id AND p.%(product)s = i.product_id) END
                    OR EXISTS (SELECT r.%(lot)s FROM %(lots)s r WHERE r.%(lot_issue)s = i.id INTERSECT %(delivered)s))
          GROUP BY i.id
            """,
            ids=self.ids,
            now=fields.Datetime.now(),
            issue_tags=SQL.identifier(issue_tags.relation),
            tag_issue=SQL.identifier(issue_tags.column1),
            issue_tag=SQL.identifier(issue_tags.column2),
            lots=SQL.identifier(lots.relation),
            lot_issue=SQL.identifier(lots.column1),
            lot=SQL.identifier(lots.column2),
            delivered=Feedback._get_lots_query(SQL("f")),
            **Feedback._get_tag_relation(),
            **Feedback._get_product_relation(),
        )
        return dict(self.env.execute_query(query))

    def action_view_similar(self):
        """Open the feedback counted as similar, as far as the user may read it."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_feedback_action")
        action["domain"] = [("id", "in", self._get_similar_feedback().get(self.id, []))]
        return action
