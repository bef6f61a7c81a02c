from odoo import models
from odoo.exceptions import AccessError

from .aftersale_followup import OPEN_STATES


class AftersaleFollowup(models.Model):
    """Warning of a hazard: who wants no calls is called all the same, by a supervisor and with the reason written.

    Opt-outs and blacklists stop what the system sends, whatever its rank. A person may warn of a danger in spite of
    them, and on any day; whoever can only be written to is left alone.
    """

    _inherit = "aftersale.followup"

    def _check_call(self):
        """Leave those who want no calls and are warned of a hazard to supervisors."""
        result = super()._check_call()
        against = self.sudo()._against_wish()
        if against and not self.env.user.has_group("aftersale_followup.group_supervisor"):
            if against._with_optout():
                raise AccessError(self.env._("This customer opted out of follow-ups: only a supervisor may call."))
            raise AccessError(self.env._("This number is on the blacklist: only a supervisor may call."))
        return result

    def _get_channel_order(self):
        """Begin with the call that only a warning justifies."""
        return self._get_warning_call() | super()._get_channel_order()

    def _get_obstacle(self, channel):
        return None if channel == self._get_warning_call() else super()._get_obstacle(channel)

    def _get_warning_call(self):
        """Return the phone where nothing but a hazard allows to call, else no channel."""
        self.ensure_one()
        if self.contact_class != "safety":
            return self.env["aftersale.channel"]
        phone = self.env["aftersale.channel"]._by_code("phone")
        known = (self.plan_id.channel_ids | self.partner_id.aftersale_channel_id) - self._get_failed_channels()
        is_warning = (
            phone in known
            and not phone._is_possible(self.partner_id)
            and phone._is_possible(self.partner_id, warns=True)
        )
        return phone if is_warning else phone.browse()

    def _against_wish(self):
        """Return the warnings whose customer opted out, or has a number on the blacklist."""
        warnings = self.filtered(lambda f: f.contact_class == "safety")
        blacklisted = warnings.filtered("partner_id.phone_sanitized_blacklisted")
        return blacklisted | warnings._with_optout() if warnings else warnings

    def _hand_to_supervisor(self):
        """Give warnings that a person brings against the customer's wish to the team's supervisor, and note why."""
        by_people = self.filtered(lambda f: f.state in OPEN_STATES and f.channel_id and not f.channel_id.is_automatic)
        against = by_people._against_wish()
        opted_out = against and against._with_optout()
        for followup in against:
            if followup not in opted_out and followup.channel_id.code != "phone":
                continue
            sentence = self._get_optout_sentence() if followup in opted_out else self._get_blacklist_sentence()
            team = followup.team_id or followup.company_id.aftersale_team_id
            followup.user_id = team.user_id or followup.user_id
            if sentence not in (followup.explanation or ""):
                followup.explanation = followup._explained(sentence)

    def _get_optout_sentence(self):
        """Return in words why a customer who opted out is contacted all the same: the reason that must be written."""
        return self.env._(
            "The customer opted out: no message is sent. A supervisor calls all the same, to warn of a safety hazard."
        )

    def _get_blacklist_sentence(self):
        """Return in words why a number on the blacklist is called all the same."""
        return self.env._(
            "The number is on the blacklist: it gets no text message. A supervisor calls all the same, to warn of a "
            "safety hazard."
        )
