"""Answers that are still to come when the view has done its part, and for which no thread waits.

A view that would only wait for what others do as well, such as a transaction that it shares (chat.writer), returns an
`Awaited`. All middleware goes over it as over any other answer, with whatever headers and cookies it has to add; what
looks at content, to compress it or to name it by an ETag, finds none. Then the thread, its connection and its lane are
free for the next request, and the handler (tenants.http) waits in the event loop.

Only that handler does so. A view asks `may_wait` first, and where it must not, as under Django's test client and its
own handlers, it does the work itself.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils import translation


class PatientRequest(ASGIRequest):
    """A request whose handler takes an `Awaited` for an answer."""


def may_wait(request: HttpRequest) -> bool:
    """Whether `request` may be answered by an `Awaited`."""
    return isinstance(request, PatientRequest)


class Awaited(HttpResponse):
    """The answer that `finish` makes of what `begin` promises.

    Both run in the event loop, so neither may ask the database or take long. `begin` is called once all middleware was
    content: what it begins is begun for nobody who was refused. `finish` speaks the view's language; nothing else of what
    Django keeps for each request and thread is there, so the view names time zones and URLs. Where one of them raises,
    or the future does, the answer is the page that Django has for that error.
    """

    status_code = 202  # what middleware sees: nothing has gone wrong yet

    def __init__[T](
        self,
        request: HttpRequest,
        begin: Callable[[], Awaitable[T]],
        finish: Callable[[T], HttpResponse],
    ) -> None:
        super().__init__()
        self.asked = request
        self._begin: Callable[[], Awaitable[Any]] = begin
        self._finish: Callable[[Any], HttpResponse] = finish
        self._language = translation.get_language()

    async def come(self) -> None:
        """Wait, and become the answer. Raises what went wrong."""
        self.become(self.speaking(self._finish, await self._begin()))

    def speaking[**P, R](self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call `function` in the view's language. Another thread would not find it in the request's context (asgiref).

        It is spoken from then on, in the context of who calls: that of the request's own task or of its turn on a thread.
        """
        translation.activate(self._language)
        return function(*args, **kwargs)

    def become(self, answer: HttpResponse) -> None:
        """Take over an answer's status, content, cookies and headers; what middleware added beside these stays."""
        self.status_code, self.content = answer.status_code, answer.content
        for name, value in answer.items():
            self.headers[name] = value
        self.headers["Content-Length"] = str(len(answer.content))
        self.cookies.update(answer.cookies)
