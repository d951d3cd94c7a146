"""Background work of chat."""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.utils import timezone

from chat import previews
from chat.files import storing
from chat.files.scanning import ScannerFailed
from chat.link_previews import attached
from chat.models import Attachment
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
def delete_files(organisation: Organisation, *, names: Sequence[str]) -> None:
    """Delete files whose rows are gone, with their thumbnails."""
    storing.delete(names)


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


@public_job(every="41 3 * * *")
def tidy_up() -> None:
    """Forget, in every organisation, what no message needs any more."""
    enqueue_for_everyone(forget_unused_previews)


@job()
def forget_unused_previews(organisation: Organisation) -> None:
    """Delete the link previews of one organisation to which no message links."""
    attached.forget_unused()
