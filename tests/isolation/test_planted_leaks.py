"""Whether the probes would notice: each finds nothing in the code as it is, and each planted leak is found."""

import pytest

from tests.isolation.plants import PLANTS, Plant, the_database_put_back
from tests.isolation.probes import PROBES
from tests.isolation.twins import Twin


@pytest.mark.parametrize("name", PROBES, ids=lambda name: name[:80])
def test_a_probe_finds_nothing_where_nothing_is_planted(twins: tuple[Twin, Twin], name: str) -> None:
    assert PROBES[name](*twins) == []


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_leak_is_found(
    twins: tuple[Twin, Twin], monkeypatch: pytest.MonkeyPatch, plant: Plant
) -> None:
    with the_database_put_back(), monkeypatch.context() as patch:
        plant.planting(patch, *twins)
        assert PROBES[plant.probe](*twins) != []


def test_every_probe_has_found_something() -> None:
    assert {plant.probe for plant in PLANTS} >= set(PROBES) - {"pages notifications/"}
    assert len(PLANTS) >= 20
