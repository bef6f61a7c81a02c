from dataclasses import dataclass

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, groupby

# A row's id is the id of its record times this, plus the number of its kind: the record is found without a query.
KINDS = 16


@dataclass
class Source:
    """Where the rows of one kind come from."""

    number: int  # of the kind, below `KINDS`, for good
    model: str
    dates: tuple  # fields, the first that is set counts
    domain: Domain = Domain.TRUE
    icon: str = "fa-circle-o"
    customer: str = "partner_id"
    via: str = ""  # the many2one by which company and customer are found, where the record has none


class AftersaleTimeline(models.Model):
    """All that happened between us and one customer, newest first; read-only, and only what the reader may read.

    The rows are a union of the tables, each with the record rules of whoever reads applied. Anonymous feedback has no
    customer and is in none. The texts of a row are put together from its record, a page at a time.
    """

    _name = "aftersale.timeline"
    _description = "After-sales Timeline"
    _inherit = ["aftersale.export.mixin"]
    _auto = False
    _rec_name = "date"
    _order = "date desc, id desc"

    kind = fields.Selection(
        [
            ("order", "Order"),
            ("delivery", "Delivery"),
            ("followup", "Follow-up"),
            ("attempt", "Contact Attempt"),
            ("answer", "Answer"),
            ("issue", "Issue"),
            ("suggestion", "Suggestion"),
        ],
        "What",
        readonly=True,
    )
    date = fields.Datetime(readonly=True)
    partner_id = fields.Many2one("res.partner", "Contact", readonly=True)
    commercial_partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    user_id = fields.Many2one("res.users", "Done By", readonly=True)
    icon = fields.Char(compute="_compute_texts", export_string_translation=False)
    name = fields.Char("Document", compute="_compute_texts")
    detail = fields.Char(compute="_compute_texts")

    # ------------------------------------------------------------
    # rows
    # ------------------------------------------------------------

    @api.model
    def _get_sources(self):
        """Return {kind: `Source`}; bridges add theirs."""
        return {
            "order": Source(1, "sale.order", ("date_order",), Domain("state", "=", "sale"), "fa-shopping-cart"),
            "delivery": Source(
                2,
                "stock.picking",
                ("date_done",),
                Domain("state", "=", "done") & Domain("location_dest_id.usage", "=", "customer"),
                "fa-truck",
            ),
            "followup": Source(3, "aftersale.followup", ("date_sent", "date_planned"), icon="fa-comments-o"),
            "attempt": Source(4, "aftersale.attempt", ("date",), icon="fa-phone", via="followup_id"),
            "answer": Source(5, "aftersale.feedback", ("date",), icon="fa-star-o"),
            "issue": Source(6, "aftersale.issue", ("create_date",), icon="fa-wrench"),
            "suggestion": Source(
                7,
                "aftersale.feedback",
                ("suggestion_date", "date"),
                Domain("suggestion_state", "!=", "none"),
                "fa-lightbulb-o",
            ),
        }

    @property
    def _table_query(self):
        readable = {
            kind: source for kind, source in self._get_sources().items() if self.env[source.model].has_access("read")
        }
        branches = [self._select_source(kind, source) for kind, source in readable.items()]
        return SQL(" UNION ALL ").join(branches or [self._select_nothing()])

    def _select_source(self, kind, source):
        """The rows of one kind that the user may read, as the record rules of their model have it."""
        records = self.env[source.model]
        query = records._search(source.domain, active_test=False)
        alias, about = query.table, records
        if source.via:
            about = records[source.via]
            alias = query.join(query.table, source.via, about._table, "id", "timeline_via")

        def column(name):
            return about._field_to_sql(alias, name, query)

        partners = self.env["res.partner"]
        # links of our own, so that they are not those of the record rules
        customer = query.join(alias, source.customer, "res_partner", "id", "timeline_customer")
        days = [self._moment(records, query, name) for name in source.dates]
        user = records._field_to_sql(query.table, "user_id", query) if "user_id" in records else SQL("NULL::integer")
        return query.select(
            SQL("%s::bigint * %s + %s AS id", SQL.identifier(query.table, "id"), KINDS, source.number),
            SQL("%s AS kind", kind),
            SQL("COALESCE(%s) AS date", SQL(", ").join(days)),
            SQL("%s AS partner_id", column(source.customer)),
            SQL("%s AS commercial_partner_id", partners._field_to_sql(customer, "commercial_partner_id", query)),
            SQL("%s AS company_id", column("company_id")),
            SQL("%s AS user_id", user),
        )

    def _moment(self, records, query, name):
        day = records._field_to_sql(query.table, name, query)
        # noon, so that the day is the same one in most zones
        return SQL("%s + INTERVAL '12 hours'", day) if records._fields[name].type == "date" else day

    def _select_nothing(self):
        """No rows: of who may read none of it."""
        return SQL(
            "SELECT 0 AS id, '' AS kind, NULL::timestamp AS date, 0 AS partner_id, 0 AS commercial_partner_id, "
            "0 AS company_id, 0 AS user_id WHERE FALSE"
        )

    # ------------------------------------------------------------
    # texts
    # ------------------------------------------------------------

    def _get_record(self):
        """Return the record a row stands for, without a query."""
        self.ensure_one()
        record_id, number = divmod(self.id, KINDS)
        for kind, source in self._get_sources().items():
            if source.number == number:
                return kind, self.env[source.model].browse(record_id)
        return "", self.browse()

    @api.depends_context("lang", "uid")
    def _compute_texts(self):
        sources = self._get_sources()
        for kind, rows in groupby(self, lambda row: row._get_record()[0]):
            found = self.env[sources[kind].model].browse([row._get_record()[1].id for row in rows])
            describe = getattr(self, f"_describe_{kind}")
            for row, record in zip(rows, found, strict=True):
                row.icon = sources[kind].icon
                row.name, details = describe(record)
                row.detail = " · ".join(filter(None, details))

    def _label(self, record, name):
        """The label of a selection of ``record``, in the reader's language."""
        return dict(record._fields[name]._description_selection(self.env)).get(record[name], "")

    def _describe_order(self, order):
        amount = order.currency_id.format(order.amount_total)
        return order.name, [amount, self._label(order, "state")]

    def _describe_delivery(self, picking):
        return picking.name, [picking.origin or ""]

    def _describe_followup(self, followup):
        reason = self._label(followup, "skip_reason") if followup.state == "skipped" else ""
        return followup.name, [followup.plan_id.name, self._label(followup, "state"), reason]

    def _describe_attempt(self, attempt):
        return attempt.followup_id.name, [attempt.channel_id.name, self._label(attempt, "outcome")]

    def _describe_answer(self, feedback):
        score = f"{feedback.score} / 5" if feedback.score else ""
        tags = ", ".join(feedback.tag_ids.mapped("display_name"))
        return feedback.name, [score, feedback.channel_id.name, tags]

    def _describe_issue(self, issue):
        return issue.name, [issue.title, self._label(issue, "state")]

    def _describe_suggestion(self, feedback):
        return feedback.name, [feedback.suggestion, self._label(feedback, "suggestion_state")]

    # ------------------------------------------------------------
    # actions
    # ------------------------------------------------------------

    def action_open(self):
        """Open the record; of an attempt, its follow-up."""
        kind, record = self._get_record()
        if kind == "attempt":
            record = record.followup_id
        record.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }
