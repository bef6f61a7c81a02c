from odoo import models


class SmsTracker(models.Model):
    _inherit = "sms.tracker"

    def _update_sms_notifications(self, notification_status, failure_type=False, failure_reason=False):
        """Look after follow-ups at once whose text message failed, on sending or by a later report."""
        result = super()._update_sms_notifications(
            notification_status, failure_type=failure_type, failure_reason=failure_reason
        )
        if notification_status in ("exception", "bounce"):
            models_told = self.mail_notification_id.mail_message_id.mapped("model")
            if "aftersale.followup" in models_told:
                self.env["sms.sms"]._aftersale_wake()
        return result
