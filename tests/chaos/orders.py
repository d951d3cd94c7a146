"""What one web process of a chaotic run is told should go wrong in it."""

import msgspec


class Orders(msgspec.Struct):
    """`die` at the n-th time that a point is passed; `deaf`: frames from Valkey are lost.

    `plant` breaks a promise on purpose, to see the checker notice (tests/chaos/test_planted.py).
    """

    die: str = ""  # before_commit, after_commit, before_answer
    times: int = 1
    deaf: bool = False
    plant: str = ""

    def encoded(self) -> bytes:
        return msgspec.json.encode(self)
