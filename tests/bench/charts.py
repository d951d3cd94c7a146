"""`make bench-charts`: draws bench.json into docs/performance/*.svg, and its table into docs/performance.md.

Parts that were never measured are left out: their charts stay as they are.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.embedded import PROJECT
from tests.bench import parts, report
from tests.bench.drawing import Bar, Points, bars, lines
from tests.bench.harness import Figure

BEGIN, END = "<!-- figures: written by make bench-charts -->", "<!-- end of figures -->"


@dataclass(frozen=True)
class Growth:
    """A chart of figures whose names differ in one number: `series` has a pattern for each line, with that number."""

    file: str
    title: str
    x_label: str
    y_label: str
    part: str
    series: Mapping[str, str]

    def draw(self, figures: Mapping[str, Sequence[Figure]]) -> str | None:
        found = {name: list(_points(figures.get(self.part, ()), way)) for name, way in self.series.items()}
        there = {name: points for name, points in found.items() if points}
        return lines(self.title, self.x_label, self.y_label, there) if there else None


@dataclass(frozen=True)
class Beside:
    """A chart of ratios to a baseline: every figure of these parts that has one."""

    file: str
    title: str
    x_label: str
    parts: tuple[str, ...]

    def draw(self, figures: Mapping[str, Sequence[Figure]]) -> str | None:
        found = [
            Bar(figure.name, figure.ratio, _least(figure.target))
            for part in self.parts
            for figure in figures.get(part, ())
            if figure.ratio is not None
        ]
        return bars(self.title, self.x_label, found) if found else None


CHARTS = (
    Growth(
        "deliveries",
        "Deliveries for a second of CPU, 8 messages in flight",
        "readers of one room",
        "deliveries / CPU s",
        "growth",
        {"": r"deliveries for a second of CPU, ([\d,]+) readers"},
    ),
    Growth(
        "sends",
        "Durable sends, 64 in flight",
        "rooms written to",
        "sends / s",
        "sends",
        {"": r"([\d,]+) rooms, 64 in flight"},
    ),
    Growth(
        "pages",
        "Pages while an organisation grows",
        "messages of the organisation",
        "ms at the median",
        "growth_pages",
        {name: rf"{name} page, ([\d,]+) messages" for name in ("room", "older", "search")},
    ),
    Growth(
        "sidebar",
        "The sidebar with more rooms",
        "rooms in the sidebar",
        "ms at the median",
        "growth_pages",
        {"": r"sidebar, ([\d,]+) rooms"},
    ),
    Growth(
        "spare",
        "Signing up while a deployment grows",
        "organisations of the deployment",
        "ms",
        "signup",
        {
            "a spare schema is made": r"a spare schema is made, ([\d,]+) organisations",
            "a claimed one is usable": r"… and it is usable, ([\d,]+) organisations",
        },
    ),
    Beside(
        "textbook",
        "Parley beside the textbook (the mark is the target)",
        "times better",
        ("fanout", "stored", "sends", "connections"),
    ),
    Beside("plain", "Pages beside the plain way (the mark is the target)", "times better", ("pages",)),
)


def main(figures: Path = PROJECT / "bench.json", docs: Path = PROJECT / "docs") -> int:
    if not figures.exists():
        print(f"There is no {figures}: `make bench` writes it.", file=sys.stderr)
        return 2
    measured = json.loads(figures.read_text())["parts"]
    found = {name: [Figure(**fields) for fields in part["figures"]] for name, part in measured.items()}
    folder = docs / "performance"
    folder.mkdir(exist_ok=True)
    for chart in CHARTS:
        if drawn := chart.draw(found):
            (folder / f"{chart.file}.svg").write_text(drawn)
    page = docs / "performance.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, marked, after = rest.partition(END)
    if not marked:
        print(f"{page} has lost its marks {BEGIN} and {END}.", file=sys.stderr)
        return 2
    page.write_text("".join((before, BEGIN, "\n", *_tables(measured, found), END, after)))
    return 0


def _tables(measured: Mapping[str, Any], found: Mapping[str, Sequence[Figure]]) -> Iterator[str]:
    usual = ""
    if measured:
        usual = max(measured.values(), key=lambda part: part["at"])["machine"]
        yield f"\nMeasured on {usual}, where a part does not say otherwise.\n"
    for name in sorted(found):
        yield f"\n### {name}\n\n{_about(name)}\n\nMeasured {_when(measured[name], usual)}.\n\n"
        yield "| | Value | Baseline | Ratio | Spread | Target | |\n|---|--:|--:|--:|--:|---|---|\n"
        yield from map(_row, found[name])
    yield "\n"


def _when(part: Mapping[str, Any], usual: str) -> str:
    """When, of which commit (older files do not have it), how often, and where if that is not the usual machine."""
    commit = f" of {part['commit']}" if part.get("commit") else ""
    machine = f", on {part['machine']}" if part["machine"] != usual else ""
    return f"{part['at']}{commit}, {part['rounds']} rounds{machine}"


def _about(part: str) -> str:
    """The first paragraph of the part's docstring: the page says what the code says."""
    source = Path(parts.__path__[0]) / f"{part}.py"
    text = ast.get_docstring(ast.parse(source.read_text())) if source.exists() else None
    return " ".join((text or "This part is no longer there.").split("\n\n")[0].split())


def _row(figure: Figure) -> str:
    ratio = f"{figure.ratio:.3g} ×" if figure.ratio is not None else ""
    verdict = {None: "", True: "met", False: "**missed**"}[figure.met]
    value = f"{report.number(figure.value)} {figure.unit}"
    cells = (
        figure.name,
        value,
        report.number(figure.baseline),
        ratio,
        f"{figure.spread:.0%}",
        figure.target,
        verdict,
    )
    return f"| {' | '.join(cell.strip() for cell in cells)} |\n"


def _points(figures: Sequence[Figure], pattern: str) -> Points:
    found = ((re.fullmatch(f"{pattern}.*", figure.name), figure.value) for figure in figures)
    return [(float(match[1].replace(",", "")), value) for match, value in found if match]


def _least(target: str) -> float | None:
    match = re.match(r"≥ ([\d.]+)", target)
    return float(match[1]) if match else None


if __name__ == "__main__":
    sys.exit(main())
