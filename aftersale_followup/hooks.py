from odoo.tools import SQL


def uninstall_hook(env):
    """Make room for the uninstallation: what Odoo cannot delete, or would leave behind, goes first.

    Customers' follow-ups hold on to plans, these to questionnaires and messages: while a row is there, Odoo keeps the
    texts we brought. Questionnaires that users made themselves stay, as ordinary surveys with their answers.
    """
    _empty_tables(env)
    # To-dos of our types: a type in use cannot be deleted.
    types = env["ir.model.data"].search([("module", "=", "aftersale_followup"), ("model", "=", "mail.activity.type")])
    activities = env["mail.activity"].with_context(active_test=False)
    activities.search([("activity_type_id", "in", types.mapped("res_id"))]).unlink()
    env["mail.activity.plan.template"].search([("activity_type_id", "in", types.mapped("res_id"))]).unlink()
    # A year's numbers are a sequence of the database each, which goes with the record only; companies have their own.
    sequences = _named(env, "ir.sequence", "code", "aftersale.%")
    sequences.date_range_ids.unlink()
    sequences.unlink()
    _named(env, "ir.config_parameter", "key", "aftersale_followup.%").unlink()
    # What users saved on our lists
    _named(env, "ir.filters", "model_id", "aftersale.%").unlink()
    _named(env, "ir.exports", "resource", "aftersale.%").unlink()
    forget_inherited(env, "aftersale_followup", "aftersale_")


def _named(env, model, field, pattern):
    return env[model].with_context(active_test=False).search([(field, "=like", pattern)])


def _empty_tables(env):
    """Empty our tables at once, whoever refers to their rows: all those columns and tables go in a moment."""
    models = [model for model in env.values() if model._original_module == "aftersale_followup" and not model._abstract]
    tables = [model._table for model in models if model._auto]
    env.flush_all()
    keys = env.execute_query(
        SQL(
            """SELECT k.conrelid::regclass::text, k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.confrelid
                WHERE k.contype = 'f' AND c.relname = ANY(%s) AND c.relnamespace = current_schema::regnamespace""",
            tables,
        )
    )
    for table, name in keys:
        env.cr.execute(SQL("ALTER TABLE %s DROP CONSTRAINT %s", SQL.identifier(table), SQL.identifier(name)))
    env.cr.execute(SQL("TRUNCATE %s", SQL(", ").join(map(SQL.identifier, tables))))
    env.invalidate_all(flush=False)
    env["ir.model.data"].search([("model", "in", [model._name for model in models])]).unlink()


def forget_inherited(env, module, prefix):
    """Odoo overlooks what it notes of our models under the modules of their mixins, and foreign keys without a name.

    Told by the names Odoo gives: ``selection__aftersale_issue__activity_state__today`` of the module mail, say.

    :param prefix: how the tables of all models begin that go with ``module``
    """
    inherited = ("ir.model.fields.selection", "ir.model.inherit")
    names = env["ir.model.data"].search([("model", "in", inherited), ("module", "!=", module)])
    names.filtered(lambda data: data.name.split("__")[1].startswith(prefix)).unlink()
    env.cr.execute(
        SQL(
            """DELETE FROM ir_model_constraint k USING ir_module_module m
                WHERE m.id = k.module AND m.name = %s AND k.type = 'f'""",
            module,
        )
    )
