"""The name and the accent of an organisation: who chooses, what is refused, and that every accent can be read."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from accounts.organisation_look import ACCENTS, change_look
from accounts.people import NotAllowed
from tenants.db import in_organisation
from tenants.models import Organisation

ClientOf = Callable[[Any], Client]
PAGE = "/organisation/look/"
TOKENS = (Path(settings.BASE_DIR) / "static" / "parley" / "tokens.css").read_text()


def test_an_administrator_renames_the_workspace_and_chooses_its_accent(
    alice: Any, mallory: Any, client_of: ClientOf
) -> None:
    browser = client_of(alice)
    assert 'value="Acme"' in browser.get(PAGE).content.decode()
    assert browser.post(PAGE, {"name": " Acme  Rockets ", "accent": "130"}).status_code == 302
    page = browser.get("/people/").content.decode()
    assert "Acme Rockets" in page
    assert '--accent-hue: 130"' in page
    theirs = client_of(mallory).get("/people/").content.decode()
    assert "Acme" not in theirs
    assert "--accent-hue" not in theirs
    assert Organisation.objects.get(pk=alice.organisation.pk).address == "acme"


def test_parleys_own_accent_can_be_chosen_again(alice: Any, client_of: ClientOf) -> None:
    browser = client_of(alice)
    for accent in ("30", ""):
        assert browser.post(PAGE, {"name": "Acme", "accent": accent}).status_code == 302
    assert "--accent-hue" not in browser.get("/people/").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "", "accent": ""},
        {"name": "x" * 81, "accent": ""},
        {"name": "Acme", "accent": "31"},
        {"name": "Acme", "accent": '205"><script>'},
    ],
)
def test_what_is_no_name_or_accent_is_refused(alice: Any, client_of: ClientOf, wrong: dict[str, str]) -> None:
    assert client_of(alice).post(PAGE, wrong).status_code == 422
    with in_organisation(alice.organisation), pytest.raises(ValueError, match="workspace"):
        change_look(alice, **wrong)
    assert Organisation.objects.get(pk=alice.organisation.pk).name == "Acme"


def test_only_administrators_choose(bob: Any, client_of: ClientOf) -> None:
    assert client_of(bob).post(PAGE, {"name": "Bob's", "accent": ""}).status_code == 404
    with in_organisation(bob.organisation), pytest.raises(NotAllowed):
        change_look(bob, "Bob's", "")


def test_the_registry_is_not_changed_from_within_a_transaction(alice: Any) -> None:
    with in_organisation(alice.organisation), transaction.atomic(), pytest.raises(RuntimeError):
        change_look(alice, "Acme", "30")


# -- Contrast: the colours of tokens.css, in sRGB (WCAG 2.2, 1.4.3; OKLCH by its definition, Ottosson 2020) -------------

# A text, what it stands on, and how well it must be told from it.
PAIRS = [
    ("accent", "ground", 4.5),
    ("accent", "ground-2", 4.5),
    ("accent", "raised", 4.5),
    ("accent", "accent-soft", 4.5),
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-hover", 4.5),
    ("ink", "accent-soft", 7.0),
    ("ink", "selection", 4.5),
]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("hue", [float(value or 205) for value, _ in ACCENTS])
def test_text_can_be_read_with_every_accent(hue: float, theme: int) -> None:
    low = [
        (text, ground, round(found, 2))
        for text, ground, least in PAIRS
        if (found := contrast(colour(text, theme, hue), colour(ground, theme, hue))) < least
    ]
    assert not low


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("text", ["ink", "ink-2", "ink-3", "accent", "danger", "good", "warn"])
def test_high_contrast_is_seven_to_one(text: str, theme: int) -> None:
    high = TOKENS.partition('[data-contrast="more"]')[2]
    for ground in ("ground", "ground-2", "ground-3", "raised"):
        assert contrast(colour(text, theme, 205, high), colour(ground, theme, 205, high)) >= 7


def test_the_contrast_of_black_and_white_is_twenty_one() -> None:
    assert round(contrast(srgb(0, 0, 0), srgb(1, 0, 0)), 1) == 21


def colour(token: str, theme: int, hue: float, css: str = TOKENS) -> tuple[float, float, float]:
    found = re.search(rf"--{token}: light-dark\((oklch\(.*?\)+), (oklch\(.*?\)+)\);", css)
    assert found, token
    numbers = re.match(r"oklch\(([\d.]+)% ([\d.]+) (.+?)\)+$", found[theme + 1])
    assert numbers, found[theme + 1]
    angle = hue if "accent-hue" in numbers[3] else float(numbers[3])
    return srgb(float(numbers[1]) / 100, float(numbers[2]), angle)


def srgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """Linear red, green and blue, clipped to what a screen shows."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short
    return tuple(min(1.0, max(0.0, part)) for part in (red, green, blue))  # type: ignore[return-value]


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: tuple[float, float, float]) -> float:
    red, green, blue = colour
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
