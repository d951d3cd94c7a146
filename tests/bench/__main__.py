"""`make bench`: runs every part, prints the table, writes bench.json, and exits with 1 where a target is missed.

ONLY=fanout,sends runs some parts, PEERS=1 measures the peers beside us, ROUNDS=5 takes more rounds (3 at least).
docs/performance.md tells how the figures are made.
"""

import importlib
import json
import os
import pkgutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from config import embedded
from config.embedded import PROJECT
from tests.bench import parts, provenance, report
from tests.bench.harness import SERVER_CORE, Bench, Figure, Wrong, on_core

LEAST_ROUNDS = 3
LEAST_CORES = 2  # the servers' and the load's


def main() -> int:
    rounds = max(LEAST_ROUNDS, int(os.environ.get("ROUNDS", LEAST_ROUNDS)))
    try:
        chosen = _parts(os.environ.get("ONLY", ""))
    except LookupError as error:
        print(error, file=sys.stderr)
        return 2
    if (cores := len(os.sched_getaffinity(0))) < LEAST_CORES:
        print(f"make bench needs {LEAST_CORES} cores, this process may use {cores}.", file=sys.stderr)
        return 2
    commit = provenance.commit()  # now: an hour later others may have changed what is on the disk
    results: dict[str, list[Figure]] = {}
    machine = ""
    broken: list[str] = []
    for name, measure in chosen.items():
        began = time.monotonic()
        print(f"\n{name}", flush=True)
        try:
            results[name], machine = _measured(measure, rounds)
        except Wrong as wrong:
            broken.append(f"{name}: {wrong}")
            print(f"  WRONG: {wrong}", flush=True)
        print(f"  ({time.monotonic() - began:.0f} s)", flush=True)
    _write(results, {"commit": commit, "rounds": rounds, "machine": machine})
    return report.verdict(results, broken)


def _parts(only: str) -> dict[str, Callable[[Bench], Iterator[Figure]]]:
    found = {module.name: module.name for module in pkgutil.iter_modules(parts.__path__)}
    wanted = only.replace(",", " ").split() or sorted(found)
    if unknown := set(wanted) - set(found):
        raise LookupError(
            f"No such part: {', '.join(sorted(unknown))}. There are {', '.join(sorted(found))}."
        )
    return {name: importlib.import_module(f"tests.bench.parts.{name}").measure for name in wanted}


def _measured(measure: Callable[[Bench], Iterator[Figure]], rounds: int) -> tuple[list[Figure], str]:
    """The figures of one part, on servers of its own: what one part leaves behind must not slow the next. And what they
    were measured on."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        with on_core(SERVER_CORE):
            servers = embedded.start(
                Path(folder), ephemeral=False
            )  # durable: an acknowledgement is on the disk
        with servers:
            bench = Bench(servers, rounds, peers=os.environ.get("PEERS") == "1")
            for figure in chain(measure(bench), bench.about_the_load()):
                print(report.line(figure), flush=True)
                figures.append(figure)
            return figures, provenance.machine(servers)


def _write(results: dict[str, list[Figure]], about: dict[str, Any]) -> None:
    """bench.json; parts that were not run keep the figures of the last run, and what is said `about` that."""
    path = PROJECT / "bench.json"
    kept = json.loads(path.read_text())["parts"] if path.exists() else {}
    measured = {"at": time.strftime("%Y-%m-%d %H:%M"), **about}
    for name, figures in results.items():
        if figures:  # the peers have none where nobody asked for them
            kept[name] = {**measured, "figures": [figure.fields() for figure in figures]}
    path.write_text(json.dumps({"parts": kept}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
