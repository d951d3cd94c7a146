"""What people type becomes HTML that is safe for everybody, whatever they type. Pure: no database."""

import re
import time

import nh3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat.text import MAX_TEXT, TextRefused, clean, emoji, names_in, render, sanitising
from chat.text import rendering as module
from chat.text.highlighting import highlight
from chat.text.index import index_text, words_of
from chat.text.query import Filter, parse
from tests import emoji_listing

PEOPLE = [
    (1, "Alice Adams"),
    (2, "Bob"),
    (3, "José Ñandú"),
    (4, "Sam Lee"),
    (5, "Sam Lee"),
    (6, "<b>Eve</b>"),
]

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/accounts/logout/)",
    "![x](javascript:alert(1))",
    '![x](https://a.example/"onerror="alert(1))',
    '[x](https://a.example/"onmouseover="alert(1))',
    "<https://a.example/\"onclick=alert(1)>",
    "<javascript:alert(1)>",
    "```<script>\nalert(1)\n```",
    '```"><script>alert(1)</script>\ncode\n```',
    "```python onclick=alert(1)\n</code></pre><script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<div hx-get=/x hx-trigger=load>",
    "<div data-hx-on:load=alert(1)>",
    "<style>*{display:none}</style>",
    "<iframe src=https://evil.example></iframe>",
    "<form action=https://evil.example><input name=password>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example>",
    "<math><mi xlink:href=javascript:alert(1)>x",
    "<p class=dialog id=timeline style=position:fixed>",
    "@**<b>Eve</b>**",
    "# <script>alert(1)</script>",
    "| <script> | b |\n|-|-|\n| <img src=x onerror=alert(1)> | x |",
    "[a]: javascript:alert(1)\n[a]",
    "<!--><script>alert(1)</script>-->",
    "<a data-person=p1>Alice</a>",
    "||<script>alert(1)</script>||",
    "$\\href{javascript:alert(1)}x$",
    "$\\text{<img src=x onerror=alert(1)>}$",
    "$$\n</math><script>alert(1)</script>\n$$",
    "```math\n\\text{</mtext></math><script>alert(1)</script>}\n```",
    "```python x\" onclick=\"alert(1)\n1\n```",
    "```python <script>alert(1)</script>.py\n1\n```",
]  # fmt: skip


def check_safe(html: str) -> None:
    """Only our own tags and attributes, and addresses of the three schemes."""
    for tag, attributes in re.findall(r"<([a-z0-9]+)((?:\s[^<>]*)?)>", html):
        assert tag in sanitising.TAGS, html
        names = re.findall(r'([a-z-]+)="', attributes)
        assert set(names) <= {
            "href",
            "rel",
            "target",
            "class",
            "data-person",
            "data-language",
            "data-name",
            "data-align",
            "start",
            *sanitising.formulas.ATTRIBUTES,
        }, html
    for address in re.findall(r'<a [^<>]*href="([^"]*)"', html):
        assert address.startswith(("http://", "https://", "mailto:")), html
    # Nothing but tags of ours: a sanitiser that allows these finds nothing to take away.
    again = nh3.clean(
        html,
        tags=sanitising.TAGS,
        attributes={
            tag: {
                "href",
                "rel",
                "target",
                "class",
                "data-person",
                "data-language",
                "data-name",
                "data-align",
                "start",
            }
            | sanitising.formulas.ATTRIBUTES
            for tag in sanitising.TAGS
        },
        link_rel=None,
    )
    assert re.findall(r"<[^>]*>", again) == re.findall(r"<[^>]*>", html)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_text(attack: str) -> None:
    check_safe(render(attack, PEOPLE).html)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
@example("a<b>c")
@settings(max_examples=400, deadline=None)
def test_any_text_is_safe(text: str) -> None:
    check_safe(render(text, PEOPLE).html)


_MARKDOWN = st.lists(st.sampled_from(["*", "_", "`", "```", "\n", "> ", "- ", "1. ", "|", "[", "](", ")", "<", ">", "@bob", "https://a.example", ":tada:", "&amp;", '"', "a", " ", "#", "~~", "!", "\\", "||", "$", "$$", "{", "}", "\\frac", "^"]), max_size=40)  # fmt: skip


@given(_MARKDOWN.map("".join))
@settings(max_examples=400, deadline=None)
def test_any_markdown_is_safe(text: str) -> None:
    check_safe(render(text, PEOPLE).html)


@given(st.text(st.sampled_from("abc XYZ äöü 日本 ?,;.:!-~$|"), min_size=1, max_size=60))
@settings(max_examples=300, deadline=None)
def test_the_short_way_draws_what_the_long_one_draws(text: str) -> None:
    try:
        text = clean(text)
    except TextRefused:
        return
    short = render(text, PEOPLE)
    whole, module._PLAIN = module._PLAIN, re.compile(r"(?!)")
    try:
        assert render(text, PEOPLE) == short
    finally:
        module._PLAIN = whole


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("**b** *i* ~~s~~ `c`", "<p><strong>b</strong> <em>i</em> <s>s</s> <code>c</code></p>\n"),
        ("# Title", '<p class="heading">Title</p>\n'),
        ("> quoted", "<blockquote>\n<p>quoted</p>\n</blockquote>\n"),
        (":tada:", '<p class="jumbo">🎉</p>\n'),
        ("`:tada:` :nonsense:", "<p><code>:tada:</code> :nonsense:</p>\n"),
        (
            "mail a@b.example.com",
            '<p>mail <a rel="noopener nofollow ugc" target="_blank" href="mailto:a@b.example.com">a@b.example.com</a></p>\n',
        ),
        ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>\n"),
        ("README.md, main.py and v4.8.1", "<p>README.md, main.py and v4.8.1</p>\n"),
        ("[x](javascript:a) ftp://a.example/", "<p>[x](javascript:a) ftp://a.example/</p>\n"),
        ("[x](/accounts/logout/)", "<p>[x](/accounts/logout/)</p>\n"),
    ],
)
def test_markdown(text: str, html: str) -> None:
    assert render(text, PEOPLE).html == html


def test_an_address_is_shown_as_it_was_typed() -> None:
    """Decoded, this one would turn the rest of the line around; decoded names look like others."""
    for address in ("https://a.example/%E2%80%AEgpj.exe", "https://xn--80ak6aa92e.com/"):
        assert f">{address}</a>" in render(f"see {address} here").html


@pytest.mark.parametrize("columns", [2, 20, 60, 600, 3_300])
def test_a_table_has_a_bounded_size(columns: int) -> None:
    """The parser adds the cells that rows lack: 10,000 characters became 700,000."""
    text = "|a" * columns + "|\n" + "|-" * columns + "|\n" + "b\n" * 5_000
    assert len(render(text[:MAX_TEXT]).html) < 5 * MAX_TEXT


def test_code_is_coloured_and_names_its_language() -> None:
    html = render("```python\ndef f(): pass\n```").html
    assert html.startswith('<pre class="code" data-language="python"><code><span class="k">def</span>')
    assert "<span" not in render("```nosuchlanguage\ndef f(): pass\n```").html


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("@alice", {1}),
        ("@Alice.", {1}),
        ("(@bob's)", {2}),
        ("@aliceadams and @BOB", {1, 2}),
        ("@**Alice Adams**", {1}),
        ("@**alice  adams**", {1}),
        ("@josé", {3}),
        ("@**Sam Lee**", set()),  # there are two
        ("@**Sam Lee|p5**", {5}),
        ("@**Sam Lee|p1**", set()),
        ("@sam", set()),
        ("a@bob", set()),
        ("mail@alice.example", set()),
        ("`@alice`", set()),
        ("```\n@alice\n```", set()),
        ("https://a.example/@alice", set()),
        ("@nobody", set()),
        ("@alicex", set()),
    ],
)
def test_who_is_mentioned(text: str, mentioned: set[int]) -> None:
    assert render(text, PEOPLE).person_ids == mentioned


def test_the_room_is_mentioned_and_nobody_has_to_be_looked_up() -> None:
    assert render("@room lunch", PEOPLE).mentions_room
    assert render("@Room, lunch", PEOPLE).mentions_room
    assert not render("@roommate `@room`", PEOPLE).mentions_room
    assert names_in(["@room lunch", "a@b.example"]) == set()
    assert names_in(["@Alice", "hi @**Bob Lee|p3**"]) == {"alice", "boblee"}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("\n\nhello  \n\n", "hello"),
        ("a\u202eb", "ab"),
        ("\u2067a\u2069 b", "\u2067a\u2069 b"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("x" * MAX_TEXT, "x" * MAX_TEXT),
    ],
)
def test_a_text_is_cleaned(text: str, kept: str) -> None:
    assert clean(text) == kept


@pytest.mark.parametrize("unit", ["[", "*", ">", "> ", "`", "_a", "- ", "(", "![", "|a", "~~", "@a ", ":a:", "<", "&#", "[](", "1. ", "***a", "\n> ", "-|-\n", "https://a.b/(", "https://a.b/[", "www.a.b", "a@b.c ", "@**a|p1", "`` `", "||", "||a", "|| ", "$", "$a", "$a$", "$$\n", "$$a\n", "$$", "$${", "$$a$$\n"])  # fmt: skip
def test_no_text_is_expensive(unit: str) -> None:
    """Twice the text costs about twice the time, measured side by side; quadratic would be four times."""

    def cost(length: int) -> float:
        text = (unit * length)[:length]
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            render(text, PEOPLE)
            best = min(best, time.process_time() - start)
        return best

    assert cost(MAX_TEXT) < max(6 * cost(MAX_TEXT // 2), 0.05)


def test_the_list_of_emoji_is_what_its_source_says() -> None:
    assert emoji.listing() == emoji_listing.build(), "write it again: python -m tests.emoji_listing"
    assert len(emoji.listing().emoji) > 1_800
    for one in emoji.listing().emoji:
        assert emoji.known(one.emoji) == one.emoji
        assert {emoji.replace(f":{name}:") for name in one.names.split()} == {one.emoji}


@pytest.mark.parametrize(
    ("typed", "found"),
    [("👍", "👍"), ("👍🏽", "👍🏽"), ("❤", "❤️"), ("❤️", "❤️"), ("👩🏿‍🚀", "👩🏿‍🚀"), ("🇩🇪", "🇩🇪"), ("3️⃣", "3️⃣"), ("🤝🏻", "🤝🏻")],
)  # fmt: skip
def test_an_emoji_has_one_spelling(typed: str, found: str) -> None:
    assert emoji.known(typed) == found


@pytest.mark.parametrize(
    "typed", ["", "a", "👍👍", "👍 ", "🏽", "😀🏽", ":tada:", "\ufe0f", "<b>", "\x00", "3", "👍*"]
)
def test_what_is_no_emoji(typed: str) -> None:
    assert emoji.known(typed) is None


# -- Search ------------------------------------------------------------------------------------------------------


def test_words_are_brought_to_one_form() -> None:
    assert words_of("Straße ÅNGSTRÖM naïve don't") == ["strasse", "angstrom", "naive", "don", "t"]
    assert words_of("красный ёж ガラス") == ["красный", "еж", "ガラ", "ラス"]
    # The last character of a run stands by itself in the end: no pair begins with it.
    assert index_text("東京タワー and more") == "東京 京タ タワ ワー and more ー"


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_no_search_is_an_operator_of_postgres(text: str) -> None:
    query = parse(text).tsquery
    assert re.fullmatch(r"(!?\(?'\w+'(:\*)?\)?( & | <-> )?)*\)?", query), query
    widened = parse(text).widened({word: ["other", "forms"] for word in words_of(text)})
    assert re.fullmatch(r"(!?\(?'\w+'(:\*)?\)?( & | <-> | \| )?)*\)?", widened), widened


def test_a_search_is_taken_apart() -> None:
    query = parse('deploy "exact phrase" from:@alice in:#general -draft')
    assert (query.words, query.phrases, query.excluded) == (("deploy",), ("exact phrase",), ("draft",))
    assert query.filters == (Filter("from", "@alice"), Filter("in", "#general"))
    assert query.tsquery == "'deploy':* & 'exact' <-> 'phrase' & !('draft')"
    assert parse("   ").is_empty


def test_what_was_found_is_marked_in_text_only() -> None:
    html = '<p>Deploy <a href="https://deploy.example/">it &amp; deployments</a> &lt;deploy&gt;</p>'
    marked = highlight(html, ["deploy"])
    assert marked == (
        '<p><mark>Deploy</mark> <a href="https://deploy.example/">it &amp; <mark>deployments</mark></a>'
        " &lt;<mark>deploy</mark>&gt;</p>"
    )


@given(st.text(max_size=80), st.lists(st.text(min_size=1, max_size=5), max_size=3))
@settings(max_examples=200, deadline=None)
def test_marking_changes_nothing_else(text: str, terms: list[str]) -> None:
    html = render(text, PEOPLE).html
    marked = highlight(html, terms)
    check_safe(re.sub(r"</?mark>", "", marked))
