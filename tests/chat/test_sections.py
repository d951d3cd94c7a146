"""Sections of the sidebar: one's own arrangement, on all devices, whatever happens at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client

from chat import rooms, sections
from chat.models import Membership, Room, Section
from chat.preferences import prefer
from chat.room_names import NotAllowed, RoomRefused
from chat.sidebar import sidebar_of
from tenants.db import in_organisation, leave
from tests.events import Published

Browser = Callable[[Any], Client]


def arranged(person: Any) -> dict[str, list[str]]:
    """The names of rooms by section, as the sidebar has them."""
    with in_organisation(person.organisation):
        sidebar, _ = sidebar_of(person)
    own = {section.name: [line.name for line in section.lines] for section in sidebar.sections}
    return {"*": [line.name for line in sidebar.favourites], **own, "": [line.name for line in sidebar.rooms]}


@pytest.fixture
def many(bob: Any) -> list[Room]:
    """Four rooms of Bob's."""
    with in_organisation(bob.organisation):
        return [rooms.create_room(bob, name) for name in ("Ash", "Birch", "Cedar", "Dogwood")]


@pytest.fixture
def trees(bob: Any, many: list[Room]) -> Section:
    """Bob's section with three of them."""
    with in_organisation(bob.organisation):
        section = sections.create_section(bob, " Trees\n", many[2].pk)
        for room in many[:2]:
            sections.place_room(bob, room.pk, section.pk)
    return section


def test_rooms_stand_where_they_were_put(bob: Any, many: list[Room], trees: Section) -> None:
    assert arranged(bob) == {"*": [], "Trees": ["Cedar", "Ash", "Birch"], "": ["Dogwood", "general"]}
    with in_organisation(bob.organisation):
        sections.place_room(bob, many[1].pk, trees.pk, before=many[2].pk)
        sections.place_room(bob, many[2].pk, trees.pk)
        assert arranged(bob)["Trees"] == ["Birch", "Ash", "Cedar"]
        sections.place_room(bob, many[0].pk, None)
        sections.place_room(bob, many[3].pk, "favourites")
        prefer(bob, many[2].pk, favourite=True)
        assert arranged(bob) == {"*": ["Dogwood", "Cedar"], "Trees": ["Birch"], "": ["Ash", "general"]}
        sections.place_room(bob, many[2].pk, "favourites", before=many[3].pk)
        assert arranged(bob)["*"] == ["Cedar", "Dogwood"]
        prefer(bob, many[2].pk, favourite=False)  # back to where it was
        assert arranged(bob)["Trees"] == ["Birch", "Cedar"]


def test_a_direct_message_can_stand_in_a_section(alice: Any, bob: Any, trees: Section) -> None:
    with in_organisation(bob.organisation):
        direct = rooms.open_direct(bob, [alice.pk])
        sections.place_room(bob, direct.pk, trees.pk)
        assert arranged(bob)["Trees"][-1] == "Alice"
        assert sidebar_of(bob)[0].directs == []


def test_sections_are_ordered_renamed_and_deleted(bob: Any, many: list[Room], trees: Section) -> None:
    with in_organisation(bob.organisation):
        birds, fish = (sections.create_section(bob, name) for name in ("Birds", "Fish"))
        sections.order_section(bob, fish.pk, before=trees.pk)
        assert list(arranged(bob)) == ["*", "Fish", "Trees", "Birds", ""]
        sections.order_section(bob, fish.pk, before=None)
        sections.rename_section(bob, birds.pk, "Fowl")
        assert list(arranged(bob)) == ["*", "Trees", "Fowl", "Fish", ""]
        sections.delete_section(bob, trees.pk)
        assert arranged(bob) == {
            "*": [], "Fowl": [], "Fish": [], "": ["Ash", "Birch", "Cedar", "Dogwood", "general"]
        }  # fmt: skip


def test_names_and_numbers_are_refused(bob: Any, monkeypatch: pytest.MonkeyPatch, trees: Section) -> None:
    monkeypatch.setattr(sections, "MOST_SECTIONS", 1)
    with in_organisation(bob.organisation):
        for name, code in (("", "name_missing"), ("x" * 41, "name_too_long"), ("a\u202eb", "name_malformed")):
            with pytest.raises(RoomRefused) as refused:
                sections.rename_section(bob, trees.pk, name)
            assert refused.value.code == code
        with pytest.raises(RoomRefused):
            sections.create_section(bob, "One more")


def test_nobody_arranges_for_another(
    alice: Any, bob: Any, charlie: Any, room: Room, public_room: Room, trees: Section
) -> None:
    with in_organisation(alice.organisation):
        for change in (
            lambda: sections.rename_section(alice, trees.pk, "Mine"),
            lambda: sections.delete_section(alice, trees.pk),
            lambda: sections.order_section(alice, trees.pk, None),
            lambda: sections.close_section(alice, trees.pk, True),
            lambda: sections.place_room(alice, room.pk, trees.pk),
        ):
            with pytest.raises(Section.DoesNotExist):
                change()
        with pytest.raises(Room.DoesNotExist):
            sections.create_section(charlie, "Mine", room.pk)
        with pytest.raises(NotAllowed):
            sections.place_room(charlie, public_room.pk, "favourites")
        assert not Section.objects.filter(person=charlie).exists()
    assert "Trees" in arranged(bob)
    assert "Trees" not in arranged(alice)


def test_what_is_closed_stays_closed_and_is_told_once(
    bob: Any, trees: Section, published: Published, client_of: Browser
) -> None:
    heard = len(published())
    with in_organisation(bob.organisation):
        for which in (trees.pk, "rooms", "rooms", trees.pk):
            sections.close_section(bob, which, True)
        with pytest.raises(RoomRefused):
            sections.close_section(bob, "own", True)
    assert [envelope.topics for _, envelope in published()[heard:]] == [(f"person.{bob.pk}",)] * 2
    page = client_of(bob).get("/sidebar/").content.decode()
    assert f'data-section="s{trees.pk}" data-closed="1" data-own-menu' in page
    assert 'data-section="rooms" data-closed="1">' in page
    assert 'data-section="directs" data-closed="" open>' in page


def test_two_devices_leave_one_order(bob: Any, many: list[Room], trees: Section) -> None:
    def put(number: int) -> None:
        try:
            with in_organisation(bob.organisation):
                before = many[(number + 1) % 3].pk if number % 2 else None
                sections.place_room(bob, many[number % 3].pk, trees.pk, before)
                sections.close_section(bob, "rooms", bool(number % 2))
        finally:
            leave()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(put, range(12)))
    with in_organisation(bob.organisation):
        places = Membership.objects.filter(person=bob, section=trees).order_by("place")
        assert list(places.values_list("place", flat=True)) == [1, 2, 3]
        assert Section.objects.filter(person=bob, kind="rooms").count() == 1


def test_over_http(bob: Any, alice: Any, many: list[Room], trees: Section, client_of: Browser) -> None:
    browser = client_of(bob)
    menu = browser.get(f"/rooms/r{many[0].pk}/preferences/").content.decode()  # the second of three
    assert f"section=s{trees.pk}&amp;before=r{many[2].pk}" in menu  # up
    assert f'data-fields="section=s{trees.pk}&amp;before="' in menu  # down: last
    assert (
        browser.post(
            f"/rooms/r{many[3].pk}/place/", {"section": f"s{trees.pk}", "before": f"r{many[2].pk}"}
        ).status_code
        == 204
    )
    assert browser.post("/sections/", {"name": "Empty"}).status_code == 204
    menu = browser.get(f"/sections/s{trees.pk}/").content.decode()
    assert "Move down" in menu
    assert "Move up" not in menu
    assert browser.post(f"/sections/s{trees.pk}/", {"before": ""}).status_code == 204
    assert browser.post(f"/sections/s{trees.pk}/", {"name": "Wood"}).status_code == 204
    assert list(arranged(bob).items())[:3] == [
        ("*", []),
        ("Empty", []),
        ("Wood", ["Dogwood", "Cedar", "Ash", "Birch"]),
    ]
    assert client_of(alice).get(f"/sections/s{trees.pk}/").status_code == 404
    for url, nonsense in (
        (f"/rooms/r{many[0].pk}/place/", {"section": "rooms"}),
        (f"/rooms/r{many[0].pk}/place/", {"section": "", "before": "m5"}),
        ("/sections/", {"name": "x", "room": "5"}),
        ("/sections/closed/", {"section": "rooms", "closed": "yes"}),
        ("/sections/closed/", {"section": "", "closed": "1"}),
    ):
        assert browser.post(url, nonsense).status_code == 422
    assert browser.delete(f"/sections/s{trees.pk}/").status_code == 204
    assert browser.delete(f"/sections/s{trees.pk}/").status_code == 404


def test_what_is_unread_in_a_section_is_caught_up_with(
    alice: Any, bob: Any, many: list[Room], trees: Section, say: Callable[..., Any], client_of: Browser
) -> None:
    with in_organisation(bob.organisation):
        rooms.add_members(bob, many[0].pk, [alice.pk])
    say(alice, many[0], "Hello")
    assert f'data-place="/rooms/r{many[0].pk}/unread/"' in client_of(bob).get("/catch-up/").content.decode()
