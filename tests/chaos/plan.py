"""What is decided before a schedule begins: a function of its seed alone."""

import math
import random
from collections.abc import Container
from dataclasses import dataclass

from tests.chaos.faults import ALL, Fault
from tests.chaos.faults.base import TALKING

LONGEST = 6.0  # a fault of a random schedule; alone each lasts as long as it wants


@dataclass(frozen=True)
class Step:
    """`fault` begins and is healed at these seconds of the schedule."""

    fault: Fault
    begins: float
    ends: float

    def __str__(self) -> str:
        return f"{self.fault!r}@{self.begins:.1f}-{self.ends:.1f}"


@dataclass(frozen=True)
class Plan:
    """Everything that is decided before a schedule begins, but for what is written, which the seed decides too."""

    seed: int
    steps: tuple[Step, ...]
    messages: int
    talking: float = TALKING  # seconds in which messages are written
    length: int = 0  # characters that each of them has at least, about
    must_happen: bool = False  # what is to go wrong, or the schedule has failed

    @classmethod
    def drawn(cls, seed: int, messages: int, possible: Container[type[Fault]] = ALL) -> "Plan":
        """One to three faults that do not meddle with the same thing; what is not `possible` here is left out of them,
        so that a seed means the same on every machine."""
        rng = random.Random(seed)
        chosen: list[type[Fault]] = []
        taken: set[str] = set()
        for kind in rng.sample(ALL, k=rng.randint(1, 3)):
            if taken.isdisjoint(kind.resources):
                chosen.append(kind)
                taken.update(kind.resources)
        steps = [_step(kind, seed, kind.lasting, LONGEST) for kind in chosen if kind in possible]
        return cls(seed, tuple(steps), messages)

    @classmethod
    def alone(cls, seed: int, kind: type[Fault], messages: int) -> "Plan":
        """One fault, for as long as it wants. It has to do what it is for: beside others talk may be over first."""
        step, talk = _step(kind, seed, kind.lasting_alone or kind.lasting), kind.talk_alone
        return cls(seed, (step,), max(messages, talk.messages), talk.seconds, talk.length, must_happen=True)


def _step(kind: type[Fault], seed: int, lasting: tuple[float, float], longest: float = math.inf) -> Step:
    rng = random.Random(f"{seed} {kind.__name__}")
    begins = rng.uniform(0.3, TALKING * 0.6)
    return Step(kind.drawn(rng), begins, begins + min(rng.uniform(*lasting), longest))
