"""What a browser complains about while a test drives it: no test passes over an error on the console."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Request, Response, WebError

_LEFT = ("net::ERR_ABORTED",)  # requests of a page that was left


class Watch:
    """Collects complaints of every page of the contexts it watches over."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._expected: list[re.Pattern[str]] = []

    def over(self, context: BrowserContext) -> None:
        for event, listener in self._listeners().items():
            context.on(event, listener)  # type: ignore[call-overload]

    def leave(self, context: BrowserContext) -> None:
        """Before it is closed, which cuts off what is under way: a service worker's files, pages that are loading."""
        for event, listener in self._listeners().items():
            context.remove_listener(event, listener)

    def expect(self, *patterns: str) -> None:
        """Complaints that match are what the test is about."""
        self._expected += [re.compile(pattern) for pattern in patterns]

    def expect_broken_network(self) -> None:
        self.expect(
            r"ERR_(INTERNET_DISCONNECTED|CONNECTION_|EMPTY_RESPONSE|NETWORK_CHANGED|SOCKET_|CONTENT_LENGTH_MISMATCH)",
            r"WebSocket connection to .* failed",
            "htmx:ws:error",
        )

    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not any(one.search(text) for one in self._expected)]

    def _listeners(self) -> dict[str, Callable[[Any], None]]:
        return {
            "console": self._console,
            "weberror": self._error,
            "requestfailed": self._failed,
            "response": self._response,
        }

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _error(self, error: WebError) -> None:
        self.complaints.append(f"uncaught: {error.error}")

    def _failed(self, request: Request) -> None:
        failure = request.failure or ""
        if self._ours(request.url) and not failure.startswith(_LEFT):
            self.complaints.append(f"failed: {request.method} {request.url} {failure}")

    def _response(self, response: Response) -> None:
        if self._ours(response.url) and response.status >= 400:
            self.complaints.append(f"answered: {response.status} {response.request.method} {response.url}")

    @staticmethod
    def _ours(url: str) -> bool:
        return (urlsplit(url).hostname or "").endswith("localhost")
