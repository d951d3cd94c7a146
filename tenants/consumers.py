"""The base of every consumer: the organisation is explicit, and nothing of Channels' per-event database work remains.

`AsyncConsumer.__call__` would replace the scope's layer by the global one and make a queue for the socket, and its
`dispatch` visits a thread for each event (a third of the textbook's cost, PITFALLS); both are overridden.
"""

import asyncio
import time
from typing import Any, ClassVar, Protocol

import msgspec
import structlog
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer

from tenants.events import SIGNED_OUT, UNAVAILABLE, frame
from tenants.layers import OrganisationLayer
from tenants.models import Organisation
from tenants.ratelimits import Allowance
from tenants.sockets import Socket

log = structlog.get_logger(__name__)
MOST_BYTES = 64 * 1024
WORTH_AN_ACK = 64  # frames acknowledged at once; such a frame costs no allowance, because it eases our work
MALFORMED = 4400
FLOOD = 4429
RESUME_WITHIN = 20.0  # seconds a socket may stay silent before its first frame
# So many at once; after that each waits for its turn, because what it is sent may be megabytes.
RESUMES = (10, 60.0)


class Visitor(Protocol):
    """Who opened a socket, as `accounts.asgi` found out."""

    person_id: int
    session_key: str


class Frame(msgspec.Struct):
    """The one shape of a browser's frame: htmx's headers, and the form's fields with `type`."""

    body: dict[str, Any]
    headers: dict[str, Any] = {}


class Refused(Exception):
    """A frame that changes nothing; the browser gets an `error` frame with these fields."""

    def __init__(self, code: str, detail: str, **fields: object) -> None:
        super().__init__(detail)
        self.code, self.detail, self.fields = code, detail, fields


_decoder = msgspec.json.Decoder(Frame)


class OrganisationConsumer(AsyncConsumer):
    """A socket of a signed-in person of `self.organisation`; subclasses define `connected`, `left` and `on_<type>`.

    A frame of type `post` calls `on_post(body)`; types not in `frames` are refused. No handler may touch the ORM:
    `await in_tenant(self.organisation, function, …)` is the door.
    """

    frames: ClassVar[frozenset[str]] = frozenset()
    # A frame of any kind costs one of these; who sends more is cut off.
    flood: ClassVar[tuple[int, float]] = (60, 10.0)
    organisation: Organisation
    visitor: Any
    socket: Socket | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.scope = scope
        self.base_send = send
        self.organisation = scope["organisation"]
        self.layer = OrganisationLayer(self.organisation)
        self.visitor = scope["person"]
        self._allowance = Allowance(*self.flood, time.monotonic())
        self._resumes = Allowance(*RESUMES, time.monotonic())
        self._deadline: asyncio.TimerHandle | None = None
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        finally:
            self._resumed()
            await self.left()

    async def dispatch(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "websocket.connect":
                await self._connect()
            case "websocket.receive" if self._allowance.take(time.monotonic()):
                self.close(FLOOD)
            case "websocket.receive":
                await self._receive(message)
            case "websocket.disconnect":
                raise StopConsumer

    async def connected(self) -> None:
        """The socket is accepted and belongs to `self.visitor`."""

    async def left(self) -> None:
        """The socket is gone, or was never accepted."""

    @property
    def reader(self) -> Socket:
        """This consumer's socket; frames are handled only when there is one."""
        if self.socket is None:
            raise RuntimeError("not connected")
        return self.socket

    def reply(self, type_: str, **fields: object) -> None:
        """Send a frame to this browser, in order with what the hub sends."""
        self.write({"type": "websocket.send", "text": frame(type_, **fields).decode()})

    def write(self, message: dict[str, Any]) -> None:
        if self.socket is not None and not self.socket.closed:
            self.socket.write(message)

    def close(self, code: int) -> None:
        if self.socket is not None:
            self.socket.close(code)

    async def _connect(self) -> None:
        await self.base_send({"type": "websocket.accept"})
        if self.visitor is None:
            # Accepted first, so that the browser sees the code and can lead to the sign-in page.
            await self.base_send({"type": "websocket.close", "code": SIGNED_OUT})
            return
        try:
            await self.connected()
            self._deadline = asyncio.get_running_loop().call_later(RESUME_WITHIN, self.close, UNAVAILABLE)
        except Refused as refused:
            self.reply("error", code=refused.code, detail=refused.detail)
            await self.base_send({"type": "websocket.close", "code": MALFORMED})
        except Exception:  # Postgres is away: the browser tries again later
            log.exception("a socket could not be served", organisation=self.organisation.schema_name)
            await self.base_send({"type": "websocket.close", "code": UNAVAILABLE})

    async def _receive(self, message: dict[str, Any]) -> None:
        if self.socket is None or self.socket.closed:
            return
        client_id: object = None
        try:
            body = _parse(message)
            client_id = body.get("client_id")
            if body["type"] not in self.frames:
                raise Refused("unknown_type", f"There is no frame of type {str(body['type'])[:40]!r}.")
            if body["type"] == "resume":
                await self._resume(body)
            else:
                await getattr(self, f"on_{body['type']}")(body)
        except Refused as refused:
            named = {"client_id": client_id} if isinstance(client_id, str) else {}
            self.reply("error", code=refused.code, detail=refused.detail, **named, **refused.fields)
        except Exception:  # an honest error for the browser; the socket lives on
            log.exception("a frame failed", organisation=self.organisation.schema_name)
            named = {"client_id": client_id} if isinstance(client_id, str) else {}
            self.reply(
                "error",
                code="unavailable",
                detail="Parley can't do this right now. It is worth another try.",
                **named,
            )

    async def _resume(self, body: dict[str, Any]) -> None:
        if wait := self._resumes.take(time.monotonic()):
            await asyncio.sleep(wait)
        # What the last one was answered may be megabytes, and who does not read could ask for them again and again.
        await self.reader.taken()
        try:
            await self.on_resume(body)
            self._resumed()
        except Refused:
            raise
        except Exception:  # half resumed it would stay silent: the browser connects again, and resumes
            log.exception("a socket could not resume", organisation=self.organisation.schema_name)
            self.close(UNAVAILABLE)

    async def on_ack(self, body: dict[str, Any]) -> None:
        """The browser has applied this revision, and read every frame before it."""
        revision = whole_number(body, "revision") if "revision" in body else 0
        if self.reader.acknowledge(revision) >= WORTH_AN_ACK:
            self._allowance.give_back()

    async def on_resume(self, body: dict[str, Any]) -> None:
        """The first frame, and after each `resync`: subscribe, then read the database."""
        raise NotImplementedError

    def _resumed(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _parse(message: dict[str, Any]) -> dict[str, Any]:
    text = message.get("text")
    if text is None:
        raise Refused("malformed", "Frames are JSON text.")
    if len(text) > MOST_BYTES or not (
        text.isascii() or len(text.encode(errors="surrogatepass")) <= MOST_BYTES
    ):
        raise Refused("too_large", "A frame has at most 64 KiB.")
    try:
        body = _decoder.decode(text).body
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Refused("malformed", 'A frame is {"headers": {…}, "body": {…}}.') from None
    if not isinstance(body.get("type"), str):
        raise Refused("malformed", "A frame's body has a type.")
    return body


def whole_number(body: dict[str, Any], name: str) -> int:
    """The field `name` as a number of a Postgres bigint's size, from 0; forms send numbers as text."""
    value = body.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
        return value
    raise Refused("malformed", f"{name} is a number from 0.")
