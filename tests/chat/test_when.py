"""Times as people write them, where they are, also when clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.reminders import split_reminder
from chat.when import FURTHEST, WhenRefused, parse_when

BERLIN = "Europe/Berlin"
WEDNESDAY = datetime(2026, 11, 25, 13, 30, tzinfo=ZoneInfo(BERLIN))


def local(text: str, zone: str = BERLIN, now: datetime = WEDNESDAY) -> str:
    """What the clock on the person's wall shows then."""
    return parse_when(text, zone, now).astimezone(ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in 20 minutes", "Wed 2026-11-25 13:50"),
        ("20m", "Wed 2026-11-25 13:50"),
        ("In 20 Min.", "Wed 2026-11-25 13:50"),
        ("20 minutes from now", "Wed 2026-11-25 13:50"),
        ("in an hour", "Wed 2026-11-25 14:30"),
        ("in half an hour", "Wed 2026-11-25 14:00"),
        ("half an hour", "Wed 2026-11-25 14:00"),
        ("in an hour and a half", "Wed 2026-11-25 15:00"),
        ("in 1.5 hours", "Wed 2026-11-25 15:00"),
        ("1h30", "Wed 2026-11-25 15:00"),
        ("1h 30m", "Wed 2026-11-25 15:00"),
        ("in 2 hours and 15 minutes", "Wed 2026-11-25 15:45"),
        ("in two days", "Fri 2026-11-27 13:30"),
        ("in 3 days at 10:00", "Sat 2026-11-28 10:00"),
        ("in a week", "Wed 2026-12-02 13:30"),
        ("in 2 weeks, at noon", "Wed 2026-12-09 12:00"),
        ("in 3 months", "Thu 2027-02-25 13:30"),
        ("in a year", "Thu 2027-11-25 13:30"),
        ("17:00", "Wed 2026-11-25 17:00"),
        ("at 17:00", "Wed 2026-11-25 17:00"),
        ("17.45", "Wed 2026-11-25 17:45"),
        ("9:00", "Thu 2026-11-26 09:00"),
        ("at 9", "Thu 2026-11-26 09:00"),
        ("9am", "Thu 2026-11-26 09:00"),
        ("5 pm", "Wed 2026-11-25 17:00"),
        ("12am", "Thu 2026-11-26 00:00"),
        ("12:15 pm", "Thu 2026-11-26 12:15"),
        ("noon", "Thu 2026-11-26 12:00"),
        ("midnight", "Thu 2026-11-26 00:00"),
        ("this evening", "Wed 2026-11-25 18:00"),
        ("tonight", "Wed 2026-11-25 20:00"),
        ("tonight at 22:15", "Wed 2026-11-25 22:15"),
        ("today", "Wed 2026-11-25 17:00"),
        ("today 14:00", "Wed 2026-11-25 14:00"),
        ("tomorrow", "Thu 2026-11-26 09:00"),
        ("tomorrow 9:00", "Thu 2026-11-26 09:00"),
        ("tomorrow at 9", "Thu 2026-11-26 09:00"),
        ("tomorrow 8", "Thu 2026-11-26 08:00"),
        ("9:30 tomorrow", "Thu 2026-11-26 09:30"),
        ("tomorrow morning", "Thu 2026-11-26 09:00"),
        ("tomorrow in the afternoon", "Thu 2026-11-26 14:00"),
        ("tomorrow night", "Thu 2026-11-26 20:00"),
        ("tomorrow midnight", "Fri 2026-11-27 00:00"),
        ("the day after tomorrow 7:00", "Fri 2026-11-27 07:00"),
        ("monday", "Mon 2026-11-30 09:00"),
        ("on Monday at 10", "Mon 2026-11-30 10:00"),
        ("mon 10am", "Mon 2026-11-30 10:00"),
        ("next monday", "Mon 2026-11-30 09:00"),
        ("friday", "Fri 2026-11-27 09:00"),
        ("next friday", "Fri 2026-12-04 09:00"),
        ("wednesday", "Wed 2026-12-02 09:00"),  # today is one, but its 9:00 is over
        ("wednesday 15:00", "Wed 2026-11-25 15:00"),
        ("wednesday 10:00", "Wed 2026-12-02 10:00"),
        ("thurs evening", "Thu 2026-11-26 18:00"),
        ("next week", "Mon 2026-11-30 09:00"),
        ("next month", "Tue 2026-12-01 09:00"),
        ("weekend", "Sat 2026-11-28 09:00"),
        ("2026-12-01", "Tue 2026-12-01 09:00"),
        ("2026-12-01 14:30", "Tue 2026-12-01 14:30"),
        ("2026-12-01 9:05", "Tue 2026-12-01 09:05"),
        ("2026-12-01T14:30", "Tue 2026-12-01 14:30"),
        ("2026-12-01T14:30:00Z", "Tue 2026-12-01 15:30"),
        ("2026-12-01T14:30-05:00", "Tue 2026-12-01 20:30"),
        ("1 December", "Tue 2026-12-01 09:00"),
        ("1st of december at noon", "Tue 2026-12-01 12:00"),
        ("Dec 1, 2027 8:00", "Wed 2027-12-01 08:00"),
        ("march 3", "Wed 2027-03-03 09:00"),
        ("29 february", "Tue 2028-02-29 09:00"),
        ("  tomorrow ,  9:00 ! ", "Thu 2026-11-26 09:00"),
    ],
)
def test_what_people_write(text: str, expected: str) -> None:
    assert local(text) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "unclear"),
        ("soon", "unclear"),
        ("20", "unclear"),
        ("in 20", "unclear"),
        ("in minutes", "unclear"),
        ("in 20 bananas", "unclear"),
        ("25:00", "unclear"),
        ("9:61", "unclear"),
        ("13pm", "unclear"),
        ("2026-13-01", "unclear"),
        ("2027-02-29", "unclear"),
        ("31 november", "unclear"),
        ("1/12/2026", "unclear"),  # December or January: nobody can know
        ("tomorrow yesterday", "unclear"),
        ("in 2 hours at 10:00", "unclear"),
        ("in 1.5 months", "unclear"),
        ("in an hour and", "unclear"),
        ("\x00", "unclear"),
        ("2026-11-25T99:99", "unclear"),
        ("in 0 minutes", "over"),
        ("today 9:00", "over"),
        ("2020-01-01", "over"),
        ("2026-11-25 13:30", "over"),
        ("in 6 years", "too_far"),
        ("in 999999 years", "too_far"),
        ("in 999999 weeks", "too_far"),
        ("9999-12-31 23:59", "too_far"),
    ],
)
def test_what_is_no_time_to_come(text: str, code: str) -> None:
    with pytest.raises(WhenRefused) as refused:
        parse_when(text, BERLIN, WEDNESDAY)
    assert refused.value.code == code
    assert refused.value.detail


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", datetime(2026, 11, 26, 9, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 26, 14, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 11, 26, 3, 30, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 11, 26, 20, tzinfo=UTC)),  # where it is Thursday already
    ],
)
def test_tomorrow_is_tomorrow_where_the_person_is(zone: str, expected: datetime) -> None:
    assert parse_when("tomorrow 9:00", zone, WEDNESDAY) == expected


def test_a_day_in_which_clocks_change_keeps_its_times() -> None:
    saturday = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo(BERLIN))  # at 2:00 of the night it will be 3:00
    assert parse_when("tomorrow 9:00", BERLIN, saturday) == datetime(2026, 3, 29, 7, tzinfo=UTC)
    assert local("in a day", now=saturday) == "Sun 2026-03-29 12:00"  # 23 hours
    assert local("in 24 hours", now=saturday) == "Sun 2026-03-29 13:00"
    assert local("tomorrow 2:30", now=saturday) == "Sun 2026-03-29 03:30"  # which that night leaves out
    before = datetime(2026, 10, 24, 12, tzinfo=ZoneInfo(BERLIN))
    assert local("in a day", now=before) == "Sun 2026-10-25 12:00"  # 25 hours
    assert local("in 24 hours", now=before) == "Sun 2026-10-25 11:00"


def test_an_hour_that_comes_twice_is_meant_as_it_comes_next() -> None:
    before = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight in Berlin; 2:00 to 3:00 comes twice
    assert parse_when("2:30", BERLIN, before) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    within = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)  # 2:45 for the first time
    assert parse_when("2:30", BERLIN, within) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert parse_when("in 30 minutes", BERLIN, within) == within + timedelta(minutes=30)
    again = within + timedelta(hours=1)  # 2:45 for the second time
    assert parse_when("in 20 minutes", BERLIN, again) == again + timedelta(minutes=20)
    assert parse_when("in 3 hours", BERLIN, again) == again + timedelta(hours=3)


def test_months_end_where_they_end() -> None:
    last = datetime(2027, 1, 31, 10, tzinfo=UTC)
    assert local("in a month", "UTC", last) == "Sun 2027-02-28 10:00"
    assert local("next month", "UTC", last) == "Mon 2027-02-01 09:00"


@given(
    st.text(max_size=40),
    st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([BERLIN, "Asia/Tokyo", "America/St_Johns", "Pacific/Apia", "UTC"]),
)
def test_whatever_is_written_is_refused_or_to_come(text: str, now: datetime, zone: str) -> None:
    try:
        moment = parse_when(text, zone, now)
    except WhenRefused:
        return
    assert now < moment <= now + FURTHEST


@given(
    st.lists(
        st.sampled_from(
            [
                "in",
                "at",
                "on",
                "next",
                "this",
                "a",
                "an",
                "half",
                "2",
                "20",
                "9:00",
                "9",
                "2.30am",
                "pm",
                "hour",
                "minutes",
                "d",
                "w",
                "month",
                "and",
                "tomorrow",
                "monday",
                "sun",
                "noon",
                "midnight",
                "2027-03-28",
                "dec",
                "1st",
                "of",
                "31",
                "february",
                "week",
                "the",
            ]
        ),
        max_size=6,
    ),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([BERLIN, "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_words_of_times_in_any_order_are_refused_or_to_come(
    words: list[str], now: datetime, zone: str
) -> None:
    try:
        moment = parse_when(" ".join(words), zone, now)
    except WhenRefused:
        return
    assert now < moment <= now + FURTHEST


@pytest.mark.parametrize(
    ("text", "what", "when"),
    [
        ("me in 20 minutes to call Bob", "call Bob", "in 20 minutes"),
        ("in 20 minutes call Bob", "call Bob", "in 20 minutes"),
        ("me to call Bob in 20 minutes", "call Bob", "in 20 minutes"),
        ("call Bob tomorrow at 9", "call Bob", "tomorrow 9:00"),
        ("tomorrow 9:00 Send the 2 plans", "Send the 2 plans", "tomorrow 9:00"),
        ("next monday", "", "next monday"),
        ("about   lunch  at noon", "lunch", "noon"),
    ],
)
def test_a_line_with_both(text: str, what: str, when: str) -> None:
    assert split_reminder(text, BERLIN, WEDNESDAY) == (what, parse_when(when, BERLIN, WEDNESDAY))


@pytest.mark.parametrize(
    ("text", "code"), [("", "unclear"), ("call Bob", "unclear"), ("call Bob 2020-01-01", "over")]
)
def test_a_line_without_a_time_to_come(text: str, code: str) -> None:
    with pytest.raises(WhenRefused) as refused:
        split_reminder(text, BERLIN, WEDNESDAY)
    assert refused.value.code == code
