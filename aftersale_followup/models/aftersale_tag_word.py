import logging
from collections import Counter, defaultdict
from math import log

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, ormcache, split_every

from .words import split_words

_logger = logging.getLogger(__name__)

BATCH = 1000
# The newest decisions are learned from: older ones say less, and a run stays short.
MAX_FEEDBACK = 20000
# What fewer customers wrote is not kept: it may be a name, and it teaches little.
MIN_CUSTOMERS = 3
MAX_WORDS = 5000
# Added to each count, so that a word never seen with a tag does not rule it out.
SMOOTHING = 1.0


class AftersaleTagWord(models.Model):
    """What past decisions teach: how many answers with a tag contained a word.

    The rows are made anew each night from the answers whose tags were chosen by customers or decided by staff. What
    was erased or made anonymous in the meantime is no longer in them.
    """

    _name = "aftersale.tag.word"
    _description = "Learned Word"
    _inherit = ["aftersale.export.mixin"]
    _order = "tag_id, count desc, word"
    _rec_name = "word"
    _log_access = False

    tag_id = fields.Many2one("aftersale.tag", required=True, index=True, ondelete="cascade", readonly=True)
    word = fields.Char(required=True, readonly=True)
    count = fields.Integer(
        "Number of Answers", required=True, readonly=True, help="How many answers with this tag contain it."
    )

    _word_once = models.UniqueIndex("(word, tag_id)")

    # ------------------------------------------------------------
    # Learning
    # ------------------------------------------------------------

    @api.model
    def _cron_learn(self):
        """Learn anew from the newest decisions; when the time is out, from those read so far."""
        decided = (
            Domain("is_tag_confirmed", "=", True)
            & Domain("is_valid", "=", True)
            & Domain("tag_ids", "!=", False)
            & (Domain("detail", "not in", (False, "")) | Domain("suggestion", "not in", (False, "")))
        )
        feedback = self.env["aftersale.feedback"].search(decided, order="date desc, id desc", limit=MAX_FEEDBACK)
        remaining = len(feedback)
        answers, counts, customers = Counter(), Counter(), defaultdict(set)
        for ids in split_every(BATCH, feedback.ids):
            batch = feedback.browse(ids)
            for one in batch:
                words = split_words(one._get_words_text())
                answers.update(one.tag_ids.ids)
                counts.update((tag_id, word) for tag_id in one.tag_ids.ids for word in words)
                for word in words:
                    customers[word].add(one.commercial_partner_id or one)
            batch.invalidate_recordset()
            remaining -= len(ids)
            if not self.env["ir.cron"]._commit_progress(len(ids), remaining=remaining):
                _logger.warning("No time to learn from %s older decisions", remaining)
                break
        self._replace(answers, counts, {word: len(who) for word, who in customers.items()})
        self.env["ir.cron"]._commit_progress(remaining=0)

    @api.model
    def _replace(self, answers, counts, customers):
        """Put what was learned in place of the old.

        :param answers: ``{tag id: number of answers}``
        :param counts: ``{(tag id, word): number of answers}``
        :param customers: ``{word: number of customers}``
        """
        common = Counter({word: number for word, number in customers.items() if number >= MIN_CUSTOMERS})
        kept = {word for word, _number in common.most_common(MAX_WORDS)}
        rows = [(tag_id, word, count) for (tag_id, word), count in counts.items() if word in kept]
        # Rows by the ten thousand that nothing hangs on: written past the ORM.
        self.env.cr.execute(SQL("DELETE FROM aftersale_tag_word"))
        if rows:
            self.env.cr.execute_values("INSERT INTO aftersale_tag_word (tag_id, word, count) VALUES %s", rows)
        self.invalidate_model()
        for tag in self.env["aftersale.tag"].with_context(active_test=False).search(Domain.TRUE):
            if tag.learned_count != answers[tag.id]:
                tag.learned_count = answers[tag.id]
        self.env.registry.clear_cache()

    # ------------------------------------------------------------
    # Suggesting
    # ------------------------------------------------------------

    @api.model
    @ormcache()
    def _get_totals(self):
        """Return ``({tag id: sum of its counts}, number of different words)``."""
        totals = self.sudo()._read_group([], ["tag_id"], ["count:sum"])
        [[different]] = self.sudo()._read_group([], [], ["word:count_distinct"])
        return {tag.id: total for tag, total in totals}, different

    @api.model
    def _rank(self, texts):
        """Return for each text the list ``[(tag, score, words)]`` of the live tags it speaks for, best first.

        Complement naive Bayes: Rennie, Shih, Teevan, Karger, "Tackling the Poor Assumptions of Naive Bayes Text
        Classifiers", ICML 2003, section 3.1. A word speaks for a tag as far as it is rare in the answers with all
        *other* tags: ``-log((N~ci + 1) / (N~c + V))``, for each different word of the text once. To that is added
        the word's share of all answers, ``log((Ni + 1) / (N + V))``, which is the same for all tags and so changes no
        order; but it tells the words that speak for a tag (above zero) from those that speak against it. ``words`` are
        the former, the most telling first.
        """
        texts = [split_words(text) for text in texts]
        totals, different = self._get_totals()
        seen = defaultdict(dict)
        for word, tag, count in self.sudo()._read_group(
            [("word", "in", list(set().union(*texts)))], ["word", "tag_id"], ["count:sum"]
        ):
            seen[word][tag] = count
        grand = sum(totals.values())

        def weigh(word, tag):
            count, everywhere = seen[word].get(tag, 0), sum(seen[word].values())
            share = (everywhere + SMOOTHING) / (grand + SMOOTHING * different)
            elsewhere = (everywhere - count + SMOOTHING) / (grand - totals[tag.id] + SMOOTHING * different)
            return log(share / elsewhere)

        ranked = []
        for words in texts:
            known = sorted(words & seen.keys())
            found = []
            for tag in {tag for word in known for tag in seen[word] if tag.active}:
                weights = {word: weigh(word, tag) for word in known}
                score = sum(weights.values())
                if score > 0:
                    telling = sorted((w for w in known if weights[w] > 0), key=lambda w: -weights[w])
                    # A character is not named beside the word it is part of.
                    named = [w for w in telling if len(w) > 1 or not any(w in other for other in telling if other != w)]
                    found.append((tag, score, named))
            ranked.append(sorted(found, key=lambda entry: (-entry[1], entry[0].id)))
        return ranked
