"""Finding peers that are gone without a word, with one timer for each event loop instead of two for each socket."""

import asyncio
import weakref
from typing import Protocol


class Pinged(Protocol):
    """What the sweep needs of a socket."""

    heard: bool  # anything, since the last sweep
    pinged: bool  # a ping was sent and nothing came since

    def ping(self) -> None: ...
    def give_up(self) -> None: ...


class Keepalive:
    """Every `interval` seconds: who was heard is well, who was silent gets a ping, who stayed silent after it is gone."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._sockets: set[Pinged] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, socket: Pinged) -> None:
        self._sockets.add(socket)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._sweep)

    def discard(self, socket: Pinged) -> None:
        self._sockets.discard(socket)

    def _sweep(self) -> None:
        self._timer = None
        for socket in list(self._sockets):
            if socket.heard:
                socket.heard = socket.pinged = False
            elif socket.pinged:
                self._sockets.discard(socket)
                socket.give_up()
            else:
                socket.pinged = True
                socket.ping()
        if self._sockets:
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._sweep)


_keepalives: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Keepalive]" = weakref.WeakKeyDictionary()


def keepalive(loop: asyncio.AbstractEventLoop, interval: float) -> Keepalive:
    """The sweep of `loop`; the first caller's interval counts."""
    found = _keepalives.get(loop)
    if found is None:
        found = _keepalives[loop] = Keepalive(interval)
    return found
