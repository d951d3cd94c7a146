"""The people of the organisation: a table for administrators, a plain list for members, nothing for guests."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import people, profile_fields, profiles
from accounts.access import administrator_required, member_required
from accounts.directory import card
from accounts.managing_forms import PersonNameForm, RoleForm
from accounts.models import Person, ProfileValue
from accounts.people import NotAllowed, may_grant, may_manage

ON_A_PAGE = 25
_BY_NAME: tuple[Any, ...] = (Lower("name"), "pk")
_SORTS: dict[str, tuple[Any, ...]] = {
    "name": _BY_NAME,
    "-name": (Lower("name").desc(), "-pk"),
    "joined": ("created_at", "pk"),
    "-joined": ("-created_at", "-pk"),
    "seen": (F("last_seen_at").asc(nulls_first=True), "pk"),
    "-seen": (F("last_seen_at").desc(nulls_last=True), "-pk"),
}


@member_required
@require_GET
def people_list(request: Any) -> HttpResponseBase:
    """Search, filter, sort and page; members see active people by name, guests nobody."""
    if request.user.is_guest:
        raise Http404
    query = request.GET.get("q", "")[:100].replace("\x00", "")
    found = _search(Person.objects.all(), query, by_address=request.user.is_administrator)
    filters = {"q": query}
    if request.user.is_administrator:
        role, state, sort = (request.GET.get(name, "") for name in ("role", "state", "sort"))
        if role in Person.Role.values:
            found, filters["role"] = found.filter(role=role), role
        if state in ("active", "deactivated"):
            found, filters["state"] = found.filter(is_active=state == "active"), state
        filters["sort"] = sort if sort in _SORTS else "name"
    else:
        found, filters["sort"] = found.filter(is_active=True), "name"
    page = Paginator(found.order_by(*_SORTS[filters["sort"]]), ON_A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "filters": filters, "roles": Person.Role.choices}
    template = "accounts/people.html" if request.user.is_administrator else "accounts/directory.html"
    part = "#results" if request.htmx else ""
    return render(request, template + part, context)


def _search(found: QuerySet[Person], query: str, *, by_address: bool) -> QuerySet[Person]:
    """People with every word of `query` in their name, in what they say of themselves, or in the address of which members
    see nothing."""
    for word in query.split():
        said = ProfileValue.objects.filter(person=OuterRef("pk"), value__icontains=word)
        fits = Q(name__icontains=word) | Q(title__icontains=word) | Exists(said)
        found = found.filter(fits | Q(email__icontains=word) if by_address else fits)
    return found


@member_required
@require_GET
def person(request: Any, person_id: int) -> HttpResponseBase:
    """One person; administrators change role and activity here. Guests see only themselves."""
    found = get_object_or_404(Person, pk=person_id)
    if request.user.is_guest and found != request.user:
        raise Http404
    return _person_page(request, found)


@administrator_required
@require_POST
def person_role(request: Any, person_id: int) -> HttpResponseBase:
    """Give a person another role."""
    found = get_object_or_404(Person, pk=person_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _person_page(request, found, error=_("Choose one of the roles."), status=422)
    try:
        changed = people.change_role(request.user, person_id, form.cleaned_data["role"])
    except NotAllowed as refused:
        return _person_page(request, found, error=str(refused), status=409)
    messages.success(request, _("%(name)s: the role is changed.") % {"name": changed.name})
    return redirect("person", person_id)


@administrator_required
@require_POST
def person_name(request: Any, person_id: int) -> HttpResponseBase:
    """Give a person another name."""
    found = get_object_or_404(Person, pk=person_id)
    form = PersonNameForm(request.POST)
    if not form.is_valid():
        return _person_page(request, found, error=" ".join(map(str, form.errors["name"])), status=422)
    try:
        changed = profiles.rename(request.user, person_id, form.cleaned_data["name"])
    except NotAllowed as refused:
        return _person_page(request, found, error=str(refused), status=409)
    messages.success(request, _("This is %(name)s now.") % {"name": changed.name})
    return redirect("person", person_id)


@administrator_required
@require_POST
def person_activation(request: Any, person_id: int) -> HttpResponseBase:
    """`active` "no" shuts a person out at once, "yes" lets them in again."""
    found = get_object_or_404(Person, pk=person_id)
    wanted = request.POST.get("active")
    if wanted not in ("yes", "no"):
        return _person_page(request, found, error=_("Say “yes” or “no”."), status=422)
    try:
        if wanted == "yes":
            people.reactivate(request.user, person_id)
            messages.success(request, _("%(name)s can sign in again.") % {"name": found.name})
        else:
            people.deactivate(request.user, person_id)
            messages.success(
                request, _("%(name)s is deactivated and signed out everywhere.") % {"name": found.name}
            )
    except NotAllowed as refused:
        return _person_page(request, found, error=str(refused), status=409)
    return redirect("person", person_id)


def _person_page(request: Any, found: Person, *, error: str = "", status: int = 200) -> HttpResponseBase:
    viewer = request.user
    roles = [(role.value, role.label.capitalize()) for role in Person.Role if may_grant(viewer, role)]
    context = {
        "person": found,
        "card": card(found),
        "lines": profile_fields.lines_of(found),
        "roles": roles,
        "may_manage": may_manage(viewer, found),
        "may_see_address": viewer.is_administrator or viewer == found,
        "error": error,
    }
    return render(request, "accounts/person.html", context, status=status)
