import re

from odoo import api, fields, models
from odoo.tools import ormcache

# A keyword right after one of these does not count ("not late", "没有破损"), except for safety words.
NEGATIONS = ("不太", "不够", "没有", "不", "没", "无", "未", "not ", "no ", "never ")
CJK = re.compile(r"[\u3400-\u9fff]")
SEPARATOR = re.compile(r"[,，;；\n]")


def _split(keywords):
    return [word for word in (word.strip().lower() for word in SEPARATOR.split(keywords or "")) if word]


def _compile(word):
    return re.compile(re.escape(word) if CJK.search(word) else rf"(?<!\w){re.escape(word)}(?!\w)")


class AftersaleTag(models.Model):
    _name = "aftersale.tag"
    _description = "Problem Tag"
    _inherit = ["aftersale.export.mixin", "aftersale.configuration.mixin"]
    _order = "category_id, sequence, id"
    _rec_names_search = ["name", "code"]
    _cached_fields = frozenset({"keywords", "active", "is_safety", "category_id", "sequence"})

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Technical code that reports and imports refer to.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    category_id = fields.Many2one("aftersale.category", required=True, index=True, ondelete="restrict")
    color = fields.Integer(related="category_id.color")
    keywords = fields.Text(
        help="Words that suggest this tag, separated by commas, in every language your customers write. "
        "Chinese words match anywhere in the text, other words only as a whole."
    )
    probe = fields.Char(
        "Probing Question", translate=True, help="Open question the agent asks when a customer mentions this."
    )
    is_problem = fields.Boolean(
        "Is a Problem", default=True, help="Praise and wishes are no problems: they open no issue."
    )
    is_safety = fields.Boolean(
        "Safety Hazard", help="Raises the priority at once, even when the customer plays the danger down."
    )
    department_id = fields.Many2one(
        "hr.department", help="Department that works on issues with this tag.", ondelete="set null"
    )

    _code_unique = models.UniqueIndex("(code)", "Two tags cannot share one code.")

    @api.depends("name", "category_id.name")
    def _compute_display_name(self):
        """Show the tag the way the record sheet prints it: category-tag."""
        for tag in self:
            tag.display_name = f"{tag.category_id.name}-{tag.name}" if tag.category_id else tag.name

    @api.model
    @ormcache()
    def _get_keywords(self):
        """Return ``(tag id, is safety hazard, compiled keywords)`` of each live tag that has keywords, in order.

        Every answer is compared with them, so they are kept in the cache; keywords are the same in all languages.
        Chinese words match as part of the text, others as whole words.
        """
        tags = (
            self.sudo()
            .with_context(active_test=True)
            .search_fetch([("keywords", "!=", False)], ["keywords", "is_safety"])
        )
        return [(tag.id, tag.is_safety, [_compile(word) for word in _split(tag.keywords)]) for tag in tags]

    @api.model
    def _match_keywords(self, text):
        """Return the live tags that ``text`` suggests, the longest matching keyword first."""
        return self.browse(self._find_keywords(text))

    @api.model
    def _find_keywords(self, text):
        """Return ``{tag id: [keywords found]}`` of the live tags that ``text`` suggests, the longest keyword first.

        A word right after a negation does not count unless the tag is a safety hazard. Where two keywords overlap in
        the text only the longer counts.
        """
        text = re.sub(r"\s+", " ", (text or "").lower())
        hits = [
            (match.start(), match.end(), tag_id, is_safety)
            for tag_id, is_safety, patterns in self._get_keywords()
            for pattern in patterns
            for match in pattern.finditer(text)
            if is_safety or not text[: match.start()].endswith(NEGATIONS)
        ]
        hits.sort(key=lambda hit: (hit[0] - hit[1], hit[0]))
        taken, found = [], {}
        for start, end, tag_id, is_safety in hits:
            inside_longer = any(s <= start and end <= e and (e - s) > (end - start) for s, e in taken)
            if inside_longer and not is_safety:
                continue
            taken.append((start, end))
            words = found.setdefault(tag_id, [])
            if text[start:end] not in words:
                words.append(text[start:end])
        return found
