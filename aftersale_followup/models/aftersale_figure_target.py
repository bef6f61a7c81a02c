from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import formatLang

from ..report.figure_kinds import KINDS, LESS_IS_BETTER, TABLES, get_kind


class AftersaleFigureTarget(models.Model):
    """What a company wants one of its figures to be; the figure without a target has no traffic light."""

    _name = "aftersale.figure.target"
    _description = "Target of a Figure"
    _inherit = ["aftersale.export.mixin"]
    _order = "company_id, id"

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, ondelete="cascade"
    )
    figure = fields.Selection("_select_figures", required=True)
    definition = fields.Char("How It Is Counted", compute="_compute_figure")
    condition = fields.Char(compute="_compute_figure")
    target = fields.Float(required=True, digits=(16, 2))
    unit = fields.Char(compute="_compute_figure")

    _figure_unique = models.UniqueIndex("(company_id, figure)", "This figure has a target already. Change that one.")

    @api.model
    def _select_figures(self):
        """Return [(key, label)] of the figures that are one number."""
        definitions = self.env["aftersale.figures"]._get_definitions()
        return [(key, label) for key, (label, _definition) in definitions.items() if key not in TABLES]

    @api.depends("figure", "company_id.currency_id")
    @api.depends_context("lang")
    def _compute_figure(self):
        definitions = self.env["aftersale.figures"]._get_definitions()
        at_least, at_most = self.env._("at least"), self.env._("at most")
        for target in self:
            target.definition = definitions.get(target.figure, ("", ""))[1]
            target.condition = target.figure and (at_most if target.figure in LESS_IS_BETTER else at_least)
            target.unit = target.figure and target._get_units()[get_kind(target.figure)]

    def _get_units(self):
        """Return {kind of figure: the unit its target is entered in}."""
        return {
            "share": "%",
            "growth": "%",
            "points": self.env._("points"),
            "balance": "",
            "score": self.env._("of 5"),
            "change": self.env._("in the score"),
            "days": self.env._("days"),
            "money": self.company_id.currency_id.symbol,
        }

    @api.depends("figure", "target")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = dict(self._select_figures())
        for target in self:
            words = (labels.get(target.figure), target.condition, formatLang(self.env, target.target), target.unit)
            target.display_name = " ".join(word for word in words if word)

    @api.constrains("figure", "target")
    def _check_target(self):
        labels = dict(self._select_figures())
        for target in self:
            if target.figure not in labels:
                raise ValidationError(self.env._("“%s” is no figure that can have a target.", target.figure))
            kind = KINDS[get_kind(target.figure)]
            if kind.highest is None and target.target < kind.lowest:
                raise ValidationError(self.env._("The target of “%s” cannot be below 0.", labels[target.figure]))
            if kind.highest is not None and not kind.lowest <= target.target <= kind.highest:
                raise ValidationError(
                    self.env._(
                        "The target of “%(figure)s” lies between %(lowest)s and %(highest)s. To have none, delete it.",
                        figure=labels[target.figure],
                        lowest=kind.lowest,
                        highest=kind.highest,
                    )
                )

    def _get_value(self):
        """Return the target in the unit of the figure: shares as parts of one."""
        self.ensure_one()
        return self.target / KINDS[get_kind(self.figure)].unit
