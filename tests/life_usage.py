"""A company that uses the add-on for everything, and leaves things of its own all over it."""

from loop_page import Page

ADDON = "aftersale_followup"


def deliver(company, *orders):
    """Validate the deliveries of these orders."""
    for picking in company.deliveries(*orders):
        company.call("stock.picking", "button_validate", [picking])
        assert company.read("stock.picking", picking, "state") == "done"


def sell(company, name):
    """A confirmed order of a new customer."""
    customer = company.customer(name, f"{name.lower().replace(' ', '.')}@example.com", lang="en_US")
    product = company.call("product.product", "create", {"name": f"{name}'s kettle", "type": "consu"})
    return company.order(customer, product, confirm=True)


class Usage:
    """Each method leaves rows of another kind behind; `everything` runs them all."""

    def __init__(self, company, databases):
        self.company = company
        self.databases = databases

    def everything(self, order):
        self.settings()
        followup = self.contact(order)
        self.complain(followup)
        self.issue(followup)
        self.analysis()
        self.questionnaire()
        self.things_of_users(order, followup)

    def make(self, model, /, **values):
        return self.company.call(model, "create", values)

    def settings(self):
        company = self.company
        [team] = company.find("crm.team", order="id")[:1]
        manager = company.call("res.users", "create", {"name": "Boss", "login": "boss", "email": "boss@example.com"})
        company.call("res.users", "write", [manager], {"group_ids": [(4, company.ref("group_manager"))]})
        values = {
            "aftersale_team_id": team,
            "aftersale_phone": "400 800 1234",
            # The tests run at night, too.
            "aftersale_hour_from": 0.0,
            "aftersale_hour_to": 24.0,
            "aftersale_report_recipient_ids": [(4, company.read("res.users", manager, "partner_id"))],
        }
        company.call("res.company", "write", [company.id], values)
        company.call("ir.config_parameter", "set_param", f"{ADDON}.page_rate", "90")

    def contact(self, order):
        """Deliver an order and invite its customer; the follow-up."""
        company = self.company
        deliver(company, order)
        [followup] = company.find("aftersale.followup", ["order_id", "=", order])
        company.call("aftersale.followup", "action_contact", [followup])
        assert company.read("aftersale.followup", followup, "state") == "ready"
        return followup

    def answer(self, followup, answers):
        """The customer answers on the page."""
        token = self.company.tokens(self.databases, [followup])[followup]
        page = Page(self.company.server, token).open()
        assert page.post({f"q{question}": value for question, value in answers.items()}, call_back="1").ok
        assert self.company.read("aftersale.followup", followup, "state") == "done"

    def complain(self, followup):
        company = self.company
        self.answer(
            followup,
            {
                company.ref("survey_new_satisfaction"): "1",
                company.ref("survey_new_category"): company.ref("survey_new_category_fault"),
                company.ref("survey_new_detail"): "It leaks.",
            },
        )
        partner = company.read("aftersale.followup", followup, "partner_id")
        assert company.find("mail.activity", ["res_model", "=", "res.partner"], ["res_id", "=", partner])  # call back

    def issue(self, followup):
        """It is handled, with papers, a discussion and a to-do."""
        company = self.company
        [issue] = company.find("aftersale.issue", ["feedback_ids.followup_id", "=", followup])
        values = {"user_id": company.admin.env.uid, "root_cause": "Seal", "solution": "New seal"}
        company.call("aftersale.issue", "write", [issue], values)
        company.call("aftersale.issue", "action_process", [issue])
        paper = self.make("ir.attachment", name="photo.txt", raw="a leak", res_model="aftersale.issue", res_id=issue)
        company.call("aftersale.issue", "message_post", [issue], body="See the photo", attachment_ids=[paper])
        company.call("aftersale.issue", "action_done", [issue])
        assert company.find("aftersale.followup", ["issue_id", "=", issue])  # the verification
        model = company.find("ir.model", ["model", "=", "aftersale.issue"])[0]
        kind = company.ref("activity_type_issue")
        self.make("mail.activity", res_model_id=model, res_id=issue, activity_type_id=kind, summary="Decide")

    def analysis(self):
        """A report is issued and waits to be mailed."""
        company = self.company
        values = {"period": "month", "date_from": "2024-01-01", "date_to": "2024-01-31", "company_id": company.id}
        company.call("aftersale.analysis", "action_issue", [self.make("aftersale.analysis", **values)])

    def questionnaire(self):
        """An own questionnaire with an own question, which a plan uses and a customer answers."""
        company = self.company
        self.survey = company.call("survey.survey", "copy", [company.ref("survey_new")])[0]
        company.call("survey.survey", "write", [self.survey], {"title": "Our own"})
        values = {"title": "Which colour?", "question_type": "char_box", "sequence": 90}
        colour = self.make("survey.question", survey_id=self.survey, **values)
        scale = company.find("survey.question", ["survey_id", "=", self.survey], ["question_type", "=", "scale"])[0]
        self.try_and_use(company.ref("plan_new"), scale)
        company.call("aftersale.plan", "copy", [company.ref("plan_new")], {"name": "Our own", "trigger": "manual"})
        self.answer(self.contact(sell(company, "Green Customer")), {scale: "5", colour: "Green"})

    def try_and_use(self, plan, scale):
        """The plan asks with the own questionnaire, once it was tried on each channel and the script was read."""
        company = self.company
        company.call("aftersale.plan", "write", [plan], {"next_survey_id": self.survey})
        [(_name, _operator, tries)] = company.call("aftersale.plan", "action_pretest", [plan])["domain"]
        for number in tries:
            if company.read("aftersale.pretest", number, "channel_id"):
                token = company.read("aftersale.pretest", number, "access_token")
                assert Page(company.server, f"test/{token}").open().post({f"q{scale}": "4"}).ok
            else:
                company.call("aftersale.pretest", "action_read", [number])
        company.call("aftersale.plan", "action_use_next_survey", [plan])
        assert company.read("aftersale.plan", plan, "survey_id") == self.survey

    def answers(self):
        """What was answered to the own question."""
        lines = self.company.find("survey.user_input.line", ["survey_id", "=", self.survey])
        rows = self.company.call("survey.user_input.line", "read", lines, ["value_char_box"])
        return [row["value_char_box"] for row in rows if row["value_char_box"]]

    def things_of_users(self, order, followup):
        """What people make on any model of any add-on."""
        company = self.company
        model = company.find("ir.model", ["model", "=", "aftersale.issue"])[0]
        self.make("ir.model.fields", model_id=model, name="x_colour", field_description="Colour", ttype="char")
        form = "<form position='inside'><field name='x_colour' invisible='1'/></form>"
        self.make(
            "ir.ui.view", name="Ours", model="aftersale.issue", inherit_id=company.ref("aftersale_issue_view_form"),
            arch=form,
        )  # fmt: skip
        self.make("ir.filters", name="Mine", model_id="aftersale.issue", domain="[]", context="{}")
        self.make("ir.exports", name="Mine", resource="aftersale.feedback")
        company.call("ir.default", "set", "aftersale.issue", "priority", "1")
        company.call("mail.template", "copy", [company.ref("mail_template_invite_new")])
        company.call("sms.template", "copy", [company.ref("sms_template_invite_new")])
        code = {"model_id": model, "state": "code", "code": "pass"}
        self.make("ir.actions.server", name="Ours", **code)
        self.make("ir.cron", name="Ours", interval_number=1, interval_type="days", **code)
        self.make("ir.sequence", name="Ours", code="aftersale.issue", company_id=company.id, use_date_range=True)
        picture = {"name": "x", "raw": "x", "res_model": "aftersale.followup", "res_id": followup}
        self.make("ir.attachment", **picture)
        # A to-do of our kind on a record of somebody else
        orders = company.find("ir.model", ["model", "=", "sale.order"])[0]
        kind = company.ref("activity_type_call_customer")
        self.make("mail.activity", res_model_id=orders, res_id=order, activity_type_id=kind, summary="Call")
        channel = company.ref("channel_phone")
        company.call(
            "res.partner", "write", [company.read("sale.order", order, "partner_id")], {"aftersale_channel_id": channel}
        )
