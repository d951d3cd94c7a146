"""Fills an organisation that `tests.bench.seed` made with messages, by the million. Runs as a process of its own:

    python -m tests.bench.history '{"address": "bench0", "messages": 100000}'    prints JSON, see `written`

The messages take turns through the rooms and their authors. Texts are drawn once by the product's own pipeline; the
rows are made by Postgres, and one of each room is drawn again and compared, so that what is measured is what the
product would have stored.
"""

import json
import os
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# What people write: mostly a line, sometimes Markdown, now and then a list or code. {n} makes them different.
TEXTS = (
    "Good morning! Shall we look at number {n} together?",
    "The build is **green** again, see https://example.org/builds/{n} for the log.",
    "I would say *yes*, but let us ask the others first. What do you think of `limit = {n}`?",
    "Three things for today:\n\n- the harbour plan\n- the invoice of case {n}\n- lunch",
    "> Can somebody have a look?\n\nLooked at it, it is fine. Thanks!",
    "ok",
    "```python\ndef answer(question: str) -> int:\n    return {n}\n```\nThis is all there is to it.",
    "We meet at ten in the small room; whoever is away joins by telephone as usual. :wave:",
    "The ferry was late, I will be with you in about twenty minutes. Please begin without me, and keep a seat.",
    "Has anybody seen the kingfisher at the pond? It was there at {n} o'clock, I am quite sure.",
)
VARIANTS = 20
RARE = "periwinkle"  # in one message of RARE_EVERY, for a search that finds few
RARE_EVERY = 1000

_FILL = """
insert into chat_message (id, room_id, author_id, position, revision, client_id, kind, text, digest, html,
                          html_version, mentions_room, created_at)
select made.id, room_id, author_id, position, position, client_id, 'post', sample.text, sample.digest,
       format('<article class="message" data-id="m%%s" data-position="%%s" data-revision="%%s" data-author="p%%s" '
              'data-client="%%s" data-created="%%s"><div class="prose">%%s</div></article>',
              made.id, position, position, author_id, client_id, to_char(extract(epoch from created_at), 'FM9999999999.000000'), sample.prose),
       %(version)s, false, created_at
from (
    select %(base)s + number as id, room.id as room_id, author.id as author_id, room.messages + place as position,
           gen_random_uuid() as client_id, case when number %% %(rare_every)s = 0 then samples.common else number %% samples.common end as sample,
           %(began)s::timestamptz + number * interval '1 millisecond' as created_at
    from (select count(*) - 1 as common from bench_sample) samples,
         (select number, number %% %(rooms)s as room_index, number / %(rooms)s + 1 as place
          from generate_series(0, %(messages)s - 1) as number) as numbered
    join bench_room room on room.index = room_index
    join bench_author author on author.index = number %% %(authors)s
) made join bench_sample sample on sample.index = made.sample
"""


def written(address: str, messages: int) -> dict[str, Any]:
    """Write them. Returns {"messages", "seconds", "rooms": {id: messages in it}}."""
    import time

    from django.db import connection, transaction

    from tenants.db import as_owner, in_organisation
    from tenants.models import Organisation

    began = time.monotonic()
    with in_organisation(Organisation.objects.get(address=address)):
        with as_owner(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "set constraints all immediate"
            )  # an index can't be made while keys wait to be checked
            _samples(cursor)
            definition = _drop_word_index(cursor)
            _fill(cursor, messages)
            cursor.execute(definition)
            cursor.execute("select id, messages from chat_room")
            rooms = dict(cursor.fetchall())
        with as_owner(), connection.cursor() as cursor:
            # As autovacuum would within a minute, in the midst of some round or other.
            cursor.execute("vacuum (analyze) chat_message, chat_messagetext, chat_room, chat_membership")
        _compare()
    return {"messages": messages, "seconds": time.monotonic() - began, "rooms": rooms}


def _samples(cursor: Any) -> None:
    """The texts as the product draws them, in temporary tables beside rooms and authors, numbered from 0."""
    from chat import fragments
    from chat.posts import digest
    from chat.text.index import index_text

    texts = list(dict.fromkeys(text.format(n=number) for number in range(VARIANTS) for text in TEXTS))
    texts.append(f"A rare flower, the {RARE}, grows here.")
    drawn = fragments.render_all(texts, [0] * len(texts))
    cursor.execute(
        "create temp table bench_sample (index int primary key, text text, digest bytea, prose text, vector tsvector) "
        "on commit drop"
    )
    cursor.executemany(
        "insert into bench_sample values (%s, %s, %s, %s, to_tsvector('simple', %s))",
        [
            (index, text, digest(text), one.html, index_text(one.plain))
            for index, (text, one) in enumerate(zip(texts, drawn, strict=True))
        ],
    )
    for kind, table, where in (
        ("room", "chat_room", "kind <> 'direct' and not is_default"),
        ("author", "accounts_person", "is_active"),
    ):
        column = ", messages" if kind == "room" else ""
        cursor.execute(
            f"create temp table bench_{kind} on commit drop as select row_number() over (order by id) - 1 as index, id{column} "
            f"from {table} where {where}"
        )


def _drop_word_index(cursor: Any) -> str:
    """A million rows into a GIN index take minutes, building it over them seconds. Returns how to make it again."""
    cursor.execute("select pg_get_indexdef('message_words'::regclass)")
    (definition,) = cursor.fetchone()
    cursor.execute("drop index message_words")
    return definition


def _fill(cursor: Any, messages: int) -> None:
    from chat.fragments import VERSION
    from chat.text.index import VERSION as WORDS_VERSION

    cursor.execute("select (select count(*) from bench_room), (select count(*) from bench_author)")
    rooms, authors = cursor.fetchone()
    cursor.execute("select coalesce(max(id), 0) + 1 from chat_message")
    (base,) = cursor.fetchone()
    cursor.execute(
        _FILL,
        {
            "version": VERSION,
            "base": base,
            "rare_every": RARE_EVERY,
            "began": "2026-01-01T00:00:00Z",
            "messages": messages,
            "rooms": rooms,
            "authors": authors,
        },
    )
    cursor.execute(
        "insert into chat_messagetext (message_id, room_id, author_id, vector, created_at, has_link, version) "
        "select message.id, room_id, author_id, vector, created_at, message.html like '%%href=%%', %s from chat_message message "
        "join bench_sample sample on sample.text = message.text where message.id >= %s",
        [WORDS_VERSION, base],
    )
    cursor.execute("select setval('chat_message_id_seq', (select max(id) from chat_message))")
    cursor.execute(
        "update chat_room room set messages = counted.last, head = counted.last, last_message_at = counted.at "
        "from (select room_id, max(position) as last, max(created_at) as at from chat_message group by 1) counted "
        "where room.id = counted.room_id"
    )
    cursor.execute(
        "update chat_membership member set read_position = room.messages from chat_room room where room.id = member.room_id"
    )


def _compare() -> None:
    """The newest message of each room, drawn by the product, is what Postgres has put together."""
    from chat import fragments
    from chat.models import Message

    newest = Message.objects.order_by("room_id", "-position").distinct("room_id")
    for message in newest:
        (rendered,) = fragments.render_all([message.text], [message.author_id])
        if fragments.draw(message, rendered) != message.html:
            raise RuntimeError(f"drawn differently:\n{fragments.draw(message, rendered)}\n{message.html}")


if __name__ == "__main__":
    django.setup()
    json.dump(written(**json.loads(sys.argv[1])), sys.stdout)
