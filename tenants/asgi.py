"""The organisation of a socket, by its Host, and the same-origin rule. Both refuse before the socket is accepted."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from tenants import hosts
from tenants.db import in_public
from tenants.models import Organisation

type App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def header(scope: dict[str, Any], name: bytes) -> str | None:
    """A header's value; None when it is missing or sent more than once (then nobody can say which one counts)."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else None


def same_origin(inner: App) -> App:
    """Let only the organisation's own pages open sockets: the Origin's host and port are the request's own.

    The defence against cross-site WebSocket hijacking; Channels' AllowedHostsOriginValidator would let sibling
    organisations and a missing Origin through (PITFALLS). Programs without an Origin need a bearer token.
    """

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        origin, host = header(scope, b"origin"), header(scope, b"host")
        if origin is None:
            allowed = (header(scope, b"authorization") or "").startswith("Bearer ")
        else:
            parts = urlsplit(origin)
            allowed = (
                parts.scheme in ("http", "https")
                and host is not None
                and parts.netloc.lower() == host.lower()
            )
        if allowed:
            await inner(scope, receive, send)
        else:
            await refuse(receive, send)

    return app


def with_organisation(inner: App) -> App:
    """Put `scope["organisation"]`; unknown hosts, suspended organisations and the public site are refused."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        host = hosts.normalise(header(scope, b"host") or "")
        found = hosts.cached(host)
        if found is hosts.Answer.ASK:
            found = await in_public(hosts.look_up, host)
        if isinstance(found, Organisation) and found.state == Organisation.State.ACTIVE:
            scope["organisation"] = found  # in place: every copy of a scope lives as long as its socket
            await inner(scope, receive, send)
        else:
            await refuse(receive, send)

    return app


async def refuse(receive: Any, send: Any) -> None:
    """End the handshake without accepting it: the browser sees HTTP 403."""
    await receive()
    await send({"type": "websocket.close", "code": 4403})


async def lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Say yes to a server's start and stop; ProtocolTypeRouter would raise."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
