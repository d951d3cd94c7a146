"""A search costs what it shows, at a hundred thousand messages: the plans of the statements that really run.

As in test_plans.py each statement is caught on its way to Postgres and explained with its own values; for each index
somebody takes it away, and the same check has to complain.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from chat import rooms
from chat.models import Room
from chat.search import keeping, search
from tenants.db import as_owner, in_organisation
from tests.bench.history import RARE, written
from tests.chat.test_plans import Case, faults, without

MESSAGES = 100_000
ROOMS = 50


def asks(query: str, **kwargs: Any) -> Any:
    return lambda person, room: search(person, query, **kwargs)


CASES = {
    "a rare word": Case("message_words", asks(RARE)),
    "a rare word, the best first": Case("message_words", asks(RARE, order="best")),
    "a common word": Case("message_words_when", asks("the")),
    "a common word, for the switcher": Case("message_words_when", asks("good", limit=5, counted=False)),
    "older ones of a common word": Case("message_words_when", asks("the", before=5_000)),
    "a phrase": Case("message_words", asks(f'"the {RARE}"')),
    "one room": Case("message_words_room", asks('in:"room 7"')),
    "links": Case("message_words_links", asks("has:link", counted=False)),
    "what is pinned": Case("message_pinned", asks("is:pinned")),
    "what was edited": Case("message_edited", asks("is:edited")),
    "a part of a word": Case("word_parts", asks("ingfish")),
    "another form of a word": Case("word_stem", asks("kingfishers")),
    "a file": Case("attachment_words", asks(RARE, tab="files")),
}


@pytest.fixture
def inside(acme: Any, alice: Any, bob: Any, charlie: Any) -> Iterator[Room]:
    """Inside an organisation with a long history and many words; a room of it."""
    with in_organisation(acme):
        for number in range(ROOMS):
            rooms.create_room(alice, f"Room {number}", members=[bob.pk, charlie.pk])
    written(acme.address, MESSAGES)
    with in_organisation(acme):
        while keeping.keep():
            pass
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(
                "insert into chat_word (word, stem) select word, word from (select 'w' || md5(n::text) as word "
                "from generate_series(1, 30000) n) made"
            )
            cursor.execute(
                "with kept as (insert into chat_attachment (place, name, size, content_type, kind, state, width, height, "
                "excerpt, file, thumbnail, room_id, uploader_id, message_id) select 0, 'notes ' || id, 1, 'text/plain', "
                "'text', 'ready', 0, 0, '', 'none', '', room_id, author_id, id from chat_message where id % 20 = 0 "
                "returning id, room_id, name) insert into chat_attachmenttext (attachment_id, vector) "
                "select id, to_tsvector('simple', name) from kept"
            )
            for table in ("chat_word", "chat_attachment", "chat_attachmenttext", "chat_message"):
                cursor.execute(f"analyze {table}")
        yield Room.objects.filter(name="Room 7").get()


LARGE = {"chat_message", "chat_messagetext", "chat_attachmenttext"}


def wrong(case: Case, person: Any, room: Room) -> list[str]:
    # Words are read by an index where the search has any form of a word to ask for.
    large = LARGE | ({"chat_word"} if case.index.startswith("word_") else set())
    return faults(case, person, room, large)


def test_every_search_uses_its_index(alice: Any, inside: Room) -> None:
    assert {name: found for name, case in CASES.items() if (found := wrong(case, alice, inside))} == {}
    unnoticed = []
    for name, case in CASES.items():
        with without(case.index):
            if not wrong(case, alice, inside):
                unnoticed.append(name)
    assert unnoticed == []
