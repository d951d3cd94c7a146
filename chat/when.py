"""Times as people write them in English: "in 20 minutes", "tomorrow 9:00", "next monday", "1 Dec at noon", ISO 8601.

Pure: a text, the person's time zone and the present make a moment. Minutes and hours pass as they pass; days, weeks and
clock times are those of the zone, also where its offset changes in between. A clock time that the change leaves out
(2:30 when clocks go from 2 to 3) is as much later; of one that comes twice the first is meant that is still to come.
"""

import calendar
import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.utils.translation import gettext as _

FURTHEST = timedelta(days=5 * 366)
_MORNING = 9 * 60  # a day without a time, in minutes of the day
_NIGHT = 20 * 60
_END_OF_WORK = 17 * 60
_TIMES = {
    "noon": 12 * 60,
    "midday": 12 * 60,
    "midnight": 24 * 60,  # the one with which a day ends
    "morning": _MORNING,
    "afternoon": 14 * 60,
    "evening": 18 * 60,
    "night": _NIGHT,
}
_WEEKDAYS = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
_MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_abbr) if name}
_NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "ten": 10,
    "half": 0.5,
}

_WEEKDAY = r"(mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[t ]\d{2}:\d{2}.*")
_AMOUNT = re.compile(
    r"(?P<number>\d{1,6}(?:\.\d{1,3})?|half an?|an?|one|two|three|four|five|six|ten|half) ?"
    r"(?P<unit>seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|wks?|w|months?|years?|y)\b"
    r"(?P<half> and a half)?(?: and)? ?"
)
_HOURS_AND_MINUTES = re.compile(r"(\d{1,3}) ?h ?(\d{1,2}) ?(?:m|min)?")
_CLOCK = (
    re.compile(r"(?:\bat )?\b(\d{1,2})[:.](\d{2})(?::\d{2})? ?(am|pm)?(?![\d.-])"),
    re.compile(r"(?:\bat )?\b(\d{1,2})() ?(am|pm)\b"),
    re.compile(r"\bat (\d{1,2})()()(?: o'?clock)?$"),
    # A bare hour only after the word of a day: "dec 1" has none.
    re.compile(r"(?:(?<=day )|(?<=tomorrow )|(?<=tonight ))(\d{1,2})()()(?: o'?clock)?$"),
)
_NAMED = re.compile(rf"\b(?:at |in the |this )?({'|'.join(_TIMES)})\b")


class WhenRefused(ValueError):
    """No time to come is meant. Codes: unclear, over, too_far. `detail` is for the person."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class _Here:
    """The present, where the person is."""

    now: datetime
    zone: zoneinfo.ZoneInfo

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def at(self, day: date, minutes: int) -> datetime:
        """`minutes` after the beginning of `day`, by the clocks there."""
        day += timedelta(days=minutes // (24 * 60))
        clock = datetime(day.year, day.month, day.day, minutes // 60 % 24, minutes % 60, tzinfo=self.zone)
        first = clock.astimezone(UTC)
        return first if first > self.now else clock.replace(fold=1).astimezone(UTC)

    def shifted(self, months: int, days: int) -> datetime:
        """So many months and days from now, at the same time by the clocks there. None of either is now, also in the hour
        that comes twice."""
        if not months and not days:
            return self.now
        here = self.now.astimezone(self.zone)
        month = here.year * 12 + here.month - 1 + months
        year, month = month // 12, month % 12 + 1
        day = min(here.day, calendar.monthrange(year, month)[1])
        return (here.replace(year=year, month=month, day=day, fold=0) + timedelta(days=days)).astimezone(UTC)


def parse_when(text: str, zone: str, now: datetime) -> datetime:
    """The moment that `text` means for somebody in `zone` ("Europe/Berlin"), in UTC; `now` is aware.

    A day without a time is its 9:00, a time without a day the next such. Raises WhenRefused for what can't be
    understood, is over, or is more than five years away.
    """
    words = " ".join(text.casefold().replace(",", " ").split()).strip(" .!")
    here = _Here(now.astimezone(UTC).replace(microsecond=0), zoneinfo.ZoneInfo(zone))
    try:
        found = _exactly(words, here) or _from_now(words, here) or _on_a_day(words, here)
    except (OverflowError, ValueError):  # beyond the year 9999
        raise _too_far() from None
    if found is None:
        raise WhenRefused(
            "unclear", _("I don't understand this time. Try “in 20 minutes” or “tomorrow 9:00”.")
        )
    if found <= now:
        raise WhenRefused("over", _("This time is over."))
    if found > now + FURTHEST:
        raise _too_far()
    return found


def _exactly(words: str, here: _Here) -> datetime | None:
    """ISO 8601 with date and time, and with an offset where it is not of the person's zone."""
    if not _ISO.fullmatch(words):
        return None
    try:
        moment = datetime.fromisoformat(words.upper())
    except ValueError:
        return None
    if moment.tzinfo is None:
        return here.at(moment.date(), moment.hour * 60 + moment.minute) + timedelta(seconds=moment.second)
    return moment.astimezone(UTC).replace(microsecond=0)


def _from_now(words: str, here: _Here) -> datetime | None:
    """ "in 20 minutes", "2h", "an hour and a half", "in 3 days at 10:00"."""
    words = re.sub(r"^(?:in|after) | from now$", "", words)
    amount, _at, clock = words.partition(" at ")
    if whole := _HOURS_AND_MINUTES.fullmatch(words):
        return here.now + timedelta(hours=int(whole[1]), minutes=int(whole[2]))
    months, days, rest = 0, 0, timedelta()
    position = 0
    while found := _AMOUNT.match(amount, position):
        position = found.end()
        number = _number(found["number"]) + (0.5 if found["half"] else 0)
        match found["unit"][:2]:
            case "y" | "ye":
                months += int(number * 12)
            case "mo":
                if number != int(number):
                    return None
                months += int(number)
            case "w" | "we" | "wk":
                days, rest = _days(number * 7, days, rest)
            case "d" | "da":
                days, rest = _days(number, days, rest)
            case "h" | "ho" | "hr":
                rest += timedelta(hours=number)
            case "m" | "mi":
                rest += timedelta(minutes=number)
            case _:
                rest += timedelta(seconds=number)
    if not position or position < len(amount) or amount.endswith(" and"):
        return None
    moment = here.shifted(months, days) + rest
    if not clock:
        return moment
    time = _clock(f"at {clock}")
    if rest or time is None or time[1]:
        return None
    return here.at(moment.astimezone(here.zone).date(), time[0])


def _on_a_day(words: str, here: _Here) -> datetime | None:
    """ "tomorrow 9:00", "monday", "at 17:30", "1 december at noon"."""
    time = _clock(words)
    day = re.sub(r"^on |\bthe\b ?", "", (time[1] if time else words).strip()).strip()
    minutes = time[0] if time else None
    if not day:
        if minutes is None:
            return None
        moment = here.at(here.today, minutes)
        return moment if moment > here.now else here.at(here.today + timedelta(days=1), minutes)
    if weekday := re.fullmatch(rf"(?:(this|next|coming) )?{_WEEKDAY}", day):
        return _on_weekday(weekday[1] or "", _WEEKDAYS[weekday[2][:3]], minutes, here)
    found = _named_day(day, here) or _dated(day, here)
    if found is None:
        return None
    usual = {"today": _END_OF_WORK, "tonight": _NIGHT}.get(day, _MORNING)
    return here.at(found, usual if minutes is None else minutes)


def _clock(words: str) -> tuple[int, str] | None:
    """The time in `words`, in minutes of the day, and `words` without it; None where there is none."""
    for pattern in _CLOCK:
        if (found := pattern.search(words)) and (
            minutes := _minutes(found[1], found[2], found[3])
        ) is not None:
            return minutes, f"{words[: found.start()]}{words[found.end() :]}".strip()
    if named := _NAMED.search(words):
        return _TIMES[named[1]], f"{words[: named.start()]}{words[named.end() :]}".strip()
    return None


def _minutes(hour: str, minute: str, half: str | None) -> int | None:
    hours, minutes = int(hour), int(minute or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half == "pm" else 0)
    return hours * 60 + minutes if hours < 24 and minutes < 60 else None


def _on_weekday(which: str, weekday: int, minutes: int | None, here: _Here) -> datetime:
    """The next one; today counts while a time that was said is ahead. "next" is that of next week."""
    today, at = here.today, _MORNING if minutes is None else minutes
    if which == "next":
        return here.at(today + timedelta(days=7 - today.weekday() + weekday), at)
    ahead = (weekday - today.weekday()) % 7
    if not ahead and (minutes is None or here.at(today, at) <= here.now):
        ahead = 7
    return here.at(today + timedelta(days=ahead), at)


def _named_day(day: str, here: _Here) -> date | None:
    today = here.today
    match day:
        case "today" | "tonight":
            return today
        case "tomorrow" | "tmrw" | "tmr":
            return today + timedelta(days=1)
        case "day after tomorrow":
            return today + timedelta(days=2)
        case "next week":
            return today + timedelta(days=7 - today.weekday())
        case "weekend" | "this weekend":
            return today + timedelta(days=(5 - today.weekday()) % 7 or 7)
        case "next month":
            return (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return None


def _dated(day: str, here: _Here) -> date | None:
    """ "2026-12-01", "1 december", "dec 1st 2027"; without a year the next such day."""
    ordinal = r"(\d{1,2})(?:st|nd|rd|th)?"
    try:
        if iso := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", day):
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if found := re.fullmatch(rf"{ordinal} (?:of )?{_MONTH}(?: (\d{{4}}))?", day):
            number, month, year = found[1], found[2], found[3]
        elif found := re.fullmatch(rf"{_MONTH} {ordinal}(?: (\d{{4}}))?", day):
            month, number, year = found[1], found[2], found[3]
        else:
            return None
        if year:
            return date(int(year), _MONTHS[month[:3]], int(number))
        return _next_dated(_MONTHS[month[:3]], int(number), here.today)
    except ValueError:
        return None


def _next_dated(month: int, number: int, today: date) -> date | None:
    """29 February may be four years away, or eight."""
    for year in range(today.year, today.year + 9):
        try:
            found = date(year, month, number)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def _number(text: str) -> float:
    word = text.split()[0]
    return _NUMBERS[word] if word in _NUMBERS else float(text)


def _days(number: float, days: int, rest: timedelta) -> tuple[int, timedelta]:
    """Whole days are of the calendar, a part of one is hours."""
    return days + int(number), rest + timedelta(days=number - int(number))


def _too_far() -> WhenRefused:
    return WhenRefused("too_far", _("That is more than five years away."))
