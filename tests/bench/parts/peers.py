"""The peers beside Parley (PEERS=1): ejabberd, socket.io and nchan, each doing the same work in turns with Parley.

One room of 100 readers, one of whom sends messages of 1 KB, 8 in flight unless said otherwise. ejabberd stores each
message (mod_mam, in PostgreSQL, durably) and fans it out, as Parley does; socket.io with its Redis adapter and nchan
fan out only, as Parley does with `tests.bench.relay`. "CPU" is that of all processes of a system for each delivery:
server, PostgreSQL, Valkey. Every reader has to get every message once, whole and in order; what is stored is looked up.

The servers share core 0 and are idle while another one is measured. Without PEERS=1 this part measures nothing.
"""

import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from tests.bench.harness import AtLeast, Bench, Figure, Wrong
from tests.bench.load import Load, Result
from tests.bench.measures import check_stored, load_client, loaded, members, plan
from tests.bench.peers import READERS, Peer, ejabberd, nchan, socketio
from tests.bench.systems import parley

SECONDS = 2.0
WARM_UP = 2.0  # Node and Erlang compile while they run
UNIT = "µs CPU"


def measure(bench: Bench) -> Iterator[Figure]:
    if not bench.peers:
        return
    if lacking := [found for found in (ejabberd.missing(), socketio.missing(), nchan.missing()) if found]:
        raise Wrong(f"PEERS=1 needs packages that are not installed. {'; '.join(lacking)}")
    with ExitStack() as stack:
        ours = _parley(stack, bench, stored=True)
        theirs = _peer(stack, bench, stack.enter_context(ejabberd.running(bench)))
        yield from _compared(bench, "stored and fanned out", ours, {"ejabberd": (theirs, AtLeast(5, 8))})
    with ExitStack() as stack:
        ours = _parley(stack, bench, stored=False)
        peers = {
            "socket.io": (_peer(stack, bench, stack.enter_context(socketio.running(bench))), AtLeast(3)),
            "nchan": (_peer(stack, bench, stack.enter_context(nchan.running(bench))), None),
        }
        yield from _compared(bench, "fanned out", ours, peers)


@dataclass
class Contestant:
    """A system with its open sockets. `parts` has the CPU for each delivery of each of its processes, by round."""

    load: Load
    cpu: Callable[[], Mapping[str, float]]  # seconds of each process so far
    check: Callable[[Result], None]
    parts: dict[str, list[float]] = field(default_factory=dict)

    def cost(self, in_flight: int) -> float:
        """Microseconds of CPU for each delivery."""
        before = self.cpu()
        result = self.load.run(
            in_flight=in_flight, seconds=SECONDS, release="own", polls=True, list_acknowledged=True
        )
        used = {part: (now - before[part]) / result.delivered * 1e6 for part, now in self.cpu().items()}
        self.check(result)
        for part, value in used.items():
            self.parts.setdefault(part, []).append(value)
        return sum(used.values())


def _parley(stack: ExitStack, bench: Bench, *, stored: bool) -> Contestant:
    prefix = "kept" if stored else "relayed"
    system = stack.enter_context(parley(bench, relay=not stored, prefix=prefix, people=READERS, rooms=1))
    load = stack.enter_context(loaded(system, plan(system, members(system, [0]), stored=stored)))
    pids = {
        "web": system.process.pid,
        "PostgreSQL": bench.servers.postgres_pid,
        "Valkey": bench.servers.valkey_pid,
    }
    return Contestant(
        load,
        lambda: {part: bench.cpu(pid) for part, pid in pids.items() if pid is not None},
        lambda result: check_stored(system, result) if stored else None,
    )


def _peer(stack: ExitStack, bench: Bench, peer: Peer) -> Contestant:
    load = stack.enter_context(load_client(bench, peer.plan))
    load.open()
    peer.check(load.run(in_flight=8, seconds=WARM_UP, list_acknowledged=True))
    return Contestant(load, peer.cpu, peer.check)


def _compared(
    bench: Bench, work: str, ours: Contestant, peers: Mapping[str, tuple[Contestant, AtLeast | None]]
) -> Iterator[Figure]:
    contestants = {"Parley": ours} | {name: contestant for name, (contestant, _) in peers.items()}
    for in_flight in (8, 1, 64):
        for contestant in contestants.values():
            contestant.parts.clear()
        found = bench.alternate(
            {name: partial(contestant.cost, in_flight) for name, contestant in contestants.items()}
        )
        for name, (_, target) in peers.items():
            judged = target if in_flight == 8 else None
            title = f"{work}, {READERS} readers, beside {name}, {in_flight} in flight"
            yield Figure.compare(title, UNIT, found["Parley"], found[name], judged)
        if in_flight == 8:
            for name, contestant in contestants.items():
                yield from _shares(f"{work}: of {name}'s", contestant, statistics.median(found[name]))


def _shares(title: str, contestant: Contestant, whole: float) -> Iterator[Figure]:
    """Who used the CPU; less than a hundredth of it is an idle server's clock."""
    for part, values in contestant.parts.items():
        if statistics.median(values) >= whole / 100:
            yield Figure.absolute(f"{title}, {part}", UNIT, values)
