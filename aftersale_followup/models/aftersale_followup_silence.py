from odoo import api, fields, models
from odoo.tools import SQL, format_date

BATCH = 100


class AftersaleFollowup(models.Model):
    """Silence as a signal: who neither answers nor orders as usual is about to leave."""

    _inherit = "aftersale.followup"

    is_silence_told = fields.Boolean(
        "Told as Silence", copy=False, readonly=True, help="The salesperson was asked to win this customer back."
    )

    @api.model
    def _cron_silence(self):
        """Ask salespeople to call customers who left their last follow-ups unanswered and did not order as usual.

        Each follow-up is a signal once: the next call is asked for after as many further ones.
        """
        silent = self._find_silent()
        for start in range(0, len(silent), BATCH):
            batch = silent[start : start + BATCH]
            if not self._tell_silence_isolated(batch):
                # One customer who cannot be told of keeps no other from it.
                for customer in batch:
                    self._tell_silence_isolated([customer])
            if not self.env["ir.cron"]._commit_progress(len(batch), remaining=len(silent) - start - len(batch)):
                return

    @api.model
    def _find_silent(self):
        """Return ``(company id, commercial entity id, follow-up ids, last order's day, usual days)`` of each customer.

        The usual interval is the median time between the days on which the customer ordered from the company; it takes
        three of them to have one. Whoever said anything since the first of the unanswered follow-ups is not silent.
        """
        self.env.flush_all()
        return self.env.execute_query(
            SQL(
                """
                WITH asked AS (
                     SELECT f.id, f.company_id, f.commercial_partner_id AS customer_id, f.state, f.is_silence_told,
                            f.date_sent, c.aftersale_silence_count AS needed,
                            ROW_NUMBER() OVER (PARTITION BY f.company_id, f.commercial_partner_id
                                                   ORDER BY f.date_sent DESC, f.id DESC) AS place
                       FROM aftersale_followup f
                       JOIN res_company c ON c.id = f.company_id AND c.aftersale_silence_count > 0
                      WHERE f.date_sent >= %(since)s),
                     unanswered AS (
                     SELECT company_id, customer_id, ARRAY_AGG(id) AS ids, MIN(date_sent) AS since
                       FROM asked
                      WHERE place <= needed
                   GROUP BY company_id, customer_id, needed
                     HAVING COUNT(*) = needed
                        AND BOOL_AND(state IN ('expired', 'unreachable') AND is_silence_told IS NOT TRUE)),
                     ordered AS (
                     SELECT DISTINCT u.company_id, u.customer_id, o.date_order::date AS day
                       FROM unanswered u
                       JOIN res_partner p ON p.commercial_partner_id = u.customer_id
                       JOIN sale_order o ON o.partner_id = p.id AND o.company_id = u.company_id AND o.state = 'sale'),
                     usual AS (
                     SELECT company_id, customer_id, MAX(day) AS last,
                            PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY gap) AS days
                       FROM (SELECT *, day - LAG(day) OVER (PARTITION BY company_id, customer_id ORDER BY day) AS gap
                               FROM ordered) gaps
                   GROUP BY company_id, customer_id
                     HAVING COUNT(gap) >= 2)
                SELECT u.company_id, u.customer_id, u.ids, o.last, o.days
                  FROM unanswered u
                  JOIN usual o USING (company_id, customer_id)
                  JOIN res_partner p ON p.id = u.customer_id AND p.active
                 WHERE o.last + o.days * INTERVAL '1 day' < %(now)s
                   AND NOT EXISTS (SELECT FROM aftersale_feedback f
                                    WHERE f.commercial_partner_id = u.customer_id AND f.company_id = u.company_id
                                      AND f.date >= u.since)
              ORDER BY o.last, u.customer_id
                """,
                since=fields.Datetime.subtract(fields.Datetime.now(), months=12),
                now=fields.Datetime.now(),
            )
        )

    @api.model
    def _tell_silence_isolated(self, silent):
        with self.env["aftersale.plan"]._isolated() as outcome:
            self._tell_silence(silent)
        return not outcome["failed"]

    @api.model
    def _tell_silence(self, silent):
        """Put the customers found by ``_find_silent`` on the lists of their salespeople."""
        activity_type = self.env.ref("aftersale_followup.activity_type_retention", raise_if_not_found=False)
        model_id = self.env["ir.model"]._get_id("res.partner")
        activities, told = [], self.browse()
        companies, customers, asked = self._browse_silent(silent)
        for company_id, customer_id, ids, last, days in silent:
            company, customer = companies[company_id], customers[customer_id]
            followups = self.browse().concat(*(asked[number] for number in ids))
            users = followups.sorted("date_sent").sales_user_id | customer.user_id | company.aftersale_team_id.user_id
            user = users.filtered(lambda u: u.active and not u.share)[:1]
            if not user or not activity_type:
                continue  # found again when there is somebody to ask
            day = company._aftersale_next_workday(company._aftersale_today())
            reader = self.with_context(lang=user.lang)
            note = reader.env._(
                "No answer to %(followups)s, and no order since %(day)s. Usually this customer orders every %(days)s "
                "days.",
                followups=", ".join(followups.mapped("name")),
                day=format_date(reader.env, last),
                days=round(days),
            )
            activities.append(
                {
                    "res_model_id": model_id,
                    "res_id": customer_id,
                    "activity_type_id": activity_type.id,
                    "summary": activity_type.with_context(lang=user.lang).summary,
                    "date_deadline": day,
                    "user_id": user.id,
                    "note": note,
                }
            )
            told |= followups
        self.env["mail.activity"].create(activities)
        told.is_silence_told = True

    @api.model
    def _browse_silent(self, silent):
        """Return companies, customers and follow-ups by id; those of all customers are read at once."""
        company_ids, customer_ids, ids, _last, _days = zip(*silent, strict=True)
        found = (
            self.env["res.company"].browse(set(company_ids)),
            self.env["res.partner"].browse(set(customer_ids)),
            self.browse(number for numbers in ids for number in numbers),
        )
        return [{record.id: record for record in records} for records in found]
