import hashlib
import logging
from contextlib import contextmanager

from psycopg2.errors import UniqueViolation

from odoo import api, models
from odoo.exceptions import LockError
from odoo.fields import Command
from odoo.tools.misc import clean_context

from .aftersale_plan import RANK
from .contact_cap import EXEMPT_CLASSES
from .planning_facts import PlanningFacts
from .planning_occasion import origins_of

_logger = logging.getLogger(__name__)


def row_values(row):
    """Return the field values of a planned ``row``."""
    technical = {"existing", "occasion", "window", "products", "survivor", "record", "why", "against_optout"}
    technical |= {"is_held", "moved"}
    values = {key: value for key, value in row.items() if key not in technical}
    survivor = row.get("survivor")
    if survivor:
        values["merged_into_id"] = (survivor["record"] if isinstance(survivor, dict) else survivor).id
    return values | {"product_ids": [Command.set(row["products"].ids)], "explanation": row["why"]}


class AftersalePlan(models.Model):
    """From an occasion (a delivery, a sale, a resolved issue, a finished measure) to planned follow-ups."""

    _inherit = "aftersale.plan"

    @api.model
    def _plan_followups(self, trigger, records):
        """Plan the follow-ups that ``records`` (deliveries, orders, issues, measures) lead to under ``trigger``.

        Called on plans, only these are looked at; called on the empty recordset, all live ones. Idempotent: what is
        planned already stays, a cancelled row is revived. Runs in sudo, company by company. Returns the new rows.
        """
        # What a form or a menu left in the context as defaults is not meant for our records.
        env = self.env(su=True, context=clean_context(self.env.context))
        plans = (self or self._get_live_plans(trigger)).with_env(env)
        created = self.env["aftersale.followup"].sudo()
        if not plans or not records:
            return created
        occasions = plans._get_occasions(trigger, records.with_env(env))
        by_company = {}
        for occasion in occasions:
            by_company.setdefault(occasion["company"], []).append(occasion)
        for company, group in by_company.items():
            own = plans.filtered(lambda p, c=company: not p.company_id or p.company_id == c)
            created |= own.with_company(company)._plan_occasions(group)
        return created

    def _get_occasions(self, trigger, records):
        """Return the occasions of ``records`` under ``trigger``; most are the same for every plan."""
        return records._aftersale_occasions(trigger)

    @api.model
    def _plan_isolated(self, trigger, records):
        """Plan from a business hook: whatever fails here never reaches the user, the sweep tries again."""
        plans = self._get_live_plans(trigger)
        if not records or not plans:
            return
        with self._isolated() as outcome:
            plans._plan_followups(trigger, records)
        if outcome["failed"]:
            for plan in plans:
                with self._isolated():
                    plan._plan_followups(trigger, records)

    @api.model
    @contextmanager
    def _isolated(self):
        """Keep what fails in the block away from the caller: logged, rolled back to here, told by ``failed``.

        The caller's own work is flushed before, so that its errors are not swallowed with ours.
        """
        outcome = {"failed": False}
        self.env.cr.flush()
        try:
            with self.env.cr.savepoint():
                yield outcome
        except UniqueViolation:
            # Another worker planned the same at the same moment: the row is there.
            outcome["failed"] = True
            _logger.info("After-sales work was done by another worker")
        except LockError:
            outcome["failed"] = True
            _logger.info("After-sales work is left for the sweep: another worker has the rows in hand")
        except Exception:
            outcome["failed"] = True
            _logger.exception("After-sales work failed and was left for the sweep")

    # ------------------------------------------------------------
    # Occasions -> rows
    # ------------------------------------------------------------

    def _plan_occasions(self, occasions):
        """Plan the ``occasions`` of the environment's company under the plans in ``self``; return the new rows."""
        return self._store(self._prepare_rows(occasions))

    def _prepare_rows(self, occasions):
        """Return what the plans in ``self`` make of ``occasions``, as dictionaries with all values and reasons.

        Writes nothing: the preview asks here, too.
        """
        matching = [(plan, occasion) for plan in self for occasion in plan._filter_occasions(occasions)]
        if not matching:
            return []
        facts = PlanningFacts(self.env, matching)
        rows = []
        for plan, occasion in matching:
            if plan._get_segment_mismatch(occasion, facts):
                continue
            for origin, touchpoint in origins_of(occasion, plan).items():
                if not facts.is_planned(plan, origin):
                    rows.append(plan._prepare_row(occasion, origin, touchpoint, facts))
        facts.load(rows)
        rows.sort(key=lambda row: self._get_turn(row, facts))
        for row in rows:
            self.browse(row["plan_id"])._schedule(row, facts)
        # What would join a follow-up that another worker has in hand is left for the next sweep.
        return [row for row in rows if row.get("survivor") or not row.get("is_held")]

    def _get_turn(self, row, facts):
        """Return the key that sorts the rows: what is exempt from the cap, who lost a turn, then rank and day."""
        exempt = row["contact_class"] in EXEMPT_CLASSES
        return not exempt, not facts.ledger.is_starved(row), RANK[row["contact_class"]], row["window"][0]

    def _prepare_row(self, occasion, origin, touchpoint, facts):
        """Return the values of one follow-up with its window."""
        rule = touchpoint or self
        in_workdays = rule.delay_unit == "working_days"
        return {
            **facts.get_values(occasion),
            "origin": origin,
            "existing": facts.existing.get((self.id, origin)),
            "plan_id": self.id,
            "contact_class": self.contact_class,
            "scenario": self.scenario,
            "touchpoint_id": touchpoint.id,
            "products": occasion["products"],
            "occasion": occasion,
            "window": facts.windows.get(rule, occasion["moment"]),
            "window_from": rule.delay_min if in_workdays else 0,
            "window_to": rule.delay_max if in_workdays else 0,
        }

    def _schedule(self, row, facts):
        """Decide about one row: why it is not asked, or which day and agent it gets."""
        row["against_optout"] = self.contact_class == "safety" and self._is_opted_out(row, facts)
        reason = self._get_skip_reason(row, facts)
        team = self.team_id or self.env.company.aftersale_team_id
        days, deadline, time_planned = row["window"]
        row.update(
            date_planned=days[0], date_deadline=deadline, time_planned=time_planned, team_id=team.id, user_id=False
        )
        row["why"] = facts.describe_window(self, row)
        if not reason:
            cap = self._get_cap(facts.ledger, row)
            free, reason = self._find_days(row, facts, cap)
        if reason:
            label = dict(self.env["aftersale.followup"]._fields["skip_reason"]._description_selection(self.env))[reason]
            row.update(state="skipped", skip_reason=reason)
            row["why"] += "\n" + self.env._("Not asked: %s.", label)
            return
        if row["against_optout"]:
            row["why"] += "\n" + self.env["aftersale.followup"]._get_optout_sentence()
        user, day = facts.agents.pick(free, self._get_agents(row, team, facts.agents))
        if time_planned and self.env.company._aftersale_date(time_planned) != day:
            time_planned = False  # the hour belongs to the first day of the window
        row.update(state="planned", date_planned=day, time_planned=time_planned, user_id=user.id)
        zone = self.env["aftersale.followup"]._get_customer_zone(row["occasion"]["partner"], self.env.company)
        row["date_next"] = time_planned or self.env.company._aftersale_day_opening(day, zone)
        row["why"] += "\n" + self._describe_choice(row, user, day)
        if len(free) < len(days):
            row["why"] += "\n" + self.env._("Kept off other days: %s.", cap.first_rule(days))
        if day > row["date_deadline"]:
            row["why"] += "\n" + self.env._("No working day is left in the window: this is the next one.")
        if note := facts.agents.describe(user, day):
            row["why"] += "\n" + note
        facts.ledger.add(row, day)

    def _find_days(self, row, facts, cap):
        """Return (days on which ``cap`` allows the contact, None), or ([], why there is none).

        A capped contact is deferred inside its window, or joins the customer's next one, or another of lower rank makes
        room for it; else it is not held.
        """
        free = self._get_free_days(row, facts, cap)
        survivor = None if free else facts.mergeable(row)
        if not free and not survivor and not row.get("is_held"):
            free = self._make_room(row, facts)
        if free:
            return free, None
        days = row["window"][0]
        row["why"] += "\n" + self.env._("On no day of the window: %s.", cap.rule(days[0]))
        row.update(survivor=survivor, lost_turn=not survivor and self._loses_turn(facts.ledger, row, days))
        return [], "merged" if survivor else "contact_cap"

    def _describe_choice(self, row, user, day):
        """Return in words why ``user`` contacts the customer of ``row`` on ``day``."""
        names = {"day": day, "agent": user.name or self.env._("nobody yet")}
        if user and self.assign_method == "user" and user == self.user_id:
            return self.env._(
                "Planned on %(day)s, the least loaded day of the window, for %(agent)s as the plan says.", **names
            )
        if user and self.assign_method == "salesperson" and user == row["occasion"]["sales_user"]:
            return self.env._(
                "Planned on %(day)s, the least loaded day of the window, for %(agent)s, the salesperson.", **names
            )
        return self.env._("Planned on %(day)s for %(agent)s, the least loaded day and agent of the window.", **names)

    def _get_skip_reason(self, row, facts):
        """Return why the customer is not asked at all (a key of ``skip_reason``), or None; order of weight."""
        occasion = row["occasion"]
        late = row["window"][1] < facts.windows.today
        if late and self.contact_class not in EXEMPT_CLASSES:
            return "too_old"
        if occasion["partner"] in facts.staff:
            return "staff"
        # A hazard is told all the same, in person (see `AftersaleFollowup._get_optout_sentence`).
        if self._is_opted_out(row, facts) and not row["against_optout"]:
            return "opt_out"
        if self.contact_class not in EXEMPT_CLASSES:
            if occasion["partner"].commercial_partner_id in facts.with_open_issue:
                return "open_issue"
        if facts.asked_before(self, occasion):
            return "duplicate"
        # All touchpoints of one order share their lot: a series is asked whole or not at all.
        if self.sampling_rate < 100.0 and self._draw(occasion["origin"]) >= self.sampling_rate:
            return "sampled_out"
        return None

    def _is_opted_out(self, row, facts):
        scopes = {False, self.scenario}
        keys = (row["email_key"], row["phone_key"], row["partner_id"])
        return any(scopes & facts.blocked.get(key, set()) for key in keys if key)

    def _draw(self, origin):
        """Return a reproducible number from 0 to 100 for the draw of the sample."""
        digest = hashlib.sha256(f"{self.id}:{origin}".encode()).digest()
        return int.from_bytes(digest[:4], "big") / 2**32 * 100.0

    def _get_agents(self, row, team, load):
        """Return the users who may get the row: by the plan's method, of who works in the company.

        A verification never goes to the solver.
        """
        occasion, company = row["occasion"], self.env.company
        if row["against_optout"]:
            return team.user_id
        wanted = {"user": self.user_id, "salesperson": occasion["sales_user"]}.get(self.assign_method)
        solvers = occasion["issue"].solver_ids
        # Who has left the company calls nobody any more: the team does.
        if wanted and wanted.active and company in wanted.company_ids and wanted not in solvers:
            return wanted
        leader = team.user_id.filtered(lambda user: company in user.company_ids)
        return (load.members(team) - solvers) or (leader - solvers)

    # ------------------------------------------------------------
    # Rows -> records
    # ------------------------------------------------------------

    def _store(self, rows):
        """Insert the rows (revive the cancelled ones); what merges joins its survivor. Return the rows of now."""
        Followup = self.env["aftersale.followup"].sudo()
        self._lock_revived(rows)
        for row in rows:
            if row.get("survivor"):
                self._merge_products(row)
            if row.get("moved"):
                followup, day = row["moved"]
                followup._move_to(day, self.env._("Moved to %s: a contact of higher rank goes first.", day))
        # Survivors first: the merged rows name them.
        for batch in ([r for r in rows if not r.get("survivor")], [r for r in rows if r.get("survivor")]):
            new = [row for row in batch if not row["existing"]]
            for row, record in zip(new, Followup.create([row_values(row) for row in new]), strict=True):
                row["record"] = record
            for row in batch:
                if row["existing"]:
                    values = row_values(row)
                    row["record"] = row["existing"]
                    afresh = {"cancel_cause": False, "channel_id": False, "date_sent": False, "reminder_sent": 0}
                    row["record"]._set_state(values.pop("state"), **values, **afresh)
        return Followup.union(*(row["record"] for row in rows))

    def _lock_revived(self, rows):
        """Lock the cancelled follow-ups that ``rows`` revive; raise LockError instead of waiting for another worker."""
        revived = [row["existing"] for row in rows if row["existing"]]
        self.env["aftersale.followup"].sudo().union(*revived).lock_for_update(allow_referencing=True)

    def _merge_products(self, row):
        survivor = row["survivor"]
        if isinstance(survivor, dict):
            survivor["products"] |= row["products"]
        else:
            survivor.product_ids |= row["products"]
