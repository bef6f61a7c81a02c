from odoo import models
from odoo.fields import Domain

# The service was not there, or failed in a way it does not name.
TRANSIENT = ("sms_server", "unknown", False)
WRONG_NUMBER = ("sms_number_missing", "sms_number_format")


# Text messages of this add-on that fail are tried again, then given up: see `aftersale.retry.mixin`.
class SmsSms(models.Model):
    _name = "sms.sms"
    _inherit = ["sms.sms", "aftersale.retry.mixin"]

    def send(self, *args, **kwargs):
        return super(SmsSms, self - self._aftersale_drop_unwanted()).send(*args, **kwargs)

    def _aftersale_failed_domain(self):
        return Domain("state", "=", "error") & Domain("mail_message_id.model", "=like", "aftersale.%")

    def _aftersale_is_final(self):
        return self.failure_type not in TRANSIENT

    def _aftersale_put_back(self):
        self.action_set_outgoing()
        self.env.ref("sms.ir_cron_sms_scheduler_action")._trigger()

    def _aftersale_drop(self):
        # The notification of what failed goes on saying why.
        failed = self.filtered(lambda text: text.state == "error")
        failed.write({"state": "canceled"})
        (self - failed).action_set_canceled()

    def _aftersale_give_up(self, followup):
        if self.failure_type in ("sms_credit", "sms_acc"):
            followup.company_id._aftersale_alert_sms()
        label = dict(self._fields["failure_type"]._description_selection(self.env)).get(self.failure_type)
        followup._note_undelivered("sms", label, is_wrong=self.failure_type in WRONG_NUMBER)
