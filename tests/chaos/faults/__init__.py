"""What can go wrong, each with `apply` and `heal`. Decisions come from the plan's random numbers, never from elsewhere.

Two faults of one schedule never meddle with the same of `resources`. Faults act from the main thread and may take
their time: clients live in a thread of their own.
"""

from tests.chaos.faults.base import Fault
from tests.chaos.faults.people import (
    NetworkCut,
    NetworkCutLong,
    OrganisationRestored,
    PersonDeactivated,
    ReadersStop,
)
from tests.chaos.faults.postgres import (
    DiskFull,
    OutOfConnections,
    PostgresCrashed,
    PostgresPaused,
    PostgresRestarted,
)
from tests.chaos.faults.processes import (
    ClocksApart,
    FramesLost,
    WebKilled,
    WebKilledAfterCommit,
    WebKilledBeforeAnswer,
    WebKilledBeforeCommit,
    WebPaused,
    WorkerKilled,
)
from tests.chaos.faults.valkey import ValkeyFlushed, ValkeyPaused, ValkeyRestarted, ValkeyStopped

ALL: tuple[type[Fault], ...] = (
    WebKilled,
    WebKilledBeforeCommit,
    WebKilledAfterCommit,
    WebKilledBeforeAnswer,
    WebPaused,
    ClocksApart,
    WorkerKilled,
    ValkeyStopped,
    ValkeyRestarted,
    ValkeyPaused,
    ValkeyFlushed,
    FramesLost,
    PostgresRestarted,
    PostgresCrashed,
    PostgresPaused,
    OutOfConnections,
    DiskFull,
    NetworkCut,
    NetworkCutLong,
    ReadersStop,
    PersonDeactivated,
    OrganisationRestored,
)

__all__ = [
    "ALL",
    "ClocksApart",
    "DiskFull",
    "Fault",
    "FramesLost",
    "NetworkCut",
    "NetworkCutLong",
    "OrganisationRestored",
    "OutOfConnections",
    "PersonDeactivated",
    "PostgresCrashed",
    "PostgresPaused",
    "PostgresRestarted",
    "ReadersStop",
    "ValkeyFlushed",
    "ValkeyPaused",
    "ValkeyRestarted",
    "ValkeyStopped",
    "WebKilled",
    "WebKilledAfterCommit",
    "WebKilledBeforeAnswer",
    "WebKilledBeforeCommit",
    "WebPaused",
    "WorkerKilled",
]
