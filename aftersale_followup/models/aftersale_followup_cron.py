import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from .aftersale_followup import OPEN_STATES
from .aftersale_plan import ERROR_LIMIT

_logger = logging.getLogger(__name__)

BATCH = 100


class AftersaleFollowup(models.Model):
    """The cron: contact, remind and end what is due, whatever a single bad record does."""

    _inherit = "aftersale.followup"

    @api.model
    def _cron_contact(self):
        """Do what is due: contact planned follow-ups, remind, and end those whose link has expired.

        However much that is, the job does not rest until its next turn: when the scheduler's time is out, it comes
        again at once, after the other jobs that are due.
        """
        if not self._do_what_is_due():
            self.env["ir.cron"].browse(self.env.context["cron_id"])._trigger()

    @api.model
    def _do_what_is_due(self):
        """Return whether everything was looked at in time, which without a scheduler is unlimited."""
        now = fields.Datetime.now()
        # Parked ones, too: their links end like all others.
        expired = Domain("state", "=", "ready") & Domain("date_expiry", "<=", now)
        if not self._work_due(expired, "_expire"):
            return False
        self._settle_deliveries()
        if not self._catch_up():
            return False
        due = (
            Domain("state", "in", OPEN_STATES)
            & Domain("date_next", "<=", now)
            & Domain("error_count", "<", ERROR_LIMIT)
        )
        return self._work_due(due, "_process_isolated")

    @api.model
    def _work_due(self, domain, method):
        """Run ``method`` on the follow-ups that ``domain`` finds, in committed batches; return whether time is left.

        Ranks go before one another, then the window that ends earlier. Each is met once a run: what another worker has
        in hand, or stays due, is left to the next one.
        """
        ids = self.search(domain, order="contact_class, date_deadline, date_next, id").ids
        for start in range(0, len(ids), BATCH):
            locked = self.browse(ids[start : start + BATCH]).try_lock_for_update(allow_referencing=True)
            # What came before took its time: some may have been answered or moved meanwhile.
            due = locked.filtered_domain(domain)
            getattr(due, method)()
            remaining = max(len(ids) - start - BATCH, 0)
            if not self.env["ir.cron"]._commit_progress(len(due), remaining=remaining):
                return False
        return True

    def _expire(self):
        self._set_state("expired")

    def _process_isolated(self):
        """Process a batch; when it fails go row by row, so that one bad record stops nobody else."""
        try:
            with self.env.cr.savepoint():
                self._process_due()
            return
        except OperationalError:
            # Another transaction was faster: no fault of the records, the next run does them.
            raise
        except Exception:
            _logger.warning("Follow-ups fail as a batch, going on one by one", exc_info=True)
        for followup in self:
            try:
                with self.env.cr.savepoint():
                    followup._process_due()
            except OperationalError:
                raise
            except Exception as error:
                _logger.warning("Follow-up %s failed", followup.id, exc_info=True)
                count = followup.error_count + 1
                followup.write(
                    {
                        "error_count": count,
                        "error_message": str(error),
                        "date_next": fields.Datetime.now() + timedelta(hours=count),
                    }
                )

    def _process_due(self):
        self.filtered(lambda f: f.state == "planned")._contact()
        ready = self.filtered(lambda f: f.state == "ready" and f.date_next and f.date_next <= fields.Datetime.now())
        invited, reminded = ready._filter_unsent(), ready._filter_remindable()
        waiting = (invited | reminded)._postpone_to_opening()
        waiting |= ((invited | reminded) - waiting)._await_budget()
        for kind, followups in (("invite", invited - waiting), ("reminder", reminded - invited - waiting)):
            if followups:
                followups._send(kind)
        # The others, such as a call that is due again, are on the agent's list; their link still expires.
        for followup in ready - invited - reminded:
            followup.date_next = followup.date_expiry
        self.filtered("error_count").write({"error_count": 0, "error_message": False})

    def _filter_unsent(self):
        """Return what a failed channel handed over to an automatic one outside the contact hours: not sent yet."""
        unsent = self.filtered(
            lambda f: (
                f.channel_id.is_automatic
                and f.attempt_ids
                and "sent" not in f.attempt_ids.filtered(lambda a: a.channel_id == f.channel_id).mapped("outcome")
                and f.channel_id._is_possible(f.partner_id)
            )
        )
        return unsent - unsent._with_optout()

    def action_retry(self):
        """Try follow-ups again that rest after failing; supervisors only."""
        if not self.env.user.has_group("aftersale_followup.group_supervisor"):
            raise AccessError(self.env._("Ask a supervisor to try again."))
        self.check_access("write")
        self.sudo().write({"error_count": 0, "error_message": False, "date_next": fields.Datetime.now()})
