"""Working in small steps with rests between them, so that who shares the processor and the disk hardly notices."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Pace:
    """Works for `share` of the time (1.0: without rests). Each step must be done on the server too when it ends."""

    def __init__(self, share: float = 1.0) -> None:
        self._rest_for_work = 1.0 / share - 1.0

    @contextmanager
    def step(self) -> Iterator[None]:
        """A piece of work of some milliseconds, followed by the rest that it has earned."""
        began = time.monotonic()
        yield
        if self._rest_for_work:
            time.sleep((time.monotonic() - began) * self._rest_for_work)


GENTLE = Pace(0.25)
FAST = Pace()
