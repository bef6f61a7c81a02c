from unittest.mock import patch

from odoo import fields
from odoo.tests import freeze_time, tagged

from .common import AftersaleCase

CRON = "aftersale_followup.ir_cron_contact"
SCHEDULER = "odoo.addons.base.models.ir_cron"


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestContactBacklog(AftersaleCase):
    """However much is due, it is worked off in one go: in batches, each committed, and without a rest."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch("odoo.addons.aftersale_followup.models.aftersale_followup_cron.BATCH", 2))
        cls.Followup = type(cls.env["aftersale.followup"])

    def _due(self, number, name="due", **values):
        partners = self.env["res.partner"].create(
            [{"name": f"{name} {n}", "email": f"{name}{n}@example.com"} for n in range(number)]
        )
        rows = self.env["aftersale.followup"].union(*(self._planned(partner=partner, **values) for partner in partners))
        self.env.flush_all()
        return rows

    def _expired(self, number):
        now = fields.Datetime.now()
        phone = self.env.ref("aftersale_followup.channel_phone")
        return self._due(number, "expired", state="ready", channel_id=phone.id, date_next=now, date_expiry=now)

    def _run(self, in_time=True):
        """Run the job as the scheduler does; when its time is out, after one batch in each of two calls.

        Return how many batches were committed and whether the job comes again at once.
        """
        job, Cron = self.env.ref(CRON), type(self.env["ir.cron"])
        commit, trigger, committed, triggered = Cron._commit_progress, Cron._trigger, [], []

        def count(cron, *args, **options):
            committed.append(args)
            return commit(cron, *args, **options)

        def note(cron, at=None):
            triggered.append((cron.id, at))
            return trigger(cron, at)

        with (
            patch.object(Cron, "_commit_progress", count),
            patch.object(Cron, "_trigger", note),
            patch(f"{SCHEDULER}.MIN_TIME_PER_JOB", 600 if in_time else -1),
            patch(f"{SCHEDULER}.MIN_RUNS_PER_JOB", 2),
            self.enter_registry_test_mode(),
        ):
            self.assertIs(job.method_direct_trigger(), True, "It failed.")
        self.env.invalidate_all()
        return len(committed), (job.id, None) in triggered

    def test_all_batches_are_done_in_one_run(self):
        rows = self._due(5)
        self.assertEqual(self._run(), (3, False))
        self.assertEqual(set(rows.mapped("state")), {"ready"})

    def test_out_of_time_it_comes_again_at_once(self):
        """Also where the scheduler is told that nothing is left, since it asks after each kind of work."""
        rows = self._due(7)
        self.assertEqual(self._run(in_time=False), (2, True))
        self.assertEqual(rows.mapped("state"), ["ready"] * 4 + ["planned"] * 3)
        self.assertEqual(self._run(in_time=False), (2, True))
        self.assertEqual(set(rows.mapped("state")), {"ready"})
        self.assertEqual(self._run(in_time=False), (0, False), "Nothing is due: it rests.")

    def test_expired_links_keep_nobody_from_being_contacted(self):
        expired, due = self._expired(2), self._due(1)
        self.assertEqual(self._run(in_time=False), (1, True))
        self.assertEqual((set(expired.mapped("state")), due.state), ({"expired"}, "planned"))
        self.assertEqual(self._run(), (1, False))
        self.assertEqual(due.state, "ready")

    def test_every_expired_link_ends_in_one_run(self):
        expired = self._expired(5)
        expired[0].error_count = 9  # parked
        self.assertEqual(self._run(), (3, False))
        self.assertEqual(set(expired.mapped("state")), {"expired"})

    def test_what_others_have_in_hand_stops_nobody(self):
        rows = self._due(5)
        lock, held = self.Followup.try_lock_for_update, set(rows[:2].ids)

        def try_lock(followups, **options):
            return lock(followups.filtered(lambda followup: followup.id not in held), **options)

        with patch.object(self.Followup, "try_lock_for_update", try_lock):
            self.assertEqual(self._run(), (3, False), "Neither stuck nor coming again and again.")
        self.assertEqual(rows.mapped("state"), ["planned"] * 2 + ["ready"] * 3)

    def test_who_answers_while_others_expire_is_not_ended(self):
        expired = self._expired(3)
        expire, answered = self.Followup._expire, expired[2].id

        def expire_while_somebody_answers(followups):
            expire(followups)
            last = followups.browse(answered)
            if last.state == "ready":
                last._set_state("done")

        with patch.object(self.Followup, "_expire", expire_while_somebody_answers):
            self._run()
        self.assertEqual(expired.mapped("state"), ["expired", "expired", "done"])

    def test_a_follow_up_that_stays_due_is_met_once_a_run(self):
        rows = self._due(3)
        met = []
        with patch.object(self.Followup, "_process_isolated", lambda followups: met.extend(followups.ids)):
            self.assertEqual(self._run(), (2, False))
        self.assertEqual(sorted(met), sorted(rows.ids))
