"""A line between a page and the server that the test holds in its hand."""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

from playwright.async_api import Page, WebSocketRoute

from tests.browser.pages import next_frame

PATIENCE = 10.0


class Line:
    """The room's sockets of a page, or the personal one. `in_room(person, room, before=line.lay)` puts it between."""

    def __init__(self, path: str = "/ws/rooms/") -> None:
        self._path = path
        self.held: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self._holds: tuple[str, ...] = ()
        self._loses: tuple[str, ...] = ()
        self._passed = asyncio.Condition()
        self._route: WebSocketRoute | None = None
        self._page: Page | None = None

    async def lay(self, page: Page) -> None:
        self._page = page
        await page.route_web_socket(re.compile(self._path), self._connect)

    def hold(self, *types: str) -> None:
        """Keep the server's frames of these types back."""
        self._holds = types

    def lose(self, *types: str) -> None:
        """Let the page's frames of these types get lost on their way."""
        self._loses = types

    def let_go(self) -> None:
        """From now on everything passes again. What was held stays so."""
        self._holds = self._loses = ()

    async def until_held(self, number: int) -> list[str]:
        """Wait until so many frames were held, and return them."""
        await self._until(lambda: len(self.held) >= number)
        return self.held

    async def until_sent(self, type_: str, number: int = 1) -> list[dict[str, Any]]:
        """Wait until the page has sent so many frames of a type, and return them."""
        await self._until(lambda: len(self._sent(type_)) >= number)
        return self._sent(type_)

    async def deliver(self, *frames: str | dict[str, Any]) -> None:
        """Hand frames to the page, in this order."""
        assert self._route and self._page
        for frame in frames:
            self._route.send(frame if isinstance(frame, str) else json.dumps(frame))
        await next_frame(self._page)

    async def cut(self) -> None:
        """Break the page's connection."""
        assert self._route
        await self._route.close(code=1011, reason="cut by the test")

    def _sent(self, type_: str) -> list[dict[str, Any]]:
        return [frame for frame in self.sent if frame["type"] == type_]

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE), self._passed:
            await self._passed.wait_for(condition)

    async def _connect(self, route: WebSocketRoute) -> None:
        self._route = route
        server = route.connect_to_server()

        async def to_server(text: str | bytes) -> None:
            body = json.loads(text)["body"]
            if body["type"] not in self._loses:
                server.send(text)
            async with self._passed:
                self.sent.append(body)
                self._passed.notify_all()

        async def to_page(text: str | bytes) -> None:
            if json.loads(text)["type"] not in self._holds:
                route.send(text)
                return
            async with self._passed:
                self.held.append(str(text))
                self._passed.notify_all()

        route.on_message(to_server)
        server.on_message(to_page)
