from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import AftersaleCase

# Rights per role on (own record, record of another team): c(reate) r(ead) w(rite) u(nlink); "-" none.
# Other companies' records are out of reach for everybody (see test_other_company).
MATRIX = {
    "aftersale.plan": {"employee": "-", "agent": "r", "supervisor": "r", "manager": "crwu"},
    "aftersale.pretest": {"employee": "-", "agent": "-", "supervisor": "-", "manager": "r"},
    "aftersale.touchpoint": {"employee": "-", "agent": "r", "supervisor": "r", "manager": "crwu"},
    "aftersale.focus": {"employee": "-", "agent": "r", "supervisor": "r", "manager": "crwu"},
    "aftersale.channel": {"employee": "r", "agent": "r", "supervisor": "r", "manager": "crwu"},
    "aftersale.category": {"employee": "r", "agent": "r", "supervisor": "r", "manager": "crwu"},
    "aftersale.tag": {"employee": "r", "agent": "r", "supervisor": "r", "manager": "crwu"},
    "aftersale.tag.word": {"employee": "-", "agent": "-", "supervisor": "-", "manager": "r"},
    "aftersale.classify": {"employee": "-", "agent": "crwu", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.dimension": {"employee": "-", "agent": "r", "supervisor": "r", "manager": "crwu"},
    "aftersale.followup": {"employee": "-", "agent": "rw", "supervisor": "rw", "manager": "rw"},
    "aftersale.target": {"employee": "-", "agent": "-", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.target.line": {"employee": "-", "agent": "-", "supervisor": "rw", "manager": "rw"},
    "aftersale.attempt": {"employee": "-", "agent": "r", "supervisor": "r", "manager": "r"},
    "aftersale.feedback": {"employee": "-", "agent": "r", "supervisor": "crw", "manager": "crw"},
    "aftersale.sending": {"employee": "-", "agent": "-", "supervisor": "-", "manager": "-"},
    "aftersale.feedback.sealed": {"employee": "-", "agent": "-", "supervisor": "-", "manager": "-"},
    "aftersale.feedback.dimension": {"employee": "-", "agent": "r", "supervisor": "cr", "manager": "cr"},
    "aftersale.issue": {"employee": "rw", "agent": "rw", "supervisor": "crw", "manager": "crw"},
    "aftersale.action": {"employee": "rw", "agent": "rw", "supervisor": "crw", "manager": "crw"},
    "aftersale.workday": {"employee": "r", "agent": "r", "supervisor": "r", "manager": "crwu"},
    "aftersale.optout": {"employee": "-", "agent": "-", "supervisor": "crw", "manager": "crw"},
    "aftersale.analysis": {"employee": "-", "agent": "-", "supervisor": "r", "manager": "crwu"},
    "aftersale.figure.target": {"employee": "-", "agent": "-", "supervisor": "r", "manager": "crwu"},
    "aftersale.feedback.report": {"employee": "-", "agent": "r", "supervisor": "r", "manager": "r"},
    "aftersale.timeline": {"employee": "-", "agent": "r", "supervisor": "r", "manager": "r"},
    "aftersale.access.log": {"employee": "-", "agent": "-", "supervisor": "-", "manager": "-", "privacy": "r"},
    "aftersale.audit": {"employee": "-", "agent": "-", "supervisor": "r", "manager": "r", "privacy": "r"},
    "aftersale.audit.line": {"employee": "-", "agent": "-", "supervisor": "r", "manager": "r", "privacy": "r"},
    "aftersale.erasure": {"employee": "-", "agent": "-", "supervisor": "-", "manager": "-", "privacy": "crwu"},
    "aftersale.answers": {"employee": "-", "agent": "-", "supervisor": "-", "manager": "crwu"},
    "aftersale.qr": {"employee": "-", "agent": "cr", "supervisor": "cr", "manager": "cr"},
    "aftersale.plan.start": {"employee": "-", "agent": "-", "supervisor": "-", "manager": "crwu"},
    "aftersale.health": {"employee": "-", "agent": "-", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.preview": {"employee": "-", "agent": "-", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.preview.line": {"employee": "-", "agent": "-", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.why": {"employee": "-", "agent": "crwu", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.why.line": {"employee": "-", "agent": "crwu", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.mailbox": {"employee": "-", "agent": "-", "supervisor": "-", "manager": "crwu"},
    "aftersale.record": {"employee": "-", "agent": "crwu", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.correction": {"employee": "-", "agent": "crwu", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.issue.merge": {"employee": "-", "agent": "-", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.issue.split": {"employee": "-", "agent": "-", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.issue.solution": {"employee": "-", "agent": "-", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.issue.waive": {"employee": "-", "agent": "-", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.issue.waive.line": {"employee": "-", "agent": "-", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.holiday": {"employee": "-", "agent": "-", "supervisor": "-", "manager": "crwu"},
    "aftersale.holiday.line": {"employee": "-", "agent": "-", "supervisor": "-", "manager": "crwu"},
    "aftersale.import.mapping": {"employee": "-", "agent": "-", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.import.mapping.line": {"employee": "-", "agent": "-", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.import": {"employee": "-", "agent": "-", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.import.column": {"employee": "-", "agent": "-", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.import.line": {"employee": "-", "agent": "-", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.visit": {"employee": "-", "agent": "crwu", "supervisor": "crwu", "manager": "crwu"},
    "aftersale.complaint.step": {"employee": "r", "agent": "r", "supervisor": "r", "manager": "crwu"},
}
OPERATIONS = {"c": "create", "r": "read", "w": "write", "u": "unlink"}


@tagged("post_install", "-at_install")
class TestAccess(AftersaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.employee = new_test_user(cls.env, "asf_employee", groups="base.group_user")
        cls.portal = new_test_user(cls.env, "asf_portal", groups="base.group_portal")
        cls.roles = {
            "employee": cls.employee,
            "agent": cls.agent,
            "supervisor": cls.supervisor,
            "manager": cls.manager,
            "privacy": new_test_user(cls.env, "asf_privacy", groups="aftersale_followup.group_privacy"),
        }
        cls.other_team = cls.env["crm.team"].create({"name": "Elsewhere", "company_id": cls.company.id})

    def test_every_model_is_in_the_table(self):
        names = [name for name in self.env.registry if name.startswith("aftersale.")]
        own = [name for name in names if not self.env[name]._abstract]
        self.assertEqual(sorted(own), sorted(MATRIX), "A new model needs its rights, and its line here.")

    def test_no_other_role_brings_privacy_along(self):
        privacy = self.env.ref("aftersale_followup.group_privacy")
        self.assertFalse(privacy.implied_by_ids)
        for role in ("agent", "supervisor", "manager"):
            self.assertFalse(self.roles[role].has_group("aftersale_followup.group_privacy"), role)
        self.assertFalse(self.roles["privacy"].has_group("aftersale_followup.group_agent"))
        # Its own choice in the form of the user, so that it goes with any role.
        self.assertNotEqual(privacy.privilege_id, self.env.ref("aftersale_followup.group_agent").privilege_id)

    def test_rights_of_each_role(self):
        for model, rights in MATRIX.items():
            for role, letters in rights.items():
                for letter, operation in OPERATIONS.items():
                    with self.subTest(model=model, role=role, operation=operation):
                        allowed = self.env[model].with_user(self.roles[role]).has_access(operation)
                        self.assertEqual(allowed, letter in letters)

    def test_a_form_that_is_being_filled_is_nobody_elses(self):
        names = [name for name in MATRIX if self.env[name]._transient]
        self.assertGreater(len(names), 8)
        for name in names:
            for operation in OPERATIONS.values():
                with self.subTest(model=name, operation=operation):
                    domain = self.env["ir.rule"].with_user(self.manager)._compute_domain(name, operation)
                    self.assertEqual(list(domain), [("create_uid", "in", [self.manager.id])])
        why = self.env["aftersale.why"].with_user(self.agent).create({"partner_id": self.partner.id})
        self.assertTrue(why.line_ids)
        for records in (why, why.line_ids):
            self.assertTrue(records.has_access("read"))
            for user in (self.agent_2, self.manager):
                self.assertFalse(records.with_user(user).has_access("read"))
                self.assertNotIn(records[0].id, records.with_user(user).search([]).ids)

    def test_portal_and_public_get_nothing(self):
        for user in (self.portal, self.env.ref("base.public_user")):
            for model in MATRIX:
                with self.subTest(user=user.login, model=model):
                    self.assertFalse(self.env[model].with_user(user).has_access("read"))

    def test_own_and_foreign_records(self):
        mine = self._planned()
        unassigned = self._planned(user_id=False)
        colleague = self._planned(user_id=self.agent_2.id)
        elsewhere = self._planned(user_id=self.agent_2.id, team_id=self.other_team.id)
        no_team = self._planned(user_id=self.agent_2.id, team_id=False)
        rows = mine | unassigned | colleague | elsewhere | no_team
        expected = {
            self.agent: mine | unassigned,
            self.supervisor: mine | unassigned | colleague | no_team,
            self.manager: rows,
        }
        for user, visible in expected.items():
            with self.subTest(user=user.login):
                found = self.env["aftersale.followup"].with_user(user).search([("id", "in", rows.ids)])
                self.assertEqual(found, visible.with_user(user))

    def test_issues_of_the_own_department_only(self):
        department = self.env["hr.department"].create({"name": "Quality", "company_id": self.company.id})
        self.env["hr.employee"].create(
            {"name": "Q", "user_id": self.employee.id, "department_id": department.id, "company_id": self.company.id}
        )
        own, other = self._issue(department_id=department.id), self._issue()
        found = self.env["aftersale.issue"].with_user(self.employee).search([("id", "in", (own | other).ids)])
        self.assertEqual(found, own)

    def test_feedback_of_an_assigned_issue_is_readable(self):
        feedback = self._feedback(self._ready(user_id=self.agent_2.id), score=2, detail="Broken")
        self.assertFalse(feedback.with_user(self.agent).has_access("read"))
        feedback.issue_ids.user_id = self.agent
        self.assertTrue(feedback.with_user(self.agent).has_access("read"))

    def test_other_company(self):
        company = self.env["res.company"].create({"name": "Other company"})
        followup = self._planned(company_id=company.id, team_id=False, user_id=self.manager.id)
        issue = self._issue(company_id=company.id, team_id=False)
        plan = self.plan_new.copy({"company_id": company.id, "team_id": False})
        for record in (followup, issue, plan):
            with self.subTest(model=record._name):
                self.assertFalse(record.with_user(self.manager).has_access("read"))
        self.manager.company_ids = [Command.link(company.id)]
        both = self.manager.company_ids.ids
        for record in (followup, issue, plan):
            with self.subTest(model=record._name, both=True):
                allowed = record.with_user(self.manager).with_context(allowed_company_ids=both)
                self.assertTrue(allowed.has_access("read"))

    def test_course_of_a_follow_up_is_not_written_over_rpc(self):
        followup = self._ready()
        for user in (self.agent, self.supervisor, self.manager):
            for vals in ({"state": "done"}, {"partner_id": self.agent.partner_id.id}, {"email_key": False}):
                with self.subTest(user=user.login, vals=vals), self.assertRaises(AccessError):
                    followup.with_user(user).write(vals)

    def test_agent_cannot_make_feedback_nor_answer_for_others(self):
        followup = self._ready(user_id=self.agent_2.id)
        with self.assertRaises(AccessError):
            self.env["aftersale.feedback"].with_user(self.agent).create({"followup_id": followup.id, "score": 5})
        with self.assertRaises(AccessError):
            followup.with_user(self.agent).action_open_call()

    def test_sales_roles_bring_the_after_sales_role(self):
        pairs = {
            "sales_team.group_sale_salesman": "group_agent",
            "sales_team.group_sale_salesman_all_leads": "group_supervisor",
            "sales_team.group_sale_manager": "group_manager",
        }
        for number, (sales, ours) in enumerate(pairs.items()):
            with self.subTest(sales=sales):
                user = new_test_user(self.env, f"asf_sales_{number}", groups=sales)
                self.assertTrue(user.has_group(f"aftersale_followup.{ours}"))
        self.assertFalse(self.agent.has_group("sales_team.group_sale_salesman"), "Works without a Sales right too.")

    def test_salesperson_without_stock_rights_confirms_and_plans(self):
        seller = new_test_user(self.env, "asf_seller", groups="sales_team.group_sale_salesman")
        self.plan_new.copy({"trigger": "sale", "occurrence": "every"})
        order = self._order(confirm=False, user_id=seller.id)
        order.with_user(seller).action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertTrue(order.aftersale_followup_ids)

    def test_stock_user_validates_without_any_right_of_ours(self):
        keeper = new_test_user(self.env, "asf_keeper", groups="stock.group_stock_user")
        order = self._order()
        picking = order.picking_ids.with_user(keeper)
        picking.move_ids.write({"quantity": 1, "picked": True})
        picking.button_validate()
        self.assertEqual(picking.state, "done")
        self.assertTrue(order.aftersale_followup_ids)
