"""Organisations come into being by claiming a spare schema, so that signing up never waits for a migration."""

import uuid

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from tenants import hosts, schemas
from tenants.addresses import check_address
from tenants.events import EVERYONE, UNAVAILABLE, Envelope
from tenants.jobs import enqueue, public_job
from tenants.layers import publish
from tenants.models import Domain, Organisation, ReleasedAddress

_CLAIMING = 7_261_001  # advisory locks of ours
_OPERATORS_GRANTS = (
    'grant select, update on public.tenants_organisation, public.tenants_domain to "{name}"',
    'grant insert, delete on public.tenants_domain to "{name}"',
    'grant usage on all sequences in schema public to "{name}"',
)


def claim(name: str, address: str, *, allow_reserved: bool = False) -> Organisation:
    """Turn a spare schema into the organisation `name` at `address`.

    Rolls back with the caller's transaction and then leaves nothing behind. Raises AddressRefused. Claims wait for
    each other for the few milliseconds they take: two look-alike addresses can't both pass the check.
    """
    with transaction.atomic():
        wait_for_claims()
        address = check_address(address, allow_reserved=allow_reserved)
        organisation = _spare()
        organisation.name, organisation.address = name, address
        organisation.state, organisation.epoch = Organisation.State.ACTIVE, uuid.uuid4()
        organisation.created_at = timezone.now()
        organisation.save(update_fields=["name", "address", "state", "epoch", "created_at"])
        domain = Domain(
            domain=organisation.host, tenant=organisation, is_primary=True, verified_at=timezone.now()
        )
        Domain.objects.bulk_create([domain])  # `save` would look for another primary one first
        if organisation.is_operators:
            with connection.cursor() as cursor:
                for grant in _OPERATORS_GRANTS:
                    cursor.execute(grant.format(name=organisation.schema_name))
        enqueue(keep_spares, once="spares")
        transaction.on_commit(hosts.forget)
    return organisation


def wait_for_claims() -> None:
    """From here to the end of the transaction nobody else is given an address."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_CLAIMING])


def open_address(organisation: Organisation) -> None:
    """Make the organisation's address lead to it; the operators' may then look after the registry."""
    Domain.objects.create(
        domain=organisation.host, tenant=organisation, is_primary=True, verified_at=timezone.now()
    )
    if organisation.is_operators:
        with connection.cursor() as cursor:
            for grant in _OPERATORS_GRANTS:
                cursor.execute(grant.format(name=organisation.schema_name))


def _spare() -> Organisation:
    version = schemas.code_version()
    spares = Organisation.objects.select_for_update(skip_locked=True, of=("self",))
    found = spares.filter(state=Organisation.State.SPARE, schema_version=version).order_by("id").first()
    return found or make_spare()


def make_spare() -> Organisation:
    """Make one more migrated schema with its role; all of it or, on failure, nothing."""
    blueprint = schemas.current_blueprint()
    with transaction.atomic():
        organisation = Organisation.objects.create(schema_name=schemas.new_name())
        schemas.make(organisation)
        schemas.fill(organisation, blueprint)
    return organisation


def release(organisation: Organisation) -> None:
    """Undo a claim: schema, role and registry rows go, and the address rests 90 days."""
    with transaction.atomic():
        schemas.drop(organisation)
        if organisation.address:
            ReleasedAddress.objects.update_or_create(
                address=organisation.address, defaults={"released_at": timezone.now()}
            )
        organisation.domains.all().delete()
        Organisation.objects.filter(pk=organisation.pk).delete()
    hosts.forget()


@public_job(every="*/5 * * * *")
def keep_spares() -> None:
    """Keep as many spare schemas as the deployment wants; drop those that an older version left behind."""
    version = schemas.code_version()
    spares = Organisation.objects.filter(state=Organisation.State.SPARE)
    for outdated in spares.exclude(schema_version=version):
        with transaction.atomic():
            # A process of the older version may be claiming this very one: then it is no spare any more.
            locked = spares.select_for_update(skip_locked=True).filter(pk=outdated.pk)
            if list(locked):
                release(outdated)
    for _ in range(settings.SPARE_SCHEMAS - spares.filter(schema_version=version).count()):
        make_spare()


def suspend(organisation: Organisation) -> None:
    """Close an organisation to its people: pages answer 503, open sockets end now, jobs wait for nobody."""
    Organisation.objects.filter(pk=organisation.pk).update(state=Organisation.State.SUSPENDED)
    closing = Envelope(group="activity", topics=(EVERYONE,), close=UNAVAILABLE)
    transaction.on_commit(lambda: (hosts.forget(), publish(organisation, closing)))


def resume(organisation: Organisation) -> None:
    """Open a suspended organisation again, as it was."""
    suspended = Organisation.objects.filter(pk=organisation.pk, state=Organisation.State.SUSPENDED)
    suspended.update(state=Organisation.State.ACTIVE)
    transaction.on_commit(hosts.forget)
