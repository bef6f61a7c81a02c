"""Inside Odoo: many records at once, as copies of one that Odoo itself made."""


def clone(env, record, count, **changed):
    """Copy the row of ``record`` ``count`` times in SQL; return the number before the first new id.

    ``changed`` gives columns an SQL expression of their own, in which ``n`` counts from 1.
    """
    env.flush_all()
    table, cr = record._table, env.cr
    cr.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
    columns = [f'"{name}"' for (name,) in cr.fetchall() if name != "id"]
    cr.execute(f"SELECT max(id) FROM {table}")
    base = cr.fetchone()[0]
    values = [changed.get(name.strip('"'), f"p.{name}") for name in columns]
    cr.execute(
        f"INSERT INTO {table} (id, {', '.join(columns)}) SELECT {base} + n, {', '.join(values)}"
        f" FROM {table} p, generate_series(1, {count}) n WHERE p.id = {record.id}"
    )
    cr.execute(f"SELECT setval('{table}_id_seq', {base + count})")
    env.invalidate_all()
    return base


def customers(env, count):
    """Make customers with an address and a number of their own; return the number before the first id."""
    pattern = env["res.partner"].create({"name": "Customer", "lang": "en_US", "tz": "UTC"})
    base = clone(
        env,
        pattern,
        count,
        name="'Customer ' || n",
        complete_name="'Customer ' || n",
        email="'c' || n || '@example.com'",
        email_normalized="'c' || n || '@example.com'",
        phone="'+86138' || lpad(n::text, 8, '0')",
        phone_sanitized="'+86138' || lpad(n::text, 8, '0')",
        commercial_partner_id="NULL",
    )
    env.cr.execute("UPDATE res_partner SET commercial_partner_id = id WHERE id > %s", [base])
    return base
