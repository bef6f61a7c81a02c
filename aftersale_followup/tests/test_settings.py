from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import AftersaleCase

VIEW = "aftersale_followup.res_company_view_form_settings"
PRIVACY_VIEW = "aftersale_followup.res_company_view_form_privacy"


@tagged("post_install", "-at_install")
class TestSettings(AftersaleCase):
    """One page of settings, which an after-sales manager saves without being an administrator."""

    def setUp(self):
        super().setUp()
        self.mine = self.company.with_user(self.manager)

    def _own_fields(self):
        return {
            name: field
            for name, field in self.env["res.company"]._fields.items()
            if name.startswith("aftersale_") and field.store and not field.readonly and not field.groups
        }

    def _privacy_fields(self):
        return {
            name
            for name, field in self.env["res.company"]._fields.items()
            if name.startswith("aftersale_") and field.groups
        }

    def test_every_setting_is_shown_and_explained(self):
        for view, names in ((VIEW, set(self._own_fields())), (PRIVACY_VIEW, self._privacy_fields())):
            settings = etree.fromstring(self.env.ref(view).arch).findall(".//setting")
            shown = {field.get("name") for setting in settings for field in setting.iter("field")}
            self.assertEqual(shown, names)
            for setting in settings:
                self.assertTrue(setting.get("help"), etree.tostring(setting))
                loose = (setting.text or "") + "".join(child.tail or "" for child in setting)
                self.assertFalse(loose.strip(), "text right in a setting is not shown")

    def test_privacy_saves_retention_and_masking_and_it_is_noted(self):
        privacy = new_test_user(self.env, "asf_privacy", groups="aftersale_followup.group_privacy")
        action = self.env["res.company"].with_user(privacy)._aftersale_settings_action("privacy")
        self.assertEqual((action["res_model"], action["res_id"]), ("res.company", self.company.id))
        with Form(self.company.with_user(privacy), view=PRIVACY_VIEW) as form:
            form.aftersale_log_months = 24
            form.aftersale_masking = False
        self.assertEqual((self.company.aftersale_log_months, self.company.aftersale_masking), (24, False))
        rows = self.env["aftersale.access.log"].search([("purpose", "=", "settings")])
        self.assertEqual((rows.user_id, rows.company_id), (privacy, self.company))
        self.assertIn("(months): 12 → 24", rows.note)
        self.assertIn("Mask Contact Data: True → False", rows.note)
        self.company.with_user(privacy).aftersale_log_months = 24
        self.assertEqual(self.env["aftersale.access.log"].search([("purpose", "=", "settings")]), rows)
        with self.assertRaises(AccessError):
            self.company.with_user(privacy).aftersale_cap_days = 1

    def test_who_is_watched_does_not_say_for_how_long(self):
        fields = {
            "aftersale_masking",
            "aftersale_answer_months",
            "aftersale_log_months",
            "aftersale_notice_months",
            "aftersale_notice_date",
            "aftersale_sender_days",
        }
        self.assertEqual(self._privacy_fields(), fields)
        administrator = self._user("asf_administrator", "base.group_system,aftersale_followup.group_manager")
        for user in (self.supervisor, self.manager, administrator):
            for name in fields:
                with self.subTest(user=user.login, field=name), self.assertRaises(AccessError):
                    self.company.with_user(user).write({name: self.company[name]})

    def test_manager_saves_the_page(self):
        action = self.env["res.company"].with_user(self.manager)._aftersale_settings_action()
        self.assertEqual((action["res_model"], action["res_id"]), ("res.company", self.company.id))
        with Form(self.mine, view=VIEW) as form:
            form.aftersale_cap_days = 11
            form.aftersale_issue_policy = "high"
            form.aftersale_report_recipient_ids.add(self.partner)
        self.assertEqual(self.company.aftersale_cap_days, 11)
        self.assertEqual(self.company.aftersale_issue_policy, "high")
        self.assertEqual(self.company.aftersale_report_recipient_ids, self.partner)

    def test_manager_may_write_every_setting(self):
        for name, field in self._own_fields().items():
            with self.subTest(field=name):
                value = self.company[name]
                self.mine.write({name: [Command.set(value.ids)] if field.type == "many2many" else value})

    def test_the_form_is_not_read_only_for_managers(self):
        views = self.env["res.company"].with_user(self.manager).get_views([(self.env.ref(VIEW).id, "form")])
        self.assertEqual(etree.fromstring(views["views"]["form"]["arch"]).get("edit"), "1")
        for name in self._own_fields():
            self.assertFalse(views["models"]["res.company"]["fields"][name]["readonly"], name)

    def test_nobody_below_saves_them(self):
        for user in (self.agent, self.supervisor, self._user("asf_stranger", "base.group_user")):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.company.with_user(user).write({"aftersale_cap_days": 1})
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                action = self.env.ref("aftersale_followup.res_company_action_settings_open")
                action.with_user(user).with_context(active_model="res.company").run()

    def test_nothing_else_of_the_company(self):
        for vals in ({"name": "Mine"}, {"aftersale_cap_days": 1, "email": "me@example.com"}, {}):
            before = self.company.name
            with self.subTest(vals=vals):
                if vals:
                    with self.assertRaises(AccessError):
                        self.mine.write(vals)
                self.assertFalse(self.mine._aftersale_may_set(vals))
            self.assertEqual(self.company.name, before)

    def test_no_other_company(self):
        other = self.env["res.company"].create({"name": "Other company"})
        with self.assertRaises(AccessError):
            other.with_user(self.manager).write({"aftersale_cap_days": 1})
        with self.assertRaises(AccessError):
            (self.company | other).with_user(self.manager).write({"aftersale_cap_days": 1})
        self.manager.company_ids = [Command.link(other.id)]
        other.with_user(self.manager).with_context(allowed_company_ids=other.ids).write({"aftersale_cap_days": 1})
        self.assertEqual(other.aftersale_cap_days, 1)

    def test_no_record_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other company"})
        team = self.env["crm.team"].create({"name": "Elsewhere", "company_id": other.id})
        with self.assertRaises(UserError):
            self.mine.write({"aftersale_team_id": team.id})
        partner = self.env["res.partner"].create({"name": "Elsewhere", "company_id": other.id})
        with self.assertRaises(UserError):
            self.mine.write({"aftersale_report_recipient_ids": [Command.link(partner.id)]})

    def test_no_record_that_the_manager_cannot_see(self):
        hidden = self.env["crm.team"].create({"name": "Hidden", "company_id": self.company.id})
        self.env["ir.rule"].create(
            {
                "name": "Hidden team",
                "model_id": self.env.ref("sales_team.model_crm_team").id,
                "domain_force": f"[('id', '!=', {hidden.id})]",
            }
        )
        with self.assertRaises(AccessError):
            self.mine.write({"aftersale_team_id": hidden.id})

    def test_a_linked_record_is_not_changed_on_the_way(self):
        """Writing the address of a user's contact would be a way to that user's password."""
        admin = self.env.ref("base.partner_admin")
        address = admin.email
        self.company.aftersale_report_recipient_ids = admin
        for command in (
            Command.update(admin.id, {"email": "me@example.com"}),
            Command.create({"name": "Made"}),
            Command.delete(admin.id),
        ):
            with self.subTest(command=command), self.assertRaises(AccessError):
                self.mine.write({"aftersale_report_recipient_ids": [command]})
        self.assertEqual(admin.exists().email, address)

    def test_supervisors_see_all_teams_of_the_company_that_says_so(self):
        team = self.env["crm.team"].create({"name": "Elsewhere", "company_id": self.company.id})
        records = (self._planned(team_id=team.id, user_id=self.agent_2.id), self._issue(team_id=team.id))
        for record in records:
            self.assertFalse(record.with_user(self.supervisor).has_access("read"))
        self.mine.aftersale_all_teams = True
        for record in records:
            self.assertTrue(record.with_user(self.supervisor).has_access("read"))
        self.mine.aftersale_all_teams = False
        for record in records:
            self.assertFalse(record.with_user(self.supervisor).has_access("read"))

    def test_odoos_settings_show_the_way(self):
        arch = self.env["res.config.settings"].get_view(self.env.ref("base.res_config_settings_view_form").id, "form")[
            "arch"
        ]
        action = self.env.ref("aftersale_followup.res_company_action_settings_open")
        button = etree.fromstring(arch).find(f".//app[@name='aftersale_followup']//button[@name='{action.id}']")
        self.assertIsNotNone(button)
