"""A real Chromium on a real server, for each worker its own, one test after another.

Playwright's asynchronous API on a loop of the session's own: the synchronous one leaves a loop running under the test,
in which Django's ORM and `current_organisation` refuse to work. What a test asks of the domain runs on a thread.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from django.conf import settings
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from chat.posts import Posted
from tenants.models import Organisation
from tests.browser.live import Live, Server
from tests.browser.watch import Watch
from tests.browser_install import NAMES, SHELL, of_machine
from tests.sockets import aside, session_cookie

HERE = Path(__file__).parent
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP *.localhost 127.0.0.1",
]
PATIENCE = 10_000  # milliseconds
# The one thing that a page does not show: that its socket has caught up. `html[data-live]` counts how often.
NOTE_LIVE = """
document.addEventListener("parley:live", () => {
  const root = document.documentElement;
  root.dataset.live = Number(root.dataset.live ?? 0) + 1;
});
"""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who fails gets one more try, from nothing, and is listed as RERUN: a defect to look at."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))
            item.add_marker(pytest.mark.timeout(120))
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def server(_organisations: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Parley at http://localhost:<port>/ and its organisations' hosts."""
    server = Server(tmp_path_factory.mktemp("server") / "log")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def worker(server: Server, tmp_path: Path) -> Iterator[Live]:
    """The job worker, which posts the mails."""
    worker = Live(["manage.py", "worker", "--concurrency=1"], tmp_path / "worker.log")
    worker.start()
    yield worker
    worker.stop()
    print(worker.said())  # noqa: T201 - pytest shows it when the test failed


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = os.environ.get("PARLEY_CHROMIUM") or of_machine(SHELL, *NAMES)
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
def watch(server: Server) -> Iterator[Watch]:
    """Fails the test that made a page complain."""
    began = len(server.said())
    watch = Watch()
    yield watch
    said = server.said()[began:]
    if said:
        print(said)  # noqa: T201 - pytest shows it when the test failed
    assert watch.unexpected() == []


@pytest_asyncio.fixture(loop_scope="session")
async def context_of(
    browser: Browser, acme: Organisation, watch: Watch
) -> AsyncIterator[Callable[..., Awaitable[BrowserContext]]]:
    """`context_of(person)` is a device on which that person is signed in; `context_of(None)` an anonymous one."""
    contexts = []

    async def open_context(person: Any, **options: Any) -> BrowserContext:
        options = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", **options}
        context = await browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        await context.add_init_script(NOTE_LIVE)
        watch.over(context)
        if person is not None:
            key = await aside(session_cookie, person)
            url = person.organisation.url()
            await context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": url}])
        return context

    yield open_context
    for context in contexts:
        watch.leave(context)
        await context.close()


@pytest.fixture
def page_of(context_of: Callable[..., Awaitable[BrowserContext]]) -> Callable[..., Awaitable[Page]]:
    """`page_of(person, path)` is a page on a new device of that person; `before(page)` is called before it loads."""

    async def open_page(
        person: Any,
        path: str = "/",
        before: Callable[[Page], Awaitable[None]] | None = None,
        **options: Any,
    ) -> Page:
        page = await (await context_of(person, **options)).new_page()
        if before:
            await before(page)
        await page.goto(person.organisation.url(path))
        return page

    return open_page


@pytest.fixture
def in_room(page_of: Callable[..., Awaitable[Page]]) -> Callable[..., Awaitable[Page]]:
    """`in_room(person, room)` is a page on a new device with the room open and its socket caught up."""

    async def open_room(person: Any, room: Any, query: str = "", **options: Any) -> Page:
        page = await page_of(person, f"/rooms/r{room.pk}/{query}", **options)
        await expect(page.locator("html[data-live]")).to_be_attached()
        return page

    return open_room


@pytest_asyncio.fixture(loop_scope="session")
async def stranger(context_of: Callable[..., Awaitable[BrowserContext]]) -> Page:
    """A page of somebody who is signed in nowhere."""
    return await (await context_of(None)).new_page()


@pytest.fixture
def says(say: Callable[..., Posted]) -> Callable[..., Awaitable[Posted]]:
    """`await says(person, room, "text")`: posted through the domain, from elsewhere than the browser."""

    async def post(person: Any, room: Any, text: str) -> Posted:
        return await aside(say, person, room, text)

    return post
