from lxml import etree

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from ..models.aftersale_feedback import STAFF_FIELDS
from .common import AftersaleCase

BOARD = ["new", "processing", "done", "closed"]


@tagged("post_install", "-at_install")
class TestViews(AftersaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        order = cls._order()
        cls.picking = cls._deliver(order)
        cls.order = order
        cls.issue = cls._solved_issue()
        cls.feedback = cls._answer(score=1, detail="The lid leaks", suggestion="A tighter lid")

    @classmethod
    def _answer(cls, **values):
        """Return feedback of a customer who has no open issue and was not asked before."""
        cls.customers = getattr(cls, "customers", 0) + 1
        email = f"customer{cls.customers}@example.com"
        partner = cls.env["res.partner"].create({"name": f"Customer {cls.customers}", "email": email})
        return cls._feedback(cls._ready(partner=partner), **values)

    def _menu_actions(self, user):
        """Return the window actions below the root menu that ``user`` sees."""
        menus = self.env["ir.ui.menu"].with_user(user).load_menus(False)
        root = menus[self.env.ref("aftersale_followup.menu_root").id]
        ids, queue = [], list(root["children"])
        while queue:
            menu = menus[queue.pop(0)]
            queue += menu["children"]
            if menu["action_model"] == "ir.actions.act_window":
                ids.append(menu["action_id"])
        return self.env["ir.actions.act_window"].sudo().browse(ids)

    # -- menus and actions -----------------------------------------------------

    def test_rows_filled_in_on_a_phone_hold_what_those_of_a_desk_hold(self):
        """A phone shows cards; what they do not name is lost when the form is saved."""
        rows = {
            "aftersale.import": "column_ids",
            "aftersale.import.mapping": "line_ids",
            "aftersale.issue.waive": "line_ids",
        }
        for model, name in rows.items():
            arch = etree.fromstring(self.env[model].get_view(view_type="form")["arch"])
            listed, cards = (
                {
                    field.get("name"): field.get("force_save")
                    for field in arch.iterfind(f".//field[@name='{name}']/{kind}//field")
                }
                for kind in ("list", "kanban")
            )
            with self.subTest(model=model):
                self.assertEqual(listed, cards)

    def test_menus_of_each_role(self):
        shown = {}
        for user in (self.agent, self.supervisor, self.manager):
            shown[user] = set(self._menu_actions(user).mapped("path"))
        self.assertIn("aftersale-my-day", shown[self.agent])
        self.assertIn("aftersale-feedback", shown[self.agent])
        self.assertNotIn("aftersale-plans", shown[self.agent])
        self.assertNotIn("aftersale-triage", shown[self.agent])
        self.assertLessEqual(shown[self.agent], shown[self.supervisor])
        self.assertIn("aftersale-triage", shown[self.supervisor])
        self.assertIn("aftersale-analyses", shown[self.supervisor])
        self.assertNotIn("aftersale-tags", shown[self.supervisor])
        self.assertLess(shown[self.supervisor], shown[self.manager])
        self.assertIn("aftersale-questionnaires", shown[self.manager])

    def test_every_action_opens_for_who_sees_it(self):
        """All views load and every column of the list can be read, without any right of Sales or Inventory."""
        for user in (self.agent, self.supervisor, self.manager):
            actions = self._menu_actions(user)
            self.assertTrue(actions)
            for action in actions:
                with self.subTest(user=user.login, action=action.path):
                    model = self.env[action.res_model].with_user(user)
                    views = model.get_views([(False, "search"), *action.views])["views"]
                    self.assertEqual(set(views), {"search", *action.view_mode.split(",")})
                    for kind in {"list", "kanban"} & set(views):
                        arch = etree.fromstring(views[kind]["arch"])
                        names = {node.get("name") for node in arch.iter("field")} & set(model._fields)
                        model.search_read([], list(names), limit=5)

    def test_every_action_explains_itself_when_empty(self):
        """Each list of ours says what belongs here; what opens as a dialog or as one form has no empty state."""
        ours = self._ours("ir.actions.act_window")
        lists = ours.filtered(lambda a: a.target != "new" and set(a.view_mode.split(",")) - {"form"})
        self.assertGreater(len(lists), 15)
        for action in lists:
            with self.subTest(action=action.xml_id):
                self.assertTrue(action.help and "o_view_nocontent" in action.help)

    def test_every_model_has_its_views(self):
        """Lists, forms and searches of our own for whatever is opened by itself; parts stand in the whole's form."""
        views = self._ours("ir.ui.view")
        parts = {
            "aftersale.touchpoint",
            "aftersale.feedback.dimension",
            "aftersale.feedback.sealed",
            "aftersale.sending",
            "aftersale.import.mapping.line",
        }
        for name, model in self.env.items():
            if not name.startswith("aftersale.") or model._abstract or model._transient or name in parts:
                continue
            kinds = set(views.filtered(lambda view, name=name: view.model == name).mapped("type"))
            wanted = {"list", "form", "search"} if model._auto else {"pivot", "graph", "search"}
            if name == "aftersale.timeline":
                # a click on a row opens the record it stands for
                wanted = {"list", "kanban", "search"}
            with self.subTest(model=name):
                self.assertLessEqual(wanted, kinds)

    def test_every_menu_leads_where_its_groups_may_read(self):
        """A group named on a menu, or on a folder above it, may read what the menu opens: no dead entry for anybody."""
        for menu in self._ours("ir.ui.menu").filtered("action"):
            action = menu.action
            model = action.res_model if "res_model" in action else action.model_id.model
            groups = menu.group_ids or self._folder_groups(menu)
            self.assertTrue(groups, menu.complete_name)
            for group in groups:
                user = self._user(f"asf_menu_{menu.id}_{group.id}", group.get_external_id()[group.id])
                with self.subTest(menu=menu.complete_name, group=group.name):
                    self.assertTrue(self.env[model].with_user(user).has_access("read"))

    def _folder_groups(self, menu):
        """Return the groups of the nearest folder above ``menu`` that names some."""
        folder = menu.parent_id
        while folder and not folder.group_ids:
            folder = folder.parent_id
        return folder.group_ids

    def _ours(self, model):
        data = self.env["ir.model.data"].search([("module", "=", "aftersale_followup"), ("model", "=", model)])
        return self.env[model].browse(data.mapped("res_id"))

    def test_forms_open_for_agents(self):
        """What an agent may read opens, with its links to records the agent may not read."""
        followup = self._ready()
        self.issue.sudo().user_id = self.agent
        for record in (followup, self.feedback, self.issue, self.plan_new):
            with self.subTest(record=record):
                Form(record.with_user(self.agent))

    def test_employee_opens_an_issue_of_the_department(self):
        employee = self._user("asf_employee", "base.group_user")
        self.env["hr.employee"].create({"name": "Solver", "user_id": employee.id})
        department = self.env["hr.department"].create({"name": "Workshop"})
        employee.employee_id.department_id = department
        self.issue.department_id = department
        self.env.invalidate_all()
        form = Form(self.issue.with_user(employee))
        self.assertNotIn("feedback_ids", form._view["fields"])

    def test_every_filter_and_grouping_works(self):
        """Each filter's domain is searched and each grouping computed, for every model with a search view of ours."""
        searches = self.env["ir.ui.view"].search([("type", "=", "search"), ("model", "like", "aftersale.%")])
        self.assertGreater(len(searches), 6)
        for view in searches:
            model = self.env[view.model]
            for node in etree.fromstring(view.arch).iter("filter"):
                with self.subTest(model=view.model, filter=node.get("name")):
                    if node.get("domain"):
                        model.search_count(safe_eval(node.get("domain"), {"uid": self.env.uid}))
                    groupby = safe_eval(node.get("context") or "{}").get("group_by")
                    if groupby:
                        self.assertIsInstance(model.formatted_read_group([], [groupby], ["__count"]), list)

    # -- follow-ups ------------------------------------------------------------

    def test_my_day_holds_what_the_agent_has_to_do(self):
        """Due, mine, and not on its way by itself."""
        phone = self.env.ref("aftersale_followup.channel_phone")
        email = self.env.ref("aftersale_followup.channel_email")
        today = self.company._aftersale_today()
        tomorrow = self.company._aftersale_add_workdays(today, 3)
        due = self._planned()
        call = self._planned(state="ready", channel_id=phone.id)
        others = (
            self._planned(state="ready", channel_id=email.id)
            | self._planned(user_id=self.agent_2.id)
            | self._planned(date_planned=tomorrow, date_deadline=tomorrow)
        )
        view = self.env.ref("aftersale_followup.aftersale_followup_view_search")
        node = etree.fromstring(view.arch).find(".//filter[@name='my_day']")
        domain = safe_eval(node.get("domain"), {"uid": self.agent.id})
        found = self.env["aftersale.followup"].search(domain)
        self.assertEqual(found & (due | call | others), due | call)

    # -- board -----------------------------------------------------------------

    def _columns(self):
        issues = self.env["aftersale.issue"].with_context(read_group_expand=True)  # as the board asks
        groups = issues.web_read_group([], ["state"], ["__count"])["groups"]
        return [group["state"] for group in groups]

    def test_board_shows_empty_columns_but_not_cancelled(self):
        self.env["aftersale.issue"].search([("state", "=", "cancelled")]).unlink()
        self.assertEqual(self._columns(), BOARD)

    def test_board_shows_cancelled_issues_that_exist_last(self):
        self._issue(cancel_reason="Entered twice").with_user(self.supervisor).action_cancel()
        self.assertEqual(self._columns(), [*BOARD, "cancelled"])

    def test_cancelling_asks_for_the_reason(self):
        issue = self._issue().with_user(self.supervisor)
        with self.assertRaisesRegex(UserError, "the reason for cancelling"):
            issue.action_cancel()
        issue.cancel_reason = "Entered twice"
        issue.action_cancel()
        self.assertEqual(issue.state, "cancelled")

    def test_quick_create_of_an_issue(self):
        issues = self.env["aftersale.issue"].with_user(self.supervisor)
        form = Form(issues, "aftersale_followup.aftersale_issue_view_form_quick_create")
        form.title = "Arrived late"
        form.partner_id = self.partner
        issue = form.save()
        self.assertEqual(issue.state, "new")
        self.assertTrue(issue.name.startswith("ISS/"))

    def test_similar_feedback_is_what_was_counted(self):
        tag = self.issue.tag_ids
        other_product = self._product("Toaster", quantity=0)
        same = self._answer(score=2, tag_ids=[Command.set(tag.ids)])
        elsewhere = self._answer(score=2, tag_ids=[Command.set(tag.ids)], product_ids=[Command.set(other_product.ids)])
        found = self.env["aftersale.feedback"].search(self.issue.action_view_similar()["domain"])
        self.assertIn(same, found)
        self.assertNotIn(elsewhere, found)
        self.assertEqual(len(found), self.issue.occurrence_count)

    # -- inherited views -------------------------------------------------------

    def test_smart_buttons(self):
        followup = self.order.aftersale_followup_ids
        self.assertTrue(followup)
        for record in (self.order, self.picking):
            action = record.action_aftersale_followups()
            self.assertEqual(self.env[action["res_model"]].search(action["domain"]), followup)
        action = self.partner.action_aftersale_issues()
        self.assertIn(self.issue, self.env[action["res_model"]].search(action["domain"]))

    def test_partner_form_without_our_role(self):
        for user, shown in ((self.agent, True), (self._user("asf_stranger", "base.group_user"), False)):
            arch = self.env["res.partner"].with_user(user).get_views([(False, "form")])["views"]["form"]["arch"]
            self.assertEqual("aftersale_channel_id" in arch, shown, user.login)

    def test_receipt_date_is_on_deliveries(self):
        arch = self.env["stock.picking"].get_views([(False, "form")])["views"]["form"]["arch"]
        node = etree.fromstring(arch).find(".//field[@name='aftersale_receipt_date']")
        self.assertIn("outgoing", node.get("invisible"))

    def test_nothing_that_staff_may_not_write_can_be_typed_into_an_answer(self):
        """Else saving says that an answer is not changed. A star in a list is written by a click."""
        Feedback = self.env["aftersale.feedback"].with_user(self.supervisor)
        for name in ("feedback_view_form", "feedback_view_list", "suggestion_view_list"):
            view = self.env.ref(f"aftersale_followup.aftersale_{name}")
            arch = etree.fromstring(Feedback.get_view(view.id, view.type)["arch"])
            nodes = arch.xpath("//field[not(ancestor::field)]")
            nodes = [node for node in nodes if node.get("readonly") not in ("1", "True")]
            if view.type == "list" and not arch.get("multi_edit"):
                nodes = [node for node in nodes if node.get("widget") in ("priority", "boolean_toggle")]
            names = {node.get("name") for node in nodes if not Feedback._fields[node.get("name")].readonly}
            self.assertEqual(names - STAFF_FIELDS, set(), name)
