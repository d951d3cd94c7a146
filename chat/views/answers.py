"""How chat's views read what they are sent and say no.

What a person can't see is 404, whether it exists or not; what they see and may not do is 403; what makes no sense is
422, what came too late 409, what came too often 429. For scripts the body is `{"error": {"code", "detail"}}`, with
`retry_after` in seconds, and the header, where it can be done later.
"""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import OperationalError
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from chat.attachments import MOST_TOGETHER, FileRefused
from chat.changes import MessageRefused
from chat.custom_emoji import EmojiRefused
from chat.room_names import NotAllowed, RoomRefused
from chat.when import WhenRefused
from tenants import ratelimits
from tenants.db import took_too_long
from tenants.ids import decode
from tenants.keys import key

type View = Callable[..., HttpResponseBase]

_STATUS = {
    "forbidden": 403,
    "undeliverable": 403,
    "naming": 403,
    "too_late": 403,
    "announcements": 403,
    "slow_mode": 429,
    "rate_limited": 429,
    "not_found": 404,
    "archived": 409,
    "conflict": 409,
    "file_gone": 409,
    "too_large": 413,
    "quota": 413,
    "name_taken": 409,
    "too_slow": 503,
}
MOST_IDS = 200
LONGEST_QUERY = 200


class Malformed(RoomRefused):
    """A field that no page of ours sends."""

    def __init__(self, detail: str) -> None:
        super().__init__("malformed", detail)


def answering(view: View) -> View:
    """Turn what the domain raises into an answer. Under `member_required`."""

    @functools.wraps(view)
    def answered(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except ObjectDoesNotExist:
            raise Http404 from None
        except (RoomRefused, MessageRefused, FileRefused, WhenRefused, EmojiRefused) as refused:
            if isinstance(refused, NotAllowed) and is_navigation(request):
                return render(request, "403.html", {"detail": refused.detail}, status=403)
            wait = refused.retry_after if isinstance(refused, MessageRefused) else 0
            return refusal(refused.code, refused.detail, wait)
        except OperationalError as error:
            if not took_too_long(error) or is_navigation(request):
                raise
            return refusal("too_slow", _("This took too long. Try again in a moment."))

    return answered


def refusal(code: str, detail: str, retry_after: float = 0) -> JsonResponse:
    """The body that scripts read, with the code's status, and after how many seconds the same may be asked again."""
    error: dict[str, object] = {"code": code, "detail": detail}
    if not retry_after:
        return JsonResponse({"error": error}, status=status_of(code))
    error["retry_after"] = round(retry_after, 1)
    headers = {"Retry-After": ratelimits.retry_after(retry_after)}
    return JsonResponse({"error": error}, status=status_of(code), headers=headers)


def status_of(code: str) -> int:
    """The status of a refusal."""
    return _STATUS.get(code, 422)


def too_often(request: Any, action: str, limit: int, seconds: float) -> HttpResponse | None:
    """429 when the person did `action` more than `limit` times in `seconds`; None while they may. Asks Valkey."""
    wait = ratelimits.hit(*hit_of(request, action, limit, seconds))
    return slower(wait) if wait else None


def hit_of(request: Any, action: str, limit: int, seconds: float) -> ratelimits.Hit:
    """What is counted when the person does `action` once."""
    return ratelimits.Hit(key(request.organisation, action, request.user.pk), limit, int(seconds))


def slower(wait: float) -> HttpResponse:
    """429: the same may be asked again after so many seconds."""
    return refusal("rate_limited", _("That was a lot at once. Try again in a moment."), wait)


def is_navigation(request: Any) -> bool:
    """Whether a browser loads a page with this request, as opposed to a script that reads the answer."""
    return not request.htmx and "text/html" in request.META.get("HTTP_ACCEPT", "")


def lead_to(request: Any, url: str) -> HttpResponse:
    """Send the browser to `url`; htmx follows a redirect itself and would put the page into the panel."""
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def undoable(
    event: str, text: str, url: str = "", method: str = "POST", fields: Mapping[str, str] | None = None
) -> HttpResponse:
    """What was asked is done: the page hears `event`, and says so. The way back, if there is one, is to ask `url` with
    `fields`."""
    undo = {"target": "#toasts", "text": text, "url": url, "method": method, "fields": fields or {}}
    events = json.dumps({event: {"target": "#toasts"}, "parley:undo": undo})
    return HttpResponse(status=204, headers={"HX-Trigger": events})


def file_ids(text: object) -> tuple[int, ...]:
    """The files of a post: `file_ids("f1,f2") == (1, 2)`. Raises Malformed."""
    found = ids("f", text) if isinstance(text, str) else []
    if len(found) > MOST_TOGETHER:
        raise Malformed(_("A message has at most %(most)s files.") % {"most": MOST_TOGETHER})
    return tuple(found)


def ids(kind: str, text: str) -> list[int]:
    """`ids("p", "p1,p2") == [1, 2]`; empty for nothing. Raises Malformed."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > MOST_IDS:
        raise Malformed(_("These are too many people at once."))
    try:
        return list(dict.fromkeys(decode(kind, part) for part in parts))
    except ValueError:
        raise Malformed(_("These people can't be found.")) from None


def message_id(text: str) -> int:
    """`message_id("m12") == 12`. Raises Malformed."""
    try:
        return decode("m", text)
    except ValueError:
        raise Malformed("A message is named by m and a number.") from None


def message_ids(text: str) -> list[int]:
    """`message_ids("m1,m2") == [1, 2]`. Raises Malformed."""
    parts = dict.fromkeys(part for part in text.split(",") if part)
    if len(parts) > MOST_IDS:
        raise Malformed("These are too many messages at once.")
    return [message_id(part) for part in parts]


def room_id(text: str) -> int:
    """`room_id("r5") == 5`. Raises Malformed."""
    try:
        return decode("r", text)
    except ValueError:
        raise Malformed(_("Choose a room.")) from None


def number(text: str) -> int:
    """A position: a whole number from 0 of a bigint's size. Raises Malformed."""
    if text.isascii() and text.isdigit() and len(text) <= 19 and int(text) < 2**63:
        return int(text)
    raise Malformed("A position is a number from 0.")


def query(request: Any, name: str = "q") -> str:
    """What somebody looks for, on one line, without what Postgres can't hold."""
    text = "".join(one if one.isprintable() else " " for one in request.GET.get(name, ""))
    return " ".join(text.split())[:LONGEST_QUERY]
