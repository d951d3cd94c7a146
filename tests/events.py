"""Listening to what Parley publishes, on the real Valkey."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from tenants import publisher
from tenants.events import Envelope, unpack


class Published:
    """Everything published since it began to listen."""

    def __init__(self, client: redis.Redis, pubsub: "redis.client.PubSub") -> None:
        self._client, self._pubsub = client, pubsub
        self._seen: list[tuple[str, Envelope]] = []

    @classmethod
    @contextmanager
    def listen(cls, url: str) -> Iterator["Published"]:
        publisher.flush()  # what was put before is none of this test's
        client = redis.Redis.from_url(url)
        with client.pubsub() as pubsub:
            pubsub.psubscribe("parley.*", "sentinel.*")
            for _ in range(2):
                pubsub.get_message(timeout=5)
            yield cls(client, pubsub)
        client.close()

    def __call__(self, group: str = "") -> list[tuple[str, Envelope]]:
        """(schema, envelope) of all so far, or of one group, in the order in which they were published."""
        self._read()
        return [(schema, envelope) for schema, envelope in self._seen if group in ("", envelope.group)]

    def frames(self, group: str = "") -> list[bytes]:
        """The frames among them."""
        envelopes = [envelope for _, envelope in self(group)]
        return [frame for one in envelopes for frame in (one.frame, *one.more) if frame]

    def _read(self) -> None:
        publisher.flush()
        sentinel = f"sentinel.{uuid.uuid4()}".encode()
        self._client.publish(sentinel, b"")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            message = self._pubsub.get_message(ignore_subscribe_messages=True, timeout=5)
            if message is None:
                continue
            if message["channel"] == sentinel:
                return
            if message["channel"].startswith(b"parley."):
                schema = message["channel"].decode().split(".")[1]
                self._seen.append((schema, unpack(message["data"])))
        raise TimeoutError("Valkey did not bring the sentinel back")
