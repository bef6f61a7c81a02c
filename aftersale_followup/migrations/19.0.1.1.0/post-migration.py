"""After the tables and the data of 19.0.1.1.0 are there: what takes its models to work out."""

import re

from odoo import SUPERUSER_ID, api
from odoo.tools import SQL
from odoo.tools.convert import convert_file
from odoo.tools.sql import column_exists

from odoo.addons.aftersale_followup.models.aftersale_issue_clock import ESCALATED
from odoo.addons.aftersale_followup.models.planning_window import PlanningWindows

# Domains of record rules as 19.0.1.0.0 brought them, in one kind of quotes.
TEAMS = re.compile(r'\["\|", \("((?:\w+\.)?)team_id", "=", False\), \("\1team_id\.user_id", "=", user\.id\)\]')
MODULE = "aftersale_followup"
SURVEYS = ("survey_new", "survey_relation", "survey_verify", "survey_pilot", "survey_service", "survey_shop")
ANSWERS = '[("survey_id.survey_type", "=", "aftersale")]'


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    _renew_rules(env)
    _count_windows(env)
    _tell_product_lines(env)
    _offer_all_languages(env)
    _keep_edited_thanks(env)
    _keep_told(env)
    _keep_recipients(env)
    _keep_sent(env)
    # New, or about another model now; an update creates nothing that users may delete, and changes nothing they edit.
    for name in ("aftersale_complaint_step_data", "mail_template_thanks_data", "aftersale_figure_target_data"):
        convert_file(env, MODULE, f"data/{name}.xml", {}, mode="init", noupdate=True)
    _show_figures_in_mail(env)


def _show_figures_in_mail(env):
    """The mail of the analysis shows its figures now, unless somebody made it their own; translations come anew."""
    template = env.ref(f"{MODULE}.mail_template_analysis", raise_if_not_found=False)
    if template and template.write_date <= template.create_date:
        convert_file(env, MODULE, "data/mail_template_analysis_data.xml", {}, mode="init", noupdate=True)
        foreign = [code for code, _label in env["res.lang"].get_installed() if code != "en_US"]
        template.update_field_translations("body_html", dict.fromkeys(foreign, False))


def _renew_rules(env):
    """Record rules whose domain nobody edited get the one of today; an update leaves them alone otherwise."""
    data = env["ir.model.data"].search([("module", "=", MODULE), ("model", "=", "ir.rule")])
    names = {row.res_id: row.name for row in data}
    answers = _get_answer_rules()
    for rule in env["ir.rule"].with_context(active_test=False).search([("id", "in", list(names))]):
        domain = (rule.domain_force or "").replace("'", '"')
        if match := TEAMS.fullmatch(domain):
            rule.domain_force = f"[{_led_teams(match[1])}]"
        elif (terms := answers.get(names[rule.id])) and domain == f"[{terms[0]}]":
            rule.domain_force = f'["&", {terms[0]}, {terms[1]}]'
        elif domain == ANSWERS and names[rule.id].startswith("survey_user_input_"):
            path = "user_input_id." if "_line_" in names[rule.id] else ""
            scope = '("company_id", "in", company_ids)'
            if names[rule.id].endswith("_supervisor"):
                scope += f", {_led_teams('')}"
            rule.domain_force = f'{ANSWERS[:-1]}, ("{path}aftersale_followup_ids", "any", [{scope}])]'
        # Its group was taken off before.
        if ", and with the setting supervisors," in rule.name:
            rule.name = rule.name.replace(", and with the setting supervisors,", "")


def _get_answer_rules():
    """Return {rule: (what agents saw of answers, the terms that a setting of the company adds)}."""

    def seen(path, *further):
        own = "".join(f', ("{path}{name}", "=", user.id)' for name in ("user_id", *further))
        team = f'"&", ("{path}user_id", "=", False), ("{path}team_id.member_ids", "in", user.ids)'
        either = ", ".join(['"|"'] * (1 + len(further)))
        return f"{either}{own}, {team}"

    def shown(path):
        return f'("{path}company_id.aftersale_hide_answers", "=", False)'

    def entered(path):
        return f'"|", {shown(path)}, "&", ("{path}source", "=", "staff"), ("{path}create_uid", "=", user.id)'

    return {
        "attempt_rule_agent": (seen("followup_id."), f'"|", {shown("")}, ("outcome", "!=", "contested")'),
        "feedback_rule_agent": (seen("", "issue_ids.user_id"), entered("")),
        "feedback_dimension_rule_agent": (seen("feedback_id.", "issue_ids.user_id"), entered("feedback_id.")),
        "aftersale_feedback_report_rule_agent": ('("user_id", "=", user.id)', shown("")),
    }


def _led_teams(path):
    """Return the terms of a domain for what a supervisor sees of the records that ``path`` leads to."""
    teams = f'("{path}team_id", "=", False), ("{path}team_id.user_id", "=", user.id)'
    return f'"|", "|", {teams}, ("{path}company_id.aftersale_all_teams", "=", True)'


def _count_windows(env):
    """Planned windows follow the calendar from now on: those that still are what their plan says.

    A day that a supervisor chose, or a plan that was edited since, does not fit, and stays as it is.
    """
    planned = env["aftersale.followup"].search(
        [("state", "=", "planned"), ("date_received", "!=", False), ("window_to", "=", 0)]
    )
    for company, followups in planned.grouped("company_id").items():
        start = company._aftersale_moment(min(followups.mapped("date_received")), 12.0)
        windows = PlanningWindows(company, [], [start])
        for rule, rows in followups.grouped(lambda row: row.touchpoint_id or row.plan_id).items():
            if rule.delay_unit == "working_days":
                fitting = rows.filtered(lambda row, rule=rule, windows=windows: _fits(row, rule, windows))
                fitting.write({"window_from": rule.delay_min, "window_to": rule.delay_max})


def _fits(row, rule, windows):
    first, last = windows.nth(row.date_received, rule.delay_min), windows.nth(row.date_received, rule.delay_max)
    return first <= row.date_planned <= last == row.date_deadline


def _tell_product_lines(env):
    """Old follow-ups and answers get the product line that they would get now (`product.product._aftersale_line`)."""
    general = tuple(env["product.category"]._aftersale_general_ids()) or (0,)
    for table in ("aftersale_followup", "aftersale_feedback"):
        env.cr.execute(
            SQL(
                """UPDATE %(table)s f SET product_line_id = l.line_id
                     FROM (SELECT DISTINCT ON (r.record_id) r.record_id, c.line_id
                             FROM (SELECT %(column)s AS record_id, product_product_id AS product_id
                                     FROM %(relation)s) r
                             JOIN %(table)s o ON o.id = r.record_id AND o.product_line_id IS NULL
                             JOIN product_product p ON p.id = r.product_id
                             JOIN product_template t ON t.id = p.product_tmpl_id
                             JOIN (SELECT DISTINCT ON (c.id) c.id, part::int AS line_id
                                     FROM product_category c,
                                          unnest(string_to_array(trim(BOTH '/' FROM c.parent_path), '/'))
                                          WITH ORDINALITY AS path(part, depth)
                                 ORDER BY c.id, part::int IN %(general)s,
                                          CASE WHEN part::int IN %(general)s THEN -depth ELSE depth END) c
                               ON c.id = t.categ_id
                        LEFT JOIN sale_order_line s ON s.order_id = o.order_id AND s.product_id = p.id
                         GROUP BY r.record_id, c.line_id
                         ORDER BY r.record_id, COALESCE(SUM(s.price_subtotal), 0) DESC, c.line_id) l
                    WHERE f.id = l.record_id""",
                table=SQL.identifier(table),
                column=SQL.identifier(f"{table}_id"),
                relation=SQL.identifier(f"{table}_product_product_rel"),
                general=general,
            )
        )


def _offer_all_languages(env):
    """The languages of a questionnaire are those of its page now; shipped ones held that of their installation only."""
    for name in SURVEYS:
        if survey := env.ref(f"{MODULE}.{name}", raise_if_not_found=False):
            survey.lang_ids = False


def _keep_edited_thanks(env):
    """Thanks are about the feedback now, not the follow-up: what users wrote stays, as a copy to take it from.

    The translations go, and come anew: an update keeps those that it finds, which ask the follow-up for their values.
    """
    foreign = [code for code, _label in env["res.lang"].get_installed() if code != "en_US"]
    for name in ("mail_template_thanks", "mail_template_thanks_low", "sms_template_thanks", "sms_template_thanks_low"):
        template = env.ref(f"{MODULE}.{name}", raise_if_not_found=False)
        if template and template.model == "aftersale.followup":
            if template.write_date > template.create_date:
                template.copy()
            for field in template._fields.keys() & {"subject", "body_html", "body"}:
                template.update_field_translations(field, dict.fromkeys(foreign, False))


def _keep_recipients(env):
    """Who was named in the settings was the only one to get analyses; roles are added to them from now on."""
    named = env["res.company"].search([("aftersale_report_recipient_ids", "!=", False)])
    named.write(
        {
            "aftersale_report_managers": False,
            "aftersale_report_leaders": False,
            "aftersale_report_heads": False,
        }
    )


def _keep_sent(env):
    """Of analyses that were mailed it is kept from now on to whom: those of before went to all who have an address."""
    env.cr.execute(
        """INSERT INTO aftersale_analysis_sent_rel (analysis_id, partner_id)
           SELECT r.analysis_id, r.partner_id
             FROM aftersale_analysis_recipient_rel r
             JOIN aftersale_analysis a ON a.id = r.analysis_id AND a.date_sent IS NOT NULL
             JOIN res_partner p ON p.id = r.partner_id AND p.email <> ''
               ON CONFLICT DO NOTHING"""
    )


def _keep_told(env):
    """Of what an issue was late with, people were told once, by the issue; now each clock tells them for itself."""
    if not column_exists(env.cr, "aftersale_issue", "overdue_told_date"):
        return
    env.cr.execute(
        """SELECT id, overdue_told_date FROM aftersale_issue
            WHERE overdue_told_date IS NOT NULL AND state IN ('new', 'processing', 'done')"""
    )
    for issue_id, told in env.cr.fetchall():
        issue = env["aftersale.issue"].browse(issue_id)
        late = [name for name in issue._get_running_clocks() if issue[name] < told]
        issue.alarms = {name: [str(issue[name]), ESCALATED] for name in late}
