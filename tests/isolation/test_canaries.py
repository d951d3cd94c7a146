"""Nobody ever reads a word of the other organisation's, nor one of their own that is not meant for them."""

import pytest
from django.conf import settings

from tests.isolation.asking import Browser, browser
from tests.isolation.crawling import crawl, faults
from tests.isolation.twins import ALICE, BOB, CAST, CHARLIE, DANA, NOBODY, TALK, Twin, words_in

Twins = tuple[Twin, Twin]


@pytest.mark.parametrize("who", [*CAST, NOBODY])
def test_every_page_with_every_id_shows_what_is_meant_for_its_reader(twins: Twins, who: str) -> None:
    ours, theirs = twins
    assert crawl(ours, theirs, readers=[who]) == []


def test_the_crawl_does_meet_the_canaries(twins: Twins) -> None:
    """Else it would find nothing because it reads nothing."""
    ours, theirs = twins
    met: set[str] = set()
    asking = browser(ALICE, ours, theirs)
    rooms = [
        f"/rooms/r{room}/{part}" for room in ours.rooms.values() for part in ("", "details/", "memberships/")
    ]
    people = [f"/{page}/p{person.pk}/" for person in ours.people.values() for page in ("people", "directory")]
    for path in (
        *rooms,
        *people,
        "/people/",
        "/invitations/",
        "/groups/",
        "/notifications/",
        "/emoji/",
        "/organisation/profile-fields/",
        f"/search/?q={TALK}",
        "/rooms/",
        "/reminders/",
        "/drafts/",
        "/scheduled/",
        f"/organisation/imports/{ours.imported}/",
        "/rooms/r{}/messages/m{}/versions/".format(*ours.messages["edited"]),
    ):
        met |= words_in(asking.ask("GET", path).body)
    meant = {word for word, readers in ours.readers.items() if ALICE in readers}
    unseen = {ours.labels[word] for word in meant - met}
    assert unseen == {
        "a session",
        "the link of the note of alice",
        "the name of a file not posted",
        "the text of a file not posted",
    }  # no page has them


@pytest.mark.parametrize("who", CAST)
def test_searching_for_their_words_finds_nothing(
    twins: Twins, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.views.search.SEARCHES", (100_000, 10))
    ours, theirs = twins
    asking = browser(who, ours, theirs)
    secret = [word for word in ours.readers if who not in ours.readers[word]]
    sought = [word for word in secret if _said(ours, word)] + [
        word for word in theirs.readers if _said(theirs, word)
    ]
    for word in sought:
        answer = asking.ask("GET", f"/search/?q={word}", headers={"hx-request": "true"})
        assert answer.status == 200
        assert ours.leaked(who, answer.body.replace(word.encode(), b"")) == []
        assert b"<article" not in answer.body
        for tab in ("files", "people", "rooms"):
            answer = asking.ask("GET", f"/search/?tab={tab}&q={word}", headers={"hx-request": "true"})
            assert ours.leaked(who, answer.body.replace(word.encode(), b"")) == []
            assert b"<li" not in answer.body, ours.labels.get(word, "theirs")
        assert b'"items": []' in asking.ask("GET", f"/switcher/messages/?q={word}").body
        switched = asking.ask("GET", f"/switcher/?q={word}").body
        assert b'"items": []' in switched, ours.labels.get(word, "theirs")


@pytest.mark.parametrize("who", [CHARLIE, DANA])
def test_what_is_not_shown_is_not_found_either(twins: Twins, who: str) -> None:
    """Addresses are for administrators: who could search by them would guess them letter by letter."""
    ours, theirs = twins
    asking = browser(who, ours, theirs)
    address = ours.people[BOB].email
    for query in (f"/people/?q={address}", f"/search/?q=from:{address}", f"/switcher/?q={address}"):
        answer = asking.ask("GET", query, headers={"hx-request": "true"})
        assert not words_in(answer.body) & words_in(ours.people[BOB].name), query
        assert b"<article" not in answer.body, query
    assert (
        b"<article"
        in browser(ALICE, ours, theirs).ask("GET", f"/search/?q=from:{ours.people[ALICE].email}").body
    )


def _said(twin: Twin, word: str) -> bool:
    """Whether a word is in a message, or in the name of something."""
    return twin.labels[word].startswith(("a message", "a deleted", "an edited", "the new text", "the name"))


@pytest.mark.parametrize(
    "path", ["/nowhere/", "/rooms/r999999/", "/rooms/x/", "/ws/me/", "/static/x.css", "/%00", "/\xff"]
)
def test_an_error_page_says_nothing(twins: Twins, path: str) -> None:
    ours, theirs = twins
    for who in (*CAST, NOBODY):
        answer = browser(who, ours, theirs).ask("GET", path)
        assert answer.status in (302, 400, 404)
        assert faults(answer) == []
        assert theirs.leaked("", answer.everything) == ours.leaked(who, answer.shown) == []


def test_the_same_address_asked_by_turns_is_each_ones_own(twins: Twins) -> None:
    """A page that was cached for one of them would show here."""
    for path in ("/", "/rooms/r1/", "/rooms/r2/", "/people/", "/notifications/", "/me/", "/accounts/login/"):
        for who in (ALICE, NOBODY, CAST[-1], ALICE):
            for ours, theirs in (twins, twins[::-1]):
                answer = browser(who, ours, theirs).ask("GET", path, headers={"if-none-match": "*"})
                assert answer.status in (200, 302, 404)
                assert ours.leaked(who, answer.shown) == theirs.leaked("", answer.everything) == []


def test_a_deactivated_person_reads_nothing(twins: Twins) -> None:
    from accounts import people
    from tenants.db import in_organisation

    ours, _ = twins
    with in_organisation(ours.organisation):
        people.deactivate(ours.people[ALICE], ours.people["bob"].pk)
    asking = Browser(ours.host, {settings.SESSION_COOKIE_NAME: ours.cookies["bob"]})
    for path in ("/rooms/r1/", "/notifications/", "/search/?q=kingfisher", "/directory/?ids=p1", "/people/"):
        answer = asking.ask("GET", path)
        assert answer.status in (302, 401)
        assert ours.leaked(NOBODY, answer.body) == []
