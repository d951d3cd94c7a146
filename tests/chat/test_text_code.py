"""Code in colour: few classes, few languages, and no code that keeps a server busy."""

import html
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.text import code, render

CSS = Path(code.__file__).parent.parent / "static" / "chat" / "css" / "prose.css"
LEXERS = sorted(set(code._LANGUAGES.values()))
# What regular expressions of lexers stumble over, found by trying many on each of them.
HARD = [
    "\n",
    "\r",
    " ",
    "a",
    "a ",
    "a\n",
    "a.",
    '"a\\',
    "0x",
    "1e",
    "-",
    "(a",
    "a:",
    "{{",
    "/*",
    "'",
    "`",
    "\\",
    "<",
]


def test_the_colours_are_those_of_the_style_sheet() -> None:
    styled = set(re.findall(r"\.([a-z][a-z0-9]*)\b", " ".join(re.findall(r"\.code [^{]*", CSS.read_text()))))
    assert styled >= code.CLASSES


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("```py\nreturn 1 # ü <\n```", '<span class="k">return</span> <span class="m">1</span> <span class="c"># ü &lt;</span>'),
        ("```SQL\nselect 'x'\n```", '<span class="k">select</span> <span class="s">\'x\'</span>'),
        ("```diff\n-a\n+b\n```", '<span class="gd">-a</span>\n<span class="gi">+b</span>'),
        ("```brainfuck\n<b>\n```", "<pre class=\"code\"><code>&lt;b&gt;\n</code></pre>"),
        ("```\n<b>\n```", "<pre class=\"code\"><code>&lt;b&gt;\n</code></pre>"),
    ],
)  # fmt: skip
def test_how_code_is_drawn(text: str, drawn: str) -> None:
    assert drawn in render(text).html


@pytest.mark.parametrize("lexer", LEXERS)
@given(st.text(st.sampled_from("ab1 \n\t\"'<>&{}()[]/*#$@-:;=\\`|é日"), max_size=60))
@settings(max_examples=15, deadline=None)
def test_no_character_of_code_is_lost(lexer: str, text: str) -> None:
    drawn = re.sub(r"</?span[^>]*>", "", code.colour(text, lexer))
    assert html.unescape(drawn).rstrip("\n") == re.sub(r"\r\n?", "\n", text).rstrip("\n")


@pytest.mark.parametrize("lexer", LEXERS)
def test_no_code_is_expensive(lexer: str) -> None:
    """The worst takes a seventh of a second; the bound is for a machine under load."""
    code.colour("", lexer)  # loads the lexer
    for unit in HARD:
        text = (unit * code.MOST_COLOURED)[: code.MOST_COLOURED]
        started = time.process_time()
        code.colour(text, lexer)
        assert time.process_time() - started < 1, unit


def test_only_so_much_of_a_message_is_coloured() -> None:
    block = "```python\n" + "x = 1\n" * 150 + "```\n"
    drawn = render(block * 5).html
    first, second, third, *rest = drawn.split("</pre>")
    assert "<span" in first and "<span" in second and "<span" not in third and "<span" not in "".join(rest)
    assert third.startswith('\n<pre class="code" data-language="python">')


def test_a_thousand_blocks_are_a_thousand_blocks() -> None:
    assert render("```js\n1\n```\n" * 800).html.count("<pre") == 800
