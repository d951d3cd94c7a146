"""Look-alike addresses are found by an index of what remains when they are folded."""

import random

from django.db import connection, transaction
from django.db.models import Value
from django.db.models.lookups import Exact

from tenants.lookalikes import Skeleton, skeleton
from tenants.models import Organisation, ReleasedAddress


def test_the_database_folds_addresses_as_the_code_does() -> None:
    chance = random.Random(3)
    addresses = {"".join(chance.choices("arnmvwo0l1is5e3b8-", k=12)) for _ in range(500)}
    with transaction.atomic():
        ReleasedAddress.objects.bulk_create([ReleasedAddress(address=address) for address in addresses])
        folded = dict(
            ReleasedAddress.objects.annotate(folded=Skeleton("address")).values_list("address", "folded")
        )
        transaction.set_rollback(True)
    assert {address: folded[address] for address in addresses} == {
        address: skeleton(address) for address in addresses
    }


def test_a_look_alike_is_found_by_the_index() -> None:
    alike = Organisation.objects.filter(Exact(Skeleton("address"), Value("acme")))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")  # with a handful of rows the planner reads them all
        assert "organisation_by_skeleton" in alike.explain()
