"""Imports as administrators handle them: an uploaded export is checked, begun, cancelled, gone on with, thrown away.

Inside the organisation. The work is the worker's (`chat.jobs`); here its state changes, and jobs are enqueued with it.
"""

import hashlib
import secrets
import zipfile
from typing import TYPE_CHECKING

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.people import NotAllowed
from chat.jobs import delete_files
from chat.models import Import
from chat.slack import jobs
from chat.slack.archive import ExportRefused
from tenants.db import current_organisation
from tenants.jobs import enqueue

if TYPE_CHECKING:
    from accounts.models import Person

MOST_KEPT = 5  # exports that lie here at the same time


def receive(person: "Person", upload: UploadedFile) -> Import:
    """Keep an export and have it checked. Raises NotAllowed, ExportRefused, and OSError where the storage fails."""
    _require_right(person)
    file = upload.file
    if file is None or not zipfile.is_zipfile(file):
        raise ExportRefused("no_zip", _("This is no zip file as Slack makes it."))
    if Import.objects.exclude(file="").count() >= MOST_KEPT:
        raise ExportRefused("too_many", _("Several exports are here already. Finish or discard one first."))
    upload.seek(0)
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    name = f"{current_organisation().schema_name}/imports/{secrets.token_hex(16)}"
    stored = default_storage.save(name, upload)
    try:
        return _begin(person, upload.name or "", digest.hexdigest(), stored)
    except BaseException:
        default_storage.delete(stored)
        raise


@transaction.atomic
def _begin(person: "Person", name: str, digest: str, stored: str) -> Import:
    made = Import.objects.create(
        name=name.replace("\\", "/").rpartition("/")[2][:255], digest=digest, file=stored, begun_by=person
    )
    enqueue(jobs.check_import, import_id=made.pk)
    return made


@transaction.atomic
def begin(person: "Person", import_id: int) -> Import:
    """Begin an import that was checked, or go on with one that was cancelled. Anything else changes nothing.

    Raises NotAllowed, Import.DoesNotExist.
    """
    found = _locked(person, import_id)
    if found.state in (Import.State.READY, Import.State.CANCELLED) and found.file:
        found.state, found.begun_by = Import.State.RUNNING, person
        found.save(update_fields=["state", "begun_by"])
        enqueue(jobs.go_on_importing, import_id=found.pk)
    return found


@transaction.atomic
def cancel(person: "Person", import_id: int) -> Import:
    """Stop an import behind the piece that is being written. Raises as `begin`."""
    found = _locked(person, import_id)
    if found.state == Import.State.RUNNING:
        found.state = Import.State.CANCELLED
        found.save(update_fields=["state"])
    return found


@transaction.atomic
def discard(person: "Person", import_id: int) -> None:
    """Throw an export away that is not being imported, with the rooms it has begun and nobody has seen.

    What it has brought stays. Raises as `begin`.
    """
    found = _locked(person, import_id)
    over = (Import.State.RUNNING, Import.State.DONE, Import.State.DISCARDED)
    if found.state not in over:
        names = [found.file.name] if found.file else []
        found.state, found.file = Import.State.DISCARDED, ""
        found.save(update_fields=["state", "file"])
        enqueue(jobs.discard_import, import_id=found.pk)
        enqueue(delete_files, names=names)


def _locked(person: "Person", import_id: int) -> Import:
    _require_right(person)
    return Import.objects.select_for_update().get(pk=import_id)


def _require_right(person: "Person") -> None:
    if not person.is_administrator:
        raise NotAllowed(_("Only administrators can do this."))
