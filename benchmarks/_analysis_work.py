"""Inside Odoo: a year of very many answers and all that the figures hold them against; the figures, and bare SQL."""

import sys
import time
from datetime import timedelta
from pathlib import Path

from dateutil.relativedelta import relativedelta

from odoo.fields import Command

sys.path.insert(0, str(Path(__file__).parent))

from _analysis_sql import QUERIES  # noqa: E402
from _sql import clone, customers  # noqa: E402

PRODUCTS, USERS, TEAMS, TAGS, AREAS = 50, 20, 3, 12, 5
MONTHS = 12  # all answers lie in the periods of the trend; orders go back as far again


def month(env):
    """First and last day of the month that was completed last."""
    first = env.company._aftersale_today().replace(day=1) - relativedelta(months=1)
    return first, first + relativedelta(months=1, days=-1)


def prepare(env, count):
    """Store ``count`` answers in twelve months.

    Half of them answer a follow-up, as many follow-ups have no answer; each was attempted once. One customer in five is
    never asked. Each answer has one product and one area, two of five have a tag. To ten answers there are two orders
    and one issue.
    """
    env = env(user=env.ref("base.user_admin"), su=True)
    env.user.odoobot_state = "disabled"
    first, last = month(env)
    span = {"start": first - relativedelta(months=MONTHS - 1), "days": 0}
    span["days"] = (last + timedelta(days=1) - span["start"]).days
    buyers = count // 10
    partners = customers(env, buyers)
    world = {"count": count, **span, **_staff(env)}
    for name, number in (("customer", buyers), ("asked", buyers * 4 // 5)):
        world[name] = f"{partners} + 1 + (hashint4(n) & 2147483647) % {number}"
    _followups(env, world)
    _feedback(env, world)
    _issues(env, world, count // 10)
    _orders(env, world, count // 5)
    _ratings(env, world)
    env["aftersale.action"].create(
        [
            {"name": f"Measure {n}", "kind": "process", "date_deadline": last - timedelta(days=n % 30)}
            for n in range(200)
        ]
    )
    analysis = env["aftersale.analysis"].create({"period": "month", "date_from": first, "date_to": last})
    env.cr.execute("ANALYZE")
    env.cr.commit()
    analysis.action_preview()
    env.cr.commit()
    return analysis.id


def _staff(env):
    """Users, teams, products and tags, each as an SQL expression that deals them out."""
    users = env["res.users"].create([{"name": f"Agent {n}", "login": f"bench{n}"} for n in range(USERS)])
    teams = env["crm.team"].create([{"name": f"Team {n}", "company_id": env.company.id} for n in range(TEAMS)])
    products = env["product.product"].create([{"name": f"Kettle {n}", "type": "consu"} for n in range(PRODUCTS)])
    channels = env["aftersale.channel"].search([("code", "in", ("phone", "email", "online"))])
    deals = {"user": users, "team": teams, "product": products, "channel": channels}
    deals["tag"] = env["aftersale.tag"].search([("is_problem", "=", True)], limit=TAGS)
    deals["area"] = env["aftersale.dimension"].search([], limit=AREAS)
    steps = {"user": 31, "team": 17, "product": 13, "channel": 1, "tag": 5, "area": 1}
    return {name: f"(ARRAY{records.ids})[1 + (n / {steps[name]}) % {len(records)}]" for name, records in deals.items()}


def _moment(world, count, days=None, start=None):
    """SQL expression of a moment: evenly over the days, in the order of the ids."""
    start, days = start or world["start"], days or world["days"]
    return f"'{start}'::timestamp + n * interval '{days * 86400 / (count + 1):.6f} seconds'"


def _followups(env, world):
    pattern = env["aftersale.followup"].create(
        {
            "origin": "pattern",
            "plan_id": env.ref("aftersale_followup.plan_new").id,
            "contact_class": "new",
            "scenario": "new_customer",
            "partner_id": env.company.partner_id.id,
            "company_id": env.company.id,
            "date_planned": world["start"],
            "date_deadline": world["start"],
        }
    )
    moment = _moment(world, world["count"])
    base = world["followups"] = clone(
        env,
        pattern,
        world["count"],
        origin="'order:' || n || ':0'",
        partner_id=world["asked"],
        commercial_partner_id=world["asked"],
        access_token="left(md5(n::text), 22)",
        state="CASE WHEN n % 2 = 0 THEN 'done' WHEN n % 10 = 1 THEN 'skipped' ELSE 'expired' END",
        skip_reason="CASE WHEN n % 10 = 1 THEN 'contact_cap' END",
        date_next="NULL",
        date_planned=f"({moment})::date",
        date_deadline=f"({moment})::date + 3",
        create_date=moment,
        user_id=world["user"],
        team_id=world["team"],
        channel_id=world["channel"],
        sales_user_id=world["user"],
    )
    attempt = env["aftersale.attempt"].create({"followup_id": pattern.id, "outcome": "no_answer"})
    clone(
        env,
        attempt,
        world["count"],
        followup_id=f"{base} + n",
        outcome="CASE WHEN n % 2 = 0 THEN 'reached' ELSE 'no_answer' END",
        channel_id=world["channel"],
        date=f"{moment} + interval '9 hours'",
        create_date=f"{moment} + interval '9 hours'",
    )


def _feedback(env, world):
    pattern = env["aftersale.feedback"].create({"score": 5, "score_raw": 5, "partner_id": env.company.partner_id.id})
    count, moment = world["count"], _moment(world, world["count"])
    customer = f"CASE WHEN n % 2 = 0 THEN {world['asked']} ELSE {world['customer']} END"
    base = clone(
        env,
        pattern,
        count,
        followup_id=f"CASE WHEN n % 2 = 0 THEN {world['followups']} + n END",
        plan_id=str(env.ref("aftersale_followup.plan_new").id),
        scenario="'new_customer'",
        partner_id=customer,
        commercial_partner_id=customer,
        date=f"{moment} + interval '10 hours'",
        create_date=f"{moment} + interval '10 hours'",
        user_id=world["user"],
        team_id=world["team"],
        channel_id=world["channel"],
        customer_type="CASE WHEN n % 3 = 0 THEN 'new' ELSE 'existing' END",
        score="(ARRAY[5, 4, 5, 3, 4, 5, 2, 4, 1, 0])[1 + n % 10]",
        nps="CASE WHEN n % 2 = 0 THEN (n % 11)::text END",
        stability="(ARRAY['better', 'same', 'worse', NULL])[1 + n % 4]",
        loyalty="n % 6",
        detail="CASE WHEN n % 3 = 0 THEN 'It came two days late and the lid leaks ' || n END",
        suggestion="CASE WHEN n % 20 = 0 THEN 'A longer cord would help, number ' || n END",
        suggestion_state="CASE WHEN n % 20 > 0 THEN 'none' WHEN n % 40 > 0 THEN 'adopted' ELSE 'new' END",
        suggestion_date=f"CASE WHEN n % 40 = 20 THEN {moment} + interval '9 days' END",
    )
    _link(env, pattern, "product_ids", base, count, world["product"])
    _link(env, pattern, "tag_ids", base, count, world["tag"], "n % 5 IN (1, 3)")
    env.cr.execute(
        "INSERT INTO aftersale_feedback_dimension (feedback_id, dimension_id, score)"
        f" SELECT {base} + n, {world['area']}, 1 + n % 5 FROM generate_series(1, {count}) n"
    )


def _link(env, pattern, name, base, count, other, where="TRUE"):
    field = pattern._fields[name]
    env.cr.execute(
        f"INSERT INTO {field.relation} ({field.column1}, {field.column2})"
        f" SELECT {base} + n, {other} FROM generate_series(1, {count}) n WHERE {where}"
    )


def _issues(env, world, count):
    pattern = env["aftersale.issue"].create(
        {
            "title": "The lid leaks",
            "partner_id": env.company.partner_id.id,
            "user_id": env.uid,
            "root_cause": "Worn seal",
            "solution": "Seal replaced",
            "waiver_reason": "no_reply",
            "waiver_note": "No answer",
        }
    )
    moment = _moment(world, count)
    clone(
        env,
        pattern,
        count,
        name="'ISS/B/' || n",
        partner_id=world["customer"],
        commercial_partner_id=world["customer"],
        product_id=world["product"],
        kind="CASE WHEN n % 3 = 0 THEN 'complaint' ELSE 'problem' END",
        state="CASE WHEN n % 50 = 0 THEN 'processing' ELSE 'closed' END",
        priority="CASE WHEN n % 50 = 25 THEN '1' ELSE '0' END",
        create_date=moment,
        contact_deadline=f"({moment})::date + 3",
        date_contacted=f"{moment} + interval '2 days'",
        resolution_deadline=f"({moment})::date + 9",
        date_done=f"CASE WHEN n % 50 > 0 THEN {moment} + interval '5 days' END",
        date_closed=f"CASE WHEN n % 50 > 0 THEN {moment} + interval '8 days' END",
        compensation="CASE WHEN n % 10 = 0 THEN 20 END",
        compensation_kind="CASE WHEN n % 10 = 0 THEN 'discount' END",
        compensation_state="CASE WHEN n % 10 = 0 THEN 'granted' END",
        compensation_date=f"CASE WHEN n % 10 = 0 THEN {moment} + interval '3 days' END",
    )


def _orders(env, world, count):
    """Orders of twice the time, each with one line that was delivered."""
    start, days = world["start"] - relativedelta(months=MONTHS), world["days"] + 365
    moment = _moment(world, count, days, start)
    partner, product = env.company.partner_id, env["product.product"].search([("type", "=", "consu")], limit=1)
    line = Command.create({"product_id": product.id, "product_uom_qty": 1, "price_unit": 100})
    pattern = env["sale.order"].create({"partner_id": partner.id, "order_line": [line]})
    orders = clone(
        env,
        pattern,
        count,
        name="'B' || n",
        access_token="NULL",
        state="'sale'",
        partner_id=world["customer"],
        partner_invoice_id=world["customer"],
        partner_shipping_id=world["customer"],
        date_order=moment,
        create_date=moment,
    )
    lines = clone(env, pattern.order_line, count, order_id=f"{orders} + n")
    warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
    move = env["stock.move"].create(
        {
            "product_id": product.id,
            "product_uom_qty": 1,
            "product_uom": product.uom_id.id,
            "location_id": warehouse.lot_stock_id.id,
            "location_dest_id": env.ref("stock.stock_location_customers").id,
        }
    )
    clone(env, move, count, sale_line_id=f"{lines} + n", state="'done'", date=f"{moment} + interval '3 days'")


def _ratings(env, world):
    """As many of Odoo's own ratings, for the pivot beside ours."""
    team = env["project.task"].create({"name": "Task", "project_id": env["project.project"].create({"name": "P"}).id})
    pattern = env["rating.rating"].create(
        {
            "res_model_id": env["ir.model"]._get_id("project.task"),
            "res_id": team.id,
            "rating": 5,
            "consumed": True,
            "rated_partner_id": env.user.partner_id.id,
        }
    )
    employees = env["res.partner"].search([("name", "like", "Agent ")], limit=TAGS).ids
    moment = _moment(world, world["count"])
    clone(
        env,
        pattern,
        world["count"],
        access_token="'bench' || n",
        rating="(ARRAY[5, 3, 1])[1 + n % 3]",
        rated_partner_id=f"(ARRAY{employees})[1 + n % {len(employees)}]",
        partner_id=world["customer"],
        rated_on=moment,
        create_date=moment,
        write_date=moment,
    )


# ------------------------------------------------------------
# what is measured
# ------------------------------------------------------------


def figures(env):
    """Seconds that all figures of the month take."""
    days = month(env)
    env.invalidate_all()
    started = time.perf_counter()
    found = env["aftersale.figures"]._get(env.company, *days)
    seconds = time.perf_counter() - started
    assert found["feedback"] and found["top_problems"] and found["repeat_purchase"], "The month is empty."
    return seconds


def bare(env):
    """Seconds that the aggregates of the same figures take, asked in plain SQL."""
    first, last = month(env)
    moments = [env.company._aftersale_moment(day) for day in (first, last + timedelta(days=1))]
    values = {
        "company": env.company.id,
        "first": first,
        "last": last,
        "since": moments[0],
        "until": moments[1],
        "before": env.company._aftersale_moment(first - relativedelta(months=1)),
        "year": env.company._aftersale_moment(first - relativedelta(months=MONTHS - 1)),
        "zone": env.company._aftersale_tz(),
        "low": env.company.aftersale_low_score,
    }
    started = time.perf_counter()
    for query in QUERIES.values():
        env.cr.execute(query, values)
        env.cr.fetchall()
    return time.perf_counter() - started


def profile(env):
    """Seconds of each part of the figures and of each bare query, to see where the time goes."""
    Figures = env["aftersale.figures"]
    scope = Figures._make_scope(env.company, *month(env), None, env.cr.now())
    taken = {}
    for part in Figures._get_parts():
        env.invalidate_all()
        started = time.perf_counter()
        part(scope)
        taken[part.__name__] = round(time.perf_counter() - started, 3)
    return taken


def pivot(env):
    """Seconds of what the pivot shows, by tag and month, asked in plain SQL."""
    zone = env.user.tz or "UTC"
    started = time.perf_counter()
    env.cr.execute(
        """
        SELECT t.aftersale_tag_id, date_trunc('month', f.date AT TIME ZONE 'UTC' AT TIME ZONE %s), COUNT(*),
               AVG(f.score) FILTER (WHERE f.score > 0),
               100.0 * AVG((f.score >= 4)::int) FILTER (WHERE f.score > 0),
               100.0 * AVG(CASE WHEN f.nps IN ('9', '10') THEN 1 WHEN f.nps IN ('7', '8') THEN 0 ELSE -1 END)
                       FILTER (WHERE f.nps IS NOT NULL)
          FROM aftersale_feedback f
     LEFT JOIN aftersale_feedback_aftersale_tag_rel t ON t.aftersale_feedback_id = f.id
         WHERE f.is_valid AND f.company_id = %s
      GROUP BY GROUPING SETS ((1, 2), (1), (2), ())
        """,
        [zone, env.company.id],
    )
    env.cr.fetchall()
    return time.perf_counter() - started
