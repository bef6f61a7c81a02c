"""What users did with the former release, and what must be true of it after an update."""

from datetime import datetime, timedelta

from life_edits import CHINESE, Edits
from life_usage import ADDON, Usage, deliver, sell

OLD = "2024-05-06 07:08:09"


class FormerUsage(Usage):
    """What users did before questionnaires had to be tried."""

    def try_and_use(self, plan, scale):
        self.company.call("aftersale.plan", "write", [plan], {"survey_id": self.survey})


class Past:
    def __init__(self, company, databases):
        self.company = company
        self.databases = databases

    def sql(self, statement, *parameters):
        return self.databases.server.sql(statement, parameters, database=self.company.server.database)

    def everything(self):
        company = self.company
        company.call("res.company", "write", [company.id], {"stock_text_confirmation": False})
        settings = company.call("res.config.settings", "create", {"group_aftersale_all_teams": True})
        company.call("res.config.settings", "execute", [settings])
        edits = Edits(company)
        plans = ("existing", "key", "loyal", "service")  # paused, so not found by `ref`
        self.plans = {name: edits.record(f"plan_{name}", "read")[2][0] for name in plans}
        edits.write("plan_existing", active=True)
        FormerUsage(company, self.databases).everything(sell(company, "Waiting Customer"))
        self.close_issue()
        self.agree_on_a_call()
        self.give_no_reasons()
        self.promise_to_stay()
        self.precede_the_checks()
        self.be_late()
        self.planned = self.plan("Planned Customer")
        self.line = self.sort_products()
        self.thank_in_own_words(edits)
        edits.plans_and_words()
        edits.machinery()
        edits.rights()

    def plan(self, customer):
        """The follow-up of a delivery of today."""
        order = sell(self.company, customer)
        deliver(self.company, order)
        [followup] = self.company.find("aftersale.followup", ["order_id", "=", order])
        return followup

    def sort_products(self):
        """Products get a category; return it."""
        company = self.company
        line = company.call("product.category", "create", {"name": "Kettles"})
        kettles = company.find("product.template", ["name", "like", "'s kettle"])
        company.call("product.template", "write", kettles, {"categ_id": line})
        return line

    def close_issue(self):
        company = self.company
        [self.issue] = company.find("aftersale.issue", ["state", "=", "done"])
        waiver = {"waiver_reason": "unreachable", "waiver_note": "Called five times"}
        company.call("aftersale.issue", "write", [self.issue], waiver)
        company.call("aftersale.issue", "action_close", [self.issue])

    def agree_on_a_call(self):
        """The customer wants to be called after the link has expired."""
        company = self.company
        self.called = self.plan("Busy Customer")
        company.call("aftersale.followup", "action_contact", [self.called])
        self.when = datetime.now().replace(microsecond=0) + timedelta(days=40)
        values = {"followup_id": self.called, "channel_id": company.ref("channel_phone")}
        values["call_back_date"] = self.when.isoformat(" ")
        form = company.call("aftersale.call", "create", values)
        company.call("aftersale.call", "action_log", [form], context={"outcome": "call_back"})

    def give_no_reasons(self):
        """Opt-outs are taken back, an answer is corrected, another doubted: none of it had to be explained."""
        company = self.company
        refusal = self.plan("Angry Customer")
        partner, self.team = company.read("aftersale.followup", refusal, "partner_id", "team_id")
        optouts = [{"key": "angry.customer@example.com", "partner_id": partner}, {"key": "x@example.com"}]
        self.optouts = company.call("aftersale.optout", "create", optouts)
        company.call("aftersale.optout", "write", self.optouts[:1], {"active": False})
        doubt = {"evidence": "suspicious", "suspicious_reason": False}
        self.doubted, self.corrected = company.find("aftersale.feedback")[:2]
        company.call("aftersale.feedback", "write", [self.doubted], doubt)
        followup = company.read("aftersale.feedback", self.corrected, "followup_id")
        values = {"followup_id": followup, "correction_of_id": self.corrected, "score": 3, "note": "Meant three"}
        self.correction = company.call("aftersale.feedback", "create", values)
        # Nothing kept anybody from correcting it twice.
        self.second = company.call("aftersale.feedback", "create", {**values, "note": "Meant four", "score": 4})

    def promise_to_stay(self):
        """What a customer said about buying again was kept with the questionnaire only."""
        names = ("", "_stability", "_stability_same", "_loyalty")
        survey, asked, same, again = (self.company.ref(f"aftersale_followup.survey_relation{name}") for name in names)
        self.sql(
            """WITH said AS (
                   INSERT INTO survey_user_input (survey_id, access_token, state) VALUES (%s, 'stay', 'done')
                   RETURNING id, survey_id),
               lines AS (
                   INSERT INTO survey_user_input_line
                          (user_input_id, survey_id, question_id, answer_type, suggested_answer_id, value_scale)
                   SELECT said.id, survey_id, question, kind, choice::int, points::int
                     FROM said, (VALUES (%s, 'suggestion', %s, NULL), (%s, 'scale', NULL, 4))
                          AS answer (question, kind, choice, points))
               UPDATE aftersale_followup SET user_input_id = said.id FROM said
                WHERE aftersale_followup.id = (SELECT followup_id FROM aftersale_feedback WHERE id = %s)
            RETURNING said.id""",
            survey,
            asked,
            same,
            again,
            self.corrected,
        )

    def precede_the_checks(self):
        """As in a database older than two of the checks: where rows do not hold, Odoo goes on without the check."""
        self.sql("ALTER TABLE aftersale_attempt DROP CONSTRAINT aftersale_attempt_call_back_dated")
        self.sql("ALTER TABLE aftersale_issue DROP CONSTRAINT aftersale_issue_closed_confirmed")
        [(self.attempt,)] = self.sql(
            """INSERT INTO aftersale_attempt (followup_id, company_id, date, outcome)
               SELECT followup_id, company_id, %s, 'call_back' FROM aftersale_feedback WHERE id = %s RETURNING id""",
            OLD,
            self.doubted,
        )
        [(self.unconfirmed,)] = self.sql(
            """INSERT INTO aftersale_issue
                      (name, title, kind, state, priority, partner_id, company_id, root_cause, solution)
               SELECT 'OLD', 'Old', kind, 'closed', priority, partner_id, company_id, 'Seal', 'New seal'
                 FROM aftersale_issue WHERE id = %s RETURNING id""",
            self.issue,
        )

    def thank_in_own_words(self, edits):
        """Of four messages two are edited."""
        edits.write("mail_template_thanks", CHINESE, body_html="<p>亲爱的贵宾</p>")
        edits.write("sms_template_thanks_low", CHINESE, body="非常抱歉")

    def be_late(self):
        """An issue is late with its solution, and the supervisor was told of it."""
        [(self.late,)] = self.sql(
            """INSERT INTO aftersale_issue (name, title, kind, state, priority, partner_id, company_id,
                                            resolution_deadline, overdue_told_date)
               SELECT 'LATE', 'Late', kind, 'new', '0', partner_id, company_id, '2024-05-06', '2024-05-07'
                 FROM aftersale_issue WHERE id = %s RETURNING id""",
            self.issue,
        )

    # ------------------------------------------------------------
    # After the update
    # ------------------------------------------------------------

    def surprises(self, changed):
        """What of the rows of before, given as (table.column, id, before, after), is not as it was and should be.

        Or as it was and should not: a check or a reason asks for it now, or the domain of a record rule was nobody's.
        """
        expected = {
            ("aftersale_attempt.call_back_date", self.attempt),
            ("aftersale_feedback.correction_of_id", self.second),
            ("aftersale_feedback.suspicious_reason", self.doubted),
            ("aftersale_followup.date_expiry", self.called),
            ("aftersale_issue.waiver_note", self.unconfirmed),
            ("aftersale_issue.waiver_reason", self.unconfirmed),
            ("aftersale_plan.partner_domain", self.plans["loyal"]),
            ("mail_template.body_html", self._id("mail_template_analysis")),  # nobody edited it
            ("report_paperformat.dpi", self._id("paperformat_analysis")),
        }
        # The call form gave way to the console, the languages of shipped questionnaires to "all".
        expected_of_all = {"ir_rule.domain_force", "ir_rule.name", "aftersale_call", "res_lang_survey_survey_rel"}
        expected |= self._of_thanks({name for name, *_rest in changed})
        seen = {(name, key) for name, key, _old, _new in changed}
        return [c for c in changed if c[0] not in expected_of_all and c[:2] not in expected] + sorted(expected - seen)

    def _id(self, name):
        """Id of a record that the add-on brings, by its external id."""
        [(found,)] = self.sql("SELECT res_id FROM ir_model_data WHERE name = %s AND module = %s", name, ADDON)
        return found

    def _of_thanks(self, columns):
        """The texts of thanks that nobody edited are about the feedback now, no longer about the follow-up."""
        query = "SELECT model, res_id FROM ir_model_data WHERE name LIKE '%%_template_thanks%%' AND module = %s"
        templates = self.sql(query, ADDON)
        assert len(templates) == 4
        names = ("body", "body_html", "lang", "model", "model_id")
        changes = {(f"{model.replace('.', '_')}.{name}", key) for model, key in templates for name in names}
        return {change for change in changes if change[0] in columns}

    def is_carried_over(self):
        """What the new version asks is answered as the old one meant it."""
        settings = "aftersale_all_teams, aftersale_answer_months, aftersale_log_months"
        assert self.sql(f"SELECT {settings} FROM res_company") == [(True, 0, 0)]  # nothing is deleted unasked
        assert self.sql("SELECT DISTINCT aftersale_tell_customers IS TRUE FROM res_company") == [(False,)]
        # who was named was the only one to get reports; their mail shows the figures now, in every language
        roles = "aftersale_report_managers, aftersale_report_leaders, aftersale_report_heads"
        assert self.sql(f"SELECT {roles} FROM res_company WHERE id = 1") == [(False, False, False)]
        # an analysis that went out is missing with nobody
        tables = [f"aftersale_analysis_{name}_rel" for name in ("recipient", "sent")]
        recipients, sent = (self.sql(f"SELECT analysis_id, partner_id FROM {table} ORDER BY 1, 2") for table in tables)
        assert recipients == sent != []
        query = "SELECT body_html->>'en_US', body_html->>'zh_CN' FROM mail_template WHERE id = %s"
        assert all(
            "object.mail_html" in (text or "object.mail_html")
            for text in self.sql(query, self._id("mail_template_analysis"))[0]
        )
        alarms = {"resolution_deadline": ["2024-05-06", 3]}  # told before, not told again
        assert self.sql("SELECT alarms FROM aftersale_issue WHERE id = %s", self.late) == [(alarms,)]
        assert self.sql("SELECT call_back_date::text FROM aftersale_attempt WHERE id = %s", self.attempt) == [(OLD,)]
        query = "SELECT date_call, date_expiry > date_call FROM aftersale_followup WHERE id = %s"
        assert self.sql(query, self.called) == [(self.when, True)]
        query = "SELECT window_from, window_to FROM aftersale_followup WHERE id = %s"
        assert self.sql(query, self.planned) == [(None, None)]  # its plan was edited since
        query = """SELECT f.product_line_id, e.product_line_id FROM aftersale_followup f, aftersale_feedback e
                    WHERE f.id = %s AND e.id = %s"""
        assert self.sql(query, self.planned, self.corrected) == [(self.line, self.line)]
        query = "SELECT correction_reason FROM aftersale_feedback WHERE id = %s"
        assert self.sql(query, self.correction) == [("Meant three",)]
        query = "SELECT stability, loyalty FROM aftersale_feedback WHERE id = ANY(%s)"
        assert self.sql(query, [self.corrected, self.correction]) == [("same", 4)] * 2
        self._optouts_are_carried_over()
        self._plans_are_carried_over()
        self._own_words_of_thanks_are_kept()

    def _optouts_are_carried_over(self):
        user = self.company.admin.env.uid
        rows = self.sql(
            """SELECT company_id, team_id, active, withdrawn_by_id, withdrawn_reason <> '', withdrawn_date = write_date
                 FROM aftersale_optout WHERE id = ANY(%s) ORDER BY id""",
            self.optouts,
        )
        own = self.company.id
        assert rows == [(own, self.team, False, user, True, True), (own, None, True, None, None, None)]

    def _plans_are_carried_over(self):
        query = (
            "SELECT id, customer_value, counts_from, spread_start = CURRENT_DATE, partner_domain FROM aftersale_plan"
        )
        plans = {key: values for key, *values in self.sql(f"{query} WHERE id = ANY(%s)", list(self.plans.values()))}
        [(loyal,)] = self.sql("SELECT res_id FROM ir_model_data WHERE name = 'partner_category_loyal'")
        assert plans == {
            self.plans["existing"]: ["other", "confirmation", True, "[]"],  # switched on: spread from today on
            self.plans["key"]: ["high", "confirmation", None, "[]"],
            self.plans["loyal"]: ["any", "confirmation", None, f"[('category_id', 'in', [{loyal}])]"],
            self.plans["service"]: ["any", "service", None, "[]"],
        }

    def _own_words_of_thanks_are_kept(self):
        """As copies, to take them from, beside the messages of today; what nobody edited has none."""
        query = """
            SELECT {body}->>'zh_CN', model FROM {table} t
             WHERE name->>'en_US' LIKE 'After-sales: Thank you%%' AND EXISTS (
                   SELECT FROM ir_model_data WHERE model = %s AND res_id = t.id) = %s"""
        for table, body, words in (
            ("mail_template", "body_html", "<p>亲爱的贵宾</p>"),
            ("sms_template", "body", "非常抱歉"),
        ):
            rows = [
                self.sql(query.format(table=table, body=body), table.replace("_", "."), ours) for ours in (False, True)
            ]
            assert rows[0] == [(words, "aftersale.followup")], rows
            assert [model for _words, model in rows[1]] == ["aftersale.feedback"] * 2, rows
            assert words not in dict(rows[1]), rows

    def goes_on(self, company):
        """Whoever comes to work the next day finds the work of before, and deliveries plan follow-ups."""
        self.company = company
        assert company.read("aftersale.issue", self.issue, "state", "waiver_note") == ("closed", "Called five times")
        assert company.read("aftersale.followup", self.called, "state") == "ready"
        analysis = company.find("aftersale.analysis", ["state", "=", "issued"])[0]
        assert company.read("aftersale.analysis", analysis, "figures_html")
        # Edits made a sample of half of them: whoever is not drawn has a row, too.
        assert company.read("aftersale.followup", self.plan("Next Customer"), "state") in ("planned", "skipped")
