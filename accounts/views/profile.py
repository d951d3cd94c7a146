"""A person's own pages: profile, picture, and where they are signed in."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import people, pictures, profile_fields, profiles, sessions, statuses
from accounts.access import member_required
from accounts.directory import card
from accounts.forms import AboutForm, PictureForm, ProfileForm, StatusForm
from accounts.models import Person
from accounts.organisation_settings import organisation_settings


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: Any) -> HttpResponseBase:
    """Name, title and time zone."""
    person = request.user
    may_rename = profiles.may_rename(person)
    form = ProfileForm(request.POST or None, initial=_about(person), may_rename=may_rename)
    if request.method == "POST" and form.is_valid():
        profiles.update_profile(person, **form.cleaned_data)
        messages.success(request, _("Your profile is saved."))
        return redirect("profile")
    return _profile_page(request, form)


@member_required
@require_POST
def about(request: Any) -> HttpResponseBase:
    """Fill in the organisation's own fields."""
    form = _about_form(request.user, request.POST)
    if form.is_valid():
        try:
            profile_fields.fill_in(request.user, form.values())
        except profile_fields.FieldRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Your profile is saved."))
            return redirect("profile")
    return _profile_page(request, about_form=form)


def _about_form(person: Person, said: Any = None) -> AboutForm:
    values = profile_fields.values_of(person)
    fields = profile_fields.fields()
    return AboutForm(
        said, fields=fields, initial={f"field_{one.pk}": values.get(one.pk, "") for one in fields}
    )


@member_required
@require_POST
def status(request: Any) -> HttpResponseBase:
    """Say what one is at; with `clear`, nothing any more. With `away=1` look as if one were not around, with `0` as one is."""
    person = request.user
    if "away" in request.POST:
        statuses.appear_away(person, away=request.POST["away"] == "1")
        messages.success(request, _("Saved."))
        return redirect("profile")
    if "clear" in request.POST:
        statuses.clear_status(person)
        messages.success(request, _("Your status is cleared."))
        return redirect("profile")
    form = StatusForm(request.POST)
    if form.is_valid():
        until = statuses.end_of(form.cleaned_data["lasting"], timezone.now(), person.time_zone)
        try:
            statuses.set_status(
                person, emoji=form.cleaned_data["emoji"], text=form.cleaned_data["text"], until=until
            )
        except statuses.StatusRefused as refused:
            form.add_error("emoji", str(refused))
        else:
            messages.success(request, _("That is your status now."))
            return redirect("profile")
    return _profile_page(request, status_form=form)


@member_required
@require_POST
def privacy(request: Any) -> HttpResponseBase:
    """Share what one has read, or not."""
    people.share_reading(request.user, request.POST.get("shares_reading") == "1")
    messages.success(request, _("Saved."))
    return redirect("profile")


@member_required
@require_POST
def profile_picture(request: Any) -> HttpResponseBase:
    """Give oneself a picture, or with `remove` go back to initials."""
    if "remove" in request.POST:
        pictures.remove_picture(request.user)
        messages.success(request, _("Your picture is gone; your initials are back."))
        return redirect("profile")
    form = PictureForm(request.POST, request.FILES)
    if form.is_valid():
        upload = form.cleaned_data["picture"]
        try:
            pictures.set_picture(request.user, upload, upload.size)
        except pictures.PictureRefused as refused:
            form.add_error("picture", str(refused))
        else:
            messages.success(request, _("That is your picture now."))
            return redirect("profile")
    return _profile_page(request, picture_form=form)


def _about(person: Person) -> dict[str, str]:
    return {
        "name": person.name,
        "title": person.title,
        "time_zone": person.time_zone,
        "notify": person.notify,
    }


def _profile_page(
    request: Any,
    form: ProfileForm | None = None,
    picture_form: PictureForm | None = None,
    status_form: StatusForm | None = None,
    about_form: AboutForm | None = None,
) -> HttpResponseBase:
    person = request.user
    said = {"emoji": person.status_emoji, "text": person.status_text, "lasting": statuses.Lasting.TODAY}
    context: dict[str, Any] = {
        "form": form or ProfileForm(initial=_about(person), may_rename=profiles.may_rename(person)),
        "about_form": about_form or _about_form(person),
        "picture_form": picture_form or PictureForm(),
        "status_form": status_form or StatusForm(initial=said),
        "status": card(person).get("status"),
        "receipts": organisation_settings().receipts,
    }
    refused = any(each and each.errors for each in (form, picture_form, status_form, about_form))
    return render(request, "accounts/profile.html", context, status=422 if refused else 200)


@member_required
@require_GET
def picture(request: Any, person_id: int, version: str) -> HttpResponseBase:
    """A person's picture. A version never changes, so the browser (and nobody between) may keep it for a year."""
    person = Person.objects.filter(pk=person_id).first()
    if person is None or not version or person.picture_version != version:
        raise Http404
    try:
        with person.picture.open("rb") as file:
            content = file.read()  # 256 pixels a side: some kilobytes
    except FileNotFoundError:
        raise Http404 from None
    return HttpResponse(
        content,
        content_type="image/webp",
        headers={
            "Cache-Control": "private, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def session_list(request: Any) -> HttpResponseBase:
    """Where one is signed in; POST ends all sessions but this one."""
    if request.method == "POST":
        ended = sessions.end_all_sessions(request.user, keep=request.session.session_key)
        messages.success(
            request, _("You are signed out everywhere else.") if ended else _("There was no other.")
        )
        return redirect("sessions")
    found = sessions.sessions_of(request.user, request.session.session_key)
    return render(request, "accounts/sessions.html", {"sessions": found})


@member_required
@require_http_methods(["POST", "DELETE"])
def session(request: Any, session_id: int) -> HttpResponseBase:
    """End one of one's own sessions; 404 for anybody else's."""
    try:
        ended = sessions.end_session(request.user, session_id)
    except UserSession.DoesNotExist:
        raise Http404 from None
    if ended == request.session.session_key:
        request.session.flush()
        return redirect("sign_in")
    messages.success(request, _("That device is signed out."))
    return redirect("sessions")
