"""The figures of a month as an analyst would ask PostgreSQL for them: plain aggregates, nothing of Odoo around them.

Each statement gives one group of figures for the month and the one before; names in brackets are values, see
`_analysis_work.bare`. They are written apart from the figures themselves: filters, teams and translations, which these
know nothing of, are what the figures may cost more.
"""

VALID = "f.company_id = %(company)s AND f.is_valid AND f.date >= %(before)s AND f.date < %(until)s"
CONTACTS = """
    SELECT u.commercial_partner_id AS customer, a.date
      FROM aftersale_attempt a JOIN aftersale_followup u ON u.id = a.followup_id
     WHERE a.company_id = %(company)s AND a.outcome <> 'contested'
"""
ORDERS = """
    SELECT p.commercial_partner_id AS customer, o.date_order AS date, o.amount_untaxed AS amount
      FROM sale_order o JOIN res_partner p ON p.id = o.partner_id
     WHERE o.state = 'sale' AND o.company_id = %(company)s AND o.date_order < %(until)s
"""
COHORT = "date >= %(before)s - interval '90 days' AND date < %(until)s - interval '90 days'"
THIS = "(date >= %(since)s - interval '90 days')"

QUERIES = {
    "scores": """
        SELECT date_trunc('month', f.date AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s), COUNT(*),
               COUNT(*) FILTER (WHERE f.score > 0), SUM(f.score), SUM(f.score * f.score),
               COUNT(*) FILTER (WHERE f.score >= 4), COUNT(f.nps),
               COUNT(*) FILTER (WHERE f.nps IN ('9', '10')), COUNT(*) FILTER (WHERE f.nps::int <= 6),
               COUNT(*) FILTER (WHERE f.suggestion_state <> 'none'),
               COUNT(*) FILTER (WHERE f.suggestion_state = 'adopted')
          FROM aftersale_feedback f
         WHERE f.company_id = %(company)s AND f.is_valid AND f.date >= %(year)s AND f.date < %(until)s
      GROUP BY 1
    """,
    "problems": f"""
        SELECT f.date >= %(since)s, r.aftersale_tag_id, COUNT(DISTINCT f.id)
          FROM aftersale_feedback f
          JOIN aftersale_feedback_aftersale_tag_rel r ON r.aftersale_feedback_id = f.id
          JOIN aftersale_tag t ON t.id = r.aftersale_tag_id AND t.is_problem
         WHERE {VALID}
      GROUP BY GROUPING SETS ((1, 2), (1))
    """,
    "products of problems": f"""
        SELECT r.aftersale_tag_id, p.product_product_id, COUNT(*)
          FROM aftersale_feedback f
          JOIN aftersale_feedback_aftersale_tag_rel r ON r.aftersale_feedback_id = f.id
          JOIN aftersale_feedback_product_product_rel p ON p.aftersale_feedback_id = f.id
         WHERE {VALID} AND f.date >= %(since)s
      GROUP BY 1, 2
    """,
    "areas": f"""
        SELECT f.date >= %(since)s, d.dimension_id, COUNT(*), SUM(d.score), SUM(d.score * d.score)
          FROM aftersale_feedback f
          JOIN aftersale_feedback_dimension d ON d.feedback_id = f.id
         WHERE {VALID}
      GROUP BY 1, 2
    """,
    "products": f"""
        SELECT f.date >= %(since)s, p.product_tmpl_id, COUNT(*), SUM(f.score), SUM(f.score * f.score)
          FROM aftersale_feedback f
          JOIN aftersale_feedback_product_product_rel r ON r.aftersale_feedback_id = f.id
          JOIN product_product p ON p.id = r.product_product_id
         WHERE {VALID} AND f.score > 0
      GROUP BY 1, 2
    """,
    "customers, teams": f"""
        SELECT f.date >= %(since)s, f.customer_type, f.team_id, COUNT(*), SUM(f.score), SUM(f.score * f.score)
          FROM aftersale_feedback f
         WHERE {VALID} AND f.score > 0
      GROUP BY GROUPING SETS ((1, 2), (1, 3))
    """,
    "scores of staff": f"""
        SELECT f.date >= %(since)s, f.user_id, u.sales_user_id, u.delivery_user_id, f.channel_id, COUNT(*),
               SUM(f.score), SUM(f.score * f.score)
          FROM aftersale_feedback f
     LEFT JOIN aftersale_followup u ON u.id = f.followup_id
         WHERE {VALID} AND f.score > 0
      GROUP BY 1, GROUPING SETS ((2), (3), (4), (2, 5), (3, 5), (4, 5))
    """,
    "problems and low scores": f"""
        SELECT r.aftersale_tag_id, COUNT(DISTINCT f.id), COUNT(DISTINCT f.id) FILTER (WHERE f.score <= %(low)s)
          FROM aftersale_feedback f
     LEFT JOIN aftersale_feedback_aftersale_tag_rel r ON r.aftersale_feedback_id = f.id
         WHERE {VALID} AND f.date >= %(since)s AND f.score > 0
      GROUP BY GROUPING SETS ((1), ())
    """,
    "bonds": f"""
        SELECT f.date >= %(since)s, COUNT(*) FILTER (WHERE f.stability IN ('better', 'same')), COUNT(f.stability),
               COUNT(*) FILTER (WHERE f.loyalty > 0), SUM(f.loyalty), SUM(f.loyalty * f.loyalty)
          FROM aftersale_feedback f
         WHERE {VALID} AND f.customer_type = 'existing'
      GROUP BY 1
    """,
    "quality": """
        SELECT f.date >= %(since)s, COUNT(*) FILTER (
                   WHERE f.evidence <> 'suspicious' AND f.score > 0
                     AND (LENGTH(f.detail) >= 10 OR LENGTH(f.suggestion) >= 10
                          OR EXISTS (SELECT FROM aftersale_feedback_aftersale_tag_rel r
                                      WHERE r.aftersale_feedback_id = f.id))
                     AND NOT EXISTS (SELECT FROM aftersale_attempt a
                                      WHERE a.followup_id = f.followup_id AND a.outcome = 'contested')), COUNT(*)
          FROM aftersale_feedback f
         WHERE f.company_id = %(company)s AND f.date >= %(before)s AND f.date < %(until)s
           AND NOT EXISTS (SELECT FROM aftersale_feedback c WHERE c.correction_of_id = f.id)
      GROUP BY 1
    """,
    "contacts": """
        SELECT u.date_planned >= %(first)s, u.channel_id, u.state, u.skip_reason, a.followup_id IS NOT NULL,
               a.reached, a.first::date <= u.date_deadline, u.user_id, u.sales_user_id, u.delivery_user_id, COUNT(*)
          FROM aftersale_followup u
     LEFT JOIN (SELECT followup_id, BOOL_OR(outcome = 'reached') AS reached, MIN(date) AS first
                  FROM aftersale_attempt
                 WHERE company_id = %(company)s AND outcome <> 'contested'
                   AND date >= %(before)s - interval '30 days'
              GROUP BY 1) a ON a.followup_id = u.id
         WHERE u.company_id = %(company)s AND u.date_planned >= %(first)s::date - interval '1 month'
           AND u.date_planned <= %(last)s
      GROUP BY 1, 2, 3, 4, 5, 6, 7, GROUPING SETS ((8), (9), (10))
    """,
    "trend of responses": """
        SELECT date_trunc('month', u.date_planned), COUNT(*) FILTER (WHERE u.state = 'done'), COUNT(*)
          FROM aftersale_followup u
         WHERE u.company_id = %(company)s AND u.date_planned >= %(first)s::date - interval '11 months'
           AND u.date_planned <= %(last)s
           AND EXISTS (SELECT FROM aftersale_attempt a WHERE a.followup_id = u.id AND a.outcome <> 'contested')
      GROUP BY 1
    """,
    "trend of complaints": """
        SELECT date_trunc('month', create_date AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s), COUNT(*)
          FROM aftersale_issue
         WHERE company_id = %(company)s AND kind = 'complaint' AND state <> 'cancelled'
           AND create_date >= %(year)s AND create_date < %(until)s
      GROUP BY 1
    """,
    "calls": """
        SELECT a.date >= %(since)s, COUNT(*) FILTER (WHERE a.outcome = 'reached'), COUNT(*)
          FROM aftersale_attempt a
          JOIN aftersale_channel c ON c.id = a.channel_id AND c.code = 'phone'
         WHERE a.company_id = %(company)s AND a.date >= %(before)s AND a.date < %(until)s
           AND a.outcome NOT IN ('sent', 'bounced', 'contested')
      GROUP BY 1
    """,
    "issues": """
        SELECT COUNT(*) FILTER (WHERE create_date >= %(since)s AND create_date < %(until)s),
               COUNT(*) FILTER (WHERE create_date >= %(since)s AND create_date < %(until)s AND kind = 'complaint'),
               COUNT(*) FILTER (WHERE create_date >= %(before)s AND create_date < %(since)s AND kind = 'complaint'),
               COUNT(*) FILTER (WHERE priority <> '0' AND contact_deadline BETWEEN %(first)s AND %(last)s),
               COUNT(*) FILTER (WHERE priority <> '0' AND contact_deadline BETWEEN %(first)s AND %(last)s
                                  AND date_contacted::date <= contact_deadline),
               COUNT(*) FILTER (WHERE date_done >= %(since)s AND date_done < %(until)s),
               COUNT(*) FILTER (WHERE date_done >= %(since)s AND date_done < %(until)s AND state = 'closed'
                                  AND waiver_reason IS NULL),
               COUNT(*) FILTER (WHERE date_closed >= %(since)s AND date_closed < %(until)s),
               COUNT(*) FILTER (WHERE state = 'new'), COUNT(*) FILTER (WHERE state = 'processing'),
               COUNT(*) FILTER (WHERE state = 'done'),
               COUNT(*) FILTER (WHERE state = 'processing' AND resolution_deadline < now())
          FROM aftersale_issue
         WHERE company_id = %(company)s AND state <> 'cancelled'
    """,
    "deliveries": """
        SELECT date_trunc('month', delivered AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s), COUNT(*)
          FROM (SELECT l.order_id, MAX(m.date) AS delivered
                  FROM stock_move m
                  JOIN sale_order_line l ON l.id = m.sale_line_id
                 WHERE m.state = 'done' AND m.company_id = %(company)s AND m.date >= %(year)s AND m.date < %(until)s
              GROUP BY 1) d
      GROUP BY 1
    """,
    "coverage": f"""
        SELECT since >= %(since)s, COUNT(*) FILTER (WHERE c.last >= d.since), COUNT(*)
          FROM (SELECT p.commercial_partner_id AS customer, MIN(m.date) AS since
                  FROM stock_move m
                  JOIN sale_order_line l ON l.id = m.sale_line_id
                  JOIN sale_order o ON o.id = l.order_id
                  JOIN res_partner p ON p.id = o.partner_id
                 WHERE m.state = 'done' AND m.company_id = %(company)s AND m.date >= %(before)s AND m.date < %(until)s
              GROUP BY 1, m.date >= %(since)s) d
     LEFT JOIN (SELECT customer, MAX(date) AS last
                  FROM ({CONTACTS} AND a.date >= %(before)s) contact GROUP BY 1) c USING (customer)
      GROUP BY 1
    """,
    "survival": """
        SELECT i.date_closed >= %(since)s - interval '90 days', COUNT(*) FILTER (WHERE NOT EXISTS (
                   SELECT FROM aftersale_issue n
                    WHERE n.commercial_partner_id = i.commercial_partner_id AND n.product_id = i.product_id
                      AND n.create_date > i.date_closed AND n.create_date <= i.date_closed + interval '90 days')),
               COUNT(*)
          FROM aftersale_issue i
         WHERE i.company_id = %(company)s AND i.state = 'closed'
           AND i.date_closed >= %(before)s - interval '90 days' AND i.date_closed < %(until)s - interval '90 days'
      GROUP BY 1
    """,
    "verification": f"""
        SELECT f.date >= %(since)s, COUNT(DISTINCT u.issue_id),
               COUNT(DISTINCT u.issue_id) FILTER (WHERE f.resolved <> 'fully' OR f.score BETWEEN 1 AND 2)
          FROM aftersale_feedback f
          JOIN aftersale_followup u ON u.id = f.followup_id
         WHERE {VALID} AND f.scenario = 'resolution_check' AND u.issue_id IS NOT NULL
      GROUP BY 1
    """,
    "suggestions": """
        SELECT f.suggestion_date >= %(since)s, AVG(f.suggestion_date - f.date), COUNT(*)
          FROM aftersale_feedback f
         WHERE f.company_id = %(company)s AND f.is_valid
           AND f.suggestion_date >= %(before)s AND f.suggestion_date < %(until)s
      GROUP BY 1
    """,
    "measures": """
        SELECT date_deadline >= %(first)s, COUNT(*) FILTER (WHERE date_done::date <= date_deadline), COUNT(*)
          FROM aftersale_action
         WHERE company_id = %(company)s AND state <> 'cancelled' AND date_deadline <= %(last)s
      GROUP BY 1
    """,
    "repeat purchase": f"""
          WITH contact AS ({CONTACTS} AND a.date >= %(before)s - interval '90 days' AND a.date < %(until)s),
               purchase AS ({ORDERS} AND o.date_order >= %(before)s - interval '90 days'),
               asked AS (SELECT {THIS} AS is_now, customer, MIN(date) AS since
                           FROM contact WHERE {COHORT} GROUP BY 1, 2),
               others AS (SELECT {THIS} AS is_now, customer, MIN(date) AS since
                            FROM purchase b WHERE {COHORT} GROUP BY 1, 2)
        SELECT asked, is_now, COUNT(*), COUNT(*) FILTER (WHERE again)
          FROM (SELECT w.asked, w.is_now, w.customer, BOOL_OR(p.customer IS NOT NULL) AS again
                  FROM (SELECT TRUE AS asked, * FROM asked
                     UNION ALL
                        SELECT FALSE, * FROM others o
                         WHERE NOT EXISTS (SELECT FROM contact c WHERE c.customer = o.customer
                                                                   AND c.date <= o.since + interval '90 days')) w
             LEFT JOIN purchase p ON p.customer = w.customer AND p.date > w.since
                                 AND p.date <= w.since + interval '90 days'
              GROUP BY 1, 2, 3) followed
      GROUP BY 1, 2
    """,
    "recovery": f"""
          WITH low AS (
               SELECT DISTINCT ON ({THIS}, commercial_partner_id)
                      {THIS} AS is_now, commercial_partner_id AS customer, date AS since, score
                 FROM aftersale_feedback
                WHERE company_id = %(company)s AND is_valid AND score BETWEEN 1 AND %(low)s AND {COHORT}
             ORDER BY 1, 2, 3)
        SELECT is_now, COUNT(*), COUNT(*) FILTER (WHERE after >= 4 OR again), COUNT(after), SUM(score), SUM(after),
               SUM(cost)
          FROM (SELECT low.*,
                       (SELECT n.score FROM aftersale_feedback n
                         WHERE n.commercial_partner_id = low.customer AND n.is_valid AND n.score > 0
                           AND n.date > low.since AND n.date <= low.since + interval '90 days'
                      ORDER BY n.date LIMIT 1) AS after,
                       EXISTS (SELECT FROM ({ORDERS} AND o.date_order >= %(before)s - interval '90 days') p
                                WHERE p.customer = low.customer AND p.date > low.since
                                  AND p.date <= low.since + interval '90 days') AS again,
                       (SELECT SUM(i.compensation) FROM aftersale_issue i
                         WHERE i.commercial_partner_id = low.customer AND i.company_id = %(company)s
                           AND i.compensation_state = 'granted' AND i.compensation_date >= low.since
                           AND i.compensation_date <= low.since + interval '90 days') AS cost
                  FROM low) watched
      GROUP BY 1
    """,
    "customers": f"""
        SELECT COUNT(*), AVG(revenue), PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY revenue),
               COUNT(*) FILTER (WHERE early), COUNT(*) FILTER (WHERE early AND late)
          FROM (SELECT customer, SUM(amount)::float AS revenue,
                       BOOL_OR(date >= %(until)s - interval '12 months') AS late,
                       BOOL_OR(date < %(until)s - interval '12 months') AS early
                  FROM ({ORDERS}) purchase
              GROUP BY 1) customer
     UNION ALL
        SELECT COUNT(*), AVG(revenue), PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY revenue),
               COUNT(*) FILTER (WHERE early), COUNT(*) FILTER (WHERE early AND late)
          FROM (SELECT customer, SUM(amount)::float AS revenue,
                       BOOL_OR(date >= %(since)s - interval '12 months') AS late,
                       BOOL_OR(date < %(since)s - interval '12 months') AS early
                  FROM ({ORDERS} AND o.date_order < %(since)s) purchase
              GROUP BY 1) customer
    """,
    "growth": f"""
        SELECT is_now, SUM(late), SUM(early), COUNT(*)
          FROM (SELECT c.is_now, c.customer,
                       SUM(p.amount) FILTER (WHERE p.date >= %(until)s - interval '12 months') AS late,
                       SUM(p.amount) FILTER (WHERE p.date < %(until)s - interval '12 months') AS early
                  FROM (SELECT DISTINCT date >= %(since)s AS is_now, customer
                          FROM ({CONTACTS} AND a.date >= %(before)s AND a.date < %(until)s) contact) c
                  JOIN ({ORDERS}) p USING (customer)
              GROUP BY 1, 2) grown
         WHERE early > 0
      GROUP BY 1
    """,
    "customers asked and alike": f"""
          WITH side AS (
               SELECT kind, until - 2 * days AS since, until - days AS start, until
                 FROM (VALUES ('again', interval '90 days', %(until)s), ('again', interval '90 days', %(since)s),
                              ('kept', interval '365 days', %(until)s), ('kept', interval '365 days', %(since)s)
                      ) AS s (kind, days, until)),
               asked AS (SELECT DISTINCT kind, until, customer
                           FROM side JOIN ({CONTACTS}) c ON c.date >= since AND c.date < start),
               bought AS (
               SELECT kind, until, customer, MIN(date) < MIN(start) - interval '3 months' AS is_existing,
                      BOOL_OR(date >= start) AS again, MIN(start) - MAX(date) FILTER (WHERE date < start) AS age,
                      SUM(amount) FILTER (WHERE date < start AND date >= start - interval '1 year') > 50000 AS is_high
                 FROM side JOIN ({ORDERS}) p ON p.date < until
             GROUP BY 1, 2, 3
               HAVING MAX(date) FILTER (WHERE date < start) >= MIN(since))
        SELECT kind, until, is_existing, is_high, EXTRACT(DAY FROM age)::int / 60, a.customer IS NOT NULL, again,
               COUNT(*)
          FROM bought LEFT JOIN asked a USING (kind, until, customer)
      GROUP BY 1, 2, 3, 4, 5, 6, 7
    """,
    "effects of measures": """
        SELECT date_effect >= %(since)s, effect, COUNT(*)
          FROM aftersale_action
         WHERE company_id = %(company)s AND date_effect >= %(before)s AND date_effect < %(until)s
      GROUP BY 1, 2
    """,
}
