"""Small charts as SVG text: lines over a logarithmic axis, and bars of ratios. Readable in light and dark mode."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 72, 24, 48, 56  # margins around the plot
BARS, BAR, LABELS = 720, 26, 400  # the width of a chart of bars, the height of a row, the width of its label
COLOURS = ("one", "two", "three")  # classes, as many as series may be
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #57606a } .title { font-size: 15px; fill: #1f2328 }
  .grid { stroke: #d0d7de } .target { stroke: #1f2328; stroke-width: 2 } .line { fill: none; stroke-width: 2.5 }
  .one { stroke: #0969da; fill: #0969da } .two { stroke: #bc4c00; fill: #bc4c00 }
  .three { stroke: #1a7f37; fill: #1a7f37 } path.line { fill: none } text.one, text.two, text.three { stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 } .title { fill: #f0f6fc } .grid { stroke: #3d444d } .target { stroke: #f0f6fc }
    .one { stroke: #58a6ff; fill: #58a6ff } .two { stroke: #f0883e; fill: #f0883e }
    .three { stroke: #3fb950; fill: #3fb950 }
  }"""

type Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Bar:
    """A ratio, and the least that it is to be."""

    label: str
    ratio: float
    target: float | None = None


def lines(title: str, x_label: str, y_label: str, series: Mapping[str, Points]) -> str:
    """At most three series over a logarithmic x; y begins at zero. x and y are to be positive."""
    xs = sorted({x for points in series.values() for x, _ in points})
    step, top = _steps(max(y for points in series.values() for _, y in points))
    span = math.log(xs[-1] / xs[0]) or 1.0

    def across(x: float) -> float:
        return LEFT + 12 + math.log(x / xs[0]) / span * (WIDTH - LEFT - RIGHT - 24)

    def up(y: float) -> float:
        return HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM)

    parts = [_text(LEFT, 22, title, kind="title"), _text(LEFT, TOP - 10, y_label)]
    for number in range(round(top / step) + 1):
        parts += [_line(LEFT, up(number * step), WIDTH - RIGHT, up(number * step))]
        parts += [_text(LEFT - 8, up(number * step) + 4, short(number * step), anchor="end")]
    parts += [_text(across(x), HEIGHT - BOTTOM + 18, short(x), anchor="middle") for x in xs]
    parts += [_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label, anchor="middle")]
    for place, (colour, (name, points)) in enumerate(zip(COLOURS, series.items(), strict=False)):
        parts += _series([(across(x), up(y)) for x, y in sorted(points)], colour)
        if len(series) > 1:
            parts.append(_text(WIDTH - RIGHT, TOP - 10 - 16 * place, name, kind=colour, anchor="end"))
    return _svg(title, WIDTH, HEIGHT, parts)


def bars(title: str, x_label: str, found: Sequence[Bar]) -> str:
    """Bars on a logarithmic axis that begins at 1, each with a tick at its target."""
    height = TOP + BAR * len(found) + BOTTOM
    most = max(max(bar.ratio, bar.target or 1.0) for bar in found)
    decades = max(1, math.ceil(math.log10(most * 1.2)))

    def across(ratio: float) -> float:
        return LABELS + math.log10(max(ratio, 1.0)) / decades * (BARS - LABELS - 2 * RIGHT)

    parts = [_text(12, 22, title, kind="title")]
    for decade in range(decades + 1):
        x = across(10**decade)
        parts += [_line(x, TOP - 8, x, height - BOTTOM)]
        parts += [_text(x, height - BOTTOM + 18, f"{10**decade:,} ×", anchor="middle")]
    parts.append(_text((LABELS + BARS - RIGHT) / 2, height - 12, x_label, anchor="middle"))
    for row, bar in enumerate(found):
        y = TOP + row * BAR
        width = across(bar.ratio) - LABELS
        parts.append(_text(LABELS - 8, y + 15, bar.label, anchor="end"))
        parts.append(f'<rect class="one" x="{LABELS}" y="{y + 4}" width="{width:.1f}" height="{BAR - 10}"/>')
        parts.append(_text(LABELS + width + 6, y + 16, f"{bar.ratio:.3g} ×"))
        if bar.target:
            x = across(bar.target)
            parts.append(_line(x, y + 1, x, y + BAR - 3, kind="target"))
    return _svg(title, BARS, height, parts)


def short(number: float) -> str:
    """12000 as 12k, 2000000 as 2M."""
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if abs(number) >= unit:
            return f"{number / unit:.3g}{name}"
    return f"{number:.3g}"


def _steps(most: float) -> tuple[float, float]:
    """The distance between grid lines, a round number, and the topmost of about five."""
    rough = most / 5 or 1.0
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough)
    return step, step * math.ceil(most / step)


def _series(points: Points, colour: str) -> Iterator[str]:
    way = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    yield f'<path class="line {colour}" d="M{way}"/>'
    for x, y in points:
        yield f'<circle class="{colour}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'


def _line(x: float, y: float, to_x: float, to_y: float, kind: str = "grid") -> str:
    return f'<line class="{kind}" x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"/>'


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(title: str, width: int, height: int, parts: Sequence[str]) -> str:
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">'
    )
    return "\n".join(
        [opening, f"<title>{escape(title)}</title>", f"<style>{STYLE}\n</style>", *parts, "</svg>", ""]
    )
