"""Answering with a stored file, or the part of it that a player asks for.

Nothing that people upload is ever a page of ours: every file is an attachment by name, of the type that was found in it,
in a sandbox; pictures and players on our pages don't mind. URLs never get another content, so the browser (and nobody
between) may keep it.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from chat.files import storing

_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.ASCII)
_HEADERS = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class StoredFileResponse(StreamingHttpResponse):
    """Reads its pieces on a thread, one after the other: Django's own would hold the whole file in memory on ASGI."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces: Any = iter(self)
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece


def answer_with(
    request: Any, stored: str, *, name: str, size: int, content_type: str, tag: str
) -> HttpResponseBase:
    """The file `stored` of `size` bytes, to be called `name`; 206 for a part, 416 for one that it doesn't have.

    `tag` tells one content from another. Raises FileNotFoundError.
    """
    headers = {
        **_HEADERS,
        "Content-Disposition": content_disposition_header(True, name),
        "ETag": f'"{tag}"',
    }
    start, stop = 0, size
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if asked and request.headers.get("If-Range", headers["ETag"]) == headers["ETag"]:
        start, stop = _part(asked, size)
        if start >= stop:
            return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    pieces = storing.read(stored, start, stop if request.method == "GET" else start)
    return StoredFileResponse(
        pieces, status=206 if "Content-Range" in headers else 200, content_type=content_type, headers=headers
    )


def _part(asked: re.Match[str], size: int) -> tuple[int, int]:
    """`bytes=5-9`, `bytes=5-`, and `bytes=-5` for the last five."""
    first, last = asked.groups()
    if not first:
        return (max(0, size - int(last)), size) if last else (0, 0)
    return int(first), min(size, int(last) + 1) if last else size
