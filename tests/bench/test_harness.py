"""The harness judges as it says, `make bench` says so with its exit code, and the figures can be drawn."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.bench import __main__ as bench
from tests.bench import charts, parts, provenance, report
from tests.bench.bare import bare, p99
from tests.bench.drawing import Bar, bars, lines
from tests.bench.harness import AtLeast, Below, Bench, Figure, Wrong
from tests.bench.machine import on_core

PARTS = {
    "good": """yield Figure.absolute("quick", "ms", [1.0, 2.0, 3.0], Below(20))
    yield Figure.absolute("rounds", "", [len(bench.alternate({"one": lambda: 1.0})["one"])])
    yield Figure.absolute("servers", "", [len(bench.server_pids)])""",
    "missed": 'yield Figure.absolute("slow", "ms", [30.0], Below(20))',
    "loaded": """bench.judge_client(0.5)
    bench.judge_client(0.25)
    yield Figure.absolute("quick", "ms", [1.0])""",
    "full": """yield Figure.absolute("quick", "ms", [1.0])
    bench.judge_client(0.95)""",
    "none": "yield from ()",
    "wrong": 'yield Figure.absolute("half", "ms", [1.0])\n    raise Wrong("a message is missing")',
}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """`make bench` with small parts, on real servers; returns its exit code and bench.json."""
    folder = tmp_path / "parts"
    folder.mkdir()
    for name, body in PARTS.items():
        (folder / f"{name}.py").write_text(
            f"from tests.bench.harness import Below, Figure, Wrong\n\ndef measure(bench):\n    {body}\n"
        )
    monkeypatch.setattr(parts, "__path__", [str(folder)])
    monkeypatch.setattr(bench, "PROJECT", tmp_path)
    monkeypatch.setattr(bench, "LEAST_CORES", 1)  # these parts have no load
    monkeypatch.delenv("ROUNDS", raising=False)

    def run(only: str) -> tuple[int, dict]:
        monkeypatch.setenv("ONLY", only)
        code = bench.main()
        written = tmp_path / "bench.json"
        return code, json.loads(written.read_text())["parts"] if written.exists() else {}

    yield run
    for name in PARTS:
        sys.modules.pop(f"tests.bench.parts.{name}", None)


def test_a_ratio_is_how_many_times_better_round_by_round():
    cost = Figure.compare("cost", "µs", [2.0, 4.0, 5.0], [20.0, 80.0, 50.0], AtLeast(10))
    assert (cost.value, cost.baseline, cost.ratio, cost.met) == (4.0, 50.0, 10.0, True)
    assert cost.spread == pytest.approx(1.0)  # from 10 to 20, around 10
    rate = Figure.compare("rate", "/s", [30.0, 40.0, 50.0], [10.0, 10.0, 10.0], AtLeast(5), better="higher")
    assert (rate.ratio, rate.met) == (4.0, False)


def test_rounds_that_do_not_pair_are_no_comparison():
    with pytest.raises(ValueError, match="shorter"):
        Figure.compare("cost", "µs", [1.0, 2.0, 3.0], [1.0, 2.0])


def test_a_limit_judges_the_value_itself():
    assert Figure.absolute("time", "ms", [9.9, 1.0, 30.0], Below(10)).met is True
    assert Figure.absolute("time", "ms", [10.0], Below(10)).met is False
    assert Figure.absolute("time", "ms", [10.0]).met is None
    assert Figure.compare("time", "ms", [30.0], [300.0], Below(25)).met is False


def test_targets_say_what_they_ask_for():
    assert str(AtLeast(15, aim=20)) == "≥ 15 ×, aim 20 ×" and str(AtLeast(5)) == "≥ 5 ×"
    assert str(Below(30, 20)) == "< 30, aim 20" and str(Below(0.5)) == "< 0.5"


def test_systems_take_turns_in_reversed_order():
    called: list[str] = []
    systems = {name: lambda name=name: float(called.append(name) or len(called)) for name in "ab"}
    found = Bench(None, 3).alternate(systems)  # type: ignore[arg-type]  # it needs no servers
    assert "".join(called) == "abbaab"
    assert found == {"a": [1.0, 4.0, 5.0], "b": [2.0, 3.0, 6.0]}


def test_met_targets_end_with_0_and_everything_is_in_the_file(run, capsys):
    code, written = run("good")
    assert code == 0
    assert {"at", "commit", "rounds", "machine", "figures"} == set(written["good"])
    for said in ("cores", "GiB of memory", "Linux", "Python 3.", "PostgreSQL 1", "Valkey "):
        assert said in written["good"]["machine"]
    quick, rounds, servers = written["good"]["figures"]
    wanted = {"name": "quick", "unit": "ms", "value": 2.0, "baseline": None, "ratio": None}
    assert quick == wanted | {"spread": 1.0, "target": "< 20", "met": True}
    assert (rounds["value"], servers["value"]) == (3, 2)
    assert "1 of 1 targets met" in capsys.readouterr().out


def test_what_is_missed_or_wrong_ends_with_1_and_the_other_parts_run(run, tmp_path, capsys):
    last = {"parts": {"wrong": {"figures": ["of the last run"]}}}
    (tmp_path / "bench.json").write_text(json.dumps(last))
    code, written = run("wrong missed,good")
    assert code == 1 and set(written) == {"wrong", "missed", "good"}
    assert written["missed"]["figures"][0]["met"] is False
    assert written["wrong"] == last["parts"]["wrong"], "half a part is no result"
    said = capsys.readouterr().out
    assert "WRONG: a message is missing" in said and "1 of 2 targets met" in said
    assert "missed: slow: 30 ms, target < 20" in said


def test_a_part_that_measures_nothing_keeps_its_last_figures(run, tmp_path):
    last = {"parts": {"none": {"figures": ["of the last run"]}}}
    (tmp_path / "bench.json").write_text(json.dumps(last))
    assert run("none") == (0, last["parts"])


def test_how_busy_the_load_was_is_a_figure_and_none_where_it_was_full(run, capsys):
    code, written = run("loaded full")
    assert code == 1 and set(written) == {"loaded"}
    _, busy = written["loaded"]["figures"]
    assert (busy["name"], busy["value"], busy["unit"]) == ("load client busy, at most", 50.0, "%")
    assert "WRONG: The load client was busy for 95% of the time" in capsys.readouterr().out


def test_each_of_missed_and_wrong_is_enough_for_1():
    met = Figure.absolute("quick", "ms", [1.0], Below(20))
    missed = Figure.absolute("slow", "ms", [30.0], Below(20))
    shown = Figure.absolute("shown", "ms", [30.0])
    assert report.verdict({"one": [met, shown]}, []) == 0
    assert report.verdict({"one": [met, shown], "two": [missed]}, []) == 1
    assert report.verdict({"one": [met, shown]}, ["two: a message is missing"]) == 1


def test_an_unknown_part_is_refused_with_the_names_of_those_there_are():
    environment = {**os.environ, "ONLY": "fanout,nothing"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2 and not done.stdout
    assert "No such part: nothing." in done.stderr and "stored" in done.stderr


def test_on_one_core_nothing_is_measured():
    with on_core(0):
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench"],
            env={**os.environ, "ONLY": "peers"},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 2 and not done.stdout
    assert done.stderr == "make bench needs 2 cores, this process may use 1.\n"


def test_every_part_says_what_it_measures_and_can_be_loaded():
    for name in bench._parts(""):
        assert not charts._about(name).startswith("This part"), name


def test_a_line_of_the_table_has_all_of_a_figure():
    figure = Figure.compare("deliveries", "µs CPU", [2.0] * 3, [3000.0] * 3, AtLeast(60))
    said = " ".join(report.line(figure).split())
    assert said == "deliveries 2 µs CPU (baseline 3,000) 1500.0 × ± 0% ≥ 60 × met"


def elements(drawn: str, name: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(drawn).findall(f"{SVG}{name}")  # noqa: S314 - we have just made it


def test_lines_stand_where_their_values_say():
    drawn = lines("Cost <of>", "readers", "µs", {"a": [(10, 1.0), (1000, 4.0)], "b": [(100, 2.0)]})
    ten, thousand, hundred = elements(drawn, "circle")
    assert float(hundred.get("cx")) == (float(ten.get("cx")) + float(thousand.get("cx"))) / 2  # logarithmic
    assert float(thousand.get("cy")) < float(hundred.get("cy")) < float(ten.get("cy"))
    texts = [element.text for element in elements(drawn, "text")]
    assert {"Cost <of>", "readers", "µs", "10", "100", "1k", "a", "b"} <= set(texts)


def test_bars_are_as_long_as_their_logarithm_and_show_their_target():
    drawn = bars("Beside", "times", [Bar("one", 10.0, target=100.0), Bar("two", 100.0), Bar("less", 0.5)])
    one, two, less = (float(bar.get("width")) for bar in elements(drawn, "rect"))
    assert two == pytest.approx(2 * one, abs=0.2) and less == 0
    (target,) = (line for line in elements(drawn, "line") if line.get("class") == "target")
    assert float(target.get("x1")) == pytest.approx(float(elements(drawn, "rect")[1].get("x")) + two, abs=0.2)


def test_the_page_is_drawn_anew_from_the_file_and_keeps_what_is_around(tmp_path):
    names = [f"deliveries for a second of CPU, {size} readers of one room" for size in ("10", "5,000")]
    figures = [
        Figure.absolute(name, "/CPU s", [value]).fields()
        for name, value in zip(names, (1e5, 3e5), strict=True)
    ]
    measured = {"at": "2026-11-23 07:00", "rounds": 3, "machine": "2 cores", "figures": figures}
    path, page = tmp_path / "bench.json", tmp_path / "performance.md"
    page.write_text(f"before\n{charts.BEGIN}\nold\n{charts.END}\nafter\n")
    for _ in range(2):
        path.write_text(json.dumps({"parts": {"growth": measured, "gone": measured}}))
        assert charts.main(path, tmp_path) == 0
    assert [drawn.name for drawn in (tmp_path / "performance").iterdir()] == ["deliveries.svg"]
    text = page.read_text()
    assert text.startswith(f"before\n{charts.BEGIN}\n") and text.endswith(f"{charts.END}\nafter\n")
    assert "old" not in text and text.count("| 300,000 /CPU s |") == 2


def test_the_machine_is_said_once_and_where_it_was_another_one(tmp_path):
    (tmp_path / "performance.md").write_text(f"{charts.BEGIN}\n{charts.END}\n")
    newer = {"at": "2026-11-23 07:00", "commit": "abc1234", "rounds": 3, "machine": "2 cores", "figures": []}
    older = {"at": "2026-11-22 09:00", "rounds": 3, "machine": "8 cores", "figures": []}
    measured = {"fanout": newer, "growth": newer, "pages": older}
    (tmp_path / "bench.json").write_text(json.dumps({"parts": measured}))
    assert charts.main(tmp_path / "bench.json", tmp_path) == 0
    text = (tmp_path / "performance.md").read_text()
    assert text.count("2 cores") == 1 and text.count("8 cores") == 1
    assert text.count("Measured 2026-11-23 07:00 of abc1234, 3 rounds.") == 2
    assert "Measured 2026-11-22 09:00, 3 rounds, on 8 cores." in text


def test_a_commit_with_changes_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "PROJECT", tmp_path)
    assert provenance.commit() == ""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init"], ["commit", "--allow-empty", "--message=first"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True, capture_output=True)
    clean = provenance.commit()
    (tmp_path / "new.py").touch()
    assert len(clean) >= 7 and provenance.commit() == f"{clean}+changes"


def test_without_figures_or_marks_nothing_is_drawn(tmp_path, capsys):
    assert charts.main(tmp_path / "bench.json", tmp_path) == 2
    (tmp_path / "bench.json").write_text('{"parts": {}}')
    (tmp_path / "performance.md").write_text("no marks")
    assert charts.main(tmp_path / "bench.json", tmp_path) == 2
    assert (tmp_path / "performance.md").read_text() == "no marks"


def test_every_chart_is_shown_on_the_page():
    page = (Path(charts.PROJECT) / "docs" / "performance.md").read_text()
    assert [chart.file for chart in charts.CHARTS if f"performance/{chart.file}.svg" not in page] == []


def test_a_bare_program_says_what_it_waited_in_each_window(tmp_path):
    bench = Bench(None, 3)  # type: ignore[arg-type]  # it needs no servers
    with bare(bench, tmp_path, rate=100, seconds=0.1, computing=0.05) as window:
        assert window() > 20 < window()  # each computes for five times as long as there is until the next
    with bare(bench, tmp_path, rate=0, seconds=0.1, computing=0.001) as window:
        for _ in range(2):  # it has ended by the second
            with pytest.raises(Wrong):
                window()


def test_of_a_hundred_waits_the_99th_is_the_p99():
    assert p99(list(range(1, 101))) == 99
    assert p99(list(range(1, 126))) == 124
