"""The texts of the statements that post (chat.sql): how they read is how Postgres plans them.

All names are found by the entered organisation's search_path.
"""

from chat.text.index import VERSION
from tenants.backend.prepared import Statement

_LOCK = """
select id, kind::text, name::text, messages, head, last_message_at, archived_at is not null
from chat_room where id = any($1) order by id for no key update
"""

_LOCK_ONE = "select from chat_room where id = $1 for no key update"
_LOCK_FREE = "select 1 from chat_room where id = any($1) order by id for no key update skip locked"
_LOCK_ONE_FREE = "select 1 from chat_room where id = $1 for no key update skip locked"

# Whether a member has left is only seen in the result: looked up with it, Postgres takes the index of those present by
# person alone while it has no statistics of memberships, and reads all the rooms of somebody who is in a hundred.
# The types of the results are spelled out: a prepared statement may not change them, and organisations are migrated
# one after the other.
_FOUND = """
select case when member.left_at is null then member.id end, member.read_position, member.posted_at,
       coalesce(person.role in ('owner', 'administrator') or (person.id = room.created_by_id and person.role <> 'guest'),
                false),
       nextval('chat_message_id_seq'), clock_timestamp(),
       known.id, known.room_id, known.position, known.revision, known.digest::bytea,
       exists (select from chat_block where direct_key = room.direct_key),
       room.id, room.kind::text, room.name::text, room.messages, room.head, room.last_message_at,
       room.archived_at is not null, room.announcements, room.open_replies, room.slow_seconds, exists (
           select from chat_membership other
           where other.room_id = room.id and other.notify = 'all' and not other.muted and other.left_at is null
       )
"""

# With constants there is nothing to mistake, and a plan without lateral queries takes less to make it ready.
_OF_ONE = """
from (select) as post
left join chat_room room on room.id = $2
left join accounts_person person on person.id = $1 and person.is_active
left join chat_membership member on member.room_id = $2 and member.person_id = $1 and person.id is not null
left join chat_message known on known.author_id = $1 and known.client_id = $3
"""

# Each post asks four indexes: a join would read all memberships while their statistics are young (0.5 ms for 5,000).
_OF_EACH = """
left join lateral (
    select id, kind, name, messages, head, last_message_at, archived_at, direct_key, announcements, open_replies,
           slow_seconds, created_by_id
    from chat_room where id = post.room_id limit 1
) room on true
left join lateral (
    select id, role from accounts_person where id = post.person_id and is_active limit 1
) person on true
left join lateral (
    select id, read_position, posted_at, left_at from chat_membership
    where room_id = post.room_id and person_id = person.id limit 1
) member on true
left join lateral (
    select id, room_id, position, revision, digest from chat_message
    where author_id = post.person_id and client_id = post.client_id limit 1
) known on true
"""

_INSERT = f"""
with given as materialized (
    select * from json_to_recordset($1) as message (id bigint, room bigint, author bigint, position bigint,
        revision bigint, client uuid, kind text, text text, digest text, html text, version smallint,
        mentions_room boolean, created timestamptz, words text, vector tsvector, link boolean, thread bigint,
        reply bigint)
), posted as (
    insert into chat_message (id, room_id, author_id, position, revision, client_id, kind, text, digest, html,
                              html_version, mentions_room, created_at, thread_id, thread_position)
    select id, room, author, position, revision, client, kind, text, decode(digest, 'hex'), html, version,
           mentions_room, created, thread, reply
    from given
), words as (
    insert into chat_messagetext (message_id, room_id, author_id, vector, created_at, has_link, version)
    select id, room, author, coalesce(vector, to_tsvector('simple', words)), created, link, {VERSION} from given
), counted as (
    update chat_room set messages = room.messages, head = room.head, last_message_at = room.last_message_at
    from unnest($2, $3, $4, $5) as room (id, messages, head, last_message_at)
    where chat_room.id = room.id
)
update chat_membership member set read_position = greatest(member.read_position, author.position),
       posted_at = coalesce(author.posted_at, member.posted_at)
from unnest($6, $7, $8) as author (membership_id, position, posted_at)
where member.id = author.membership_id
"""  # noqa: S608 - a constant

_INSERT_ONE = f"""
with posted as (
    insert into chat_message (id, room_id, author_id, position, revision, client_id, kind, text, digest, html,
                              html_version, mentions_room, created_at, thread_id, thread_position)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
), words as (
    insert into chat_messagetext (message_id, room_id, author_id, vector, created_at, has_link, version)
    values ($1, $2, $3, coalesce($16, to_tsvector('simple', $17)), $13, $18, {VERSION})
), counted as (
    update chat_room set messages = $20, head = $21, last_message_at = $22 where id = $19
)
update chat_membership set read_position = greatest(read_position, $24), posted_at = coalesce($25, posted_at)
where id = $23
"""  # noqa: S608 - a constant

lock_rooms = Statement("lock_rooms", "bigint[]", _LOCK)
lock_one = Statement("lock_one", "bigint", _LOCK_ONE)
lock_free = Statement("lock_free", "bigint[]", _LOCK_FREE)
lock_one_free = Statement("lock_one_free", "bigint", _LOCK_ONE_FREE)
look_up = Statement(
    "look_up",
    "bigint[], bigint[], uuid[]",
    f"{_FOUND}from unnest($1, $2, $3) with ordinality as post (person_id, room_id, client_id, number)"
    f"{_OF_EACH}order by post.number",
)
look_up_one = Statement(
    "look_up_one",
    "bigint, bigint, uuid",
    _FOUND + _OF_ONE,
)
insert_messages = Statement(
    "insert_messages",
    "json, bigint[], bigint[], bigint[], timestamptz[], bigint[], bigint[], timestamptz[]",
    _INSERT,
)
insert_one = Statement(
    "insert_one",
    "bigint, bigint, bigint, bigint, bigint, uuid, text, text, bytea, text, smallint, boolean, timestamptz, bigint, bigint, "
    "tsvector, text, boolean, bigint, bigint, bigint, timestamptz, bigint, bigint, timestamptz",
    _INSERT_ONE,
)
