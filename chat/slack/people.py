"""Who the people of an export are here. Inside the organisation.

Somebody is matched by an e-mail address that they have proved here: who only said that it is theirs would be given what
somebody else wrote and read. Everybody else becomes a placeholder (`accounts.people.create_placeholders`), made when
the first room or message needs them; an invitation to their address lets them in as who they were.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models.functions import Lower

from accounts import people
from accounts.models import LONGEST_NAME, Person
from chat.models import ImportedPerson
from chat.slack.names import Names
from chat.slack.problems import Problems
from chat.slack.reading import Export
from chat.slack.shapes import User
from chat.slack.translating import SLACKBOT, Author
from chat.text import without_controls

_TURNING = str.maketrans("", "", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")
_LONGEST_KEY = 120
MOST_NAMES = 50  # of one bot


def matches(export: Export, problems: Problems) -> dict[str, Person]:
    """The people here whom users of the export are, by Slack's ids. Two queries."""
    wanted = {user.id: address for user in export.users.values() if (address := _address(user))}
    addresses = set(wanted.values())
    proved = EmailAddress.objects.filter(verified=True, user__kind=Person.Kind.PERSON)
    rows = proved.annotate(lower=Lower("email")).filter(lower__in=addresses).select_related("user")
    by_address = {row.lower: row.user for row in rows if not row.user.is_placeholder}
    claimed = Person.objects.filter(email__in=addresses, is_placeholder=False)
    for address in sorted(set(claimed.values_list("email", flat=True)) - by_address.keys()):
        problems.add("unconfirmed_address", address)
    return {slack_id: by_address[address] for slack_id, address in wanted.items() if address in by_address}


def names_of(export: Export, matched: dict[str, Person]) -> Names:
    """What texts may call people and channels. People who can sign in are mentioned, others only named."""
    called = {
        user.id: matched[user.id].name if user.id in matched else name_of(user)
        for user in export.users.values()
    }
    here = {slack_id: person.pk for slack_id, person in matched.items() if person.is_active}
    channels = {channel.id: channel.called for channel in export.channels if channel.kind != "direct"}
    return Names({**called, SLACKBOT: "Slackbot"}, here, channels)


def name_of(user: User) -> str:
    profile = user.profile
    options = (
        profile and profile.real_name,
        user.real_name,
        profile and profile.display_name,
        user.name,
    )
    return next((name for one in options if one and (name := clean_name(one))), user.id)


def clean_name(text: str) -> str:
    """`text` as a person's name on one line; "" where no letter or digit is in it."""
    name = " ".join(without_controls(text).translate(_TURNING).split())[:LONGEST_NAME].strip()
    return name if any(one.isalnum() for one in name) else ""


class People:
    """Ids of people here by the keys of an export's authors; makes those who are missing."""

    def __init__(self, export: Export, matched: dict[str, Person]) -> None:
        """One query."""
        self._source, self._users = export.source, export.users
        self._matched = matched
        known = ImportedPerson.objects.filter(source=self._source)
        self._ids: dict[str, int] = dict(known.values_list("key", "person_id"))
        self._names: defaultdict[str, set[str]] = defaultdict(set)
        for key in self._ids:
            if "/" in key:
                self._names[key.partition("/")[0]].add(key)

    def __getitem__(self, key: str) -> int:
        key = key[:_LONGEST_KEY]
        return self._ids[key] if key in self._ids else self._ids[key.partition("/")[0]]

    def make(self, authors: Iterable[Author]) -> None:
        """Let everybody of `authors` have an id. In a transaction; no query where all of them have."""
        missing = {
            key: one
            for one in map(self._of_few_names, authors)
            if (key := one.key[:_LONGEST_KEY]) not in self._ids
        }
        if not missing:
            return
        found = self._of_other_workspaces(missing.values())
        found |= {key: self._matched[key] for key in missing if key in self._matched}
        new = [one for key, one in sorted(missing.items()) if key not in found]
        taken = self._taken(new)
        wanted = [self._placeholder(one, taken) for one in new]
        made = people.create_placeholders(wanted)
        found |= {one.key[:_LONGEST_KEY]: person for one, person in zip(new, made, strict=True)}
        ImportedPerson.objects.bulk_create(
            ImportedPerson(source=self._source, key=key, person=person)
            for key, person in sorted(found.items())
        )
        self._ids |= {key: person.pk for key, person in found.items()}

    def _of_few_names(self, author: Author) -> Author:
        """Some bots have another name each time: the first of them are people of their own, the others are the bot."""
        bot, named, _name = author.key.partition("/")
        if not named or author.key[:_LONGEST_KEY] in self._ids:
            return author
        self._names[bot].add(author.key)
        return author if not bot or len(self._names[bot]) <= MOST_NAMES else Author(bot, is_bot=True)

    def _of_other_workspaces(self, authors: Collection[Author]) -> dict[str, Person]:
        """The placeholders that another workspace's export left for the addresses of these, by key. One query.

        Somebody who was in two workspaces is one person here. Of one workspace two users stay two people.
        """
        wanted = {address: one.key[:_LONGEST_KEY] for one in authors if (address := self._address_of(one))}
        ours = ImportedPerson.objects.filter(source=self._source).values("person_id")
        others = Person.objects.filter(email__in=wanted, is_placeholder=True, kind=Person.Kind.PERSON)
        return {wanted[person.email]: person for person in others.exclude(pk__in=ours)}

    def _taken(self, authors: Collection[Author]) -> set[str]:
        """The addresses of `authors` that somebody here has."""
        addresses = {address for one in authors if (address := self._address_of(one))}
        return set(Person.objects.filter(email__in=addresses).values_list("email", flat=True))

    def _address_of(self, author: Author) -> str:
        user = self._users.get(author.key)
        return _address(user) if user else ""

    def _placeholder(self, author: Author, taken: set[str]) -> people.Placeholder:
        user = self._users.get(author.key)
        is_bot = author.is_bot or author.key == SLACKBOT or bool(user and user.is_bot)
        address = self._address_of(author)
        if not address or address in taken:
            digest = hashlib.blake2b(f"{self._source}/{author.key}".encode(), digest_size=10)
            address = f"{digest.hexdigest()}@imported.invalid"
        taken.add(address)
        guest = bool(user and (user.is_restricted or user.is_ultra_restricted))
        title = user.profile.title if user and user.profile else ""
        return people.Placeholder(
            email=address,
            name=self._name(author, user),
            role=Person.Role.GUEST if guest else Person.Role.MEMBER,
            kind=Person.Kind.BOT if is_bot else Person.Kind.PERSON,
            time_zone=(user.tz if user else None) or "UTC",
            title=clean_name(title or ""),
        )

    def _name(self, author: Author, user: User | None) -> str:
        if user is not None:
            return name_of(user)
        fallback = self._users.get(author.fallback)
        own = clean_name(author.name) or (name_of(fallback) if fallback else "")
        return own or ("Slackbot" if author.key == SLACKBOT else author.key.strip("/")[:LONGEST_NAME])


def _address(user: User) -> str:
    """The user's address in lower case; "" for bots and for what is none."""
    address = ((user.profile and user.profile.email) or "").strip().lower()
    if user.is_bot or not address or len(address) > 254:
        return ""
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address
