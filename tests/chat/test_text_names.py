"""Names in a text: as completion writes them, among namesakes, and where an @ is only an @."""

import pytest

from chat.text import People, names_in, render

PEOPLE = People(
    [
        (1, "Alice Adams"),
        (2, "Alice Zhu"),
        (3, "Bob"),
        (4, "Bob Okafor Jr."),
        (5, "佐藤 美咲"),
        (6, "ليلى حداد"),
        (7, "Jean-Luc O'Brien"),
        (8, "Daniel Weiß"),
        (9, "Sam Lee"),
        (10, "Sam Lee"),
        (11, "Under_Score"),
        (12, "Maria  del   Mar"),
    ]
)


@pytest.mark.parametrize(
    ("text", "person", "rest"),
    [
        ("@Alice Adams hello", 1, " hello"),
        ("@alice zhu, hello", 2, ", hello"),
        ("@Alice Adams's boat", 1, "'s boat"),
        ("@Alice Adams’s boat", 1, "’s boat"),
        ("@Alice Adams.", 1, "."),
        ("@Bob and Alice", 3, " and Alice"),
        ("@Bob Okafor Jr. is here", 4, " is here"),
        ("@Bob Okafor", 3, " Okafor"),
        ("@佐藤 美咲 こんにちは", 5, " こんにちは"),
        ("@佐藤美咲 こんにちは", 5, " こんにちは"),
        ("@ليلى حداد شكراً", 6, " شكراً"),
        ("@ليلى شكراً", 6, " شكراً"),
        ("@jean-luc o'brien!", 7, "!"),
        ("@Jean-Luc", 7, ""),
        ("@DANIEL WEISS", 8, ""),
        ("@**Sam Lee|p10** hi", 10, " hi"),
        ("@under_score_", 11, "_"),
        ("@Maria del Mar?", 12, "?"),
    ],
)
def test_who_is_meant(text: str, person: int, rest: str) -> None:
    rendered = render(text, PEOPLE)
    assert rendered.person_ids == {person}
    assert rendered.html.startswith(f'<p><a class="mention" data-person="p{person}">@')
    assert rendered.html.endswith(f"</a>{rest}</p>\n")


@pytest.mark.parametrize(
    "text",
    [
        "@Alice hello",  # there are two
        "@Sam Lee",
        "@",
        "@ Bob",
        "@@Bob",
        "x@Bob",
        "/@Bob",
        "a_@Bob",
        "@.Bob",
        "`@Bob`",
        "~~~\n@Bob\n~~~",
        "@**Bob",
        "@**Nobody**",
        "@Bobby",
        "\\@Bob",
    ],
)
def test_nobody_is_meant(text: str) -> None:
    rendered = render(text, PEOPLE)
    assert not rendered.person_ids and "data-person" not in rendered.html


@pytest.mark.parametrize(
    "text", ["_@Bob_", "**@Bob**", "~~@Bob~~", "(@Bob)", "> @Bob", "- @Bob", "# @Bob", "|@Bob|\n|-|"]
)
def test_a_name_inside_of_markdown(text: str) -> None:
    assert render(text, PEOPLE).person_ids == {3}


def test_in_a_link_a_name_is_only_a_word() -> None:
    rendered = render("[@Bob and @room](https://a.example)", PEOPLE)
    assert not rendered.person_ids and not rendered.mentions_room
    assert rendered.html.endswith('href="https://a.example">@Bob and @room</a></p>\n')


def test_a_message_names_a_hundred_times_at_most() -> None:
    people = People([(1, "N" * 80), (2, "Bob")])
    drawn = render(f"@{'n' * 80} ".join([""] * 120) + "@bob", people).html
    assert drawn.count("data-person") == 100


def test_the_plain_text_has_the_name_as_it_is_drawn() -> None:
    assert (
        render("@alice adams, *look*: `x` and\n\n> @room", PEOPLE).plain == "@Alice Adams, look: x and\n@room"
    )


def test_whoever_is_found_was_to_be_looked_up() -> None:
    """`names_in` says whom the database is asked for: nobody may be missing whom the text then means."""
    texts = [
        "@Alice Adams's boat", "> @Bob Okafor Jr. is here", "| a |\n|---|\n| @**Sam Lee\\|p9** |", "@JEAN-LUC",
        "- @daniel WEISS.", "@under_score-", "@Maria del Mar", "@佐藤美咲", "**@ليلى**", "# @Bob #",
    ]  # fmt: skip
    for text in texts:
        asked = names_in([text])
        found = render(text, PEOPLE).person_ids
        assert found, text
        for person_id in found:
            name = PEOPLE.name(person_id).casefold()
            assert {"".join(name.split()), name.split()[0]} & asked, text
