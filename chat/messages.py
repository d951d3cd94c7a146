"""Posting messages: one function for sockets, forms, bots and tests alike. What changes them is in `chat.changes`.

The path of a message is drawn in docs/message-path.md. `post_messages` takes a list, usually of one: under load the
writer of a process hands over what gathered while the last batch was under way, and a batch of a hundred costs
little more than one post. Texts are drawn first, while nobody waits for a lock. Then three statements in two round
trips: lock the rooms; look up rights, retries, ids and the clock; insert everything. The look-up can not be part of
the first: a retry that waited for the lock would still see the snapshot from before it (DESIGN 3).
"""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from chat import (
    broadcasts,
    fragments,
    mentions,
    naming,
    new_lists,
    replies,
    signals,
    snapshots,
    sql,
    unread,
)
from chat.attaching import Offered
from chat.models import Message, Room
from chat.pace import Pace
from chat.posts import NewMessage, Post, Posted, Refused, digest_of
from chat.speaking import languages, speaking
from chat.text import Rendered, TextRefused, clean
from tenants.joined import Steps, finish


@dataclass(slots=True)
class _Accepted:
    """A post that becomes a message; `number` is its place among the answers."""

    number: int
    post: Post
    drawn: Rendered
    found: "sql.Asked"
    thread: replies.OpenThread | None


def post_messages(posts: Sequence[Post]) -> list[Posted | Refused]:
    """Post each of `posts`; the answers come in their order. Inside an organisation.

    One bad post fails alone. Positions have no gaps and are the order in which everybody sees the room; `created_at`
    strictly increases within it. Nothing is published before the commit. Raises IntegrityError only within a
    transaction of the caller's, when a client_id was used in two rooms at once: the caller posts again, one by one.
    """
    outcome, cleaned = _cleaned_all(posts)
    try:
        # No savepoint: inside `in_tenant` it would cost two round trips for what hardly ever happens.
        with transaction.atomic(savepoint=False):
            outcome |= finish(_post(cleaned))
    except IntegrityError:
        # The same client_id was committed in another room between look-up and insert: find out which one it was.
        if connection.in_atomic_block:
            raise  # the caller's transaction is lost, and the caller tries again, one by one
        for number, post in cleaned.items():
            with transaction.atomic():
                outcome |= finish(_post({number: post}))
    return [outcome[number] for number in range(len(posts))]


def steps_of_posting(posts: Sequence[Post]) -> Steps[list[Posted | Refused]]:
    """`post_messages` for `tenants.joined`, which does it beside those of other organisations: raises Held where a room is
    locked, and whatever one bad post raises."""
    outcome, cleaned = _cleaned_all(posts)
    outcome |= yield from _post(cleaned, waits=False)
    return [outcome[number] for number in range(len(posts))]


def _cleaned_all(posts: Sequence[Post]) -> tuple[dict[int, Posted | Refused], dict[int, Post]]:
    outcome: dict[int, Posted | Refused] = {}
    cleaned: dict[int, Post] = {}
    speaking_all, speaking_each = languages(posts)
    with speaking_all:
        for number, post in enumerate(posts):
            try:
                with speaking_each(post):
                    text = _cleaned(post)
            except TextRefused as refused:
                outcome[number] = Refused(post.client_id, refused.code, refused.detail)
            else:
                cleaned[number] = post if text == post.text else replace(post, text=text)
    return outcome, cleaned


def _cleaned(post: Post) -> str:
    needs_no_text = post.attachment_ids or post.forward
    return "" if needs_no_text and not post.text.strip() else clean(post.text)


def _post(posts: dict[int, Post], *, waits: bool = True) -> Steps[dict[int, Posted | Refused]]:
    if not posts:
        return {}
    together = list(posts.values())
    rendered = fragments.render_all([post.text for post in together], [post.person_id for post in together])
    around = mentions.around_for(rendered)
    may_not = naming.refused_of([(post.person_id, post.room_id) for post in together], rendered)
    rooms, asked = yield from sql.lock_and_look_up(together, waits=waits)
    offered = Offered(together)
    threads = replies.open_threads(together)
    outcome: dict[int, Posted | Refused] = {}
    accepted: list[_Accepted] = []
    in_batch: dict[tuple[int, uuid.UUID], int] = {}
    repeated: dict[int, int] = {}
    pace = Pace()
    speaking_all, speaking_each = languages(together)
    with speaking_all:
        for place, (number, post) in enumerate(posts.items()):
            drawn, found = rendered[place], asked[place]
            thread = threads.get(post.thread_id) if post.thread_id is not None else None
            with speaking_each(post):
                if answer := _answer_without_posting(post, found, rooms.get(post.room_id), thread):
                    outcome[number] = answer
                elif (first := in_batch.setdefault((post.person_id, post.client_id), number)) != number:
                    repeated[number] = first
                elif place in may_not:
                    outcome[number] = Refused(post.client_id, "naming", naming.refusal())
                elif refusal := pace.refusal(
                    found, rooms[post.room_id], in_thread_only=thread is not None and not post.also_in_room
                ):
                    outcome[number] = Refused(post.client_id, *refusal)
                elif not offered.take(number, post):
                    outcome[number] = Refused(
                        post.client_id, "file_gone", _("A file of this message is gone. Add it again.")
                    )
                else:
                    if post.forward:
                        drawn = post.forward.with_words(drawn)
                    if post.new_list:
                        drawn = replace(drawn, plain=f"{drawn.plain}\n{post.new_list.words}")
                    accepted.append(_Accepted(number, post, drawn, found, thread))
                    pace.took(found, rooms[post.room_id])
    new = _insert(accepted, rooms, offered, around, pace)
    for one in accepted:
        message = new[one.number].message
        named = message.client_id, message.pk, message.position or 0, message.revision
        outcome[one.number] = Posted(*named, _outside(new[one.number], one.drawn))
    for number, first in repeated.items():
        same = replace(posts[number], client_id=posts[first].client_id) == posts[first]
        with speaking(posts[number]):
            outcome[number] = outcome[first] if same else _conflict(posts[number])
    return outcome


def _answer_without_posting(
    post: Post,
    found: "sql.Asked",
    room: "sql.LockedRoom | None",
    thread: replies.OpenThread | None,
) -> Posted | Refused | None:
    if room is None or found.membership_id is None:
        return Refused(post.client_id, "not_found", _("There is no such room, or you are not in it."))
    if found.known_id is not None:
        if found.known_room_id == post.room_id and found.known_digest == digest_of(post):
            return Posted(
                post.client_id, found.known_id, found.known_position or 0, found.known_revision or 0
            )
        return _conflict(post)
    if room.archived:
        return Refused(
            post.client_id, "archived", _("This room is archived: it can be read, not written to.")
        )
    if found.blocked:
        return Refused(post.client_id, "undeliverable", _("This message can’t be delivered."))
    if post.thread_id is not None and (thread is None or thread.room_id != post.room_id):
        return Refused(post.client_id, "not_found", _("There is no such message to reply to."))
    return None


def _outside(item: NewMessage, drawn: Rendered) -> tuple[int, ...]:
    """Whom a message names in vain. The people of a direct message stay the same."""
    if item.room_kind == Room.Kind.DIRECT:
        return ()
    return tuple(sorted(drawn.person_ids - set(item.mentioned_ids) - {item.message.author_id}))


def _conflict(post: Post) -> Refused:
    return Refused(post.client_id, "conflict", _("This message was sent before with another text."))


def _insert(
    accepted: list[_Accepted],
    rooms: dict[int, "sql.LockedRoom"],
    offered: Offered,
    around: list[int],
    pace: Pace,
) -> dict[int, NewMessage]:
    if not accepted:
        return {}
    before = {room_id: room.head for room_id, room in rooms.items()}
    new: dict[int, NewMessage] = {}
    caught_up: list[Message] = []
    read_now: dict[int, int] = {}  # the last position of each author, by their membership
    for one in accepted:
        room = rooms[one.post.room_id]
        message = _number(one, room)
        message.mentions_room = one.drawn.mentions_room
        parts = offered.html(one.number)
        if one.post.forward:
            parts = one.post.forward.part + parts
        if one.post.new_list is not None:
            parts += one.post.new_list.html(message)
        message.html = fragments.draw(message, one.drawn, parts)
        passed_on = one.post.forward.text if one.post.forward else ""
        new[one.number] = NewMessage(message, room.kind, room.name, room.told_all, passed_on)
        if message.position is None:
            continue  # a reply moves nobody's place in the room
        membership_id = one.found.membership_id or 0
        if membership_id not in read_now and (one.found.read_position or 0) < message.position - 1:
            caught_up.append(message)
        read_now[membership_id] = message.position
    items = list(new.values())
    opened = {one.thread.root_id: one.thread for one in accepted if one.thread}
    for thread in opened.values():
        rooms[thread.room_id].head += 1
        thread.revision = rooms[thread.room_id].head
    messages, drawn = [item.message for item in items], [one.drawn for one in accepted]
    sql.insert_messages(messages, drawn, list(rooms.values()), read_now, pace.posted)
    mentioned = mentions.record(messages, drawn, around)
    offered.attach((number, item.message) for number, item in new.items())
    new_lists.insert((one.post.new_list, new[one.number].message) for one in accepted if one.post.new_list)
    if forwards := [(new[one.number].message, one.post.forward) for one in accepted if one.post.forward]:
        snapshots.insert(forwards)
    for item in items:
        item.mentioned_ids = mentioned.get(item.message.pk, [])
    if opened:
        replies.record(
            [(one.thread, new[one.number], one.drawn.person_ids) for one in accepted if one.thread]
        )
    signals.messages_posted.send(sender=None, posted=items)
    unread.announce([(message.author_id, message.room_id) for message in caught_up])
    _announce(items, before, rooms, replies.redraw_roots(opened.values()) if opened else {})
    return new


def _number(one: _Accepted, room: "sql.LockedRoom") -> Message:
    """Count the message in its locked room, and in the thread in which it replies."""
    post, found, thread = one.post, one.found, one.thread
    in_room = thread is None or post.also_in_room
    if in_room:
        room.messages += 1
    room.head += 1
    created_at: datetime = found.now
    if room.last_message_at is not None and created_at <= room.last_message_at:
        created_at = room.last_message_at + sql.TICK
    room.last_message_at = created_at
    fields = (
        found.new_id, post.room_id, post.person_id, room.messages if in_room else None, None, None, room.head,
        post.client_id, Message.Kind.POST, post.text, digest_of(post), "", fragments.VERSION, False, created_at,
    )  # fmt: skip
    # By place, as they stand there: with names Django takes 16 µs instead of 5. The plugin sees one field in all.
    message = Message(*fields)  # type: ignore[misc]
    if thread:
        thread.number(message)
    return message


def _announce(
    items: list[NewMessage],
    before: dict[int, int],
    rooms: dict[int, "sql.LockedRoom"],
    roots: dict[int, list[str]],
) -> None:
    by_room: defaultdict[int, list[Message]] = defaultdict(list)
    for item in items:
        by_room[item.message.room_id].append(item.message)
    for room_id, messages in by_room.items():
        html = [message.html for message in messages] + roots.get(room_id, [])
        broadcasts.messages_changed(room_id, before[room_id], rooms[room_id].head, html)
        broadcasts.activity("posted", [message for message in messages if message.position is not None])
    for item in items:
        broadcasts.mentioned(item.message, item.mentioned_ids)
