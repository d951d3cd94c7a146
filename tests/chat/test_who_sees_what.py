"""Every page of the workspace, asked for by each of the cast: what does Charlie see? And Mallory?

Alice owns Acme and is in the private room, Bob is a member in it, Dana a guest in it; Charlie is a member of Acme
outside of it; Mallory owns Globex. What somebody can't see is 404, as if it did not exist.
"""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts import people
from chat.models import Membership, Message, Room
from chat.posts import Posted
from chat.urls import urlpatterns
from tenants.db import in_organisation

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]
CAST = ("alice", "bob", "charlie", "dana")

# (url name, method, form, answers of Alice, Bob, Charlie, Dana) in the private room
PRIVATE = [
    ("room", "get", {}, 200, 200, 404, 200),
    ("room_details", "get", {}, 200, 200, 404, 200),
    ("room_details", "post", {"topic": "New"}, 200, 200, 404, 403),
    ("messages", "get", {}, 200, 200, 404, 200),
    ("messages", "post", {"text": "Hello"}, 201, 201, 404, 201),
    ("message", "get", {}, 302, 302, 404, 302),
    ("message", "post", {"text": "Changed"}, 403, 200, 404, 403),
    ("message", "delete", {}, 204, 204, 404, 403),
    ("message_source", "get", {}, 200, 200, 404, 200),
    ("message_preview", "delete", {}, 404, 404, 404, 404),  # there is none: tests/chat/test_link_previews.py
    ("reaction", "post", {}, 204, 204, 404, 204),
    ("reaction", "delete", {}, 204, 204, 404, 204),
    ("pins", "get", {}, 200, 200, 404, 200),
    ("pin", "post", {}, 204, 204, 404, 403),
    ("pin", "delete", {}, 204, 204, 404, 403),
    ("files", "get", {}, 200, 200, 404, 200),
    ("files", "post", {}, 422, 422, 404, 422),  # without a file
    ("file", "get", {}, 404, 404, 404, 404),  # of another room; tests/chat/test_files.py has the others
    ("file_thumbnail", "get", {}, 404, 404, 404, 404),
    ("thread", "get", {}, 200, 200, 404, 200),
    ("following", "post", {}, 200, 200, 404, 200),
    ("following", "delete", {}, 200, 200, 404, 200),
    ("thread_read", "post", {"position": "1"}, 204, 204, 404, 204),
    ("read", "post", {"position": "1"}, 204, 204, 404, 204),
    ("membership", "post", {}, 302, 302, 404, 302),
    ("membership", "delete", {}, 204, 204, 404, 204),
    ("memberships", "get", {}, 200, 200, 404, 200),
    ("memberships", "post", {"people": "p{charlie}"}, 200, 200, 404, 403),
    ("room_member", "delete", {}, 200, 204, 404, 403),  # Bob's membership: his own
    ("room_archive", "post", {}, 200, 403, 404, 403),
    ("room_archive", "delete", {}, 200, 403, 404, 403),
    ("room_preferences", "get", {}, 200, 200, 404, 200),
    ("room_preferences", "post", {"muted": "1"}, 204, 204, 404, 204),
    ("room_place", "post", {"section": "favourites"}, 204, 204, 404, 204),
    ("room_settings", "get", {}, 200, 403, 404, 403),
    ("room_settings", "post", {"description": "New", "slow_seconds": "0"}, 200, 403, 404, 403),
    ("room_privacy", "post", {}, 302, 403, 404, 403),  # it is private already
    ("room_growth", "post", {"name": "New"}, 422, 422, 404, 422),  # it is a room already
    # An empty form is looked at before the room: 422 says nothing of it.
    ("message_forwards", "get", {}, 200, 200, 404, 200),
    (
        "message_forwards",
        "post",
        {"room": "r{room}", "client_id": "0c54e5a4-9d4c-4a59-93f4-5a5ad1e0b5d1"},
        201,
        201,
        404,
        201,
    ),
    ("message_moves", "get", {}, 200, 200, 404, 200),
    ("message_moves", "post", {"room": "r{room}"}, 422, 422, 404, 422),
    ("message_versions", "get", {}, 200, 200, 404, 200),
    ("saved_message", "post", {}, 204, 204, 404, 204),
    ("saved_message", "delete", {}, 204, 204, 404, 204),
    ("message_reminder", "get", {}, 200, 200, 404, 200),
    ("message_reminder", "post", {}, 422, 422, 404, 422),
    ("lists", "post", {}, 422, 422, 404, 422),
    ("chosers", "get", {}, 200, 200, 404, 200),
    ("poll", "post", {}, 404, 404, 404, 404),
    ("poll_closing", "post", {}, 404, 404, 404, 404),
    ("poll_vote", "post", {}, 404, 404, 404, 404),
    ("poll_vote", "delete", {}, 404, 404, 404, 404),
    ("todo", "post", {"before": "[]", "items": '[[null, "New"]]'}, 404, 404, 404, 404),
    ("todo_tick", "post", {}, 404, 404, 404, 404),
    ("todo_tick", "delete", {}, 404, 404, 404, 404),
    ("commands", "get", {}, 200, 200, 404, 200),
    ("commands", "post", {}, 422, 422, 404, 422),
    ("room_draft", "get", {}, 200, 200, 404, 200),
    ("room_draft", "post", {}, 200, 200, 404, 200),
    ("room_scheduled", "get", {}, 200, 200, 404, 200),
    (
        "room_scheduled",
        "post",
        {"text": "Later", "when": "tomorrow 9:00", "client_id": "0c54e5a4-9d4c-4a59-93f4-5a5ad1e0b5d1"},
        204,
        204,
        404,
        204,
    ),
    ("seen", "get", {}, 200, 200, 404, 200),
    ("readers", "get", {}, 403, 200, 404, 403),
    ("room_unread", "get", {}, 200, 200, 404, 200),
    ("room_unread", "post", {"message": "m{message}"}, 200, 200, 404, 200),
    ("thread_unread", "get", {}, 200, 200, 404, 200),
    ("naming", "post", {}, 200, 200, 404, 200),
    ("outsiders", "post", {}, 403, 422, 404, 403),
]
# the same in a public room that Alice and Bob are in
PUBLIC = [
    ("room", "get", {}, 200, 200, 200, 404),
    ("room_details", "get", {}, 200, 200, 200, 404),
    ("room_details", "post", {"topic": "New"}, 200, 200, 403, 404),
    ("messages", "get", {}, 200, 200, 200, 404),
    ("messages", "post", {"text": "Hello"}, 201, 201, 404, 404),
    ("message", "get", {}, 302, 302, 302, 404),
    ("message", "post", {"text": "Changed"}, 403, 200, 403, 404),
    ("message", "delete", {}, 204, 204, 403, 404),
    ("message_source", "get", {}, 200, 200, 200, 404),
    ("reaction", "post", {}, 204, 204, 403, 404),
    ("reaction", "delete", {}, 204, 204, 403, 404),
    ("pins", "get", {}, 200, 200, 200, 404),
    ("pin", "post", {}, 204, 204, 403, 404),
    ("pin", "delete", {}, 204, 204, 403, 404),
    ("files", "get", {}, 200, 200, 200, 404),
    ("files", "post", {}, 422, 422, 422, 404),
    ("thread", "get", {}, 200, 200, 200, 404),
    ("following", "post", {}, 200, 200, 403, 404),
    ("following", "delete", {}, 200, 200, 200, 404),
    ("thread_read", "post", {"position": "1"}, 204, 204, 204, 404),
    ("read", "post", {"position": "1"}, 204, 204, 404, 404),
    ("membership", "post", {}, 302, 302, 302, 404),
    ("memberships", "get", {}, 200, 200, 200, 404),
    ("memberships", "post", {"people": "p{charlie}"}, 200, 200, 403, 404),
    ("room_member", "delete", {}, 200, 200, 403, 404),
    ("room_archive", "post", {}, 200, 403, 403, 404),
    ("room_archive", "delete", {}, 200, 403, 403, 404),
    ("room_preferences", "get", {}, 200, 200, 403, 404),
    ("room_preferences", "post", {"muted": "1"}, 204, 204, 403, 404),
    ("room_place", "post", {"section": "favourites"}, 204, 204, 403, 404),
    ("room_settings", "get", {}, 200, 403, 403, 404),
    ("room_settings", "post", {"description": "New", "slow_seconds": "0"}, 200, 403, 403, 404),
    ("room_privacy", "post", {}, 302, 403, 403, 404),
    ("room_growth", "post", {"name": "New"}, 422, 422, 422, 404),
    ("message_forwards", "get", {}, 200, 200, 200, 404),
    (
        "message_forwards",
        "post",
        {"room": "r{room}", "client_id": "0c54e5a4-9d4c-4a59-93f4-5a5ad1e0b5d1"},
        201,
        201,
        404,
        404,
    ),
    ("message_moves", "get", {}, 200, 200, 200, 404),
    ("message_moves", "post", {"room": "r{room}"}, 422, 422, 403, 404),
    ("message_versions", "get", {}, 200, 200, 200, 404),
    ("saved_message", "post", {}, 204, 204, 204, 404),
    ("saved_message", "delete", {}, 204, 204, 204, 404),
    ("message_reminder", "get", {}, 200, 200, 200, 404),
    ("message_reminder", "post", {}, 422, 422, 422, 404),
    ("lists", "post", {}, 422, 422, 422, 404),
    ("chosers", "get", {}, 200, 200, 200, 404),
    ("poll", "post", {}, 404, 404, 403, 404),
    ("poll_closing", "post", {}, 404, 404, 403, 404),
    ("poll_vote", "post", {}, 404, 404, 403, 404),
    ("poll_vote", "delete", {}, 404, 404, 403, 404),
    ("todo", "post", {"before": "[]", "items": '[[null, "New"]]'}, 404, 404, 403, 404),
    ("todo_tick", "post", {}, 404, 404, 403, 404),
    ("todo_tick", "delete", {}, 404, 404, 403, 404),
    ("commands", "get", {}, 200, 200, 200, 404),
    ("commands", "post", {}, 422, 422, 422, 404),
    ("room_draft", "get", {}, 200, 200, 200, 404),
    ("room_draft", "post", {}, 200, 200, 200, 404),
    ("room_scheduled", "get", {}, 200, 200, 200, 404),
    (
        "room_scheduled",
        "post",
        {"text": "Later", "when": "tomorrow 9:00", "client_id": "0c54e5a4-9d4c-4a59-93f4-5a5ad1e0b5d1"},
        204,
        204,
        422,
        404,
    ),
    ("seen", "get", {}, 200, 200, 200, 404),
    ("readers", "get", {}, 403, 200, 403, 404),
    ("room_unread", "get", {}, 200, 200, 200, 404),
    ("room_unread", "post", {"message": "m{message}"}, 200, 200, 403, 404),
    ("thread_unread", "get", {}, 200, 200, 200, 404),
    ("naming", "post", {}, 200, 200, 200, 404),
    ("outsiders", "post", {}, 403, 422, 403, 404),
]
# pages that name no room
OTHERS = [
    ("workspace", "get", {}, 302, 302, 302, 302),
    ("sidebar", "get", {}, 200, 200, 200, 200),
    ("threads", "get", {}, 200, 200, 200, 200),
    ("switcher", "get", {}, 200, 200, 200, 200),
    ("rooms", "get", {}, 200, 200, 200, 200),
    ("rooms", "post", {"name": "New"}, 302, 302, 302, 403),
    ("room_new", "get", {}, 200, 200, 200, 403),
    ("directs", "get", {}, 200, 200, 200, 200),
    ("directs", "post", {"people": "p{bob}"}, 302, 302, 302, 302),
    ("search", "get", {"q": "secret"}, 200, 200, 200, 200),
    ("switcher_messages", "get", {"q": "secret"}, 200, 200, 200, 200),
    ("directory", "get", {"q": ""}, 200, 200, 200, 200),
    ("person_profile", "get", {}, 200, 200, 200, 200),  # of Bob, who is in a room with Dana
    ("storage", "get", {}, 200, 404, 404, 404),
    ("preview_picture", "get", {}, 404, 404, 404, 404),
    ("sections", "post", {"name": "New"}, 204, 204, 204, 204),
    ("sections_closed", "post", {"section": "rooms", "closed": "1"}, 204, 204, 204, 204),
    ("section", "get", {}, 404, 404, 404, 404),  # nobody has one: tests/chat/test_sections.py
    ("manifest", "get", {}, 200, 200, 200, 200),
    ("service_worker", "get", {}, 200, 200, 200, 200),
    ("custom_emoji", "get", {}, 200, 200, 200, 200),
    ("custom_emoji", "post", {}, 422, 422, 422, 422),
    ("one_emoji", "post", {}, 404, 404, 404, 404),
    ("one_emoji", "delete", {}, 404, 404, 404, 404),
    ("emoji_picture", "get", {}, 404, 404, 404, 404),
    ("offline", "get", {}, 200, 200, 200, 200),
    ("catch_up", "get", {}, 200, 200, 200, 200),
    ("all_read", "post", {}, 200, 200, 200, 200),
    ("all_unread", "post", {}, 204, 204, 204, 204),
    ("drafts", "get", {}, 200, 200, 200, 200),
    ("draft", "post", {}, 404, 404, 404, 404),
    ("draft", "delete", {}, 404, 404, 404, 404),
    ("mentions", "get", {}, 200, 200, 200, 200),
    ("reminders", "get", {}, 200, 200, 200, 200),
    ("reminders", "post", {}, 422, 422, 422, 422),
    ("reminder_new", "get", {}, 200, 200, 200, 200),
    ("reminder", "get", {}, 404, 404, 404, 404),
    ("reminder", "post", {}, 404, 404, 404, 404),
    ("reminder", "delete", {}, 404, 404, 404, 404),
    ("saved", "get", {}, 200, 200, 200, 200),
    ("scheduled", "get", {}, 200, 200, 200, 200),
    ("scheduled_message", "get", {}, 404, 404, 404, 404),
    ("scheduled_message", "post", {}, 404, 404, 404, 404),
    ("scheduled_message", "delete", {}, 404, 404, 404, 404),
    ("sending", "post", {}, 404, 404, 404, 404),
    ("quotes", "get", {}, 200, 200, 200, 200),
    ("choices", "get", {}, 200, 200, 200, 200),
    ("imports", "get", {}, 200, 404, 404, 404),
    ("imports", "post", {}, 422, 404, 404, 404),
    ("import", "get", {}, 404, 404, 404, 404),
    ("import", "post", {}, 302, 404, 404, 404),
    ("group_panel", "get", {}, 404, 404, 404, 404),
    ("block", "post", {}, 200, 422, 200, 200),
    ("block", "delete", {}, 200, 200, 200, 200),
    ("blocks", "get", {}, 200, 200, 200, 200),
    ("blocks", "post", {}, 302, 302, 302, 302),
    ("around", "get", {}, 200, 200, 200, 200),
]
PATHS = {
    "room": "/rooms/r{room}/",
    "room_details": "/rooms/r{room}/details/",
    "room_archive": "/rooms/r{room}/archive/",
    "room_preferences": "/rooms/r{room}/preferences/",
    "room_place": "/rooms/r{room}/place/",
    "room_settings": "/rooms/r{room}/settings/",
    "room_privacy": "/rooms/r{room}/privacy/",
    "room_growth": "/rooms/r{room}/growth/",
    "sections": "/sections/",
    "sections_closed": "/sections/closed/",
    "section": "/sections/s1/",
    "messages": "/rooms/r{room}/messages/",
    "message": "/rooms/r{room}/messages/m{message}/",
    "message_source": "/rooms/r{room}/messages/m{message}/source/",
    "message_preview": "/rooms/r{room}/messages/m{message}/previews/l1/",
    "preview_picture": "/link-previews/l1/x.webp",
    "reaction": "/rooms/r{room}/messages/m{message}/reactions/👍/",
    "pin": "/rooms/r{room}/messages/m{message}/pin/",
    "pins": "/rooms/r{room}/pins/",
    "files": "/rooms/r{room}/files/",
    "file": "/rooms/r{room}/files/f1/",
    "file_thumbnail": "/rooms/r{room}/files/f1/thumbnail.webp",
    "storage": "/organisation/files/",
    "person_profile": "/directory/p{bob}/",
    "thread": "/rooms/r{room}/messages/m{message}/thread/",
    "following": "/rooms/r{room}/messages/m{message}/thread/following/",
    "thread_read": "/rooms/r{room}/messages/m{message}/thread/read/",
    "read": "/rooms/r{room}/read/",
    "membership": "/rooms/r{room}/membership/",
    "memberships": "/rooms/r{room}/memberships/",
    "room_member": "/rooms/r{room}/memberships/p{bob}/",
    "workspace": "/",
    "sidebar": "/sidebar/",
    "threads": "/threads/",
    "switcher": "/switcher/",
    "switcher_messages": "/switcher/messages/",
    "rooms": "/rooms/",
    "room_new": "/rooms/new/",
    "directs": "/directs/",
    "search": "/search/",
    "directory": "/directory/",
    "manifest": "/manifest.webmanifest",
    "service_worker": "/service-worker.js",
    "custom_emoji": "/emoji/",
    "one_emoji": "/emoji/e1/",
    "emoji_picture": "/emoji/e1/x.webp",
    "offline": "/offline/",
    "message_forwards": "/rooms/r{room}/messages/m{message}/forwards/",
    "message_moves": "/rooms/r{room}/messages/m{message}/moves/",
    "message_versions": "/rooms/r{room}/messages/m{message}/versions/",
    "saved_message": "/rooms/r{room}/messages/m{message}/saved/",
    "message_reminder": "/rooms/r{room}/messages/m{message}/reminder/",
    "lists": "/rooms/r{room}/lists/",
    "choices": "/choices/",
    "chosers": "/rooms/r{room}/messages/m{message}/choices/",
    "poll": "/rooms/r{room}/messages/m{message}/poll/",
    "poll_closing": "/rooms/r{room}/messages/m{message}/poll/closing/",
    "poll_vote": "/rooms/r{room}/messages/m{message}/poll/1/vote/",
    "todo": "/rooms/r{room}/messages/m{message}/todo/",
    "todo_tick": "/rooms/r{room}/messages/m{message}/todo/1/tick/",
    "commands": "/rooms/r{room}/commands/",
    "room_draft": "/rooms/r{room}/draft/",
    "room_scheduled": "/rooms/r{room}/scheduled/",
    "seen": "/rooms/r{room}/seen/",
    "readers": "/rooms/r{room}/messages/m{message}/readers/",
    "room_unread": "/rooms/r{room}/unread/",
    "thread_unread": "/rooms/r{room}/messages/m{message}/thread/unread/",
    "catch_up": "/catch-up/",
    "all_read": "/read/",
    "all_unread": "/unread/",
    "drafts": "/drafts/",
    "draft": "/drafts/d1/",
    "naming": "/rooms/r{room}/naming/",
    "outsiders": "/rooms/r{room}/messages/m{message}/outsiders/",
    "mentions": "/mentions/",
    "reminders": "/reminders/",
    "reminder_new": "/reminders/new/",
    "reminder": "/reminders/t1/",
    "saved": "/saved/",
    "scheduled": "/scheduled/",
    "scheduled_message": "/scheduled/s1/",
    "sending": "/scheduled/s1/sending/",
    "quotes": "/quotes/",
    "imports": "/organisation/imports/",
    "import": "/organisation/imports/1/",
    "group_panel": "/directory/g1/",
    "block": "/directory/p{bob}/block/",
    "blocks": "/blocks/",
    "around": "/around/",
}
ANYBODYS = {
    "manifest",
    "service_worker",
    "offline",
}  # they say nothing of anybody: tests/chat/test_web_app.py
SECRET = "secret plans"


@pytest.fixture
def cast(alice: Any, bob: Any, charlie: Any, dana: Any) -> dict[str, Any]:
    return {"alice": alice, "bob": bob, "charlie": charlie, "dana": dana}


@pytest.fixture
def ask(client_of: Browser, cast: dict[str, Any]) -> Callable[..., Any]:
    """`ask(who, row, room, message_id)` sends the request of a row."""

    def send(who: Any, row: tuple[Any, ...], room: Room | None = None, message_id: int = 0) -> Any:
        name, method, form, *_ = row
        ids = {one: person.pk for one, person in cast.items()}
        ids |= {"room": room.pk if room else 0, "message": message_id}
        form = {field: value.format(**ids) for field, value in form.items()}
        if name == "messages" and method == "post":
            form["client_id"] = str(uuid.uuid4())
        return getattr(client_of(who), method)(
            PATHS[name].format(**ids), form if method != "delete" else None
        )

    return send


def test_every_page_is_in_the_tables() -> None:
    listed = {row[0] for row in (*PRIVATE, *OTHERS)}
    assert {pattern.name for pattern in urlpatterns} == listed == set(PATHS)


@pytest.mark.parametrize("row", PRIVATE, ids=lambda row: f"{row[1]}-{row[0]}")
def test_a_private_room(row: Any, cast: dict[str, Any], room: Room, say: Say, ask: Any) -> None:
    answers = {}
    for name in reversed(CAST):  # the outsiders first: whoever may change something comes after them
        said = say(cast["bob"], room, SECRET) if name in ("alice", "bob") else say(cast["bob"], room, "x")
        answers[name] = ask(cast[name], row, room, said.message_id).status_code
        _enter(room, cast)
    assert [answers[name] for name in CAST] == list(row[3:])


@pytest.mark.parametrize("row", PUBLIC, ids=lambda row: f"{row[1]}-{row[0]}")
def test_a_public_room(row: Any, cast: dict[str, Any], public_room: Room, say: Say, ask: Any) -> None:
    answers = {}
    for name in reversed(CAST):
        said = say(cast["bob"], public_room, "open plans")
        answers[name] = ask(cast[name], row, public_room, said.message_id).status_code
        _enter(public_room, cast, ("alice", "bob"))
    assert [answers[name] for name in CAST] == list(row[3:])


def _enter(room: Room, cast: dict[str, Any], names: tuple[str, ...] = ("alice", "bob", "dana")) -> None:
    """Everybody who was in the room is in it again, and nobody else."""
    with in_organisation(cast["alice"].organisation):
        inside = [cast[name].pk for name in names]
        Membership.objects.filter(room=room).exclude(person__in=inside).delete()
        Membership.objects.filter(room=room).update(left_at=None)
        Room.objects.filter(pk=room.pk).update(archived_at=None)


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: f"{row[1]}-{row[0]}")
def test_pages_without_a_room(row: Any, cast: dict[str, Any], room: Room, say: Say, ask: Any) -> None:
    say(cast["alice"], room, SECRET)
    for name, status in zip(CAST, row[3:], strict=True):
        answer = ask(cast[name], row)
        assert answer.status_code == status, name
        if name == "charlie":
            assert "Design" not in answer.content.decode()
            assert SECRET not in answer.content.decode()
        with in_organisation(cast["alice"].organisation):
            Room.objects.filter(name="New").delete()


@pytest.mark.parametrize(
    "row",
    [row for row in (*PRIVATE, *OTHERS) if row[0] not in ANYBODYS],
    ids=lambda row: f"{row[1]}-{row[0]}",
)
def test_mallory_and_strangers_change_and_see_nothing(
    row: Any, alice: Any, mallory: Any, room: Room, say: Say, client_of: Browser, ask: Any
) -> None:
    said = say(alice, room, SECRET)
    with in_organisation(alice.organisation):
        before = (Room.objects.count(), Message.objects.count(), Membership.objects.count())
        head = Room.objects.get(pk=room.pk).head
    name, method, form, *_ = row
    theirs = ask(mallory, row, room, said.message_id)  # on her own host: these ids are nobody's there
    if row in PRIVATE:
        assert theirs.status_code == 404
    assert SECRET not in theirs.content.decode()
    stolen = client_of(mallory)  # her cookie on Acme's host
    path = PATHS[name].format(room=room.pk, message=said.message_id, bob=1)
    for browser in (stolen, client_of(alice.organisation)):
        refused = getattr(browser, method)(path, form or None, headers={"host": alice.organisation.host})
        assert refused.status_code == (302 if method == "get" else 401)
        if method == "get":
            assert "login" in refused.headers["Location"] or "sign-in" in refused.headers["Location"]
        part = getattr(browser, method)(
            path, form or None, headers={"host": alice.organisation.host, "hx-request": "true"}
        )
        assert part.status_code == 401
        assert "HX-Redirect" in part.headers
    with in_organisation(alice.organisation):
        assert (Room.objects.count(), Message.objects.count(), Membership.objects.count()) == before
        assert Room.objects.get(pk=room.pk).head == head


@pytest.mark.parametrize("row", [*PRIVATE, *OTHERS], ids=lambda row: f"{row[1]}-{row[0]}")
def test_other_methods_are_refused(row: Any, alice: Any, room: Room, client_of: Browser) -> None:
    path = PATHS[row[0]].format(room=room.pk, message=1, bob=1)
    assert client_of(alice).put(path).status_code == 405
    assert client_of(alice).patch(path).status_code == 405


@pytest.mark.parametrize(
    "number", ["0", "01", "-1", "9223372036854775808", "99999999999999999999", "x", "1%00"]
)
def test_guessed_ids_are_404(number: str, alice: Any, client_of: Browser) -> None:
    browser = client_of(alice)
    assert browser.get(f"/rooms/r{number}/").status_code == 404
    assert browser.get(f"/rooms/r1/messages/m{number}/").status_code == 404
    assert browser.delete(f"/rooms/r1/memberships/p{number}/").status_code == 404


def test_a_form_without_its_token_is_refused(alice: Any, room: Room) -> None:
    browser = Client(enforce_csrf_checks=True, headers={"host": alice.organisation.host})
    with in_organisation(alice.organisation):
        browser.force_login(alice)
    answer = browser.post(f"/rooms/r{room.pk}/messages/", {"text": "forged", "client_id": str(uuid.uuid4())})
    assert answer.status_code == 403
    with in_organisation(alice.organisation):
        assert not Message.objects.filter(room=room).exists()


def test_answers_are_nobody_elses_to_keep(alice: Any, room: Room, client_of: Browser) -> None:
    browser = client_of(alice)
    for path in ("/sidebar/", "/switcher/", "/directory/?q=", "/search/?q=x", f"/rooms/r{room.pk}/"):
        assert "no-store" in browser.get(path).headers["Cache-Control"]
    cookie = browser.cookies["parley-room"]
    assert cookie["httponly"]
    assert not cookie["domain"]
    assert settings.SESSION_COOKIE_NAME in browser.cookies


def test_a_deactivated_person_is_signed_out(alice: Any, bob: Any, room: Room, client_of: Browser) -> None:
    browser = client_of(bob)
    assert browser.get(f"/rooms/r{room.pk}/").status_code == 200
    with in_organisation(alice.organisation):
        people.deactivate(alice, bob.pk)
    assert browser.get(f"/rooms/r{room.pk}/").status_code == 302
