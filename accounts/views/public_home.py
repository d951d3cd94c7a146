"""The public site's first page, finding one's workspaces, and, in development, the mail."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from accounts import mailbox
from accounts.forms import FindForm
from accounts.jobs import mail_workspaces
from accounts.limits import limited, too_many, wait_for
from tenants.jobs import enqueue

HOUR = 3600


@require_GET
def home(request: Any) -> HttpResponseBase:
    """What Parley is."""
    return render(request, "public/home.html")


@limited("find", 20, HOUR)
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: Any) -> HttpResponseBase:
    """Mail the list of an address's workspaces. The page never says whether there are any."""
    form = FindForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        if wait := wait_for(request, "find-mail", 3, HOUR, by=email):
            return too_many(request, wait)
        enqueue(mail_workspaces, email=email)
        return render(request, "public/found.html", {"email": email})
    return render(request, "public/find.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def mail(request: Any) -> HttpResponseBase:
    """The mails that were kept as files; only in development, elsewhere there is no such page."""
    if not (settings.DEBUG and settings.EMAIL_BACKEND.endswith("filebased.EmailBackend")):
        raise Http404
    return render(request, "public/mail.html", {"mails": mailbox.newest(settings.EMAIL_FILE_PATH)})
