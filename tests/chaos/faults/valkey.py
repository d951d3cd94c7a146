"""Valkey: away, hanging, or empty."""

from typing import TYPE_CHECKING

from tests.chaos.faults.base import Plain

if TYPE_CHECKING:
    from tests.chaos.scene import Scene


class ValkeyStopped(Plain):
    """Valkey is away, then there again with nothing in it."""

    resources = ("valkey",)

    def apply(self, scene: "Scene") -> None:
        scene.cluster.servers.stop_valkey()

    def heal(self, scene: "Scene") -> None:
        scene.cluster.servers.start_valkey()


class ValkeyRestarted(Plain):
    """Valkey crashes and is back at once."""

    resources = ("valkey",)

    def apply(self, scene: "Scene") -> None:
        scene.cluster.servers.kill_valkey()
        scene.cluster.servers.start_valkey()

    def heal(self, scene: "Scene") -> None:
        pass


class ValkeyPaused(Plain):
    """Valkey swallows everything and answers nothing; no connection is closed."""

    resources = ("valkey",)

    def apply(self, scene: "Scene") -> None:
        scene.cluster.servers.pause_valkey()

    def heal(self, scene: "Scene") -> None:
        scene.cluster.servers.resume_valkey()


class ValkeyFlushed(Plain):
    """FLUSHALL: cache, presence and limits are gone."""

    resources = ("valkey",)

    def apply(self, scene: "Scene") -> None:
        valkey = scene.cluster.servers.valkey
        assert valkey is not None
        assert valkey._ask(b"FLUSHALL\r\n").startswith(b"+OK")

    def heal(self, scene: "Scene") -> None:
        pass
