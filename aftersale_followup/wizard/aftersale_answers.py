import csv
from collections import Counter
from random import SystemRandom

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import split_every

from ..models.aftersale_export_mixin import as_text
from ..report.anonymous import anonymise

BATCH = 2000
# Spreadsheets take a file for Unicode by this mark.
BOM = "\ufeff"


class AftersaleAnswers(models.TransientModel):
    """Single answers as a table for statistics elsewhere, without anything that leads to a customer.

    No name, number, reference or day; in a random order within the month, so that none tells when an answer came;
    months of few answers stand together. A product stands only where enough answers name it. Texts are left out unless
    asked for.
    """

    _name = "aftersale.answers"
    _description = "Answers for Statistics"
    _rec_name = "company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, default=lambda self: self.env.company)
    date_from = fields.Date("From", required=True, default=lambda self: self._default_first() - relativedelta(years=1))
    date_to = fields.Date("To", required=True, default=lambda self: self._default_first() - relativedelta(days=1))
    with_products = fields.Boolean(
        "Products", default=True, help="Only those that as many answers name as the settings ask for at least."
    )
    with_texts = fields.Boolean(
        "Texts",
        help="What customers wrote, without the names, addresses and long numbers that are found in it. People may be "
        "recognised by what they write all the same: read it before you pass it on.",
    )
    answer_count = fields.Integer("Answers", compute="_compute_answer_count")

    def _default_first(self):
        return self.env.company._aftersale_today().replace(day=1)

    @api.depends("date_from", "date_to", "company_id")
    def _compute_answer_count(self):
        for export in self:
            dated = export.date_from and export.date_to
            export.answer_count = dated and self.env["aftersale.feedback"].search_count(export._get_domain())

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        if any(export.date_from > export.date_to for export in self):
            raise ValidationError(self.env._("The period must end after it starts."))

    def action_export(self):
        """Download the table."""
        self.ensure_one()
        self._check_export()
        return {"type": "ir.actions.act_url", "url": f"/aftersale_followup/answers/{self.id}.csv", "target": "download"}

    def _check_export(self):
        """Raise unless the user may export, and there are enough answers for none to be somebody's."""
        self.check_access("read")
        user = self.env.user
        if not user.has_group("aftersale_followup.group_manager") or not user.has_group("base.group_allow_export"):
            raise AccessError(self.env._("Answers are exported by managers with the right to export."))
        least = self.company_id.aftersale_min_n
        if self.answer_count < least:
            raise UserError(
                self.env._(
                    "There are fewer than %(least)s answers in this period: they could be told apart. Choose a longer "
                    "one.",
                    least=least,
                )
            )

    # ------------------------------------------------------------
    # the table
    # ------------------------------------------------------------

    def _get_domain(self):
        company = self.company_id
        return [
            ("company_id", "=", company.id),
            ("is_valid", "=", True),
            ("date", ">=", company._aftersale_moment(self.date_from)),
            ("date", "<", company._aftersale_moment(self.date_to + relativedelta(days=1))),
        ]

    def _write_csv(self, stream):
        """Write the table to a text ``stream``, a batch of answers at a time; note that it was exported."""
        Feedback = self.env["aftersale.feedback"].with_context(active_test=False)
        # a hundred thousand answers are not kept in memory: their ids, and the answers of one batch
        answers = self._shuffle(Feedback._search(self._get_domain()))
        self.env["aftersale.access.log"]._note(
            "export", Feedback.browse(answers), self.env._("Answers for statistics, without personal data")
        )
        areas = self.env["aftersale.dimension"].search([("code", "!=", False)])
        products = self._get_common_products() if self.with_products else None
        stream.write(BOM)
        writer = csv.writer(stream)
        writer.writerow([as_text(title) for title in self._get_titles(areas)])
        labels = {
            name: dict(Feedback._fields[name]._description_selection(self.env))
            for name in ("scenario", "customer_type", "resolved", "stability")
        }
        for batch in split_every(BATCH, answers):
            for answer in Feedback.browse(batch):
                row = [answers[answer.id], *self._get_row(answer, areas, labels)]
                if products is not None:
                    row.append("; ".join((answer.product_ids & products).mapped("display_name")))
                if self.with_texts:
                    traces = answer._get_traces()
                    row += [anonymise(text, *traces) for text in (answer.detail, answer.suggestion)]
                writer.writerow([as_text(value) for value in row])
            self.env.invalidate_all(flush=False)

    def _shuffle(self, query):
        """Return {id: month} of the answers that ``query`` finds, by month; the order within one tells nothing."""
        feedback = self.env["aftersale.feedback"]
        columns = (feedback._field_to_sql(query.table, name, query) for name in ("date", "id"))
        rows = self.env.execute_query(query.select(*columns))
        pairs = [(f"{self.company_id._aftersale_date(moment):%Y-%m}", answer_id) for moment, answer_id in rows]
        SystemRandom().shuffle(pairs)
        names = self._join_months(Counter(month for month, _answer_id in pairs))
        # by what is shown: within months that stand together the order tells nothing either
        return {answer_id: names[month] for month, answer_id in sorted(pairs, key=lambda pair: names[pair[0]])}

    def _join_months(self, counts):
        """Return {month: what stands in its rows}: months of too few answers stand together with the next ones."""
        groups, least = [[]], self.company_id.aftersale_min_n
        for month in sorted(counts):
            groups[-1].append(month)
            if sum(counts[name] for name in groups[-1]) >= least:
                groups.append([])
        rest = groups.pop()
        if groups:
            groups[-1] += rest
        return {
            month: " – ".join(dict.fromkeys([group[0], group[-1]])) for group in groups or [rest] for month in group
        }

    def _get_common_products(self):
        """Products that enough of these answers name."""
        groups = self.env["aftersale.feedback"]._read_group(self._get_domain(), ["product_ids"], ["__count"])
        least = self.company_id.aftersale_min_n
        return self.env["product.product"].union(*(product for product, count in groups if count >= least))

    def _get_titles(self, areas):
        feedback = self.env["aftersale.feedback"]
        names = (
            "scenario",
            "customer_type",
            "channel_id",
            "category_id",
            "tag_ids",
            "score",
            "nps",
            "resolved",
            "stability",
        )
        titles = [self.env._("Month"), *(feedback._fields[name]._description_string(self.env) for name in names)]
        titles += areas.mapped("name")
        if self.with_products:
            titles.append(self.env._("Products"))
        if self.with_texts:
            titles += [feedback._fields[name]._description_string(self.env) for name in ("detail", "suggestion")]
        return titles

    def _get_row(self, answer, areas, labels):
        scores = {area.dimension_id: area.score for area in answer.dimension_ids}
        return [
            labels["scenario"].get(answer.scenario, ""),
            labels["customer_type"].get(answer.customer_type, ""),
            answer.channel_id.name or "",
            answer.category_id.name or "",
            "; ".join(answer.tag_ids.mapped("name")),
            answer.score or "",
            answer.nps or "",
            labels["resolved"].get(answer.resolved, ""),
            labels["stability"].get(answer.stability, ""),
            *(scores.get(area) or "" for area in areas),
        ]
