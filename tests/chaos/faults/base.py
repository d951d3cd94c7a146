"""What a fault is."""

import random
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tests.chaos.cluster import Cluster

if TYPE_CHECKING:
    from tests.chaos.scene import Scene


TALKING = 4.0  # seconds in which messages are written


@dataclass(frozen=True)
class Talk:
    """What people say while things go wrong: so many messages at least, within so many seconds, each so long."""

    messages: int = 0
    seconds: float = TALKING
    length: int = 0  # characters, about; 0: as short as it comes


class Fault(ABC):
    """One thing that goes wrong for `lasting` seconds (from, to)."""

    resources: ClassVar[tuple[str, ...]]
    lasting: ClassVar[tuple[float, float]] = (0.5, 3.0)
    # Where it is alone: for some that is what it takes to do what they are for.
    lasting_alone: ClassVar[tuple[float, float] | None] = None
    talk_alone: ClassVar[Talk] = Talk()

    @classmethod
    def missing(cls, cluster: Cluster) -> str:
        """What it would need and this machine or cluster does not have; "" where nothing is missing."""
        return ""

    @classmethod
    @abstractmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        """One with its details drawn."""

    @abstractmethod
    def apply(self, scene: "Scene") -> None: ...

    @abstractmethod
    def heal(self, scene: "Scene") -> None: ...

    def missed(self, scene: "Scene") -> str:
        """Why it did nothing of what it is for; "" where it did. Asked when everything is answered."""
        return ""


class Plain(Fault):
    """A fault without details."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @classmethod
    def drawn(cls, rng: random.Random) -> "Fault":
        return cls()
