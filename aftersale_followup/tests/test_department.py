from lxml import etree

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.aftersale_followup.models.aftersale_issue_state import AGENT_FIELDS, DEPARTMENT_FIELDS

from .common import AftersaleCase

ACTIONS = {
    "menu_department_issues": "aftersale_issue_action_department",
    "menu_department_measures": "aftersale_action_action_department",
}


@tagged("post_install", "-at_install")
class TestDepartment(AftersaleCase):
    """An employee without any role of ours works on the issues and measures of the own department."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.employee = cls._user("asf_employee", "base.group_user")
        cls.colleague = cls._user("asf_colleague", "base.group_user")
        cls.department = cls.env["hr.department"].create({"name": "Workshop", "company_id": cls.company.id})
        for user in cls.employee | cls.colleague:
            cls.env["hr.employee"].create(
                {
                    "name": user.name,
                    "user_id": user.id,
                    "department_id": cls.department.id,
                    "company_id": cls.company.id,
                }
            )
        cls.stranger = cls._user("asf_stranger", "base.group_user")
        cls.issue = cls._issue(department_id=cls.department.id)
        cls.assigned = cls._issue(user_id=cls.employee.id)
        cls.foreign = cls._issue()
        cls.measure = cls._measure(department_id=cls.department.id)
        cls.cooperating = cls._measure(department_ids=[Command.set(cls.department.ids)])
        cls.foreign_measure = cls._measure()

    @classmethod
    def _measure(cls, **values):
        deadline = cls.company._aftersale_today()
        return cls.env["aftersale.action"].create(
            {"name": "Test each lid", "user_id": cls.manager.id, "date_deadline": deadline, "team_id": False, **values}
        )

    def _menus(self, user):
        """Return the leaves below the root menu, by the last part of their xml id, and the action each opens."""
        menus = self.env["ir.ui.menu"].with_user(user).load_menus(False)
        found, queue = {}, list(menus[self.env.ref("aftersale_followup.menu_root").id]["children"])
        while queue:
            menu = menus[queue.pop(0)]
            queue += menu["children"]
            if menu["action_id"]:
                found[menu["xmlid"].split(".")[1]] = menu["action_id"]
        return found

    def _opened(self, user, action):
        """Return the records the action shows ``user`` at first: its domain, and the filters it starts with."""
        action = self.env.ref(f"aftersale_followup.{action}")
        defaults = {
            key.removeprefix("search_default_"): value
            for key, value in safe_eval(action.context).items()
            if key.startswith("search_default_")
        }
        model = self.env[action.res_model].with_user(user)
        arch = etree.fromstring(model.get_view(action.search_view_id.id, "search")["arch"])
        groups, alternatives = [], []
        for node in arch:
            if node.tag == "filter" and node.get("name") in defaults:
                alternatives.append(model.search(safe_eval(node.get("domain"), {"uid": user.id})))
            elif node.tag == "separator" and alternatives:
                groups.append(model.union(*alternatives))
                alternatives = []
        self.assertGreater(len(groups), 1)
        records = groups[0]
        for group in groups[1:]:
            records &= group
        return records

    def test_employees_have_these_menus_and_agents_the_whole_ones(self):
        expected = {name: self.env.ref(f"aftersale_followup.{action}").id for name, action in ACTIONS.items()}
        for user in (self.employee, self.stranger):
            self.assertEqual(self._menus(user), expected)
        for user in (self.agent, self.supervisor, self.manager):
            self.assertFalse(self._menus(user).keys() & ACTIONS.keys())

    def test_what_the_menus_open(self):
        issues = self._opened(self.employee, "aftersale_issue_action_department")
        self.assertEqual(issues, (self.issue | self.assigned).with_user(self.employee))
        measures = self._opened(self.employee, "aftersale_action_action_department")
        self.assertEqual(measures, (self.measure | self.cooperating).with_user(self.employee))
        for action in ACTIONS.values():
            self.assertFalse(self._opened(self.stranger, action))

    def test_columns_and_cards_are_readable(self):
        for name in ACTIONS.values():
            action = self.env.ref(f"aftersale_followup.{name}")
            model = self.env[action.res_model].with_user(self.employee)
            for _view, kind in action.views:
                with self.subTest(action=name, view=kind):
                    arch = etree.fromstring(model.get_view(False, kind)["arch"])
                    names = {node.get("name") for node in arch.iter("field")} & set(model._fields)
                    model.search([]).read(list(names))

    def test_no_contact_data(self):
        """Neither the fields, nor a way to the customer's form, nor the address for a message."""
        issue = self.issue.with_user(self.employee)
        for kind in ("kanban", "list", "form", "calendar"):
            arch = etree.fromstring(issue.get_view(False, kind)["arch"])
            shown = {node.get("name") for node in arch.iter("field")}
            self.assertFalse(shown & {"contact_data", "feedback_ids", "verification_followup_ids"}, kind)
        for kind in ("form", "calendar"):
            arch = etree.fromstring(issue.get_view(False, kind)["arch"])
            self.assertIn("'no_open': True", arch.find(".//field[@name='partner_id']").get("options"))
        with self.assertRaises(AccessError):
            issue.read(["contact_data"])

    def test_every_link_leads_somewhere(self):
        for record in (self.issue, self.measure):
            arch = etree.fromstring(record.with_user(self.employee).get_view(False, "form")["arch"])
            for node in arch.iterfind(".//field"):
                field = record._fields.get(node.get("name"))
                if field and field.type == "many2one" and "no_open" not in node.get("options", ""):
                    with self.subTest(model=record._name, field=field.name):
                        self.assertTrue(self.env[field.comodel_name].with_user(self.employee).has_access("read"))

    def _buttons(self, record):
        arch = etree.fromstring(record.get_view(False, "form")["arch"])
        return {
            node.get("name"): node.get("invisible") or "False"
            for node in arch.iter("button")
            if node.get("type") == "object"
        }

    def _press_all(self, record):
        """Press each button that the form shows for the record as it is; return the names of those pressed."""
        pressed = set()
        for name, invisible in self._buttons(record).items():
            values = {field: record[field] for field in record._fields if field in invisible}
            if not safe_eval(invisible, values):
                with self.subTest(button=name, state=record.state), self.env.cr.savepoint() as savepoint:
                    getattr(record, name)()
                    self.env.flush_all()
                    savepoint.close(rollback=True)
                    self.env.invalidate_all(flush=False)
                pressed.add(name)
        return pressed

    def test_every_button_of_an_issue_works(self):
        issue = self.issue.with_user(self.employee)
        self.measure.issue_ids = self.issue
        shown = {"action_process", "action_view_actions", "action_view_similar_issues"}
        self.assertEqual(self._press_all(issue), shown)
        issue.action_process()
        self.assertEqual(issue.user_id, self.employee)
        with Form(issue) as form:
            form.root_cause = "Worn seal"
            form.solution = "Seal replaced"
        self.assertIn("action_done", self._press_all(issue))
        issue.action_done()
        self.assertEqual(issue.sudo().verification_followup_ids.mapped("state"), ["planned"])
        self._press_all(issue)
        self.assertFalse({"action_close", "action_cancel", "action_reopen"} & self._buttons(issue).keys())

    def test_every_button_of_a_measure_works(self):
        measure = self.measure.with_user(self.employee)
        self.measure.issue_ids = self.issue | self.foreign
        self.assertEqual(self._press_all(measure), {"action_start", "action_view_issues"})
        measure.action_start()
        with Form(measure) as form:
            form.note = "Every lid is tested."
        self.assertIn("action_done", self._press_all(measure))
        measure.action_done()
        self._press_all(measure)
        self.assertEqual(measure.issue_ids, self.issue.with_user(self.employee), "Others' issues stay hidden.")

    def test_what_is_the_supervisors_cannot_be_changed_by_hand(self):
        """In no view a field that the model refuses: who tries meets a field that cannot be edited, no error."""
        for user in (self.employee, self.agent):
            issue = self.assigned.with_user(user)
            for kind in ("kanban", "list", "form"):
                arch = etree.fromstring(issue.get_view(False, kind)["arch"])
                free = AGENT_FIELDS if user == self.agent else DEPARTMENT_FIELDS
                shown = {name: issue[name] for name in ("id", "state", "may_handle", "may_triage")}
                for node in arch.iterfind(".//field"):
                    name = node.get("name")
                    if name in free or node.xpath("ancestor::field") or issue._fields[name].readonly:
                        continue
                    if name == "activity_ids":  # records of their own
                        continue
                    # a card has no inputs but these
                    if kind == "kanban" and name not in ("priority", "user_id"):
                        continue
                    fixed = safe_eval(node.get("readonly") or "False", shown)
                    self.assertTrue(fixed or node.get("invisible") == "1", (user.login, kind, name))

    def test_a_colleague_of_the_department_helps_out(self):
        issue = self.issue.with_user(self.employee)
        issue.action_process()
        issue.with_user(self.colleague).write({"root_cause": "Worn seal"})
        self.assertEqual(issue.root_cause, "Worn seal")
        with self.assertRaises(AccessError):
            issue.with_user(self.stranger).read(["title"])
