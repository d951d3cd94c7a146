"""The table that a person reads, and the verdict that decides the exit code."""

from tests.bench.harness import Figure


def line(figure: Figure) -> str:
    """One row: name, value, baseline, ratio, spread, target, and whether it was met."""
    baseline = f"(baseline {number(figure.baseline)})" if figure.baseline is not None else ""
    ratio = f"{figure.ratio:.1f} ×" if figure.ratio is not None else ""
    verdict = {None: "", True: "met", False: "MISSED"}[figure.met]
    return (
        f"  {figure.name:<66} {number(figure.value):>9} {figure.unit:<10} {baseline:<22} {ratio:>9} "
        f"±{figure.spread:4.0%}  {figure.target:<22} {verdict}"
    ).rstrip()


def verdict(results: dict[str, list[Figure]], broken: list[str]) -> int:
    """Says what was missed or wrong; 1 where anything was."""
    judged = [figure for figures in results.values() for figure in figures if figure.met is not None]
    missed = [figure for figure in judged if not figure.met]
    print(f"\n{len(judged) - len(missed)} of {len(judged)} targets met.")
    for figure in missed:
        print(f"  missed: {figure.name}: {number(figure.value)} {figure.unit}, target {figure.target}")
    for wrong in broken:
        print(f"  wrong: {wrong}")
    return 1 if missed or broken else 0


def number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
