"""What every part of the benchmark shares: figures, targets, rounds that alternate, and the machine.

A figure is a ratio to a baseline measured in the same run, because absolute ones say more of the machine and of its
neighbours than of the code. The systems take turns within each round, so that whatever slows the machine for a
while slows both; the median of the rounds counts, and their spread is shown.
"""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from config.embedded import Servers
from tests.bench.machine import LOAD_CORE, SERVER_CORE, cpu_seconds, on_core, spawn_on

__all__ = ["AtLeast", "Below", "Bench", "Figure", "Wrong", "judge_client"]

LEAST_WINDOWS = 9  # of what swings: the core of a shared machine is half as fast from one minute to the next
MOST_BUSY = 0.9  # of the time


class Wrong(Exception):
    """What was measured was not the work: a message or a row is missing, doubled or different, or the load could do no more.
    Ends the part."""


def judge_client(busy: float) -> None:
    """`busy` is the share of a run for which a load client had work. Raises Wrong where it had hardly a pause: then it is
    the client that was measured."""
    if busy > MOST_BUSY:
        raise Wrong(f"The load client was busy for {busy:.0%} of the time: it measures itself")


@dataclass(frozen=True)
class AtLeast:
    """The ratio to the baseline has to be `least`; `aim` is what we would like."""

    least: float
    aim: float | None = None

    def met(self, figure: "Figure") -> bool:
        return figure.ratio is not None and figure.ratio >= self.least

    def __str__(self) -> str:
        return f"≥ {self.least:g} ×" + (f", aim {self.aim:g} ×" if self.aim else "")


@dataclass(frozen=True)
class Below:
    """The value itself has to be under `most`, in the figure's unit."""

    most: float
    aim: float | None = None

    def met(self, figure: "Figure") -> bool:
        return figure.value < self.most

    def __str__(self) -> str:
        return f"< {self.most:g}" + (f", aim {self.aim:g}" if self.aim else "")


@dataclass(frozen=True)
class Figure:
    """One line of the table. `spread` is the range of the rounds as a share of their median."""

    name: str
    unit: str
    value: float
    baseline: float | None = None
    ratio: float | None = None
    spread: float = 0.0
    target: str = ""
    met: bool | None = None

    @classmethod
    def compare(
        cls,
        name: str,
        unit: str,
        values: Sequence[float],
        baseline: Sequence[float],
        target: AtLeast | Below | None = None,
        *,
        better: Literal["lower", "higher"] = "lower",
    ) -> "Figure":
        """How many times better than the baseline, round by round: `values[i]` and `baseline[i]` took turns."""
        pairs = zip(values, baseline, strict=True)
        ratios = [base / value if better == "lower" else value / base for value, base in pairs]
        return cls(
            name,
            unit,
            statistics.median(values),
            statistics.median(baseline),
            statistics.median(ratios),
            _spread(ratios),
        )._judged(target)

    @classmethod
    def absolute(cls, name: str, unit: str, values: Sequence[float], target: Below | None = None) -> "Figure":
        """A figure with no baseline: a time limit, a number of queries."""
        return cls(name, unit, statistics.median(values), spread=_spread(values))._judged(target)

    def fields(self) -> dict[str, Any]:
        return asdict(self)

    def _judged(self, target: AtLeast | Below | None) -> "Figure":
        if target is None:
            return self
        return Figure(**(asdict(self) | {"target": str(target), "met": target.met(self)}))


def _spread(values: Sequence[float]) -> float:
    middle = statistics.median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


class Bench:
    """The run that a part belongs to. `servers` are pinned to core 0; start the system under test there too."""

    def __init__(self, servers: Servers, rounds: int, *, peers: bool = False) -> None:
        self.servers = servers
        self.rounds = rounds
        self.peers = peers
        self.busiest = 0.0

    def judge_client(self, busy: float) -> None:
        """Keep how busy a load client was at most. Raises Wrong as the function does."""
        self.busiest = max(self.busiest, busy)
        judge_client(busy)

    def about_the_load(self) -> Iterator[Figure]:
        """After everything has been measured; nothing where there was no load client."""
        if self.busiest:
            yield Figure.absolute("load client busy, at most", "%", [self.busiest * 100])

    @property
    def server_pids(self) -> list[int]:
        """PostgreSQL's and Valkey's; `cpu` counts their children too."""
        return [pid for pid in (self.servers.postgres_pid, self.servers.valkey_pid) if pid is not None]

    def alternate(
        self, systems: Mapping[str, Callable[[], float]], *, least: int = 0
    ) -> dict[str, list[float]]:
        """Call each function once a round, in `least` rounds at least, the order reversed in every other one; each returns
        its figure."""
        found: dict[str, list[float]] = {name: [] for name in systems}
        for order in self._orders(list(systems), max(self.rounds, least)):
            for name in order:
                found[name].append(systems[name]())
        return found

    def _orders(self, names: list[str], rounds: int) -> Iterator[list[str]]:
        for number in range(rounds):
            yield names if number % 2 == 0 else names[::-1]

    spawn = staticmethod(spawn_on)
    cpu = staticmethod(cpu_seconds)
    on_core = staticmethod(on_core)
    server_core, load_core = SERVER_CORE, LOAD_CORE
