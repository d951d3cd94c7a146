"""The organisation's own profile fields, and who may change names."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client

from accounts import people, profile_fields, profiles, statuses
from accounts.models import Person, ProfileField
from accounts.organisation_settings import change_settings
from accounts.people import NotAllowed
from accounts.profile_fields import FieldRefused
from tenants.db import in_organisation, leave

ClientOf = Callable[[Any], Client]
FIELDS = "/organisation/profile-fields/"


@pytest.fixture
def fields(alice: Any) -> dict[str, int]:
    """One of each kind, by name."""
    with in_organisation(alice.organisation):
        made = [
            profile_fields.add_field(alice, "Pronouns", "text"),
            profile_fields.add_field(alice, "Home page", "link"),
            profile_fields.add_field(alice, "Birthday", "date"),
            profile_fields.add_field(alice, "Team", "choice", ["Boats", "", "Ferries"]),
        ]
    return {field.name: field.pk for field in made}


def filled(person: Any) -> list[tuple[str, str]]:
    with in_organisation(person.organisation):
        return [(line.name, line.value) for line in profile_fields.lines_of(person)]


def fill(person: Any, **values: str) -> None:
    with in_organisation(person.organisation):
        known = {field.name.lower().replace(" ", "_"): field.pk for field in profile_fields.fields()}
        profile_fields.fill_in(person, {known[name]: value for name, value in values.items()})


def test_everybody_fills_in_and_others_see_it(
    fields: dict[str, int], bob: Any, dana: Any, client_of: ClientOf, room: Any
) -> None:
    browser = client_of(bob)
    said = {
        f"field_{fields['Pronouns']}": " he /  him ",
        f"field_{fields['Home page']}": "bob.example/<me>",
        f"field_{fields['Birthday']}": "1990-02-28",
        f"field_{fields['Team']}": "Boats",
    }
    assert (
        browser.post("/me/about/", {**said, f"field_{fields['Home page']}": "not a link"}).status_code == 422
    )
    assert filled(bob) == []
    assert (
        browser.post("/me/about/", {**said, f"field_{fields['Home page']}": "bob.example/me"}).status_code
        == 302
    )
    assert filled(bob) == [
        ("Pronouns", "he / him"),
        ("Home page", "https://bob.example/me"),
        ("Birthday", "1990-02-28"),
        ("Team", "Boats"),
    ]
    panel = client_of(dana).get(f"/directory/p{bob.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert (
        "he / him" in panel and 'href="https://bob.example/me"' in panel and 'datetime="1990-02-28"' in panel
    )
    assert "Boats" in client_of(bob).get(f"/people/p{bob.pk}/").content.decode()
    browser.post("/me/about/", {f"field_{fields['Team']}": ""})
    assert filled(bob) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("home_page", "javascript:alert(1)"),
        ("home_page", "ftp://a.example/"),
        ("birthday", "30.2.1990"),
        ("birthday", "1990-02-30"),
        ("team", "Trains"),
        ("pronouns", "x" * 201),
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, int], bob: Any, name: str, value: str) -> None:
    with pytest.raises(FieldRefused):
        fill(bob, **{name: value})
    assert filled(bob) == []


def test_people_are_found_by_what_they_say(
    fields: dict[str, int], bob: Any, charlie: Any, client_of: ClientOf
) -> None:
    fill(bob, team="Ferries")
    page = client_of(charlie).get("/people/?q=ferri", headers={"HX-Request": "true"}).content.decode()
    assert "Bob" in page and "Alice" not in page


def test_only_administrators_define_them(
    fields: dict[str, int], alice: Any, bob: Any, mallory: Any, client_of: ClientOf
) -> None:
    browser = client_of(alice)
    assert browser.post(FIELDS, {"name": "Phone", "kind": "text"}).status_code == 302
    for bad in ({"name": "phone", "kind": "text"}, {"name": "", "kind": "text"}, {"name": "X", "kind": "y"}):
        assert browser.post(FIELDS, bad).status_code == 422
    assert browser.post(FIELDS, {"name": "Size", "kind": "choice", "choices": "one"}).status_code == 422
    assert client_of(bob).get(FIELDS).status_code == 404
    with in_organisation(bob.organisation), pytest.raises(NotAllowed):
        profile_fields.add_field(bob, "Phone", "text")
    assert "Home page" not in client_of(mallory).get(FIELDS).content.decode()


def test_order_choices_and_removing(
    fields: dict[str, int], alice: Any, bob: Any, client_of: ClientOf
) -> None:
    browser = client_of(alice)
    fill(bob, team="Boats", pronouns="he")

    def do(field: str, **data: str) -> int:
        return browser.post(f"{FIELDS}{fields[field]}/", data).status_code

    assert [do("Team", do="up"), do("Pronouns", do="up"), do("Pronouns", do="down")] == [302] * 3
    with in_organisation(alice.organisation):
        assert [one.name for one in profile_fields.fields()] == ["Home page", "Pronouns", "Team", "Birthday"]
    assert do("Team", do="save", name="Crew", choices="Ferries\nTrains") == 302
    assert ("Crew", "Boats") in filled(bob)  # kept until he chooses anew
    fill(bob, crew="Boats", pronouns="they")
    assert client_of(bob).get("/me/").content.decode().count('<option value="Boats"') == 1
    assert do("Pronouns", do="remove") == 302
    assert filled(bob) == [("Crew", "Boats")]
    assert do("Pronouns", do="remove") == 404


def test_of_a_race_places_and_names_stay_apart(alice: Any) -> None:
    def add(number: int) -> str:
        try:
            with in_organisation(alice.organisation):
                profile_fields.add_field(alice, f"Field {number // 2}", "text")
            return ""
        except FieldRefused as refused:
            return str(refused)
        finally:
            leave()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(add, range(8)))
    assert answers.count("") == 4
    with in_organisation(alice.organisation):
        assert ProfileField.objects.count() == 4


def test_names_that_administrators_keep(alice: Any, bob: Any, client_of: ClientOf) -> None:
    with in_organisation(alice.organisation):
        change_settings(alice, {"change_own_name": False})
        with pytest.raises(NotAllowed):
            profiles.update_profile(bob, name="Robert", time_zone="UTC")
    page = client_of(bob).get("/me/").content.decode()
    assert "Ask one of them" in page
    form = {"name": "Robert", "title": "Boats", "time_zone": "UTC", "notify": "mentions"}
    assert client_of(bob).post("/me/", form).status_code == 302
    with in_organisation(alice.organisation):
        assert Person.objects.filter(pk=bob.pk).values_list("name", "title").get() == ("Bob", "Boats")
    assert client_of(alice).post("/me/", {**form, "name": "Alicia"}).status_code == 302
    url = f"/people/p{bob.pk}/name/"
    assert client_of(alice).post(url, {"name": "Robert"}).status_code == 302
    assert client_of(alice).post(url, {"name": " "}).status_code == 422
    assert client_of(bob).post(f"/people/p{alice.pk}/name/", {"name": "X"}).status_code == 404
    with in_organisation(alice.organisation):
        assert set(Person.objects.filter(pk__in=[alice.pk, bob.pk]).values_list("name", flat=True)) == {
            "Alicia",
            "Robert",
        }


def test_a_link_is_measured_as_it_is_kept(fields: dict[str, int], bob: Any) -> None:
    fill(bob, home_page=f"example.org/{'a' * 180}")
    with pytest.raises(FieldRefused, match="at most 200"):
        fill(bob, home_page=f"example.org/{'a' * 181}")
    assert filled(bob) == [("Home page", f"https://example.org/{'a' * 180}")]


def test_of_who_is_deactivated_only_that_is_told(
    fields: dict[str, int], alice: Any, bob: Any, charlie: Any, dana: Any, room: Any, client_of: ClientOf
) -> None:
    fill(bob, pronouns="he", team="Boats")
    with in_organisation(bob.organisation):
        statuses.set_status(bob, emoji="🎧", text="Deep work", until=None)
        profiles.update_profile(bob, name="Bob", time_zone="Europe/Rome", title="Rower")

    def told(person: Any, url: str) -> list[str]:
        page = client_of(person).get(url, headers={"HX-Request": "true"}).content.decode()
        assert "Bob" in page
        return [one for one in ("Deep work", "Boats", "Rower", "Europe/Rome", "Deactivated") if one in page]

    profile = f"/directory/p{bob.pk}/"
    assert told(charlie, profile) == ["Deep work", "Boats", "Rower", "Europe/Rome"]
    with in_organisation(alice.organisation):
        people.deactivate(alice, bob.pk)
    for person in (alice, charlie, dana):
        assert told(person, profile) == ["Deactivated"]
    assert told(alice, f"/people/p{bob.pk}/") == ["Deactivated"]
    page = client_of(charlie).get(profile, headers={"HX-Request": "true"}).content.decode()
    assert "profile-block" not in page and "Write to them" not in page
    cards = client_of(charlie).get(f"/directory/?ids=p{bob.pk}").json()["people"]
    assert [("status" in card, card["active"]) for card in cards] == [(False, False)]
    with in_organisation(alice.organisation):
        people.reactivate(alice, bob.pk)
    assert told(charlie, profile) == ["Deep work", "Boats", "Rower", "Europe/Rome"]
