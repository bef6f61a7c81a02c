from typing import NamedTuple

from odoo import api, models


class Definition(NamedTuple):
    """What a check is about: the promise it is evidence for, and what to do where it is not kept.

    ``invariant`` is the number of the promise in the design; ``severity`` the status of a finding.
    """

    invariant: int
    name: str
    advice: str
    clause: str = "ISO 9001 9.1.2"
    severity: str = "failed"


class AftersaleAudit(models.Model):
    """The one place that says what is checked, in which order, and what to do about a finding."""

    _inherit = "aftersale.audit"

    @api.model
    def _get_definitions(self):
        """Return {code: `Definition`} in the language of the environment; ``_check_<code>`` looks, and
        ``_repair_<code>`` repairs where that is safe.
        """
        return {
            **self._define_planning(),
            **self._define_contact(),
            **self._define_loop(),
            **self._define_protection(),
            **self._define_running(),
        }

    def _define_planning(self):
        return {
            "guards": Definition(
                1,
                self.env._("One follow-up per plan and occasion, one answer per follow-up: the database watches"),
                self.env._("A rule of the database is missing. Repair sets it up again; double records come first."),
            ),
            "swept": Definition(
                1,
                self.env._("Every delivery, sale and resolution that matches a plan was looked at"),
                self.env._("Plans were not swept for a day. Repair plans what is missing."),
            ),
            "hooks": Definition(
                2,
                self.env._("What failed while planning stopped no sale and no delivery, and was made up for"),
                self.env._("The plan names the last error. Remove the cause; Repair then tries again."),
            ),
        }

    def _define_contact(self):
        return {
            "written": Definition(
                3,
                self.env._("Whoever counts as written to has a message"),
                self.env._("Call these customers, or cancel the follow-ups."),
            ),
            "queue": Definition(
                3,
                self.env._("No message waits in a queue for more than a day"),
                self.env._("Look at the mail server and the SMS credit. Repair starts the queues at once."),
                "ISO 10002 7.1",
            ),
            "reports": Definition(
                3,
                self.env._("Every issued analysis was sent to each of its recipients"),
                self.env._("The analysis says why. Repair sends it to those who got nothing."),
                "ISO 10002 8.6",
            ),
            "optout": Definition(
                4,
                self.env._("Nobody was written to against an opt-out or a blacklist"),
                self.env._("Apologise to these customers, and find out which way was taken."),
            ),
            "cap": Definition(
                4,
                self.env._("Nobody was written to more often than the cap allows"),
                self.env._("Find out whether the settings were tightened after the contact."),
                severity="warning",
            ),
        }

    def _define_loop(self):
        return {
            "closed": Definition(
                5,
                self.env._("Every closed issue was confirmed by the customer, or waived in writing"),
                self.env._("Reopen the issue, or waive the confirmation with its reason."),
                "ISO 10002 7.9",
            ),
            "verified": Definition(
                5,
                self.env._("For every resolved issue the customer is asked"),
                self.env._("Repair plans it, if a plan for it is live; else start one, or waive with the reason."),
                "ISO 10002 8.3",
            ),
            "frozen": Definition(
                6,
                self.env._("No issued analysis was changed, and its printed report is the one that was issued"),
                self.env._("Somebody changed the database. Issue a new version, and find out who."),
                "ISO 10002 8.4",
            ),
            "recomputed": Definition(
                6,
                self.env._("The last analysis agrees with its figures, counted again as of its cutoff"),
                self.env._(
                    "Answers, suggestions, follow-ups, issues or measures of the period were changed since: a new "
                    "version shows what differs."
                ),
                "ISO 10002 8.2",
                severity="warning",
            ),
        }

    def _define_protection(self):
        return {
            "anonymous": Definition(
                7,
                self.env._("Nothing leads from an anonymous answer to a customer"),
                self.env._("Tell the privacy officer: these records name more than they may."),
                "ISO 10002 4.10",
            ),
            "sealed": Definition(
                7,
                self.env._("No anonymous answer waits longer than it may"),
                self.env._("Repair releases what has enough company, and drops what waited too long."),
                "ISO 10002 4.10",
            ),
            "texts": Definition(
                8,
                self.env._("Words of customers are shown as text, never as markup, never as a formula"),
                self.env._("A view or a model was changed. Ask whoever changed it to undo that."),
                "ISO 10002 4.10",
            ),
        }

    def _define_running(self):
        return {
            "parked": Definition(
                9,
                self.env._("No follow-up fails again and again"),
                self.env._("It rests after three failures and names the error. Remove the cause; Repair tries again."),
            ),
            "jobs": Definition(
                9,
                self.env._("All scheduled actions run"),
                self.env._("Ask an administrator to look at Settings › Technical › Scheduled Actions."),
            ),
            "overdue": Definition(
                10,
                self.env._("No contact is more than a day late, no link open beyond its end"),
                self.env._("The scheduled action for contacts does not keep up. Repair starts it at once."),
            ),
            "apart": Definition(
                11,
                self.env._("Nobody is kept from deleting an order or a delivery, or from creating anything"),
                self.env._("Another add-on changed a field. Ask its authors to make it optional."),
            ),
            "updated": Definition(
                11,
                self.env._("The last update was completed"),
                self.env._("Ask an administrator to update the add-on."),
            ),
        }
