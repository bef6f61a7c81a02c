from odoo import models
from odoo.tools import float_compare

GREEN, AMBER, RED = "green", "amber", "red"


def traffic_light(value, target, at_most, tolerance):
    """Green: reached; amber: missed by no more than ``tolerance``, a share of the target; red: missed by more."""
    missed = value - target if at_most else target - value
    if float_compare(missed, 0, precision_digits=6) <= 0:
        return GREEN
    return AMBER if float_compare(missed, abs(target) * tolerance, precision_digits=6) <= 0 else RED


class AftersaleFigures(models.AbstractModel):
    """The one place that holds figures against their targets."""

    _inherit = "aftersale.figures"

    def _judge(self, company, figures):
        """Add to each figure with a target `target`, in its own unit, `target_at_most` and `light`.

        The unrounded value counts. A figure that is withheld has no light: it would tell what is not to be told.
        """
        tolerance = company.aftersale_target_tolerance
        figures["target_tolerance"] = tolerance
        for key, (target, at_most) in company._aftersale_targets().items():
            figure = figures.get(key)
            if isinstance(figure, dict) and "withheld" in figure:
                light = None if figure["withheld"] else traffic_light(figure["value"], target, at_most, tolerance / 100)
                figure |= {"target": target, "target_at_most": at_most, "light": light}
