"""A request that waits for its turn on a thread, and what was asked on its behalf by one whose turn it was.

Under load several requests wait (tenants.http), and each will ask the same question first: whose session it has. So the
one whose turn it is asks for those that wait `beside` it too, and they find the answers (accounts.session_rows). The
question is put after each of them has arrived: the answer is as fresh as that to its own question may be.
"""

from concurrent.futures import Future
from typing import Any, Self

from tenants.awaited import PatientRequest
from tenants.lanes import Lanes

MOST_TOGETHER = 16  # requests that wait, for which one may ask


class QueuedRequest(PatientRequest):
    """A request of `tenants.http`, which knows who waits with it."""

    lanes: Lanes  # where it waits for its turn
    _answers: Future[Any] | None = None
    _has_looked = False

    def beside(self) -> list[Self]:
        """Those that wait for their first turn at this moment, and that nobody has asked for."""
        works = self.lanes.waiting(MOST_TOGETHER)
        others = (other for work in works if isinstance(other := getattr(work, "request", None), type(self)))
        return [other for other in others if not (other._answers or other._has_looked)]

    def asked_for(self, answers: Future[Any]) -> None:
        """Somebody asks for this request too, and what it needs will be in `answers`. From any thread; it is lost where the
        request has looked already."""
        self._answers = answers

    def take(self) -> Future[Any] | None:
        """What was asked for it before it looked first; None if nothing was, and each time after the first."""
        if self._has_looked:
            return None
        self._has_looked = True
        return self._answers

    def others_come(self) -> bool:
        """Whether other requests are under way or wait. From any thread."""
        return self.lanes.is_busy()
