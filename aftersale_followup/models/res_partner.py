from odoo import api, fields, models

from .score_trend import NOTHING, TRENDS, read_scores, score_sums


class ResPartner(models.Model):
    _inherit = "res.partner"

    aftersale_channel_id = fields.Many2one(
        "aftersale.channel",
        "Preferred Channel",
        index="btree_not_null",
        ondelete="restrict",
        help="How this customer likes to be asked after a delivery.",
    )
    aftersale_offline = fields.Boolean(
        "Cannot Answer Online", help="Follow-ups go by phone, visit or paper form, never by link."
    )
    aftersale_short_name = fields.Char(
        "Short Name", help="Stands for the customer's name on the feedback record sheet."
    )
    # Weekdays on which the customer does not want to be called; Odoo counts Monday as 0.
    aftersale_quiet_0 = fields.Boolean("No Calls on Mondays")
    aftersale_quiet_1 = fields.Boolean("No Calls on Tuesdays")
    aftersale_quiet_2 = fields.Boolean("No Calls on Wednesdays")
    aftersale_quiet_3 = fields.Boolean("No Calls on Thursdays")
    aftersale_quiet_4 = fields.Boolean("No Calls on Fridays")
    aftersale_quiet_5 = fields.Boolean("No Calls on Saturdays")
    aftersale_quiet_6 = fields.Boolean("No Calls on Sundays")
    aftersale_followup_count = fields.Integer("Follow-ups", compute="_compute_aftersale_counts")
    aftersale_issue_count = fields.Integer("Issues", compute="_compute_aftersale_counts")
    aftersale_score = fields.Float("Average Score", compute="_compute_aftersale_counts", digits=(2, 1))
    aftersale_score_count = fields.Integer("Scores", compute="_compute_aftersale_counts")
    aftersale_is_score_shown = fields.Boolean("Enough Scores", compute="_compute_aftersale_counts")
    aftersale_score_trend = fields.Selection(TRENDS, "Trend of the Score", compute="_compute_aftersale_counts")
    aftersale_last_contact = fields.Datetime("Last Contact", compute="_compute_aftersale_counts")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_aftersale_counts(self):
        """Count over the whole customer (commercial entity), with the rights of the user who looks."""
        self.aftersale_followup_count = self.aftersale_issue_count = 0
        self.aftersale_last_contact = False
        self.update(read_scores(self.env, NOTHING))
        if not self.env.user.has_group("aftersale_followup.group_agent"):
            return
        domain = [("commercial_partner_id", "in", self.commercial_partner_id.ids)]
        groupby = ["commercial_partner_id"]
        groups = self.env["aftersale.followup"]._read_group(domain, groupby, ["__count", "date_sent:max"])
        followups = {customer: (count, last) for customer, count, last in groups}
        issues = dict(self.env["aftersale.issue"]._read_group(domain, groupby, ["__count"]))
        scores = self._aftersale_read_scores()
        for partner in self:
            customer = partner.commercial_partner_id
            partner.aftersale_followup_count, partner.aftersale_last_contact = followups.get(customer, (0, False))
            partner.aftersale_issue_count = issues.get(customer, 0)
            partner.update(read_scores(self.env, scores.get(customer.id, NOTHING)))

    def _aftersale_read_scores(self):
        """Return {id of the commercial entity: its `score_sums`} of the valid feedback that the user may read."""
        Feedback = self.env["aftersale.feedback"]
        customers = self.commercial_partner_id.ids
        query = Feedback._search([("commercial_partner_id", "in", customers), ("is_valid", "=", True)])
        customer, score, date = (
            Feedback._field_to_sql(query.table, name, query) for name in ("commercial_partner_id", "score", "date")
        )
        query.groupby = customer
        return {
            customer: sums
            for customer, *sums in self.env.execute_query(query.select(customer, score_sums(score, date)))
        }

    def _aftersale_quiet_weekdays(self):
        """Return the weekdays (Monday = 0) on which this person does not want to be called."""
        return {day for day in range(7) if self[f"aftersale_quiet_{day}"]}

    def _aftersale_take_over(self, merged):
        """Bring what is derived from the contact up to date, after the records of ``merged`` became this contact's.

        The commercial entity of follow-ups, answers and issues counts for the cap; what is still planned goes to the
        address and number of now; who opted out without either stays opted out.
        """
        self.ensure_one()
        self.env.invalidate_all()
        for model in ("aftersale.followup", "aftersale.feedback", "aftersale.issue"):
            records = self.env[model].search([("partner_id", "child_of", self.ids)])
            self.env.add_to_compute(records._fields["commercial_partner_id"], records)
        planned = self.env["aftersale.followup"].search([("partner_id", "=", self.id), ("state", "=", "planned")])
        planned._refresh_keys()
        optouts = self.env["aftersale.optout"].with_context(active_test=False)
        optouts.search([("key", "in", [f"partner:{partner.id}" for partner in merged])]).key = f"partner:{self.id}"

    def _aftersale_number(self):
        """Return the customer number that sheets and reports show: the reference, else one made of the id."""
        customer = self.commercial_partner_id
        return customer.ref or (f"C{customer.id:06d}" if customer.id else "")

    def _aftersale_action(self, xmlid):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        action["domain"] = [("commercial_partner_id", "=", self.commercial_partner_id.id)]
        action["context"] = {"default_partner_id": self.id}
        return action

    def action_aftersale_followups(self):
        """Open the follow-ups of this customer."""
        return self._aftersale_action("aftersale_followup.aftersale_followup_action")

    def action_aftersale_feedback(self):
        """Open the answers of this customer that the average is of."""
        action = self._aftersale_action("aftersale_followup.aftersale_feedback_action")
        action["domain"] += [("is_valid", "=", True), ("score", ">", 0)]
        return action

    def action_aftersale_timeline(self):
        """Open all that happened with this customer and everybody who works there, newest first."""
        action = self._aftersale_action("aftersale_followup.aftersale_timeline_action")
        return {**action, "context": {}}

    def action_aftersale_issues(self):
        """Open the issues of this customer."""
        return self._aftersale_action("aftersale_followup.aftersale_issue_action")
