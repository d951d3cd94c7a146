"""Every page, asked for by those who have no business there: with every method, and nothing comes of it."""

import itertools

import pytest
from django.conf import settings

from tests.events import Published
from tests.isolation.asking import METHODS, Browser, attempts, browser, changed, content, targets
from tests.isolation.policies import EXPECTED, ORGANISATION, OUTSIDERS, PUBLIC, STRANGER, Outcome, path_of
from tests.isolation.twins import ALICE, BOB, NOBODY, Twin

Twins = tuple[Twin, Twin]


@pytest.mark.parametrize("route", ORGANISATION)
def test_a_page_is_its_policys(twins: Twins, published: Published, route: str) -> None:
    ours, theirs = twins
    row = ORGANISATION[route]
    expected = EXPECTED[row.policy]
    refused = [who for who in OUTSIDERS if expected[who] is not Outcome.OPEN]
    before = content(ours), content(theirs)
    found = [one for who in refused for one in attempts(route, row, expected[who], who, ours, theirs)]
    assert found == []
    assert changed(before[0], content(ours)) == changed(before[1], content(theirs)) == []
    assert published() == []
    # Whoever may: the other organisation has nothing to do with it.
    for who in set(OUTSIDERS) - set(refused):
        found += attempts(route, row, Outcome.OPEN, who, ours, theirs)
    assert found == []
    assert changed(before[1], content(theirs)) == []
    assert {schema for schema, _ in published()} <= {ours.organisation.schema_name}


@pytest.mark.parametrize("route", PUBLIC)
def test_the_public_site_knows_nobody(twins: Twins, published: Published, route: str) -> None:
    ours, theirs = twins
    row = PUBLIC[route]
    before = content(ours), content(theirs)
    cookies = {settings.SESSION_COOKIE_NAME: ours.cookies[ALICE]}
    for asking in (Browser("localhost"), Browser("localhost", cookies)):
        for method in METHODS:
            for query in ("", *row.queries):
                answer = asking.ask(method, path_of(route, row, {}) + query, row.data)
                assert answer.status < 500, (method, query)
                assert ours.leaked("", answer.everything) == theirs.leaked("", answer.everything) == []
                assert settings.SESSION_COOKIE_NAME not in answer.headers.get("Vary", "")
    assert (before[0], before[1]) == (content(ours), content(theirs))
    assert published() == []


@pytest.mark.parametrize("route", ORGANISATION)
def test_no_other_site_sends_a_form(twins: Twins, published: Published, route: str) -> None:
    """Alice's browser, on a page of theirs or of no one, with her cookies and a token that is right."""
    ours, theirs = twins
    row = ORGANISATION[route]
    token = "a" * 32
    cookies = {settings.SESSION_COOKIE_NAME: ours.cookies[ALICE], settings.CSRF_COOKIE_NAME: token}
    path = path_of(route, row, targets(row.policy, ALICE, ours)[0])
    before = content(ours)
    for origin in (f"http://{theirs.host}", "http://localhost", "null", "http://evil.example"):
        for method in ("POST", "DELETE"):
            asking = Browser(ours.host, cookies, {"origin": origin, "x-csrftoken": token}, csrf=True)
            answer = asking.ask(method, path, row.data)
            assert answer.status == 403, (origin, method, answer.status)
    tokenless = Browser(ours.host, cookies, csrf=True).ask("POST", path, row.data)
    assert tokenless.status == 403
    assert changed(before, content(ours)) == []
    assert published() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-host": "{host}"},
        {"x-forwarded-host": "{host}", "x-forwarded-proto": "https", "x-forwarded-for": "127.0.0.1"},
        {"forwarded": "host={host}"},
        {"x-host": "{host}", "x-original-host": "{host}", "x-forwarded-server": "{host}"},
        {"x-original-url": "http://{host}/", "x-rewrite-url": "http://{host}/"},
    ],
)
def test_no_header_but_host_names_the_organisation(twins: Twins, headers: dict[str, str]) -> None:
    ours, theirs = twins
    lies = {name: value.format(host=ours.host) for name, value in headers.items()}
    for route in ("", "people/", "accounts/login/", "rooms/", "notifications/"):
        for who in (ALICE, NOBODY):
            asking = browser(who, theirs, ours, headers=lies)
            answer = asking.ask("GET", f"/{route}")
            assert answer.status in (200, 302)
            assert ours.leaked("", answer.everything) == []


@pytest.mark.parametrize(
    "host",
    ["{host}.evil.example", "evil.example", "{host}@{other}", "{host} {other}", "{host},{other}", "", "."],
)
def test_a_host_that_is_not_ours_is_nobodys(twins: Twins, host: str) -> None:
    ours, theirs = twins
    asked = host.format(host=ours.host, other=theirs.host)
    answer = Browser(asked, {settings.SESSION_COOKIE_NAME: ours.cookies[ALICE]}).ask("GET", "/")
    assert answer.status == 404
    assert ours.leaked("", answer.everything) == theirs.leaked("", answer.everything) == []


@pytest.mark.parametrize(
    "name", ["sessionid", "__Host-parley-session", "__Secure-parley-session", "Parley-Session"]
)
def test_a_session_by_another_name_is_none(twins: Twins, name: str) -> None:
    ours, _ = twins
    answer = Browser(ours.host, {name: ours.cookies[ALICE]}).ask("GET", "/", headers={"accept": "text/html"})
    assert (answer.status, answer.headers["Location"]) == (302, "/accounts/login/?next=/")


def test_a_session_of_theirs_beside_ones_own_changes_nothing(twins: Twins) -> None:
    """A cookie that a sibling planted: whichever of two counts, it never makes somebody of another organisation."""
    ours, theirs = twins
    name = settings.SESSION_COOKIE_NAME
    for pair in itertools.permutations((ours.cookies[BOB], theirs.cookies[ALICE])):
        asking = Browser(ours.host, headers={"cookie": "; ".join(f"{name}={cookie}" for cookie in pair)})
        answer = asking.ask("GET", "/me/")
        assert answer.status in (200, 302)
        assert theirs.leaked("", answer.everything) == []
        assert ours.leaked(BOB, answer.body) == []


def test_their_invitation_and_hand_over_open_nothing_here(twins: Twins, published: Published) -> None:
    ours, theirs = twins
    cookie = f"Set-Cookie {settings.SESSION_COOKIE_NAME}"
    before = content(ours), content(theirs)
    for who in (NOBODY, STRANGER):
        asking = browser(who, theirs, ours)  # on their host, with what is ours
        form = {
            "name": "Eve",
            "email": "eve@evil.example",
            "password": "let me in, please",
            "time_zone": "UTC",
        }
        for method in METHODS:
            joined = asking.ask(method, f"/join/{ours.link_token}/", form)
            assert joined.status in (404, 405)
            handed = asking.ask(method, f"/hand-over/{ours.hand_over_token}/", form)
            assert handed.status in (404, 405, 410)
            # A session that is unknown here is taken away; none is given.
            assert '=""' in handed.headers.get(cookie, '=""')
            for answer in (joined, handed):
                assert ours.leaked("", answer.everything) == []
    assert before == (content(ours), content(theirs))
    assert published() == []
