"""The socket of a room: catching up, live frames, and the posts of its reader."""

import asyncio
import time
import uuid
from typing import Any, ClassVar

import structlog
from django.conf import settings

from chat import broadcasts
from chat.attachments import MOST_TOGETHER
from chat.catching_up import CaughtUp, Reader, catch_up
from chat.posts import Post, Posted
from chat.posts import Refused as PostRefused
from chat.unread import mark_read
from chat.writer import writer_of
from tenants.consumers import OrganisationConsumer, Refused, whole_number
from tenants.db import in_tenant
from tenants.events import EVERYONE, member_topic, person_topic, room_topic
from tenants.fanout import hub
from tenants.ids import decode, encode
from tenants.lanes import Overloaded
from tenants.ratelimits import Allowance
from tenants.sockets import Socket
from tenants.together import together

log = structlog.get_logger(__name__)


class RoomConsumer(OrganisationConsumer):
    """`/ws/rooms/r5/`. The first frame is `resume`; nothing is sent before it, and nothing of the database is read."""

    frames: ClassVar[frozenset[str]] = frozenset({"resume", "post", "typing", "read", "ack"})
    # Posts have an allowance of their own, which answers instead of cutting off; typing needs far less than the rest.
    flood = (settings.POST_RATE[0] + 90, settings.POST_RATE[1])

    async def connected(self) -> None:
        person_id = self.visitor.person_id
        self.room_id: int = self.scope["url_route"]["kwargs"]["room_id"]
        self.group = room_topic(self.room_id)
        topics = {
            person_topic(person_id),
            self.visitor.topic,
            member_topic(self.room_id, person_id),
            EVERYONE,
        }
        self.socket = Socket(
            self.base_send,
            topics,
            person_id=person_id,
            session_key=self.visitor.session_key,
            member_of=self.room_id,
            wants=self.visitor.topics_by_standing,
            extensions=self.scope.get("extensions"),
        )
        self.is_member = False
        self.feed: Any = None
        self._posts = Allowance(*settings.POST_RATE, time.monotonic())

    async def left(self) -> None:
        if self.socket is not None:
            await hub().leave(self.organisation, self.socket, self.group)

    # -- Frames --------------------------------------------------------------------------------------------------

    async def on_resume(self, body: dict[str, Any]) -> None:
        """Subscribe, then read the database, then let follow what arrived meanwhile: nothing falls between."""
        revision = None if body.get("revision") in (None, "") else whole_number(body, "revision")
        same_epoch = body.get("epoch") in (None, "", str(self.organisation.epoch))
        self.reader.begin_catching_up()
        if self.feed is None:
            await hub().join_activity(self.organisation, self.reader)
        self.feed = await hub().join_room(self.organisation, self.group, self.reader)
        visitor = self.visitor
        reader = Reader(visitor.person_id, visitor.session_key, self.room_id, revision, same_epoch)
        caught = await together(self.organisation, catch_up, reader)
        if isinstance(caught, CaughtUp):
            self._send_caught_up(caught)
        else:
            self.close(caught)

    def _send_caught_up(self, caught: CaughtUp) -> None:
        self.is_member = caught.is_member
        for ready in caught.missed.frames:
            self.write({"type": "websocket.send", "text": ready.decode()})
        self.reply(
            "resumed",
            room=encode("r", self.room_id),
            revision=caught.head,
            messages=caught.messages,
            read=caught.read,
            epoch=str(self.organisation.epoch),
            build=settings.BUILD,
            changed=caught.missed.changed,
        )
        self.feed.read_up_to(caught.head)
        self.reader.caught_up(caught.head)

    async def on_post(self, body: dict[str, Any]) -> None:
        """Hand the post to the organisation's writer; the answer follows when it is committed."""
        self._require_resumed()
        client_id = _client_id(body)
        text = body.get("text")
        if not isinstance(text, str):
            raise Refused("malformed", "A post has a text.")
        if wait := self._posts.take(time.monotonic()):
            raise Refused(
                "rate_limited",
                "That was a lot at once. It will go out in a moment.",
                retry_after=round(wait, 1),
            )
        thread_id, also_in_room = _thread_id(body), body.get("also_in_room") in ("1", True)
        person_id, files = self.visitor.person_id, _file_ids(body)
        post = Post(person_id, self.room_id, client_id, text, files, thread_id, also_in_room)
        try:
            answer = writer_of(self.organisation).submit(post)
        except Overloaded:
            raise Refused(
                "unavailable", "Parley is busy. Your message will be tried again.", retry_after=2
            ) from None
        answer.add_done_callback(lambda answer: self._answer(client_id, answer))

    def _answer(self, client_id: uuid.UUID, answer: "asyncio.Future[Posted | PostRefused]") -> None:
        try:
            said = answer.result()
        except Exception:  # Postgres is away: the browser keeps the message and tries again
            log.exception("a post failed", organisation=self.organisation.schema_name)
            detail = "Parley could not store this right now. It will be tried again."
            self.reply("error", code="unavailable", detail=detail, client_id=str(client_id), retry_after=2)
            return
        if isinstance(said, Posted):
            self.reply(
                "posted",
                client_id=str(client_id),
                id=encode("m", said.message_id),
                position=said.position,
                revision=said.revision,
                **({"outside": [encode("p", one) for one in said.outside]} if said.outside else {}),
            )
        else:
            wait = {"retry_after": said.retry_after} if said.retry_after else {}
            self.reply("error", code=said.code, detail=said.detail, client_id=str(client_id), **wait)

    async def on_typing(self, body: dict[str, Any]) -> None:
        self._require_resumed()
        thread_id = _thread_id(body)
        if self.is_member:
            typing = broadcasts.typing_envelope(self.room_id, self.visitor.person_id, thread_id)
            await self.layer.publish(typing)

    async def on_read(self, body: dict[str, Any]) -> None:
        self._require_resumed()
        position = whole_number(body, "position")
        turn = None if body.get("turn") in (None, "") else whole_number(body, "turn")
        await in_tenant(self.organisation, mark_read, self.visitor.person_id, self.room_id, position, turn)

    def _require_resumed(self) -> None:
        if self.feed is None:
            raise Refused("not_resumed", "The first frame is `resume`.")


def _client_id(body: dict[str, Any]) -> uuid.UUID:
    try:
        return uuid.UUID(body["client_id"])
    except (KeyError, ValueError, AttributeError, TypeError):
        raise Refused("malformed", "A post has a client_id, a UUID.") from None


def _file_ids(body: dict[str, Any]) -> tuple[int, ...]:
    """The files that a post brings along, `f1,f2`."""
    names = body.get("files") or ""
    try:
        found = tuple(dict.fromkeys(decode("f", one) for one in names.split(","))) if names else ()
    except (ValueError, AttributeError):
        raise Refused("malformed", "These are no files.") from None
    if len(found) > MOST_TOGETHER:
        raise Refused("malformed", "These are too many files for one message.")
    return found


def _thread_id(body: dict[str, Any]) -> int | None:
    """The message in whose thread a post replies, if it does."""
    if body.get("thread") in (None, ""):
        return None
    try:
        return decode("m", body["thread"])
    except ValueError:
        raise Refused("malformed", "A thread is named by its message.") from None
