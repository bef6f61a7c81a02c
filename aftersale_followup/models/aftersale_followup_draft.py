import json
import time

from odoo import api, fields, models
from odoo.exceptions import UserError

from .aftersale_answers import clean_text

MAX_DRAFT = 60_000
MAX_PROBES = 3
TYPED = ("text_box", "char_box")


def get_clock():
    """Return the present moment as browsers count: milliseconds."""
    return round(time.time() * 1000)


def keep_later(known, changes, typed, given, prefix=""):
    """Take over into ``known`` what of ``changes`` was typed later; return the others, as they stand in ``known``.

    :param dict typed: when what is known was typed, brought up to date
    :param given: when the changes were typed, as the browser says; now where it says nothing that makes sense
    """
    now, stale = get_clock(), {}
    for name, value in changes.items():
        key = f"{prefix}{name}"
        moment = given.get(key) if isinstance(given, dict) else None
        moment = moment if isinstance(moment, int | float) and 0 < moment <= now else now
        if moment < typed.get(key, 0) and known.get(name) != value:
            stale[name] = known.get(name)
        else:
            known[name], typed[key] = value, max(moment, typed.get(key, 0))
    return stale


class AftersaleFollowup(models.Model):
    """What an agent has typed during a call, kept from the first letter: it survives a reload and another tab."""

    _inherit = "aftersale.followup"

    # System only: what a customer said so far is read through the console, which checks the follow-up.
    call_draft = fields.Json("Unfinished Call", copy=False, groups="base.group_system")

    def console_save(self, values):
        """Keep what was typed and return what it leads to: see `_hear`.

        :param dict values: what changed, see `_merge_draft`
        """
        self._check_call()
        followup = self._for_customer()
        draft, stale = followup._merge_draft(values)
        return {**followup._hear(draft), "stale": stale}

    def _merge_draft(self, values):
        """Add what changed to the draft (in sudo); return ``(draft, stale)``.

        Only what changed is sent, so that two tabs do not undo each other: ``answers`` by question id (None takes one
        away), ``consent``, ``contact_name``, ``note``, ``channel`` (id); and under ``typed`` when each was typed
        (milliseconds, answers as "answers.<id>"). What a lost connection held up until something later was there is
        stale: it is left out, and what stands instead is returned under the same names.
        """
        self.ensure_one()
        draft = dict(self.call_draft or {})
        changes = self._clean_draft(values if isinstance(values, dict) else {})
        if not changes:
            return draft, {}
        answers, typed, given = dict(draft.get("answers", {})), dict(draft.get("typed", {})), values.get("typed")
        stale = {"answers": keep_later(answers, changes.pop("answers", {}), typed, given, "answers.")}
        stale |= keep_later(draft, changes, typed, given)
        draft["typed"] = typed
        draft["answers"] = {number: value for number, value in answers.items() if value not in (None, "", [], {})}
        if len(json.dumps(draft)) > MAX_DRAFT:
            raise UserError(self.env._("This is more text than a call can hold. Please shorten it."))
        draft |= {"user": self.env.uid, "saved": fields.Datetime.to_string(fields.Datetime.now())}
        self.call_draft = draft
        return draft, {name: value for name, value in stale.items() if name != "answers" or value}

    def _clean_draft(self, values):
        """Return of ``values`` what belongs into a draft: answers to questions of this questionnaire, plain texts."""
        changes = {name: clean_text(values[name] or "") for name in ("contact_name", "note") if name in values}
        if "consent" in values:
            changes["consent"] = bool(values["consent"])
        if "channel" in values:
            changes["channel"] = values["channel"] if values["channel"] in self._get_call_channels().ids else False
        if isinstance(values.get("answers"), dict):
            known = {str(question["id"]) for question in self._get_survey()._aftersale_form()["questions"]}
            changes["answers"] = {str(key): value for key, value in values["answers"].items() if str(key) in known}
        return changes

    @api.model
    def _get_call_channels(self):
        """Return the channels that are held by a person."""
        return self.env["aftersale.channel"].search([("is_automatic", "=", False), ("code", "!=", "inbound")])

    def _get_draft_channel(self, draft):
        """Return the channel of this call: as chosen, else the follow-up's own if a person holds it, else the phone."""
        channels = self._get_call_channels()
        chosen = channels.browse(draft.get("channel") or self.channel_id.id) & channels
        return chosen or self.env["aftersale.channel"]._by_code("phone")

    def _end_draft(self, keep_answers=False):
        """Forget the draft: the call is over. Answers given before a call back are kept for it, unsaid the rest."""
        draft = self.call_draft or {}
        names = ("answers", "contact_name") if keep_answers else ()
        kept = {name: draft[name] for name in names if draft.get(name)}
        self.call_draft = kept and {**kept, "typed": draft.get("typed", {})}

    def _hear(self, draft):
        """Return what the answers so far lead to, in the environment's language.

        ``probes``: by question id the open questions to ask next, of the tags whose keywords were heard or chosen;
        ``closing``: the keys of the closing sentences that apply.
        """
        survey = self._get_survey()
        form = survey._aftersale_form()
        answers, _errors = survey._aftersale_check(draft.get("answers"))
        values = self._prepare_feedback(form, answers)
        closing = ["closing"]
        if 0 < values.get("score", 0) <= self.company_id.aftersale_low_score:
            closing.append("closing_low")
        if values.get("suggestion"):
            closing.append("closing_suggestion")
        probes = {}
        for question in form["questions"]:
            tags = self._hear_tags(question, answers.get(question["id"])).filtered("probe")
            texts = list(dict.fromkeys(tags.mapped("probe")))[:MAX_PROBES]
            if texts:
                probes[str(question["id"])] = texts
        return {"probes": probes, "closing": closing}

    def _hear_tags(self, question, value):
        """Return the tags heard in the answer ``value`` to ``question``: by keyword, or chosen."""
        Tag = self.env["aftersale.tag"]
        if question["type"] in TYPED:
            return Tag._match_keywords(value) if value else Tag
        chosen = value if isinstance(value, list) else [value]
        return Tag.browse(c["tag"] for c in question["choices"] if c["id"] in chosen and c["tag"])
