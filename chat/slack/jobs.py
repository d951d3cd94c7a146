"""Background work of imports. An import that another one keeps from the worker asks again in a moment."""

from datetime import timedelta

from django.utils import timezone

from chat.slack import fetching, working
from tenants.jobs import enqueue, enqueue_for_everyone, job, public_job
from tenants.models import Organisation

_AGAIN = timedelta(seconds=5)


@job(queue="imports", in_pieces=True)
def check_import(organisation: Organisation, *, import_id: int) -> None:
    """Examine an uploaded export."""
    try:
        working.check(import_id)
    except working.Busy:
        enqueue(check_import, at=timezone.now() + _AGAIN, once=f"{import_id}", import_id=import_id)


@job(queue="imports", in_pieces=True)
def go_on_importing(organisation: Organisation, *, import_id: int) -> None:
    """Import for some seconds, and leave what is left to a job behind those that wait."""
    try:
        over = working.go_on(import_id)
        enqueue(fetch_files if over else go_on_importing, once=f"{import_id}", import_id=import_id)
    except working.Busy:
        enqueue(go_on_importing, at=timezone.now() + _AGAIN, once=f"{import_id}", import_id=import_id)


@job(queue="imports", in_pieces=True)
def discard_import(organisation: Organisation, *, import_id: int) -> None:
    """Delete what an import has begun and not finished."""
    working.discard(import_id)


@job(queue="imports", in_pieces=True)
def fetch_files(organisation: Organisation, *, import_id: int) -> None:
    """Fetch a file that imported messages link to, and leave the next to a job behind those that wait."""
    if fetching.fetch_next(import_id):
        enqueue(fetch_files, once=f"{import_id}", import_id=import_id)


@public_job(every="7-59/10 * * * *")
def look_for_stalled() -> None:
    """See to imports of any organisation of which no job is left."""
    enqueue_for_everyone(resume_imports)


@job(queue="imports")
def resume_imports(organisation: Organisation) -> None:
    """Give what is under way a job: its own failed too often, was dropped while the organisation was suspended, or is not in
    the archive of which it was restored. Beside one that waits there is no second, and two chains become one."""
    for import_id in working.to_check():
        enqueue(check_import, once=f"{import_id}", import_id=import_id)
    for import_id in working.to_go_on():
        enqueue(go_on_importing, once=f"{import_id}", import_id=import_id)
    for import_id in working.with_files():
        enqueue(fetch_files, once=f"{import_id}", import_id=import_id)
