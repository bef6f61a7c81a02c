from datetime import timedelta

from lxml import etree
from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.aftersale_followup.models.aftersale_followup_message import LINK

from .common import AftersaleCase

NUMBER, ADDRESS = "13800001234", "wang.fang@example.com"


def specification(node, models, model):
    """Return what the web client reads for the fields below ``node``, those of embedded lists included."""
    spec = {}
    for field in node.iterdescendants("field"):
        if next(field.iterancestors("field", "form")) is not node and node.tag == "form":
            continue
        name = field.get("name")
        info = models[model]["fields"][name]
        spec.setdefault(name, {})
        if "relation" in info:
            below = spec[name].setdefault("fields", {"display_name": {}})
            for view in field.iterchildren("list", "form", "kanban"):
                below.update(specification(view, models, info["relation"]))
    return spec


@tagged("post_install", "-at_install")
class TestPrivacy(AftersaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.department = cls.env["hr.department"].create({"name": "Workshop", "company_id": cls.company.id})
        cls.employee = cls._user("asf_worker", "base.group_user")
        cls.env["hr.employee"].create(
            {
                "name": "Worker",
                "user_id": cls.employee.id,
                "department_id": cls.department.id,
                "company_id": cls.company.id,
            }
        )
        cls.order = cls._order()
        cls._deliver(cls.order)
        cls.feedback = cls._feedback(cls._ready(order_id=cls.order.id), score=1, detail="The lid leaks")
        cls.issue = cls.feedback.issue_ids
        cls.issue.write({"department_id": cls.department.id, "user_id": cls.agent.id})
        cls.env.flush_all()
        cls.env.invalidate_all()

    def _read_form(self, record, user):
        """Return everything the form of ``record`` reads for ``user``, as the web client asks for it."""
        model = record.with_user(user).with_context(allowed_company_ids=self.company.ids)
        loaded = model.get_views([(False, "form")])
        arch = etree.fromstring(loaded["views"]["form"]["arch"])
        return model.web_read(specification(arch, loaded["models"], record._name))[0]

    # -- departments -----------------------------------------------------------

    def test_employee_reads_the_issue_form_without_contact_data(self):
        values = self._read_form(self.issue, self.employee)
        self.assertEqual(values["partner_id"]["display_name"], "Wang Fang")
        self.assertIn("solution", values)
        for hidden in ("order_id", "contact_data", "feedback_ids", "verification_followup_ids"):
            self.assertNotIn(hidden, values)
        self.assertNotIn(NUMBER, str(values))
        self.assertNotIn(ADDRESS, str(values))

    def test_employee_finds_no_contact_data_in_any_field_of_ours(self):
        """Whatever the client asks for: what may be read holds none, all else is refused."""
        issue = self.issue.with_user(self.employee)
        readable = 0
        for name in issue.fields_get():
            try:
                value = issue.read([name])
            except AccessError:
                continue
            readable += 1
            self.assertNotIn(NUMBER, str(value), name)
            self.assertNotIn(ADDRESS, str(value), name)
        self.assertGreater(readable, 30)
        for field in ("contact_data", "feedback_ids"):
            with self.subTest(field=field), self.assertRaises(AccessError):
                issue.read([field])
        for record in (self.feedback, self.feedback.followup_id):
            with self.assertRaises(AccessError):
                record.with_user(self.employee).read(["partner_id"])

    def test_employee_is_not_offered_the_address_to_write_to(self):
        self.assertEqual(self.issue.with_user(self.employee)._message_get_suggested_recipients(), [])
        offered = self.issue.with_user(self.agent)._message_get_suggested_recipients()
        self.assertIn(self.partner.id, [one["partner_id"] for one in offered])

    def test_no_export_of_contact_data(self):
        self.employee.group_ids = [Command.link(self.env.ref("base.group_allow_export").id)]
        names = ["title", "partner_id/name", "partner_id/id", "department_id/name"]
        self.assertTrue(self.issue.with_user(self.employee).export_data(names)["datas"])
        measure = self.env["aftersale.action"].create(
            {"name": "Seal", "department_id": self.department.id, "issue_ids": self.issue.ids}
        )
        for record, path in (
            (self.issue, "partner_id/email"),
            (self.issue, "partner_id/parent_id/phone"),
            (self.issue, "order_id/partner_shipping_id/phone"),
            (self.issue, "message_ids/email_from"),
            (measure, "issue_ids/partner_id/email"),
        ):
            with self.subTest(path=path), self.assertRaisesRegex(AccessError, "speak to the customer"):
                record.with_user(self.employee).export_data(["display_name", path])
        self.agent.group_ids = [Command.link(self.env.ref("base.group_allow_export").id)]
        rows = self.issue.with_user(self.agent).export_data(["partner_id/email"])["datas"]
        self.assertEqual(rows, [[self.partner.email]])

    def test_employee_works_on_the_issue_of_the_department(self):
        self.issue.state = "processing"
        issue = self.issue.with_user(self.employee)
        issue.write({"root_cause": "Worn seal", "solution": "Seal replaced"})
        issue.action_done()
        self.assertEqual(self.issue.state, "done")
        with self.assertRaises(AccessError):
            issue.action_reopen()

    # -- masking in our forms --------------------------------------------------

    def test_in_charge_sees_contact_data_others_see_it_masked(self):
        masked, full = "138****1234 · w***@example.com", "+8613800001234 · wang.fang@example.com"
        followup = self._ready(user_id=self.agent.id)
        # An agent who reads the issue because it is the department's.
        colleague = self.agent_2
        self.env["hr.employee"].create(
            {"name": "Colleague", "user_id": colleague.id, "department_id": self.department.id}
        )
        for record, user, shown in (
            (followup, self.agent, full),
            (followup, self.supervisor, masked),
            (self.issue, self.agent, full),
            (self.issue, self.supervisor, full),
            (self.issue, colleague, masked),
        ):
            with self.subTest(record=record, user=user.login):
                self.assertEqual(record.with_user(user).read(["contact_data"])[0]["contact_data"], shown)
        self.company.aftersale_masking = False
        self.assertEqual(followup.with_user(self.supervisor).contact_data, full)
        self.assertEqual(self.issue.with_user(colleague).contact_data, full)

    def test_call_form_shows_the_number_to_dial(self):
        followup = self._planned(state="ready", date_expiry=fields.Datetime.now() + timedelta(days=14))
        call = followup.with_user(self.agent).console_open()
        self.assertEqual(call["customer"]["phone"], "+8613800001234")
        with self.assertRaises(AccessError):
            followup.with_user(self.agent_2).console_open()

    def test_keys_of_the_contact_cap_are_no_way_around_masking(self):
        followup = self._ready(user_id=self.agent.id)
        for user in (self.agent, self.supervisor, self.manager):
            user.group_ids = [Command.link(self.env.ref("base.group_allow_export").id)]
            self.assertTrue(followup.with_user(user).export_data(["contact_data"])["datas"])
            for name in ("email_key", "phone_key"):
                with self.subTest(user=user.login, field=name), self.assertRaises(AccessError):
                    followup.with_user(user).export_data([name])

    def test_messages_about_an_issue_carry_no_way_to_answer(self):
        """Departments read them in the chatter."""
        issue = self.issue.with_context(aftersale_link=LINK)
        followup = self.feedback.followup_id
        texts = issue._get_placeholders()
        self.assertEqual(texts["optout"], followup._get_optout_link())
        self.assertNotIn(followup.sudo().access_token, str(texts))
        idea = self.feedback.with_context(aftersale_link=LINK)._get_idea_placeholders()
        self.assertNotIn(followup.sudo().access_token, str(idea))

    # -- opt-outs --------------------------------------------------------------

    def _optout(self, **values):
        return self.env["aftersale.optout"].create({"key": "wang.fang@example.com", **values})

    def test_opt_outs_are_masked_and_found_by_the_whole_address(self):
        optout = self._optout(partner_id=self.partner.id)
        mine = optout.with_user(self.supervisor)
        self.assertEqual((mine.address, mine.display_name), ("w***@example.com", "w***@example.com"))
        with self.assertRaises(AccessError):
            mine.read(["key"])
        with self.assertRaises(AccessError):
            mine.search([("key", "=like", "w%")])
        self.assertEqual(mine.search([("address", "ilike", "Wang.Fang@example.com")]), mine)
        self.assertFalse(mine.search([("address", "ilike", "wang")]))
        before = self.env["aftersale.access.log"].search([])
        self.assertEqual(mine.action_show_contact()["params"]["message"], "wang.fang@example.com")
        self.assertEqual((self.env["aftersale.access.log"].search([]) - before).purpose, "reveal")

    def test_an_opt_out_is_withdrawn_with_a_reason_and_never_changed(self):
        entered = self.env["aftersale.optout"].with_user(self.supervisor)
        with Form(entered) as form:
            form.address = "Wang.Fang@Example.com"
        optout = form.record
        self.assertEqual((optout.sudo().key, optout.source), ("wang.fang@example.com", "staff"))
        other = {"key": "a@b.example", "address": "a@b.example", "source": "link", "scenario": "pilot"}
        other |= {"date": "2020-01-01", "partner_id": self.partner.id, "withdrawn_by_id": self.agent.id}
        for name, value in other.items():
            with self.subTest(field=name), self.assertRaises(AccessError):
                optout.with_user(self.manager).write({name: value, "active": False, "withdrawn_reason": "So"})
        for withdraw in (optout.action_withdraw, optout.action_archive):
            with self.assertRaisesRegex(ValidationError, "Write why"):
                withdraw()
        for user in (self.supervisor, self.manager):
            with self.assertRaises(AccessError):
                optout.with_user(user).unlink()
        optout.withdrawn_reason = "Called on 3 March"
        optout.action_withdraw()
        self.assertEqual((optout.active, optout.withdrawn_by_id), (False, self.supervisor))
        self.assertTrue(optout.withdrawn_date)
        with self.assertRaises(UserError):
            optout.write({"active": True})
        with self.assertRaises(UserError):
            optout.write({"withdrawn_reason": "Other"})

    def test_an_opt_out_without_a_reason_cannot_be_withdrawn_in_the_database(self):
        optout = self._optout()
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env.cr.execute("UPDATE aftersale_optout SET active = FALSE WHERE id = %s", [optout.id])

    def test_opt_outs_of_others_count_without_being_shown(self):
        team = self.env["crm.team"].create({"name": "Elsewhere", "company_id": self.company.id})
        company = self.env["res.company"].create({"name": "Other company"})
        elsewhere = self._optout(team_id=team.id)
        abroad = self._optout(key="li.na@example.com", company_id=company.id)
        for optout, user in ((elsewhere, self.supervisor), (abroad, self.supervisor), (abroad, self.manager)):
            self.assertFalse(optout.with_user(user).has_access("read"))
        self.assertTrue(elsewhere.with_user(self.manager).has_access("read"))
        keys = {"wang.fang@example.com", "li.na@example.com"}
        blocked = self.env["aftersale.optout"].with_user(self.agent)._get_blocked(keys, self.env["res.partner"])
        self.assertEqual(blocked.keys(), keys)

    def test_an_opt_out_by_link_is_shown_to_the_team_that_asked(self):
        followup = self._ready(user_id=self.agent.id)
        followup._opt_out("all")
        optout = self.env["aftersale.optout"].search([("key", "=", followup.email_key)])
        self.assertEqual((optout.team_id, optout.company_id), (followup.team_id, followup.company_id))

    # -- consent ---------------------------------------------------------------

    def _asked(self):
        """Return a follow-up of a customer who has no open issue."""
        return self._ready(partner=self.env["res.partner"].create({"name": "Li Na", "email": "li.na@example.com"}))

    def _answers(self, followup):
        question = followup._get_survey().question_ids.filtered(lambda q: q.aftersale_role == "satisfaction")[:1]
        return {question.id: 5}

    def test_consent_of_the_page_is_the_notice(self):
        followup = self._asked()
        followup._record_answers(self._answers(followup), "customer")
        self.assertEqual(followup.consent, "notice")
        self.assertEqual(followup.consent_text, "\n\n".join(followup._get_notice()))
        self.assertTrue(followup.consent_date)

    def test_consent_of_a_plan_with_its_own_notice(self):
        self.plan_new.notice = "Dear [customer], we ask."
        followup = self._asked()
        followup._record_answers(self._answers(followup), "customer")
        self.assertEqual(followup.consent_text, "Dear Li Na, we ask.")

    def test_consent_of_a_call_is_what_the_script_says(self):
        followup = self._asked()
        draft = {"answers": self._answers(followup), "consent": True}
        followup.with_user(self.agent).console_finish("reached", {"draft": draft})
        self.assertEqual(followup.consent, "asked")
        self.assertTrue(followup.consent_text.startswith("Your answers serve only to improve"), followup.consent_text)
        self.assertNotIn("#", followup.consent_text)

    def test_consent_is_not_written_by_hand(self):
        followup = self._asked()
        with self.assertRaises(AccessError):
            followup.with_user(self.manager).consent = "asked"
