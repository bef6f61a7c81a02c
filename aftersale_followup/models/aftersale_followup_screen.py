from odoo import models

# A line of fewer points is no line: happy customers give five out of five to two or three questions.
STRAIGHT_LINE = 4


class AftersaleFollowup(models.Model):
    """How an answer was given on the customer's page: in what time, from where, with how much thought."""

    _inherit = "aftersale.followup"

    def _judge(self, form, answers, dwell, sender=None):
        """Return the values that say how far these answers can be believed, and that tell their sender again.

        :param float dwell: seconds spent on the page, None when unknown
        :param sender: the `Sender` of the request; None where nothing of it may be kept
        """
        Feedback = self.env["aftersale.feedback"]
        values, reasons = Feedback._judge_sender(sender, self.company_id)
        if self._is_straight_line(form, answers, dwell):
            staff = Feedback._for_staff(self.company_id)
            reasons.append(staff.env._("The same point on every scale, in a hurry and without a word."))
        return Feedback._suspect({**values, **self._judge_dwell(dwell, len(answers))}, reasons)

    def _is_straight_line(self, form, answers, dwell):
        """Return whether every scale was answered with the same point, in a hurry and without a word.

        All three together: a satisfied customer of few words gives the best point everywhere, and takes the time.
        """
        hurry = self.company_id.aftersale_line_seconds * len(answers)
        if dwell is None or dwell >= hurry:
            return False
        points = []
        for question in form["questions"]:
            value = answers.get(question["id"])
            if value is None:
                continue
            if question["type"] == "scale":
                points.append(self._get_place(question["points"], "value", value))
            elif question["type"] == "matrix":
                points += [
                    self._get_place(question["choices"], "id", choice) for row in value.values() for choice in row
                ]
            elif question["type"] in ("text_box", "char_box") and value:
                return False
        return len(points) >= STRAIGHT_LINE and len(set(points)) == 1

    @staticmethod
    def _get_place(offered, key, chosen):
        """Return where the ``chosen`` one lies among those ``offered``: 0 is the first, 1 the last."""
        places = [one[key] for one in offered]
        return places.index(chosen) / max(len(places) - 1, 1)
