"""What the browser's part promises without a browser: preloaded modules, no cycles, a small page."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import django_htmx
import pytest
from django.conf import settings

from chat.posts import Code

STATIC = Path(settings.BASE_DIR) / "chat" / "static" / "chat"
MODULES = STATIC / "js"
DESIGN = Path(settings.BASE_DIR) / "static" / "parley"
HTMX = Path(django_htmx.__file__).parent / "static" / "django_htmx"
BUDGET = 120 * 1024  # LOOK.md: compressed CSS and JavaScript of a room, together
IMPORT = re.compile(
    r'^(?:import|\} from|import .* from) ?"\./([\w-]+\.js)"|from "\./([\w-]+\.js)"', re.MULTILINE
)
SHEET = re.compile(r"static '(parley|chat/css)/([\w-]+\.css)'")
LATER = re.compile(r'import\("\./([\w-]+\.js)"\)')
TOGETHER = re.compile(r"Promise\.all\(\[(.*import.*)\]\)")
ON_DEMAND = {
    "all_read.js",
    "catch_up.js",
    "commands.js",
    "composer_menu.js",
    "delete_dialog.js",
    "destination.js",
    "dragging.js",
    "emoji_picker.js",
    "lightbox.js",
    "list_dialogs.js",
    "naming.js",
    "outboxes.js",
    "outsiders.js",
    "own_menu.js",
    "picker.js",
    "preferences.js",
    "quotes.js",
    "replies.js",
    "replying.js",
    "search_field.js",
    "seen.js",
    "sending_later.js",
    "snippet_dialog.js",
    "thread_reading.js",
}


def imported_by(name: str) -> set[str]:
    return {one or other for one, other in IMPORT.findall((MODULES / name).read_text())}


def also_later(name: str) -> set[str]:
    return imported_by(name) | set(LATER.findall((MODULES / name).read_text()))


def reachable(entry: str, imports: Callable[[str], set[str]] = imported_by) -> set[str]:
    found: set[str] = set()
    waiting = [entry]
    while waiting:
        for name in imports(waiting.pop()) - found:
            found.add(name)
            waiting.append(name)
    return found


def preloaded(template: str) -> list[str]:
    text = (Path(settings.BASE_DIR) / "templates" / "chat" / template).read_text()
    return re.findall(r"static 'chat/js/([\w-]+\.js)'", text)


def test_every_module_is_preloaded_in_one_round_trip() -> None:
    workspace = reachable("workspace.js")
    assert preloaded("modules_workspace.html") == sorted(workspace)
    assert preloaded("modules_room.html") == sorted(reachable("room.js") - workspace)


def loaded_with(name: str) -> set[str]:
    """What is asked for in the same breath as a module that is loaded later."""
    groups = [
        set(LATER.findall(some))
        for path in MODULES.glob("*.js")
        for some in TOGETHER.findall(path.read_text())
    ]
    return set().union(*(group for group in groups if name in group))


def test_what_is_loaded_later_comes_in_one_round_trip() -> None:
    at_once = reachable("workspace.js") | reachable("room.js")
    later = {name for path in MODULES.glob("*.js") for name in LATER.findall(path.read_text())}
    assert later == ON_DEMAND
    assert all(imported_by(name) <= at_once | loaded_with(name) for name in later)
    assert not later & at_once


def test_no_module_lies_around_unused() -> None:
    entries = {"workspace.js", "room.js", *ON_DEMAND}
    assert {path.name for path in MODULES.glob("*.js")} == entries | reachable("workspace.js") | reachable(
        "room.js"
    )


@pytest.mark.parametrize("entry", ["workspace.js", "room.js"])
def test_modules_import_each_other_in_one_direction(entry: str) -> None:
    # Also what lets ManifestStaticFilesStorage hash them: a cycle never gets its hash.
    for name in reachable(entry):
        assert name not in reachable(name), f"{name} imports itself by a detour"


def test_no_module_leads_back_to_itself_later() -> None:
    # For the hashes, what is loaded later counts as imported.
    assert [path.name for path in MODULES.glob("*.js") if path.name in reachable(path.name, also_later)] == []


def test_a_room_loads_less_than_the_budget() -> None:
    at_once = [path for path in MODULES.glob("*.js") if path.name not in ON_DEMAND]
    files = [*at_once, STATIC / "early.js", DESIGN / "theme.js"]
    for page in ("base.html", "chat/workspace.html"):
        text = (Path(settings.BASE_DIR) / "templates" / page).read_text()
        files += [
            {"parley": DESIGN, "chat/css": STATIC / "css"}[folder] / name
            for folder, name in SHEET.findall(text)
        ]
    files += [HTMX / "htmx-4.min.js", HTMX / "ext" / "hx-ws-4.min.js", HTMX / "ext" / "hx-upsert-4.min.js"]
    assert len(files) > len(at_once) + 10
    size = sum(len(gzip.compress(path.read_bytes())) for path in files)
    assert size < BUDGET, f"{size / 1024:.0f} KB"


def test_the_page_has_words_for_whatever_a_post_is_refused_for() -> None:
    words = (Path(settings.BASE_DIR) / "templates/chat/strings.json").read_text()
    codes = {*get_args(Code.__value__), "rate_limited", "unavailable", "too_large"}
    assert len(codes) > 10
    assert [code for code in sorted(codes) if f'"failed.{code}"' not in words] == []


def test_modules_and_style_sheets_stay_small() -> None:
    for path in [*MODULES.glob("*.js"), *(STATIC / "css").glob("*.css"), *DESIGN.glob("*.css")]:
        assert len(path.read_text().splitlines()) <= 300, path.name


def test_only_the_tokens_name_colours() -> None:
    for path in [*(STATIC / "css").glob("*.css"), *DESIGN.glob("*.css")]:
        if path.name != "tokens.css":
            assert not re.search(r"#[0-9a-f]{3,8}\b(?! *\{)|rgb\(|hsl\(|oklch\(", path.read_text()), path.name


def test_no_module_declares_a_function_twice() -> None:
    # A syntax error only a browser would tell of, and then the whole page stands still.
    for path in MODULES.glob("*.js"):
        names = re.findall(r"^(?:export )?(?:async )?function (\w+)", path.read_text(), re.MULTILINE)
        assert len(names) == len(set(names)), path.name
