"""Who searches: the rooms they may read, and what the names and words of their search mean. One statement."""

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from chat.models import Room
from chat.text.dates import span_of
from chat.text.index import normalise
from chat.text.query import Filter, Problem, SearchQuery
from tenants.ids import decode
from tenants.prepared import Prepared, array, texts

if TYPE_CHECKING:
    from accounts.models import Person

_MOST_PEOPLE = 300
_MOST_LISTED = 50  # people, and rooms
_MYSELF = "me"
_WILD = re.compile(r"[\\%_]")

# The conditions are those of `access.visible_rooms` and `directory.visible_people`; tests/chat/test_search.py compares them.
_ROOMS = """
select json_build_array(
    json_agg(room.id), json_agg(room.kind), json_agg(room.name), json_agg(room.topic),
    json_agg(coalesce(room.direct_key, '')), json_agg(room.archived_at is not null),
    json_agg(greatest(room.first_position, case when room.kind = 'private' then member.visible_from else 1 end)))::text
from chat_room room
left join chat_membership member
    on member.room_id = room.id and member.person_id = %(me)s and member.left_at is null
where (room.kind = 'public' and not %(guest)s) or member.id is not null
"""
_PEOPLE = f"""
select json_agg(json_build_array(one.id, one.name, one.email, one.is_active))::text from (
    select person.id, person.name, case when %(administrator)s then person.email else '' end as email, person.is_active
    from accounts_person person
    where (person.name ilike any(%(names)s) or (%(administrator)s and person.email ilike any(%(addresses)s))
        or (cardinality(%(called)s) > 0 and person.name ilike all(%(called)s)))
      and (not %(guest)s or person.id = %(me)s or exists (
        select from chat_membership other join chat_membership mine on mine.room_id = other.room_id
        where other.person_id = person.id and mine.person_id = %(me)s and mine.left_at is null))
    order by lower(person.name), person.id limit {_MOST_PEOPLE}) one
"""  # noqa: S608 - constants only
# Words of the same stem, and words with this part, of the organisation's vocabulary; `parts` has null for what is too short.
_WORDS = """
select json_agg(json_build_array(asked.word, other.word))::text
from unnest(%(words)s, %(parts)s) as asked (word, part) cross join lateral (
    (select word from chat_word where stem = (
        select coalesce((ts_lexize(dictionary::regdictionary, asked.word))[1], asked.word) from chat_vocabulary limit 1)
     limit 30)
    union
    (select word from chat_word where word like asked.part order by length(word), word limit 50)
) other where asked.word <> other.word
"""
# Prepared: Postgres took twice as long to plan it as to answer (0.64 ms in all, 0.25 are left), and the ORM a third of a
# millisecond to write down the people. Without the words' own values it still takes the index of trigrams, at any size.
_READ = Prepared(
    "search_reader",
    f"select * from (select ({_ROOMS}), case when %(asks_for_people)s then ({_PEOPLE}) end, ({_WORDS})) reader",  # noqa: S608 - constants only
    me="bigint",
    guest="boolean",
    administrator="boolean",
    asks_for_people="boolean",
    names="text[]",
    addresses="text[]",
    called="text[]",
    words="text[]",
    parts="text[]",
)
_SHORTEST_PART = 3  # a trigram
_MOST_WIDENED = 8  # words


class ReadableRoom(msgspec.Struct, gc=False):  # nothing in it refers back to it
    """A room that the reader may read, from its message number `first` on."""

    id: int
    kind: str
    name: str
    topic: str
    direct_key: str
    archived: bool
    first: int

    @property
    def people(self) -> set[int]:
        """Of a direct message."""
        return {int(number) for number in self.direct_key.split(",")} if self.direct_key else set()


class _Person(msgspec.Struct, array_like=True):
    id: int
    name: str
    email: str
    is_active: bool

    def is_called(self, name: str) -> bool:
        """Whether a word of the name begins so; or the address, where it is known."""
        wanted, own = name.casefold(), self.name.casefold()
        return own.startswith(wanted) or f" {wanted}" in own or bool(self.email.startswith(wanted))


_room_columns = msgspec.json.Decoder(list[list[Any] | None])
_people = msgspec.json.Decoder(list[_Person])
_words = msgspec.json.Decoder(list[tuple[str, str]])


@dataclass
class Reader:
    """A person, their search, and what it means to them."""

    person: "Person"
    query: SearchQuery
    rooms: dict[int, ReadableRoom]
    people: list[_Person]
    meant: dict[str, list[str]] = field(default_factory=dict)

    @cached_property
    def room_ids(self) -> list[int]:
        """The rooms in which to look: readable, and as `in:` and `is:direct` have it."""
        wanted = list(self.rooms.values())
        for one in self.query.of("is"):
            if one.value == "direct":
                wanted = [room for room in wanted if (room.kind == Room.Kind.DIRECT) is not one.negated]
        asked = self.query.of("in")
        places = [one for one in asked if not one.negated]
        if places:
            wanted = [room for room in wanted if any(self._is_in(room, one.value) for one in places)]
        for one in asked:
            if one.negated:
                wanted = [room for room in wanted if not self._is_in(room, one.value)]
        return [room.id for room in wanted]

    @cached_property
    def room_array(self) -> str:
        """The same for Postgres."""
        return array(self.room_ids)

    def _is_in(self, room: ReadableRoom, value: str) -> bool:
        """`in:general`, `in:#general`, `in:r5`; `in:@bob` and `in:"@bob, ann"` are direct messages with all of them."""
        if room.kind == Room.Kind.DIRECT and not value.startswith("#"):
            names = [name.strip().lstrip("@") for name in value.split(",")]
            if all(name and self._called(name) & room.people for name in names):
                return True
        try:
            return decode("r", value) == room.id
        except ValueError:
            return bool(room.name) and normalise(room.name) == normalise(value.lstrip("#"))

    def authors(self, asked: Collection[Filter]) -> list[int]:
        """Whom these `from:` mean."""
        return sorted({person_id for one in asked for person_id in self._called(one.value.lstrip("@"))})

    def _called(self, name: str) -> set[int]:
        if name.casefold() == _MYSELF:
            return {self.person.pk}
        return {one.id for one in self.people if one.is_called(name)}

    def strangers(self) -> tuple[Problem, ...]:
        """Names by which the reader knows nobody, and no room."""
        found = [
            Problem("from", one.value)
            for one in self.query.of("from")
            if not self._called(one.value.lstrip("@"))
        ]
        rooms = self.rooms.values()
        found += [
            Problem("in", one.value)
            for one in self.query.of("in")
            if not any(self._is_in(room, one.value) for room in rooms)
        ]
        return tuple(found)

    def people_called(self) -> list[int]:
        """Active people in whose names all words of the search occur; none where it asks for more than words."""
        words = self._names_asked_for()
        found = [one.id for one in self.people if words and one.is_active and _has_all(one.name, words)]
        return found[:_MOST_LISTED]

    def rooms_called(self) -> list[ReadableRoom]:
        """Rooms in whose names or topics they occur, open ones first."""
        words = self._names_asked_for()
        named = [one for one in self.rooms.values() if not one.direct_key]
        # Most searches name no room: all names together are looked through sooner than one by one.
        if not words or not _has_all("\n".join([f"{one.name} {one.topic}" for one in named]), words):
            return []
        found = [one for one in named if _has_all(f"{one.name} {one.topic}", words)]
        found.sort(key=lambda one: (one.archived, not _has_all(one.name, words), normalise(one.name)))
        return found[:_MOST_LISTED]

    def _names_asked_for(self) -> list[str]:
        query = self.query
        return [] if query.filters or query.excluded else _folded([*query.words, *query.phrases])

    def days(self) -> list[tuple[datetime, datetime, Filter]]:
        """When `before:`, `after:` and `during:` begin and end, where the person is."""
        zone = ZoneInfo(self.person.time_zone)
        today = datetime.now(zone).date()
        spans = ((one, span_of(one.value, today)) for one in self.query.filters)
        return [(_midnight(span[0], zone), _midnight(span[1], zone), one) for one, span in spans if span]


def read(person: "Person", query: SearchQuery) -> Reader:
    """The rooms `person` may read, the people and words that `query` may mean. Inside the organisation; one query."""
    names, called = _asking_for_people(query)
    words = query.single_words[:_MOST_WIDENED]
    ((rooms, people, other_words),) = _READ.rows(
        me=person.pk,
        guest=person.is_guest,
        administrator=person.is_administrator,
        asks_for_people=bool(names or called),
        names=texts(pattern for name in names for pattern in (f"{name}%", f"% {name}%")),
        addresses=texts(f"{name}%" for name in names),
        called=texts(f"%{name}%" for name in called),
        words=texts(words),
        parts=texts(f"%{_literally(word)}%" if len(word) >= _SHORTEST_PART else None for word in words),
    )
    meant: defaultdict[str, list[str]] = defaultdict(list)
    for word, other in _words.decode(other_words or "[]"):
        meant[word].append(other)
    readable = map(ReadableRoom, *(column or [] for column in _room_columns.decode(rooms)))
    return Reader(
        person, query, {one.id: one for one in readable}, _people.decode(people or "[]"), dict(meant)
    )


def _asking_for_people(query: SearchQuery) -> tuple[list[str], list[str]]:
    """For `like`: how those may be called whom `from:` and `in:` mean, and all that occurs in the names of people to list.

    The first count for e-mail addresses too where administrators ask: nobody else is shown them, and what can be searched
    for can be guessed letter by letter."""
    names = [one.value for one in query.of("from")]
    names += [name for one in query.of("in") for name in one.value.split(",")]
    asked = [_literally(name) for one in names if (name := one.strip().lstrip("@"))]
    called = [] if query.filters or not query.terms else [*query.words, *query.phrases]
    return asked, [_literally(word) for word in called]


def _literally(text: str) -> str:
    """`text` for `like`, in which nothing stands for anything else."""
    return _WILD.sub(r"\\\g<0>", text)


def _folded(words: Collection[str]) -> list[str]:
    return [normalise(word) for word in words]


def _has_all(text: str, folded_words: Collection[str]) -> bool:
    folded = normalise(text)
    return all(word in folded for word in folded_words)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
