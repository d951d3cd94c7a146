"""Reads talk/*.txt: what the people of the demo said, and when.

@ -14 08:05                 fourteen working days ago at 08:05 UTC; or `@ now -48m`, forty-eight minutes ago
alice: Good morning         a message
    everybody               … goes on
bob +4m edited: Morning     four minutes after the one before, and edited later; `deleted` leaves a tombstone
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

FOLDER = Path(__file__).parent / "talk"

_WHEN = re.compile(r"@ (?:-(?P<days>\d+) (?P<hour>\d\d):(?P<minute>\d\d)|now -(?P<ago>\d+[mh]))")
_SAID = re.compile(r"(?P<who>[a-z]+)(?: \+(?P<pause>\d+[smhd]))?(?: (?P<fate>edited|deleted))?: (?P<text>.+)")
_INDENT = "    "
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_FATE_AFTER = timedelta(seconds=50)


class Unreadable(ValueError):
    """A line of a talk is neither time nor message nor continuation."""


@dataclass(slots=True)
class Said:
    """One message of a talk."""

    who: str
    at: datetime
    text: str
    edited: bool = False
    deleted: bool = False

    @property
    def fate_at(self) -> datetime:
        """When it was edited or deleted."""
        return self.at + _FATE_AFTER


def read(name: str, now: datetime) -> list[Said]:
    """The talk of a file, oldest first, as if it had ended just before `now` (UTC). Raises Unreadable."""
    lines = (FOLDER / f"{name}.txt").read_text().splitlines()
    said = sorted(_messages(name, lines, now), key=lambda one: one.at)
    latest = now - timedelta(minutes=2)
    for one in reversed(
        said
    ):  # whoever reads at three at night shall not see messages of the morning to come
        one.at = min(one.at, latest)
        latest = one.at - timedelta(milliseconds=700)
    return said


def _messages(name: str, lines: list[str], now: datetime) -> Iterator[Said]:
    pauses = random.Random(name)  # noqa: S311 - the same pauses at every run; no secret
    at: datetime | None = None
    one: Said | None = None
    for number, line in enumerate(lines, 1):
        if one is not None and (line.startswith(_INDENT) or not line.strip()):
            one.text += "\n" + line.removeprefix(_INDENT)
        elif match := _WHEN.fullmatch(line):
            at = _time(match, now) + timedelta(seconds=pauses.uniform(0, 50))
        elif at is not None and (match := _SAID.fullmatch(line)):
            if one is not None:
                yield _finished(one)
            at += _span(match["pause"]) if match["pause"] else timedelta(seconds=pauses.uniform(9, 70))
            one = Said(match["who"], at, match["text"], match["fate"] == "edited", match["fate"] == "deleted")
        else:
            raise Unreadable(f"{name}.txt, line {number}: {line}")
    if one is not None:
        yield _finished(one)


def _finished(one: Said) -> Said:
    one.text = one.text.strip("\n")
    return one


def _time(match: "re.Match[str]", now: datetime) -> datetime:
    if match["ago"]:
        return now - _span(match["ago"])
    day = now.astimezone(UTC)
    for _ in range(int(match["days"])):
        day -= timedelta(days=1)
        while day.weekday() >= 5:
            day -= timedelta(days=1)
    return day.replace(hour=int(match["hour"]), minute=int(match["minute"]), second=0, microsecond=0)


def _span(text: str) -> timedelta:
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
