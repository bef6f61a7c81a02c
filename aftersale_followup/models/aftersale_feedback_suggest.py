from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

MAX_SUGGESTIONS = 5
# Words shown for one suggestion: the most telling ones.
MAX_REASONS = 4
SUGGESTED_BY = [("keywords", "Keywords"), ("learned", "Past decisions")]


class AftersaleFeedback(models.Model):
    """Suggested tags with their reasons, one click to accept one, and whether the first suggestion was right.

    Suggestions are worked out when somebody looks at them or decides: recording an answer does not wait for them.
    """

    _inherit = "aftersale.feedback"

    tag_suggestions = fields.Json("Suggested Tags", compute="_compute_tag_suggestions")
    suggested_tag_id = fields.Many2one(
        "aftersale.tag",
        "First Suggestion",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The tag that was suggested first when staff decided about the classification.",
    )
    suggested_by = fields.Selection(SUGGESTED_BY, readonly=True, copy=False)

    @api.depends("detail", "suggestion", "is_tag_confirmed")
    @api.depends_context("lang")
    def _compute_tag_suggestions(self):
        open_ones = self.filtered(lambda f: not f.is_tag_confirmed)
        suggested = open_ones._suggest_tags()
        why = {
            "keywords": self.env._("Keywords: %s"),
            "learned": self.env._("Learned from past decisions: %s"),
        }
        for feedback in self:
            feedback.tag_suggestions = [
                {
                    "id": tag.id,
                    "name": tag.name,
                    "by": by,
                    "why": f"{tag.display_name}\n{why[by] % ', '.join(words[:MAX_REASONS])}",
                }
                for tag, by, words in suggested.get(feedback, [])
            ]

    def _get_words_text(self):
        """Return what the customer said, as keywords and the learned words read it."""
        self.ensure_one()
        return f"{self.detail or ''}\n{self.suggestion or ''}"

    def _suggest_tags(self):
        """Return ``{feedback: [(tag, "keywords" or "learned", words seen)]}``, at most five each, best first.

        Keywords come first; what was learned from past decisions follows, or stands alone where no keyword is found.
        """
        Tag = self.env["aftersale.tag"].sudo()
        texts = [feedback._get_words_text() for feedback in self]
        ranked = self.env["aftersale.tag.word"]._rank(texts)
        suggested = {}
        for feedback, text, learned in zip(self, texts, ranked, strict=True):
            found = Tag._find_keywords(text)
            entries = [(Tag.browse(tag_id), "keywords", words) for tag_id, words in found.items()]
            entries += [(tag, "learned", words) for tag, _score, words in learned if tag.id not in found]
            suggested[feedback] = entries[:MAX_SUGGESTIONS]
        return suggested

    # ------------------------------------------------------------
    # Deciding
    # ------------------------------------------------------------

    def write(self, vals):
        if vals.get("is_tag_confirmed"):
            self.filtered(lambda f: not f.is_tag_confirmed)._note_suggestions()
        before = {feedback: feedback.tag_ids for feedback in self} if "tag_ids" in vals else {}
        result = super().write(vals)
        if "tag_ids" in vals and "category_id" not in vals:
            for feedback in self.filtered(lambda f: f.tag_ids and f.category_id not in f.tag_ids.category_id):
                feedback.category_id = (feedback.tag_ids.filtered("is_problem") or feedback.tag_ids)[:1].category_id
        # sudo: agents hold no right to write feedback, and what it is compared with may not be theirs
        self.sudo()._follow_tags({feedback.sudo(): tags for feedback, tags in before.items()})
        return result

    def _follow_tags(self, before):
        """Have priority and issues follow the tags at once when staff change them; ``before`` is what they were."""
        changed = self.filtered(lambda f: f in before and f.tag_ids != before[f])
        if not changed:
            return
        for feedback in changed:
            feedback.issue_ids._follow_tags(feedback, before[feedback].sudo())
        changed._prioritise()
        changed._open_issues()

    def _note_suggestions(self):
        """Keep which tag was suggested first, so that it can be told how often the first suggestion is accepted."""
        for feedback, suggested in self.sudo()._suggest_tags().items():
            for tag, by, _words in suggested[:1]:
                feedback.write({"suggested_tag_id": tag.id, "suggested_by": by})

    def _check_classifier(self):
        """Raise unless the user may decide about the tags: agents of what is theirs and not decided yet."""
        self.check_access("read")
        if self.has_access("write"):
            return
        if not self.env.user.has_group("aftersale_followup.group_agent"):
            raise AccessError(self.env._("Only agents and supervisors classify what customers said."))
        decided = self.filtered("is_tag_confirmed")
        if decided:
            raise UserError(
                self.env._(
                    "Already classified: %s. Ask a supervisor to change it.", ", ".join(decided.mapped("display_name"))
                )
            )

    def action_confirm_tags(self):
        """Accept the classification as it stands; problems open their issue now."""
        self._check_classifier()
        self._confirm_tags()

    def action_accept_tag(self, tag_id):
        """Accept one suggestion: it takes the place of the other tags that keywords found, and is confirmed.

        Hazards stay beside it; only a supervisor takes them off, in the form. So does what somebody added by hand.
        """
        self._check_classifier()
        tag = self.env["aftersale.tag"].search([("id", "=", tag_id)])
        if not tag or any(self.mapped("is_tag_confirmed")):
            raise UserError(self.env._("This is decided already, or the tag is gone. Reload the page."))
        for feedback in self:
            guessed = self.env["aftersale.tag"]._match_keywords(feedback._get_words_text())
            feedback._set_tags(feedback.tag_ids - guessed | tag)
        self._confirm_tags()

    def _accept_suggestions(self):
        """Confirm the tags found by keywords, else take the first suggestion; return what has neither, left open."""
        bare = self.filtered(lambda f: not f.tag_ids)
        for feedback, suggested in bare._suggest_tags().items():
            for tag, _by, _words in suggested[:1]:
                feedback._set_tags(tag)
                bare -= feedback
        (self - bare)._confirm_tags()
        return bare

    def _set_tags(self, tags):
        """Write ``tags`` on each of these answers, beside its hazards; the rights were checked before."""
        for feedback in self.sudo():
            kept = feedback.tag_ids.filtered("is_safety")
            feedback.write({"tag_ids": [Command.set((tags.sudo() | kept).ids)]})

    def _confirm_tags(self):
        """Confirm the tags: the priority follows them, and problems open their issue; the rights were checked."""
        # sudo: agents hold no right to write feedback, and what it is compared with may not be theirs
        feedback = self.sudo()
        feedback.write({"is_tag_confirmed": True})
        feedback._prioritise()
        feedback._open_issues()
