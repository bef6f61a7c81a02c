from datetime import date

from odoo import fields, models


class AftersaleAnalysisWorkbook(models.AbstractModel):
    """The sheets about issues, contacts, scores and words, and about how the figures came about."""

    _inherit = "aftersale.analysis.workbook"

    def _get_loop(self, analysis, figures, page):
        rows = [[label, count] for label, count in page["loop"] + page["verification"]]
        yield self.env._("Loop"), [self.env._("What"), self.env._("Number")], rows

    def _get_funnel(self, analysis, figures, page):
        """The funnel by week and in total, a column for each reason why somebody was not asked."""
        funnel = figures.get("funnel")
        if not funnel:
            return
        reasons = self._report()._get_skip_reasons()
        weeks = figures.get("funnel_weeks") or []
        found = list(funnel["skipped"])

        def cells(counts):
            return [
                counts["due"],
                *(counts["skipped"].get(reason, 0) for reason in found),
                *(counts[step] for step in ("contacted", "reached", "answered")),
            ]

        rows = [
            [*(date.fromisoformat(week[name]) for name in ("date_from", "date_to")), *cells(week)] for week in weeks
        ]
        rows.append([self.env._("Total"), None, *cells(funnel)])
        skipped = [self.env._("Not asked: %s", reasons.get(reason, reason)) for reason in found]
        headings = [self.env._("From"), self.env._("To"), self.env._("Due"), *skipped]
        headings += [self.env._("Contacted"), self.env._("Reached"), self.env._("Answered")]
        yield self.env._("Funnel"), headings, rows

    def _get_people(self, analysis, figures, page):
        """Channels and agents."""
        steps = ("due", "contacted", "reached", "answered")
        counted = [self.env._("Due"), self.env._("Contacted"), self.env._("Reached"), self.env._("Answered")]
        channels = (figures.get("response_rate") or {}).get("channels", {})
        rows = [
            [self._pick(row["name"]), *(row.get(step) for step in steps), *self._get_cells(row, "share")]
            for row in channels.values()
        ]
        yield self.env._("Channels"), [self.env._("Channel"), *counted, *self._get_headings()], rows
        names = {code: self._pick(row["name"]) for code, row in channels.items()}
        for title, heading, role in (
            (self.env._("Agents"), self.env._("Agent"), "agents"),
            (self.env._("Salespeople"), self.env._("Salesperson"), "salespeople"),
            (self.env._("Deliverers"), self.env._("Deliverer"), "deliverers"),
        ):
            rows = [
                [
                    person["name"],
                    *(person[step] for step in steps),
                    *self._get_cells(person["response"], "share")[:2],
                    *self._get_cells(person["satisfaction"], "score")[:2],
                    ", ".join(f"{names.get(code, code)} {n}" for code, n in person["channels"].items()),
                ]
                for person in figures.get(role) or []
            ]
            headings = [heading, *counted, self.env._("Response rate"), self.env._("n"), self.env._("Average")]
            yield title, [*headings, self.env._("n"), self.env._("Channels")], rows

    def _get_effects(self, analysis, figures, page):
        """Problems and low scores: how much more often who named a problem gave a low score."""
        rows = []
        for row in figures.get("problem_scores") or []:
            shown = not row["withheld"]
            shares = [(row[key], "share") if shown else None for key in ("share", "others", "value", "low", "high")]
            rows.append([self._pick(row["name"]), row["n"], row["n_others"], *shares, row["phi"] if shown else None])
        headings = [self.env._("Problem"), self.env._("n"), self.env._("n, others")]
        headings += [self.env._("Low scores"), self.env._("Low scores, others"), self.env._("Difference")]
        headings += [self.env._("95 % interval, low"), self.env._("95 % interval, high"), self.env._("phi")]
        yield self.env._("Problems and low scores"), headings, rows

    def _get_scores(self, analysis, figures, page):
        """The average scores, by what they are about and by whom they come from."""
        types = dict(self.env["aftersale.feedback"]._fields["customer_type"]._description_selection(self.env))
        rows = []
        for kind, key in (
            (self.env._("By area"), "areas"),
            (self.env._("By product"), "products"),
            (self.env._("By customer"), "customer_types"),
            (self.env._("By team"), "teams"),
        ):
            for row in figures.get(key) or []:
                name = types.get(row["type"], row["type"]) if "type" in row else self._pick(row["name"])
                rows.append([name, kind, *self._get_cells(row, "score")])
        yield self.env._("Scores"), [self.env._("About"), self.env._("Part"), *self._get_headings()], rows

    def _get_words(self, analysis, figures, page):
        rows = [
            [row["word"], row["n"], None if row["withheld"] else (row["value"], "score"), row["rated"]]
            for row in (figures.get("words") or {}).get("top", [])
        ]
        headings = [self.env._("Word"), self.env._("Feedback"), self.env._("Average"), self.env._("n")]
        yield self.env._("Words"), headings, rows

    def _get_method(self, analysis, figures, page):
        """What the figures are about, who was drawn for the sample, and what does not count."""
        rows = [
            [self.env._("Company"), analysis.company_id.name],
            [self.env._("Team"), analysis.team_id.name or self.env._("Whole company")],
            [self.env._("From"), fields.Date.to_date(analysis.date_from)],
            [self.env._("To"), fields.Date.to_date(analysis.date_to)],
            [self.env._("As Known On"), page["cutoff"] or ""],
            [self.env._("Valid feedback"), figures.get("feedback", 0)],
            [self.env._("Read with care below"), page["weak_n"]],
            [self.env._("Not shown below"), page["min_n"]],
            *(
                [self.env._("Not counted: %s", label), count]
                for label, count in self._report()._get_exclusions(figures)
            ),
            *([self.env._("Sampling"), note] for note in self._report()._get_sampling(figures)),
        ]
        yield self.env._("Method"), [self.env._("What"), self.env._("Value")], rows
