from hashlib import sha256

from odoo import models

# The parts of a phone script, in the order in which plans hold them, with the titles that are shipped.
PARTS = {
    "opening": ("opening", "开场"),
    "consent": ("consent", "征得同意"),
    "not_convenient": ("not convenient", "不方便"),
    "refused": ("refused", "拒绝"),
    "closing": ("closing", "结束语"),
    "closing_low": ("closing low score", "结束语（低分）"),
    "closing_suggestion": ("closing suggestion", "结束语（建议）"),
}
KEYS = {title: key for key, titles in PARTS.items() for title in titles}


class AftersaleFollowup(models.Model):
    """The phone script: one text of the plan, whose parts start with a line "# title"."""

    _inherit = "aftersale.followup"

    def _for_customer(self):
        """Return the follow-up in sudo and in the customer's language: what is said and asked is."""
        followup = self.sudo()
        installed = dict(self.env["res.lang"].get_installed())
        return followup.with_context(lang=followup.lang if followup.lang in installed else self.env.lang)

    def _get_script(self):
        """Return the parts of the script in the environment's language: dicts of ``key``, ``title`` and ``text``.

        Parts are known by their shipped titles; where none is, as in other languages, by their order. A part that
        is not one of those has no key. The ``[words]`` are not filled yet.
        """
        self.ensure_one()
        parts = []
        for line in (self.sudo().plan_id.script or "").splitlines():
            if line.startswith("# "):
                parts.append({"title": line[2:].strip(), "lines": []})
            elif line.strip():
                if not parts:
                    parts.append({"title": self.env._("Script"), "lines": []})
                parts[-1]["lines"].append(line.strip())
        keys = [KEYS.get(part["title"].lower(), "") for part in parts]
        if not any(keys):
            keys = [*PARTS, *[""] * len(parts)]
        return [
            {"key": key, "title": part["title"], "text": "\n".join(part["lines"])}
            for key, part in zip(keys, parts, strict=False)
        ]

    def _get_asked_wording(self):
        """Return ``(words, version)`` of the consent asked for on the phone, as the agent saw it."""
        followup = self._for_customer()
        text = next((part["text"] for part in followup._get_script() if part["key"] == "consent"), "")
        if not text:
            return followup.env._("Asked in person, without a script."), False
        return followup._fill(text), self._get_version(text)

    @staticmethod
    def _get_version(text):
        """Return a short fingerprint of ``text``: the same for all who were asked in the same words."""
        return sha256(text.encode()).hexdigest()[:8]
