"""Parley's ASGI application with fault points around it, for the web processes of a chaotic run.

    uvicorn tests.chaos.web:application

The product has no hook for this: here its functions are wrapped before the first request. What should go wrong is
told to one process by POST to `/chaos/` (`Orders` as JSON; each order replaces the one before).
"""

import dataclasses
import faulthandler
import os
import signal
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.module_loading import import_string

from config.asgi import application as parley

# After config.asgi, which sets Django up.
from chat import changes, writer  # isort: skip
from chat.messages import post_messages  # isort: skip
from chat.models import Room
from chat.posts import Post

from notifications import inbox  # isort: skip
from tenants import layers  # isort: skip
from tenants.websocket import FRAMES  # isort: skip
from tests.chaos.orders import Orders  # isort: skip

PATH = "/chaos/"


orders = Orders()


def die_at(point: str) -> None:
    """End this process as kill -9 does, if `point` has now been passed often enough."""
    if orders.die == point:
        orders.times -= 1
        if orders.times <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def watched_posting(post_messages: Callable[..., Any]) -> Callable[..., Any]:
    """`post_messages` with its fault points. It runs inside a transaction of `in_tenant`, which commits after it."""

    def post(posts: Sequence[Post]) -> Any:
        begin()
        answers = post_messages(posts)
        end(posts)
        return answers

    return post


def watched_steps(steps_of_posting: Callable[..., Any]) -> Callable[..., Any]:
    """The same where several organisations' posts share a transaction."""

    def post(posts: Sequence[Post]) -> Any:
        begin()
        answers = yield from steps_of_posting(posts)
        end(posts)
        return answers

    return post


def begin() -> None:
    transaction.on_commit(lambda: die_at("after_commit"))  # first of all: nothing is published yet


def end(posts: Sequence[Post]) -> None:
    if orders.plant == "exits":
        os._exit(3)
    if orders.plant == "unstored":
        transaction.set_rollback(True)
    if orders.plant == "twice":
        post_messages([dataclasses.replace(one, client_id=uuid.uuid4()) for one in posts])
    if orders.plant == "gap":
        Room.objects.filter(pk=posts[0].room_id).update(messages=F("messages") + 1)
    die_at("before_commit")


def lossy_listening(listen: Callable[..., Any]) -> Callable[..., Any]:
    """`Subscriber.listen` whose payloads are lost while this process is deaf."""

    async def listen_or_not(self: Any, channel: str, callback: Callable[..., None]) -> None:
        await listen(self, channel, lambda *payload: None if orders.deaf else callback(*payload))

    return listen_or_not


async def heal(*arguments: Any) -> Any:
    """The hub's way to read a gap; finds nothing where that was planted."""
    return [] if orders.plant == "unhealed" else await _heal(*arguments)


async def compare(*arguments: Any) -> Any:
    """The hub's comparison; sees no new heads, or nobody who lost their rights, where that was planted."""
    found = await _compare(*arguments)
    match orders.plant:
        case "unhealed":
            return dataclasses.replace(found, heads={})
        case "open":
            return dataclasses.replace(found, signed_out=frozenset(), not_members=frozenset())
    return found


def edit(*arguments: Any) -> Any:
    """`edit_message`; what it did is undone where that was planted."""
    with transaction.atomic():
        edited = _edit(*arguments)
        if orders.plant == "uncorrected":
            transaction.set_rollback(True)
    return edited


def tell(entries: Sequence[Any]) -> None:
    """How notifications are stored; nobody is told where that was planted."""
    if orders.plant != "untold":
        _tell(entries)


_heal = import_string(settings.FANOUT["heal"])
_compare = import_string(settings.FANOUT["compare"])
settings.FANOUT = {**settings.FANOUT, "heal": f"{__name__}.heal", "compare": f"{__name__}.compare"}
_edit, changes.edit_message = changes.edit_message, edit
_tell, inbox.deliver = inbox.deliver, tell
writer.post_messages = watched_posting(post_messages)
writer.steps_of_posting = watched_steps(writer.steps_of_posting)
layers.Subscriber.listen = lossy_listening(layers.Subscriber.listen)  # type: ignore[method-assign]


faulthandler.register(signal.SIGUSR1)  # what every thread does, into the process' log
_writes: dict[str, Any] = {}  # the newest socket of each host, for the planted fault "crossed"
_hoard = bytearray()  # for "hoard"
HOARD = 128 * 1024 * 1024  # bytes
REFUSALS = {"refused": 403, "silent": 503}  # what those who post by HTTP are answered with these plants


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Parley, or this process' orders."""
    if scope["type"] == "http" and scope["path"] == PATH:
        await _take_orders(receive, send)
    elif scope["type"] == "http" and scope["method"] == "POST" and orders.plant in REFUSALS:
        await _answer(send, REFUSALS[orders.plant])
    elif scope["type"] == "websocket":
        host = dict(scope["headers"]).get(b"host", b"").decode()
        _watch_frames(host, scope["extensions"])
        await parley(scope, receive, _watched(send))
    else:
        await parley(scope, receive, send)


def _watched(send: Any) -> Any:
    """`send` of a socket, with the fault points at its answers."""

    async def watched(message: dict[str, Any]) -> None:
        # Frames for waiting in order are ready bytes of the protocol (tenants.websocket): the words in them are plain.
        sent = (message.get("text") or "").encode() + message.get("data", b"")
        if b'"type":"posted"' in sent:
            if orders.plant == "silent":
                return
            die_at("before_answer")
        await send(message)

    return watched


def _watch_frames(host: str, extensions: dict[str, Any]) -> None:
    """Live frames are written at once by our protocol's extension; the planted fault gives them to other hosts too."""
    write = extensions[FRAMES]["write"]
    _writes[host] = write

    def watched(data: bytes) -> bool:
        if orders.plant == "crossed" and b'"type":"messages"' in data:
            for other in [one for name, one in _writes.items() if name != host]:
                other(data)
        return bool(write(data))

    extensions[FRAMES] = {"write": watched}


async def _take_orders(receive: Any, send: Any) -> None:
    global orders, _hoard
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    orders = msgspec.json.decode(body, type=Orders)
    _hoard = bytearray(b"x") * (HOARD if orders.plant == "hoard" else 0)
    await _answer(send, 204)


async def _answer(send: Any, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})
