"""What the worker does with a new file: ask the virus scanner, draw a thumbnail, and show both on the message."""

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from chat import changes, revisions
from chat.files import scanning, storing, thumbnails
from chat.files.unused import delete_unused
from chat.models import Attachment, Message
from chat.search import keeping

log = structlog.get_logger(__name__)
_CHANGED = ["state", "kind", "thumbnail", "width", "height", "excerpt"]


def prepare(attachment_id: int) -> None:
    """Scan and draw a file, and draw its message again. Doing it twice does no harm. Inside the organisation.

    Raises scanning.ScannerFailed: the file stays where nobody can have it, until this is tried again.
    """
    attachment = Attachment.objects.filter(pk=attachment_id).exclude(state=Attachment.State.RECEIVING).first()
    if attachment is None or attachment.state == Attachment.State.REFUSED:
        return
    if attachment.state == Attachment.State.SCANNING:
        _scan(attachment)
    if attachment.is_ready:
        _draw(attachment)
    _save(attachment)
    keeping.take_words(attachment_id)


def _scan(attachment: Attachment) -> None:
    name = attachment.stored
    try:
        found = scanning.find_virus(settings.CLAMAV_URL, storing.read(name, 0, attachment.size))
    except scanning.TooLargeToScan:
        found = "larger than the scanner takes"
    if found:
        log.warning("a file was refused", attachment=attachment.pk, found=found)
        attachment.state, attachment.excerpt = Attachment.State.REFUSED, ""
        storing.delete([name])
    else:
        attachment.state = Attachment.State.READY


def _draw(attachment: Attachment) -> None:
    """Make its thumbnail. What can't be drawn is a file like any other from now on, and no picture."""
    name = attachment.stored
    wanted = attachment.kind
    if wanted not in (Attachment.Kind.IMAGE, Attachment.Kind.PDF):
        return
    try:
        with default_storage.open(name) as file:
            if wanted == Attachment.Kind.IMAGE:
                content = thumbnails.of_image(file)
            else:
                content, attachment.width, attachment.height = thumbnails.of_pdf(file)
    except thumbnails.NoPicture as error:
        log.info("a file has no picture", attachment=attachment.pk, kind=wanted, error=str(error))
        if wanted == Attachment.Kind.IMAGE:
            attachment.kind, attachment.width, attachment.height = Attachment.Kind.OTHER, 0, 0
        return
    thumbnail = storing.thumbnail_name(name)
    default_storage.delete(thumbnail)  # of an attempt that was rolled back
    attachment.thumbnail.name = default_storage.save(thumbnail, ContentFile(content))


@transaction.atomic
def _save(attachment: Attachment) -> None:
    """The room is locked before the file, as when posting: the message is drawn with the thumbnail by one of the two."""
    found = Attachment.objects.filter(pk=attachment.pk)
    rooms = revisions.locked_all(lambda: found.values_list("room_id", flat=True))
    present = found.select_for_update().first()
    if present is None:  # deleted meanwhile, and its file with it
        delete_unused([attachment.stored])
        return
    attachment.message_id = present.message_id
    attachment.save(update_fields=_CHANGED)
    posted = Message.objects.filter(deleted_at__isnull=True)
    if present.message_id and (message := posted.filter(pk=present.message_id).first()):
        changes.redraw(rooms[present.room_id], message)
