"""Files of a room: receiving them, finding one for a person, giving one up. What draws them is `chat.previews`.

A file is counted before it is stored and stored before it is posted (docs/files.md), so whatever breaks in between leaves
a row that names it: a job deletes what was not posted within a day, and the file with it.
"""

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.organisation_settings import organisation_settings
from chat import access
from chat.files import contents, storing
from chat.jobs import UNPOSTED_FOR, delete_files, delete_unposted, prepare_file, take_file_words
from chat.models import Attachment, Message, Room
from tenants.jobs import enqueue

if TYPE_CHECKING:
    from accounts.models import Person

LONGEST_NAME = 255
MOST_TOGETHER = 20  # files of one message
_PREPARED = (Attachment.Kind.IMAGE, Attachment.Kind.PDF)
_LOCK = "select pg_advisory_xact_lock(hashtext(current_schema() || ':files'))"


class FileRefused(ValueError):
    """Nothing was kept; `code` and `detail` are for the person. Codes: empty, too_large, quota, forbidden, archived."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class Usage:
    """What an organisation stores, in bytes. `quota` is 0 where there is no limit."""

    files: int
    used: int
    quota: int


def receive(person: "Person", room_id: int, upload: UploadedFile) -> Attachment:
    """Keep `upload` for a message that `person` is about to post. Raises Room.DoesNotExist for what they can't see,
    FileRefused, and OSError where the storage fails: then nothing is left of it.
    """
    _check(person, room_id, upload.size or 0)
    kept = _keep(person.pk, room_id, upload)
    begin_preparing(kept)
    return kept


def receive_for(message: Message, name: str, content: bytes) -> Attachment:
    """Keep a file of a message that came from elsewhere, which its author could not upload here. It is not yet the
    message's: `begin_preparing` follows once it is. Raises FileRefused, and OSError where the storage fails.
    """
    _check_size(len(content))
    return _keep(message.author_id, message.room_id, ContentFile(content, name))


def _keep(person_id: int, room_id: int, upload: File) -> Attachment:
    size = upload.size or 0
    found = contents.recognise(upload.file)  # type: ignore[arg-type]
    attachment = Attachment(
        room_id=room_id,
        uploader_id=person_id,
        name=clean_name(upload.name or ""),
        size=size,
        content_type=found.content_type,
        kind=found.kind,
        width=found.width,
        height=found.height,
        excerpt=found.excerpt,
        file=storing.new_name(),
    )
    _count(attachment)
    try:
        default_storage.save(attachment.stored, upload)
    except BaseException:
        _delete(Attachment.objects.filter(pk=attachment.pk, message__isnull=True))
        raise
    return attachment


def _check(person: "Person", room_id: int, size: int) -> None:
    room = access.room_for(person, room_id)
    if access.membership_of(person, room_id) is None:
        raise FileRefused("forbidden", _("Join the room first."))
    if room.is_archived:
        raise FileRefused("archived", _("This room is archived: it can be read, not written to."))
    _check_size(size)


def _check_size(size: int) -> None:
    if not size:
        raise FileRefused("empty", _("This file is empty."))
    if size > settings.LARGEST_FILE:
        detail = _("This file is larger than %(most)s MB.") % {"most": settings.LARGEST_FILE // 1024**2}
        raise FileRefused("too_large", detail)


@transaction.atomic
def _count(attachment: Attachment) -> None:
    """Insert the row, if the organisation has room for its bytes. Two at once take turns, so both can't have the last."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
    usage = usage_of_organisation()
    if usage.quota and usage.used + attachment.size > usage.quota:
        raise FileRefused(
            "quota", _("There is no space left for this file. An administrator can see what is used.")
        )
    attachment.save(force_insert=True)
    enqueue(delete_unposted, at=timezone.now() + UNPOSTED_FOR)


@transaction.atomic
def begin_preparing(attachment: Attachment) -> None:
    """The file is stored: let it be scanned and drawn. Its state changes."""
    state = Attachment.State.SCANNING if settings.CLAMAV_URL else Attachment.State.READY
    attachment.state = state
    attachment.save(update_fields=["state"])
    if settings.CLAMAV_URL or attachment.kind in _PREPARED:
        enqueue(prepare_file, attachment_id=attachment.pk)
    else:
        enqueue(take_file_words, attachment_id=attachment.pk)


def clean_name(name: str) -> str:
    """A file's name as it is shown and offered: the last part of a path, without what can't be seen or turns the
    rest of the line around."""
    last = name.replace("\\", "/").rpartition("/")[2]
    seen = "".join(
        one for one in last if unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    )
    stem, ending = os.path.splitext(" ".join(seen.split()))
    ending = ending[:20]
    return (stem[: LONGEST_NAME - len(ending)] + ending).strip(" .") or _("file")


def discard(person: "Person", room_id: int, attachment_id: int) -> None:
    """Give up a file that was not posted. Raises Attachment.DoesNotExist for anything else than one's own."""
    own = Attachment.objects.filter(room_id=room_id, uploader=person, message__isnull=True)
    if not _delete(own.filter(pk=attachment_id)):
        raise Attachment.DoesNotExist


def delete_of(messages: Sequence[Message]) -> None:
    """The files of messages that are being deleted. In their transaction; one query where they have none."""
    _delete(Attachment.objects.filter(message__in=messages))


@transaction.atomic
def _delete(found: QuerySet[Attachment]) -> int:
    """Delete the rows now, their files as soon as that is committed: a job, because a process could die in between."""
    rows = list(found.select_for_update().values_list("pk", "file"))
    if rows:
        Attachment.objects.filter(pk__in=[pk for pk, _ in rows]).delete()
        enqueue(delete_files, names=[name for _, name in rows])
    return len(rows)


def file_for(person: "Person", room_id: int, attachment_id: int) -> Attachment:
    """The file, if `person` may read its message, or has it not posted yet. Raises Attachment.DoesNotExist. One query."""
    posted = Q(message__isnull=False, message__deleted_at__isnull=True)
    mine = Q(message__isnull=True, uploader=person)
    found = Attachment.objects.filter(posted | mine, room__in=access.visible_rooms(person))
    return found.get(pk=attachment_id, room_id=room_id)


def files_of(room: Room, kind: str = "", before: int = 0, limit: int = 40) -> list[Attachment]:
    """The files posted to a room, newest first; one more than `limit` when there are more. One query."""
    found = Attachment.objects.filter(room=room, message__isnull=False, message__deleted_at__isnull=True)
    # A reply in a thread has no position of its own.
    found = found.exclude(message__position__lt=room.first_position).exclude(state=Attachment.State.REFUSED)
    if kind:
        found = found.filter(kind=kind)
    if before:
        found = found.filter(pk__lt=before)
    return list(found.select_related("message", "uploader").order_by("-pk")[: limit + 1])


def usage_of_organisation() -> Usage:
    """What the entered organisation stores, previews aside. One query, and one for its settings at times."""
    counted = Attachment.objects.aggregate(files=Count("pk"), used=Sum("size", default=0))
    return Usage(counted["files"], counted["used"], quota())


def quota() -> int:
    """The bytes that the entered organisation may store; 0 where neither it nor the deployment set a limit."""
    chosen = organisation_settings().file_quota * 1024**3
    limits = [limit for limit in (chosen, settings.FILE_QUOTA) if limit]
    return min(limits, default=0)
