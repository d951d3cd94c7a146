"""What the organisation decides, for administrators."""

from typing import Any

import msgspec
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required
from accounts.organisation_settings import change_settings, organisation_settings
from accounts.organisation_settings_form import OrganisationSettingsForm


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: Any) -> HttpResponseBase:
    """All settings, as they are; POST decides all of them."""
    now = msgspec.structs.asdict(organisation_settings())
    form = OrganisationSettingsForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        # Only what this person changed: what somebody else decided meanwhile stays.
        change_settings(request.user, {name: form.cleaned_data[name] for name in form.changed_data})
        messages.success(request, _("Saved."))
        return redirect("organisation_settings")
    status = 422 if form.errors else 200
    return render(request, "accounts/organisation_settings.html", {"form": form}, status=status)
