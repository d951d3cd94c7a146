"""Cost grows with what is shown, not with what is there: the plans of the statements that really run.

Twenty thousand messages in twenty rooms. Each statement is caught on its way to Postgres and explained with its own
values; then its index is dropped, and the same check has to complain.
"""

import json
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction

from chat import rooms, timeline
from chat.messages import post_messages
from chat.models import Room
from chat.posts import Post
from chat.search import search
from chat.sidebar import sidebar_of
from chat.unread import unread_of
from tenants.db import as_owner, in_organisation
from tests.bench.history import RARE, written
from tests.chat.pages import queries

MESSAGES = 20_000
ROOMS = 20
LARGE = {"chat_message", "chat_messagetext"}  # never read from end to end


@dataclass(frozen=True)
class Case:
    """Something a page or a socket asks for, and the index that has to answer it."""

    index: str
    ask: Callable[[Any, Room], Any]


def post(person: Any, room: Room, count: int = 1) -> None:
    post_messages([Post(person.pk, room.pk, uuid.uuid4(), "Hello") for _ in range(count)])


CASES = {
    "the newest window": Case("message_position_once", lambda person, room: timeline.newest(room)),
    "older messages": Case("message_position_once", lambda person, room: timeline.before(room, 500)),
    "later messages": Case("message_position_once", lambda person, room: timeline.after(room, 500)),
    "around a message": Case("message_position_once", lambda person, room: timeline.around(room, 500)),
    "what changed since": Case(
        "message_revision", lambda person, room: timeline.changed_since(room, room.head - 20)
    ),
    "a search": Case("message_words", lambda person, room: search(person, RARE)),
    "what is not unread, in the sidebar": Case("message_not_unread", lambda person, room: sidebar_of(person)),
    "what is not unread, for badges": Case("message_not_unread", lambda person, room: unread_of(person.pk)),
    "a client_id": Case("message_client_id_once", post),
}


@pytest.fixture
def inside(acme: Any, alice: Any, bob: Any, charlie: Any) -> Iterator[Room]:
    """Inside an organisation with a history; a room of it."""
    with in_organisation(acme):
        for number in range(ROOMS):
            rooms.create_room(alice, f"Room {number}", members=[bob.pk, charlie.pk])
    written(acme.address, MESSAGES)
    with in_organisation(acme):
        yield Room.objects.filter(name="Room 7").get()


def plans(case: Case, person: Any, room: Room) -> list[dict[str, Any]]:
    """The plans of the statements that the case runs, one for each."""
    with queries() as asked:
        case.ask(person, room)
    found = []
    for statement in asked:
        with connection.cursor() as cursor:
            cursor.execute("explain (format json) " + statement.replace("%", "%%"), [])
            (plan,) = cursor.fetchone()
        found.append((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
    return found


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def faults(case: Case, person: Any, room: Room, large: Collection[str] = LARGE) -> list[str]:
    """What is wrong with the plans: a large table read from end to end, or the index not used."""
    every = [node for plan in plans(case, person, room) for node in nodes(plan)]
    found = [f"{node['Node Type']} on {node['Relation Name']}" for node in every if reads_all(node, large)]
    if case.index not in {node.get("Index Name") for node in every}:
        found.append(f"{case.index} is not used")
    return found


def reads_all(node: dict[str, Any], large: Collection[str]) -> bool:
    return node["Node Type"] == "Seq Scan" and node["Relation Name"] in large


@contextmanager
def without(index: str) -> Iterator[None]:
    """As if nobody had made this index."""
    with transaction.atomic():
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("select conname from pg_constraint where conindid = %s::regclass", [index])
            if cursor.fetchone():
                cursor.execute(f"alter table chat_message drop constraint {index}")
            else:
                cursor.execute(f"drop index {index}")
        yield
        transaction.set_rollback(True)


def test_every_statement_uses_its_index(alice: Any, inside: Room) -> None:
    assert {name: found for name, case in CASES.items() if (found := faults(case, alice, inside))} == {}


def test_a_dropped_index_is_noticed(alice: Any, inside: Room) -> None:
    unnoticed = []
    for name, case in CASES.items():
        with without(case.index):
            if not faults(case, alice, inside):
                unnoticed.append(name)
        assert faults(case, alice, inside) == [], f"{name}: the index is back"
    assert unnoticed == []


@pytest.mark.parametrize("count", [1, 5])
def test_who_posts_is_not_looked_for_in_all_their_rooms(alice: Any, inside: Room, count: int) -> None:
    """Which Postgres did while it had no statistics of memberships, and kept doing with what was prepared then."""
    case = Case("", lambda person, room: post(person, room, count))
    used = {node.get("Index Name") for plan in plans(case, alice, inside) for node in nodes(plan)}
    assert "message_client_id_once" in used
    assert "membership_present" not in used


_COLUMNS = """
select one.relname, indrelid::bigint, array(select unnest(indkey::int[])) from pg_index
join pg_class one on one.oid = indexrelid
where indrelid = any(array['chat_message', 'chat_messagetext']::regclass[]) and indpred is null
"""


def test_no_index_is_the_beginning_of_another(acme: Any) -> None:
    """Each is paid for by every post, and the shorter one may be taken for what only the longer one narrows down:
    Postgres keeps a plan that it made while the table was young."""
    with in_organisation(acme), connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        indexes = cursor.fetchall()
    assert len(indexes) >= 5
    assert [
        f"{short} of {long}"
        for short, table, columns in indexes
        for long, other_table, others in indexes
        if short != long and table == other_table and others[: len(columns)] == columns
    ] == []
