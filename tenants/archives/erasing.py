"""Erasing an organisation: nothing of it is left but its address, which rests."""

import time

from django.db import transaction

from tenants import hosts, provisioning
from tenants.archives import files, litter, traces
from tenants.archives.backing_up import Report
from tenants.archives.errors import Refused
from tenants.archives.exclusive import alone_with
from tenants.models import Organisation, SignUp


def erase(organisation: Organisation, *, report: Report) -> None:
    """Erase schema, role, files, keys, jobs and registry rows. In `public`, outside of any transaction.

    The registry's row goes last, with the schema, so an erasure that died midway is found and ended by the next; what may
    come to lie there until then is marked (tenants.archives.litter).
    Raises Refused for the operators' organisation, redis.RedisError and OSError where Valkey or the storage is away.
    """
    if organisation.is_operators:
        raise Refused(
            "This is the operators' organisation: without it nobody could look after the deployment."
        )
    with alone_with(organisation.schema_name):
        if not Organisation.objects.filter(pk=organisation.pk).exists():
            raise Refused("This organisation was erased meanwhile.")
        provisioning.suspend(organisation)
        time.sleep(hosts.LASTS_SECONDS)  # so long other processes may let somebody in
        _sweep(organisation, report)
        litter.mark(organisation.schema_name)
        with transaction.atomic():
            traces.forget_jobs(organisation.schema_name)
            SignUp.objects.filter(address=organisation.address).delete()
            provisioning.release(organisation)
        _sweep(organisation, report)  # what a request or a job that was under way has left
        litter.unmark(organisation.schema_name)


def _sweep(organisation: Organisation, report: Report) -> None:
    files.remove_all(organisation.schema_name)
    keys = traces.forget_keys(organisation.schema_name)
    report(f"Files and {keys:,} keys are gone.")
