"""Two organisations with the same people, rooms and ids, and a random word in every field that says whose it is.

Whoever reads a word they have no business with has found a leak: a `Twin` knows for each of its words who may. Ids
and names being equal, no accident of numbering hides one: `r3` of one is `r3` of the other.
"""

import hashlib
import io
import re
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.utils import timezone
from PIL import Image

from accounts import groups, handover, invitations, people, pictures, profile_fields, profiles, statuses
from accounts.encryption import encrypt
from accounts.models import OrganisationSetting, Person, ProfileField
from chat import attachments, changes, polls, previews, revisions, room_settings, rooms, sections
from chat.changes import delete_message, edit_message
from chat.custom_emoji import add_emoji
from chat.forwarding import forward_message
from chat.listing import new_poll, new_todo
from chat.messages import post_messages
from chat.models import (
    Draft,
    Import,
    ImportedFile,
    ImportedPerson,
    ImportedRoom,
    LinkPreview,
    Message,
    MessagePreview,
    Reminder,
    Room,
    SavedMessage,
    ScheduledMessage,
)
from chat.moving import move_message
from chat.pins import pin_message
from chat.posts import Post, Posted
from chat.reactions import add_reaction
from chat.search import keeping
from notifications.inbox import notify
from tenants import provisioning
from tenants.db import in_organisation
from tenants.models import Organisation
from tests.sockets import session_cookie

NOBODY, ALICE, BOB, CHARLIE, DANA = "nobody", "alice", "bob", "charlie", "dana"
CAST = (ALICE, BOB, CHARLIE, DANA)
ROLES = {ALICE: "owner", BOB: "member", CHARLIE: "member", DANA: "guest"}
EVERYBODY = frozenset({NOBODY, *CAST})
STAFF = frozenset({ALICE, BOB, CHARLIE})  # all but the guest
NOT_CHARLIE = frozenset({ALICE, BOB, DANA})
TALK = "kingfisher"  # a word that every message has, to search for

_PREFIX = "zqx"
_WORD = re.compile(rf"{_PREFIX}[bcdfghjklmnp]{{12}}", re.IGNORECASE)


@dataclass
class Twin:
    """One of the two. `readers` maps each canary to the names of those who may see it."""

    organisation: Organisation
    readers: dict[str, frozenset[str]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    rooms: dict[str, int] = field(default_factory=dict)
    messages: dict[str, tuple[int, int]] = field(default_factory=dict)  # (room, message)
    notifications: dict[str, int] = field(default_factory=dict)
    scheduled: dict[str, int] = field(default_factory=dict)
    drafts: dict[str, int] = field(default_factory=dict)
    reminders: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)  # by the room's label; "unposted" is one of Alice's
    groups: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, int] = field(default_factory=dict)
    invitations: list[int] = field(default_factory=list)
    link_token: str = ""
    hand_over_token: str = ""
    picture_version: str = ""
    section: int = 0  # Alice's
    preview: int = 0  # of a link in #vault
    preview_version: str = ""
    imported: int = 0
    emoji: int = 0
    emoji_version: str = ""

    @property
    def host(self) -> str:
        return self.organisation.host

    def canary(self, label: str, readers: frozenset[str] = frozenset()) -> str:
        """A new word that only `readers` may ever see."""
        word = new_word()
        self.readers[word], self.labels[word] = readers, label
        return word

    def readers_of(self, label: str) -> frozenset[str]:
        """Who may see what a canary marks."""
        (word,) = (word for word, labelled in self.labels.items() if labelled == label)
        return self.readers[word]

    def ids(self) -> dict[str, Any]:
        """Everything that must be equal in both."""
        return {
            "people": {name: person.pk for name, person in self.people.items()},
            "rooms": self.rooms,
            "messages": self.messages,
            "notifications": self.notifications,
            "scheduled": self.scheduled,
            "drafts": self.drafts,
            "reminders": self.reminders,
            "files": self.files,
            "groups": self.groups,
            "sessions": self.sessions,
            "invitations": self.invitations,
            "preview": self.preview,
            "imported": self.imported,
            "emoji": self.emoji,
            "section": self.section,
        }

    @property
    def secrets(self) -> dict[str, str]:
        """What lets somebody in, by what it is: no page ever shows it, to whomever."""
        sessions = {f"the session of {name}": cookie for name, cookie in self.cookies.items()}
        return {**sessions, "a hand-over": self.hand_over_token, "the schema": self.organisation.schema_name}

    def leaked(self, reader: str, data: bytes | str) -> list[str]:
        """What of this organisation is in `data` that `reader` (a name, "" for a stranger) may not see."""
        text = data.decode(errors="replace") if isinstance(data, bytes) else data
        words = [word for word in words_in(text) if word in self.readers]
        found = [self.labels[word] for word in words if reader not in self.readers[word]]
        return sorted(found + [label for label, secret in self.secrets.items() if secret in text])


def new_word() -> str:
    return _PREFIX + "".join(secrets.choice("bcdfghjklmnp") for _ in range(12))


def words_in(data: bytes | str) -> set[str]:
    text = data.decode(errors="replace") if isinstance(data, bytes) else data
    return {word.lower() for word in _WORD.findall(text)}


def build() -> Twin:
    """Claim a spare schema and fill it; the same steps in the same order give the same ids."""
    twin = Twin(organisation=None)  # type: ignore[arg-type]
    name, address = twin.canary("the organisation's name", EVERYBODY), twin.canary("the address", EVERYBODY)
    twin.organisation = provisioning.claim(f"Twin {name}", address)
    with in_organisation(twin.organisation):
        _people(twin)
        _groups(twin)
        _rooms(twin)
        _ways_in(twin)
        _rest(twin)
    for person_name, person in twin.people.items():
        twin.cookies[person_name] = session_cookie(person)
    with in_organisation(twin.organisation):
        for session in UserSession.objects.select_related("user").order_by("pk"):
            owner = session.user.email.partition("@")[0]
            session.user_agent = f"Mozilla/5.0 {twin.canary('a session', frozenset({owner}))}"
            session.data = {"note": twin.canary("a session's data")}
            session.ip = "127.0.0.1"  # as visits have it, which note it every few minutes: that is no change
            session.save()
            twin.sessions[owner] = session.pk
    with connection.cursor() as cursor:  # or the first test that runs jobs would run those of making it
        cursor.execute("delete from procrastinate_jobs")
    return twin


def _people(twin: Twin) -> None:
    fields: list[ProfileField] = []
    for name in CAST:
        email = twin.canary(f"the address of {name}", frozenset({name, ALICE}))
        known_to = STAFF if name == CHARLIE else EVERYBODY - {NOBODY}
        person = people.create_person(
            email=f"{name}@{email}.example",
            name=f"{name.title()} {twin.canary(f'the name of {name}', known_to)}",
            role=ROLES[name],
            password=None,
        )
        profiles.update_profile(
            person,
            name=person.name,
            time_zone="UTC",
            title=f"of {twin.canary(f'the title of {name}', known_to)}",
        )
        if not fields:
            called = twin.canary("the name of a field", EVERYBODY - {NOBODY})
            choices = [
                f"{choice} {twin.canary('a choice', EVERYBODY - {NOBODY})}" for choice in ("one", "two")
            ]
            fields.append(profile_fields.add_field(person, called, "text"))
            fields.append(profile_fields.add_field(person, f"{called} choice", "choice", choices))
        filled = f"said {twin.canary(f'what {name} filled in', known_to)}"
        profile_fields.fill_in(person, {fields[0].pk: filled})
        said = twin.canary(f"the status of {name}", known_to)
        statuses.set_status(person, emoji="🌴", text=f"at {said}", until=None)
        person.organisation = twin.organisation  # type: ignore[attr-defined]
        twin.people[name] = person
    upload = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(upload, "PNG")
    upload.seek(0)
    pictures.set_picture(twin.people[BOB], upload, upload.getbuffer().nbytes)
    twin.picture_version = twin.people[BOB].picture_version


def _groups(twin: Twin) -> None:
    """A guest knows of the groups that they are in, and of the people in them whom they know of."""
    alice = twin.people[ALICE]
    for label, names, readers in (
        ("crew", (BOB, CHARLIE, DANA), EVERYBODY - {NOBODY}),
        ("staff", (BOB,), STAFF),
    ):
        handle = twin.canary(f"the handle of @{label}", readers)
        made = groups.create_group(alice, handle, f"About {twin.canary(f'what @{label} is for', readers)}")
        for name in names:
            groups.set_member(alice, made.pk, twin.people[name].pk, is_member=True)
        twin.groups[label] = made.pk


def _rooms(twin: Twin) -> None:
    alice, bob, dana = (twin.people[name] for name in (ALICE, BOB, DANA))
    twin.rooms["general"] = Room.objects.get(is_default=True).pk
    kinds = {
        "design": (Room.Kind.PRIVATE, [bob.pk, dana.pk], NOT_CHARLIE),
        "lounge": (Room.Kind.PUBLIC, [bob.pk], STAFF),
        "vault": (Room.Kind.PRIVATE, [bob.pk], frozenset({ALICE, BOB})),
        "attic": (Room.Kind.PRIVATE, [bob.pk], frozenset({ALICE, BOB})),
    }
    for label, (kind, members, readers) in kinds.items():
        room = rooms.create_room(
            alice,
            name=f"{label} {twin.canary(f'the name of #{label}', readers)}",
            kind=kind,
            topic=f"All about {twin.canary(f'the topic of #{label}', readers)}",
            members=members,
        )
        twin.rooms[label] = room.pk
        word = twin.canary(f"the description of #{label}", readers)
        room_settings.settle_room(alice, room.pk, description=f"For {word}")
    twin.rooms["direct"] = rooms.open_direct(alice, [bob.pk]).pk
    for label, readers in (
        ("general", STAFF),
        ("design", NOT_CHARLIE),
        ("lounge", STAFF),
        ("vault", frozenset({ALICE, BOB})),
        ("direct", frozenset({ALICE, BOB})),
    ):
        word = twin.canary(f"a message in {label}", readers)
        twin.messages[label] = _say(alice, twin.rooms[label], f"{TALK} @{bob.name} {word}")
    for label in ("design", "vault"):
        add_reaction(bob, *twin.messages[label], "🎉")
        pin_message(bob, *twin.messages[label])
        word = twin.canary(f"a reply in {label}", twin.readers_of(f"a message in {label}"))
        twin.messages[f"reply in {label}"] = _say(
            bob, twin.rooms[label], f"{TALK} {word}", thread_id=twin.messages[label][1]
        )
    _edited_and_deleted(twin)
    _lists(twin)
    _quoted_and_carried(twin)
    _files(twin)
    _link_preview(twin)
    _put_by(twin)
    for file_id in twin.files.values():
        keeping.take_words(file_id)
    keeping.keep()  # and with it the words of all messages
    _import(twin)
    rooms.archive_room(alice, twin.rooms["attic"])
    name = twin.canary("the name of a section", frozenset({ALICE}))
    twin.section = sections.create_section(alice, name, twin.rooms["vault"]).pk


def _edited_and_deleted(twin: Twin) -> None:
    alice, room_id = twin.people[ALICE], twin.rooms["design"]
    edited = twin.messages["edited"] = _say(
        alice, room_id, f"{TALK} {twin.canary('an edited text', NOT_CHARLIE)}"
    )
    edit_message(alice, *edited, f"{TALK} {twin.canary('the new text', NOT_CHARLIE)}")
    deleted = twin.messages["deleted"] = _say(alice, room_id, f"{TALK} {twin.canary('a deleted text')}")
    delete_message(alice, *deleted)


def _lists(twin: Twin) -> None:
    alice, room_id = twin.people[ALICE], twin.rooms["design"]
    options = [twin.canary("a poll's option", NOT_CHARLIE), twin.canary("another option", NOT_CHARLIE)]
    items = [twin.canary("a to-do item", NOT_CHARLIE)]
    for label, wanted in (("poll", new_poll(options, minutes=60)), ("todo", new_todo(items))):
        post = Post(alice.pk, room_id, uuid.uuid4(), TALK, new_list=wanted)
        (posted,) = post_messages([post])
        assert isinstance(posted, Posted), posted
        twin.messages[label] = room_id, posted.message_id
    polls.vote(twin.people[BOB], *twin.messages["poll"], 1)


def _quoted_and_carried(twin: Twin) -> None:
    """A link to a message of #vault where more people read; words of #vault in a direct message, forwarded and moved."""
    alice, few = twin.people[ALICE], frozenset({ALICE, BOB})
    vault, secret = twin.messages["vault"]
    link = twin.organisation.url(f"/rooms/r{vault}/?message=m{secret}")
    twin.messages["quoting"] = _say(alice, twin.rooms["lounge"], f"{TALK} {link}")
    said = _say(alice, vault, f"{TALK} {twin.canary('a forwarded text', few)}")
    direct = twin.rooms["direct"]
    forwarded = forward_message(alice, *said, direct, uuid.uuid4(), twin.canary("words of a forward", few))
    twin.messages["forward"] = direct, forwarded.message_id
    twin.messages["moved away"] = _say(alice, vault, f"{TALK} {twin.canary('a moved text', few)}")
    twin.messages["moved"] = direct, move_message(alice, *twin.messages["moved away"], direct).pk


def _files(twin: Twin) -> None:
    """A text in three rooms, which its name and its words belong to; a picture with its thumbnail; one not posted."""
    for label, readers in (("design", NOT_CHARLIE), ("lounge", STAFF), ("vault", frozenset({ALICE, BOB}))):
        text = twin.canary(f"the text of a file in {label}", readers)
        twin.files[label] = _upload(
            twin, label, twin.canary(f"the name of a file in {label}", readers), text.encode()
        )
        _say(twin.people[ALICE], twin.rooms[label], TALK, twin.files[label])
    pixels = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(pixels, "PNG")
    name = twin.canary("the name of a picture", NOT_CHARLIE)
    twin.files["picture"] = _upload(twin, "design", name, pixels.getvalue())
    previews.prepare(twin.files["picture"])
    _say(twin.people[ALICE], twin.rooms["design"], TALK, twin.files["picture"])
    own = frozenset({ALICE})
    unposted = twin.canary("the text of a file not posted", own)
    twin.files["unposted"] = _upload(
        twin, "design", twin.canary("the name of a file not posted", own), unposted.encode()
    )


def _upload(twin: Twin, label: str, name: str, content: bytes) -> int:
    upload = SimpleUploadedFile(f"{name}.txt", content)
    return attachments.receive(twin.people[ALICE], twin.rooms[label], upload).pk


@transaction.atomic
def _link_preview(twin: Twin) -> None:
    """A card, as the worker would have found it."""
    readers = frozenset({ALICE, BOB})
    address = f"https://page.example/{twin.canary('the address of a link', readers)}"
    room_id, message_id = twin.messages["link"] = _say(
        twin.people[ALICE], twin.rooms["vault"], f"{TALK} {address}"
    )
    picture = default_storage.save(
        f"{twin.organisation.schema_name}/previews/{secrets.token_hex(12)}.webp", ContentFile(b"a picture")
    )
    preview = LinkPreview.objects.create(
        url=address,
        url_hash=hashlib.sha256(address.encode()).digest(),
        state=LinkPreview.State.READY,
        fetched_at=timezone.now(),
        title=twin.canary("a preview's title", readers),
        description=twin.canary("a preview's description", readers),
        site=twin.canary("a preview's site", readers),
        picture=picture,
    )
    MessagePreview.objects.create(message_id=message_id, preview=preview, number=0, shown=True)
    changes.redraw(revisions.locked(room_id), Message.objects.get(pk=message_id))
    twin.preview, twin.preview_version = preview.pk, preview.picture_version


def _put_by(twin: Twin) -> None:
    """Everybody has saved everything, and wants to be reminded of it, also of what they may not read any more."""
    soon = timezone.now() + timedelta(days=1)
    for name, person in twin.people.items():
        own = twin.canary(f"a reminder of {name}", frozenset({name}))
        twin.reminders[name] = Reminder.objects.create(person=person, text=own, due_at=soon).pk
        begun = twin.canary(f"a draft of {name}", frozenset({name}))
        for room in Room.objects.order_by("pk"):
            draft = Draft.objects.create(
                person=person, room=room, text=begun, changed_at=timezone.now(), page=begun
            )
            twin.drafts[name] = draft.pk
            scheduled = ScheduledMessage.objects.create(
                person=person,
                room=room,
                text=begun,
                send_at=soon,
                client_id=uuid.uuid4(),
                problem=twin.canary(f"what keeps a message of {name} in {room.pk}", frozenset({name})),
            )
            twin.scheduled[name] = scheduled.pk
        Reminder.objects.bulk_create(
            Reminder(person=person, message=message, due_at=soon)
            for message in Message.objects.order_by("pk")
        )
        for number, message in enumerate(Message.objects.order_by("pk")):
            SavedMessage.objects.create(
                person=person, message=message, done_at=timezone.now() if number % 2 else None
            )


def _say(
    person: Person, room_id: int, text: str, *files: int, thread_id: int | None = None
) -> tuple[int, int]:
    (posted,) = post_messages([Post(person.pk, room_id, uuid.uuid4(), text, files, thread_id)])
    assert isinstance(posted, Posted), posted
    return room_id, posted.message_id


def _ways_in(twin: Twin) -> None:
    alice = twin.people[ALICE]
    address = twin.canary("an invited address", frozenset({ALICE}))
    twin.invitations.append(invitations.invite(alice, f"eve@{address}.example", "member").pk)
    link = invitations.make_link(alice, "member", most_uses=5)
    twin.invitations.append(link.invitation.pk)
    twin.link_token = link.url.rstrip("/").rpartition("/")[2]
    twin.hand_over_token = handover.make(alice)
    for name, person in twin.people.items():
        own = frozenset({name})
        entry = notify(
            twin.organisation,
            person,
            f"Note {twin.canary(f'the note of {name}', own)}",
            f"About {twin.canary(f'the text of the note of {name}', own)}",
            f"/search/?q={twin.canary(f'the link of the note of {name}', own)}",
        )
        twin.notifications[name] = entry.pk


def _import(twin: Twin) -> None:
    """One that was checked, and what one leaves; only administrators read the report."""
    alice, staff = twin.people[ALICE], frozenset({ALICE})
    report = {
        "counts": {"messages": 1},
        "people": [{"name": twin.canary("a name in a report", staff), "here": "Alice", "email": ""}],
        "rooms": [{"name": twin.canary("a room in a report", staff), "kind": "private", "messages": 1}],
        "problems": {"empty": {"count": 1, "examples": [twin.canary("an example in a report", staff)]}},
    }
    source = f"slack:{twin.canary('the source of an import')}"
    made = Import.objects.create(
        source=source,
        name=f"{twin.canary('the name of an export', staff)}.zip",
        digest=twin.canary("the digest of an export"),
        state=Import.State.REFUSED,
        detail=twin.canary("why an import was refused", staff),
        begun_by=alice,
        total=1,
        report=report,
    )
    ImportedRoom.objects.create(
        imported_by=made,
        source=source,
        channel=twin.canary("an imported channel"),
        room_id=twin.rooms["vault"],
    )
    ImportedPerson.objects.create(
        source=source, key=twin.canary("the key of an imported person"), person=twin.people[BOB]
    )
    ImportedFile.objects.create(
        imported_by=made,
        message_id=twin.messages["vault"][1],
        address=twin.canary("the address of a file elsewhere"),
        name=twin.canary("the name of a file elsewhere"),
        content_type=twin.canary("the type of a file elsewhere"),
        line=twin.canary("the line of a file elsewhere"),
    )
    twin.imported = made.pk


def _rest(twin: Twin) -> None:
    """What other parts keep: no page of ours shows it to anybody but, at most, its person."""
    alice = twin.people[ALICE]
    OrganisationSetting.objects.create(
        name=twin.canary("a setting's name"), value={"set": twin.canary("a setting")}, changed_by=alice
    )
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(picture, "PNG")
    named = twin.canary("the name of an emoji", EVERYBODY - {NOBODY})
    own = add_emoji(alice, named, io.BytesIO(picture.getvalue()), 100)
    twin.emoji, twin.emoji_version = own.pk, own.version
    Group.objects.create(name=twin.canary("a group"))
    LogEntry.objects.create(
        user=alice,
        action_flag=1,
        object_id=twin.canary("a log entry's object"),
        object_repr=twin.canary("a log entry"),
        change_message=twin.canary("a log entry's message"),
    )
    EmailConfirmation.objects.create(
        email_address=EmailAddress.objects.get(user=alice),
        key=twin.canary("a confirmation"),
        sent=timezone.now(),
    )
    Authenticator.objects.create(
        user=twin.people[CHARLIE],
        type="recovery_codes",
        data={"seed": encrypt("00" * 20), "used_mask": 0, "note": twin.canary("a second factor")},
    )
    account = SocialAccount.objects.create(
        user=alice,
        provider="saml",
        uid=twin.canary("an account elsewhere"),
        extra_data={"name": twin.canary("an account's data")},
    )
    app = SocialApp.objects.create(
        provider="saml",
        provider_id=twin.canary("a provider's name"),
        name=twin.canary("a provider"),
        client_id=twin.canary("a client"),
        secret=twin.canary("a client's secret"),
        key=twin.canary("a client's key"),
        settings={"server": twin.canary("a provider's settings")},
    )
    SocialToken.objects.create(
        app=app, account=account, token=twin.canary("a token"), token_secret=twin.canary("a token's secret")
    )
