"""Inside Odoo: as many issues as tasks, alike in what the boards show of them."""

import sys
from pathlib import Path

from odoo.fields import Command

sys.path.insert(0, str(Path(__file__).parent))

from _sql import clone, customers  # noqa: E402

CUSTOMERS = 5_000
COLUMNS = 4  # in work, on both boards


def prepare(env, count):
    """Store ``count`` issues and tasks: the same customers, one tag and one responsible user each, in four columns."""
    env = env(user=env.ref("base.user_admin"))
    env.user.odoobot_state = "disabled"
    partners = customers(env, CUSTOMERS)
    customer = f"{partners} + 1 + n % {CUSTOMERS}"
    _issues(env, customer, count)
    _tasks(env, customer, count)
    env.cr.execute("ANALYZE")
    env.cr.commit()


def _issues(env, customer, count):
    pattern = env["aftersale.issue"].create(
        {
            "title": "The lid leaks",
            "partner_id": env.company.partner_id.id,
            "user_id": env.uid,
            "tag_ids": [Command.set(env.ref("aftersale_followup.tag_functional_defect").ids)],
            "root_cause": "Worn seal",
            "solution": "Seal replaced",
            "waiver_reason": "no_reply",
            "waiver_note": "No answer",
        }
    )
    base = clone(
        env,
        pattern,
        count,
        name="'ISS/B/' || n",
        partner_id=customer,
        commercial_partner_id=customer,
        state=f"(ARRAY['new', 'processing', 'done', 'closed'])[1 + n % {COLUMNS}]",
        priority="(n % 3)::text",
        create_date="now() - n * interval '1 minute'",
    )
    _link(env, pattern, "tag_ids", base, count)


def _tasks(env, customer, count):
    stages = env["project.task.type"].create([{"name": f"Stage {n}", "sequence": n} for n in range(COLUMNS)])
    project = env["project.project"].create({"name": "Issues", "type_ids": [Command.set(stages.ids)]})
    pattern = env["project.task"].create(
        {
            "name": "The lid leaks",
            "project_id": project.id,
            "stage_id": stages[0].id,
            "partner_id": env.company.partner_id.id,
            "user_ids": [Command.set([env.uid])],
            "tag_ids": [Command.create({"name": "Defect"})],
        }
    )
    base = clone(
        env,
        pattern,
        count,
        partner_id=customer,
        stage_id=f"(ARRAY{stages.ids})[1 + n % {COLUMNS}]",
        priority="(n % 2)::text",
        create_date="now() - n * interval '1 minute'",
    )
    for name in ("user_ids", "tag_ids"):
        _link(env, pattern, name, base, count)


def _link(env, pattern, name, base, count):
    """Give the copies of ``pattern`` what it has in a many2many field."""
    field = pattern._fields[name]
    [other] = pattern[name].ids
    env.cr.execute(
        f"INSERT INTO {field.relation} ({field.column1}, {field.column2})"
        f" SELECT {base} + n, {other} FROM generate_series(1, {count}) n"
    )
