"""Searches taken apart: pure, whatever is typed."""

from datetime import date, timedelta
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.text.dates import span_of
from chat.text.highlighting import Marker
from chat.text.index import words_of
from chat.text.query import HAS, IS, MOST_PARTS, OPERATORS, Filter, Problem, parse

TODAY = date(2026, 11, 29)  # a Sunday
WORDS = st.text(st.characters(categories=("Ll", "Lu", "Lo", "Nd")), min_size=1, max_size=8)
PIECES = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ['"', "-", ":", " ", "in:", "from:", "-has:", "is:", "before:2026", '"two words"', "東京", "foo:"]
    ),
)


@given(st.lists(PIECES, max_size=20).map("".join))
def test_nothing_that_is_typed_fails(text: str) -> None:
    query = parse(text)
    parts = [*query.words, *query.phrases, *query.excluded, *query.filters]
    assert len(parts) <= MOST_PARTS
    assert all(one.operator in OPERATORS and one.value for one in query.filters)
    assert all(one.value in (*HAS, *IS) for one in query.filters if one.operator in ("has", "is"))
    assert all(
        span_of(one.value, TODAY) for one in query.filters if one.operator in ("before", "after", "during")
    )
    assert query.is_empty == (not query.terms and not query.filters)


@given(st.sampled_from(["from", "in"]), WORDS, st.booleans(), st.booleans())
def test_an_operator_takes_its_value_in_quotes_or_without(
    operator: str, value: str, negated: bool, quoted: bool
) -> None:
    written = f"{'-' if negated else ''}{operator.upper()}:" + (f'"{value} {value}"' if quoted else value)
    wanted = f"{value} {value}" if quoted else value
    query = parse(f"before {written} after")
    assert query.filters == (Filter(operator, wanted, negated),)
    assert query.words == ("before", "after")


@given(st.lists(WORDS, min_size=1, max_size=5))
def test_words_phrases_and_exclusions_keep_apart(words: list[str]) -> None:
    joined = " ".join(words)
    query = parse(f'{joined} "{joined}" -"{joined}"')
    assert (query.words, query.phrases, query.excluded) == (tuple(words), (joined,), (joined,))


@given(st.dates(date(1971, 1, 1), date(8999, 12, 31)))
def test_days_months_and_years_contain_their_days(day: date) -> None:
    for written in (day.isoformat(), day.isoformat()[:7], f"{day.year}-{day.month}", day.isoformat()[:4]):
        span = span_of(written, TODAY)
        assert span
        assert span[0] <= day < span[1]
        assert span_of(str(span[0]), TODAY) == (span[0], span[0] + timedelta(days=1))


@pytest.mark.parametrize(
    ("written", "first", "after"),
    [
        ("today", TODAY, date(2026, 11, 30)),
        ("Yesterday", date(2026, 11, 28), TODAY),
        ("week", date(2026, 11, 23), date(2026, 11, 30)),
        ("month", date(2026, 11, 1), date(2026, 12, 1)),
        ("year", date(2026, 1, 1), date(2027, 1, 1)),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        ("2024-2-29", date(2024, 2, 29), date(2024, 3, 1)),
    ],
)
def test_days_that_are_meant(written: str, first: date, after: date) -> None:
    assert span_of(written, TODAY) == (first, after)


@pytest.mark.parametrize(
    "written", ["", "soon", "2026-13", "2026-02-30", "20266", "0001", "9999-12-31", "2026-1-1-1", "٢٠٢٦"]
)
def test_what_is_no_date(written: str) -> None:
    assert span_of(written, TODAY) is None


def test_what_is_not_understood_is_kept_for_the_person() -> None:
    query = parse("form:ada has:wings is: during:never has:links https://example.org 10:30 -foo:bar")
    assert query.problems == (
        Problem("operator", "form"),
        Problem("has", "wings"),
        Problem("missing", "is"),
        Problem("during", "never"),
        Problem("operator", "foo"),
    )
    assert query.filters == (Filter("has", "link"),)
    assert query.phrases == ("form ada",)
    assert query.excluded == ("foo bar",)
    assert query.words == ("https://example.org", "10:30")


def test_a_word_widens_to_what_is_meant_by_it() -> None:
    query = parse('boat run "the boat" -boat')
    widened = query.widened({"boat": ["boats"], "run": ["runs", "running"]})
    assert widened == "('boat' | 'boats') & ('run':* | 'runs' | 'running') & 'the' <-> 'boat' & !('boat')"
    assert query.single_words == ["boat", "run"]


def test_one_character_begins_a_pair() -> None:
    assert parse("東 boat").tsquery == "'東':* & 'boat':*"
    assert parse('"東" -京').tsquery == "'東':* & !('京':*)"


@given(st.text(max_size=40), st.lists(WORDS, max_size=3))
def test_marks_never_overlap_and_stay_within(text: str, terms: list[str]) -> None:
    spans = Marker([word for term in terms for word in words_of(term)]).spans(text)
    ends = [0, *(end for span in spans for end in span)]
    assert ends == sorted(ends)
    assert ends[-1] <= len(text)
    assert all(start < stop for start, stop in spans)


MARKUP = st.sampled_from(
    [
        "<p>",
        "</p>",
        "</a>",
        '<a href="/boat?a=1&amp;boat">',
        "&amp;",
        "&#39;",
        "&lt;",
        "&#x27;",
        "-",
        " ",
        "boat",
        "Boats",
        "a_boat",
        "amp",
        "39",
        "x27",
        "#39",
        "oat",
        "7boat",
        "sailboat",
    ]
)


@given(
    st.lists(MARKUP, max_size=12).map("".join),
    st.lists(st.sampled_from(["boa", "boat", "sail", "amp", "39", "x27", "a_boat", "href", "p"])),
)
def test_html_without_accents_is_marked_like_any_other(html: str, terms: list[str]) -> None:
    """It takes a shorter way; what stands behind it, of no interest to anybody, makes it take the longer one."""
    marker = Marker(terms[::2], terms[1::2])
    marked = marker.html(f"{html}<i>")
    longer = marker.html(f"{html}<i>é")
    assert unescape(longer) == unescape(f"{marked}é")
    assert marked.replace("<mark>", "").replace("</mark>", "") == f"{html}<i>"
