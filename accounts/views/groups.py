"""The groups that messages can name, for administrators: which there are, and who is in one."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import groups
from accounts.access import administrator_required
from accounts.groups import GroupRefused
from accounts.managing_forms import GroupForm
from accounts.models import PeopleGroup, PeopleGroupMember, Person

ON_A_PAGE = 25
_ACTIVE = Count("members", filter=Q(members__person__is_active=True))


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def group_list(request: Any) -> HttpResponseBase:
    """The groups whose handle or purpose fits `q`; POST makes one and leads to it."""
    form = GroupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = groups.create_group(request.user, form.cleaned_data["handle"], form.cleaned_data["about"])
        except GroupRefused as refused:
            form.add_error("handle", str(refused))
        else:
            return redirect("group", made.pk)
    query = _query(request)
    found = PeopleGroup.objects.annotate(people=_ACTIVE).order_by("handle")
    found = found.filter(Q(handle__icontains=query.lstrip("@")) | Q(about__icontains=query))
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "query": query, "form": form}
    part = "#results" if request.htmx and request.method == "GET" else ""
    return render(request, "accounts/groups.html" + part, context, status=422 if form.errors else 200)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def group(request: Any, group_id: int) -> HttpResponseBase:
    """A group and its people, or all (`who`); POST calls it otherwise, with `delete` takes it away."""
    shown = get_object_or_404(PeopleGroup, pk=group_id)
    if request.method != "POST":
        return _page(request, shown, GroupForm(initial={"handle": shown.handle, "about": shown.about}))
    try:
        if "delete" in request.POST:
            groups.delete_group(request.user, group_id)
            messages.success(request, _("@%(handle)s is gone.") % {"handle": shown.handle})
            return redirect("groups")
        form = GroupForm(request.POST)
        if form.is_valid():
            groups.change_group(
                request.user, group_id, handle=form.cleaned_data["handle"], about=form.cleaned_data["about"]
            )
            messages.success(request, _("Saved."))
            return redirect("group", group_id)
    except GroupRefused as refused:
        form.add_error("handle", str(refused))
    except PeopleGroup.DoesNotExist:
        raise Http404 from None
    return _page(request, shown, form, status=422)


@administrator_required
@require_POST
def group_member(request: Any, group_id: int, person_id: int) -> HttpResponseBase:
    """`member` "yes" takes somebody into the group, "no" out of it; for htmx answered by the list."""
    wanted = request.POST.get("member")
    if wanted not in ("yes", "no"):
        return HttpResponse(_("Say “yes” or “no”."), status=422, content_type="text/plain")
    try:
        shown = groups.set_member(request.user, group_id, person_id, is_member=wanted == "yes")
    except (PeopleGroup.DoesNotExist, Person.DoesNotExist):
        raise Http404 from None
    if request.htmx:
        return _page(request, shown, GroupForm(), keep=person_id)
    # The fragment gives the focus back to who has no script, or pressed before it had come.
    return redirect(f"{reverse('group', args=[group_id])}?{request.GET.urlencode()}#member-{person_id}")


def _page(
    request: Any, shown: PeopleGroup, form: GroupForm, *, keep: int = 0, status: int = 200
) -> HttpResponseBase:
    """`keep` was just taken in or out, and stays in the list: the focus is there, and it may have been a mistake."""
    members = PeopleGroupMember.objects.filter(group=shown, person__is_active=True).count()
    query, who = _query(request), request.GET.get("who", "members" if members else "everybody")
    inside = PeopleGroupMember.objects.filter(group=shown, person=OuterRef("pk"))
    people = Person.objects.filter(is_active=True).annotate(in_group=Exists(inside))
    for word in query.split():
        people = people.filter(name__icontains=word)
    if who == "members":
        people = people.filter(Q(in_group=True) | Q(pk=keep))
    page = Paginator(people.order_by(Lower("name"), "pk"), ON_A_PAGE).get_page(request.GET.get("page"))
    context = {"group": shown, "form": form, "page": page, "query": query, "who": who, "members": members}
    part = "#results" if request.htmx else ""
    return render(request, "accounts/group.html" + part, context, status=status)


def _query(request: Any) -> str:
    return str(request.GET.get("q", ""))[:100].replace("\x00", "").strip()
