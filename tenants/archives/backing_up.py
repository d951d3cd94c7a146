"""From an organisation to an archive."""

from collections.abc import Callable, Collection
from typing import BinaryIO

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from tenants.archives import files, tables
from tenants.archives.manifest import Manifest, OwnDomain, Registry, StoredFile, Table
from tenants.archives.pace import Pace
from tenants.archives.writing import ArchiveWriter
from tenants.db import in_organisation
from tenants.models import Organisation

type Report = Callable[[str], object]


def back_up(
    organisation: Organisation,
    file: BinaryIO,
    *,
    pace: Pace,
    report: Report,
    leave_out: Collection[str] = (),
) -> Manifest:
    """Write the organisation as it is at one moment to the empty `file`. Its people go on talking.

    Reads with the organisation's own role, in one snapshot. The rows of the tables `leave_out` are not in it. In
    `public`, outside of any transaction. Raises OSError where the disk or the storage fails.
    """
    writer = ArchiveWriter(file)
    with in_organisation(organisation), transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
        migrations = tables.applied_migrations()  # takes the snapshot
        stored = _files(organisation, writer, pace, report)
        found = tuple(_tables(writer, pace, report, leave_out))
        sequences = tuple(tables.sequences())
    manifest = Manifest(
        build=settings.BUILD,
        schema_version=organisation.schema_version,
        made_at=timezone.now(),
        organisation=_registry(organisation),
        domains=_domains(organisation),
        migrations=migrations,
        tables=found,
        sequences=sequences,
        files=stored,
        left_out=tuple(sorted(leave_out)),
    )
    writer.finish(manifest)
    return manifest


def _files(
    organisation: Organisation, writer: ArchiveWriter, pace: Pace, report: Report
) -> tuple[StoredFile, ...]:
    """First of all: what is replaced after the snapshot is deleted from the storage, and this comes soon after it."""
    stored = tuple(files.pack(organisation.schema_name, writer, pace))
    report(f"{len(stored):,} files")
    return stored


def _tables(writer: ArchiveWriter, pace: Pace, report: Report, leave_out: Collection[str]) -> list[Table]:
    found = []
    for name, columns in tables.columns().items():
        with writer.gzipped(f"tables/{name}.copy.gz") as write:
            rows, size = (0, 0) if name in leave_out else tables.copy_out(name, columns, write, pace)
        found.append(Table(name=name, columns=columns, rows=rows, bytes=size))
        if rows:
            report(f"{name}: {rows:,} rows")
    return found


def _registry(organisation: Organisation) -> Registry:
    return Registry(
        schema_name=organisation.schema_name,
        name=organisation.name,
        address=organisation.address or "",
        accent=organisation.accent,
        created_at=organisation.created_at,
    )


def _domains(organisation: Organisation) -> tuple[OwnDomain, ...]:
    own = organisation.domains.filter(is_primary=False).order_by("domain")
    return tuple(OwnDomain(domain=one.domain, verified_at=one.verified_at) for one in own)
