from datetime import timedelta

from odoo import api, fields, models

from ..models.aftersale_plan import ERROR_LIMIT

# Due contacts wait for the next run of the cron; this long means that it does not keep up.
LATE_CONTACT = timedelta(hours=1)


class AftersaleHealth(models.TransientModel):
    """One page that says whether everything runs by itself, and what to do where it does not."""

    _name = "aftersale.health"
    _description = "Health Check"
    _order = "status, sequence, id"

    sequence = fields.Integer()
    name = fields.Char("Check", required=True, readonly=True)
    status = fields.Selection([("1_error", "Broken"), ("2_warning", "Look at it"), ("3_ok", "Fine")], readonly=True)
    finding = fields.Char(readonly=True)
    advice = fields.Char("What to Do", readonly=True)
    res_model = fields.Char(readonly=True)
    res_domain = fields.Json(readonly=True)

    @api.model
    def action_open(self):
        """Run every check and open the page with what they found."""
        self.search([("create_uid", "=", self.env.uid)]).unlink()
        checks = self._get_checks()
        self.create([{"sequence": number, **check} for number, check in enumerate(checks)])
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Health"),
            "res_model": self._name,
            "view_mode": "list,kanban",
            "mobile_view_mode": "kanban",
            "domain": [("create_uid", "=", self.env.uid)],
            "context": {"create": False},
        }

    def action_show(self):
        """Open the records that a check is about, if any."""
        self.ensure_one()
        if not self.res_model:
            return False
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": self.res_model,
            "view_mode": "list,form",
            "domain": [("id", "in", self.res_domain or [])],
            "context": {"active_test": False},
        }

    @api.model
    def _get_checks(self):
        """Return what each check found, as values of this model; in the companies of the user."""
        return [
            self._check_crons(),
            self._check_plans(),
            self._check_plan_records(),
            self._check_parked(),
            self._check_backlog(),
            self._check_mails(),
            self._check_sms(),
            self._check_unassigned(),
            self._check_teams(),
            self._check_channels(),
            self._check_audits(),
        ]

    def _found(self, name, records, finding, advice, status="1_error", bad=None):
        """Return the values of a check: fine when there is nothing ``bad``, else ``status`` with what was found.

        ``records`` are what the user may open; ``bad`` stands for them where they are not all there is.
        """
        if not (records if bad is None else bad):
            return {"name": name, "status": "3_ok", "finding": self.env._("Nothing found.")}
        return {
            "name": name,
            "status": status,
            "finding": finding,
            "advice": advice,
            "res_model": records and records._name,
            "res_domain": records.ids,
        }

    # ------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------

    def _check_crons(self):
        """Scheduled actions that are switched off, fail, or are late."""
        _checked, bad = self.env["aftersale.audit"]._check_jobs()
        return self._found(
            self.env._("Scheduled actions"),
            bad,
            self.env._("Off, failing or late: %s.", ", ".join(bad.mapped("cron_name"))),
            self.env._("Ask an administrator to look at them in Settings › Technical › Scheduled Actions."),
        )

    def _check_plans(self):
        plans = self.env["aftersale.plan"].search([("error_count", ">", 0)])
        return self._found(
            self.env._("Plans that cannot run"),
            plans,
            ", ".join(f"{plan.name}: {plan.error_message or ''}" for plan in plans[:3]),
            self.env._("Correct the plan; as soon as it is saved it is tried again. After three failures it rests."),
        )

    def _check_plan_records(self):
        plans = self.env["aftersale.plan"].search([("active", "=", True)]).filtered("failed_records")
        count = sum(len(plan.failed_records) for plan in plans)
        return self._found(
            self.env._("Orders and customers that could not be planned"),
            plans,
            self.env._("%(count)s under %(plans)s.", count=count, plans=", ".join(plans.mapped("name"))),
            self.env._("The plan's page “Health” names the last error. Correct the record, then save the plan."),
            "2_warning",
        )

    def _check_parked(self):
        parked = self.env["aftersale.followup"].search(
            [("state", "in", ("planned", "ready")), ("error_count", ">=", ERROR_LIMIT)]
        )
        return self._found(
            self.env._("Follow-ups that fail again and again"),
            parked,
            self.env._("%(count)s, the last error: %(error)s", count=len(parked), error=parked[:1].error_message),
            self.env._("They rest after three failures. Remove the cause, then use “Try Again”."),
        )

    def _check_backlog(self):
        due = self.env["aftersale.followup"].search(
            [
                ("state", "=", "planned"),
                ("date_next", "<", fields.Datetime.now() - LATE_CONTACT),
                ("error_count", "<", ERROR_LIMIT),
            ],
            order="date_next",
        )
        return self._found(
            self.env._("Contacts that are overdue"),
            due,
            self.env._("%(count)s, the oldest since %(since)s UTC.", count=len(due), since=due[:1].date_next),
            self.env._("The scheduled action for contacts does not keep up or stands still."),
        )

    def _check_mails(self):
        mails = (
            self.env["mail.mail"]
            .sudo()
            .search(
                [
                    ("state", "=", "exception"),
                    ("model", "=like", "aftersale.%"),
                    ("model", "!=", "aftersale.analysis"),  # those have a check of their own
                ]
            )
        )
        about = mails.filtered(lambda mail: mail.model == "aftersale.followup").mapped("res_id")
        return self._found(
            self.env._("E-mails that were not sent"),
            self.env["aftersale.followup"].search([("id", "in", about)]),
            self.env._("%(count)s, the last reason: %(reason)s", count=len(mails), reason=mails[:1].failure_reason),
            self.env._("Look at the mail server, then at the addresses of these customers."),
            "2_warning",
            bad=mails,
        )

    def _check_sms(self):
        texts = (
            self.env["sms.sms"]
            .sudo()
            .search([("state", "=", "error"), ("mail_message_id.model", "=", "aftersale.followup")])
        )
        return self._found(
            self.env._("Text messages that were not sent"),
            self.env["aftersale.followup"].search([("id", "in", texts.mail_message_id.mapped("res_id"))]),
            self.env._("%(count)s, the last reason: %(reason)s", count=len(texts), reason=texts[:1].failure_type),
            self.env._("Look at the credit of the SMS service, then at the numbers of these customers."),
            "2_warning",
            bad=texts,
        )

    def _check_unassigned(self):
        soon = self.env.company._aftersale_today() + timedelta(days=7)
        nobody = self.env["aftersale.followup"].search(
            [
                ("state", "in", ("planned", "ready")),
                "|",
                ("user_id", "=", False),
                ("user_id.active", "=", False),
                ("date_planned", "<=", soon),
                # Also without a channel: it is chosen on the day of the contact.
                ("channel_id", "not any", [("is_automatic", "=", True)]),
            ]
        )
        return self._found(
            self.env._("Contacts of this week that belong to nobody"),
            nobody,
            str(len(nobody)),
            self.env._("Assign them, or put agents into the after-sales team."),
            "2_warning",
        )

    def _check_teams(self):
        companies = self.env.companies.filtered(lambda c: not c.sudo().aftersale_team_id.member_ids)
        return self._found(
            self.env._("Companies without after-sales team"),
            companies,
            ", ".join(companies.mapped("name")),
            self.env._("Choose the after-sales team in the settings and put agents into it."),
            "2_warning",
        )

    def _check_channels(self):
        plans = (
            self.env["aftersale.plan"]
            .search([("active", "=", True)])
            .filtered(lambda plan: not any(channel._has_message(plan) for channel in plan.channel_ids))
        )
        return self._found(
            self.env._("Plans without any usable channel"),
            plans,
            ", ".join(plans.mapped("name")),
            self.env._("Give the plan a channel, and the text which that channel sends."),
        )

    def _check_audits(self):
        """Return whether the last audit of each company found everything kept."""
        last = self.env["aftersale.audit"]._get_last(self.env.companies)
        broken = last.filtered(lambda audit: audit.state == "failed")
        return self._found(
            self.env._("Nightly audit"),
            broken,
            self.env._("%s promises are broken.", sum(broken.mapped("failed_count"))),
            self.env._("Open the audit: it says what to do, and repairs what can be repaired safely."),
        )
