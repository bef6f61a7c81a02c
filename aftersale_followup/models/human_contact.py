from odoo.tools import SQL

# Where people log their calls and meetings, with the field that names the customer.
LOGGED_ON = {"res.partner": "id", "sale.order": "partner_id", "crm.lead": "partner_id", "aftersale.issue": "partner_id"}


def read_human_contacts(env, customer_ids, since):
    """Return [(id of the commercial partner, naive UTC moment)] of calls and meetings with these customers.

    Counted are activities done of the kinds call and meeting, on the customer, on orders, leads and issues, and events
    of the calendar that somebody of the customer attends and has not declined. One query.

    :param since: naive UTC moment; what was before is left out
    """
    if not customer_ids:
        return []
    customers = tuple(customer_ids)
    env["mail.message"].flush_model(["model", "res_id", "date", "mail_activity_type_id"])
    sources = [
        SQL(
            """SELECT p.commercial_partner_id, m.date
                 FROM mail_message m JOIN %(table)s r ON r.id = m.res_id JOIN res_partner p ON p.id = r.%(field)s
                WHERE m.model = %(model)s AND p.commercial_partner_id IN %(customers)s AND m.date >= %(since)s
                  AND m.mail_activity_type_id IN (SELECT id FROM mail_activity_type
                                                   WHERE category IN ('phonecall', 'meeting'))""",
            table=SQL.identifier(env[model]._table),
            field=SQL.identifier(field),
            model=model,
            customers=customers,
            since=since,
        )
        for model, field in LOGGED_ON.items()
        if model in env
    ]
    if "calendar.event" in env:
        env["calendar.event"].flush_model()
        env["calendar.attendee"].flush_model()
        sources.append(
            SQL(
                """SELECT p.commercial_partner_id, e.start
                     FROM calendar_attendee a JOIN calendar_event e ON e.id = a.event_id AND e.active
                     JOIN res_partner p ON p.id = a.partner_id
                    WHERE p.commercial_partner_id IN %s AND e.start >= %s AND a.state IS DISTINCT FROM 'declined'""",
                customers,
                since,
            )
        )
    return env.execute_query(SQL(" UNION ALL ").join(sources))
