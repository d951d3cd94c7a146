"""Questions that are answered together, where one of them or its answer is odd."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.asgi import visitors
from tenants.db import in_tenant
from tenants.models import Organisation
from tenants.together import together
from tests.sockets import aside, session_cookie


def _too_few(questions: Sequence[int]) -> list[int]:
    return []


async def test_whoever_gets_no_answer_hears_of_it(acme: Organisation) -> None:
    with pytest.raises(ValueError, match="zip"):
        await asyncio.wait_for(together(acme, _too_few, 1), 5)


async def test_a_session_that_names_nobody_is_nobody_and_fails_no_other(alice: Any) -> None:
    good = await aside(session_cookie, alice)

    def ask() -> tuple[list[str | None], list[Any]]:
        keys: list[str | None] = []
        content = SessionStore(good).load()
        for changed in ({}, {SESSION_KEY: "x"}, {SESSION_KEY: None}, {SESSION_KEY: 10**30}):
            store = SessionStore()
            store.update({key: value for key, value in content.items() if key != SESSION_KEY} | changed)
            store.create()
            store.save()
            keys.append(store.session_key)
        return keys, visitors([good, *[key or "" for key in keys]])

    _, found = await in_tenant(alice.organisation, ask)
    assert found[0].person_id == alice.pk
    assert found[1:] == [None] * 4
