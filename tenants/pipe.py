"""A connection to Valkey that is written without ever waiting: commands go out now, their answers are looked at later."""

from collections.abc import Iterable, Iterator
from ssl import SSLWantReadError, SSLWantWriteError
from typing import Any, cast

import hiredis

from tenants import valkey

_NOT_NOW = (BlockingIOError, InterruptedError, SSLWantReadError, SSLWantWriteError)
_ONE_READ = 65536


class Pipe:
    """Connecting waits, 100 ms at most, and raises redis.RedisError; nothing else waits. Not for two threads at once."""

    def __init__(self) -> None:
        self._connection = cast(Any, valkey.client().connection_pool.make_connection())
        self._connection.connect()
        self._socket = (
            self._connection._sock
        )  # redis-py has the address, TLS and passwords, and waits for everything
        self._socket.setblocking(False)
        self._reader = hiredis.Reader()
        self._rest = b""

    def write(self, commands: Iterable[bytes] = ()) -> bool:
        """Send `commands` in order; what the socket does not take now goes with the next call. False while something
        is left. Raises OSError when the connection broke."""
        data = b"".join((self._rest, *commands))
        try:
            self._rest = data[self._socket.send(data) :] if data else b""
        except _NOT_NOW:
            self._rest = data
        return not self._rest

    def answers(self) -> Iterator[Any]:
        """What has arrived; an error of Valkey is a hiredis.HiredisError among them. Raises OSError when it broke."""
        try:
            while data := self._socket.recv(_ONE_READ):
                self._reader.feed(data)
                while (answer := self._reader.gets()) is not False:
                    yield answer
                if len(data) < _ONE_READ:
                    return
        except _NOT_NOW:
            return
        raise ConnectionResetError("Valkey closed the connection")

    def close(self) -> None:
        self._connection.disconnect()


def publish_command(channel: str, payload: bytes) -> bytes:
    """PUBLISH as it is on the wire (RESP)."""
    name = channel.encode()
    return b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(name), name, len(payload), payload)
