"""The opening handshake of RFC 6455 on a request that the HTTP server has parsed and checked already."""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Refused(ValueError):
    """Not a WebSocket handshake of version 13; the text is for whoever wrote the client."""


@dataclass(slots=True)
class Request:
    """The request as the ASGI scope wants it."""

    path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    key: bytes
    subprotocols: list[str]

    @property
    def decoded_path(self) -> str:
        return unquote(self.path.decode("ascii"))


def parse(data: bytes) -> Request:
    """Read a whole GET request. Raises Refused."""
    first, *lines = data.partition(b"\r\n\r\n")[0].split(b"\r\n")
    method, _, rest = first.partition(b" ")
    headers = [
        (name.strip().lower(), value.strip()) for name, _, value in (one.partition(b":") for one in lines)
    ]
    version, keys = _values(headers, b"sec-websocket-version"), _values(headers, b"sec-websocket-key")
    if method != b"GET" or version != [b"13"] or len(keys) != 1 or not _is_key(keys[0]):
        raise Refused("This address takes WebSocket connections of version 13.")
    path, _, query = rest.partition(b" ")[0].partition(b"?")
    offered = b",".join(_values(headers, b"sec-websocket-protocol")).decode("latin-1")
    return Request(path, query, headers, keys[0], [one.strip() for one in offered.split(",") if one.strip()])


def scope(request: Request, transport: Any, config: Any, app_state: dict[str, Any]) -> dict[str, Any]:
    """The ASGI scope of a connection; `config` is uvicorn's."""
    root = config.root_path
    return {
        "type": "websocket",
        "asgi": {"version": config.asgi_version, "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "wss" if is_ssl(transport) else "ws",
        "server": get_local_addr(transport),
        "client": get_remote_addr(transport),
        "root_path": root,
        "path": root + request.decoded_path,
        "raw_path": root.encode("ascii") + request.path,
        "query_string": request.query,
        "headers": request.headers,
        "subprotocols": request.subprotocols,
        "state": app_state.copy(),
        "extensions": {},
    }


def accept(request: Request, headers: Iterable[tuple[bytes, bytes]], subprotocol: str | None) -> bytes:
    """The answer that opens the socket."""
    # SHA-1 is the protocol's; it protects nothing.
    digest = hashlib.sha1(request.key + _GUID, usedforsecurity=False).digest()
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + base64.b64encode(digest),
    ]
    if subprotocol:
        lines.append(b"Sec-WebSocket-Protocol: " + subprotocol.encode("latin-1"))
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def refusal(status: bytes, text: bytes = b"") -> bytes:
    """An answer that does not open it, such as b"403 Forbidden"."""
    head = b"HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    return head % (status, len(text)) + text


def _values(headers: list[tuple[bytes, bytes]], wanted: bytes) -> list[bytes]:
    return [value for name, value in headers if name == wanted]


def _is_key(value: bytes) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == 16
    except binascii.Error:
        return False
