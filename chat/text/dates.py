"""The days that people write in a search: 2026-11-29, 2026-11, 2026, today, yesterday, week, month, year."""

import re
from datetime import date, timedelta

_WRITTEN = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_FIRST, _LAST = 1970, 9000


def span_of(written: str, today: date) -> tuple[date, date] | None:
    """The first day that is meant, and the first after it; None for what is no date. Pure; `today` as the person has it.

    `week`, `month` and `year` are those of today; weeks begin on Monday.
    """
    word = written.casefold()
    if word == "today":
        return today, today + timedelta(days=1)
    if word == "yesterday":
        return today - timedelta(days=1), today
    if word == "week":
        monday = today - timedelta(days=today.weekday())
        return monday, monday + timedelta(days=7)
    if word in ("month", "year"):
        word = today.isoformat()[: 7 if word == "month" else 4]
    found = _WRITTEN.fullmatch(word)
    if found is None or not _FIRST <= int(found[1]) <= _LAST:
        return None
    return _calendar_span(int(found[1]), int(found[2] or 0), int(found[3] or 0), found[2], found[3])


def _calendar_span(
    year: int, month: int, day: int, has_month: str | None, has_day: str | None
) -> tuple[date, date] | None:
    try:
        if has_day:
            return date(year, month, day), date(year, month, day) + timedelta(days=1)
        if has_month:
            return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
    except ValueError:
        return None
    return date(year, 1, 1), date(year + 1, 1, 1)
