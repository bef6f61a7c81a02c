from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.aftersale_followup.report.interval import difference_interval

from .common import AftersaleCase


class ActionCase(AftersaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan_improved = cls.env.ref("aftersale_followup.plan_improved")
        cls.plan_improved.date_start = "2020-01-01"
        cls.tag = cls.env.ref("aftersale_followup.tag_logistics_delay")
        cls.other_tag = cls.env.ref("aftersale_followup.tag_price")
        cls.now = fields.Datetime.now()

    @classmethod
    def _action(cls, **values):
        today = cls.company._aftersale_today()
        return cls.env["aftersale.action"].create(
            {
                "name": "Another carrier",
                "tag_ids": [Command.set(cls.tag.ids)],
                "user_id": cls.agent.id,
                "date_deadline": today + timedelta(days=7),
                "team_id": cls.team.id,
                **values,
            }
        )

    def _done(self, **values):
        action = self._action(**values)
        action.action_start()
        action.action_done()
        return action

    @classmethod
    def _customer(cls, name="Chen Lei", **values):
        email = f"{name.replace(' ', '.').lower()}@example.com"
        return cls.env["res.partner"].create({"name": name, "email": email, "lang": "en_US", **values})

    @classmethod
    def _said(cls, days, count=1, tag=None, **values):
        """Return ``count`` answers of ``days`` ago that nobody has to follow up."""
        return cls.env["aftersale.feedback"].create(
            [
                {
                    "date": cls.now - timedelta(days=days),
                    "score": 4,
                    "company_id": cls.company.id,
                    "tag_ids": [Command.set(tag.ids if tag else [])],
                    **values,
                }
                for _number in range(count)
            ]
        )


@tagged("post_install", "-at_install")
class TestActionCourse(ActionCase):
    def test_planned_in_progress_done(self):
        action = self._action()
        self.assertEqual(action.state, "planned")
        with self.assertRaisesRegex(UserError, "in one step"):
            action.action_done()
        action.action_start()
        action.action_done()
        self.assertEqual(action.state, "done")
        self.assertTrue(action.date_done)
        with self.assertRaisesRegex(UserError, "in one step"):
            action.write({"state": "cancelled", "cancel_reason": "Too late"})

    def test_what_is_missing_is_named(self):
        action = self._action(user_id=False, date_deadline=False)
        with self.assertRaisesRegex(UserError, "Another carrier.*an owner, a deadline"):
            action.state = "in_progress"
        action.write({"user_id": self.agent.id, "date_deadline": fields.Date.today(), "state": "in_progress"})
        with self.assertRaisesRegex(UserError, "the reason for cancelling"):
            action.action_cancel()
        with self.assertRaisesRegex(UserError, "an owner"):
            self._action(state="done", user_id=False)

    def test_the_database_holds_the_guards(self):
        action = self._action()
        action.action_start()
        for broken in ("user_id = NULL", "state = 'done'", "state = 'cancelled'", "date_done = now()"):
            with self.subTest(broken=broken), self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
                with self.env.cr.savepoint():
                    self.env.flush_all()
                    self.env.cr.execute(f"UPDATE aftersale_action SET {broken} WHERE id = %s", [action.id])

    def test_owner_carries_out_what_the_supervisor_agreed(self):
        action = self._action()
        own = action.with_user(self.agent)
        own.action_start()
        own.write({"note": "Asked three carriers", "user_id": self.agent.id})
        for vals in (
            {"date_deadline": fields.Date.today() + timedelta(days=90)},
            {"user_id": self.agent_2.id},
            {"target_rate": 90},
            {"tag_ids": [Command.clear()]},
            {"state": "cancelled", "cancel_reason": "No time"},
        ):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                own.write(vals)
        own.action_done()
        with self.assertRaises(AccessError):
            own.action_resume()
        action.with_user(self.supervisor).action_resume()
        self.assertEqual((action.state, action.date_done), ("in_progress", False))

    def test_effect_is_measured_not_claimed(self):
        action = self._done()
        for user in (self.supervisor, self.manager):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                action.with_user(user).write({"effect": "proven"})
        with self.assertRaises(AccessError):
            self.env["aftersale.action"].with_user(self.manager).create({"name": "x", "effect": "proven"})

    def test_late_is_a_matter_of_the_company_s_day(self):
        today = self.company._aftersale_today()
        late = self._action(date_deadline=today - timedelta(days=1))
        in_time = self._action(date_deadline=today)
        done = self._done(date_deadline=today - timedelta(days=1))
        actions = late | in_time | done
        self.assertEqual(actions.filtered("is_overdue"), late)
        domain = [("id", "in", actions.ids), ("is_overdue", "=", True)]
        self.assertEqual(self.env["aftersale.action"].search(domain), late)
        domain[1] = ("is_overdue", "=", False)
        self.assertEqual(self.env["aftersale.action"].search(domain), in_time | done)

    def test_problems_and_feedback_come_with_the_issues(self):
        feedback = self._feedback(score=2, detail="The lid leaks")
        issue = feedback.issue_ids
        issue.tag_ids = self.other_tag
        wish = self._said(3, suggestion="A white one")
        action = self._action(tag_ids=[Command.set([])])
        action.write({"issue_ids": [Command.set(issue.ids)], "suggestion_ids": [Command.set(wish.ids)]})
        self.assertEqual(action.tag_ids, self.other_tag)
        self.assertEqual(action.feedback_ids, feedback | wish)
        self.assertEqual((issue.action_ids, wish.action_ids), (action, action))
        self.assertEqual(self.env["aftersale.issue"].search(action.action_view_issues()["domain"]), issue)
        self.assertEqual(
            self.env["aftersale.feedback"].search(action.action_view_feedback()["domain"]), feedback | wish
        )
        self.assertEqual(self.env["aftersale.action"].search(issue.action_view_actions()["domain"]), action)

    def test_measure_against_what_issues_have_in_common(self):
        first = self._issue(department_id=self.env["hr.department"].create({"name": "Workshop"}).id)
        second = self._issue(partner_id=self._customer().id, product_id=self._product("Pan", quantity=0).id)
        issues = (first | second).with_user(self.supervisor)
        opened = issues.action_plan_measure()
        form = Form(self.env["aftersale.action"].with_user(self.supervisor).with_context(**opened["context"]))
        form.name = "Better seals"
        action = form.save()
        self.assertEqual(action.issue_ids, issues)
        self.assertEqual(action.tag_ids, first.tag_ids)
        self.assertEqual(action.product_ids, (first | second).product_id)
        self.assertEqual((action.department_id, action.team_id), (first.department_id, self.team))

    def test_board_shows_empty_columns(self):
        actions = self.env["aftersale.action"].with_context(read_group_expand=True)
        domain = [("id", "=", self._action().id)]
        columns = [group["state"] for group in actions.web_read_group(domain, ["state"], ["__count"])["groups"]]
        self.assertEqual(columns, ["planned", "in_progress", "done"])


@tagged("post_install", "-at_install")
class TestActionAccess(ActionCase):
    def test_measures_of_each_role(self):
        def employee(login, department):
            user = new_test_user(self.env, login, groups="base.group_user")
            self.env["hr.employee"].create({"name": login, "user_id": user.id, "department_id": department.id})
            return user

        logistics, packing, sales = self.env["hr.department"].create(
            [{"name": name, "company_id": self.company.id} for name in ("Logistics", "Packing", "Sales")]
        )
        other_team = self.env["crm.team"].create({"name": "Elsewhere", "company_id": self.company.id})
        mine = self._action()
        shared = self._action(
            user_id=self.manager.id, department_id=logistics.id, department_ids=[Command.set(packing.ids)]
        )
        no_team = self._action(user_id=self.manager.id, team_id=False)
        elsewhere = self._action(user_id=self.manager.id, team_id=other_team.id)
        actions = mine | shared | no_team | elsewhere
        expected = {
            employee("asf_logistics", logistics): shared,
            employee("asf_packing", packing): shared,
            employee("asf_sales", sales): actions.browse(),
            self.agent: mine,
            self.supervisor: mine | shared | no_team,
            self.manager: actions,
        }
        for user, visible in expected.items():
            with self.subTest(user=user.login):
                found = self.env["aftersale.action"].with_user(user).search([("id", "in", actions.ids)])
                self.assertEqual(found, visible.with_user(user))

    def test_other_company_s_measures_are_out_of_reach(self):
        company = self.env["res.company"].create({"name": "Other company"})
        action = self._action(company_id=company.id, team_id=False)
        self.assertFalse(action.with_user(self.manager).has_access("read"))

    def test_department_opens_the_form_without_customers(self):
        employee = new_test_user(self.env, "asf_worker", groups="base.group_user")
        department = self.env["hr.department"].create({"name": "Logistics"})
        self.env["hr.employee"].create({"name": "W", "user_id": employee.id, "department_id": department.id})
        action = self._action(department_id=department.id, suggestion_ids=[Command.set(self._said(1).ids)])
        self.env.invalidate_all()
        form = Form(action.with_user(employee))
        self.assertFalse({"feedback_ids", "suggestion_ids"} & set(form._view["fields"]))
        self.assertFalse(form.is_editable)
        form.note = "Asked the carriers"
        form.save()
        self.assertEqual(action.note, "Asked the carriers")
        for user in (self.agent, self.supervisor, self.manager):
            Form(action.with_user(user) if user != self.agent else self._action().with_user(user))

    def test_a_supervisor_sees_the_measure_just_planned(self):
        action = self.env["aftersale.action"].with_user(self.supervisor).create({"name": "New cartons"})
        self.assertEqual(action.team_id, self.team)


@tagged("post_install", "-at_install")
class TestActionFollowup(ActionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reported = cls._feedback(
            score=4, detail="Two days late", tag_ids=[Command.set(cls.tag.ids)], is_tag_confirmed=True
        )
        cls.issue = cls.reported.issue_ids
        cls.author = cls._customer()
        cls.wish = cls._said(5, partner_id=cls.author.id, suggestion="A faster courier")
        cls.links = {"issue_ids": [Command.set(cls.issue.ids)], "suggestion_ids": [Command.set(cls.wish.ids)]}

    def test_authors_are_asked_when_the_measure_is_done(self):
        action = self._done(**self.links)
        followups = action.followup_ids
        self.assertEqual(followups.partner_id, self.partner | self.author)
        self.assertEqual(followups.plan_id, self.plan_improved)
        self.assertEqual(
            set(followups.mapped("origin")), {f"action:{action.id}:{p.id}" for p in self.partner | self.author}
        )
        self.assertEqual(set(followups.mapped("state")), {"planned"})
        self.assertFalse(followups.issue_id, "it asks about the measure and verifies no issue")
        self.assertEqual(action.followup_count, 2)

    def test_planned_once_however_often_it_is_finished(self):
        action = self._done(**self.links)
        action.action_resume()
        action.action_done()
        self.assertFalse(self.plan_improved._plan_followups("resolution", action))
        self.assertEqual(len(action.followup_ids), 2)

    def test_issue_and_measure_have_their_own_plans(self):
        action = self._done(**self.links)
        self.issue.user_id = self.agent
        self.issue.state = "processing"
        self.issue.write({"root_cause": "Carrier", "solution": "Changed", "state": "done"})
        self.assertEqual(self.issue.verification_followup_ids.plan_id, self.plan_verify)
        self.assertEqual(action.followup_ids.plan_id, self.plan_improved)
        self.plan_improved.resolution_of = "issue"
        self.assertFalse(self.plan_improved._filter_occasions(action._aftersale_occasions("resolution")))
        self.assertTrue(self.plan_improved._filter_occasions(self.issue._aftersale_occasions("resolution")))

    def test_who_was_just_asked_about_it_is_not_asked_again(self):
        self.issue.user_id = self.agent_2
        self.issue.state = "processing"
        self.issue.write({"root_cause": "Carrier", "solution": "Changed", "state": "done"})
        action = self._done(**self.links)
        rows = {row.partner_id: row for row in action.followup_ids}
        self.assertEqual((rows[self.partner].state, rows[self.partner].skip_reason), ("skipped", "duplicate"))
        self.assertEqual(rows[self.author].state, "planned")
        again = self._done(suggestion_ids=self.links["suggestion_ids"], name="Track the goods")
        self.assertEqual(again.followup_ids.skip_reason, "duplicate", "the same problem, a second measure")
        other = self._done(
            suggestion_ids=self.links["suggestion_ids"], name="Lower prices", tag_ids=[Command.set(self.other_tag.ids)]
        )
        self.assertEqual(other.followup_ids.state, "planned")

    def test_asked_long_ago_is_asked_again(self):
        first = self._done(**self.links).followup_ids
        first.write({"date_planned": self.company._aftersale_today() - timedelta(days=31)})
        self.assertEqual(set(self._done(**self.links).followup_ids.mapped("state")), {"planned"})

    def test_later_reports_are_no_reason_to_ask(self):
        self.wish.date = self.now + timedelta(days=1)
        self.assertEqual(self._done(**self.links).followup_ids.partner_id, self.partner)

    def test_sweep_plans_what_the_hook_missed(self):
        Plan = self.env.registry["aftersale.plan"]
        with (
            patch.object(Plan, "_plan_followups", side_effect=ValueError("broken")),
            mute_logger("odoo.addons.aftersale_followup.models.aftersale_plan_planning"),
        ):
            action = self._done(**self.links)
        self.assertEqual(action.state, "done", "planning never stops the user")
        self.assertFalse(action.followup_ids)
        self.assertEqual(self.plan_improved._get_missed(), action)
        self.plan_improved._sweep_batch(action)
        self.assertEqual(len(action.followup_ids), 2)
        self.assertFalse(self.plan_improved._get_missed())
        self.assertFalse(self.plan_verify._get_missed())

    def test_measures_of_before_the_plan_are_left_alone(self):
        self.plan_improved.date_start = fields.Date.today()
        action = self._action(state="done", date_done=self.now - timedelta(days=20), **self.links)
        self.assertFalse(action.followup_ids)
        self.assertFalse(self.plan_improved._get_missed())

    def test_invitation_names_the_measure(self):
        followup = self._done(**self.links).followup_ids.filtered(lambda f: f.partner_id == self.partner)
        texts = followup._get_placeholders()
        self.assertEqual((texts["solution"], texts["issue"]), ("Another carrier", self.issue.title))
        followup._contact()
        mail = self.env["mail.mail"].sudo().search([("model", "=", followup._name), ("res_id", "=", followup.id)])
        self.assertIn("Another carrier", mail.body_html)
        self.assertIn("We changed what you reported", mail.subject)

    def test_a_bad_answer_opens_an_issue_and_reopens_none(self):
        followup = self._done(**self.links).followup_ids.filtered(lambda f: f.partner_id == self.author)
        followup._contact()
        answer = self._feedback(followup, score=1, resolved="no", detail="Still late")
        self.assertTrue(answer.issue_ids)
        self.assertNotIn(self.issue, answer.issue_ids)

    def test_planning_needs_no_query_per_customer(self):
        def batch(count):
            number = self.env["aftersale.feedback"].search_count([])
            wishes = self.env["aftersale.feedback"]
            for index in range(count):
                wishes |= self._said(5, partner_id=self._customer(f"Many {number} {index}").id, suggestion="Faster")
            action = self._action(suggestion_ids=[Command.set(wishes.ids)])
            action.action_start()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            action.action_done()
            self.env.flush_all()
            self.assertEqual(len(action.followup_ids), count)
            return self.env.cr.sql_log_count - before

        batch(1)  # warms the caches
        few, many = batch(3), batch(40)
        self.assertLessEqual(many, few + 3)


@tagged("post_install", "-at_install")
class TestActionEffect(ActionCase):
    def _measured(self, **values):
        action = self._action(state="done", date_done=self.now - timedelta(days=40), **values)
        self._run_cron()
        return action

    def _run_cron(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_effect").method_direct_trigger()
        self.env.invalidate_all()

    def test_difference_interval_matches_published_values(self):
        # Newcombe 1998, method 10: 56/70 against 48/80, and 9/10 against 3/10
        low, high = difference_interval(56, 70, 48, 80)
        self.assertAlmostEqual(low, 0.0524, places=4)
        self.assertAlmostEqual(high, 0.3339, places=4)
        low, high = difference_interval(9, 10, 3, 10)
        self.assertAlmostEqual(low, 0.1705, places=4)
        self.assertAlmostEqual(high, 0.8090, places=4)
        self.assertEqual(difference_interval(0, 0, 3, 10), (None, None))

    def test_proven(self):
        self._said(50, 14, self.tag)
        self._said(50, 26)
        self._said(30, 4, self.tag)
        self._said(30, 46, self.other_tag)
        action = self._measured()
        self.assertEqual((action.sample_before, action.sample_after), (40, 50))
        self.assertAlmostEqual(action.rate_before, 35.0)
        self.assertAlmostEqual(action.rate_after, 8.0)
        low, high = difference_interval(4, 50, 14, 40)
        self.assertAlmostEqual(action.change_low, 100 * low)
        self.assertAlmostEqual(action.change_high, 100 * high)
        self.assertEqual(action.effect, "proven")
        self.assertFalse(action.activity_ids)

    def test_no_evidence(self):
        self._said(50, 7, self.tag)
        self._said(50, 13)
        self._said(30, 4, self.tag)
        self._said(30, 16)
        self.assertEqual(self._measured().effect, "no_evidence")

    def test_too_few_answers_prove_nothing(self):
        self._said(50, 4, self.tag)
        self._said(30, 4)
        action = self._measured()
        self.assertEqual((action.rate_before, action.rate_after), (100.0, 0.0))
        self.assertEqual(action.effect, "no_evidence")
        self.assertEqual(self._measured(tag_ids=[Command.set(self.other_tag.ids)]).effect, "no_evidence")

    def test_worse_calls_for_a_decision(self):
        self._said(50, 2, self.tag)
        self._said(50, 38)
        self._said(30, 20, self.tag)
        self._said(30, 20)
        action = self._measured()
        self.assertEqual(action.effect, "worse")
        self.assertEqual(action.activity_ids.user_id, self.supervisor)

    def test_only_valid_answers_of_the_windows_and_products_count(self):
        pan = self._product("Pan", quantity=0)
        about = {"product_ids": [Command.set(pan.ids)]}
        self._said(50, 1, self.tag, **about)
        self._said(50, 1, **about)
        self._said(50, 5, self.tag, product_ids=[Command.set(self.product.ids)])
        self._said(50, 5, self.tag, evidence="suspicious", suspicious_reason="Too fast", **about)
        self._said(50, 5, self.tag, scenario="resolution_check", **about)
        self._said(71, 5, self.tag, **about)
        self._said(30, 3, **about)
        self._said(9, 5, self.tag, **about)
        company = self.env["res.company"].create({"name": "Other company"})
        self._said(50, 5, self.tag, company_id=company.id, **about)
        action = self._measured(product_ids=[Command.set(pan.ids)])
        self.assertEqual((action.sample_before, action.rate_before), (2, 50.0))
        self.assertEqual((action.sample_after, action.rate_after), (3, 0.0))

    def test_an_answer_with_two_of_the_tags_counts_once(self):
        both = self.tag | self.other_tag
        self._said(50, 1, both)
        self._said(50, 1)
        action = self._measured(tag_ids=[Command.set(both.ids)])
        self.assertEqual((action.sample_before, action.rate_before), (2, 50.0))

    def test_measured_once_when_the_time_after_has_passed(self):
        early = self._action(state="done", date_done=self.now - timedelta(days=29))
        untagged = self._action(state="done", date_done=self.now - timedelta(days=40), tag_ids=[Command.set([])])
        action = self._measured()
        self.assertFalse(early.date_effect or untagged.date_effect)
        measured_on = action.date_effect
        self.assertTrue(measured_on)
        self._said(30, 10, self.tag)
        self._run_cron()
        self.assertEqual((action.sample_after, action.date_effect), (0, measured_on))
        self.company.aftersale_effect_days = 20
        self._run_cron()
        self.assertTrue(early.date_effect)

    def test_resumed_measures_are_measured_anew(self):
        action = self._measured()
        action.action_resume()
        self.assertFalse(action.effect or action.date_effect or action.date_done)

    def test_one_bad_measure_stops_no_other(self):
        bad = self._action(state="done", date_done=self.now - timedelta(days=50))
        measure = self.env.registry["aftersale.action"]._measure_effect

        def fail(actions):
            if bad in actions:
                raise ValueError("broken")
            return measure(actions)

        with (
            patch.object(self.env.registry["aftersale.action"], "_measure_effect", fail),
            mute_logger("odoo.addons.aftersale_followup.models.aftersale_action_effect"),
        ):
            good = self._measured()
        self.assertEqual((bool(bad.date_effect), bool(good.date_effect)), (False, True))

    def test_measuring_needs_no_query_per_measure(self):
        self._said(50, 10, self.tag)

        def queries(count):
            actions = self.env["aftersale.action"]
            for _number in range(count):
                actions |= self._action(state="done", date_done=self.now - timedelta(days=40))
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            actions._count_feedback()
            return self.env.cr.sql_log_count - before

        self.assertEqual(queries(1), queries(20))
