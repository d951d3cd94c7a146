"""A request that the test holds in its hand, as a slow network would."""

import asyncio
from typing import Literal

from playwright.async_api import Page, Route

PATIENCE = 10.0  # seconds


class Moment(asyncio.Event):
    """Something that is about to happen. Who waits and waits for it gets a TimeoutError."""

    async def wait(self) -> Literal[True]:
        async with asyncio.timeout(PATIENCE):
            return await super().wait()


class Held:
    """Holds a page's requests of a URL back until `let_go()`."""

    def __init__(self) -> None:
        self.asked = Moment()
        self._free = asyncio.Event()

    async def lay(self, page: Page, url: str, times: int = 1) -> None:
        """Hold the next requests of `url` back; later ones pass."""

        async def hold(route: Route) -> None:
            self.asked.set()
            await self._free.wait()
            await route.fallback()

        await page.route(url, hold, times=times)

    def let_go(self) -> None:
        self._free.set()
