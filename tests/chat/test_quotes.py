"""Quotes: a link to a message is a placeholder in the fragment, and each reader is told what they may see."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from chat import memberships, rooms
from chat.changes import delete_message, edit_message
from chat.models import Message, Room
from chat.posts import Posted
from tenants.db import in_organisation
from tests.chat.pages import queries

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]
HOST = "acme.localhost:8000"


def link(room: Room, said: Posted, host: str = HOST) -> str:
    return f"http://{host}/rooms/r{room.pk}/?message=m{said.message_id}"


def fragment(person: Any, said: Posted) -> str:
    with in_organisation(person.organisation):
        return Message.objects.get(pk=said.message_id).html


def ask(browser: Client, *said: Posted) -> dict[str, Any]:
    answer = browser.get("/quotes/", {"messages": ",".join(f"m{one.message_id}" for one in said)})
    assert answer.status_code == 200
    return dict(answer.json()["quotes"])


def test_a_link_to_a_message_is_a_placeholder(alice: Any, room: Room, public_room: Room, say: Say) -> None:
    said = say(alice, room, "The plan is secret")
    for text in (
        f"See {link(room, said)} for it",
        f"[this]({link(room, said)}#x)",
        f"http://{HOST}/rooms/r{room.pk}/messages/m{said.message_id}/",
        f"http://{HOST}/rooms/r{room.pk}/?thread=m{said.message_id}",
        f"@room ||@room covered http://{HOST}/rooms/r5/?message=m5|| {link(room, said)}",
    ):
        html = fragment(alice, say(alice, public_room, text))
        place = f'<div class="quote" data-quote="m{said.message_id}" data-host="{HOST}"></div>'
        assert html.count(place) == html.count("data-quote") == 1, text
        assert "secret" not in html and room.name not in html


@pytest.mark.parametrize(
    "text",
    [
        "http://acme.localhost:8000/rooms/r5/",
        "http://acme.localhost:8000/search/?message=m5",
        "`http://acme.localhost:8000/rooms/r5/?message=m5`",
        '`<a rel="noopener nofollow ugc" target="_blank" href="http://acme.localhost:8000/rooms/r5/?message=m5">`',
        "http://acme.localhost:8000/rooms/r5/?message=m5x",
        "/rooms/r5/?message=m5",
        "http://acme.localhost:8000/rooms/r5/?message=m0",
        "http://acme.localhost:8000/rooms/r5/?message=m05",
        "||http://acme.localhost:8000/rooms/r5/?message=m5||",
        "||**@room** [this](http://acme.localhost:8000/rooms/r5/messages/m5/)||",
    ],
)
def test_what_is_no_link_to_a_message_is_none(alice: Any, room: Room, say: Say, text: str) -> None:
    assert "data-quote" not in fragment(alice, say(alice, room, text))


def test_a_message_quotes_three_others_at_most_and_each_once(alice: Any, room: Room, say: Say) -> None:
    said = [say(alice, room, f"Number {number}") for number in range(4)]
    html = fragment(alice, say(alice, room, " ".join(link(room, one) for one in (said[0], *said))))
    assert [f"m{one.message_id}" in html.partition("</div>")[2] for one in said] == [True, True, True, False]
    assert html.count("data-quote") == 3


def test_an_edit_brings_and_takes_quotes(alice: Any, room: Room, say: Say) -> None:
    said, quoting = say(alice, room, "The plan"), say(alice, room, "See there")
    with in_organisation(alice.organisation):
        edit_message(alice, room.pk, quoting.message_id, link(room, said))
        assert "data-quote" in fragment(alice, quoting)
        edit_message(alice, room.pk, quoting.message_id, "never mind")
    assert "data-quote" not in fragment(alice, quoting)


def test_who_is_shown_what(
    alice: Any,
    bob: Any,
    charlie: Any,
    dana: Any,
    mallory: Any,
    room: Room,
    public_room: Room,
    say: Say,
    client_of: Browser,
) -> None:
    secret, open_ = say(alice, room, "Secret"), say(alice, public_room, "Open")
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
    whispered = say(alice, direct, "Psst")
    seeing = {
        alice: {secret, open_, whispered},
        bob: {secret, open_, whispered},
        charlie: {open_},
        dana: {secret},
    }
    for person, seen in seeing.items():
        shown = ask(client_of(person), secret, open_, whispered)
        assert set(shown) == {f"m{one.message_id}" for one in seen}, person.name
    assert ask(client_of(mallory), secret, open_, whispered) == {}
    shown = ask(client_of(bob), secret, whispered)
    assert shown[f"m{secret.message_id}"]["title"] == "Design"
    assert shown[f"m{whispered.message_id}"]["title"] == "Alice"
    assert "Psst" in shown[f"m{whispered.message_id}"]["html"]


def test_who_left_or_was_deactivated_sees_nothing_more(
    alice: Any, bob: Any, dana: Any, room: Room, say: Say, client_of: Browser
) -> None:
    said = say(alice, room, "Secret")
    his, hers = client_of(bob), client_of(dana)
    with in_organisation(alice.organisation):
        memberships.remove_member(alice, room.pk, dana.pk)
        type(bob).objects.filter(pk=bob.pk).update(is_active=False)
    assert ask(hers, said) == {}
    assert his.get(f"/quotes/?messages=m{said.message_id}").status_code == 302


def test_a_deleted_message_is_quoted_as_its_tombstone(
    alice: Any, room: Room, say: Say, client_of: Browser
) -> None:
    said = say(alice, room, "Secret")
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, said.message_id)
    (shown,) = ask(client_of(alice), said).values()
    assert "data-deleted" in shown["html"] and "Secret" not in shown["html"]


@pytest.mark.parametrize("asked", ["m", "x", "r5", "m1,,p2", ",".join(f"m{one}" for one in range(1, 202))])
def test_what_makes_no_sense_is_refused(alice: Any, client_of: Browser, asked: str) -> None:
    answer = client_of(alice).get("/quotes/", {"messages": asked})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "malformed")


def test_quotes_cost_the_same_however_many(
    alice: Any, bob: Any, room: Room, say: Say, client_of: Browser
) -> None:
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
    browser, counted, said = client_of(alice), [], [say(alice, direct, "Psst")]
    for _ in range(2):
        said += [say(alice, room, f"Plan {number}") for number in range(5)]
        ask(browser, *said)
        with queries() as asked:
            ask(browser, *said)
        counted.append(sum("tenants_organisation" not in one for one in asked))
    assert counted == [4, 4]  # session and person; moves, messages, the people of the direct message
