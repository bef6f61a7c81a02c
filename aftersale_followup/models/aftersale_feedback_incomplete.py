from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain

from .aftersale_feedback_recorded import BACKDATED_DAYS

# Customer, score or content missing. Not what is nobody's, was corrected since, or is not believed.
EMPTY_TEXT = (False, "")
INCOMPLETE = (
    (
        Domain("partner_id", "=", False)
        | Domain("score", "=", 0)
        | (Domain("detail", "in", EMPTY_TEXT) & Domain("suggestion", "in", EMPTY_TEXT))
    )
    & Domain("is_anonymous", "=", False)
    & Domain("correction_ids", "=", False)
    & (Domain("evidence", "!=", "suspicious") | Domain("screened_by_id", "=", False))
)
# What staff can do something about: their own records, and those whose customer is to be found out. A customer who
# answers the page with a score and no words is not asked again.
OWN_WORK = Domain("source", "=", "staff") | (Domain("partner_id", "=", False) & Domain("inbound_source", "!=", False))
# A call that ended without a record: the customer was reached, and nothing was written down.
UNANSWERED = ("ready", "expired", "unreachable")
MAX_LINKS = 20
ACTIVITY = "aftersale_followup.activity_type_incomplete"


class AftersaleFeedback(models.Model):
    """Records that lack something: found by a filter, and each evening put on their agent's list."""

    _inherit = "aftersale.feedback"

    is_incomplete = fields.Boolean("Incomplete", compute="_compute_is_incomplete", search="_search_is_incomplete")

    @api.depends(
        "partner_id", "score", "detail", "suggestion", "is_anonymous", "correction_ids", "evidence", "screened_by_id"
    )
    def _compute_is_incomplete(self):
        incomplete = self.filtered_domain(INCOMPLETE)
        for feedback in self:
            feedback.is_incomplete = feedback in incomplete

    def _search_is_incomplete(self, operator, value):
        return INCOMPLETE if operator == "in" else NotImplemented

    @api.model
    def _cron_remind_incomplete(self):
        """In the evening of each company put what is incomplete on the lists: one to-do an agent, whatever the number.

        Which evening was the last is kept, so that it happens once, and after a standstill is made up for.
        """
        due = (
            self.env["res.company"]
            .sudo()
            .search([("active", "=", True)])
            .filtered(lambda c: c._aftersale_is_evening_due())
        )
        if due:
            self._remind_incomplete()
            # Whoever saves the settings at this moment shall not undo the lists, nor we the settings.
            self.env["ir.cron"]._commit_progress()
            for company in due:
                company.aftersale_evening = company._aftersale_evening()

    @api.model
    def _remind_incomplete(self):
        """Bring the to-dos up to what is incomplete now: changed, new, or gone."""
        kind = self.env.ref(ACTIVITY)
        lists = self._collect_incomplete()
        Activity = self.env["mail.activity"].sudo().with_context(mail_activity_quick_update=True)
        known = Activity.search([("activity_type_id", "=", kind.id)]).grouped("user_id")
        for user, records in lists.items():
            values = {
                "summary": records[0].with_context(lang=user.lang).env._("%s incomplete records", len(records)),
                "note": self._list_links(records),
            }
            if user in known:
                known[user][:1].write(values)
            else:
                today = self.env.company._aftersale_today()
                Activity.create({**values, "activity_type_id": kind.id, "user_id": user.id, "date_deadline": today})
        for user, activities in known.items():
            (activities[1:] if user in lists else activities).unlink()

    @api.model
    def _collect_incomplete(self):
        """Return ``{user: [records]}``: feedback that lacks something, follow-ups whose call left no record."""
        since = fields.Datetime.now() - timedelta(days=BACKDATED_DAYS)
        feedback = self.sudo().search(INCOMPLETE & OWN_WORK & Domain("date", ">=", since), order="date")
        lists = {}
        for one in feedback:
            lists.setdefault(one._get_caretaker(), []).append(one)
        reached = Domain("outcome", "=", "reached") & Domain("date", ">=", since)
        calls = (
            self.env["aftersale.attempt"]
            .sudo()
            .search(reached & Domain("followup_id.state", "in", UNANSWERED), order="date")
        )
        for followup, attempts in calls.grouped("followup_id").items():
            user = attempts[-1].user_id
            if user.active and not user.share:
                lists.setdefault(user, []).append(followup)
        return lists

    @api.model
    def _list_links(self, records):
        links = [Markup("<li>%s</li>") % record._get_html_link() for record in records[:MAX_LINKS]]
        more = Markup("<li>+ %s</li>") % (len(records) - MAX_LINKS) if len(records) > MAX_LINKS else Markup("")
        return Markup("<ul>%s%s</ul>") % (Markup("").join(links), more)


class ResCompany(models.Model):
    _inherit = "res.company"

    aftersale_evening = fields.Date(
        readonly=True,
        default=fields.Date.today,
        help="Up to this evening incomplete records are on the agents' lists.",
    )

    def _aftersale_evening(self):
        """Return the date of the last evening, the end of the contact hours, in the company's time zone."""
        self.ensure_one()
        today = self._aftersale_today()
        begins = self._aftersale_moment(today, min(self.aftersale_hour_to, 23.0))
        return today if fields.Datetime.now() >= begins else today - timedelta(days=1)

    def _aftersale_is_evening_due(self):
        return not self.aftersale_evening or self.aftersale_evening < self._aftersale_evening()
