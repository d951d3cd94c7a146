"""Which messages show which cards: noted when a text is posted or edited, drawn when the worker has looked.

Everything happens inside the organisation. A text without links costs nothing here, not even a statement.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.organisation_settings import organisation_settings
from chat import access, changes, fragments, revisions, sql
from chat.link_previews.looking import Found, look_up
from chat.models import LinkPreview, Message, MessagePreview
from chat.parts import previews
from chat.text import links_of
from tenants.db import current_organisation
from tenants.outgoing import INTERNET, Outside

if TYPE_CHECKING:
    from accounts.models import Person

MOST = 3  # cards of a message
_FRESH = {LinkPreview.State.READY: timedelta(days=1), LinkPreview.State.NOTHING: timedelta(hours=1)}
_LONGEST_URL = 2_000
_UNUSED = timedelta(
    days=1
)  # an address can say as much as a message: it goes soon after the last one that had it

# In order of the hash, so that two batches with the same new links can't wait for each other in a circle.
_NOTE = """
insert into chat_linkpreview (url, url_hash, state, title, description, site, picture, width, height)
select url, url_hash, 'waiting', '', '', '', '', 0, 0 from unnest(%s::text[], %s::bytea[]) as link (url, url_hash)
order by url_hash on conflict (url_hash) do nothing
"""


@dataclass(frozen=True, slots=True)
class Attached:
    """The ids of messages whose fragment should show a card now, and of previews that the worker has to look at."""

    shown: frozenset[int] = frozenset()
    waiting: tuple[int, ...] = ()


def attach(messages: Sequence[Message]) -> Attached:
    """Note the links of messages just posted or edited, those that were noted before aside.

    Needs the transaction that locked their rooms. Four statements where somebody links to something, else none.
    """
    links = {message.pk: links for message in messages if (links := _links(message))}
    if not links:
        return Attached()
    known = _noted({url for urls in links.values() for url in urls})
    now = sql.clock()
    rows = [
        MessagePreview(
            message_id=message_id,
            preview=known[url],
            number=number,
            shown=known[url].state == LinkPreview.State.READY,
        )
        for message_id, urls in links.items()
        for number, url in enumerate(urls)
    ]
    MessagePreview.objects.bulk_create(rows, ignore_conflicts=True)
    return Attached(
        shown=frozenset(row.message_id for row in rows if row.shown),
        waiting=tuple(sorted(preview.pk for preview in known.values() if not _is_fresh(preview, now))),
    )


def draw_into(messages: Sequence[Message]) -> None:
    """Put the cards of messages that were posted in this transaction into their fragments, before these are told.

    Their rooms' counters are already taken, so this is no change of its own.
    """
    if not messages:
        return  # a query for nothing asks Postgres nothing, and took half of a plain post's time to build
    cards = previews.draw([message.pk for message in messages])
    for message in messages:
        message.html = fragments.with_parts(message.html, cards.get(message.pk, ""))
    Message.objects.bulk_update(messages, ["html"])


def reattach(message: Message) -> Attached:
    """After an edit: forget the links that are gone, note the new ones. It is among the `shown` if its cards are others
    now, or gone. A card that was removed stays so while its link stays.
    """
    before = list(MessagePreview.objects.filter(message=message).select_related("preview"))
    links = _links(message)
    if not before and not links:
        return Attached()
    gone = [row.pk for row in before if row.preview.url not in links]
    MessagePreview.objects.filter(pk__in=gone).delete()
    waiting = attach([message]).waiting
    now_shown = MessagePreview.objects.filter(message=message, shown=True)
    is_same = {row.preview_id for row in before if row.shown} == set(
        now_shown.values_list("preview_id", flat=True)
    )
    return Attached(frozenset() if is_same else frozenset({message.pk}), waiting)


def detach(messages: Sequence[Message]) -> None:
    """A tombstone links to nothing."""
    MessagePreview.objects.filter(message__in=messages).delete()


def refresh(preview_id: int, outside: Outside = INTERNET) -> None:
    """The worker's part: look at the page unless that was done lately, and draw the messages that wait for the card."""
    preview = LinkPreview.objects.filter(pk=preview_id).first()
    if preview is None or not is_on():
        return
    changed = False
    if not _is_fresh(preview, sql.clock()):
        changed = _store(preview, look_up(preview.url, outside))
    if preview.state == LinkPreview.State.READY:
        rows = MessagePreview.objects.filter(preview=preview, removed_at__isnull=True)
        _draw(rows if changed else rows.filter(shown=False))


@transaction.atomic
def remove(person: "Person", room_id: int, message_id: int, preview_id: int) -> None:
    """Take a card away from a message, for good. For its author and administrators.

    Raises Message.DoesNotExist, MessagePreview.DoesNotExist, and MessageRefused as `changes.changing` does.
    """
    room, message = changes.changing(person, room_id, message_id)
    row = MessagePreview.objects.get(message=message, preview_id=preview_id, removed_at__isnull=True)
    if not access.may_delete(person, message):
        raise changes.MessageRefused(
            "forbidden", _("Only its author or an administrator can remove a preview.")
        )
    row.removed_at, row.shown = sql.clock(), False
    row.save(update_fields=["removed_at", "shown"])
    changes.redraw(room, message)


def picture_for(person: "Person", preview_id: int, version: str) -> str:
    """The name of a card's picture in the storage, for who may read a message that shows it. One query.

    Raises LinkPreview.DoesNotExist.
    """
    visible = MessagePreview.objects.filter(
        message__room__in=access.visible_rooms(person),
        message__deleted_at__isnull=True,
        removed_at__isnull=True,
    )
    preview = LinkPreview.objects.exclude(picture="").get(
        pk=preview_id, pk__in=visible.filter(preview_id=preview_id).values("preview_id")
    )
    if preview.picture_version != version:
        raise LinkPreview.DoesNotExist
    return preview.picture


def forget_unused() -> None:
    """Delete the previews, with their pictures, to which no message links, if nobody has looked lately or ever."""
    used = MessagePreview.objects.filter(preview=OuterRef("pk"))
    old = Q(fetched_at__lt=sql.clock() - _UNUSED) | Q(fetched_at__isnull=True)
    unused = LinkPreview.objects.filter(old & ~Exists(used))
    pictures = [preview.picture for preview in unused.exclude(picture="")]
    unused.delete()
    transaction.on_commit(lambda: [default_storage.delete(picture) for picture in pictures])


def is_on() -> bool:
    """Whether this deployment and this organisation want pages looked up."""
    return bool(settings.LINK_PREVIEWS) and organisation_settings().link_previews


def _links(message: Message) -> list[str]:
    """The addresses of others in a message's text, at most MOST. A text without any is not even parsed."""
    if ' href="http' not in message.html or message.kind != Message.Kind.POST or not is_on():
        return []
    own = current_organisation().host.partition(":")[0]
    links = [url for url in links_of(message.text) if len(url) <= _LONGEST_URL and url.isascii()]
    return [url for url in links if not _is_ours(url, own)][:MOST]


def _is_ours(url: str, own_host: str) -> bool:
    """A page of this deployment: the worker is not signed in and would see nothing."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return True
    return host in (own_host, settings.BASE_DOMAIN) or host.endswith(f".{settings.BASE_DOMAIN}")


def _noted(urls: Collection[str]) -> dict[str, LinkPreview]:
    """The rows of these addresses, those that are new included. Two queries."""
    hashes = {hashlib.sha256(url.encode()).digest(): url for url in urls}
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [list(hashes.values()), list(hashes)])
    found = LinkPreview.objects.filter(url_hash__in=list(hashes))
    return {hashes[bytes(preview.url_hash)]: preview for preview in found}


def _is_fresh(preview: LinkPreview, now: datetime) -> bool:
    lasts = _FRESH.get(LinkPreview.State(preview.state))
    return lasts is not None and preview.fetched_at is not None and preview.fetched_at + lasts > now


def _store(preview: LinkPreview, found: Found | None) -> bool:
    """Keep what was found; returns whether the card is another one now. A page that is away keeps its card."""
    before = (preview.state, preview.title, preview.description, preview.site, preview.picture)
    preview.fetched_at = sql.clock()
    if found is None:
        if preview.state != LinkPreview.State.READY:
            preview.state = LinkPreview.State.NOTHING
        preview.save(update_fields=["fetched_at", "state"])
        return False
    preview.state = LinkPreview.State.READY
    preview.title, preview.description = found.summary.title, found.summary.description
    preview.site = found.summary.site
    _store_picture(preview, found)
    preview.save()
    return before != (preview.state, preview.title, preview.description, preview.site, preview.picture)


def _store_picture(preview: LinkPreview, found: Found) -> None:
    """The old file goes once the new one's name is committed; a new file without its row is swept with the old."""
    before = preview.picture
    if found.picture is None:
        preview.picture, preview.width, preview.height = "", 0, 0
    else:
        name = f"{current_organisation().schema_name}/previews/{secrets.token_hex(12)}.webp"
        preview.picture = default_storage.save(name, ContentFile(found.picture.content))
        preview.width, preview.height = found.picture.width, found.picture.height
    if before:
        transaction.on_commit(lambda: default_storage.delete(before))


def _draw(rows: Iterable[MessagePreview]) -> None:
    """Draw the messages of these rows again, wherever they were moved to meanwhile."""
    waiting = MessagePreview.objects.filter(pk__in=[row.pk for row in rows], removed_at__isnull=True)
    rooms = revisions.locked_all(lambda: waiting.values_list("message__room_id", flat=True))
    for row in waiting.select_related("message").order_by("message__room_id", "message_id"):
        if row.message.deleted_at is None:
            MessagePreview.objects.filter(pk=row.pk).update(shown=True)
            changes.redraw(rooms[row.message.room_id], row.message)
