"""The part that measures the peers: what it does where nobody asked for them or where they are not installed."""

from pathlib import Path

import pytest

from tests.bench.harness import Bench, Wrong
from tests.bench.parts import peers
from tests.servers import servers


def bench(*, peers: bool) -> Bench:
    assert servers is not None
    return Bench(servers, rounds=1, peers=peers)


def test_nothing_is_measured_unless_asked_for():
    assert list(peers.measure(bench(peers=False))) == []


def test_missing_peers_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        Wrong, match=r"apt-get install ejabberd erlang-p1-pgsql; .*apt-get install nodejs npm"
    ):
        next(iter(peers.measure(bench(peers=True))))
