"""HTTP on ASGI: the whole of a request on one thread of a bounded pool.

Django's own ASGI handler starts a thread for each request, makes its database wrapper anew, and hops between it and
the event loop wherever a synchronous middleware stands beside an asynchronous one: 1.1 to 1.8 ms of CPU for each
request, as much as our shortest pages need themselves. Views here are synchronous throughout (DESIGN 4), so a request
needs one hop: the middleware is loaded in its synchronous form, as under WSGI, and the event loop only reads the body
and writes the answer. A client that leaves does not end its request, which a thread could not do either way.

What keeps organisations apart is what `tenants.db.in_tenant` does too: the thread's connection goes back to the pool
and stands in `public` before the thread takes another request, and each request has a context of its own for what
Django keeps in context variables (language, time zone, URLs).
"""

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import HttpResponse, HttpResponseBase
from django.urls import set_script_prefix

from tenants.db import leave


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


class HttpHandler(ASGIHandler):
    """The ASGI application for HTTP. So many requests run at once as the pool of connections has beside those of
    `in_tenant` (more would wait for a connection, and fail); the others wait in order of arrival.
    """

    def __init__(self) -> None:
        super().__init__()
        pool = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
        self._threads = ThreadPoolExecutor(max(1, pool - settings.THREADS), thread_name_prefix="http")

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(_bounded(scope, receive))
        except RequestAborted:
            return
        except _TooLong:
            await self.send_response(HttpResponse(status=413, headers={"Connection": "close"}), send)
            return
        with closing(body):
            respond = contextvars.copy_context().run
            loop = asyncio.get_running_loop()
            response = await loop.run_in_executor(self._threads, respond, self._respond, scope, body)
            if not response.streaming:
                await self.send_response(response, send)
                return
            try:
                async with ThreadSensitiveContext():  # a file, which a thread reads
                    await self.send_response(response, send)
            finally:
                await loop.run_in_executor(self._threads, response.close)

    def _respond(self, scope: dict[str, Any], body: Any) -> HttpResponseBase:
        """The answer to a request, on a thread of the pool; closed, unless it is still to be read."""
        try:
            set_script_prefix(get_script_prefix(scope))
            signals.request_started.send(sender=self.__class__, scope=scope)
            request, refusal = self.create_request(scope, body)
            response: Any = refusal if request is None else self.get_response(request)
            response._handler_class = self.__class__
            if not response.streaming:
                response.close()
            return response
        finally:
            leave()
