"""Files of imported messages: fetched by the worker, one after the other, and only from Slack.

Until a file is here its message links to it at Slack; then the file takes the link's place. What can't be had (the
token of the export has expired, the file is too large, there is no space left) leaves the link where it is.
"""

import structlog
from django.conf import settings
from django.db import transaction

from accounts.encryption import Unreadable, decrypt
from chat import attachments, changes, fragments, revisions, sql
from chat.attachments import FileRefused
from chat.models import Attachment, ImportedFile, ImportedRoom, Message
from chat.slack.translating import is_slacks_host
from tenants import outgoing

log = structlog.get_logger(__name__)

MOST_BYTES = 50 * 1024**2  # they are held in memory
_SECONDS = 30.0
_MOST_TRIES = 2
_PAGE = "text/html"  # how Slack answers who may not have a file: with its sign-in page


def fetch_next(import_id: int, outside: outgoing.Outside = outgoing.INTERNET) -> bool:
    """Fetch one file of an import, and say whether there may be more. Not in a transaction; up to 30 seconds."""
    wanted = ImportedFile.objects.filter(imported_by_id=import_id)
    wanted.filter(message__deleted_at__isnull=False).delete()
    half = ImportedRoom.objects.filter(imported_by_id=import_id, state=ImportedRoom.State.FILLING)
    complete = wanted.exclude(message__room_id__in=half.values("room_id"))
    row = complete.select_related("message").order_by("tries", "pk").first()
    if row is None:
        return False
    try:
        _place(row, _body(row, outside))
    except outgoing.FetchFailed as failed:
        log.info("a file of an import can't be fetched", file=row.pk, reason=str(failed))
        _try_again(row)
    except (FileRefused, Unreadable) as refused:
        log.info("a file of an import is not kept", file=row.pk, reason=str(refused))
        row.delete()
    return True


def _body(row: ImportedFile, outside: outgoing.Outside) -> bytes:
    answer = outgoing.fetch(
        decrypt(row.address),
        accept=("",),
        most=min(MOST_BYTES, settings.LARGEST_FILE),
        seconds=_SECONDS,
        outside=outside,
        may_ask=is_slacks_host,
    )
    if answer.cut:
        raise FileRefused("too_large", "larger than what is fetched")
    if answer.content_type == _PAGE and not row.content_type.startswith(_PAGE):
        raise FileRefused("forbidden", "a page instead of the file")
    return answer.body


def _try_again(row: ImportedFile) -> None:
    row.tries += 1
    if row.tries >= _MOST_TRIES:
        row.delete()
    else:
        row.save(update_fields=["tries"])


def _place(row: ImportedFile, content: bytes) -> None:
    """Store a file and give it to its message, in the place of the link. Of a message that was deleted meanwhile the row
    goes too, else it would be fetched for ever; of one that was moved it stays, and the file comes next time."""
    kept = attachments.receive_for(row.message, row.name, content)
    with transaction.atomic():
        room = revisions.locked(kept.room_id)
        message = Message.objects.get(pk=row.message_id)
        ours = ImportedFile.objects.filter(pk=row.pk, message_id=row.message_id).delete()[0]
        if ours and message.deleted_at is None:
            kept.message = message
            kept.place = Attachment.objects.filter(message=message).count()
            kept.save(update_fields=["message", "place"])
            attachments.begin_preparing(kept)
            message.text = _without(message.text, row.line)
            (rendered,) = fragments.render_all([message.text], [message.author_id])
            changes.redraw(room, message, ["text"], rendered)
            sql.replace_words(message, rendered)


def _without(text: str, line: str) -> str:
    """`text` without the first line that is `line`; as it is, where its author has changed that."""
    lines = text.split("\n")
    if line in lines:
        lines.remove(line)
    return "\n".join(lines).strip("\n")
