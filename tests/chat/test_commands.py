"""Slash commands: what they do, for whom, and that nothing of them is stored unless they post."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.dispatch import receiver
from django.test import Client

from accounts.models import Person
from chat import memberships, rooms
from chat.commands import Asked, Command, Told
from chat.models import Membership, Message, Room
from chat.posts import Posted
from chat.reminders import reminders_of
from chat.signals import slash_commands
from chat.views import commands as views
from tenants.db import in_organisation
from tests.chat.pages import queries
from tests.events import Published

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]
Run = Callable[..., Any]


@pytest.fixture
def run(client_of: Browser) -> Run:
    """`run(person, room, "/topic x")` is the answer to a line that the person sends in the room."""

    def send(person: Any, room: Room, line: str, client_id: uuid.UUID | None = None, **fields: str) -> Any:
        sent = {"text": line, "client_id": str(client_id or uuid.uuid4()), **fields}
        return client_of(person).post(f"/rooms/r{room.pk}/commands/", sent)

    return send


def texts(room: Room, person: Any) -> list[str]:
    with in_organisation(person.organisation):
        return list(Message.objects.filter(room=room).order_by("position").values_list("text", flat=True))


def stored(person: Any, room: Room) -> Room:
    with in_organisation(person.organisation):
        return Room.objects.get(pk=room.pk)


def people_in(person: Any, room: Room) -> set[int]:
    with in_organisation(person.organisation):
        present = Membership.objects.filter(room=room, left_at__isnull=True)
        return set(present.values_list("person_id", flat=True))


def test_a_topic_is_set_and_told(run: Run, alice: Any, room: Room) -> None:
    answer = run(alice, room, "/topic  Plans for May ")
    assert answer.json() == {"kind": "told", "text": "The topic is now: Plans for May", "items": []}
    assert stored(alice, room).topic == "Plans for May"
    assert run(alice, room, "/TOPIC").json()["text"] == "Plans for May"
    assert texts(room, alice) == []


def test_a_room_gets_another_name(run: Run, alice: Any, room: Room) -> None:
    assert run(alice, room, "/rename Plans").json()["text"] == "The room is now called #Plans."
    assert stored(alice, room).name == "Plans"


def test_people_are_added_and_taken_out(run: Run, alice: Any, charlie: Any, room: Room) -> None:
    assert run(alice, room, "/invite @Charlie").json()["text"] == "Added: Charlie."
    assert run(alice, room, "/invite @Charlie").json()["text"] == "Everybody you named is here already."
    assert charlie.pk in people_in(alice, room)
    assert run(alice, room, "/remove @Charlie").json()["text"] == "Charlie is not in this room any more."
    assert charlie.pk not in people_in(alice, room)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("/invite", "nobody"),
        ("/invite charlie", "nobody"),
        ("/invite @nobody", "unknown_person"),
        ("/invite @Charlie please", "nobody"),
        ("/remove @Bob @Dana", "too_many"),
        ("/msg hello", "nobody"),
        ("/join nowhere", "unknown_room"),
        ("/join", "unknown_room"),
        ("/me", "empty"),
        ("/rename", "name_missing"),
        ("/status " + "x" * 200, "status"),
        ("/topic " + "x" * 300, "topic_too_long"),
        ("/nonsense", "unknown_command"),
        ("/etc/hosts", "unknown_command"),
        ("hello", "unknown_command"),
        ("", "unknown_command"),
        ("/", "unknown_command"),
    ],
)
def test_what_makes_no_sense_is_explained(run: Run, alice: Any, room: Room, line: str, code: str) -> None:
    answer = run(alice, room, line)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["detail"]
    assert texts(room, alice) == []


def test_an_unknown_command_says_what_to_do(run: Run, alice: Any, room: Room) -> None:
    detail = run(alice, room, "/nonsense at all").json()["error"]["detail"]
    assert detail.startswith("There is no command /nonsense. /help lists")


def test_who_is_here(run: Run, alice: Any, dana: Any, room: Room) -> None:
    said = run(dana, room, "/who").json()["text"]
    assert said == "3 people are in this room: Alice, Bob, Dana"


def test_a_room_is_muted_and_unmuted(run: Run, bob: Any, dana: Any, room: Room) -> None:
    def muted() -> bool:
        with in_organisation(bob.organisation):
            return Membership.objects.get(room=room, person=bob).muted

    assert run(bob, room, "/mute").json()["text"].startswith("This room is muted")
    assert muted()
    assert run(bob, room, "/mute").json()["text"] == "This room is not muted any more."
    assert not muted()
    assert run(dana, room, "/mute").status_code == 200


def test_a_reminder_is_set(run: Run, alice: Any, bob: Any, room: Room) -> None:
    said = run(alice, room, "/remind me in 20 minutes to call Bob").json()["text"]
    assert said.startswith("You will be reminded on ")
    assert said.endswith(": call Bob")
    with in_organisation(alice.organisation):
        assert [one.text for one in reminders_of(alice)] == ["call Bob"]
        assert reminders_of(bob) == []
    assert run(alice, room, "/remind").json()["error"]["code"] == "empty"
    assert run(alice, room, "/remind me to call Bob").json()["error"]["code"] == "unclear"
    assert texts(room, alice) == []


def test_joining_leaving_and_searching_lead_somewhere(
    run: Run, alice: Any, charlie: Any, room: Room, public_room: Room
) -> None:
    answer = run(charlie, public_room, f"/join #{public_room.name.upper()}")
    assert answer.json() == {"kind": "led", "url": f"/rooms/r{public_room.pk}/"}
    assert charlie.pk in people_in(alice, public_room)
    assert run(charlie, public_room, "/leave").json() == {"kind": "led", "url": "/"}
    assert charlie.pk not in people_in(alice, public_room)
    assert run(charlie, public_room, "/leave").status_code == 422
    assert run(alice, room, "/search a b").json()["url"] == "/search/?q=a+b"
    assert run(charlie, public_room, f"/join {room.name}").json()["error"]["code"] == "unknown_room"


def test_writing_to_people_directly_says_it_once(run: Run, alice: Any, bob: Any, room: Room) -> None:
    again = uuid.uuid4()
    led = [run(alice, room, "/msg @Bob hello there", again).json() for _ in range(2)]
    assert led[0] == led[1]
    with in_organisation(alice.organisation):
        direct = Room.objects.get(direct_key=f"{alice.pk},{bob.pk}")
    assert led[0]["url"] == f"/rooms/r{direct.pk}/"
    assert texts(direct, alice) == ["hello there"]
    assert texts(room, alice) == []


def test_a_status_is_set_shown_and_cleared(run: Run, alice: Any, room: Room) -> None:
    assert run(alice, room, "/status").json()["text"] == "You have no status."
    assert (
        run(alice, room, "/status :palm_tree: on an island").json()["text"]
        == "Your status is now: 🌴 on an island"
    )
    with in_organisation(alice.organisation):
        person = Person.objects.get(pk=alice.pk)
    assert (person.status_emoji, person.status_text) == ("🌴", "on an island")
    assert run(alice, room, "/status just words").json()["text"] == "Your status is now: 💬 just words"
    assert run(alice, room, "/status clear").json()["text"] == "Your status is cleared."


@pytest.mark.parametrize(
    ("line", "text", "drawn"),
    [
        ("/me waves", "_waves_", "<p><em>waves</em></p>"),
        ("/shrug", r"¯\\\_(ツ)\_/¯", r"<p>¯\_(ツ)_/¯</p>"),
        ("/shrug no idea", r"no idea ¯\\\_(ツ)\_/¯", r"<p>no idea ¯\_(ツ)_/¯</p>"),
        ("/tableflip", "(╯°□°)╯︵ ┻━┻", "<p>(╯°□°)╯︵ ┻━┻</p>"),
    ],
)
def test_what_a_command_says_is_posted_once(
    run: Run, alice: Any, room: Room, line: str, text: str, drawn: str
) -> None:
    again = uuid.uuid4()
    first, second = run(alice, room, line, again), run(alice, room, line, again)
    assert first.status_code == 201
    assert first.json()["kind"] == "posted"
    assert first.json() == second.json()
    assert texts(room, alice) == [text]
    with in_organisation(alice.organisation):
        assert drawn in Message.objects.get(room=room).html


def test_in_a_thread_it_says_it_there(run: Run, alice: Any, room: Room, say: Say) -> None:
    root = say(alice, room, "The plan")
    for also in ("", "1"):
        answer = run(alice, room, "/shrug", thread=f"m{root.message_id}", also_in_room=also)
        assert answer.status_code == 201
        with in_organisation(alice.organisation):
            said = Message.objects.latest("pk")
        assert said.thread_id == root.message_id
        assert said.position == (2 if also else None)


def test_help_and_completion_list_what_makes_sense_here(
    run: Run, client_of: Browser, alice: Any, bob: Any, dana: Any, room: Room
) -> None:
    def listed(person: Any, place: Room) -> set[str]:
        answer = client_of(person).get(f"/rooms/r{place.pk}/commands/")
        assert all(one["help"] for one in answer.json()["commands"])
        return {one["name"] for one in answer.json()["commands"]}

    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
    assert {"topic", "invite", "who", "me", "help", "status"} <= listed(alice, room)
    assert not {"topic", "invite", "leave"} & listed(alice, direct)
    assert not {"invite", "rename", "join"} & listed(dana, room)
    items = dict(run(alice, room, "/help").json()["items"])
    assert items["/topic [text]"] == "Say what this room is about, or read it."
    assert run(alice, room, "/shortcuts").json() == {"kind": "opened", "dialog": "keys-dialog"}


def test_a_guest_may_not_do_by_command_what_a_guest_may_not_do(
    run: Run, dana: Any, room: Room, public_room: Room
) -> None:
    assert run(dana, room, "/topic mine").status_code == 403
    assert run(dana, room, "/invite @Alice").status_code == 403
    assert run(dana, room, f"/join {public_room.name}").json()["error"]["code"] == "unknown_room"
    assert (
        run(dana, room, "/invite @Charlie").json()["error"]["code"] == "unknown_person"
    )  # whom she can't see
    assert run(dana, room, "/shrug").status_code == 201


def test_outsiders_run_nothing(run: Run, alice: Any, charlie: Any, room: Room) -> None:
    assert run(charlie, room, "/topic mine").status_code == 404
    assert run(charlie, room, "/who").status_code == 404
    assert stored(alice, room).topic == ""


def test_an_archived_room_refuses(run: Run, alice: Any, room: Room) -> None:
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, room.pk)
    for line in ("/topic x", "/shrug", "/invite @Charlie"):
        assert run(alice, room, line).status_code in (409, 422), line
    assert texts(room, alice) == []
    assert run(alice, room, "/who").status_code == 200


def test_somebody_who_left_says_nothing(run: Run, alice: Any, bob: Any, public_room: Room) -> None:
    with in_organisation(bob.organisation):
        memberships.leave_room(bob, public_room.pk)
    assert run(bob, public_room, "/shrug").status_code == 404
    assert run(bob, public_room, "/topic x").status_code == 403
    assert texts(public_room, alice) == []


@pytest.fixture
def _added() -> Iterator[None]:
    @receiver(slash_commands)
    def more(**kwargs: Any) -> list[Command]:
        def greet(asked: Asked) -> Told:
            return Told(f"Hello, {asked.person.name}. {asked.argument}")

        return [Command("greet", "", "Be greeted.", greet), Command("topic", "", "Taken over.", greet)]

    yield
    slash_commands.disconnect(more)


@pytest.mark.usefixtures("_added")
def test_an_app_above_adds_commands_and_takes_none_over(run: Run, alice: Any, room: Room) -> None:
    assert run(alice, room, "/greet How are you?").json()["text"] == "Hello, Alice. How are you?"
    assert ["/greet", "Be greeted."] in run(alice, room, "/help").json()["items"]
    run(alice, room, "/topic kept")
    assert stored(alice, room).topic == "kept"


def test_a_command_needs_a_client_id(client_of: Browser, alice: Any, room: Room) -> None:
    answer = client_of(alice).post(f"/rooms/r{room.pk}/commands/", {"text": "/who"})
    assert answer.json()["error"]["code"] == "malformed"


def test_completion_asks_one_query(client_of: Browser, alice: Any, room: Room) -> None:
    browser = client_of(alice)
    browser.get(f"/rooms/r{room.pk}/commands/")
    with queries() as asked:
        browser.get(f"/rooms/r{room.pk}/commands/")
    assert len(asked) == 2  # session and person, room


@pytest.mark.parametrize(("line", "action"), [("/invite @Charlie", "add"), ("/msg @Bob", "direct")])
def test_a_command_is_counted_with_what_it_does(
    run: Run,
    alice: Any,
    room: Room,
    client_of: Browser,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    action: str,
) -> None:
    monkeypatch.setitem(views._ALSO_COUNTED, action, (2, 600))
    answers = [run(alice, room, line).status_code for _ in range(3)]
    assert answers == [200, 200, 429]
    assert run(alice, room, "/who").status_code == 200


def test_one_appears_away_and_around_again(
    run: Run, bob: Any, dana: Any, room: Room, client_of: Browser, published: Published
) -> None:
    for person in (bob, dana):
        assert run(person, room, "/away").json()["text"].startswith("You appear away")
        assert is_away(person)
    heard = len(published())
    assert run(bob, room, "/away now").json()["kind"] == "told"
    assert len(published()) == heard  # again is no news
    assert "Be seen again" in client_of(bob).get("/me/").content.decode()
    assert run(bob, room, "/active").json()["text"].startswith("Others see that you are around")
    assert not is_away(bob)
    assert {"type": "resync"} in [json.loads(frame) for frame in published.frames()[heard:]]
    client_of(bob).post("/me/status/", {"away": "1"})
    assert is_away(bob)
    client_of(bob).post("/me/status/", {"away": "0"})
    assert not is_away(bob)


def is_away(person: Any) -> bool:
    with in_organisation(person.organisation):
        return Person.objects.get(pk=person.pk).appears_away
