"""Sockets: who may not is refused or closed without a frame, and nobody hears of what is not theirs."""

from collections.abc import Awaitable, Callable

import pytest

from tests.isolation import listening
from tests.isolation.twins import Twin


@pytest.mark.parametrize("probe", listening.PROBES, ids=lambda probe: probe.__name__)
def test_nothing_is_heard_that_is_not_meant_for_its_reader(
    twins: tuple[Twin, Twin], probe: Callable[..., Awaitable[list[str]]]
) -> None:
    assert listening.running(probe, *twins) == []
