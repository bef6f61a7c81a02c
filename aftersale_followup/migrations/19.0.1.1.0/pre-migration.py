"""Before the tables get their new columns and checks: rows of 19.0.1.0.0 are made to fit, and nothing of them is lost.

Columns whose default would say something wrong of old rows are created and filled here; Odoo fills the others. Each
step can be repeated, and finds nothing to do in a database that lacks what it is about.
"""

from odoo import SUPERUSER_ID, api
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

MODULE = "aftersale_followup"
# Where a reason is asked for now and was not before; in both languages, as nobody knows who reads it.
UNKNOWN = "Before version 19.0.1.1.0 no reason was asked for. 19.0.1.1.0 版之前不要求填写原因。"


def migrate(cr, version):
    _hand_over_all_teams(cr)
    _free_menus(cr)
    _mend(cr)
    _grant(cr)
    _explain(cr)
    _keep_bonds(cr)
    _place_optouts(cr)
    _note_agreed_calls(cr)
    _keep_everything(cr)
    _tell_nobody(cr)
    _complete_plans(cr)
    _complete_tags(cr)
    _add_loyal_customers(cr)
    _drop_call_form(cr)


def _create(cr, table, name, kind):
    """Create the column; return whether it was missing."""
    missing = not column_exists(cr, table, name)
    if missing:
        create_column(cr, table, name, kind)
    return missing


def _ref(cr, name):
    """Return the id of the add-on's record, or None."""
    cr.execute(SQL("SELECT res_id FROM ir_model_data WHERE module = %s AND name = %s", MODULE, name))
    return (cr.fetchone() or [None])[0]


def _hand_over_all_teams(cr):
    """That supervisors see all teams was a group, which Odoo deletes afterwards, and is a setting of each company."""
    group = _ref(cr, "group_all_teams")
    if not group:
        return
    _create(cr, "res_company", "aftersale_all_teams", "bool")
    cr.execute(
        SQL(
            """UPDATE res_company SET aftersale_all_teams = TRUE
                WHERE EXISTS (SELECT FROM res_groups_implied_rel WHERE gid = %s AND hid = %s)""",
            _ref(cr, "group_supervisor"),
            group,
        )
    )
    # A group in a record rule cannot be deleted, which would end the whole update.
    cr.execute(
        SQL(
            """DELETE FROM rule_group_rel r USING ir_model_data d
                WHERE r.group_id = %s AND d.res_id = r.rule_group_id AND d.model = 'ir.rule' AND d.module = %s""",
            group,
            MODULE,
        )
    )
    # In use for rules or access rights of the database's own it stays, as theirs.
    cr.execute(
        SQL(
            """DELETE FROM ir_model_data WHERE module = %s AND name = 'group_all_teams'
                  AND (EXISTS (SELECT FROM rule_group_rel WHERE group_id = res_id)
                       OR EXISTS (SELECT FROM ir_model_access WHERE group_id = res_id))""",
            MODULE,
        )
    )


def _free_menus(cr):
    """An update adds groups to menus and takes none away: those who no longer get a menu by their group."""
    for menu, group in (
        ("menu_root", "group_agent"),
        ("menu_settings", "base.group_system"),
        ("menu_feedback_classify", "group_supervisor"),
    ):
        module, _dot, name = group.rpartition(".")
        cr.execute(
            SQL(
                """DELETE FROM ir_ui_menu_group_rel r USING ir_model_data g
                    WHERE r.menu_id = %s AND r.gid = g.res_id AND g.model = 'res.groups'
                      AND g.module = %s AND g.name = %s""",
                _ref(cr, menu),
                module or MODULE,
                name,
            )
        )


def _mend(cr):
    """Rows from before a check was there. Odoo only warns of them and leaves the check out for the whole table."""
    # When the customer wanted to be called is not known: from the moment on at which it was agreed.
    cr.execute(
        "UPDATE aftersale_attempt SET call_back_date = date WHERE outcome = 'call_back' AND call_back_date IS NULL"
    )
    # Closed it stays, and counts as what it is: closed without the customer's word.
    cr.execute(
        SQL(
            """UPDATE aftersale_issue
                  SET waiver_reason = COALESCE(waiver_reason, 'no_reply'),
                      waiver_note = COALESCE(NULLIF(waiver_note, ''), %s)
                WHERE state = 'closed' AND confirmed_by_id IS NULL
                  AND (waiver_reason IS NULL OR COALESCE(waiver_note, '') = '')""",
            UNKNOWN,
        )
    )
    # An amount that was taken from the customer is none that was granted.
    cr.execute("UPDATE aftersale_issue SET compensation = 0 WHERE compensation < 0")
    # Of several corrections of one record the last one counts: each corrects the one before it.
    cr.execute(
        """WITH ranked AS (
               SELECT id, LAG(id) OVER (PARTITION BY correction_of_id ORDER BY id) AS before
                 FROM aftersale_feedback WHERE correction_of_id IS NOT NULL)
           UPDATE aftersale_feedback f SET correction_of_id = r.before
             FROM ranked r WHERE r.id = f.id AND r.before IS NOT NULL"""
    )
    # No answer is too fast for less than no time.
    cr.execute("UPDATE res_company SET aftersale_seconds_per_question = 0 WHERE aftersale_seconds_per_question < 0")


def _grant(cr):
    """Compensations of before were granted when they were entered; nobody has to approve them now."""
    if _create(cr, "aftersale_issue", "compensation_state", "varchar"):
        _create(cr, "aftersale_issue", "compensation_date", "timestamp")
        cr.execute(
            """UPDATE aftersale_issue SET compensation_state = 'granted', compensation_date = write_date
                WHERE compensation > 0"""
        )


def _explain(cr):
    """Reasons that are asked for now: what was written then, else that none was."""
    _create(cr, "aftersale_feedback", "correction_reason", "varchar")
    cr.execute(
        SQL(
            """UPDATE aftersale_feedback SET correction_reason = COALESCE(NULLIF(TRIM(note), ''), %s)
                WHERE correction_of_id IS NOT NULL AND TRIM(COALESCE(correction_reason, '')) = ''""",
            UNKNOWN,
        )
    )
    cr.execute(
        SQL(
            """UPDATE aftersale_feedback SET suspicious_reason = %s
                WHERE evidence = 'suspicious' AND TRIM(COALESCE(suspicious_reason, '')) = ''""",
            UNKNOWN,
        )
    )
    _create(cr, "aftersale_optout", "withdrawn_reason", "text")
    _create(cr, "aftersale_optout", "withdrawn_by_id", "int4")
    _create(cr, "aftersale_optout", "withdrawn_date", "timestamp")
    # Archiving was the only thing that was ever written on one.
    cr.execute(
        SQL(
            """UPDATE aftersale_optout
                  SET withdrawn_reason = %s, withdrawn_by_id = write_uid, withdrawn_date = write_date
                WHERE active IS NOT TRUE AND COALESCE(withdrawn_reason, '') = ''""",
            UNKNOWN,
        )
    )


def _keep_bonds(cr):
    """What customers said about the service now and before, and about buying again, stands on the feedback now."""
    _create(cr, "aftersale_feedback", "loyalty", "int4")
    if _create(cr, "aftersale_feedback", "stability", "varchar"):
        cr.execute(
            """UPDATE aftersale_feedback f SET stability = said.stability, loyalty = said.loyalty
                 FROM (SELECT u.id,
                              MAX(a.aftersale_value) FILTER (
                                  WHERE q.aftersale_role = 'stability'
                                    AND a.aftersale_value IN ('better', 'same', 'worse', 'unknown')) AS stability,
                              MAX(GREATEST(CEIL(l.value_scale * 5.0 / q.scale_max), 1)) FILTER (
                                  WHERE q.aftersale_role = 'loyalty' AND l.answer_type = 'scale')::int AS loyalty
                         FROM aftersale_followup u
                         JOIN survey_user_input_line l ON l.user_input_id = u.user_input_id
                          AND l.skipped IS NOT TRUE
                         JOIN survey_question q ON q.id = l.question_id AND q.aftersale_role IN ('stability', 'loyalty')
                    LEFT JOIN survey_question_answer a ON a.id = l.suggested_answer_id
                     GROUP BY u.id) said
                WHERE said.id = f.followup_id"""
        )


def _place_optouts(cr):
    """Who sees an opt-out: company and team of the customer's last follow-up, else the company of who noted it."""
    if not _create(cr, "aftersale_optout", "company_id", "int4"):
        return
    _create(cr, "aftersale_optout", "team_id", "int4")
    cr.execute(
        """UPDATE aftersale_optout o SET (company_id, team_id) = (
               SELECT f.company_id, f.team_id FROM aftersale_followup f
                WHERE f.id = o.followup_id OR f.email_key = o.key OR f.phone_key = o.key OR f.partner_id = o.partner_id
             ORDER BY f.id = o.followup_id DESC NULLS LAST, f.id DESC LIMIT 1)"""
    )
    cr.execute(
        """UPDATE aftersale_optout o SET company_id = u.company_id FROM res_users u
            WHERE o.company_id IS NULL AND u.id = o.create_uid"""
    )


def _note_agreed_calls(cr):
    """When a customer is to be called again was told by the last attempt; the link holds for at least that long."""
    if not _create(cr, "aftersale_followup", "date_call", "timestamp"):
        return
    cr.execute(
        """UPDATE aftersale_followup f
              SET date_call = CASE a.outcome WHEN 'call_back' THEN a.call_back_date
                                             ELSE NULLIF(f.date_next, f.date_expiry) END,
                  date_expiry = CASE a.outcome
                      WHEN 'call_back' THEN GREATEST(f.date_expiry, a.call_back_date + interval '1 day')
                      ELSE f.date_expiry END
             FROM (SELECT DISTINCT ON (t.followup_id) t.followup_id, t.outcome, t.call_back_date
                     FROM aftersale_attempt t JOIN aftersale_followup o ON o.id = t.followup_id
                    WHERE o.state = 'ready' AND t.outcome <> 'contested'
                 ORDER BY t.followup_id, t.date DESC, t.id DESC) a
            WHERE a.followup_id = f.id AND a.outcome IN ('call_back', 'no_answer', 'busy')"""
    )


def _keep_everything(cr):
    """Nothing old is deleted or made anonymous because of an update: the managers are asked to look at it instead."""
    if _create(cr, "res_company", "aftersale_answer_months", "int4"):
        _create(cr, "res_company", "aftersale_log_months", "int4")
        _create(cr, "res_company", "aftersale_notice_date", "date")
        cr.execute(
            """UPDATE res_company
                  SET aftersale_answer_months = 0, aftersale_log_months = 0, aftersale_notice_date = CURRENT_DATE"""
        )

    # Nor is anybody asked to do something that nobody decided on.
    if _create(cr, "res_company", "aftersale_silence_count", "int4"):
        cr.execute("UPDATE res_company SET aftersale_silence_count = 0")


def _tell_nobody(cr):
    """No customer gets a message because of an update: the managers switch it on in the settings."""
    _create(cr, "res_company", "aftersale_tell_customers", "bool")


def _complete_plans(cr):
    """Plans that the add-on brought say now what they could not say before."""
    if _create(cr, "aftersale_plan", "customer_value", "varchar"):
        for name, value in (("plan_existing", "other"), ("plan_key", "high")):
            cr.execute(SQL("UPDATE aftersale_plan SET customer_value = %s WHERE id = %s", value, _ref(cr, name)))
    if _create(cr, "aftersale_plan", "counts_from", "varchar"):
        # One in use goes on as its users know it.
        cr.execute(
            SQL(
                "UPDATE aftersale_plan SET counts_from = 'service' WHERE id = %s AND active IS NOT TRUE",
                _ref(cr, "plan_service"),
            )
        )
    if _create(cr, "aftersale_plan", "spread_start", "date"):
        # Until now nothing planned them: all whose turn it is are spread over an interval, as at the switch-on.
        cr.execute("UPDATE aftersale_plan SET spread_start = CURRENT_DATE WHERE trigger = 'periodic' AND active")


def _complete_tags(cr):
    """Late goods set something going now: their department hears of it, and a discount is proposed."""
    if _create(cr, "aftersale_tag", "tell_department", "bool"):
        _create(cr, "aftersale_tag", "proposal_kind", "varchar")
        cr.execute(
            SQL(
                "UPDATE aftersale_tag SET tell_department = TRUE, proposal_kind = 'discount' WHERE id = %s",
                _ref(cr, "tag_logistics_delay"),
            )
        )


def _add_loyal_customers(cr):
    """The mark of those whom the monthly plan is for. An update does not make it, since users may delete it."""
    if _ref(cr, "partner_category_loyal"):
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    values = {"xml_id": f"{MODULE}.partner_category_loyal", "values": {"name": "Loyal customer"}, "noupdate": True}
    category = env["res.partner.category"]._load_records([values])
    # Without any filter the plan would ask every existing customer each month.
    cr.execute(
        SQL(
            "UPDATE aftersale_plan SET partner_domain = %s WHERE id = %s AND COALESCE(partner_domain, '[]') = '[]'",
            str([("category_id", "in", [category.id])]),
            _ref(cr, "plan_loyal"),
        )
    )


def _drop_call_form(cr):
    """The console has taken the place of the call form, whose table and record rule an update would leave behind."""
    cr.execute(SQL("DELETE FROM ir_rule WHERE id = %s", _ref(cr, "call_rule_own")))
    cr.execute(SQL("DELETE FROM ir_model_data WHERE module = %s AND name = 'call_rule_own'", MODULE))
    cr.execute("DROP TABLE IF EXISTS aftersale_call CASCADE")
