"""The twins: built once, put back after each test that asks for them."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tenants import hosts
from tenants.models import Organisation
from tests.isolation import twins as building
from tests.isolation.asking import content
from tests.isolation.twins import Twin
from tests.restoring import Snapshot


@pytest.fixture(scope="session")
def _twins(_organisations: dict[str, tuple[Organisation, Snapshot]]) -> tuple[Twin, Twin]:
    ours, theirs = building.build(), building.build()
    for twin in (ours, theirs):  # what restores one organisation keeps the others that it knows of
        _organisations[twin.organisation.address] = twin.organisation, Snapshot.take(twin.organisation)
    return ours, theirs


@pytest.fixture(scope="session")
def third(_twins: tuple[Twin, Twin], _organisations: dict[str, tuple[Organisation, Snapshot]]) -> Twin:
    """One more of the same, for what needs three; tests only read it."""
    twin = building.build()
    _organisations[twin.organisation.address] = twin.organisation, Snapshot.take(twin.organisation)
    return twin


@pytest.fixture(scope="session")
def _pristine(_twins: tuple[Twin, Twin]) -> list[dict[str, str]]:
    return [content(twin) for twin in _twins]


@pytest.fixture
def twins(
    _twins: tuple[Twin, Twin],
    _pristine: list[dict[str, str]],
    _organisations: dict[str, tuple[Organisation, Snapshot]],
) -> Iterator[tuple[Twin, Twin]]:
    """(ours, theirs): Alice owns each, Bob, Charlie and Dana are in each; the owner of theirs wants into ours."""
    hosts.forget()
    yield _twins
    keep = {one.pk for one, _ in _organisations.values()}
    for twin, before in zip(_twins, _pristine, strict=True):
        if (
            content(twin) != before
        ):  # most tests change nothing, and putting all back takes longer than looking
            _organisations[twin.organisation.address][1].restore(keep=keep)
    hosts.forget()
    cache.clear()
