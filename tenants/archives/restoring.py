"""From an archive to an organisation: in place of the one it was made of, or as a new one."""

import uuid
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import BinaryIO

from django.db import connection, transaction

from tenants import hosts, provisioning, schemas
from tenants.addresses import AddressRefused, check_address
from tenants.archives import beside, files, litter, migrations, traces
from tenants.archives.backing_up import Report
from tenants.archives.errors import Refused
from tenants.archives.exclusive import alone_with, closed_aside
from tenants.archives.manifest import Manifest, Registry
from tenants.archives.pace import Pace
from tenants.archives.reading import ArchiveReader
from tenants.models import OPERATORS_ADDRESS, Domain, Organisation, ReleasedAddress


@dataclass(frozen=True)
class Target:
    """Where an archive goes: into the schema of `replaced`, or into a new one at `address`."""

    schema_name: str
    address: str
    replaced: Organisation | None = None
    asked_for: bool = False  # the address, on the command line


def restore(file: BinaryIO, *, address: str = "", pace: Pace, report: Report) -> Organisation:
    """Restore the archive in `file` and return the organisation, which has a new epoch.

    Where the organisation that it was made of is here (and `address` is not another one) it is replaced; else a new
    one comes into being at `address`, or at the archive's own. In `public`, outside of any transaction. Raises
    Refused, with nothing changed; whatever else is raised before the swap has changed nothing either, and where it is
    killed the next command ends that (tenants.archives.litter).
    """
    with ArchiveReader.open(file) as archive:
        migrations.wanted(archive.manifest.migrations)
        target = _target(archive.manifest.organisation, address)
        archive.verify()
        report("The archive is whole.")
        litter.remove()
        with alone_with(target.schema_name):
            litter.clear(target.schema_name)  # of one that died a moment ago
            return _restore(archive, _as_it_is(target), pace, report)


def _target(registry: Registry, address: str) -> Target:
    there = (
        Organisation.objects.exclude(state=Organisation.State.SPARE)
        .filter(schema_name=registry.schema_name)
        .first()
    )
    if there is not None and address in ("", there.address):
        return Target(there.schema_name, there.address or "", there)
    target = Target(_free_schema(registry.schema_name), address or registry.address, asked_for=bool(address))
    _check(target, registry)
    return target


def _free_schema(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "select 1 where to_regnamespace(%(name)s) is not null or to_regrole(%(name)s) is not null",
            {"name": name},
        )
        taken = cursor.fetchone() is not None
    return schemas.new_name() if taken or Organisation.objects.filter(schema_name=name).exists() else name


def _check(target: Target, registry: Registry) -> None:
    """An organisation may come back to the address it gave up; to the operators' only if that is asked for."""
    own = target.address == registry.address
    try:
        check_address(
            target.address, allow_reserved=own and target.asked_for and target.address == OPERATORS_ADDRESS
        )
    except AddressRefused as refused:
        if refused.code != "resting" or not own:
            raise Refused(f"{target.address}: {refused.message} Choose one with --address.") from None


def _as_it_is(target: Target) -> Target:
    """With the organisation as it is now that nobody else restores or erases it: to verify an archive takes minutes."""
    if target.replaced is None:
        return target
    now = Organisation.objects.filter(pk=target.replaced.pk).first()
    if now is None:
        raise Refused("This organisation was erased meanwhile. Restore it again if it is to come back.")
    return replace(target, replaced=now)


def _restore(archive: ArchiveReader, target: Target, pace: Pace, report: Report) -> Organisation:
    schemas.current_blueprint()  # made, where there is none, outside of the long transaction
    coming = files.missing(target.schema_name, archive)
    litter.mark(target.schema_name, target.replaced, coming=coming)
    try:
        files.put(target.schema_name, archive, coming, pace)
        with ExitStack() as doors, transaction.atomic(durable=True):
            draft = beside.Draft(target.schema_name)
            beside.build(draft, archive, pace)
            report("The new schema is loaded and its rows are counted.")
            doors.enter_context(closed_aside(target.replaced))
            beside.take_its_place(draft)
            # Nobody is inside, and nobody was let in anew, whose upload would not be among the archive's.
            going = files.surplus(target.schema_name, archive)
            litter.mark(target.schema_name, target.replaced, coming=coming, going=going)
            organisation = _register(archive.manifest, target, report)
            traces.forget_jobs(target.schema_name)
    except BaseException:
        # Alone once more: where the connection was lost, what it was committing may still be. Where Postgres or the
        # storage is away the next command clears it.
        with suppress(Exception), alone_with(target.schema_name):
            litter.clear(target.schema_name)
        raise
    hosts.forget()
    files.settle(target.schema_name, archive, going)
    litter.unmark(target.schema_name)
    traces.forget_keys(target.schema_name)
    return organisation


def _register(manifest: Manifest, target: Target, report: Report) -> Organisation:
    before = manifest.organisation
    organisation = target.replaced or _new(before, target)
    organisation.name, organisation.accent = before.name, before.accent
    organisation.epoch, organisation.schema_version = uuid.uuid4(), schemas.code_version()
    organisation.save()
    for own in manifest.domains:
        if Domain.objects.filter(domain=own.domain).exclude(tenant=organisation).exists():
            report(f"The domain {own.domain} is another organisation's and was left out.")
        else:
            known = {"is_primary": False, "verified_at": own.verified_at}
            Domain.objects.update_or_create(domain=own.domain, tenant=organisation, defaults=known)
    return organisation


def _new(before: Registry, target: Target) -> Organisation:
    provisioning.wait_for_claims()
    _check(target, before)
    ReleasedAddress.objects.filter(address=target.address).delete()
    organisation = Organisation.objects.create(
        schema_name=target.schema_name,
        address=target.address,
        created_at=before.created_at,
        state=Organisation.State.ACTIVE,
    )
    provisioning.open_address(organisation)
    return organisation
