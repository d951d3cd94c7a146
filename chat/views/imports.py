"""Bringing a Slack export in, for administrators: upload, report, progress."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required
from chat.models import Import, ImportedFile
from chat.slack import uploads
from chat.slack.archive import ExportRefused
from chat.slack.problems import Problems, told
from chat.views import answers

MOST_UPLOADED = (10, 600)  # in so many seconds
_SHOWN = 20
_UNDER_WAY = (Import.State.CHECKING, Import.State.RUNNING)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: Any) -> HttpResponseBase:
    """GET: the imports there were, and a form. POST: an export as `file`."""
    error = ""
    if request.method == "POST":
        if refused := answers.too_often(request, "import", *MOST_UPLOADED):
            return refused
        upload = request.FILES.get("file")
        if upload is None:
            error = _("Choose the zip file that Slack made.")
        else:
            try:
                return redirect("import", uploads.receive(request.user, upload).pk)
            except ExportRefused as refusal:
                error = refusal.detail
    found = Import.objects.exclude(state=Import.State.DISCARDED).order_by("-pk")[:_SHOWN]
    context = {"imports": found, "error": error, "largest": settings.LARGEST_FILE}
    return render(request, "chat/imports.html", context, status=422 if error else 200)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def slack_import(request: Any, import_id: int) -> HttpResponseBase:
    """GET: report and progress of one. POST: `do` begin, cancel or discard."""
    try:
        if request.method == "POST":
            return _do(request, import_id)
        found = Import.objects.get(pk=import_id)
    except Import.DoesNotExist:
        raise Http404 from None
    part = "#progress" if request.htmx else ""
    response = render(request, f"chat/import.html{part}", _context(found))
    if request.htmx and found.state not in _UNDER_WAY:
        response["HX-Refresh"] = "true"  # the report, and what can be done now, are beside the part
    return response


def _do(request: Any, import_id: int) -> HttpResponseBase:
    what = request.POST.get("do")
    if what == "begin":
        uploads.begin(request.user, import_id)
    elif what == "cancel":
        uploads.cancel(request.user, import_id)
        messages.success(request, _("Stopped. What is here stays, and you can go on at any time."))
    elif what == "discard":
        uploads.discard(request.user, import_id)
        messages.success(request, _("The export is discarded."))
        return redirect("imports")
    return redirect("import", import_id)


def _context(found: Import) -> dict[str, Any]:
    problems = Problems.of(found.report.get("problems", {}))
    return {
        "import": found,
        "under_way": found.state in _UNDER_WAY,
        "counts": found.report.get("counts", {}),
        "rooms": found.report.get("rooms", []),
        "people": found.report.get("people", []),
        "problems": told(problems),
        "share": min(100, round(100 * found.done / found.total)) if found.total else 0,
        "files_left": ImportedFile.objects.filter(imported_by=found).count(),
    }
