"""Who may open a page. For views inside an organisation."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

type View[**P] = Callable[Concatenate[Any, P], HttpResponseBase]


def member_required[**P](view: View[P]) -> View[P]:
    """Only for people of this organisation who are signed in and active; others are sent to sign in.

    What a script asks for (htmx, fetch) gets 401 instead of a sign-in page in the middle of another one.
    """

    @wraps(view)
    def wrapped(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.organisation is not None and request.user.is_authenticated:
            return view(request, *args, **kwargs)
        return _sign_in_first(request)

    return wrapped


def administrator_required[**P](view: View[P]) -> View[P]:
    """Only for administrators and owners; to everybody else the page does not exist."""

    @member_required
    @wraps(view)
    def wrapped(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_administrator:
            raise Http404
        return view(request, *args, **kwargs)

    return wrapped


def _sign_in_first(request: Any) -> HttpResponseBase:
    if request.htmx:
        # `next` is the page, not the part of it that was asked for.
        return HttpResponse(status=401, headers={"HX-Redirect": reverse("sign_in")})
    if request.method not in ("GET", "HEAD") or not request.accepts("text/html"):
        detail = _("You are signed out. Sign in and try again.")
        return JsonResponse({"error": {"code": "signed_out", "detail": detail}}, status=401)
    return redirect_to_login(request.get_full_path(), reverse("sign_in"))
