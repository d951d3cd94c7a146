"""The people and rooms of Lumen Studio, who make Harbour, a booking system for small ferry lines."""

from dataclasses import dataclass

from accounts.models import Person
from chat.models import Room

ADDRESS = "demo"
NAME = "Lumen Studio"
PASSWORD = "parley-demo"  # noqa: S105 - told to everybody, and only a development server makes the demo
EMAIL = "{key}@demo.example"
FOUNDER = "alice"


@dataclass(frozen=True, slots=True)
class Part:
    """Somebody of the demo; `key` is how talk/*.txt and the e-mail address call them."""

    key: str
    name: str
    time_zone: str
    role: str = Person.Role.MEMBER
    kind: str = Person.Kind.PERSON


@dataclass(frozen=True, slots=True)
class Place:
    """A room of the demo; `members` are keys, None means everybody but guests."""

    name: str
    topic: str = ""
    kind: str = Room.Kind.PUBLIC
    members: tuple[str, ...] | None = None
    archived: bool = False


PEOPLE = (
    Part(FOUNDER, "Alice Adams", "Europe/London", Person.Role.OWNER),
    Part("daniel", "Daniel Weiß", "Europe/Berlin", Person.Role.ADMINISTRATOR),
    Part("bob", "Bob Okafor", "Africa/Lagos"),
    Part("chiara", "Chiara Rossi", "Europe/Rome"),
    Part("emine", "Emine Yıldız", "Europe/Istanbul"),
    Part("misaki", "佐藤 美咲", "Asia/Tokyo"),
    Part("layla", "ليلى حداد", "Asia/Beirut"),
    Part("olena", "Олена Коваль", "Europe/Kyiv"),
    Part("priya", "Priya Raghunathan", "Asia/Kolkata"),
    Part("soren", "Søren Lindqvist", "Europe/Copenhagen"),
    Part("thandi", "Thandiwe Nkosi", "Africa/Johannesburg"),
    Part("zoe", "Zoé Lefèvre", "Europe/Paris"),
    Part("marek", "Marek Nowak", "Europe/Warsaw"),
    Part("gareth", "Gareth Pugh", "Europe/London", Person.Role.GUEST),
    Part("deploy", "Harbour Deploy", "UTC", kind=Person.Kind.BOT),
)
LEFT = "marek"  # said goodbye, and was deactivated

ROOMS = (
    Place("general", "For everybody: news, and good mornings"),
    Place("product", "What we build next, and what we leave out"),
    Place(
        "design",
        "Prototypes, colours, words. Harsh and kind",
        members=("alice", "chiara", "emine", "misaki", "zoe", "bob", "layla", "olena", "soren", "priya", "thandi"),
    ),
    Place(
        "engineering",
        "Code, queries, on-call",
        members=("daniel", "bob", "emine", "misaki", "olena", "priya", "soren", "marek", "alice"),
    ),
    Place("releases", "4.8 · Norway, Ireland, Scotland, everything else"),
    Place("incidents", "Only while something burns, and the write-up after it"),
    Place(
        "support",
        "Questions from passengers and lines",
        members=("layla", "thandi", "zoe", "bob", "emine", "misaki", "olena", "alice", "chiara", "priya"),
    ),
    Place("random", "Lunch, cats, cargo bikes"),
    Place("leadership", kind=Room.Kind.PRIVATE, members=("alice", "chiara", "daniel")),
    Place(
        "skye-ferries",
        "The seat picker, with Skye Ferries and Gareth",
        kind=Room.Kind.PRIVATE,
        members=("alice", "thandi", "gareth", "chiara", "emine"),
    ),
    Place("offsite", "Receipts until Friday", members=("alice", "zoe", "daniel", "priya", "chiara"), archived=True),
)  # fmt: skip

DIRECTS = (
    ("alice",),
    ("alice", "bob"),
    ("alice", "chiara"),
    ("alice", "misaki"),
    ("alice", "daniel", "priya"),
    ("daniel", "soren"),
)

# How many of a room's newest messages are unread, and by whom; everybody has read everything else.
UNREAD = {
    "general": {"alice": 3, "bob": 2, "misaki": 9, "soren": 1},
    "product": {"alice": 5, "daniel": 5, "layla": 8},
    "design": {"alice": 6, "olena": 6},
    "engineering": {"bob": 3},
    "releases": {"alice": 3, "emine": 2},
    "random": {"alice": 2, "daniel": 4, "priya": 2},
    "leadership": {"alice": 2},
    "alice+bob": {"alice": 3},
    "daniel+soren": {"daniel": 1},
    "skye-ferries": {"alice": 4, "chiara": 2},
}

# Said while the demo is made, through the front door: these reach people as notifications too.
JUST_NOW = (
    ("skye-ferries", "thandi", "@Alice they really mean it, the captain has asked twice :ferry:"),
    ("releases", "daniel", "@Alice all green here. One word from you and it's everywhere :rocket:"),
    (
        "alice+chiara",
        "chiara",
        "Are you coming down for the launch? Zoé has bought far too many croissants 🥐",
    ),
)
