"""Background work of chat."""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.utils import timezone

from chat import drafts, due, polls, previews, retention, versions
from chat.files import storing
from chat.files.scanning import ScannerFailed
from chat.files.unused import delete_unused
from chat.link_previews import attached
from chat.models import Attachment
from chat.search import keeping
from tenants.jobs import enqueue, enqueue_for_everyone, job, public_job
from tenants.models import Organisation

log = structlog.get_logger(__name__)
SCAN_AGAIN = timedelta(minutes=1)
UNPOSTED_FOR = timedelta(days=1)


@job()
def prepare_file(organisation: Organisation, *, attachment_id: int) -> None:
    """Scan a file and draw its thumbnail. While the scanner does not answer, the file waits, however long."""
    try:
        previews.prepare(attachment_id)
    except ScannerFailed as error:
        log.warning("the virus scanner does not answer", error=str(error))
        enqueue(prepare_file, at=timezone.now() + SCAN_AGAIN, attachment_id=attachment_id)


@job()
def take_file_words(organisation: Organisation, *, attachment_id: int) -> None:
    """Let a file be found by its name and by what it says."""
    keeping.take_words(attachment_id)


@job()
def delete_files(organisation: Organisation, *, names: Sequence[str]) -> None:
    """Delete files whose rows are gone, with their thumbnails; not those that were forwarded and have others."""
    delete_unused(names)


@job()
def delete_unposted(organisation: Organisation) -> None:
    """Delete the files that were uploaded a day ago and never posted. Every upload enqueues it for a day later."""
    late = timezone.now() - UNPOSTED_FOR + timedelta(minutes=1)  # the database's clock may be behind ours
    found = Attachment.objects.select_for_update().filter(message__isnull=True, created_at__lt=late)
    for attachment in found:
        storing.delete(
            [attachment.stored]
        )  # first: what fails here is tried again while its row still names it
        attachment.delete()


@job(queue="previews")
def look_at_links(organisation: Organisation, *, preview_ids: Sequence[int]) -> None:
    """Look at the first of these pages; the others have a job of their own, so that each card comes when it is ready."""
    if len(preview_ids) > 1:
        enqueue(look_at_links, preview_ids=preview_ids[1:])
    attached.refresh(preview_ids[0])


@job()
def remind(organisation: Organisation, *, reminder_id: int) -> None:
    """Deliver a reminder. It is enqueued for its time, and again when that is changed."""
    due.deliver_reminder(reminder_id)


@job()
def send_scheduled(organisation: Organisation, *, scheduled_id: int) -> None:
    """Post a scheduled message. It is enqueued for its time, again when that is changed, and while a slow room makes it
    wait."""
    if wait := due.post_scheduled(scheduled_id):
        again = timezone.now() + timedelta(seconds=wait)
        enqueue(send_scheduled, at=again, once=f"{scheduled_id}", scheduled_id=scheduled_id)


@job()
def close_poll(organisation: Organisation, *, room_id: int, message_id: int) -> None:
    """End a poll whose time has come."""
    polls.close_when_due(room_id, message_id)


@public_job(every="5-59/10 * * * *")
def look_for_overdue() -> None:
    """See to what should have happened in any organisation, and did not."""
    enqueue_for_everyone(deliver_overdue)


@job()
def deliver_overdue(organisation: Organisation) -> None:
    """Give what is overdue another job: its own was dropped while the organisation was suspended, or is not in the archive
    of which it was restored."""
    for reminder_id in due.overdue_reminders():
        enqueue(remind, once=f"{reminder_id}", reminder_id=reminder_id)
    for scheduled_id in due.overdue_scheduled():
        enqueue(send_scheduled, once=f"{scheduled_id}", scheduled_id=scheduled_id)
    for room_id, message_id in due.overdue_polls():
        enqueue(close_poll, once=f"{message_id}", room_id=room_id, message_id=message_id)


@public_job(every="41 3 * * *")
def tidy_up() -> None:
    """Forget, in every organisation, what no message needs any more."""
    enqueue_for_everyone(forget_unused_previews)
    enqueue_for_everyone(forget_unused_words)
    enqueue_for_everyone(forget_unwanted_versions)
    enqueue_for_everyone(forget_emptied_drafts)


@public_job(every="23 2 * * *")
def keep_no_longer() -> None:
    """Forget, in every organisation, the messages that were kept long enough."""
    enqueue_for_everyone(forget_old_messages)


@job()
def forget_old_messages(organisation: Organisation) -> None:
    """A job for each room, so that none is locked while another one is tidied."""
    for room_id in retention.rooms_with_an_end():
        enqueue(forget_old_messages_of, room_id=room_id)


@job()
def forget_old_messages_of(organisation: Organisation, *, room_id: int) -> None:
    """One batch; what is left has a job of its own."""
    if retention.forget_some(room_id):
        enqueue(forget_old_messages_of, room_id=room_id)


@job()
def forget_unused_previews(organisation: Organisation) -> None:
    """Delete the link previews of one organisation to which no message links."""
    attached.forget_unused()


@public_job(every="*/10 * * * *")
def keep_searches() -> None:
    """See to what every organisation's search reads beside the words that are stored with each message."""
    enqueue_for_everyone(keep_search)


@job()
def keep_search(organisation: Organisation) -> None:
    """Index anew what is of an older version, learn new words, take files' words: some now, the rest in further jobs."""
    if keeping.keep():
        enqueue(keep_search, once="goes on")  # else each ten minutes of a long one would add a chain


@job()
def forget_unused_words(organisation: Organisation) -> None:
    """Forget the words that occur no more."""
    keeping.forget_unused_words()


@job()
def forget_unwanted_versions(organisation: Organisation) -> None:
    """Delete what one organisation's messages said before, if it wants that kept no more."""
    versions.forget_unwanted()


@job()
def forget_emptied_drafts(organisation: Organisation) -> None:
    """Forget where people sent or discarded something long ago."""
    drafts.forget_emptied()
