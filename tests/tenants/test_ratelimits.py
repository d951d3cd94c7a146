"""Limits are counted exactly, by threads that keep their connections to Valkey."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from tenants import ratelimits, valkey


@pytest.fixture
def key() -> str:
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
def server() -> Iterator[redis.Redis]:
    with valkey.client() as client:
        yield client


def cut(server: redis.Redis) -> None:
    """End everybody's connections, as a restart does."""
    server.client_kill_filter(_type="normal", skipme=True)


def test_so_many_are_let_through_and_then_it_says_how_long_to_wait(key: str) -> None:
    assert [ratelimits.hit(key, 2, 60) for _ in range(2)] == [0.0, 0.0]
    assert 0 < ratelimits.hit(key, 2, 60) <= 60


def test_threads_count_together_and_each_gets_its_own_answer(key: str) -> None:
    """Half of them are always refused, half never: answers that got mixed up would show."""

    def both(number: int) -> tuple[float, float]:
        return ratelimits.hit(f"{key}-much", 10_000, 60), ratelimits.hit(f"{key}-none-{number % 5}", 0, 60)

    with ThreadPoolExecutor(8) as threads:
        answers = [*threads.map(both, range(800))]
    assert all(much == 0 and none > 0 for much, none in answers)


def test_a_connection_that_was_cut_is_made_anew(key: str, server: redis.Redis) -> None:
    for _ in range(3):
        assert ratelimits.hit(key, 0, 60) > 0  # which nobody says while Valkey is away
        cut(server)
    assert ratelimits.hit(key, 0, 60) > 0


def test_an_answer_that_comes_too_late_is_nobodys(key: str, server: redis.Redis) -> None:
    assert ratelimits.hit(key, 0, 60) > 0
    server.client_pause(5000, all=False)  # milliseconds, for what writes
    try:
        assert ratelimits.hit(f"{key}-late", 0, 60) == 0.0  # Valkey is away: nobody is stopped
    finally:
        server.client_unpause()
    assert ratelimits.hit(f"{key}-next", 10, 60) == 0.0
    assert ratelimits.hit(f"{key}-next", 0, 60) > 0


def test_an_error_of_valkeys_stops_nobody_either(key: str, server: redis.Redis) -> None:
    server.set(f"limit:{key}", "no number")
    assert ratelimits.hit(key, 10, 60) == 0.0
    assert ratelimits.hit(f"{key}-next", 0, 60) > 0
