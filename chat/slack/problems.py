"""What could not be taken as it is, counted by kind, with some examples of where."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MOST_EXAMPLES = 5  # of each kind
_LONGEST = 120  # characters of an example

# In the order in which a report lists them. What a person can do nothing about comes last.
WORDS: dict[str, str | Promise] = {
    "unreadable_file": _("files of the export that can't be read; what stands before the damage is taken"),
    "too_large": _("files of the export that are too large"),
    "no_channel": _("folders that belong to no channel of the export"),
    "bad_channel": _("channels without an id or a name"),
    "bad_person": _("people without an id"),
    "bad_message": _("messages that make no sense (no time, or no object)"),
    "no_author": _("messages without anybody who wrote them"),
    "part_of_message": _(
        "messages of which a part (such as its reactions) makes no sense; the rest is taken"
    ),
    "repeated": _("messages that the export has twice; one is taken"),
    "in_the_future": _("messages with a time in the future"),
    "unknown_kind": _("messages of a kind that is not known here; their text is taken"),
    "no_root": _("replies whose thread is not in the export; they become messages of the room"),
    "empty": _("messages in which there is nothing to show"),
    "late_edit": _("edits with a time that makes no sense; the message is taken as never edited"),
    "unknown_emoji": _("reactions with an emoji that this workspace doesn't have"),
    "unknown_pin": _("pins of messages that are not there"),
    "unconfirmed_address": _("people whose e-mail address somebody here has, but has not confirmed"),
    "unknown_member": _("members of channels about whom the export says nothing"),
    "lost_file": _("files that Slack does not have any more"),
    "comings_and_goings": _("notices such as “has joined the channel”"),
    "edit_log": _("entries of Slack's log of edits; the newest text is taken"),
    "nested_archive": _("archives inside the export"),
    "other_file": _("files of the export that are of no use here"),
}


@dataclass
class Problems:
    """Counts by kind (a key of `WORDS`) and, of each, where the first of them were."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, where: str = "", count: int = 1) -> None:
        self.counts[kind] += count
        some = self.examples.setdefault(kind, [])
        if where and len(some) < MOST_EXAMPLES:
            some.append(where[:_LONGEST])

    def merge(self, other: "Problems") -> None:
        for kind, count in other.counts.items():
            self.counts[kind] += count
            some = self.examples.setdefault(kind, [])
            some += other.examples.get(kind, [])[: MOST_EXAMPLES - len(some)]

    def stored(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            kind: {"count": count, "examples": self.examples.get(kind, [])}
            for kind, count in self.counts.items()
        }

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Problems":
        """What `stored` gave."""
        counts = Counter({kind: one["count"] for kind, one in stored.items()})
        return cls(counts, {kind: list(one["examples"]) for kind, one in stored.items()})


@dataclass(frozen=True, slots=True)
class Told:
    """A line of a report."""

    words: str | Promise
    count: int
    examples: list[str]


def told(problems: Problems) -> list[Told]:
    """The lines of a report, in the order of `WORDS`."""
    return [
        Told(words, problems.counts[kind], problems.examples.get(kind, []))
        for kind, words in WORDS.items()
        if problems.counts[kind]
    ]
