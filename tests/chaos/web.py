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
from django.utils.module_loading import import_string

from config.asgi import application as parley

# After config.asgi, which sets Django up.
from chat import writer  # isort: skip
from chat.messages import post_messages  # isort: skip
from chat.posts import Post

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
    if orders.plant == "unstored":
        transaction.set_rollback(True)
    if orders.plant == "twice":
        post_messages([dataclasses.replace(one, client_id=uuid.uuid4()) for one in posts])
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
    """The hub's comparison of heads; sees nothing new where that was planted."""
    found = await _compare(*arguments)
    return dataclasses.replace(found, heads={}) if orders.plant == "unhealed" else found


_heal = import_string(settings.FANOUT["heal"])
_compare = import_string(settings.FANOUT["compare"])
settings.FANOUT = {**settings.FANOUT, "heal": f"{__name__}.heal", "compare": f"{__name__}.compare"}
writer.post_messages = watched_posting(post_messages)
writer.steps_of_posting = watched_steps(writer.steps_of_posting)
layers.Subscriber.listen = lossy_listening(layers.Subscriber.listen)  # type: ignore[method-assign]


faulthandler.register(signal.SIGUSR1)  # what every thread does, into the process' log
_writes: dict[str, Any] = {}  # the newest socket of each host, for the planted fault "crossed"


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Parley, or this process' orders."""
    if scope["type"] == "http" and scope["path"] == PATH:
        await _take_orders(receive, send)
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
    global orders
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    orders = msgspec.json.decode(body, type=Orders)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})
