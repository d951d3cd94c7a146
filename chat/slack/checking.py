"""The dry run: reads all of an export as the import would, changes nothing, and says what will come."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from accounts.models import Person
from chat.models import ImportedRoom, Room
from chat.slack import places
from chat.slack.names import Names
from chat.slack.people import name_of
from chat.slack.problems import Problems
from chat.slack.reading import Export
from chat.slack.shapes import Channel
from chat.slack.stream import Known, Stream
from chat.slack.translating import SLACKBOT

MOST_ROOMS = 500  # listed by name; all are counted
MOST_PEOPLE = 500


def check(
    export: Export,
    matched: dict[str, Person],
    names: Names,
    now: int,
    problems: Problems,
    alive: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """The report, as JSON keeps it (docs/slack-import.md). A query for what is imported already, and one for names.

    `alive` is called now and then, and may raise to end it.
    """
    problems.merge(export.problems)
    done = _done(export)
    taken = {
        name.lower() for name in Room.objects.filter(archived_at__isnull=True).values_list("name", flat=True)
    }
    counts: Counter[str] = Counter()
    rooms = []
    present: set[str] = set()
    for channel in export.channels:
        if channel.id in done:
            counts["already"] += 1
            rooms.append(_room(channel, 0, taken) | {"already": True})
            continue
        found, people = _channel(export, channel, names, now, problems, alive)
        counts += found
        counts["archived" if channel.is_archived else channel.kind] += 1
        present |= people
        rooms.append(_room(channel, found["messages"], taken))
    _count_people(export, present, matched, counts, problems)
    return {
        "counts": dict(counts),
        "rooms": rooms[:MOST_ROOMS],
        "people": [
            {"name": name_of(export.users[key]), "here": matched[key].name, "email": matched[key].email}
            for key in sorted(present & matched.keys())[:MOST_PEOPLE]
        ],
        "problems": problems.stored(),
    }


def _done(export: Export) -> set[str]:
    known = ImportedRoom.objects.filter(source=export.source, state=ImportedRoom.State.DONE)
    return set(known.values_list("channel", flat=True))


def _channel(
    export: Export,
    channel: Channel,
    names: Names,
    now: int,
    problems: Problems,
    alive: Callable[[], None],
) -> tuple[Counter[str], set[str]]:
    counts: Counter[str] = Counter()
    people = set(channel.members or [])
    day = -1
    for step in Stream(export, channel, names, now).steps(Known(), problems):
        if step.day != day:
            day = step.day
            alive()
        for item in step.items:
            counts["messages"] += 1
            counts["replies"] += item.root is not None
            counts["files"] += sum(bool(one.url) for one in item.files)
            counts["reactions"] += sum(len(some) for _, some in item.reactions)
            people.add(item.author.key)
            people.update(key for _, some in item.reactions for key in some)
    return counts, people


def _room(channel: Channel, messages: int, taken: set[str]) -> dict[str, Any]:
    name = places.name_of(channel)
    open_room = channel.kind != Room.Kind.DIRECT and not channel.is_archived
    return {
        "name": name if channel.kind != Room.Kind.DIRECT else "",
        "kind": channel.kind,
        "archived": bool(channel.is_archived),
        "members": len(channel.members or []),
        "messages": messages,
        "taken": open_room and name.lower() in taken,
    }


def _count_people(
    export: Export, present: set[str], matched: dict[str, Person], counts: Counter[str], problems: Problems
) -> None:
    for key in present:
        user = export.users.get(key)
        if key in matched:
            counts["matched"] += 1
        elif (user and user.is_bot) or key == SLACKBOT or not key.startswith(("U", "W")):
            counts["bots"] += 1
        else:
            counts["placeholders"] += 1
            if user is None:
                problems.add("unknown_member", key)
