"""Three organisations at the same moment, through both doors, in every order of coming and going: nothing mixes.

Real threads, held by a queue at the door: all three have entered before any of them reads, and they read in the order
that the test wants.
"""

import asyncio
import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from channels.testing import HttpCommunicator
from django.conf import settings
from django.http import HttpResponse

from accounts.models import Person
from chat.models import Message
from config.asgi import application
from tenants.db import current_organisation, in_tenant
from tenants.middleware import OrganisationMiddleware
from tenants.models import Organisation
from tests.isolation.twins import ALICE, Twin, words_in

PATIENCE = 10.0
ORDERS = [pytest.param(order, id="".join(map(str, order))) for order in itertools.permutations(range(3))]
Three = tuple[Twin, Twin, Twin]


@pytest.fixture
def three(twins: tuple[Twin, Twin], third: Twin) -> Three:
    return (*twins, third)


class Queue:
    """Lets threads pass one after the other, in the order of `names`."""

    def __init__(self, names: Sequence[int]) -> None:
        self._waiting = list(names)
        self._moved = threading.Condition()

    @contextmanager
    def turn(self, name: int) -> Iterator[None]:
        with self._moved:
            assert self._moved.wait_for(lambda: self._waiting[0] == name, PATIENCE)
        yield
        with self._moved:
            self._waiting.pop(0)
            self._moved.notify_all()


def foreign(mine: Twin, all_of_them: Three, text: str) -> list[str]:
    return [one for twin in all_of_them if twin is not mine for one in twin.leaked("", text)]


@pytest.mark.parametrize("leaving", ORDERS)
@pytest.mark.parametrize("entering", ORDERS)
async def test_calls_through_in_tenant(
    three: Three, entering: tuple[int, ...], leaving: tuple[int, ...]
) -> None:
    coming = Queue([three[number].organisation.pk for number in entering])
    going = Queue([three[number].organisation.pk for number in leaving])
    inside = threading.Barrier(3)

    def look() -> tuple[str, str]:
        own = current_organisation()
        with coming.turn(own.pk):
            names = [*Person.objects.values_list("name", flat=True)]
        inside.wait(PATIENCE)
        with going.turn(own.pk):
            texts = [*Message.objects.values_list("text", flat=True)]
        return current_organisation().schema_name, " ".join(names + texts)

    answers = await asyncio.gather(*(in_tenant(twin.organisation, look) for twin in three))
    for twin, (schema, text) in zip(three, answers, strict=True):
        assert schema == twin.organisation.schema_name
        assert words_in(text) & set(twin.readers) and foreign(twin, three, text) == []


@pytest.mark.parametrize("leaving", ORDERS)
@pytest.mark.parametrize("entering", ORDERS)
async def test_requests_through_the_whole_stack(
    three: Three, monkeypatch: pytest.MonkeyPatch, entering: tuple[int, ...], leaving: tuple[int, ...]
) -> None:
    coming = Queue([three[number].organisation.pk for number in entering])
    going = Queue([three[number].organisation.pk for number in leaving])
    inside = threading.Barrier(3)
    whole = OrganisationMiddleware._inside

    def held(self: OrganisationMiddleware, request: Any, organisation: Organisation) -> HttpResponse:
        turn = coming.turn(organisation.pk)
        turn.__enter__()

        def entered(request: Any) -> HttpResponse:
            turn.__exit__(None, None, None)
            inside.wait(PATIENCE)
            with going.turn(organisation.pk):
                return self.get_response(request)

        return whole(SimpleNamespace(get_response=entered), request, organisation)  # type: ignore[arg-type]

    monkeypatch.setattr(OrganisationMiddleware, "_inside", held)
    answers = await asyncio.gather(*(_page(twin, "/notifications/") for twin in three))
    for twin, answer in zip(three, answers, strict=True):
        text = answer["body"].decode()
        assert answer["status"] == 200
        assert words_in(text) & set(twin.readers) and foreign(twin, three, text) == []


async def _page(twin: Twin, path: str) -> dict[str, Any]:
    headers = [
        (b"host", twin.host.encode()),
        (b"cookie", f"{settings.SESSION_COOKIE_NAME}={twin.cookies[ALICE]}".encode()),
    ]
    return await HttpCommunicator(application, "GET", path, headers=headers).get_response(timeout=PATIENCE)
