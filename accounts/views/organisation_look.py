"""The name and the accent of the organisation, for administrators."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required
from accounts.organisation_look import LookForm, change_look


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def look(request: Any) -> HttpResponseBase:
    now = {"name": request.organisation.name, "accent": request.organisation.accent}
    form = LookForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        change_look(request.user, form.cleaned_data["name"], form.cleaned_data["accent"])
        messages.success(request, _("Saved. Open pages show it when they are loaded again."))
        return redirect("organisation_look")
    status = 422 if form.errors else 200
    return render(request, "accounts/organisation_look.html", {"form": form}, status=status)
