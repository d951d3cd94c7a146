"""Putting an organisation back as it was: rows are compared with nothing, simply deleted and inserted again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.db import OperationalError, connection, transaction

from tenants import provisioning
from tenants.db import as_owner, in_organisation
from tenants.models import Domain, Organisation, ReleasedAddress, SignUp

_TABLES = """
select relname from pg_class where relnamespace = %s::regnamespace and relkind = 'r' and relname <> 'django_migrations'
"""


@dataclass(frozen=True)
class Snapshot:
    """All rows of an organisation, kept in a schema beside its own."""

    organisation: Organisation
    tables: tuple[str, ...]
    filled: tuple[str, ...]

    @property
    def copies(self) -> str:
        return self.organisation.schema_name.replace("org_", "copy_")

    @classmethod
    def take(cls, organisation: Organisation) -> "Snapshot":
        with in_organisation(organisation), as_owner(), connection.cursor() as cursor:
            cursor.execute(_TABLES, [organisation.schema_name])
            tables = tuple(sorted(name for (name,) in cursor.fetchall()))
            filled = []
            copies = cls(organisation, tables, ()).copies
            cursor.execute(f'create schema "{copies}"')
            for table in tables:
                cursor.execute(f'select exists (select from "{table}")')
                if cursor.fetchone() == (True,):
                    cursor.execute(f'create table "{copies}"."{table}" as table "{table}"')
                    filled.append(table)
        return cls(organisation, tables, tuple(filled))

    def _run(self, steps: Sequence[str]) -> None:
        with (
            transaction.atomic(),
            in_organisation(self.organisation),
            as_owner(),
            connection.cursor() as cursor,
        ):
            cursor.execute("; ".join(steps))

    def restore(self, keep: Collection[int]) -> None:
        """Put the rows back, and drop organisations that the test made beside those of `keep`."""
        steps = ["set constraints all deferred"]
        steps += [f'delete from "{table}"' for table in self.tables]
        steps += [
            f'insert into "{table}" overriding system value table "{self.copies}"."{table}"'
            for table in self.filled
        ]
        for last in (False, False, True):
            try:
                self._run(steps)
                break
            except OperationalError:  # a deadlock with the last word of a page that was just closed
                if last:
                    raise
        Organisation.objects.filter(pk=self.organisation.pk).update(
            state=Organisation.State.ACTIVE, epoch=self.organisation.epoch
        )
        for stranger in Organisation.objects.filter(address__isnull=False).exclude(pk__in=keep):
            provisioning.release(stranger)
        Domain.objects.filter(is_primary=False).delete()
        ReleasedAddress.objects.all().delete()
        SignUp.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("delete from procrastinate_jobs")
        cache.clear()
