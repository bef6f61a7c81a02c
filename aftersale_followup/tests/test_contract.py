from odoo.tests import TransactionCase, tagged

SCENARIOS = "new_customer existing_customer resolution_check pilot other"
CUSTOMER = "new existing"
# The names that other tools, reports and checks rely on: model -> field -> type, and the keys of a selection.
FIELDS = {
    "aftersale.plan": {
        "name": "char",
        "active": "boolean",
        "sequence": "integer",
        "company_id": "many2one",
        "scenario": f"selection {SCENARIOS}",
        "objective": "char",
        "focus_ids": "many2many",
        "trigger": "selection delivery sale periodic resolution manual",
        "date_start": "date",
        "occurrence": "selection every first_of_product first_of_customer",
        "delay_min": "integer",
        "delay_max": "integer",
        "delay_unit": "selection working_days days hours",
        "touchpoint_ids": "one2many",
        "interval_months": "integer",
        "customer_type": f"selection any {CUSTOMER}",
        "partner_domain": "char",
        "product_category_ids": "many2many",
        "product_ids": "many2many",
        "team_ids": "many2many",
        "amount_min": "float",
        "sampling_rate": "float",
        "channel_ids": "many2many",
        "survey_id": "many2one",
        "script": "text",
        "mail_template_id": "many2one",
        "sms_template_id": "many2one",
        "assign_method": "selection balance salesperson user",
        "user_id": "many2one",
        "team_id": "many2one",
        "reminder_count": "integer",
        "reminder_days": "integer",
        "expire_days": "integer",
        "contact_class": "selection safety verification new pilot periodic",
        "legal_basis": "selection",
        "notice": "text",
        "allow_anonymous": "boolean",
        "error_count": "integer",
        "error_message": "text",
    },
    "aftersale.touchpoint": {
        "plan_id": "many2one",
        "sequence": "integer",
        "delay_min": "integer",
        "delay_max": "integer",
        "delay_unit": "selection working_days days hours",
    },
    "aftersale.channel": {"code": "char", "name": "char", "sequence": "integer", "is_automatic": "boolean"},
    "aftersale.followup": {
        "name": "char",
        "origin": "char",
        "plan_id": "many2one",
        "scenario": f"selection {SCENARIOS}",
        "partner_id": "many2one",
        "customer_type": f"selection {CUSTOMER}",
        "order_id": "many2one",
        "picking_id": "many2one",
        "touchpoint_id": "many2one",
        "product_ids": "many2many",
        "issue_id": "many2one",
        "action_id": "many2one",
        "user_id": "many2one",
        "team_id": "many2one",
        "company_id": "many2one",
        "channel_id": "many2one",
        "date_planned": "date",
        "time_planned": "datetime",
        "date_deadline": "date",
        "date_next": "datetime",
        "date_sent": "datetime",
        "date_done": "datetime",
        "date_expiry": "datetime",
        "state": "selection planned ready done skipped cancelled unreachable refused expired",
        "skip_reason": "selection contact_cap opt_out sampled_out no_contact duplicate merged open_issue returned "
        "too_old staff plan_paused archived",
        "merged_into_id": "many2one",
        "explanation": "text",
        "attempt_ids": "one2many",
        "attempt_count": "integer",
        "reminder_sent": "integer",
        "lang": "char",
        "access_token": "char",
        "email_key": "char",
        "phone_key": "char",
        "sales_user_id": "many2one",
        "delivery_user_id": "many2one",
        "consent": "selection",
        "user_input_id": "many2one",
        "feedback_id": "many2one",
        "error_count": "integer",
        "error_message": "text",
    },
    "aftersale.attempt": {
        "followup_id": "many2one",
        "date": "datetime",
        "channel_id": "many2one",
        "user_id": "many2one",
        "outcome": "selection reached no_answer busy wrong_contact call_back refused sent bounced contested",
        "note": "text",
        "call_back_date": "datetime",
    },
    "aftersale.feedback": {
        "name": "char",
        "followup_id": "many2one",
        "partner_id": "many2one",
        "contact_name": "char",
        "date": "datetime",
        "channel_id": "many2one",
        "user_id": "many2one",
        "plan_id": "many2one",
        "scenario": f"selection {SCENARIOS}",
        "customer_type": f"selection {CUSTOMER}",
        "order_id": "many2one",
        "product_ids": "many2many",
        "team_id": "many2one",
        "company_id": "many2one",
        "score": "integer",
        "score_raw": "integer",
        "score_max": "integer",
        "nps": "selection 0 1 2 3 4 5 6 7 8 9 10",
        "resolved": "selection fully partly no came_back",
        "dimension_ids": "one2many",
        "detail": "text",
        "suggestion": "text",
        "improvement": "text",
        "note": "text",
        "category_id": "many2one",
        "tag_ids": "many2many",
        "priority": "selection 0 1",
        "is_low_score": "boolean",
        "is_recurring": "boolean",
        "is_safety": "boolean",
        "source": "selection customer staff",
        "evidence": "selection recorded confirmed suspicious",
        "suspicious_reason": "char",
        "is_valid": "boolean",
        "correction_of_id": "many2one",
        "suggestion_state": "selection none new accepted adopted rejected",
        "issue_ids": "many2many",
        "followup_status": "selection",
        "completion_date": "date",
    },
    "aftersale.dimension": {"name": "char", "code": "char"},
    "aftersale.feedback.dimension": {"feedback_id": "many2one", "dimension_id": "many2one", "score": "integer"},
    "aftersale.category": {"code": "char", "name": "char", "tag_ids": "one2many"},
    "aftersale.tag": {
        "code": "char",
        "category_id": "many2one",
        "keywords": "text",
        "probe": "char",
        "is_problem": "boolean",
        "is_safety": "boolean",
        "department_id": "many2one",
    },
    "aftersale.issue": {
        "name": "char",
        "title": "char",
        "kind": "selection complaint problem",
        "state": "selection new processing done closed cancelled",
        "partner_id": "many2one",
        "feedback_ids": "many2many",
        "occurrence_count": "integer",
        "category_id": "many2one",
        "tag_ids": "many2many",
        "product_id": "many2one",
        "lot_ids": "many2many",
        "priority": "selection 0 1 2",
        "department_id": "many2one",
        "user_id": "many2one",
        "team_id": "many2one",
        "company_id": "many2one",
        "contact_deadline": "date",
        "date_contacted": "datetime",
        "resolution_deadline": "date",
        "promised_date": "date",
        "is_overdue": "boolean",
        "root_cause": "text",
        "solution": "text",
        "compensation": "monetary",
        "date_done": "datetime",
        "verification_followup_ids": "one2many",
        "verification_deadline": "date",
        "date_closed": "datetime",
        "reopen_count": "integer",
        "waiver_reason": "selection unreachable no_contact_wanted no_reply",
        "waiver_note": "text",
        "customer_notified_date": "datetime",
        "action_ids": "many2many",
    },
    "aftersale.action": {
        "name": "char",
        "kind": "selection training process technology product supplier staffing information",
        "issue_ids": "many2many",
        "tag_ids": "many2many",
        "product_ids": "many2many",
        "department_id": "many2one",
        "department_ids": "many2many",
        "user_id": "many2one",
        "date_deadline": "date",
        "expected_effect": "text",
        "state": "selection planned in_progress done cancelled",
        "date_done": "datetime",
        "rate_before": "float",
        "rate_after": "float",
        "effect": "selection proven no_evidence worse",
    },
    "aftersale.analysis": {
        "name": "char",
        "period": "selection week month quarter",
        "date_from": "date",
        "date_to": "date",
        "company_id": "many2one",
        "team_id": "many2one",
        "version": "integer",
        "previous_id": "many2one",
        "state": "selection draft issued",
        "figures": "json",
        "summary": "text",
        "recipient_ids": "many2many",
        "date_sent": "datetime",
    },
    "aftersale.feedback.report": {"score": "float", "nps": "float", "tag_ids": "many2many"},
    "aftersale.optout": {
        "key": "char",
        "partner_id": "many2one",
        "scenario": f"selection {SCENARIOS}",
        "followup_id": "many2one",
        "date": "datetime",
        "source": "selection",
        "active": "boolean",
    },
    "aftersale.workday": {"date": "date", "company_id": "many2one"},
    "aftersale.feedback.sealed": {"plan_id": "many2one"},
}
# What must not go while our records name it, and what may.
RESTRICTED = {
    "aftersale.plan",
    "survey.survey",
    "aftersale.category",
    "aftersale.tag",
    "aftersale.channel",
    "res.partner",
    "product.product",
}
RELEASED = {"sale.order", "stock.picking"}
# Exceptions: parts of a plan; what is derived; lists of people and copies, where a deletion takes no fact away.
MAY_GO = {
    "aftersale.touchpoint.plan_id",
    "aftersale.tag.word.tag_id",
    "aftersale.pretest.plan_id",
    "aftersale.pretest.survey_id",
    "aftersale.import.mapping.survey_id",
    "aftersale.pretest.channel_id",
    "aftersale.followup.commercial_partner_id",
    "aftersale.optout.partner_id",
    "aftersale.access.log.partner_id",
    "aftersale.analysis.recipient_ids",
    "aftersale.analysis.sent_partner_ids",
    "aftersale.analysis.head_ids",
    "aftersale.feedback.sealed.product_ids",
    "aftersale.target.line.partner_id",
    "aftersale.target.line.product_ids",
}
COMPANY_OPTIONAL = {"aftersale.plan", "aftersale.optout"}
COMPANY_FREE = {
    "aftersale.category",
    "aftersale.tag",
    "aftersale.tag.word",  # learned from all companies, as tags serve all
    "aftersale.channel",
    "aftersale.dimension",
    "aftersale.focus",
    "aftersale.complaint.step",
    "aftersale.touchpoint",  # of a plan
    "aftersale.pretest",  # of a plan
    "aftersale.import.mapping",  # of a questionnaire
    "aftersale.import.mapping.line",
    "aftersale.feedback.dimension",  # of feedback  # of a person: no company of the group writes to whoever said no
}
NOT_COPIED = {
    "aftersale.followup": "origin state date_sent date_done date_expiry access_token feedback_id error_count",
    "aftersale.issue": "name state feedback_ids date_done date_closed reopen_count waiver_reason waiver_note",
    "aftersale.action": "state date_done rate_before rate_after effect",
    "aftersale.plan": "error_count error_message",
}
# Table -> beginning of a unique index, as the catalogue writes it: columns, then the condition if any.
UNIQUE = {
    "aftersale_followup": ["(plan_id, origin)", "(access_token)"],
    "aftersale_feedback": ["(followup_id) WHERE ((followup_id IS NOT NULL) AND (correction_of_id IS NULL))"],
    "aftersale_channel": ["(code)"],
    "aftersale_analysis": ["(company_id, COALESCE(team_id, 0), period, date_from, version) WHERE"],
    "aftersale_workday": ["(company_id, date)"],
    "aftersale_figure_target": ["(company_id, figure)"],
}
SEARCHED = {"aftersale_followup": ["(state, date_next)"]}


@tagged("post_install", "-at_install")
class TestContract(TransactionCase):
    """Names, types, deletion rules and indexes that the design promises, against the registry and the database."""

    def _models(self):
        """Return our models that have a table of their own and stay."""
        return [
            model
            for name, model in self.env.items()
            if name.startswith("aftersale.") and model._auto and not model._abstract and not model._transient
        ]

    def _indexes(self, table, unique):
        self.env.cr.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s", [table])
        wanted = "CREATE UNIQUE INDEX" if unique else "CREATE INDEX"
        return [text.split("USING btree ")[1] for (text,) in self.env.cr.fetchall() if text.startswith(wanted)]

    def test_fields(self):
        for model, names in FIELDS.items():
            for name, text in names.items():
                kind, *keys = text.split()
                with self.subTest(model=model, field=name):
                    field = self.env[model]._fields.get(name)
                    self.assertIsNotNone(field)
                    self.assertEqual(field.type, kind)
                    if keys:
                        self.assertEqual(set(field.get_values(self.env)), set(keys))

    def test_what_may_be_deleted(self):
        """Of many2many fields, the other side: deleting a tag must not take it off the feedback unseen."""
        checked = 0
        for model in self._models():
            for field in model._fields.values():
                if not field.store or field.related or field.type not in ("many2one", "many2many"):
                    continue
                checked += 1
                with self.subTest(field=str(field)):
                    if field.comodel_name in RESTRICTED and str(field) not in MAY_GO:
                        self.assertEqual(field.ondelete, "restrict")
                    elif field.comodel_name in RELEASED:
                        # of several only the link goes
                        self.assertEqual(field.ondelete, "set null" if field.type == "many2one" else "cascade")
        self.assertGreater(checked, 60)
        self.assertEqual(self.env["aftersale.attempt"]._fields["followup_id"].ondelete, "cascade")
        self.assertEqual(self.env["aftersale.feedback"]._fields["followup_id"].ondelete, "restrict")

    def test_company(self):
        for model in self._models():
            with self.subTest(model=model._name):
                field = model._fields.get("company_id")
                if model._name in COMPANY_FREE:
                    self.assertIsNone(field)
                elif model._name in COMPANY_OPTIONAL:
                    self.assertFalse(field.required)
                else:
                    self.assertTrue(field and (field.required or field.related))

    def test_what_a_copy_starts_without(self):
        for model, names in NOT_COPIED.items():
            for name in names.split():
                with self.subTest(model=model, field=name):
                    self.assertFalse(self.env[model]._fields[name].copy)
        self.assertTrue(self.env["aftersale.followup"]._fields["origin"].required)
        self.assertEqual(self.env["aftersale.followup"]._fields["access_token"].groups, "base.group_system")

    def test_what_the_database_holds_unique(self):
        for table, expected in UNIQUE.items():
            for start in expected:
                with self.subTest(table=table, index=start):
                    found = [text for text in self._indexes(table, unique=True) if text.startswith(start)]
                    self.assertTrue(found, self._indexes(table, unique=True))

    def test_no_unique_rule_names_a_customer(self):
        """Odoo's merge of contacts would delete rows, or fail, where a customer is part of it."""
        for model in self._models():
            for text in self._indexes(model._table, unique=True):
                self.assertNotIn("partner_id", text, model._table)

    def test_indexes_of_what_is_searched(self):
        for table, expected in SEARCHED.items():
            for start in expected:
                found = [text for text in self._indexes(table, unique=False) if text.startswith(start)]
                self.assertTrue(found, self._indexes(table, unique=False))

    def test_one_root_menu(self):
        root = self.env.ref("aftersale_followup.menu_root")
        ours = self.env["ir.model.data"].search([("module", "=", "aftersale_followup"), ("model", "=", "ir.ui.menu")])
        menus = self.env["ir.ui.menu"].browse(ours.mapped("res_id"))
        self.assertEqual(menus.filtered(lambda menu: not menu.parent_id), root)
