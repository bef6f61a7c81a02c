"""What people change of what the add-on brought: each kind of record that is theirs from then on."""

ENGLISH, CHINESE = {"lang": "en_US"}, {"lang": "zh_CN"}
# Not wanted at all, in an order that lets them go
DELETED = (
    *("survey_new_nps", "survey_new_category_papers", "plan_loyal", "plan_shop", "survey_shop"),
    *("tag_praise", "sms_template_progress", "mail_template_progress"),
)


class Edits:
    def __init__(self, company):
        self.company = company

    def everything(self):
        self.plans_and_words()
        self.questionnaire()
        self.machinery()
        self.rights()
        for xmlid in DELETED:
            self.company.call(*self.record(xmlid, "unlink"))

    def record(self, xmlid, method):
        """Model, method and ids of a record the add-on brought: the arguments of a call."""
        [data] = self.company.find("ir.model.data", ["module", "=", "aftersale_followup"], ["name", "=", xmlid])
        model, record = self.company.read("ir.model.data", data, "model", "res_id")
        return model, method, [record]

    def write(self, xmlid, context=ENGLISH, **values):
        self.company.call(*self.record(xmlid, "write"), values, context=context)

    def plans_and_words(self):
        self.write("plan_new", name="Our customers", delay_min=4, delay_max=9, script="Hello", sampling_rate=50)
        self.write("plan_new", CHINESE, name="我们的客户")
        self.write("plan_verify", active=False)
        self.write("tag_functional_defect", name="Broken", keywords="broken,坏了")
        self.write("tag_functional_defect", CHINESE, name="坏了")
        self.write("tag_installation", active=False)
        self.write("category_process", name="Procedures")
        self.write("dimension_delivery", name="Carrier")
        self.write("focus_price", name="Money")
        self.write("channel_phone", name="Telephone", sequence=1)
        self.write("mail_template_invite_new", subject="How is it?", body_html="<p>Hello</p>")
        self.write("mail_template_invite_new", CHINESE, subject="怎么样？")
        self.write("sms_template_invite_new", body="Hello")

    def questionnaire(self):
        # What a running plan asks with is not changed under its customers.
        self.write("plan_new", active=False)
        self.write("survey_new", title="Our questions")
        self.write("survey_new_satisfaction", title="Are you happy?")
        self.write("survey_new_satisfaction", CHINESE, title="满意吗？")
        self.write("survey_new_category_late", value="Too late")
        question = {"title": "Which colour?", "question_type": "char_box", "sequence": 99}
        survey = self.company.ref("survey_new")
        self.company.call("survey.question", "create", {"survey_id": survey, **question})

    def machinery(self):
        self.write("ir_cron_contact", interval_number=25, active=False)
        self.write("ir_cron_analysis", nextcall="2030-01-01 06:00:00")
        self.write("sequence_issue", prefix="QA-", padding=3)
        self.write("activity_type_issue", name="Decide", delay_count=7)
        settings = {"aftersale_cap_days": 3, "aftersale_phone": "400 800 1234", "aftersale_issue_policy": "high"}
        self.company.call("res.company", "write", [self.company.id], settings)
        self.company.call("ir.config_parameter", "set_param", "aftersale_followup.page_rate", "90")

    def rights(self):
        self.write("issue_rule_agent", domain_force="[(1, '=', 1)]")
        self.write("issue_rule_department", active=False)
        # Sellers shall not ask
        sellers, agents = self.company.ref("sales_team.group_sale_salesman"), self.company.ref("group_agent")
        self.company.call("res.groups", "write", [sellers], {"implied_ids": [(3, agents)]})
