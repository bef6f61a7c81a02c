import logging

from dateutil.relativedelta import relativedelta
from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Domain

from .aftersale_followup import OPEN_STATES

_logger = logging.getLogger(__name__)

BATCH = 200
# Nobody decides how long those who work with the data are watched but who answers for it.
PRIVACY = "aftersale_followup.group_privacy"


class AftersaleFollowup(models.Model):
    """Keeping no longer than agreed: answers become anonymous, attempts and the access log are deleted."""

    _inherit = "aftersale.followup"

    # What figures still need of the attempts that were deleted: how many, since when contacted, since when reached.
    dropped_attempt_count = fields.Integer("Deleted Attempts", copy=False, readonly=True)
    dropped_contact_date = fields.Datetime("First Deleted Attempt", copy=False, readonly=True)
    dropped_reached_date = fields.Datetime("First Deleted Contact", copy=False, readonly=True)

    @api.depends("dropped_attempt_count")
    def _compute_attempt_count(self):
        result = super()._compute_attempt_count()
        for followup in self:
            followup.attempt_count += followup.dropped_attempt_count
        return result

    @api.model
    def _cron_retention(self):
        """Do for each company what its settings say; 0 months = for ever. Stops when the scheduler's time is out."""
        for company in self.env["res.company"].sudo().search([("active", "=", True)]):
            company._aftersale_ask_for_review()
            for model, domain, method in company._aftersale_get_expired():
                if not self._work_off(model, domain, method):
                    return
        self.env["ir.cron"]._commit_progress(remaining=0)

    @api.model
    def _work_off(self, model, domain, method):
        """Run ``method`` on the records of ``model`` that ``domain`` finds, in committed batches.

        Returns whether there is time for more. By rising id: a record that fails is met once a run, so it never loops.
        """
        last, records = 0, self.env[model].with_context(active_test=False)
        while batch := records.search(domain & Domain("id", ">", last), order="id", limit=BATCH):
            last = batch[-1].id
            self._work_isolated(batch.try_lock_for_update(), method)
            if not self.env["ir.cron"]._commit_progress(len(batch), remaining=1):
                return False
        return True

    @api.model
    def _work_isolated(self, records, method):
        """Run ``method`` on ``records``; when it fails one by one, so that one bad record stops no other."""
        try:
            with self.env.cr.savepoint():
                getattr(records, method)()
            return
        except OperationalError:
            # Another transaction was faster: no fault of the records, the next run does them.
            raise
        except Exception:
            _logger.warning("%s fails as a batch, going on one by one", records, exc_info=True)
        for record in records:
            try:
                with self.env.cr.savepoint():
                    getattr(record, method)()
            except OperationalError:
                raise
            except Exception:
                _logger.warning("%s is kept until tomorrow", record, exc_info=True)


class AftersaleAttempt(models.Model):
    _inherit = "aftersale.attempt"

    def _drop(self):
        """Delete the attempts; their follow-ups remember what figures need, as of any day."""
        for followup, attempts in self.grouped("followup_id").items():
            # Figures count by the day an attempt was recorded; only what was tried is a contact.
            tried = attempts._filter_tried()
            reached = tried.filtered(lambda attempt: attempt.outcome == "reached")
            followup.write(
                {
                    "dropped_attempt_count": followup.dropped_attempt_count
                    + len(attempts.filtered(lambda attempt: not attempt.is_passed_over)),
                    "dropped_contact_date": self._get_earliest(followup.dropped_contact_date, tried),
                    "dropped_reached_date": self._get_earliest(followup.dropped_reached_date, reached),
                }
            )
        self.unlink()

    def _get_earliest(self, known, attempts):
        return min(filter(None, [known, *attempts.mapped("create_date")]), default=False)


class ResCompany(models.Model):
    _inherit = "res.company"

    aftersale_masking = fields.Boolean(groups=PRIVACY)
    aftersale_answer_months = fields.Integer("Answers Made Anonymous After (months)", default=24, groups=PRIVACY)
    aftersale_log_months = fields.Integer("Attempts and Access Log Deleted After (months)", default=12, groups=PRIVACY)
    aftersale_notice_months = fields.Integer("Notice Reviewed Every (months)", default=12, groups=PRIVACY)
    aftersale_notice_date = fields.Date(
        "Next Review of the Notice",
        default=lambda self: fields.Date.today() + relativedelta(months=12),
        groups=PRIVACY,
    )

    _aftersale_retention = models.Constraint(
        "CHECK((aftersale_answer_months = 0 OR aftersale_answer_months >= 12) "
        "AND aftersale_log_months >= 0 AND aftersale_notice_months >= 0)",
        "Answers are made anonymous after twelve months or more: the limit of contacts a year looks back that far. "
        "0 keeps them for ever.",
    )

    def _aftersale_get_expired(self):
        """Return what this company keeps no longer, as (model, domain, method of its records), in the order to work."""
        own = Domain("company_id", "=", self.id)
        expired = []
        if self.aftersale_answer_months:
            limit = fields.Datetime.now() - relativedelta(months=self.aftersale_answer_months)
            named = own & Domain("partner_id", "!=", False)
            expired += [
                ("aftersale.issue", named & self._aftersale_ended_issues(limit), "_anonymise"),
                ("aftersale.feedback", named & self._aftersale_ended_feedback(limit), "_anonymise"),
                ("aftersale.followup", named & self._aftersale_ended_followups(limit), "_anonymise"),
                (
                    "aftersale.target.line",
                    Domain("target_id.company_id", "=", self.id) & Domain("create_date", "<", limit),
                    "unlink",
                ),
            ]
        if self.aftersale_log_months:
            limit = fields.Datetime.now() - relativedelta(months=self.aftersale_log_months)
            old = own & Domain("date", "<", limit)
            ended = Domain("followup_id.state", "not in", OPEN_STATES)
            expired += [("aftersale.attempt", old & ended, "_drop"), ("aftersale.access.log", old, "unlink")]
        return expired

    # What is linked leads to the customer, so an answer waits for its issues, and a follow-up for both. An open issue
    # keeps them all: whoever works on it has to know whose it is.

    def _aftersale_ended_issues(self, limit):
        cancelled = Domain("state", "=", "cancelled") & Domain("write_date", "<", limit)
        return cancelled | (Domain("state", "=", "closed") & Domain("date_closed", "<", limit))

    def _aftersale_ended_feedback(self, limit):
        return Domain("date", "<", limit) & Domain("issue_ids", "not any", [("partner_id", "!=", False)])

    def _aftersale_ended_followups(self, limit):
        done = Domain("date_done", "<", limit)
        never = Domain("date_done", "=", False) & Domain("date_planned", "<", limit.date())
        return (
            Domain("state", "not in", OPEN_STATES)
            & (done | never)
            & Domain("feedback_ids", "not any", [("partner_id", "!=", False)])
            & (Domain("issue_id", "=", False) | Domain("issue_id.partner_id", "=", False))
        )

    def _aftersale_ask_for_review(self):
        """Put the review of the privacy notice on the managers' lists when it is due: once each time."""
        today = self._aftersale_today()
        if not self.aftersale_notice_months or not self.aftersale_notice_date or self.aftersale_notice_date > today:
            return
        self.aftersale_notice_date = today + relativedelta(months=self.aftersale_notice_months)
        for manager in self._aftersale_managers():
            self.partner_id.activity_schedule(
                "aftersale_followup.activity_type_notice",
                date_deadline=self._aftersale_next_workday(today),
                user_id=manager.id,
                note=self.env._("Are the privacy notice, the consent in the scripts and the retention still right?"),
            )
