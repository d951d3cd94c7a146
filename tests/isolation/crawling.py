"""Reading everything that can be read, as everybody, and looking for what should not be there."""

import itertools
from collections.abc import Collection, Iterator

from tests.isolation.asking import Answer, browser, reader
from tests.isolation.policies import ORGANISATION, Row, path_of
from tests.isolation.twins import CAST, NOBODY, Twin

_AS_PAGE = {"accept": "text/html"}
_AS_HTMX = {"hx-request": "true"}
_ROOM = "rooms/<rid:room_id>/"
_IN_PARTS = {  # what htmx asks for is answered by another template
    "people/",
    "rooms/",
    "search/",
    "directs/",
    "notifications/",
    "saved/",
    "reminders/",
    "drafts/",
    "mentions/",
    "groups/",
    "directory/<gid:group_id>/",
    "scheduled/",
    f"{_ROOM}details/",
    f"{_ROOM}memberships/",
    f"{_ROOM}files/",
}
_KINDS = {
    "room_id": "r",
    "message_id": "m",
    "person_id": "p",
    "invitation_id": "i",
    "notification_id": "n",
    "section_id": "s",
    "attachment_id": "f",
    "group_id": "g",
}


def crawl(
    ours: Twin,
    theirs: Twin,
    routes: Collection[str] = tuple(ORGANISATION),
    readers: Collection[str] = (*CAST, NOBODY),
) -> list[str]:
    """GET every page of ours with every id, as a page and as htmx asks, by each of `readers`."""
    return [
        one
        for who in readers
        for route in routes
        for path in paths(route, ORGANISATION[route], ours)
        for one in _read(who, route, path, ours, theirs)
    ]


def _read(who: str, route: str, path: str, ours: Twin, theirs: Twin) -> list[str]:
    found: list[str] = []
    asking = browser(who, ours, theirs)
    for headers in (_AS_PAGE, _AS_HTMX) if route in _IN_PARTS else (_AS_PAGE,):
        answer = asking.ask("GET", path, headers=headers)
        where = f"{who} GET {path} ({answer.status})"
        found += [f"{where}: {one}" for one in faults(answer)]
        found += [f"{where} shows {one}" for one in ours.leaked(reader(who), answer.shown)]
        found += [f"{where} shows their {one}" for one in theirs.leaked("", answer.everything)]
        if answer.status in (302, 405):
            break  # the same for htmx
    return found


def paths(route: str, row: Row, twin: Twin) -> Iterator[str]:
    """The addresses of a route for every id of the organisation, with and without what can be asked."""
    messages = [message for _, message in twin.messages.values()]
    known: dict[str, list[int]] = {
        "room_id": sorted(twin.rooms.values()),
        "message_id": sorted(messages),
        "person_id": [person.pk for person in twin.people.values()],
        "invitation_id": twin.invitations,
        "notification_id": sorted(twin.notifications.values()),
        "section_id": [twin.section],
        "attachment_id": sorted(twin.files.values()),
        "group_id": sorted(twin.groups.values()),
    }
    named = [name for name in known if f":{name}>" in route]
    if named == ["room_id", "person_id"]:
        known["person_id"] = known["person_id"][:1]  # nobody may GET it
    fixed = {
        "session_id": str(min(twin.sessions.values())),
        "scheduled_id": f"s{min(twin.scheduled.values())}",
        "draft_id": f"d{min(twin.drafts.values())}",
        "reminder_id": f"t{min(twin.reminders.values())}",
        "pk": "1",
        "token": "guess",
        "version": twin.picture_version,
        "emoji": "%F0%9F%91%8D",
        "number": "1",
        "field_id": "1",
        "emoji_id": f"e{twin.emoji}",
        "emoji_version": twin.emoji_version,
        "preview_id": f"l{twin.preview}",
        "preview_version": twin.preview_version,
        "import_id": str(twin.imported),
    }
    for values in itertools.product(*(known[name] for name in named)):
        given = dict(zip(named, values, strict=True))
        ids = {name: f"{_KINDS[name]}{value}" for name, value in given.items()}
        pair = given.get("room_id", 0), given.get("message_id", 0)
        if pair[1] and pair not in twin.messages.values() and pair[0] != twin.rooms["lounge"]:
            continue  # a message asked for in a room that is not its own: one such room is enough
        for query in ("", *row.queries):
            yield path_of(route, row, {**fixed, **ids}) + query


def faults(answer: Answer) -> list[str]:
    """What is wrong with an answer whoever reads it."""
    found = []
    if answer.status >= 500:
        found.append("an error")
    policy = answer.headers.get("Cache-Control", "")
    if "private" not in policy or not ("no-store" in policy or "immutable" in policy):
        found.append(f"Cache-Control is {policy!r}")
    return found
