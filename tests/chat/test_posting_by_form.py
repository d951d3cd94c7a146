"""Posts by form share a transaction with what others post at the same time, and hold no thread while they wait."""

import asyncio
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from channels.testing import HttpCommunicator
from django.db import OperationalError
from django.test import Client
from django.utils.translation import get_language

from chat import writer
from chat.models import Message, Room
from chat.posts import Post, Posted
from tenants.db import current_organisation, in_organisation, in_tenant
from tenants.http import HttpHandler
from tests.chat.storing import watch
from tests.sockets import aside, session_cookie
from tests.tenants.test_http import PATIENCE, ask

TOKEN = "a" * 32  # against forged requests: any that cookie and form agree on
BROWSER = {"accept": "text/html"}
FETCH = {"accept": "application/json"}


@pytest.fixture
def handler() -> HttpHandler:
    return HttpHandler()


async def posting(
    app: HttpHandler, person: Any, room_id: int, headers: dict[str, str] = FETCH, **form: str
) -> HttpCommunicator:
    """A post by form of a person who has signed in, which is still to be sent."""
    session = await aside(session_cookie, person)
    sent = {
        "host": person.organisation.host,
        "cookie": f"parley-session={session}; parley-csrf={TOKEN}",
        "content-type": "application/x-www-form-urlencoded",
        **headers,
    }
    body = urlencode({"client_id": str(uuid.uuid4()), "csrfmiddlewaretoken": TOKEN, **form}).encode()
    path = f"/rooms/r{room_id}/messages/"
    pairs = [(name.encode(), value.encode()) for name, value in sent.items()]
    return HttpCommunicator(app, "POST", path, body, pairs)


async def answered(asked: HttpCommunicator) -> dict[str, Any]:
    answer = await asked.get_response(timeout=PATIENCE)
    return {**answer, "headers": {name.decode(): value.decode() for name, value in answer["headers"]}}


async def texts(person: Any) -> list[str]:
    """What was posted in the person's organisation."""
    posts = Message.objects.filter(kind="post").order_by("pk").values_list("text", flat=True)
    return await in_tenant(person.organisation, lambda: list(posts.all()))


class _Held:
    """The first batch to be stored waits until it may go on; `sizes` are the batches' posts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._begun, self._goes_on = asyncio.Event(), threading.Event()
        self._loop = asyncio.get_running_loop()
        self.sizes: list[int] = []
        watch(monkeypatch, self._watch)

    def _watch(self, posts: list[Post]) -> None:
        self.sizes.append(len(posts))
        self._loop.call_soon_threadsafe(self._begun.set)
        assert self._goes_on.wait(PATIENCE)

    async def begins(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._begun.wait()

    def go_on(self) -> None:
        self._goes_on.set()


async def waiting(person: Any, count: int) -> None:
    """Return once so many posts of the person's organisation are in no batch yet."""
    async with asyncio.timeout(PATIENCE):
        while writer.writer_of(person.organisation).waiting < count:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)


async def test_what_is_posted_meanwhile_shares_a_transaction(
    alice: Any, bob: Any, room: Room, handler: HttpHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = _Held(monkeypatch)
    people = [alice, *[bob, alice] * 3]
    posts = [await posting(handler, one, room.pk, text=f"{number}") for number, one in enumerate(people)]
    tasks = [asyncio.create_task(answered(posts[0]))]
    await held.begins()
    tasks += [asyncio.create_task(answered(one)) for one in posts[1:]]
    await waiting(alice, 6)
    held.go_on()
    answers = await asyncio.gather(*tasks)
    assert {answer["status"] for answer in answers} == {201}
    assert sorted(json.loads(answer["body"])["position"] for answer in answers) == [*range(1, 8)]
    assert held.sizes == [1, 6]


async def test_posts_that_wait_hold_up_no_page(
    alice: Any, room: Room, handler: HttpHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they are; they are one more here than there are threads."""
    held = _Held(monkeypatch)
    most = handler._threads._max_workers
    posts = [await posting(handler, alice, room.pk, text=f"{number}") for number in range(most + 1)]
    tasks = [asyncio.create_task(answered(post)) for post in posts]
    await held.begins()
    await waiting(alice, most + 1 - held.sizes[0])
    page = await asyncio.wait_for(ask(alice, "/sidebar/", handler), PATIENCE / 2)
    assert page["status"] == 200
    assert not any(task.done() for task in tasks)
    held.go_on()
    assert {answer["status"] for answer in await asyncio.gather(*tasks)} == {201}


@pytest.mark.parametrize(
    ("headers", "form", "status"),
    [
        (FETCH, {"text": "Hello"}, 201),
        (FETCH, {"text": ""}, 422),
        (FETCH, {"text": "Hello", "thread": "m1"}, 404),
        (BROWSER, {"text": "Hello"}, 302),
        (BROWSER, {"text": ""}, 302),
        (BROWSER, {"text": "x" * 10_001}, 422),
    ],
)
async def test_it_is_answered_as_without_waiting(
    alice: Any, room: Room, handler: HttpHandler, headers: Any, form: dict[str, str], status: int
) -> None:
    """As Django's own handlers answer, with everything that middleware adds."""

    def directly() -> Any:
        browser = Client(headers={"host": alice.organisation.host})
        with in_organisation(alice.organisation):
            browser.force_login(alice)
        sent = {"client_id": str(uuid.uuid4()), **form}
        return browser.post(f"/rooms/r{room.pk}/messages/", sent, headers=headers)

    before = await aside(directly)
    answer = await answered(await posting(handler, alice, room.pk, headers, **form))
    assert answer["status"] == before.status_code == status
    assert answer["headers"].pop("Set-Cookie")
    assert set(answer["headers"]) == set(before.headers)
    for name in ("Content-Type", "Content-Length", "Location", "Vary", "Cache-Control", "Content-Language"):
        assert answer["headers"].get(name) == before.headers.get(name)
    if status != 201:  # its position is another one
        assert answer["body"] == before.content


async def test_it_is_answered_in_the_persons_language(
    alice: Any, room: Room, handler: HttpHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever thread speaks."""
    monkeypatch.setattr("chat.views.messages.posted_fields", lambda *_: {"language": get_language()})
    for language in ("de", "fr"):
        post = await posting(handler, alice, room.pk, {"accept-language": language}, text="Hallo")
        assert json.loads((await answered(post))["body"]) == {"language": language}


async def test_why_it_is_refused_is_said_in_the_persons_language(
    alice: Any, charlie: Any, room: Room, handler: HttpHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever else posts with them."""
    for words in ("chat.messages._", "chat.text.cleaning._"):
        monkeypatch.setattr(words, lambda _: get_language())
    asked = [
        (who, text, language) for who, text in ((alice, ""), (charlie, "Hi")) for language in ("de", "fr")
    ]
    posts = [
        await posting(handler, who, room.pk, {**FETCH, "accept-language": language}, text=text)
        for who, text, language in asked
    ]
    answers = await asyncio.gather(*map(answered, posts))
    assert [json.loads(answer["body"])["error"]["detail"] for answer in answers] == ["de", "fr"] * 2


async def test_it_is_posted_once(alice: Any, room: Room, handler: HttpHandler) -> None:
    form = {"client_id": str(uuid.uuid4()), "text": "Hello"}
    first = await answered(await posting(handler, alice, room.pk, **form))
    again = await answered(await posting(handler, alice, room.pk, **form))
    assert (first["status"], first["body"]) == (again["status"], again["body"])
    other = await answered(await posting(handler, alice, room.pk, **form | {"text": "Goodbye"}))
    assert other["status"] == 409
    assert await texts(alice) == ["Hello"]


async def test_everybody_posts_in_their_own_organisation(
    alice: Any, charlie: Any, mallory: Any, room: Room, handler: HttpHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered: list[tuple[Any, list[str]]] = []

    def watched(posts: list[Post]) -> None:
        entered.append((current_organisation(), [post.text for post in posts]))

    watch(monkeypatch, watched)
    posts = [
        await posting(handler, person, room.pk, text=f"{person.name} {number}")
        for number in range(3)
        for person in (alice, charlie, mallory)
    ]
    answers = await asyncio.gather(*map(answered, posts))
    assert [answer["status"] for answer in answers] == [201, 404, 404] * 3
    assert sorted(await texts(alice)) == ["Alice 0", "Alice 1", "Alice 2"]
    assert await texts(mallory) == []
    for organisation, said in entered:
        assert all(text.startswith("Mallory") == (organisation == mallory.organisation) for text in said)


async def test_who_leaves_before_the_answer_has_posted(
    alice: Any, room: Room, handler: HttpHandler, monkeypatch: pytest.MonkeyPatch, say: Callable[..., Posted]
) -> None:
    held = _Held(monkeypatch)
    left = await posting(handler, alice, room.pk, text="Bye")
    stays = await posting(handler, alice, room.pk, text="Still here")
    await left.send_input({"type": "http.request", "body": left.body})
    await held.begins()
    staying = asyncio.create_task(answered(stays))
    await waiting(alice, 1)
    left.future.cancel()
    held.go_on()
    assert json.loads((await staying)["body"])["position"] == 2
    assert await texts(alice) == ["Bye", "Still here"]


@contextmanager
def _away(*args: Any) -> Iterator[None]:
    raise OperationalError("no connection")
    yield


async def test_while_postgres_is_away_it_says_so(
    alice: Any, room: Room, handler: HttpHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    german = BROWSER | {"accept-language": "de"}
    form = {"client_id": str(uuid.uuid4()), "text": "Hello"}
    posts = [await posting(handler, alice, room.pk, headers, **form) for headers in (german, FETCH)]
    with monkeypatch.context() as patch:
        patch.setattr("tenants.db.tenant_context", _away)
        patch.setattr("tenants.joined.tenant_context", _away)
        page, script = await asyncio.gather(*map(answered, posts))
    assert page["status"] == script["status"] == 503
    assert page["headers"]["Retry-After"] == script["headers"]["Retry-After"] == "5"
    assert '<html lang="de">' in page["body"].decode()
    assert page["headers"]["Content-Security-Policy"]
    assert json.loads(script["body"])["error"]["code"] == "unavailable"
    assert (await answered(await posting(handler, alice, room.pk, **form)))["status"] == 201


async def test_when_too_many_wait_it_says_so(
    alice: Any, room: Room, handler: HttpHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MOST_WAITING", 0)
    answer = await answered(await posting(handler, alice, room.pk, text="Hello"))
    assert (answer["status"], answer["headers"]["Retry-After"]) == (503, "5")
    assert await texts(alice) == []


@pytest.mark.parametrize("where", ["chat.fragments.render_all", "chat.views.messages.posted_fields"])
async def test_what_is_our_own_fault_is_logged_and_says_so(
    alice: Any,
    room: Room,
    handler: HttpHandler,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    where: str,
) -> None:
    monkeypatch.setattr(where, lambda *_: 1 / 0)
    answer = await answered(await posting(handler, alice, room.pk, text="Hello"))
    assert answer["status"] == 500
    assert "Something went wrong" in answer["body"].decode()
    assert answer["headers"]["Content-Length"] == str(len(answer["body"]))
    (record,) = [one for one in caplog.records if one.name == "django.request"]
    assert record.exc_info and record.exc_info[0] is ZeroDivisionError


async def test_nothing_is_posted_where_middleware_fails(
    alice: Any, room: Room, handler: HttpHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the view, before anybody was told that the message is there."""
    broken = "tenants.middleware.LanguageMiddleware.process_response"
    with monkeypatch.context() as patch:
        patch.setattr(broken, lambda *_: 1 / 0)
        answer = await answered(await posting(HttpHandler(), alice, room.pk, text="Hello"))
    assert answer["status"] == 500
    assert await texts(alice) == []
