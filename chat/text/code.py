"""Code in colour: Pygments' tokens as the few classes that chat/static/chat/css/prose.css knows."""

import html
import re
from functools import cache

from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name
from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, String, _TokenType

MOST_COLOURED = 2_000  # characters of code in a message; what is beyond stays without colour
LANGUAGE = re.compile(r"[A-Za-z0-9+#_.-]{1,30}")
NAME = re.compile(r"[\w .,()@+/-]{1,80}")  # of a snippet

# By how people call them. Not all that Pygments knows: its lexers are regular expressions, and some take minutes for
# a text that was made for it. These were timed on repetitions of what usually hurts (tests/chat/test_text_code.py).
_LANGUAGES = {
    name: lexer
    for lexer, names in {
        "bash": "bash sh shell zsh", "c": "c h", "clojure": "clojure clj", "console": "console shell-session",
        "cpp": "cpp c++ hpp cc", "csharp": "csharp c# cs", "css": "css", "dart": "dart", "diff": "diff patch",
        "docker": "docker dockerfile", "elixir": "elixir ex exs", "erlang": "erlang erl", "fsharp": "fsharp f# fs",
        "go": "go golang", "graphql": "graphql gql", "groovy": "groovy gradle", "haskell": "haskell hs",
        "html": "html htm", "html+django": "django jinja html+django", "http": "http", "ini": "ini cfg conf",
        "java": "java", "javascript": "javascript js mjs node", "json": "json jsonc", "jsx": "jsx", "julia": "julia jl",
        "kotlin": "kotlin kt", "latex": "latex tex", "lua": "lua", "make": "make makefile", "markdown": "markdown md",
        "nginx": "nginx", "objective-c": "objective-c objc", "ocaml": "ocaml ml", "perl": "perl pl", "php": "php",
        "postgresql": "postgresql postgres psql", "powershell": "powershell ps1 pwsh", "protobuf": "protobuf proto",
        "pycon": "pycon", "python": "python py python3", "pytb": "pytb traceback", "r": "r", "ruby": "ruby rb",
        "rust": "rust rs", "scala": "scala", "scss": "scss sass", "sql": "sql mysql sqlite", "swift": "swift",
        "terraform": "terraform hcl tf", "toml": "toml", "tsx": "tsx", "typescript": "typescript ts", "vim": "vim",
        "xml": "xml svg", "yaml": "yaml yml", "zig": "zig",
    }.items()
    for name in names.split()
}  # fmt: skip
_CLASSES = {
    Keyword: "k", Operator.Word: "k", Name.Tag: "k", String: "s", Number: "m", Name.Builtin.Pseudo: "m",
    Name.Function: "nf", Name.Class: "nf", Name.Decorator: "nf", Name.Exception: "nf", Name.Builtin: "nf",
    Name.Attribute: "nf", Name.Namespace: "nf", Comment: "c", Generic.Deleted: "gd", Generic.Inserted: "gi",
    Generic.Heading: "gh", Generic.Subheading: "gh",
}  # fmt: skip
CLASSES = frozenset(_CLASSES.values())


def colour(code: str, language: str) -> str:
    """`code` as HTML text with `<span class>` around what has a colour; only escaped where we don't know `language`."""
    lexer = _LANGUAGES.get(language.lower())
    if lexer is None:
        return html.escape(code, quote=False)
    parts: list[str] = []
    open_class = ""
    for token, text in _lexer(lexer).get_tokens(code):
        wanted = _class_of(token)
        if wanted != open_class:
            parts.append(("</span>" if open_class else "") + (f'<span class="{wanted}">' if wanted else ""))
            open_class = wanted
        parts.append(html.escape(text, quote=False))
    return "".join(parts) + ("</span>" if open_class else "")


def knows(language: str) -> bool:
    return language.lower() in _LANGUAGES


def language_and_name(info: str) -> tuple[str, str]:
    """What stands behind the sign of a block of code: ("python", "main.py") for "python main.py" and for "main.py"."""
    first, _blank, rest = info.strip().partition(" ")
    name = rest.strip()
    if not name and "." in first:
        first, name = first.rpartition(".")[2], first
    return first, name if NAME.fullmatch(name) else ""


def _lexer(name: str) -> Lexer:
    """A lexer of this call's own: some keep what they read on themselves, and threads serve many organisations.

    C# with all of Unicode's letters in its names takes four times as long for the worst code.
    """
    return _lexer_class(name)(stripnl=False, unicodelevel="none")


@cache
def _lexer_class(name: str) -> type[Lexer]:
    return find_lexer_class_by_name(name)


@cache
def _class_of(token: _TokenType) -> str:
    """The class of a kind of token, or of the nearest kind that it is one of; "" for what has no colour."""
    while token is not None and token not in _CLASSES:
        token = token.parent
    return _CLASSES.get(token, "")
