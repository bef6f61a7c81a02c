from odoo import api, fields, models
from odoo.tools.i18n import format_list


class AftersalePlan(models.Model):
    """The plan told as one sentence, in the reader's language; it follows what is being typed."""

    _inherit = "aftersale.plan"

    sentence = fields.Text("In Words", compute="_compute_sentence", compute_sudo=True)

    @api.depends_context("lang")
    @api.depends(
        *("trigger", "resolution_of", "counts_from", "interval_months", "occurrence", "sampling_rate"),
        *("customer_type", "customer_value", "product_ids", "product_category_ids", "partner_domain"),
        *("delay_min", "delay_max", "delay_unit", "touchpoint_ids.delay_unit"),
        *("touchpoint_ids.delay_min", "touchpoint_ids.delay_max"),
        *("channel_ids", "phone_first", "survey_id", "assign_method", "user_id", "team_id"),
    )
    def _compute_sentence(self):
        for plan in self:
            plan.sentence = self.env._(
                "%(when)s, ask %(whom)s, %(window)s, %(channels)s, %(survey)s; %(agents)s.",
                when=plan._tell_when(),
                whom=plan._tell_whom(),
                window=plan._tell_windows(),
                channels=plan._tell_channels(),
                survey=plan._tell_survey(),
                agents=plan._tell_agents(),
            )

    def _tell_when(self):
        if self.trigger == "resolution" and self.resolution_of == "action":
            return self.env._("When an improvement measure is done")
        if self.trigger == "sale" and self.counts_from == "service":
            return self.env._("When the services of an order have ended")
        return {
            "delivery": self.env._("When an order is delivered"),
            "sale": self.env._("When an order is confirmed"),
            "periodic": self.env._("Every %s months", self.interval_months),
            "resolution": self.env._("When an issue is resolved"),
            "manual": self.env._("When somebody chooses customers"),
        }.get(self.trigger, "")

    def _tell_whom(self):
        whom = {
            "any": self.env._("customers"),
            "new": self.env._("new customers"),
            "existing": self.env._("existing customers"),
        }.get(self.customer_type, "")
        if self.customer_value == "high":
            whom = self.env._("%s of high value", whom)
        elif self.customer_value == "other":
            whom = self.env._("%s who are not of high value", whom)
        if self.product_ids or self.product_category_ids:
            whom = self.env._("%s who bought certain products", whom)
        if self.partner_domain not in (False, "", "[]"):
            whom = self.env._("%s who fit the filter", whom)
        if self.trigger in ("delivery", "sale") and self.occurrence == "first_of_product":
            whom = self.env._("%s at their first order of a product", whom)
        elif self.trigger in ("delivery", "sale") and self.occurrence == "first_of_customer":
            whom = self.env._("%s at their first order", whom)
        if self.sampling_rate < 100:
            return self.env._("%(percent)g %% of the %(whom)s", percent=self.sampling_rate, whom=whom)
        return whom

    def _tell_windows(self):
        # At regular intervals each turn is one contact.
        rules = self.touchpoint_ids if self.trigger != "periodic" else self.touchpoint_ids.browse()
        return format_list(self.env, [self._tell_window(rule) for rule in rules or self])

    def _tell_window(self, rule):
        if not rule.delay_min:
            return {
                "working_days": self.env._("within %s working days", rule.delay_max),
                "days": self.env._("within %s days", rule.delay_max),
                "hours": self.env._("within %s hours", rule.delay_max),
            }.get(rule.delay_unit, "")
        span = rule.delay_min if rule.delay_min == rule.delay_max else f"{rule.delay_min}–{rule.delay_max}"
        return {
            "working_days": self.env._("%s working days later", span),
            "days": self.env._("%s days later", span),
            "hours": self.env._("%s hours later", span),
        }.get(rule.delay_unit, "")

    def _tell_channels(self):
        if not self.channel_ids:
            return self.env._("by a channel still to be chosen")
        channels = self.channel_ids.sorted(lambda c: (not (self.phone_first and c.code == "phone"), c.sequence))
        return self.env._("by %s", format_list(self.env, channels.mapped("name"), style="or"))

    def _tell_survey(self):
        if not self.survey_id:
            return self.env._("with a questionnaire still to be chosen")
        return self.env._("with the questionnaire “%s”", self.survey_id.display_name)

    def _tell_agents(self):
        if self.assign_method == "user":
            return self.env._("%s answers for it", self.user_id.name or "…")
        if self.assign_method == "salesperson":
            return self.env._("each salesperson answers for the own customers")
        if self.team_id:
            return self.env._("the agents of “%s” share the work", self.team_id.name)
        return self.env._("the agents of the after-sales team share the work")
