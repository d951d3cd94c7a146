"""Sockets: who may not is refused or closed without a frame, and nobody hears of what is not theirs."""

import pytest

from tests.isolation import listening
from tests.isolation.twins import Twin

PROBES = [
    listening.handshakes,
    listening.origins,
    listening.news,
    listening.speaking,
    listening.departures,
    listening.compared,
    listening.presence_of_each,
]


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.__name__)
def test_nothing_is_heard_that_is_not_meant_for_its_reader(twins: tuple[Twin, Twin], probe: object) -> None:
    assert listening.running(probe, *twins) == []  # type: ignore[arg-type]
