"""What became of a text, word by word."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.text.comparing import compare, compare_all
from chat.text.spoilers import runs


def marked(before: str, after: str) -> str:
    signs = {"same": "{}", "added": "+{}+", "removed": "-{}-"}
    return "".join(signs[piece.fate].format(piece.text) for piece in compare(before, after))


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("at two", "at three", "at -two-+three+"),
        ("see you", "see you there", "see you+ there+"),
        ("same", "same", "same"),
        ("", "new", "+new+"),
        ("東京で会う", "京都で会う", "-東-京+都+で会う"),
        ("one. two", "one, two", "one-.-+,+ two"),
    ],
)
def test_words_that_came_and_went(before: str, after: str, found: str) -> None:
    assert marked(before, after) == found


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_pieces_make_both_texts(before: str, after: str) -> None:
    pieces = compare(before, after)
    assert "".join(piece.text for piece in pieces if piece.fate != "added") == before
    assert "".join(piece.text for piece in pieces if piece.fate != "removed") == after
    assert all(piece.text for piece in pieces)


@pytest.mark.parametrize("unit", ["a b ", "a ", "ab\n", "x. "])
def test_no_text_takes_long(unit: str) -> None:
    long = (unit * 5_000)[:10_000]
    began = time.process_time()
    for cut in range(20):
        compare(long[cut * 37 :], long[: 10_000 - cut * 41][::-1])
    assert time.process_time() - began < 2


def test_no_history_takes_long() -> None:
    """Every second letter is common, none beside another one: the worst for what looks for long common parts."""
    texts = ["".join(f"{chr(0x4E00 + 200 * number + at)}あ" for at in range(150)) for number in range(50)]
    began = time.process_time()
    found = list(compare_all(pairwise(texts)))
    assert time.process_time() - began < 2
    assert [len(pieces) > 100 for pieces in found] == [True, *[False] * 48]
    for (before, after), pieces in zip(pairwise(texts), found, strict=True):
        assert "".join(piece.text for piece in pieces if piece.fate != "added") == before
        assert "".join(piece.text for piece in pieces if piece.fate != "removed") == after


def covered(before: str, after: str) -> list[tuple[bool, str]]:
    signs = {"same": "{}", "added": "+{}+", "removed": "-{}-"}
    found = runs(compare(before, after), before, after)
    return [(run.covered, "".join(signs[one.fate].format(one.text) for one in run.pieces)) for run in found]


def test_what_a_spoiler_of_either_text_covers_stands_apart() -> None:
    assert covered("a ||b|| c", "a ||d|| c") == [(False, "a ||"), (True, "-b-+d+"), (False, "|| c")]
    assert covered("", "||b||!") == [(False, "+||+"), (True, "+b+"), (False, "+||!+")]
    assert covered("||b||", "b") == [(False, "-||-"), (True, "b"), (False, "-||-")]
    assert covered("b", "||b||") == [(False, "+||+"), (True, "b"), (False, "+||+")]
    assert covered("a || b", "a || c") == [(False, "a || -b-+c+")]
    assert covered("", "") == []


@given(st.text("ab| ", max_size=40), st.text("ab| ", max_size=40))
def test_the_runs_make_both_texts(before: str, after: str) -> None:
    pieces = [piece for run in runs(compare(before, after), before, after) for piece in run.pieces]
    assert "".join(piece.text for piece in pieces if piece.fate != "added") == before
    assert "".join(piece.text for piece in pieces if piece.fate != "removed") == after
