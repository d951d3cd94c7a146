"""`make chaos`: each fault alone, then schedules at random. Exits with 1 where a promise was broken.

    python -m tests.chaos [--seed N] [--schedules N] [--messages N] [--fault NAME]

With `--seed` only the random schedules of that seed and those after it run: `--seed 17 --schedules 1` repeats one.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.chaos.checker import check
from tests.chaos.cluster import Cluster
from tests.chaos.evidence import mails, of_the_run
from tests.chaos.faults import ALL, Fault
from tests.chaos.memory import Memories
from tests.chaos.plan import Plan
from tests.chaos.records import Violation
from tests.chaos.scene import await_
from tests.chaos.schedule import Result, run

MESSAGES = 500
SCHEDULES = 20
LATE = 150.0  # seconds that jobs of a killed worker may take: it counts as dead after 30, and is looked for each minute


def main() -> int:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing stays mounted
    folder = Path(tempfile.mkdtemp(prefix="parley-chaos-"))
    folder.chmod(0o711)
    began = time.monotonic()
    with Cluster(folder, own_disk=True) as cluster:
        kinds = _possible(cluster)
        results: list[Result] = []
        memories = Memories()
        for plan in _plans(arguments, kinds):
            results.append(run(cluster, plan))
            _show(results[-1])
            memories.look(cluster)
        await_(lambda: _all_are_posted(cluster), LATE)
        whole = of_the_run(cluster, memories)
        violations = check(whole)
    for violation in violations:
        print(f"  {violation}")
    failed = _summary(results, violations, kinds, time.monotonic() - began)
    posted = Counter(mark for mark, _ in whole.mails)
    repeated = sum(count > 1 for count in posted.values())
    print(f"{len(posted)} mails were posted, {repeated} of them more than once")
    print(memories)
    if failed:
        print(f"Logs are in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return failed


def _all_are_posted(cluster: Cluster) -> bool:
    """A worker whose database went away ends by and by, maybe only after the last schedule was judged."""
    if not cluster.worker.alive:
        print("the worker ended, and is started again", flush=True)
        cluster.worker.start()
    return {mark for mark, _ in mails(cluster.mails)} >= set(cluster.due)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seed", type=int, help="of the first random schedule; each further one adds 1")
    parser.add_argument("--schedules", type=int, default=SCHEDULES, help="random ones (default %(default)s)")
    parser.add_argument(
        "--messages", type=int, default=MESSAGES, help="of each schedule (default %(default)s)"
    )
    parser.add_argument("--fault", help="only this fault, alone", choices=[kind.__name__ for kind in ALL])
    return parser.parse_args()


def _possible(cluster: Cluster) -> list[type[Fault]]:
    for kind in ALL:
        if lacking := kind.missing(cluster):
            print(f"{kind.__name__} is left out: this machine lacks {lacking}")
    return [kind for kind in ALL if not kind.missing(cluster)]


def _plans(arguments: argparse.Namespace, kinds: list[type[Fault]]) -> Iterator[Plan]:
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}", flush=True)
    if arguments.fault or arguments.seed is None:
        for kind in kinds:
            if arguments.fault in (None, kind.__name__):
                yield Plan.alone(seed, kind, arguments.messages)
    if not arguments.fault:
        for number in range(arguments.schedules):
            yield Plan.drawn(seed + number, arguments.messages, kinds)


def _show(result: Result) -> None:
    print(result, flush=True)
    for violation in result.violations[:20]:
        print(f"  {violation}", flush=True)


def _summary(
    results: list[Result], violations: list[Violation], kinds: list[type[Fault]], seconds: float
) -> int:
    """Print it, and return the exit code: where nothing could be played, nothing was shown."""
    broken = [result for result in results if result.violations]
    left_out = ", ".join(kind.__name__ for kind in ALL if kind not in kinds)
    print(
        f"{len(results)} schedules in {seconds / 60:.1f} min: {sum(one.attempted for one in results)} messages attempted,"
        f" {sum(one.acknowledged for one in results)} acknowledged, {sum(one.stored for one in results)} stored;"
        f" {len(broken)} schedules with violations, {len(violations)} violations of the whole run"
        + (f"; LEFT OUT: {left_out}" if left_out else "")
    )
    if broken:
        print(f"repeat with: make chaos SEED={broken[0].plan.seed} {_which(broken[0].plan)}")
    return 1 if broken or violations or not results else 0


def _which(plan: Plan) -> str:
    return f"FAULT={type(plan.steps[0].fault).__name__}" if plan.must_happen else "SCHEDULES=1"


if __name__ == "__main__":
    sys.exit(main())
