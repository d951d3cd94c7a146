"""The one shape of what travels between processes: an envelope around bytes that are ready for the browser."""

import msgspec

SIGNED_OUT = 4401
ACCESS_LOST = 4403
UNAVAILABLE = 4503


class Envelope(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """News for the sockets of one group of an organisation.

    `group` is the organisation's own name for it: `room.5` or `activity`. `after` and `revision` say which of the
    room's revisions the frame covers (0 and 0: it is not ordered, such as "typing"). `topics` chooses among the
    sockets of `activity` (none: all); in a room only what is not ordered has any, and goes to who `wants` one of them.
    `frame` is JSON text for the browser, already encoded, or empty; in `activity` `more` of them may follow. `close`
    closes the chosen sockets with that code; `join` and `leave` add and remove a topic of theirs, or
    what those in a room want of what it sends to some.
    """

    group: str
    frame: bytes = b""
    after: int = 0
    revision: int = 0
    topics: tuple[str, ...] = ()
    close: int = 0
    join: str = ""
    leave: str = ""
    more: tuple[bytes, ...] = ()  # last: a process of the release before this one leaves them out


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Envelope)
_json = msgspec.json.Encoder()

pack = _encoder.encode
unpack = _decoder.decode


def frame(type_: str, **fields: object) -> bytes:
    """The JSON text of a frame for the browser, e.g. `frame("typing", room="r5", person="p3")`."""
    return _json.encode({"type": type_, **fields})


def person_topic(person_id: int) -> str:
    return f"person.{person_id}"


def room_topic(room_id: int) -> str:
    return f"room.{room_id}"


def member_topic(room_id: int, person_id: int) -> str:
    return f"member.{room_id}.{person_id}"


RECEIPTS = "receipts"  # in a room: who shares what they read, and so is shown who has read
EVERYONE = "everyone"
PEOPLE = "people"  # everyone but guests, who learn only of people they share a room with
BY_STANDING = (PEOPLE, RECEIPTS)  # topics that somebody has or has not by what they are
