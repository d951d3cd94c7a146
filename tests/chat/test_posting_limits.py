"""How often somebody may post by form, where nobody's thread waits for the answer."""

import asyncio
import json
from typing import Any

import pytest
from django.utils.translation import get_language

from chat.models import Room
from tenants.http import HttpHandler
from tests.chat.test_posting_by_form import FETCH, answered, posting, texts


@pytest.fixture
def handler(settings: Any) -> HttpHandler:
    settings.POST_RATE = (3, 10)
    return HttpHandler()


async def test_posting_has_a_limit_for_each_person(
    alice: Any, bob: Any, room: Room, handler: HttpHandler
) -> None:
    posts = [await posting(handler, alice, room.pk, text="Hello") for _ in range(5)]
    answers = await asyncio.gather(*map(answered, posts))
    assert sorted(answer["status"] for answer in answers) == [201, 201, 201, 429, 429]
    assert await texts(alice) == ["Hello"] * 3
    late = await answered(await posting(handler, alice, room.pk, text="Hello"))
    assert int(late["headers"]["Retry-After"]) >= 1
    assert json.loads(late["body"])["error"]["code"] == "rate_limited"
    assert (await answered(await posting(handler, bob, room.pk, text="Mine")))["status"] == 201


async def test_that_it_was_too_often_is_said_in_the_persons_language(
    alice: Any, room: Room, handler: HttpHandler, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.POST_RATE = (0, 10)
    monkeypatch.setattr("chat.views.answers._", lambda _: get_language())
    for language in ("de", "fr"):
        post = await posting(handler, alice, room.pk, {**FETCH, "accept-language": language}, text="Hallo")
        assert json.loads((await answered(post))["body"])["error"]["detail"] == language


async def test_what_makes_no_sense_counts_too(alice: Any, room: Room, handler: HttpHandler) -> None:
    wrong = [await posting(handler, alice, room.pk, text="Hello", client_id="none") for _ in range(4)]
    answers = await asyncio.gather(*map(answered, wrong))
    assert sorted(answer["status"] for answer in answers) == [422, 422, 422, 429]
    assert (await answered(await posting(handler, alice, room.pk, text="Hello")))["status"] == 429
