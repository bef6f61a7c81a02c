from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import SQL

from .aftersale_issue import OPEN_STATES
from .planning_occasion import prepare_occasion


class AftersaleIssue(models.Model):
    """How feedback gets into issues, and how a verification ends them."""

    _inherit = "aftersale.issue"

    def _join(self, feedback):
        """Let ``feedback`` join its customer's open issue with a common tag and the same product; return it.

        The complaint opened during the same call goes first, whatever its tags.
        """
        complaint = feedback.followup_id.complaint_issue_id
        if complaint.state in OPEN_STATES:
            complaint._take(feedback)
            return complaint
        product = feedback._single_product()
        candidates = self.search(
            [
                ("commercial_partner_id", "=", feedback.commercial_partner_id.id),
                ("company_id", "=", feedback.company_id.id),
                ("state", "in", OPEN_STATES),
                ("product_id", "=", product.id),
            ],
            order="id desc",
        )
        problems = feedback.tag_ids.filtered("is_problem")
        issue = candidates.filtered(lambda i: i.tag_ids & problems or not (i.tag_ids | problems))[:1]
        if issue:
            issue._take(feedback)
        return issue

    def _take(self, feedback):
        """Add ``feedback`` to this open issue; one that is done is reopened: the customer reports it again."""
        self.ensure_one()
        if feedback in self.feedback_ids:
            return
        self._go_on()
        problems = feedback.tag_ids.filtered("is_problem")
        values = {
            "feedback_ids": [Command.link(feedback.id)],
            "tag_ids": [Command.link(tag.id) for tag in problems],
        }
        priority = feedback._get_issue_priority()
        if priority > self.priority:
            values["priority"] = priority
        if feedback.priority == "1":
            # Reported again and high: the supervisor calls again, whoever called before.
            values.update(date_contacted=False, contact_deadline=False)
        if self.state == "done":
            values["state"] = "processing"
        self.write(values)
        self._start_clocks(feedback.date)
        self._tell_about(feedback)

    def _open(self, feedback):
        """Open the issue of one ``feedback``; high priority is told to the supervisor at once. Return it."""
        issue = self.with_company(feedback.company_id).create(self._prepare_opening(feedback))
        issue._tell_about(feedback)
        return issue

    def _prepare_opening(self, feedback):
        """Return the values of an issue about ``feedback``, all of one customer; the first gives it its title."""
        first, problems = feedback[:1], feedback.tag_ids.filtered("is_problem")
        words = (first.detail or "").strip().split("\n")[0]
        is_hidden = feedback.company_id.aftersale_hide_answers
        low = self.env._("Low Score") if is_hidden else self.env._("Low score %s", first.score)
        label = ", ".join(problems.mapped("name")) or low
        departments = problems.department_id.filtered(
            lambda d: d.company_id in (self.env["res.company"], feedback.company_id)
        )
        return {
            "title": words[:120] or label,
            "kind": "complaint" if any(feedback.mapped("is_low_score")) else "problem",
            "partner_id": first.partner_id.id,
            "feedback_ids": [Command.link(one.id) for one in feedback],
            "tag_ids": [Command.set(problems.ids)],
            "product_id": feedback._single_product().id,
            "order_id": feedback.order_id[:1].id,
            "priority": max(one._get_issue_priority() for one in feedback),
            "department_id": departments[:1].id,
            "team_id": first.team_id.id,
            "company_id": feedback.company_id.id,
        }

    def _tell_about(self, feedback):
        """Tell the supervisor, and the owner of the issue, about a high-priority answer; once per answer."""
        self.ensure_one()
        if feedback.priority != "1":
            return
        words = {
            "score": feedback.score or "–",
            "reasons": ", ".join(feedback._get_priority_reasons()),
            "deadline": self.contact_deadline,
        }
        deadline = self.contact_deadline or self.company_id._aftersale_today()
        for user in self._get_supervisor() | self.user_id:
            if self.company_id._aftersale_hides_answers(user):
                note = self.env._("Why: %(reasons)s. Contact the customer by %(deadline)s.", **words)
            else:
                note = self.env._(
                    "Score %(score)s. Why: %(reasons)s. Contact the customer by %(deadline)s.",
                    **words,
                )
            self.activity_schedule(
                "aftersale_followup.activity_type_call_customer", date_deadline=deadline, note=note, user_id=user.id
            )

    def _tell_supervisor(self, note):
        for issue in self:
            issue.activity_schedule(
                "aftersale_followup.activity_type_issue",
                note=note,
                user_id=(issue._get_supervisor() or self.env.user).id,
            )

    def _get_supervisor(self):
        """Return who decides about the issue."""
        self.ensure_one()
        return self.company_id._aftersale_supervisor(self.team_id)

    def _get_managers(self):
        self.ensure_one()
        return self.company_id._aftersale_managers()

    def _verify(self, feedback):
        """Close or reopen the issue by what the customer answered in the second follow-up.

        A suspicious answer never closes: the supervisor looks at it first, and its confirmation decides. One that
        says that the problem is still there reopens, whatever the suspicion. So does one that closed the issue and is
        corrected, or no longer believed, afterwards.
        """
        self.ensure_one()
        issue = self.sudo()
        issue.feedback_ids = [Command.link(feedback.id)]
        if issue.state == "closed" and issue.confirmed_by_id and not issue._is_verified():
            issue.state = "processing"
        if issue.state != "done":
            return
        if feedback.evidence == "suspicious" and feedback._says_solved():
            issue._tell_supervisor(
                self.env._("The verification looks suspicious: %s", feedback.suspicious_reason or "")
            )
        elif feedback._is_passed():
            issue.state = "closed"
        else:
            issue.state = "processing"

    # ------------------------------------------------------------
    # Occasions for planning
    # ------------------------------------------------------------

    def _aftersale_occasions(self, trigger):
        """Return what planning a verification needs to know of each issue that is done."""
        done = self.filtered(lambda issue: issue.state == "done")
        return [issue._aftersale_occasion(self.env._("resolution"), issue.date_done) for issue in done]

    @api.model
    def _aftersale_expected_occasions(self, company, until):
        """Return the verifications to expect of ``company``'s issues in work whose solution is due until ``until``.

        Due is what was promised to the customer, else the deadline; what is late is expected today.
        """
        issues = self.search([("company_id", "=", company.id), ("state", "=", "processing")])
        now, occasions = fields.Datetime.now(), []
        for issue in issues:
            day = issue.promised_date or issue.resolution_deadline
            if day and day <= until:
                moment = max(now, company._aftersale_moment(day, 12.0))
                occasions.append(issue._aftersale_occasion(self.env._("expected resolution"), moment))
        return occasions

    def _aftersale_occasion(self, label, moment):
        self.ensure_one()
        return prepare_occasion(
            self.company_id,
            self.partner_id,
            self._verification_origin(),
            label,
            moment,
            issue=self,
            products=self.product_id or self.feedback_ids.product_ids,
            team=self.team_id,
            sales_user=self.order_id.user_id,
        )

    @api.model
    def _get_unplanned(self, plan, since):
        """Return the issues done since ``since`` whose present resolution has no follow-up under ``plan``."""
        self.flush_model(["state", "date_done", "reopen_count"])
        rows = self.env.execute_query(
            SQL(
                """SELECT i.id FROM aftersale_issue i
                    WHERE i.state = 'done' AND i.date_done >= %s
                      AND NOT EXISTS (SELECT 1 FROM aftersale_followup f WHERE f.plan_id = %s
                                         AND f.origin = 'issue:' || i.id || ':' || i.reopen_count)""",
                since,
                plan.id,
            )
        )
        return self.browse(issue_id for (issue_id,) in rows)
