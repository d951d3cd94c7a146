"""Probes: each tries one way across and returns what came through, so that nothing found is an empty list.

They run against the code as it is (test_planted_leaks.py: nothing), and against the code with a leak planted in it
(something): a probe that finds nothing there would be worth nothing here.
"""

import itertools
from collections.abc import Callable
from functools import partial, wraps

from django.conf import settings
from django.db import Error, connection

from accounts.models import Person
from chat.models import Message
from tenants.db import in_organisation
from tests.isolation import listening
from tests.isolation.asking import Browser, attempts, browser, changed, content, targets
from tests.isolation.crawling import crawl
from tests.isolation.policies import EXPECTED, ORGANISATION, OUTSIDERS, Outcome, path_of
from tests.isolation.twins import ALICE, CHARLIE, DANA, NOBODY, Twin

type Probe = Callable[[Twin, Twin], list[str]]


def database(ours: Twin, theirs: Twin) -> list[str]:
    """With the role of theirs taken: their own rows by name, and none of ours by any."""
    found = []
    with in_organisation(theirs.organisation):
        rows = [
            *Person.objects.values_list("name", flat=True),
            *Message.objects.values_list("text", flat=True),
        ]
        found += [f"the ORM reads {one}" for one in ours.leaked("", " ".join(rows))]
    for table in ("accounts_person", "chat_message", "django_session"):
        with in_organisation(theirs.organisation), connection.cursor() as cursor:
            try:
                cursor.execute(f'select count(*) from "{ours.organisation.schema_name}"."{table}"')
            except Error:
                continue
            found.append(f"SQL reads ours.{table}")
    return found


def hosts(ours: Twin, theirs: Twin) -> list[str]:
    """Each host is its own organisation's, whatever else a request says."""
    found = []
    for asked, other in ((ours, theirs), (theirs, ours)):
        for lies in ({}, {"x-forwarded-host": other.host}, {"forwarded": f"host={other.host}"}):
            for who in (NOBODY, ALICE):
                for path in ("/accounts/login/", "/rooms/r1/", "/people/"):
                    answer = browser(who, asked, other, headers=lies).ask("GET", path)
                    found += [f"{path} shows their {one}" for one in other.leaked("", answer.everything)]
    return found


def outsiders(*routes: str, ours: Twin, theirs: Twin) -> list[str]:
    """The routes by everybody to whom they are closed."""
    found = []
    for route in routes:
        row = ORGANISATION[route]
        before = content(ours), content(theirs)
        for who in OUTSIDERS:
            outcome = EXPECTED[row.policy][who]
            if outcome is not Outcome.OPEN:
                found += attempts(route, row, outcome, who, ours, theirs)
        found += [f"{table} of ours changed" for table in changed(before[0], content(ours))]
        found += [f"{table} of theirs changed" for table in changed(before[1], content(theirs))]
    return found


def pages(*routes: str, readers: tuple[str, ...] = (CHARLIE, DANA), ours: Twin, theirs: Twin) -> list[str]:
    """The routes, with every id."""
    return crawl(ours, theirs, routes, readers)


def turns(ours: Twin, theirs: Twin) -> list[str]:
    """The same addresses asked for by turns on both hosts: a page that somebody kept would come to the wrong one."""
    found = []
    for path in ("/rooms/r1/", "/people/", "/me/", "/accounts/login/"):
        for who in (ALICE, CHARLIE, NOBODY):
            for asked, other in ((ours, theirs), (theirs, ours)):
                answer = browser(who, asked, other).ask("GET", path)
                found += [f"{who} {path} shows their {one}" for one in other.leaked("", answer.everything)]
                found += [f"{who} {path} shows {one}" for one in asked.leaked(who, answer.shown)]
    return found


def forms(ours: Twin, theirs: Twin) -> list[str]:
    """A page of theirs sends forms with the cookies of ours."""
    found = []
    cookies = {settings.SESSION_COOKIE_NAME: ours.cookies[ALICE], settings.CSRF_COOKIE_NAME: "a" * 32}
    lies = {"origin": f"http://{theirs.host}", "x-csrftoken": "a" * 32}
    before = content(ours)
    for route in ("rooms/", "rooms/<rid:room_id>/messages/", "people/<pid:person_id>/role/", "me/"):
        row = ORGANISATION[route]
        path = path_of(route, row, targets(row.policy, ALICE, ours)[0])
        answer = Browser(ours.host, cookies, lies, csrf=True).ask("POST", path, row.data)
        if answer.status != 403:
            found.append(f"POST {path} from their page: {answer.status}")
    return found + [f"{table} changed" for table in changed(before, content(ours))]


def limits(ours: Twin, theirs: Twin) -> list[str]:
    """Alice of theirs does something too often; Alice of ours, with the same id, has not."""
    asking = browser(ALICE, theirs, ours)
    for _ in range(200):
        if asking.ask("GET", "/search/?q=", headers={"hx-request": "true"}).status == 429:
            break
    else:
        return ["there is no limit"]
    answer = browser(ALICE, ours, theirs).ask("GET", "/search/?q=", headers={"hx-request": "true"})
    return [] if answer.status == 200 else [f"ours is limited by theirs: {answer.status}"]


def jobs(ours: Twin, theirs: Twin) -> list[str]:
    """SQL of theirs enqueues a job that says it is for ours."""
    forged = f'{{"organisation": "{ours.organisation.schema_name}"}}'
    with in_organisation(theirs.organisation), connection.cursor() as cursor:
        cursor.execute(
            "select public.enqueue_job('accounts.jobs.forget_expired', 'default', %s::jsonb, null, null)",
            [forged],
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from procrastinate_jobs"
            " where args ->> 'organisation' = %s and task_name = 'accounts.jobs.forget_expired'",
            [ours.organisation.schema_name],
        )
        (count,) = cursor.fetchone()
        cursor.execute("delete from procrastinate_jobs")
    return ["a job for ours, enqueued by theirs"] if count else []


def ways_in(ours: Twin, theirs: Twin) -> list[str]:
    """The invitation and the hand-over of ours, on the host of theirs."""
    found = []
    before = content(theirs), content(ours)
    form = {"name": "Eve", "email": "eve@evil.example", "password": "let me in, please", "time_zone": "UTC"}
    for path in (f"/join/{ours.link_token}/", f"/hand-over/{ours.hand_over_token}/"):
        for method in ("GET", "POST"):
            answer = Browser(theirs.host).ask(method, path, form)
            if answer.status not in (404, 405, 410):
                found.append(f"{method} {path.split('/')[1]}: {answer.status}")
            found += [f"{method} {path} shows {one}" for one in ours.leaked("", answer.everything)]
    return found + [
        f"{table} changed"
        for table in changed(before[0], content(theirs)) + changed(before[1], content(ours))
    ]


def _named(probe: Callable[..., list[str]], *routes: str, **options: object) -> Probe:
    @wraps(probe)
    def run(ours: Twin, theirs: Twin) -> list[str]:
        return probe(*routes, ours=ours, theirs=theirs, **options)

    run.__name__ = f"{probe.__name__} {' '.join(routes)}"
    return run


def _heard(probe: Callable[..., object]) -> Probe:
    return wraps(probe)(partial(listening.running, probe))


ROOM = "rooms/<rid:room_id>/"
MESSAGE = f"{ROOM}messages/<mid:message_id>/"
PROBES: dict[str, Probe] = {
    probe.__name__: probe
    for probe in (
        database,
        hosts,
        turns,
        forms,
        limits,
        jobs,
        ways_in,
        *map(_heard, listening.PROBES),
        _named(outsiders, ROOM, f"{ROOM}messages/"),
        _named(outsiders, MESSAGE, f"{MESSAGE}source/"),
        _named(outsiders, "notifications/<nid:notification_id>/"),
        _named(outsiders, "me/sessions/<int:session_id>/"),
        _named(outsiders, "people/<pid:person_id>/role/"),
        _named(outsiders, "me/", "sidebar/"),
        _named(outsiders, "admin/", "admin/tenants/organisation/"),
        _named(pages, "directory/"),
        _named(pages, "search/"),
        _named(pages, "sidebar/", "switcher/"),
        _named(pages, "notifications/"),
        _named(pages, "rooms/"),
    )
}
assert len(set(itertools.chain(PROBES))) == len(PROBES)
