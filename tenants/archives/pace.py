"""Working in small steps with rests between them, so that who shares the processor and the disk hardly notices."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST_REST = 0.025  # seconds; on a machine that is busy with others anyway it would take for ever


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
            time.sleep(min((time.monotonic() - began) * self._rest_for_work, _LONGEST_REST))


GENTLE = Pace(0.1)
FAST = Pace()
