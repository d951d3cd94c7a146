"""One GET of an address that somebody gave us: bounded in time, size, redirects and reach.

The name is resolved once, by us; every address it has must be public (`is_outside`), and the connection goes to an
address that was checked, never to the name again, so a name that answers differently the second time (DNS rebinding)
gains nothing. HTTP is read by h11, which does no I/O: each wait here is for what is left of the whole time, so neither
a header nor a body that comes drop by drop lasts longer. No cookies, no credentials, no proxy of the environment.
"""

import socket
import ssl
import time
import zlib
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import h11

from tenants.outgoing.addresses import is_outside

type Resolve = Callable[[str, int], Sequence[str]]

_USER_AGENT = b"Mozilla/5.0 (compatible; ParleyLinkPreview/1.0)"
_MOST_REDIRECTS = 3
_LONGEST_URL = 2_000
_MOST_ADDRESSES = 3  # of a name, tried one after the other
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_READ = 16 * 1024
# Looking a name up can't be given a time; who waits for it can stop waiting.
_resolvers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")


class FetchFailed(Exception):
    """Nothing came of it; the text says why, for the log."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said in the end: from `url`, after redirects. `cut`: there was more than was read."""

    url: str
    content_type: str  # without parameters, in lower case
    charset: str
    body: bytes
    cut: bool = False


def _look_up(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Outside:
    """How names are found and what may be reached. Only tests ever make another one than `INTERNET`."""

    resolve: Resolve = _look_up
    may_reach: Callable[[str], bool] = is_outside
    ports: Collection[int] = (80, 443)


INTERNET = Outside()


def fetch(
    url: str,
    *,
    accept: Collection[str],
    most: int,
    seconds: float = 5.0,
    outside: Outside = INTERNET,
    may_ask: Callable[[str], bool] = lambda host: True,
) -> Answer:
    """GET `url`; at most `most` bytes of its body, unpacked, within `seconds` for all of it, redirects included.

    `accept` are the content types that are read ("image/" takes all images, "" everything). `may_ask` says of each host,
    also of those to which others redirect, whether it is one of those that are meant. Raises FetchFailed for everything
    else that happens. Touches the network: only the worker may call it.
    """
    until = time.monotonic() + seconds
    for _ in range(_MOST_REDIRECTS + 1):
        if not may_ask(_host(url)):
            raise FetchFailed("a host that is not asked")
        try:
            answer = _ask(url, accept, most, until, outside)
        except (OSError, h11.ProtocolError, zlib.error, UnicodeError, ValueError) as error:
            raise FetchFailed(f"{type(error).__name__}: {error}") from None
        if isinstance(answer, Answer):
            return answer
        url = answer
    raise FetchFailed("too many redirects")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _ask(url: str, accept: Collection[str], most: int, until: float, outside: Outside) -> Answer | str:
    """The answer, or the address to which it redirects."""
    target = _target(url, outside)
    with _connect(target, until, outside) as connection:
        talk = _Talk(connection, until)
        response = talk.ask(target)
        headers = {bytes(name): bytes(value).decode("latin-1") for name, value in response.headers}
        if response.status_code in _REDIRECTS and b"location" in headers:
            return urljoin(url, headers[b"location"])
        if response.status_code != 200:
            raise FetchFailed(f"status {response.status_code}")
        content_type, charset = _content_type(headers.get(b"content-type", ""))
        if not content_type.startswith(tuple(accept)):
            raise FetchFailed(f"content type {content_type[:50]!r}")
        body, cut = talk.body(headers.get(b"content-encoding", "").strip().lower(), most)
        return Answer(url, content_type, charset, body, cut)


def _target(url: str, outside: Outside) -> SplitResult:
    if len(url) > _LONGEST_URL or not url.isascii() or any(character <= " " for character in url):
        raise FetchFailed("no address")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise FetchFailed("no address that may be asked")
    if _port(parts) not in outside.ports:
        raise FetchFailed(f"port {_port(parts)}")
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _connect(target: SplitResult, until: float, outside: Outside) -> socket.socket:
    """A connection to an address of the host that was checked; with https the certificate is the name's."""
    host, port = target.hostname or "", _port(target)
    try:
        addresses = _resolvers.submit(outside.resolve, host, port).result(timeout=_left(until))
    except TimeoutError:
        raise FetchFailed("the name was not found in time") from None
    refused = [address for address in addresses if not outside.may_reach(address)]
    if refused or not addresses:
        raise FetchFailed(f"{host} leads to {refused[0] if refused else 'nowhere'}")
    failed: OSError = OSError("no address")
    for address in addresses[:_MOST_ADDRESSES]:
        try:
            return _open(address, port, host if target.scheme == "https" else "", until)
        except OSError as error:
            failed = error
    raise failed


def _open(address: str, port: int, secure_host: str, until: float) -> socket.socket:
    plain = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        plain.settimeout(_left(until))
        plain.connect((address, port))
        if not secure_host:
            return plain
        plain.settimeout(_left(until))
        return ssl.create_default_context().wrap_socket(plain, server_hostname=secure_host)
    except BaseException:
        plain.close()
        raise


def _left(until: float) -> float:
    """The seconds that are left; raises FetchFailed when there are none."""
    left = until - time.monotonic()
    if left <= 0:
        raise FetchFailed("it took too long")
    return left


def _content_type(header: str) -> tuple[str, str]:
    content_type, _, parameters = header.partition(";")
    charset = ""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip("\"'")
    return content_type.strip().lower(), charset


class _Talk:
    """One request and its answer on an open connection."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self.connection, self.until = connection, until
        self.http = h11.Connection(h11.CLIENT)

    def ask(self, target: SplitResult) -> h11.Response:
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        headers = [
            (b"Host", target.netloc.encode()),
            (b"User-Agent", _USER_AGENT),
            (b"Accept", b"text/html,application/xhtml+xml,image/*;q=0.8"),
            (b"Accept-Encoding", b"gzip"),
            (b"Connection", b"close"),
        ]
        request = h11.Request(method=b"GET", target=path.encode(), headers=headers)
        self.connection.settimeout(_left(self.until))
        self.connection.sendall(
            (self.http.send(request) or b"") + (self.http.send(h11.EndOfMessage()) or b"")
        )
        while not isinstance(event := self._next(), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise FetchFailed("no answer")
        return event

    def body(self, encoding: str, most: int) -> tuple[bytes, bool]:
        """At most `most` bytes, unpacked as they come: a small answer can't become a large one. And whether it was cut."""
        if encoding not in ("", "identity", "gzip"):
            raise FetchFailed(f"encoding {encoding[:20]!r}")
        unpack = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
        body = bytearray()
        while isinstance(event := self._next(), h11.Data):
            room = most + 1 - len(body)
            body += unpack.decompress(bytes(event.data), room) if unpack else event.data[:room]
            if len(body) > most:
                return bytes(body[:most]), True
        return bytes(body), False

    def _next(self) -> object:
        while (event := self.http.next_event()) is h11.NEED_DATA:
            self.connection.settimeout(_left(self.until))
            self.http.receive_data(self.connection.recv(_READ))
        return event
