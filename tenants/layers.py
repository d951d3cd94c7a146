"""The channel layer, extended, and an organisation's own view of it.

channels_redis' pub/sub layer counts a subscription before Valkey has confirmed it, reconnects without telling
anybody, and keeps an unbounded queue for each socket (channels_redis 406; PITFALLS, "Channels"). `PubSubLayer` adds
what the hub needs beside the usual API: `listen` returns when Valkey has confirmed, hands raw payloads to one
callback per group, and says when the connection was lost and when everything is subscribed again.

This is the only module that may call `get_channel_layer`.
"""

import asyncio
import contextlib
import functools
from collections.abc import Callable
from typing import Any

import hiredis
import structlog
from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer
from channels_redis.utils import create_pool
from redis import RedisError

from tenants.events import Envelope, pack
from tenants.models import Organisation
from tenants.publisher import channel_name, publish

log = structlog.get_logger(__name__)
_RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)
_CONNECT_SECONDS = 5.0

__all__ = ["OrganisationLayer", "PubSubLayer", "publish", "subscriber"]

type Payload = Callable[[bytes], None]


class _Ear(asyncio.Protocol):
    """What a connection of redis-py's says, as soon as the loop has read it, until it is `over`: by that error.

    redis-py's own way is several coroutines for each message, and a stream wakes a task for each read.
    """

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self._hear = hear
        self.over: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        if not self.over.done():
            try:
                self._hear(data)
            except Exception as error:
                self._end(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionResetError("Valkey closed the connection"))

    def _end(self, error: Exception) -> None:
        if not self.over.done():
            self.over.set_result(error)


class Subscriber:
    """One subscription connection of an event loop to one Valkey; reconnects for ever and says so.

    `on_lost` is called when the connection broke; `on_restored` when every group is confirmed again: what was
    published between is gone and has to be read from Postgres.
    """

    def __init__(
        self, host: dict[str, Any], on_lost: Callable[[], None], on_restored: Callable[[], None]
    ) -> None:
        self._host = host
        self._on_lost, self._on_restored = on_lost, on_restored
        self._callbacks: dict[bytes, Payload] = {}
        self._unconfirmed: dict[bytes, asyncio.Future[None]] = {}
        self._connection: Any = None
        self._task: asyncio.Task[None] | None = None
        self._restoring = False
        self._failures = 0
        self._heard = True  # anything since the last `check`

    async def listen(self, channel: str, callback: Payload) -> None:
        """Subscribe; returns once Valkey has confirmed it (waits through an outage)."""
        name = channel.encode()
        self._callbacks[name] = callback
        confirmed = self._unconfirmed.get(name)
        if confirmed is None:
            confirmed = self._unconfirmed[name] = asyncio.get_running_loop().create_future()
            if self._task is None:
                self._task = asyncio.create_task(self._run(), name="subscriber")
            await self._send("SUBSCRIBE", name)
        await asyncio.shield(confirmed)

    async def forget(self, channel: str) -> None:
        name = channel.encode()
        if self._callbacks.pop(name, None) is not None:
            self._unconfirmed.pop(name, None)
            await self._send("UNSUBSCRIBE", name)

    async def check(self) -> None:
        """Call it every few seconds: a connection that said nothing since the last time is made anew.

        It is asked by subscribing once more to what it has, which Valkey confirms. Without this a connection that a
        firewall forgot would stay silent for ever.
        """
        if self._connection is None or not self._callbacks:
            self._heard = True
        elif self._heard:
            self._heard = False
            await self._send("SUBSCRIBE", next(iter(self._callbacks)))
        else:
            self._heard = True
            await self._disconnect()  # which ends the reader's waiting

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._disconnect()

    async def _send(self, *command: str | bytes) -> None:
        connection = self._connection
        if connection is not None:  # otherwise the (re)connection subscribes to everything
            # Whatever a closed transport raises (uvloop's: RuntimeError), the reader notices and connects again.
            with contextlib.suppress(Exception):
                await connection.send_command(*command)

    async def _run(self) -> None:
        while True:
            try:
                raise await (await self._connect()).over
            except asyncio.CancelledError:
                raise
            except Exception as error:  # whatever broke it, the answer is to connect again
                if self._failures == 0:
                    log.warning("subscription lost", error=repr(error))
                await self._disconnect()
                self._lost()
                await asyncio.sleep(_RETRY_SECONDS[min(self._failures, len(_RETRY_SECONDS) - 1)])
                self._failures += 1

    async def _connect(self) -> _Ear:
        connection = create_pool(self._host).make_connection()
        await asyncio.wait_for(connection.connect(), _CONNECT_SECONDS)
        ear = _Ear(functools.partial(self._hear, hiredis.Reader()))
        connection._writer.transport.set_protocol(ear)
        if connection._reader.at_eof():  # it ended before there was an ear for it
            await connection.disconnect(nowait=True)
            raise ConnectionResetError("Valkey closed the connection")
        # From here on `listen` and `forget` speak for themselves, behind this.
        self._connection, self._heard = connection, True
        if self._callbacks:
            await connection.send_command("SUBSCRIBE", *self._callbacks)
        return ear

    def _hear(self, reader: hiredis.Reader, data: bytes) -> None:
        """Hand over everything that one read brought."""
        reader.feed(data)
        self._heard, self._failures = True, 0
        while (said := reader.gets()) is not False:
            if isinstance(said, hiredis.HiredisError):
                raise said
            self._take(*said[:3])

    def _take(self, kind: bytes, name: bytes, payload: bytes) -> None:
        if kind == b"message":
            self._hand_over(name, payload)
        elif kind == b"subscribe":
            self._confirm(name)

    def _hand_over(self, name: bytes, payload: bytes) -> None:
        callback = self._callbacks.get(name)
        if callback is not None:
            try:
                callback(payload)
            except Exception:  # one bad payload or listener must not end the subscription of everybody else
                log.exception("a group's listener failed", group=name.decode())

    def _confirm(self, name: bytes) -> None:
        confirmed = self._unconfirmed.get(name)
        if confirmed is not None and not confirmed.done():
            confirmed.set_result(None)
        if self._restoring and all(future.done() for future in self._unconfirmed.values()):
            self._restoring = False
            self._on_restored()

    def _lost(self) -> None:
        loop = asyncio.get_running_loop()
        for name in self._callbacks:
            future = self._unconfirmed.get(name)
            if future is None or future.done():
                self._unconfirmed[name] = loop.create_future()
        if not self._restoring:
            self._restoring = True
            self._on_lost()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):  # it is broken already
                await connection.disconnect(nowait=True)


class _LoopLayer(RedisPubSubLoopLayer):
    def subscriber(self, on_lost: Callable[[], None], on_restored: Callable[[], None]) -> Subscriber:
        return Subscriber(self._shards[0].host, on_lost, on_restored)

    async def publish_raw(self, channel: str, payload: bytes) -> None:
        shard = self._get_shard(channel)
        await shard.publish(channel, payload)


class PubSubLayer(RedisPubSubChannelLayer):
    """channels_redis' layer for `CHANNEL_LAYERS`, with `subscriber` and `publish_raw` beside the usual API."""

    def _get_layer(self) -> _LoopLayer:
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            usual = super()._get_layer()  # registers the clean-up with the loop
            self._layers[loop] = _LoopLayer(*self._args, **self._kwargs, channel_layer=self)
            self._layers[loop]._shards = usual._shards
        return self._layers[loop]


def subscriber(on_lost: Callable[[], None], on_restored: Callable[[], None]) -> Subscriber:
    """The running loop's subscription connection, for its hub."""
    return get_channel_layer().subscriber(on_lost, on_restored)


class OrganisationLayer:
    """What one organisation may do with the layer: every group's name begins with its schema's."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation

    async def publish(self, envelope: Envelope) -> None:
        """Send from asynchronous code news that may be lost (typing). Never raises for an absent Valkey."""
        name = channel_name(self._organisation.schema_name, envelope.group)
        try:
            await asyncio.wait_for(get_channel_layer().publish_raw(name, pack(envelope)), 0.1)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("publication dropped", group=envelope.group, error=repr(error))
