import logging
from datetime import timedelta

from odoo import api, fields, models

_logger = logging.getLogger(__name__)

# Minutes until a message that failed is tried again; after the last one it is given up.
BACKOFF = (5, 15, 60, 240, 720)
BATCH = 500
RECENT_DAYS = 2


class AftersaleRetryMixin(models.AbstractModel):
    """Messages of this add-on that could not be handed over: back into Odoo's queue with growing pauses, then given up.

    It is always the same record that is tried again, so a mail keeps its Message-ID. The cron finds what failed by its
    state: neither a killed process nor a dropped connection leaves one behind.
    """

    _name = "aftersale.retry.mixin"
    _description = "Messages Tried Again"

    aftersale_kind = fields.Char(
        copy=False, export_string_translation=False, help="What this tells about a follow-up: invite or reminder."
    )
    aftersale_tries = fields.Integer("Tried Again", copy=False, help="How often it was put back into the queue.")
    aftersale_retry_date = fields.Datetime("Tried Again At", copy=False)

    # Models that mix this in say what failed, and what the words of their states are.
    def _aftersale_failed_domain(self):
        raise NotImplementedError

    def _aftersale_is_final(self):
        """Return whether trying again is no use."""
        raise NotImplementedError

    def _aftersale_put_back(self):
        """Put the message back into its queue."""
        raise NotImplementedError

    def _aftersale_drop(self):
        """Take the message out of its queue for good."""
        raise NotImplementedError

    def _aftersale_give_up(self, followup):
        """Tell ``followup`` that this message about it cannot be delivered."""
        raise NotImplementedError

    @api.model
    def _aftersale_settle_failed(self):
        """Settle what becomes of each message that failed: it waits, is tried again, or is given up."""
        now = fields.Datetime.now()
        domain = fields.Domain("aftersale_retry_date", "=", False) | fields.Domain("aftersale_retry_date", "<=", now)
        # Beyond the limit nothing is left to do but for people.
        domain &= fields.Domain("aftersale_tries", "<=", len(BACKOFF)) & self._aftersale_failed_domain()
        # What tells about no follow-up was perhaps settled by people long ago.
        recent = fields.Domain("create_date", ">=", now - timedelta(days=RECENT_DAYS))
        domain &= recent | fields.Domain("aftersale_kind", "!=", False)
        failed = self.search(domain, limit=BATCH, order="id").try_lock_for_update()
        if not failed:
            return
        followups = failed._aftersale_get_followups()
        unwanted = failed._aftersale_drop_unwanted(followups)
        openings = self.env["aftersale.followup"].browse(f.id for f in followups.values())._get_openings(now)
        again = self.browse()
        for message in failed - unwanted:
            followup = followups.get(message.id)
            if message._aftersale_is_final() or message.aftersale_tries >= len(BACKOFF):
                message._aftersale_give_up_isolated(followup)
            elif not message.aftersale_retry_date:
                message.aftersale_retry_date = now + timedelta(minutes=BACKOFF[message.aftersale_tries])
            elif followup and followup in openings:
                message.aftersale_retry_date = openings[followup]
            else:
                again |= message
        for message in again:
            message.write({"aftersale_tries": message.aftersale_tries + 1, "aftersale_retry_date": False})
        if again:
            again._aftersale_put_back()

    def _aftersale_get_followups(self):
        """Return {message id: follow-up} of the invitations and reminders among these messages."""
        known = {
            message.id: message.mail_message_id.res_id
            for message in self
            if message.aftersale_kind and message.mail_message_id.model == "aftersale.followup"
        }
        # sudo: the queues belong to nobody
        found = self.env["aftersale.followup"].sudo().browse(set(known.values())).exists()
        return {message: found.browse(ref) for message, ref in known.items() if ref in found.ids}

    def _aftersale_drop_unwanted(self, followups=None):
        """Take the messages that nobody needs any more out of the queue, and return them.

        Messages wait there: for room in the budget, for a server. Meanwhile customers answer, or opt out.
        """
        followups = self._aftersale_get_followups() if followups is None else followups
        # sudo: the queues belong to nobody
        rows = self.env["aftersale.followup"].sudo().browse(followup.id for followup in followups.values())
        open_rows = rows.filtered(lambda f: f.state == "ready" and f.partner_id.active and f.order_id.state != "cancel")
        wanted = open_rows and open_rows - open_rows._with_optout()
        unwanted = self.filtered(lambda message: message.id in followups and followups[message.id] not in wanted)
        unwanted._aftersale_drop()
        if unwanted:
            self.env["aftersale.attempt"].sudo()._note_withdrawn(unwanted.mail_message_id)
        return unwanted

    def _aftersale_give_up_isolated(self, followup):
        """Give one message up; what fails here is tried again later, and stops no other."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                # One more than the limit: it is not looked at again.
                self.write({"aftersale_tries": len(BACKOFF) + 1, "aftersale_retry_date": False})
                if followup:
                    self._aftersale_drop()
                    self._aftersale_give_up(followup.with_company(followup.company_id))
        except Exception:
            _logger.exception("What became of %s could not be noted", self)
            self.aftersale_retry_date = fields.Datetime.now() + timedelta(hours=1)

    @api.model
    def _aftersale_wake(self):
        """Have the follow-ups of failed messages looked after at once."""
        cron = self.env.ref("aftersale_followup.ir_cron_contact", raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger()  # whoever's message it was
