"""The fields of people's profiles, for administrators."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import profile_fields as domain
from accounts.access import administrator_required
from accounts.models import ProfileField


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile_fields(request: Any) -> HttpResponseBase:
    """The fields in their order; POST adds one."""
    if request.method != "POST":
        return _page(request)
    try:
        domain.add_field(request.user, *_asked(request, request.POST.get("kind", "")))
    except domain.FieldRefused as refused:
        return _page(request, error=str(refused))
    messages.success(request, _("People can fill it in now."))
    return redirect("profile_fields")


@administrator_required
@require_POST
def profile_field(request: Any, field_id: int) -> HttpResponseBase:
    """`do`: "save" name and choices, move "up" or "down", "remove" it with all that was filled in."""
    done = request.POST.get("do", "save")
    try:
        if done in ("up", "down"):
            domain.move_field(request.user, field_id, -1 if done == "up" else 1)
        elif done == "remove":
            domain.remove_field(request.user, field_id)
            messages.success(request, _("The field is gone."))
        else:
            name, _kind, choices = _asked(request, "")
            domain.change_field(request.user, field_id, name, choices)
            messages.success(request, _("Saved."))
    except ProfileField.DoesNotExist:
        raise Http404 from None
    except domain.FieldRefused as refused:
        return _page(request, error=str(refused))
    return redirect("profile_fields")


def _asked(request: Any, kind: str) -> tuple[str, str, list[str]]:
    return request.POST.get("name", ""), kind, request.POST.get("choices", "").splitlines()


def _page(request: Any, error: str = "") -> HttpResponseBase:
    context = {
        "fields": domain.fields(),
        "kinds": ProfileField.Kind.choices,
        "error": error,
        "asked": request.POST if error else {},
    }
    return render(request, "accounts/profile_fields.html", context, status=422 if error else 200)
