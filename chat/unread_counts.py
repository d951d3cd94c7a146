"""How much of a room or a thread somebody has not read, as it is told to their pages."""

from dataclasses import dataclass

from tenants.ids import encode


@dataclass(frozen=True, slots=True)
class RoomUnread:
    """How much of a room a person has not read: messages, mentions among them, and the last position read."""

    room_id: int
    unread: int
    mentions: int
    read_position: int
    turn: int  # how often something was marked unread: what comes later has a greater one
    head: int  # the room's revision up to which all this was counted: news of a later one comes on top

    def fields(self) -> dict[str, object]:
        """As the browser's frames have it."""
        return {
            "room": encode("r", self.room_id),
            "unread": self.unread,
            "mentions": self.mentions,
            "read": self.read_position,
            "turn": self.turn,
            "head": self.head,
        }


@dataclass(frozen=True, slots=True)
class ThreadUnread:
    """Up to where a person has read a thread after they marked it unread; `turn` counts how often they did."""

    root_id: int
    read_position: int
    turn: int

    def fields(self) -> dict[str, object]:
        """As the browser's frames have it."""
        return {"thread": encode("m", self.root_id), "read": self.read_position, "turn": self.turn}
