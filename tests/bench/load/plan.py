"""What the load client is asked to do, and what it answers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

from tests.bench.harness import Wrong

FILLER = "the morning train was late again and nobody minded because somebody had brought warm bread and tea "
Step = tuple[str, str]  # ("send", text) or ("wait", substring)


@dataclass(frozen=True)
class Client:
    """One socket. `headers` need Host, and Origin and Cookie where the server asks for them; `room` is any number or
    name and fills {room}; `variable` fills {variable}. A reader has to get every message of its room."""

    path: str
    headers: Sequence[tuple[str, str]] = ()
    room: int | str = 0
    reader: bool = True
    sender: bool = False
    slow: bool = False  # stops reading when it is open; no reader
    variable: str = ""
    opening: Sequence[Step] | None = None  # instead of the plan's


@dataclass(frozen=True)
class Plan:
    """All sockets, and the words of the protocol. Templates know {client}, {body}, {room} (in `post`), {variable},
    {room} (in `opening`) and {revision} (in `applied`). Each body has `size` bytes of letters, digits, spaces, tildes.
    """

    port: int
    clients: Sequence[Client]
    post: str = "{body}"
    acknowledged: str | None = None  # has {client} between fixed texts; None: a sender's own delivery counts
    opening: Sequence[Step] = ()
    answers: Sequence[
        tuple[str, str]
    ] = ()  # a text frame that begins so is answered so: socket.io's ("2", "3")
    errors: Sequence[str] = ()  # a frame without messages that contains one of these is an error
    applied: str | None = None  # says that {revision} was read …
    revision_key: str = '"revision":'  # … which is the number behind this in the newest frame with messages
    applied_frames: int = 0  # after so many frames with messages
    applied_bytes: int = 0  # … or so many bytes of them
    applied_seconds: float = 0.0  # and so often where something is new
    size: int = 800
    filler: str = FILLER
    parallel: int = 64  # sockets opening at the same time
    patience: float = 30.0  # seconds for opening all of them, and without any progress at the end of a run
    host: str = "127.0.0.1"

    def lines(self, run: str) -> Iterator[str]:
        """The plan as the program reads it. `run`: eight hexadecimal digits that no other process has."""
        yield _line("address", self.host, self.port)
        yield _line("opening", self.parallel, round(self.patience * 1000))
        yield _line("run", run, self.size, self.filler)
        yield _line("post", self.post)
        if self.acknowledged is not None:
            yield _line("acknowledged", *_around_client(self.acknowledged))
        if self.applied is not None:
            milliseconds = round(self.applied_seconds * 1000)
            often = (self.applied_frames, self.applied_bytes, milliseconds)
            yield _line("applied", self.applied, self.revision_key, *often)
        yield from (_line("answer", *answer) for answer in self.answers)
        yield from (_line("error", error) for error in self.errors)
        yield from self._sockets()

    def _sockets(self) -> Iterator[str]:
        scripts: dict[tuple[Step, ...], int] = {}
        rooms: dict[int | str, int] = {}
        for client in self.clients:
            script = tuple(self.opening if client.opening is None else client.opening)
            if script not in scripts:
                yield from _script(script)
            number = scripts.setdefault(script, len(scripts))
            room = rooms.setdefault(client.room, len(rooms))
            headers = "".join(f"{name}: {value}\r\n" for name, value in client.headers)
            yield _line(
                "socket", room, client.room, number, _roles(client), client.path, headers, client.variable
            )


def _script(steps: Iterable[Step]) -> Iterator[str]:
    yield "script"
    for kind, text in steps:
        if kind not in ("send", "wait"):
            raise ValueError(f"A step sends or waits: {kind!r}")
        yield _line("step", kind, text)


def _roles(client: Client) -> str:
    reads = client.reader and not client.slow
    return ("r" if reads else "") + ("s" if client.sender else "") + ("l" if client.slow else "") or "-"


def _around_client(template: str) -> tuple[str, str]:
    before, place, after = template.partition("{client}")
    if not place or not before:
        raise ValueError(f"An acknowledgement has {{client}} behind a fixed text: {template!r}")
    return before, after


def _line(word: str, *values: object) -> str:
    return "\t".join((word, *(escaped(str(value)) for value in values)))


def escaped(text: str) -> str:
    for plain, name in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(plain, name)
    return text


@dataclass(frozen=True)
class Times:
    """Milliseconds."""

    p50: float
    p99: float
    longest: float


@dataclass(frozen=True)
class Opened:
    """All sockets are open and have followed their script. `elapsed` in seconds; `busy` is the share of it for which the
    load client had work."""

    ready: int
    errors: int
    replayed_least: (
        int  # messages that the server sent to a socket before it was ready: the fewest and the most
    )
    replayed_most: int
    elapsed: float
    busy: float
    opening_ms: Times  # of each socket
    first_error: str

    @classmethod
    def read(cls, said: dict[str, Any]) -> Self:
        return cls(**{**said, "opening_ms": Times(**said["opening_ms"])})

    def check(self, clients: int, replayed: int | None = None) -> None:
        """Raise Wrong unless all `clients` are there, and each was sent `replayed` messages where that is asked."""
        if self.errors or self.ready != clients:
            raise Wrong(f"{self.ready} of {clients} sockets opened, {self.errors} errors: {self.first_error}")
        if replayed is not None and not self.replayed_least == self.replayed_most == replayed:
            got = f"from {self.replayed_least} to {self.replayed_most}"
            raise Wrong(f"Each socket missed {replayed} messages and was sent {got}.")


@dataclass(frozen=True)
class Acknowledged:
    """A message that the server said it has. `sender` is the place of its client in the plan."""

    client_id: str
    sender: int
    sequence: int
    room: int | str
    body: str


@dataclass(frozen=True)
class Result:
    """What a run brought. `elapsed` are the seconds from the first post to the last delivery or acknowledgement; `busy` is
    the share of the run for which the load client had work. Exact means: all counts of faults are zero."""

    sent: int
    acknowledged: int
    expected: int  # deliveries: for each message the readers of its room
    delivered: int
    frames: int  # that brought them: a server may join messages
    missing: int
    duplicates: int
    out_of_order: int  # not after what its sender had sent before, or not as the room's first reader saw it
    altered: int  # the marker came, but not the whole body
    strays: int  # from another room, or never sent
    foreign: int  # of another load client or an earlier one; no fault
    errors: int
    closed: int  # sockets
    slow_closed: int  # of those that do not read; no fault
    elapsed: float
    busy: float  # its CPU, and its waiting for a core; where it polls, the time it did not ask in vain
    acknowledgement_ms: Times  # from the post (in an open loop: from when it was due) …
    last_reader_ms: Times  # … until the last reader of the room had it
    first_error: str
    acknowledged_messages: Sequence[Acknowledged] = field(default=(), repr=False)

    FAULTS = ("missing", "duplicates", "out_of_order", "altered", "strays", "errors", "closed")

    @classmethod
    def read(cls, said: dict[str, Any]) -> Self:
        for name in ("acknowledgement_ms", "last_reader_ms"):
            said[name] = Times(**said[name])
        return cls(**said)

    @property
    def exact(self) -> bool:
        return self.acknowledged == self.sent and not any(getattr(self, fault) for fault in self.FAULTS)

    def check(self) -> None:
        """Raise Wrong unless every message was acknowledged and every reader got it once, whole and in order."""
        if not self.exact:
            shown = (
                f"{one.name} {getattr(self, one.name)}"
                for one in fields(self)
                if one.type == "int" or one.type is int
            )
            raise Wrong(
                f"The run is not exact: {', '.join(shown)}; {self.first_error or 'no error was reported'}"
            )
        if not self.sent:
            raise Wrong("Nothing was sent.")
