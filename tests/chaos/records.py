"""What a chaotic run leaves behind: what clients tried and heard, and what the database holds. Plain values only."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody wanted to say `body`. `at`: seconds of the driver's monotonic clock when it was first sent."""

    client: str
    client_id: uuid.UUID
    organisation: str
    room_id: int
    person_id: int
    body: str
    mentioned_id: int | None
    at: float


@dataclass(frozen=True, slots=True)
class Failure:
    """A client could not connect, load or post, and tries again."""

    client: str
    why: str
    at: float


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A process said that this is stored, and a client heard it `at` that time; one attempt may have several."""

    client_id: uuid.UUID
    message_id: int
    position: int
    at: float


@dataclass(frozen=True, slots=True)
class Correction:
    """Its author wanted the message to say `text` instead. `at`: when a client heard that it does; None: never."""

    client_id: uuid.UUID
    text: str
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One message as a client shows it, or as the database holds it."""

    position: int
    message_id: int
    revision: int
    html: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of chat_message."""

    organisation: str
    room_id: int
    line: Line
    client_id: uuid.UUID
    author_id: int
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Counters:
    """A row of chat_room."""

    organisation: str
    room_id: int
    messages: int
    head: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What one client shows of its room at the end."""

    client: str
    organisation: str
    room_id: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """Words of another organisation in what a client received."""

    client: str
    organisation: str
    words: str
    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that will not be stored."""

    client_id: uuid.UUID
    code: str


@dataclass(frozen=True, slots=True)
class SentAway:
    """A client whose page was told that there is no point in coming again; `code` closes the socket."""

    client: str
    organisation: str
    person_id: int
    code: int


@dataclass(frozen=True, slots=True)
class ShutOut:
    """A person was deactivated; `at` is when the driver knew that it was committed. `closed`: no socket was left open."""

    organisation: str
    person_id: int
    at: float
    closed: bool


@dataclass(frozen=True, slots=True)
class Restored:
    """An organisation was put back, at `until`, to how it was at some moment after `since`: what was acknowledged
    between the two may be gone, and its place taken."""

    organisation: str
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Death:
    """A web process ended with this exit code, and it was no fault that ended it."""

    process: str
    code: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident bytes of one web process: after each schedule, oldest first, and the `peak` of its whole life."""

    process: str
    resident: tuple[int, ...]
    peak: int


@dataclass(slots=True)
class Evidence:
    """All of it. `notified` has (organisation, message id, person id) once for each row; `mails` and `due` are the
    marks of the mails that were posted (one for each time) and of those that jobs were enqueued for. `missed`
    has what was to go wrong for certain, and did not."""

    attempts: list[Attempt] = field(default_factory=list)
    acknowledgements: list[Acknowledgement] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    sent_away: list[SentAway] = field(default_factory=list)
    counters: list[Counters] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    notified: list[tuple[str, int, int]] = field(default_factory=list)
    shut_out: list[ShutOut] = field(default_factory=list)
    restored: list[Restored] = field(default_factory=list)
    unanswered: list[uuid.UUID] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    due: list[str] = field(default_factory=list)
    mails: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken."""

    invariant: str
    detail: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.detail}"
