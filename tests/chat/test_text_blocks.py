"""Formulas, spoilers, tables and named code in messages. Pure: no database."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.text import MAX_TEXT, clean, formulas, links_of, render, spoilers


@pytest.mark.parametrize(
    "text",
    [
        "Lunch is $5 and $6",
        "$5/$6, $7–$8",
        "US$5 and A$6 and $7",
        "it costs $5, or 10$ in cash",
        "$5/month or 10$",
        "costs $1,000 to $2,000",
        "I have $20, you have 30$",
        "$AAPL is up, sell$",
        "echo $HOME:$PATH and $A",
        "I earn $$ and you $$$",
        "\\$x$ is text",
        "a $x\ny$ b",
        "$ x$ and $x $",
        "`$x$`",
        "```\n$x$\n```",
        "$$ $$",
        "$" * 40,
    ],
)
def test_prices_and_code_stay_text(text: str) -> None:
    assert "<math" not in render(text).html


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("$x^2$", "<p><math><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math></p>\n"),
        ("so $a$, $b$.", "<p>so <math><mrow><mi>a</mi></mrow></math>, <math><mrow><mi>b</mi></mrow></math>.</p>\n"),
        ("for $5 we got $x$", "<p>for $5 we got <math><mrow><mi>x</mi></mrow></math></p>\n"),
        ("in $$x$$ line", '<p>in <math display="block"><mrow><mi>x</mi></mrow></math> line</p>\n'),
        ("$$x$$", '<p class="formula"><math display="block"><mrow><mi>x</mi></mrow></math></p>\n'),
        ("```math\nx\n```", '<p class="formula"><math display="block"><mrow><mi>x</mi></mrow></math></p>\n'),
        ("a\n$$\nx\n- y\n$$\nb", '<p>a</p>\n<p class="formula"><math display="block"><mrow><mi>x</mi><mo>−</mo><mi>y</mi></mrow></math></p>\n<p>b</p>\n'),
        ("$\\frac{$", "<p><code>$\\frac{$</code></p>\n"),
        ("$$\n\\frac{\n$$", "<pre class=\"code\"><code>$$\\frac{$$</code></pre>\n"),
        ("$\\text{a<b}$", "<p><math><mrow><mtext>a&lt;b</mtext></mrow></math></p>\n"),
    ],
)  # fmt: skip
def test_how_a_formula_is_drawn(text: str, drawn: str) -> None:
    assert render(text).html == drawn


def test_a_formula_neither_links_nor_lies_over_others() -> None:
    drawn = render(r"$$\href{mailto:a}{x}\hspace{-90em}\hspace{999em}\color{red}{y}\rule{99em}{99em}$$").html
    assert "<math" in drawn and "href" not in drawn and "em" not in drawn and "red" not in drawn


def test_a_formula_is_found_by_its_words() -> None:
    assert "alpha" in render(r"so $\alpha + 1$").plain
    assert "omega" in render("$$\n\\omega\n$$").plain


def test_only_so_many_formulas_are_drawn() -> None:
    text = "$\\alpha+\\beta+\\gamma$ " * 400
    drawn = render(text[:MAX_TEXT]).html
    assert 80 < drawn.count("<math>") <= formulas.MOST / 10
    assert len(drawn) < 8 * MAX_TEXT


_LATEX = st.lists(st.sampled_from(["{", "}", "^", "_", "a", "1", " ", "\\", "\\frac", "\\sqrt", "\\left(", "\\right)", "\\begin{matrix}", "\\end{matrix}", "&", "\\\\", "\\text{", "\\sum", "'", "\\limits", "\\hspace{", "\\color{", "<", ">", "\\big", "\\over", "[", "]", "\\not", "\\substack{", "\\array", "{c|c}", "%"]), max_size=25)  # fmt: skip


@given(_LATEX.map("".join))
@settings(max_examples=500, deadline=None)
def test_no_formula_fails(latex: str) -> None:
    drawn = formulas.mathml(latex, block=True)
    assert drawn is None or set(re.findall(r"<([a-z]+)", drawn)) <= formulas.TAGS


@pytest.mark.parametrize("unit", ["{", "}", "^", "a^", "(", "\\left(", "\\frac{", "{a}", "\\\\", "&", "'", "\\begin{matrix}", "\\text{", "\\sqrt", "x_{x^{", "\\color{red}", "\\not", "\\binom{a}{"])  # fmt: skip
def test_no_formula_is_expensive(unit: str) -> None:
    """The worst takes a fortieth of a second; the bound is for a machine under load."""
    latex = (unit * formulas.MOST)[: formulas.MOST]
    formulas.mathml("x", block=True)
    started = time.process_time()
    drawn = formulas.mathml(latex, block=True)
    assert time.process_time() - started < 0.5
    assert drawn is None or len(drawn) < 40 * formulas.MOST


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("It was ||the **butler**||.", '<p>It was <span class="spoiler">the <strong>butler</strong></span>.</p>\n'),
        ("||a||||b||", '<p><span class="spoiler">a</span><span class="spoiler">b</span></p>\n'),
        ("||two\nlines||", '<p><span class="spoiler">two<br>\nlines</span></p>\n'),
        ("a || b || c", "<p>a || b || c</p>\n"),
        ("||a", "<p>||a</p>\n"),
        ("`||a||`", "<p><code>||a||</code></p>\n"),
        ("||||", "<p>||||</p>\n"),
    ],
)  # fmt: skip
def test_how_a_spoiler_is_drawn(text: str, drawn: str) -> None:
    assert render(text).html == drawn


def test_a_spoiler_mentions_who_is_named_in_it() -> None:
    assert render("||@alice||", [(1, "Alice")]).person_ids == {1}


def test_no_card_tells_what_a_spoiler_covers() -> None:
    assert links_of("||see https://a.example/|| and https://b.example/") == ["https://b.example/"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It was ||the butler||!", "It was ▒▒▒!"),
        ("||a|| and ||b||", "▒▒▒ and ▒▒▒"),
        ("a || b || c", "a || b || c"),
        ("||a", "||a"),
    ],
)
def test_a_spoiler_stays_covered_where_it_cannot_be_opened(text: str, shown: str) -> None:
    assert spoilers.covered(text) == shown


@pytest.mark.parametrize("unit", ["|", "||", "||a", "||a|", "a|"])
def test_covering_is_linear(unit: str) -> None:
    started = time.process_time()
    spoilers.covered(unit * MAX_TEXT)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("info", "attributes"),
    [
        ("python main.py", ' data-language="python" data-name="main.py"'),
        ("main.py", ' data-language="py" data-name="main.py"'),
        ("python", ' data-language="python"'),
        ("nonsense notes of May", ' data-name="notes of May"'),
        ('python a"b.py', ' data-language="python"'),
        ("python " + "n" * 81, ' data-language="python"'),
        ("", ""),
    ],
)
def test_code_has_a_language_and_a_name(info: str, attributes: str) -> None:
    assert render(f"```{info}\nx\n```").html.startswith(f'<pre class="code"{attributes}><code>')


def test_a_table_stands_in_a_box_that_scrolls() -> None:
    drawn = render("|a|b|\n|-|-:|\n|1|||x|||").html
    assert drawn.startswith('<div class="wide"><table>') and drawn.endswith("</table></div>\n")


@given(st.text(st.sampled_from("$|\\{}^_ab1 \n`*-"), max_size=80))
@settings(max_examples=500, deadline=None)
def test_no_mixture_fails(text: str) -> None:
    if text.strip():
        render(clean(text))
