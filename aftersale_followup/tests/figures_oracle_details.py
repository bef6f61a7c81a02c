from datetime import date

from .figures_oracle_work import WorkOracle

LEAST = 5  # customers who must have said a word


class DetailsOracle(WorkOracle):
    """What only a report has room for: cohorts, words, sampling, what does not count."""

    def details(self):
        found = {"funnel_weeks": self.weeks(), "sampling": self.sampling(), "exclusions": self.exclusions()}
        if texts := self.texts():
            found["words"] = {"texts": len(texts), "least": LEAST, "top": self.top_words(texts)}
        return found

    def weeks(self):
        """The funnel day by day, added up by the ISO week."""
        start, end = self.periods[-1]
        weeks = {}
        for row, steps in self.due(0):
            weeks.setdefault(row.planned.isocalendar()[:2], []).append((row, steps))
        table = []
        for (year, week), rows in sorted(weeks.items()):
            days = [date.fromisocalendar(year, week, day) for day in range(1, 8)]
            days = [day.isoformat() for day in days if start <= day <= end]
            skipped = [row.skip_reason for row, _steps in rows if row.state == "skipped"]
            table.append(
                {
                    "date_from": days[0],
                    "date_to": days[-1],
                    "skipped": {reason: skipped.count(reason) for reason in skipped},
                    **{
                        step: sum(step in steps for _row, steps in rows)
                        for step in ("due", "contacted", "reached", "answered")
                    },
                }
            )
        return table

    def sampling(self):
        start, end = self.periods[-1]
        due = [row for row in self.followups if start <= row.planned <= end]
        return [
            {
                "due": sum(row.plan == plan for row in due),
                "not_drawn": sum(row.plan == plan and row.skip_reason == "sampled_out" for row in due),
            }
            for plan in self.world.about["plans"]
            if any(row.plan == plan for row in due)
        ]

    def exclusions(self):
        told = [row for row in self.feedback if self.within(row.date, 0) and not self.is_valid(row)]
        corrected = sum(map(self.is_corrected, told))
        return {"suspicious": len(told) - corrected, "corrected": corrected}

    def texts(self):
        """[(row, set of words)] of what was said; the texts of the world are cut by hand."""
        cut = self.world.words_of
        return [
            (row, cut[row.detail] | cut[row.suggestion])
            for row in self.said(0)
            if row.detail is not None or row.suggestion is not None
        ]

    def top_words(self, texts):
        table = []
        for word in set().union(*(words for _row, words in texts)):
            rows = [row for row, words in texts if word in words]
            scores = [row.score for row in rows if row.score]
            if len({row.customer for row in rows if row.customer}) >= LEAST:
                mean = sum(scores) / len(scores) if scores else None
                table.append({"word": word, "n": len(rows), "value": mean, "rated": len(scores)})
        return sorted(table, key=lambda row: (-row["n"], row["word"]))[:20]
