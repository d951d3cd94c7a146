"""What a fault is."""

import random
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from tests.chaos.cluster import Cluster

if TYPE_CHECKING:
    from tests.chaos.scene import Scene


class Fault(ABC):
    """One thing that goes wrong for `lasting` seconds (from, to)."""

    resources: ClassVar[tuple[str, ...]]
    lasting: ClassVar[tuple[float, float]] = (0.5, 3.0)

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
