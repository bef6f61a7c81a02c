from collections import Counter, defaultdict

from odoo import models
from odoo.tools import SQL

from ..models.aftersale_feedback_sealed import LEAST
from ..models.words import split_words
from .figures_scope import counting
from .stop_words import is_telling

TOP_WORDS = 20
BATCH = 10_000
# The newest are read; with more, what is said how often hardly changes any more.
MAX_TEXTS = 30_000


class AftersaleFigures(models.AbstractModel):
    """Which words customers use, and how content those are who do."""

    _inherit = "aftersale.figures"

    def _get_detail_parts(self):
        return [*super()._get_detail_parts(), self._get_words]

    @counting("aftersale.feedback")
    def _get_words(self, scope):
        """The words most used in the texts of the valid feedback, each with the average score of who used it.

        Only words that at least so many known customers used as anonymous answers wait for; no names of people, and
        nothing of the writer's own name and address.
        """
        least = max(scope.company.aftersale_min_n, LEAST)
        hidden = self._get_words_of_staff()
        texts, said, scores, rated, speakers = 0, Counter(), Counter(), Counter(), defaultdict(set)
        for row in self._read_texts(scope):
            texts += 1
            hidden |= split_words(row["person"])
            words = split_words(row["text"]) - split_words(row["own"])
            for word in words:
                said[word] += 1
                scores[word] += row["score"]
                rated[word] += row["score"] > 0
                # who is unknown may be the same every time
                if row["customer_id"] and len(speakers[word]) < least:
                    speakers[word].add(row["customer_id"])
        found = [word for word in said if len(speakers[word]) >= least and word not in hidden and is_telling(word)]
        if not texts:
            return {}
        top = [
            {
                "word": word,
                "n": said[word],
                "value": scores[word] / rated[word] if rated[word] else None,
                "rated": rated[word],
                "weak": rated[word] < scope.company.aftersale_weak_n,
                "withheld": rated[word] < max(scope.company.aftersale_min_n, 1),
            }
            for word in sorted(found, key=lambda word: (-said[word], word))[:TOP_WORDS]
        ]
        return {"words": {"texts": texts, "least": least, "top": top}}

    def _get_words_of_staff(self):
        """What the names of the users consist of."""
        users = self.env["res.users"].sudo().with_context(active_test=False)
        return split_words(" ".join(users.search([("share", "=", False)]).mapped("name")))

    def _read_texts(self, scope):
        """Yield what was said in the period, the newest first, with the names of who said it: batch by batch."""
        position = (scope.bounds[-1], 0)
        for _number in range(MAX_TEXTS // BATCH):
            rows = self.env.execute_query_dict(
                SQL(
                    """
                    SELECT f.id, f.date, f.commercial_partner_id AS customer_id, COALESCE(f.score, 0) AS score,
                           CONCAT_WS(' ', f.detail, f.suggestion) AS text,
                           CONCAT_WS(' ', f.contact_name, CASE WHEN p.is_company IS NOT TRUE THEN p.name END) AS person,
                           CONCAT_WS(' ', f.contact_name, p.name, p.street, p.street2, p.city, c.name, c.street,
                                     c.street2, c.city) AS own
                      FROM aftersale_feedback f
                 LEFT JOIN res_partner p ON p.id = f.partner_id
                 LEFT JOIN res_partner c ON c.id = f.commercial_partner_id
                     WHERE %(where)s AND (f.date, f.id) < %(position)s
                       AND (f.detail IS NOT NULL OR f.suggestion IS NOT NULL)
                  ORDER BY f.date DESC, f.id DESC
                     LIMIT %(batch)s
                    """,
                    where=self._feedback_where(scope, scope.bounds[-2]),
                    position=position,
                    batch=BATCH,
                )
            )
            yield from rows
            if len(rows) < BATCH:
                return
            position = (rows[-1]["date"], rows[-1]["id"])
