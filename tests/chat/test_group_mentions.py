"""Groups and `@here` in messages: whom they tell, how they are drawn, and what guests learn of them."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import people
from accounts.groups import change_group, create_group, delete_group, set_member
from accounts.models import PeopleGroup
from accounts.profiles import rename
from chat import presence, rooms
from chat.changes import edit_message
from chat.directory import complete_groups
from chat.messages import post_messages
from chat.models import Mention, Message, Room
from chat.posts import Post, Posted
from chat.reactions import add_reaction
from chat.text import People, names_in, render
from notifications.models import Notification
from tenants.db import in_organisation
from tests.chat.pages import queries
from tests.sockets import Tab, aside

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


@pytest.fixture
def crew(alice: Any, bob: Any, charlie: Any) -> PeopleGroup:
    """@crew: Bob, and Charlie who is not in the room."""
    with in_organisation(alice.organisation):
        made = create_group(alice, "crew", "Who sails")
        for person in (bob, charlie):
            set_member(alice, made.pk, person.pk, is_member=True)
    return made


def mentioned(person: Any, said: Posted) -> set[int]:
    with in_organisation(person.organisation):
        return set(Mention.objects.filter(message=said.message_id).values_list("person_id", flat=True))


def told(person: Any) -> int:
    with in_organisation(person.organisation):
        return Notification.objects.filter(person=person).count()


def html(person: Any, said: Posted) -> str:
    with in_organisation(person.organisation):
        return Message.objects.get(pk=said.message_id).html


# -- In a text ---------------------------------------------------------------------------------------------------

NAMED = People([(1, "Design Miller"), (2, "Bob"), (3, "Ops")], [(7, "design"), (8, "on-call"), (9, "ops")])


@pytest.mark.parametrize(
    ("text", "group", "rest"),
    [
        ("@design look", 7, " look"),
        ("@Design, look", 7, ", look"),
        ("@design's boat", 7, "'s boat"),
        ("@ON-CALL.", 8, "."),
        ("(@on-call)", 8, ")"),
        ("@ops!", 9, "!"),  # also what somebody is called
    ],
)
def test_which_group_is_meant(text: str, group: int, rest: str) -> None:
    rendered = render(text, NAMED)
    assert rendered.group_ids == {group} and not rendered.person_ids
    assert f'<a class="mention" data-group="g{group}">@' in rendered.html
    assert rendered.html.endswith(f"</a>{rest}</p>\n")
    handles = {7: "design", 8: "on-call", 9: "ops"}
    assert handles[group] in names_in([text])


@pytest.mark.parametrize(
    "text",
    ["@Design Miller", "x@design", "`@design`", "@designer", "@**design**", "[@design](https://a.example)"],
)
def test_no_group_is_meant(text: str) -> None:
    assert not render(text, NAMED).group_ids


def test_a_person_is_named_exactly_where_a_group_is_called_so() -> None:
    assert render("@**Ops|p3** look", NAMED).person_ids == {3}


@pytest.mark.parametrize("text", ["@here look", "@Here.", "(@here)", "**@here**"])
def test_here_is_drawn_as_room_is(text: str) -> None:
    rendered = render(text)
    assert rendered.mentions_here and not rendered.mentions_room
    assert '<span class="mention mention-room">@here</span>' in rendered.html


@pytest.mark.parametrize("text", ["@hereby", "a@here", "`@here`", "here"])
def test_not_here(text: str) -> None:
    assert not render(text).mentions_here


# -- Groups ------------------------------------------------------------------------------------------------------


def test_those_of_the_group_who_are_in_the_room_are_told_once(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, say: Say, crew: PeopleGroup
) -> None:
    said = say(alice, room, "@crew and @Bob and @room: sail!")
    assert mentioned(alice, said) == {bob.pk, dana.pk}
    assert (told(bob), told(charlie), told(dana)) == (1, 0, 1)
    said = say(bob, room, "@crew, I go")
    assert mentioned(bob, said) == set()  # nobody but himself
    assert f'data-mentions="g{crew.pk}"' in html(bob, said)


def test_an_edit_names_a_group_and_takes_it_back(
    alice: Any, bob: Any, room: Room, say: Say, crew: PeopleGroup
) -> None:
    said = say(alice, room, "sail")
    with in_organisation(alice.organisation):
        edit_message(alice, room.pk, said.message_id, "@crew sail")
        assert mentioned(alice, said) == {bob.pk} and told(bob) == 1
        edit_message(alice, room.pk, said.message_id, "@crew and @Bob sail")
        edit_message(alice, room.pk, said.message_id, "@Bob sail")
        assert mentioned(alice, said) == {bob.pk} and told(bob) == 1
        edit_message(alice, room.pk, said.message_id, "sail")
        assert mentioned(alice, said) == set() and told(bob) == 0


def test_a_group_that_is_gone_is_a_word(alice: Any, room: Room, say: Say, crew: PeopleGroup) -> None:
    said = say(alice, room, "@crew sail")
    with in_organisation(alice.organisation):
        delete_group(alice, crew.pk)
        add_reaction(alice, room.pk, said.message_id, "🎉")
    assert "data-group" not in html(alice, said) and "@crew sail" in html(alice, said)


def test_a_guest_names_only_groups_they_are_in(
    alice: Any, bob: Any, dana: Any, room: Room, say: Say, crew: PeopleGroup
) -> None:
    said = say(dana, room, "@crew sail")
    assert "data-group" not in html(dana, said) and mentioned(dana, said) == set()
    with in_organisation(alice.organisation):
        assert complete_groups(dana, "c") == []
        set_member(alice, crew.pk, dana.pk, is_member=True)
        assert [one["handle"] for one in complete_groups(dana, "")] == ["crew"]
    said = say(dana, room, "@crew sail")
    assert mentioned(dana, said) == {bob.pk}


def test_what_naming_a_group_costs(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, say: Say, crew: PeopleGroup
) -> None:
    """People and groups are looked up together, and mentions stored together: as much as naming a person."""
    with in_organisation(alice.organisation):
        say(alice, room, "@crew")
        asked = {}
        for text in ("plain", "@Bob sail", "@crew and @Bob sail"):
            with queries() as found:
                (answer,) = post_messages([Post(alice.pk, room.pk, uuid.uuid4(), text)])
            assert isinstance(answer, Posted)
            asked[text] = len(found)
    assert asked["plain"] == 3  # lock the room, look up, insert: in two round trips
    assert asked["@crew and @Bob sail"] == asked["@Bob sail"]


# -- @here -------------------------------------------------------------------------------------------------------


async def test_here_tells_who_is_around_in_the_room(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, say: Say
) -> None:
    tabs = [await Tab.personal(person) for person in (alice, bob, charlie)]
    said = await aside(say, alice, room, "@here sail")
    assert await aside(mentioned, alice, said) == {bob.pk}
    assert (await aside(told, bob), await aside(told, dana)) == (1, 0)
    assert 'data-mentions="here"' in await aside(html, alice, said)
    for tab in tabs:
        await tab.close()


async def test_an_edit_decides_anew_only_where_here_is_new(
    alice: Any, bob: Any, dana: Any, room: Room, say: Say
) -> None:
    def edit(text: str) -> None:
        with in_organisation(alice.organisation):
            edit_message(alice, room.pk, said.message_id, text)

    his = await Tab.personal(bob)
    said = await aside(say, alice, room, "@here sail")
    hers = await Tab.personal(dana)
    await aside(edit, "@here sail now")
    assert await aside(mentioned, alice, said) == {bob.pk}  # Dana came later
    await aside(edit, "sail")
    assert await aside(mentioned, alice, said) == set()
    await aside(edit, "@here sail")
    assert await aside(mentioned, alice, said) == {bob.pk, dana.pk}
    assert await aside(told, bob) == 1
    await his.close()
    await hers.close()


def test_nobody_is_known_to_be_around_while_valkey_is_away(
    monkeypatch: pytest.MonkeyPatch, alice: Any, bob: Any, room: Room, say: Say
) -> None:
    presence._client.cache_clear()
    monkeypatch.setattr("django.conf.settings.REDIS_URL", "redis://127.0.0.1:1/0")
    try:
        said = say(alice, room, "@here sail")
        assert mentioned(alice, said) == set()
    finally:
        presence._client.cache_clear()


# -- Pages -------------------------------------------------------------------------------------------------------


def test_completion_has_groups_where_somebody_writes(
    alice: Any, room: Room, crew: PeopleGroup, client_of: Browser
) -> None:
    browser = client_of(alice)
    with in_organisation(alice.organisation):
        create_group(alice, "deck_hands")
    found = browser.get(f"/directory/?q=cr&room=r{room.pk}").json()
    assert found == {"people": [], "groups": [{"id": f"g{crew.pk}", "handle": "crew", "about": "Who sails"}]}
    assert "groups" not in browser.get("/directory/?q=cr").json()
    for query, handles in (("@CREW", ["crew"]), ("deck_", ["deck_hands"]), ("deck%", []), ("crew now", [])):
        found = browser.get("/directory/", {"q": query, "room": f"r{room.pk}"}).json()["groups"]
        assert [one["handle"] for one in found] == handles, query


def test_the_panel_shows_whom_its_reader_may_know_of(
    alice: Any,
    bob: Any,
    charlie: Any,
    dana: Any,
    mallory: Any,
    crew: PeopleGroup,
    client_of: Browser,
    room: Room,
) -> None:
    url = f"/directory/g{crew.pk}/"
    for person in (alice, bob, charlie):
        page = client_of(person).get(url, headers={"HX-Request": "true"}).content.decode()
        assert "Bob" in page and "Charlie" in page
        assert (f"/groups/g{crew.pk}/" in page) is (person is alice)
    assert client_of(dana).get(url).status_code == 404
    assert client_of(mallory).get(url).status_code == 404
    with in_organisation(alice.organisation):
        set_member(alice, crew.pk, dana.pk, is_member=True)
        people.deactivate(alice, bob.pk)
        rooms.remove_member(alice, room.pk, bob.pk)
    page = client_of(dana).get(url, headers={"HX-Request": "true"}).content.decode()
    assert "Dana" in page and "Charlie" not in page and "Bob" not in page


async def test_pages_know_which_groups_are_theirs(
    alice: Any, bob: Any, room: Room, crew: PeopleGroup, client_of: Browser
) -> None:
    def read() -> str:
        return client_of(bob).get(f"/rooms/r{room.pk}/").content.decode()

    def leave() -> None:
        with in_organisation(alice.organisation):
            set_member(alice, crew.pk, bob.pk, is_member=False)

    page = await aside(read)
    assert f'data-groups="g{crew.pk}"' in page
    tab = await Tab.personal(bob)
    assert tab.frames[-1]["groups"] == f"g{crew.pk}"
    await aside(leave)
    assert (await tab.until("groups"))["groups"] == ""
    await tab.close()


def test_a_message_that_is_drawn_anew_names_whom_it_named(
    alice: Any, bob: Any, charlie: Any, room: Room, say: Say
) -> None:
    """Whoever is called so by now was never told, and is not who was meant."""
    with in_organisation(alice.organisation):
        group = create_group(alice, "design")
        said = say(alice, room, "@Bob & @design, @room, not @Charlie&co or @nobody")
        before = Message.objects.get(pk=said.message_id).html
        change_group(alice, group.pk, handle="makers")
        rename(alice, bob.pk, "Robert")
        for name in ("Bob", "Nobody"):
            people.create_person(email=f"{name}2@acme.example".lower(), name=name, role="member")
        people.deactivate(alice, charlie.pk)
        add_reaction(alice, room.pk, said.message_id, "🎉")
        after = Message.objects.get(pk=said.message_id).html
    assert f'data-mentions="p{bob.pk} p{charlie.pk} g{group.pk} room"' in before
    assert after.partition("<div")[2].startswith(before.partition("<div")[2].removesuffix("</article>"))
    assert f'data-mentions="p{bob.pk} p{charlie.pk} g{group.pk} room"' in after
