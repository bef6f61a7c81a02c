from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .aftersale_plan import ERROR_LIMIT
from .planning_occasion import prepare_occasion

# So many customers are planned while the user waits; longer lists are left to the cron, batch by batch.
BATCH = 500
# Who could not be planned, since another worker had the rows in hand or something failed, is tried again after this.
RETRY = timedelta(minutes=10)


class AftersaleTarget(models.Model):
    """What planning makes of a list: shown before, then done, in batches that can be interrupted at any point."""

    _inherit = "aftersale.target"

    def _preview(self):
        """Note on the chosen lines what planning would do with them now; plans nothing."""
        self.ensure_one()
        self.line_ids._mark_contacts()
        chosen = self.line_ids.filtered("is_chosen")
        plan = self.plan_id.with_company(self.company_id)
        chosen._note_outcome(plan._prepare_rows(chosen._aftersale_occasions("manual")))

    def _drop_doubles(self):
        seen = set()
        doubles = self.env["aftersale.target.line"]
        for line in self.line_ids.filtered("is_chosen"):
            keys = line._get_keys()
            if keys & seen:
                doubles |= line
            seen |= keys
        doubles.is_chosen = False
        self._preview()

    def _get_occasion_facts(self):
        """Return what the occasions of all customers of this list have in common."""
        self.ensure_one()
        note = False
        if not self.issue_id:
            note = self.env._(
                "Chosen with %(drawn)s of %(all)s matching customers, draw number %(seed)s.",
                drawn=self.line_count,
                all=self.candidate_count,
                seed=self.seed,
            )
        return {
            "prefix": f"ripple:{self.issue_id.id}" if self.issue_id else f"target:{self.id}",
            "label": self.env._("target list “%s”", self.name),
            "moment": self._get_moment(),
            "note": note,
        }

    def _prepare_occasion(self, line, prefix, label, moment, note):
        """Return what planning must know about contacting the customer of ``line`` (see `prepare_occasion`)."""
        order = line.order_id
        return prepare_occasion(
            self.company_id,
            line.partner_id,
            f"{prefix}:{line.partner_id.id}",
            label,
            moment,
            note=note,
            plan=self.plan_id,
            target=self,
            ripple_issue=self.issue_id,
            # A check follows its order: goods that came back since need none. A list is about no single order.
            order=order if self.issue_id else order.browse(),
            products=self.about_product_ids or line.product_ids,
            team=order.team_id,
            sales_user=order.user_id,
            amount=order.amount_total / (order.currency_rate or 1.0),
        )

    # ------------------------------------------------------------
    # Planning
    # ------------------------------------------------------------

    def action_plan(self):
        """Plan the follow-ups of the chosen customers, at once or (long lists) in the background; once only."""
        self.ensure_one()
        self.check_access("write")
        target = self.sudo()
        target.lock_for_update(allow_referencing=True)
        if target.state == "draft":
            target._check_plannable()
            now = fields.Datetime.now()
            target.write({"state": "planning", "date_confirmed": now, "confirmed_by_id": self.env.uid})
            if target.chosen_count > BATCH:
                self.env.ref("aftersale_followup.ir_cron_target")._trigger()
                return False
            target._plan_batch(target._get_waiting())
        return self.action_view_followups() if target.state == "planned" else False

    def _check_plannable(self):
        if not self.chosen_count:
            raise UserError(self.env._("“%s” holds no customer yet. Draw some first.", self.name))
        if self.is_stale:
            raise UserError(self.env._("The criteria of “%s” changed after the draw. Draw again first.", self.name))
        if not self.plan_id.active:
            raise UserError(self.env._("Plan “%s” is paused. Start it first.", self.plan_id.name))

    def _get_waiting(self):
        """Return the lines of the chosen customers about whom planning has not decided yet."""
        return self.line_ids.filtered(lambda line: line.is_chosen and not line.is_done)

    def _plan_batch(self, lines):
        """Plan the customers of ``lines``; the list is planned when none waits. One bad customer stops no others."""
        self.ensure_one()
        left = self.plan_id._sweep_batch(lines)
        settled = lines - left
        rows = self.followup_ids.search(
            [("target_id", "=", self.id), ("partner_id", "in", settled.partner_id.ids)],
        )
        settled._note_outcome([row._get_outcome() for row in rows])
        settled.is_done = True
        left._note_failure()
        if not self._get_waiting():
            self.state = "planned"
        elif left:
            soon = fields.Datetime.now() + RETRY
            self.env.ref("aftersale_followup.ir_cron_target")._trigger(at=soon)

    @api.model
    def _cron_plan_targets(self):
        """Go on with the lists that are being planned; what is done is committed after each batch."""
        targets = self.search([("state", "=", "planning")], order="date_confirmed, id")
        for index, target in enumerate(targets):
            # Each line once a run: what fails is tried again in the next one.
            waiting = target._get_waiting()
            for start in range(0, len(waiting) or 1, BATCH):
                target._plan_batch(waiting[start : start + BATCH])
                left = max(len(waiting) - start - BATCH, 0)
                batches = -(-left // BATCH) + len(targets) - index - 1
                if not self.env["ir.cron"]._commit_progress(1, remaining=batches):
                    return


class AftersalePlan(models.Model):
    _inherit = "aftersale.plan"

    def action_choose_customers(self):
        """Open a new target list for this plan."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_target_action")
        action.update(views=[(False, "form")], context={"default_plan_id": self.id})
        return action


class AftersaleFollowup(models.Model):
    _inherit = "aftersale.followup"

    target_id = fields.Many2one(
        "aftersale.target",
        "Target List",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="The list from which this customer was chosen.",
    )

    def _get_outcome(self):
        """Return what planning made of this customer, in the form of its rows."""
        self.ensure_one()
        return {
            "partner_id": self.partner_id.id,
            "state": self.state,
            "skip_reason": self.skip_reason,
            "date_planned": self.date_planned,
            "why": self.explanation,
        }


class AftersaleTargetLine(models.Model):
    _inherit = "aftersale.target.line"

    def _aftersale_occasions(self, trigger):
        """Return what planning needs to know of each customer of the lists, as dictionaries."""
        occasions = []
        for target, lines in self.grouped("target_id").items():
            facts = target._get_occasion_facts()
            occasions += [target._prepare_occasion(line, **facts) for line in lines]
        return occasions

    def _note_failure(self):
        """Count one more failed try; who cannot be planned three times is left alone, and the list says so."""
        for line in self:
            line.tries += 1
            if line.tries >= ERROR_LIMIT:
                line.write(
                    {"is_done": True, "skip_reason": "failed", "explanation": line.target_id.plan_id.error_message}
                )

    def _note_outcome(self, rows):
        """Note on each line whether and when its customer is contacted, by ``rows`` as planning prepares them.

        With several touchpoints the first contact counts; only who gets none of them is not contacted.
        """
        by_partner = defaultdict(list)
        for row in rows:
            by_partner[row["partner_id"]].append(row)
        for line in self:
            own = by_partner[line.partner_id.id]
            held = sorted((row for row in own if row["state"] != "skipped"), key=lambda row: row["date_planned"])
            told = (held or own or [None])[0]
            # Planned all the same, since data may be corrected until then; as things stand nobody is reached.
            reason = "no_contact" if held and line.contact_state == "missing" else False
            line.write(
                {
                    "skip_reason": reason if held else told["skip_reason"] if told else "outside",
                    "date_planned": held[0]["date_planned"] if held else False,
                    "contacts": len(held),
                    "explanation": told["why"] if told else False,
                }
            )
