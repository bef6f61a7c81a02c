"""Which few of many short texts stand for the others. Plain functions: no database, no Odoo."""

from collections import Counter, defaultdict
from typing import NamedTuple

# Alone, nobody is typical.
LEAST = 2


class Text(NamedTuple):
    """What is known of a text: its tags, its telling words, and who wrote it."""

    tags: frozenset
    words: frozenset
    writer: object

    @property
    def features(self):
        return self.tags | self.words


def pick_typical(texts, number, chosen=()):
    """Return the keys of up to ``number`` texts, each the middle of one of the biggest groups, the biggest first.

    A group is something people recognise: a tag in common, or, where no tag is, a word; of two writers at least. What
    one of the ``chosen`` (texts) stands for already is left out. The same texts give the same answer, in any order.

    :param texts: {key that can be sorted: Text}
    """
    left = {key: text for key, text in sorted(texts.items()) if not any(is_similar(text, other) for other in chosen)}
    picked = []
    while len(picked) < number and (group := _find_biggest(left)):
        picked.append(_find_middle({key: left.pop(key) for key in group}))
    return picked


def is_similar(text, other):
    """Return whether two texts have a tag in common; those without any, a telling word."""
    if text.tags or other.tags:
        return bool(text.tags & other.tags)
    return bool(text.words & other.words)


def _find_biggest(texts):
    """Return the keys of the biggest group: of texts with the same tag; when none is left, with the same word."""
    for kind in ("tags", "words"):
        groups, writers = defaultdict(list), defaultdict(set)
        for key, text in texts.items():
            if kind == "words" and text.tags:
                continue
            for feature in getattr(text, kind):
                groups[feature].append(key)
                writers[feature].add(text.writer)
        found = [feature for feature in groups if len(writers[feature]) >= LEAST]
        if found:
            return groups[min(found, key=lambda feature: (-len(writers[feature]), str(feature)))]
    return []


def _find_middle(group):
    """Return the key of the text that is most like all others (cosine), so neither the longest nor the shortest."""
    weight = Counter()
    for text in group.values():
        for feature in text.features:
            weight[feature] += len(text.features) ** -0.5
    likeness = {
        key: sum(weight[feature] for feature in sorted(text.features, key=str)) / len(text.features) ** 0.5
        for key, text in group.items()
    }
    # the last digits of a sum are no difference
    return min(group, key=lambda key: (-round(likeness[key], 9), key))
