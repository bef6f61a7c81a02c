from odoo import api, models


class AftersaleFigures(models.AbstractModel):
    """The one place that says what each figure is called and how it is counted, for every page that shows one."""

    _inherit = "aftersale.figures"

    @api.model
    def _get_definitions(self):
        """Return {key: (label, definition)} of the figures, in the language of the environment."""
        return {
            **self._define_answers(),
            **self._define_contacts(),
            **self._define_loop(),
            **self._define_customers(),
            **self._define_effects(),
        }

    def _define_answers(self):
        return {
            "satisfaction": (
                self.env._("Average satisfaction"),
                self.env._("Mean of the scores 1–5; its change is the difference of the unrounded means."),
            ),
            "csat": (self.env._("Satisfied (CSAT)"), self.env._("Share of scores 4 and 5.")),
            "nps": (
                self.env._("Recommendation (NPS)"),
                self.env._("Share of 9 and 10 less share of 0 to 6, times 100."),
            ),
            "recommendation": (
                self.env._("Would recommend us"),
                self.env._("Share of 9 and 10 of the answers from 0 to 10."),
            ),
            "stability": (
                self.env._("Service as good as before, or better"),
                self.env._("Of existing customers, of those who can say."),
            ),
            "loyalty": (self.env._("Will buy again (1–5)"), self.env._("Mean of what existing customers answered.")),
            "feedback_quality": (
                self.env._("Complete feedback"),
                self.env._(
                    "With a score, and a tag or a text of at least ten characters; neither suspicious nor answered a "
                    "second time. Of all feedback."
                ),
            ),
            "words": (
                self.env._("Word frequencies"),
                self.env._(
                    "Answers whose texts contain the word, without filler words, names, numbers and addresses; only "
                    "words used by as many different customers as the smallest group."
                ),
            ),
        }

    def _define_contacts(self):
        return {
            "coverage": (
                self.env._("Coverage"),
                self.env._("Customers contacted since their delivery, of the customers with a delivery in the period."),
            ),
            "followup_rate": (
                self.env._("Follow-up rate"),
                self.env._(
                    "Contacted of the follow-ups that came due in the period, without those that must not be asked."
                ),
            ),
            "in_time_rate": (
                self.env._("Followed up in time"),
                self.env._("Contacted by the end of their window, of the same follow-ups once that is decided."),
            ),
            "reached_rate": (
                self.env._("Calls reached"),
                self.env._("Calls at which somebody was reached, of the calls made."),
            ),
            "response_rate": (self.env._("Response rate"), self.env._("Answered of the follow-ups contacted.")),
            "funnel_weeks": (
                self.env._("Funnel by week"),
                self.env._("The follow-ups due in a week, and what became of them by the day of the figures."),
            ),
        }

    def _define_loop(self):
        return {
            "complaint_rate": (self.env._("Complaint rate"), self.env._("Complaints opened per order delivered.")),
            "contact_in_time": (
                self.env._("Contacted in time"),
                self.env._("High-priority issues contacted by their deadline, of those due."),
            ),
            "closed_loop": (
                self.env._("Closed loop"),
                self.env._("Issues resolved in the period that the customer has confirmed; waived ones do not count."),
            ),
            "reopened": (
                self.env._("Reopening rate"),
                self.env._("Of the issues verified in the period, those that failed."),
            ),
            "closure_survival": (
                self.env._("Lasting closures"),
                self.env._(
                    "Issues without a new one of the same customer, product and category within 90 days; of those "
                    "closed in the period of 90 days earlier."
                ),
            ),
            "measures_in_time": (
                self.env._("Measures in time"),
                self.env._("Done by their deadline, of those due in the period."),
            ),
            "suggestion_adoption": (
                self.env._("Suggestions adopted"),
                self.env._("Put into practice, of the suggestions received."),
            ),
            "suggestion_lead_time": (
                self.env._("Days to a decision about a suggestion"),
                self.env._("Mean, of the suggestions decided in the period for the first time."),
            ),
        }

    def _define_customers(self):
        return {
            "recovery": (
                self.env._("Customers recovered"),
                self.env._(
                    "Customers with a low score whose next one is 4 or 5, or who order again, within 90 days; of the "
                    "period of 90 days earlier."
                ),
            ),
            "repeat_purchase": (
                self.env._("Ordered again, asked"),
                self.env._(
                    "Customers who order again within 90 days of being asked; of the period of 90 days earlier."
                ),
            ),
            "repeat_purchase_not_asked": (
                self.env._("Ordered again, not asked"),
                self.env._(
                    "Customers who ordered and were not asked, and order again within 90 days. The groups differ in "
                    "more than that: the difference alone proves nothing."
                ),
            ),
            "retention": (
                self.env._("Customers kept"),
                self.env._("Customers with an order in the last 12 months, of those with one in the 12 months before."),
            ),
            "churn": (
                self.env._("Customers lost"),
                self.env._("Those without an order in the last 12 months, of the same customers."),
            ),
            "lifetime_value": (
                self.env._("Revenue per customer"),
                self.env._("Untaxed revenue since the first order: mean of all customers."),
            ),
            "sales_growth": (
                self.env._("Sales to customers asked"),
                self.env._(
                    "Revenue of 12 months to that of the 12 months before, of the customers contacted in the "
                    "period who bought in the earlier ones."
                ),
            ),
        }

    def _define_effects(self):
        return {
            "repeat_purchase_effect": (
                self.env._("Ordered again: difference"),
                self.env._(
                    "Customers with an order in 90 days who were contacted in them, against those who were not: how "
                    "many more of 100 order in the 90 days after. Compared within groups of the same type, value and "
                    "time since the last order, as of the day between (Mantel-Haenszel, interval by Sato)."
                ),
            ),
            "retention_effect": (
                self.env._("Customers kept: difference"),
                self.env._("The same comparison, with the 12 months before a day and the 12 months after it."),
            ),
            "recovery_scores": (
                self.env._("Change to the next score"),
                self.env._(
                    "Of customers with a low score who scored again within 90 days: mean of the differences; of the "
                    "period of 90 days earlier."
                ),
            ),
            "recovery_cost": (
                self.env._("Compensation per customer recovered"),
                self.env._(
                    "What all customers with a low score were granted within 90 days, for each one recovered; of the "
                    "same period."
                ),
            ),
            "problem_scores": (
                self.env._("Problems and low scores"),
                self.env._(
                    "How many more of 100 scores are low where the problem is named; phi is the correlation, from -1 "
                    "to 1. What goes together need not be cause and effect."
                ),
            ),
            "measure_effects": (
                self.env._("Measures with a proven effect"),
                self.env._("Of the measures whose effect was measured in the period."),
            ),
        }
