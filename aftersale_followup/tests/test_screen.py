from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..models.sender import Sender, get_network
from .capture_common import CaptureCase

# Public addresses, as those of visitors are.
HOME, OFFICE = "93.184.216.34", "93.184.216.35"


class ScreenCase(CaptureCase):
    def _answer(self, form=None, dwell=300, sender=None, **values):
        """Return the feedback of an answer on the page of a follow-up of its own."""
        followup = self._followup(**values)
        return followup._record_answers(
            self._read(form or self._form(4)), "customer", dwell=dwell, sender=sender and Sender(*sender)
        )

    def _line(self, place, **texts):
        """Return the form of an answer with the same place on every scale, 0 the first and 1 the last."""
        form = self._form(1 + round(4 * place), **texts)
        matrix = self._question("dimension")
        form[f"q{self._question('nps')['id']}"] = [str(round(10 * place))]
        for row in matrix["rows"]:
            form[f"q{matrix['id']}_{row['id']}"] = [str(matrix["choices"][round(4 * place)]["id"])]
        return form


@tagged("post_install", "-at_install")
class TestFlags(ScreenCase):
    """What makes an answer suspicious, and what does not."""

    def test_straight_line_in_a_hurry_and_without_a_word(self):
        for place in (0, 0.5, 1):
            with self.subTest(place=place):
                self.assertIn("same point", self._answer(self._line(place), dwell=11).suspicious_reason)
        honest = (
            (self._line(1), 60),
            (self._line(1, detail="All fine"), 11),
            (self._form(5), 3),
        )
        for form, dwell in honest:
            self.assertEqual(self._answer(form, dwell=dwell).evidence, "recorded")
        self.company.aftersale_line_seconds = 0
        self.assertEqual(self._answer(self._line(1), dwell=11).evidence, "recorded")

    def test_too_fast_and_straight_both_are_named(self):
        reason = self._answer(self._line(1), dwell=1).suspicious_reason
        self.assertIn("in 1 seconds", reason)
        self.assertIn("same point", reason)

    def test_burst_of_one_device(self):
        answers = [self._answer(sender=(HOME, "Firefox")) for _n in range(2)]
        self._answer(sender=(HOME, "Chrome"))
        self._answer(sender=(OFFICE, "Firefox"))
        self.assertEqual({answer.evidence for answer in answers}, {"recorded"})
        answers[0].with_user(self.supervisor).write({"evidence": "confirmed"})
        third = self._answer(sender=(HOME, "Firefox"))
        self.assertEqual(answers[0].evidence, "confirmed", "What is decided stays decided.")
        self.assertEqual((answers[1].evidence, third.evidence), ("suspicious", "suspicious"), "The first ones, too.")
        self.assertFalse(third.is_valid)

    def test_burst_of_one_address(self):
        answers = [self._answer(sender=(HOME, f"device {number}")) for number in range(9)]
        self.assertEqual({answer.evidence for answer in answers}, {"recorded"}, "An office shares its address.")
        self._answer(sender=(HOME, "device 9"))
        self.assertEqual({answer.evidence for answer in answers}, {"suspicious"})

    def test_no_burst_over_hours_or_behind_a_proxy(self):
        for _n in range(3):
            self._answer(sender=(HOME, "Firefox")).date -= timedelta(hours=2)
        self.assertEqual(self._answer(sender=(HOME, "Firefox")).evidence, "recorded")
        hidden = [self._answer(sender=(address, "Firefox")) for address in ("10.0.0.1", "127.0.0.1", "") * 4]
        self.assertEqual({answer.evidence for answer in hidden}, {"recorded"})

    def test_one_connection_is_one_network(self):
        self.assertEqual(get_network("2a00:1450:4001:81b::200e"), "2a00:1450:4001:81b::/64")
        self.assertEqual(get_network("::ffff:93.184.216.34"), HOME)
        self.assertEqual(get_network("nonsense"), "nonsense")

    def test_no_address_is_stored_and_fingerprints_go(self):
        answer = self._answer(sender=(HOME, "Firefox"))
        self.assertNotIn(HOME, str(answer.sudo().read()))
        self.assertEqual(len(answer.sender_key), 64)
        with self.assertRaises(AccessError):
            answer.with_user(self.manager).read(["sender_key"])
        self._forget()
        self.assertTrue(answer.sender_key)
        answer.date = fields.Datetime.now() - timedelta(days=31)
        self._forget()
        self.assertFalse(answer.sender_key or answer.device_key)

    def _forget(self):
        for model, domain, method in self.company._aftersale_get_expired():
            if method == "_forget_sender":
                self.env[model].search(domain)._forget_sender()

    def test_anonymous_answers_leave_no_fingerprint(self):
        self.plan_new.allow_anonymous = True
        self._followup()._seal_answers(self._read(self._line(1)), dwell=11)
        sealed = self.env["aftersale.feedback.sealed"].search([], order="id desc", limit=1)
        self.assertIn("same point", sealed.answers["suspicious_reason"])
        self.assertFalse({"sender_key", "device_key"} & sealed.answers.keys())

    def test_staff_network(self):
        self.company.aftersale_staff_networks = "198.51.100.7, 93.184.216.0/24"
        self.assertIn("own network", self._answer(sender=(HOME, "Firefox")).suspicious_reason)
        self.assertEqual(self._answer(sender=("198.51.100.8", "Firefox")).evidence, "recorded")
        with self.assertRaisesRegex(ValidationError, "198.51.100.0/24"):
            self.company.aftersale_staff_networks = "the office"

    def test_colleague_who_is_logged_in(self):
        answer = self._answer(sender=(HOME, "Firefox", self.agent.id))
        self.assertIn(self.agent.name, answer.suspicious_reason)

    def test_score_and_words_contradict(self):
        odd = (
            (5, "Terrible service, never again!"),
            (4, "服务太差了，再也不会买"),
            (1, "非常满意，服务很好，谢谢"),
        )
        for score, words in odd:
            with self.subTest(words=words):
                self.assertEqual(self._answer(self._form(score, detail=words)).evidence, "suspicious")
        honest = (
            (5, "It came two days late, but it works."),
            (4, "没有失望，就是快递慢"),
            (2, "服务很好，但是产品坏了，有故障"),
            (1, "Terrible, never again"),
        )
        for score, words in honest:
            with self.subTest(words=words):
                self.assertEqual(self._answer(self._form(score, detail=words)).evidence, "recorded")

    def test_very_satisfied_with_what_is_not_solved(self):
        self.assertEqual(self._feedback(self._followup(), score=5, resolved="no").evidence, "suspicious")
        self.assertEqual(self._feedback(self._followup(), score=5, resolved="partly").evidence, "recorded")

    def test_late_though_received_in_time(self):
        late = f"q{self._question('category')['id']}"
        form = self._form(3) | {late: [str(self.env.ref("aftersale_followup.survey_new_category_late").id)]}
        order = self._order(commitment_date=fields.Datetime.now() + timedelta(days=1))
        picking = self._deliver(order)
        about = {"order_id": order.id, "picking_id": picking.id}
        unknown = self._answer(form, **about)
        self.assertEqual(unknown.evidence, "recorded", "When the goods came, nobody entered.")
        picking.aftersale_receipt_date = fields.Date.today()
        self.assertIn("Said to be late", self._answer(form, **about).suspicious_reason)
        picking.aftersale_receipt_date = fields.Date.today() + timedelta(days=3)
        self.assertEqual(self._answer(form, **about).evidence, "recorded")

    def test_nobody_answers_for_themselves(self):
        followup = self._followup(partner=self.agent.partner_id)
        with self.assertRaisesRegex(UserError, "for themselves"), self.env.cr.savepoint():
            followup._record_answers(self._read(self._form(5)), "staff", user=self.agent)
        followup._record_answers(self._read(self._form(5)), "staff", user=self.agent_2)

    def test_suspicion_does_not_stop_the_work(self):
        answer = self._answer(self._form(1, detail="It burned"), dwell=0)
        self.assertEqual((answer.evidence, answer.priority), ("suspicious", "1"))
        self.assertTrue(answer.issue_ids)


@tagged("post_install", "-at_install")
class TestDecisions(ScreenCase):
    """Who decides whether an answer counts, and how a wrong one is corrected."""

    def _suspicious(self, **values):
        return self._feedback(self._followup(), score=4, evidence="suspicious", **values)

    def test_on_a_phone_the_reason_is_read_and_decided_on_one_card(self):
        action = self.env.ref("aftersale_followup.aftersale_feedback_action_screen")
        self.assertEqual(action.mobile_view_mode, "kanban")
        view = action.view_ids.filtered(lambda line: line.view_mode == "kanban").view_id
        arch = etree.fromstring(
            self.env["aftersale.feedback"].with_user(self.supervisor).get_view(view.id, "kanban")["arch"]
        )
        self.assertEqual(
            arch.xpath("//button/@name"),
            ["action_confirm_evidence", "action_reject_evidence"],
            "beside the card's text",
        )
        self.assertEqual(arch.xpath("//field[@name='user_id']/@readonly"), ["1"], "Nobody becomes the agent by a slip")
        self.assertLessEqual({"suspicious_reason", "content", "score"}, set(arch.xpath("//templates//field/@name")))

    def _to_screen(self):
        return self.env["aftersale.feedback"].with_user(self.supervisor).search([("is_to_screen", "=", True)])

    def test_supervisor_believes_or_not(self):
        believed, refused, waiting = (self._suspicious() for _n in range(3))
        self.assertLessEqual(believed | refused | waiting, self._to_screen())
        for feedback in (believed, refused):
            with self.assertRaises(AccessError):
                feedback.with_user(self.agent).action_confirm_evidence()
            with self.assertRaises(AccessError):
                feedback.with_user(self.agent).action_reject_evidence()
        believed.with_user(self.supervisor).action_confirm_evidence()
        refused.with_user(self.supervisor).action_reject_evidence()
        self.assertEqual((believed.evidence, believed.is_valid), ("confirmed", True))
        self.assertEqual((refused.evidence, refused.is_valid), ("suspicious", False))
        self.assertEqual(refused.screened_by_id, self.supervisor)
        self.assertEqual(self._to_screen() & (believed | refused | waiting), waiting)
        refused.with_user(self.manager).action_confirm_evidence()
        self.assertTrue(refused.is_valid, "A decision can be taken back.")

    def _correct(self, feedback, user, **values):
        wizard = self.env["aftersale.correction"].with_user(user).with_context(default_feedback_id=feedback.id)
        with Form(wizard) as form:
            for name, value in values.items():
                setattr(form, name, value)
        return self.env["aftersale.feedback"].browse(form.record.action_correct()["res_id"])

    def test_correction_is_a_second_record(self):
        late = self.env.ref("aftersale_followup.tag_logistics_delay")
        first = self._feedback(
            self._followup(), score=1, nps="3", detail="Late", tag_ids=[Command.set(late.ids)], is_tag_confirmed=True
        )
        second = self._correct(first, self.supervisor, score="4", reason="Scale held upside down")
        self.assertEqual((first.score, first.is_valid, second.score, second.is_valid), (1, False, 4, True))
        self.assertEqual((second.detail, second.nps, second.tag_ids), ("Late", "3", late))
        self.assertEqual((second.user_id, second.source), (self.supervisor, "staff"))
        self.assertEqual(second.correction_reason, "Scale held upside down")
        self.assertEqual(second.issue_ids, first.issue_ids, "It is the same problem.")
        self.assertEqual((second.followup_id, second.partner_id), (first.followup_id, self.partner))
        with self.assertRaisesRegex(UserError, "Correct the later one"):
            first.with_user(self.supervisor).action_open_correction()
        self.assertTrue(self._correct(second, self.supervisor, score="3", reason="Heard the tape").is_valid)

    def test_correction_takes_over_or_corrects_whether_they_stay(self):
        first = self._feedback(self._followup(), score=4, stability="worse", loyalty=5)
        second = self._correct(first, self.supervisor, score="3", reason="Misheard")
        self.assertEqual((second.stability, second.loyalty), ("worse", 5))
        third = self._correct(second, self.supervisor, stability="same", loyalty="2", reason="Heard the tape")
        self.assertEqual((third.stability, third.loyalty, third.score), ("same", 2, 3))
        with self.assertRaisesRegex(UserError, "is not changed"):
            third.loyalty = 4

    def test_agents_complete_what_they_left_incomplete(self):
        Feedback = self.env["aftersale.feedback"]
        values = {"source": "staff", "user_id": self.agent.id, "partner_id": self.partner.id, "score": 4}
        mine = Feedback.create(values)
        theirs = Feedback.create({**values, "user_id": self.agent_2.id, "team_id": self.team.id})
        whole = Feedback.create({**values, "detail": "Fine"})
        customers = self._feedback(self._followup(), score=4)
        for feedback in (theirs, whole, customers):
            with self.assertRaises(AccessError):
                feedback.with_user(self.agent).action_open_correction()
        second = self._correct(mine, self.agent, detail="It works", reason="Forgotten to write it down")
        self.assertEqual((second.detail, second.user_id, mine.is_valid), ("It works", self.agent, False))
        self.assertFalse(second.is_incomplete or mine.is_incomplete)

    def test_whose_it_is_is_found_out(self):
        unknown = self.env["aftersale.feedback"].create(
            {"inbound_source": "form", "source": "customer", "detail": "It leaks", "score": 1, "email": "a@example.com"}
        )
        self.assertFalse(unknown.issue_ids)
        known = self._correct(unknown, self.supervisor, partner_id=self.partner, reason="Recognised by the address")
        self.assertEqual(known.partner_id, self.partner)
        self.assertEqual(known.issue_ids.partner_id, self.partner)
        self.assertEqual((known.inbound_source, known.channel_id.code), ("form", "inbound"))
