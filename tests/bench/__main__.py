"""`make bench`: runs every part, prints the table, writes bench.json, and exits with 1 where a target is missed.

ONLY=fanout,sends runs some parts, PEERS=1 measures the peers beside us, ROUNDS=5 takes more rounds (3 at least).
docs/performance.md tells how the figures are made.
"""

import importlib
import json
import os
import pkgutil
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from config import embedded
from config.embedded import PROJECT
from tests.bench import parts, report
from tests.bench.harness import SERVER_CORE, Bench, Figure, Wrong, on_core

LEAST_ROUNDS = 3


def main() -> int:
    rounds = max(LEAST_ROUNDS, int(os.environ.get("ROUNDS", LEAST_ROUNDS)))
    try:
        chosen = _parts(os.environ.get("ONLY", ""))
    except LookupError as error:
        print(error, file=sys.stderr)
        return 2
    results: dict[str, list[Figure]] = {}
    broken: list[str] = []
    for name, measure in chosen.items():
        began = time.monotonic()
        print(f"\n{name}", flush=True)
        try:
            results[name] = list(_measured(measure, rounds))
        except Wrong as wrong:
            broken.append(f"{name}: {wrong}")
            print(f"  WRONG: {wrong}", flush=True)
        print(f"  ({time.monotonic() - began:.0f} s)", flush=True)
    _write(results, rounds)
    return report.verdict(results, broken)


def _parts(only: str) -> dict[str, Callable[[Bench], Iterator[Figure]]]:
    found = {module.name: module.name for module in pkgutil.iter_modules(parts.__path__)}
    wanted = only.replace(",", " ").split() or sorted(found)
    if unknown := set(wanted) - set(found):
        raise LookupError(
            f"No such part: {', '.join(sorted(unknown))}. There are {', '.join(sorted(found))}."
        )
    return {name: importlib.import_module(f"tests.bench.parts.{name}").measure for name in wanted}


def _measured(measure: Callable[[Bench], Iterator[Figure]], rounds: int) -> Iterator[Figure]:
    """The figures of one part, on servers of its own: what one part leaves behind must not slow the next."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        with on_core(SERVER_CORE):
            servers = embedded.start(
                Path(folder), ephemeral=False
            )  # durable: an acknowledgement is on the disk
        with servers:
            bench = Bench(servers, rounds, peers=os.environ.get("PEERS") == "1")
            for figure in chain(measure(bench), bench.about_the_load()):
                print(report.line(figure), flush=True)
                yield figure


def _write(results: dict[str, list[Figure]], rounds: int) -> None:
    """bench.json; parts that were not run keep the figures of the last run."""
    path = PROJECT / "bench.json"
    kept = json.loads(path.read_text())["parts"] if path.exists() else {}
    measured = {
        "at": time.strftime("%Y-%m-%d %H:%M"),
        "rounds": rounds,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }
    for name, figures in results.items():
        kept[name] = {**measured, "figures": [figure.fields() for figure in figures]}
    path.write_text(json.dumps({"parts": kept}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
