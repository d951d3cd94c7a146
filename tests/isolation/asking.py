"""Asking over HTTP as somebody, honestly or not, and what the answer gives away."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client

from tests.isolation.policies import STRANGER, Outcome, Policy, Row, path_of
from tests.isolation.twins import ALICE, BOB, CHARLIE, DANA, NOBODY, Twin

METHODS = ("GET", "POST", "DELETE")
# What a person's own visits change: when they were seen, and sessions that begin.
_CONTENT = """
select {label}::text as name, count(*)::text || ' ' || coalesce(md5(string_agg(line, '' order by line)), '')
from (select (to_jsonb(row) - 'last_seen_at' - 'last_login')::text as line from {table} row) as lines
"""


@dataclass
class Answer:
    """Everything that reached the browser."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def everything(self) -> bytes:
        return self._with_headers(*self.headers)

    @property
    def shown(self) -> bytes:
        """The same without cookies: a session's own key goes back to its owner."""
        return self._with_headers(*(name for name in self.headers if not name.startswith("Set-Cookie")))

    def _with_headers(self, *names: str) -> bytes:
        return "\n".join([*(f"{name}: {self.headers[name]}" for name in names), ""]).encode() + self.body


@dataclass
class Browser:
    """Asks on `host` with `cookies`; nothing it is answered changes what it sends next."""

    host: str
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    csrf: bool = False

    def ask(
        self,
        method: str,
        path: str,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        client = _client(self.csrf)
        client.cookies.clear()
        for name, value in self.cookies.items():
            client.cookies[name] = value
        sent = {"host": self.host, **self.headers, **(headers or {})}
        form = dict(data or {}) if method == "POST" else None
        response: HttpResponseBase = getattr(client, method.lower())(path, form, headers=sent)
        return Answer(response.status_code, _headers(response), _body(response))


@cache
def _client(csrf: bool) -> Client:
    """One for all: loading the middleware takes longer than a request."""
    return Client(raise_request_exception=False, enforce_csrf_checks=csrf)


def _headers(response: HttpResponseBase) -> dict[str, str]:
    cookies = {f"Set-Cookie {name}": morsel.OutputString() for name, morsel in response.cookies.items()}
    return {**dict(response.items()), **cookies}


def _body(response: Any) -> bytes:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    return body


def browser(who: str, ours: Twin, theirs: Twin, **options: Any) -> Browser:
    """The browser of `who` on the host of `ours`; the stranger brings a session of `theirs`, as its owner."""
    if who == NOBODY:
        return Browser(ours.host, **options)
    cookie = theirs.cookies[ALICE] if who == STRANGER else ours.cookies[who]
    return Browser(ours.host, {settings.SESSION_COOKIE_NAME: cookie}, **options)


def reader(who: str) -> str:
    """Whose eyes `who` has in the organisation they are on."""
    return NOBODY if who == STRANGER else who


def unexpected(outcome: Outcome, method: str, answer: Answer) -> bool:
    """Whether `answer` is not what `outcome` promises."""
    status = answer.status
    if status >= 500:
        return True
    if outcome is Outcome.OPEN or status == 405:  # a method that no one may use says nothing
        return False
    if outcome is Outcome.SIGN_IN:
        asked = answer.headers.get("Location", "").startswith("/accounts/login/")
        return not (status == 401 or (status == 302 and asked))
    if outcome is Outcome.HIDDEN:
        return status != 404
    return status not in (403, 404)


def targets(policy: Policy, who: str, twin: Twin) -> list[dict[str, str]]:
    """The ids with which `who` tries a route of `policy`: what they have no right to, one way or another."""
    person = {"person_id": f"p{twin.people[CHARLIE].pk}", "pk": "1"}
    common = {
        "invitation_id": f"i{twin.invitations[0]}",
        "notification_id": f"n{twin.notifications[ALICE]}",
        "scheduled_id": f"s{twin.scheduled[ALICE]}",
        "draft_id": f"d{twin.drafts[ALICE]}",
        "reminder_id": f"t{twin.reminders[ALICE]}",
        "section_id": f"s{twin.section}",
        "session_id": str(twin.sessions[ALICE]),
        "field_id": "1",
        "token": "guess",
        "version": twin.picture_version,
        "emoji": "%F0%9F%91%8D",
        "number": "1",
        "emoji_id": f"e{twin.emoji}",
        "emoji_version": twin.emoji_version,
        "preview_id": f"l{twin.preview}",
        "group_id": f"g{twin.groups['crew']}",
        "preview_version": twin.preview_version,
        "import_id": str(twin.imported),
        **person,
    }
    if policy is not Policy.ROOM_READER:
        bob = {**common, "person_id": f"p{twin.people[BOB].pk}"}
        return [common, bob] if policy is not Policy.OWN else [common]
    wanted = {
        CHARLIE: [("design", "design"), ("vault", "vault"), ("direct", "direct"), ("attic", "design")],
        DANA: [("lounge", "lounge"), ("vault", "vault"), ("direct", "direct"), ("general", "general")],
    }.get(who, [("design", "design"), ("lounge", "lounge"), ("general", "general")])
    found = [
        {
            **common,
            "room_id": f"r{twin.rooms[room]}",
            "message_id": f"m{twin.messages[message][1]}",
            "attachment_id": f"f{twin.files.get(room, twin.files['design'])}",
        }
        for room, message in wanted
    ]
    return [
        *found,
        {
            **found[0],
            "room_id": "r999999",
            "message_id": "m999999",
            "person_id": "p999999",
            "attachment_id": "f999999",
        },
    ]


def attempts(
    route: str,
    row: Row,
    outcome: Outcome,
    who: str,
    ours: Twin,
    theirs: Twin,
    methods: tuple[str, ...] = METHODS,
) -> list[str]:
    """Try a route as `who` with every method and target; what came that must not."""
    found: list[str] = []
    asking = browser(who, ours, theirs)
    for path in dict.fromkeys(path_of(route, row, ids) for ids in targets(row.policy, who, ours)):
        for method in methods:
            answer = asking.ask(method, path, row.data, {"accept": "text/html"})
            if unexpected(outcome, method, answer):
                found.append(f"{who} {method} {path}: {answer.status}, should be {outcome.name}")
            found += [f"{who} {method} {path} shows {one}" for one in ours.leaked(reader(who), answer.body)]
            found += [
                f"{who} {method} {path} shows their {one}" for one in theirs.leaked("", answer.everything)
            ]
    return found


def content(twin: Twin) -> dict[str, str]:
    """A digest of each table of an organisation, as it is committed; to compare before and after."""
    schema = twin.organisation.schema_name
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relnamespace = %s::regnamespace and relkind = 'r'"
            " and relname <> 'django_session' order by 1",
            [schema],
        )
        parts = [
            _CONTENT.format(label=f"'{table}'", table=f'"{schema}"."{table}"')
            for (table,) in cursor.fetchall()
        ]
        cursor.execute(" union all ".join(parts))
        tables: dict[str, str] = dict(cursor.fetchall())
        cursor.execute(
            f'select session_key from "{schema}".django_session where session_key = any(%s) order by 1',
            [list(twin.cookies.values())],
        )
        tables["django_session"] = hashlib.sha256(repr(cursor.fetchall()).encode()).hexdigest()
    return tables


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(table for table in before if before[table] != after.get(table))
