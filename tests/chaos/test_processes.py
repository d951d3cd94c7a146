"""Which end of a process is held against it."""

import os
import signal
from pathlib import Path

from tests.chaos.processes import Process


def ended(process: Process) -> list[int]:
    """Its deaths, once it has ended."""
    assert process.process is not None
    process.process.wait(10)
    process.notice_death()
    process.notice_death()  # counts once
    return process.deaths


def test_an_end_by_itself_is_a_death_and_survives_a_restart(tmp_path: Path) -> None:
    process = Process(["sh", "-c", "exit 3"], os.environ, tmp_path / "log")
    process.start()
    assert ended(process) == [3]
    process.start()
    assert process.process is not None
    process.process.wait(10)
    process.start()  # as a fault does, that starts what it has killed
    assert process.deaths == [3, 3]


def test_what_we_kill_has_not_died_by_itself(tmp_path: Path) -> None:
    process = Process(["sleep", "60"], os.environ, tmp_path / "log")
    process.start()
    process.kill()
    assert ended(process) == []


def test_who_was_told_to_die_may_not_end_in_another_way(tmp_path: Path) -> None:
    process = Process(["sh", "-c", "exit 3"], os.environ, tmp_path / "log")
    process.start()
    process.doomed = True
    assert ended(process) == [3]


def test_a_kill_from_elsewhere_is_a_death(tmp_path: Path) -> None:
    process = Process(["sleep", "60"], os.environ, tmp_path / "log")
    process.start()
    os.kill(process.pid, signal.SIGKILL)
    assert ended(process) == [-signal.SIGKILL]
