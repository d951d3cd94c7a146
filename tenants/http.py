"""HTTP on ASGI: the whole of a request on one thread of a bounded pool.

Django's own ASGI handler starts a thread for each request, makes its database wrapper anew, and hops between it and
the event loop wherever a synchronous middleware stands beside an asynchronous one: 1.1 to 1.8 ms of CPU for each
request, as much as our shortest pages need themselves. Views here are synchronous throughout (DESIGN 4), so a request
needs one hop: the middleware is loaded in its synchronous form, as under WSGI, and the event loop only reads the body
and writes the answer. A client that leaves does not end its request, which a thread could not do either way. A view that
would only wait for what happens in the event loop leaves that to the handler (tenants.awaited).

Few threads take the requests in turn and keep their connection meanwhile (tenants.lanes); a request that takes long
holds up none of the others. What keeps organisations apart: the thread stands in `public` before it takes another
request, which enters its own organisation with its first statement; a connection that is in the midst of something goes
back to the pool; and each request has a context of its own for what Django keeps in context variables (language, time
zone, URLs). In turns with twelve threads that each took a connection for each request, CPU of server and Postgres at 16
clients: a post by form 4.1 to 3.2 ms, older messages 2.1 to 1.5, a sidebar of 100 rooms 2.5 to 2.2, a room 4.9 to 4.4.
"""

import asyncio
import contextvars
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from io import BytesIO
from typing import IO, Any

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import set_script_prefix

from tenants.awaited import Awaited
from tenants.connection import of_this_thread
from tenants.db import settle
from tenants.lanes import Lanes
from tenants.queued import QueuedRequest

AT_ONCE = 2  # requests that are under way together: one keeps a core busy while another waits for Postgres
PATIENCE = 0.015  # seconds; our dearest pages take 7 ms each where two share a core
# Seconds. Those who post together come back within these; a lane that ended meanwhile takes a connection and enters its
# organisation anew.
LINGER = 0.03


class _TooLong(Exception):
    """A body of more bytes than any page of ours takes."""


def _bounded(scope: dict[str, Any], receive: Any) -> Any:
    """`receive` that raises _TooLong: Django keeps a body on disk before anybody has asked whose it is."""
    announced = dict(scope["headers"]).get(b"content-length", b"")
    left = settings.LARGEST_BODY

    async def bounded() -> Any:
        nonlocal left
        if announced.isdigit() and int(announced) > left:
            raise _TooLong
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise _TooLong
        return message

    return bounded


class _Turn:
    """A request's turn on a thread; `answer` is awaited."""

    def __init__(self, request: HttpRequest, respond: Callable[[], HttpResponseBase]) -> None:
        self.request = request
        self.do = respond
        self.answer: asyncio.Future[HttpResponseBase] = asyncio.get_running_loop().create_future()

    def done(self, answer: Any, error: BaseException | None) -> None:
        if self.answer.done():
            return  # who asked was cancelled
        if error is None:
            self.answer.set_result(answer)
        else:
            self.answer.set_exception(error)


class HttpHandler(ASGIHandler):
    """The ASGI application for HTTP. At most so many requests run at once as the pool of connections has beside those of
    `in_tenant` (more would wait for a connection, and fail); the others wait in order of arrival.

    Django's `request_started` and `request_finished` are not sent, but the latter for what is streamed: what Django has
    connected to them is done by `settle` and by the context that each request has of its own.
    """

    request_class = QueuedRequest

    def __init__(self) -> None:
        super().__init__()
        pool = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
        most = max(1, pool - settings.THREADS)
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="http")
        self._lanes = Lanes(min(AT_ONCE, most), most, PATIENCE, self._threads.submit, linger=LINGER)

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    @classmethod
    def chunk_bytes(cls, data: Any) -> Iterator[tuple[Any, bool]]:
        """Whole: uvicorn writes any size, and what Django takes apart is copied and awaited piece by piece."""
        yield data, True

    async def read_body(self, receive: Any) -> IO[bytes]:
        """Django's; what comes whole, as each small form does, needs no file that might have to move to the disk."""
        first = await receive()
        if first["type"] == "http.request" and not first.get("more_body", False):
            return BytesIO(first.get("body", b""))
        messages = iter((first,))

        async def again() -> Any:
            return next(messages, None) or await receive()

        return await super().read_body(again)  # type: ignore[no-any-return]

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(_bounded(scope, receive))
        except RequestAborted:
            return
        except _TooLong:
            await self.send_response(HttpResponse(status=413, headers={"Connection": "close"}), send)
            return
        with closing(body):
            request: Any
            refusal: Any
            request, refusal = self.create_request(scope, body)
            if request is None:
                await self.send_response(refusal, send)
                return
            request.lanes = self._lanes
            response = await self._on_a_lane(request, self._respond, request)
            if isinstance(response, Awaited):
                await self._decide(response)
            if not response.streaming:
                await self.send_response(response, send)
                return
            try:
                async with ThreadSensitiveContext():  # a file, which a thread reads
                    await self.send_response(response, send)
            finally:
                await asyncio.get_running_loop().run_in_executor(self._threads, response.close)

    async def _on_a_lane[**P](
        self, request: HttpRequest, respond: Callable[P, HttpResponseBase], *args: P.args, **kwargs: P.kwargs
    ) -> Any:
        turn = _Turn(request, partial(contextvars.copy_context().run, respond, *args, **kwargs))
        self._lanes.put(turn)
        return await turn.answer

    async def _decide(self, response: Awaited) -> None:
        """Wait for the answer, or for the page that says what went wrong."""
        try:
            await response.come()
        except Exception as error:
            asked, fail = response.asked, self._fail
            response.become(await self._on_a_lane(asked, response.speaking, fail, asked, error))

    def _respond(self, request: Any) -> HttpResponseBase:
        """The answer to a request, on a thread of the pool; closed, unless it is still to be read."""
        try:
            if request.script_name:
                set_script_prefix(request.script_name)
            of_this_thread().queries_log.clear()  # Django's in DEBUG, one for each request
            response: Any = self.get_response(request)
            if not response.streaming:
                with suppress(Exception):
                    request.close()  # its files
            return response
        finally:
            settle()

    def _fail(self, request: HttpRequest, error: Exception) -> Any:
        """The page for an error that was met in the event loop, logged as any; on a thread of the pool."""

        def fail(request: HttpRequest) -> HttpResponse:
            raise error

        try:
            return convert_exception_to_response(fail)(request)
        finally:
            settle()
