"""The pages of an organisation's people. allauth's are under accounts/, the operators' under admin/."""

from allauth.account import views as allauth_views
from django.urls import include, path

from accounts.admin import site
from accounts.views import (
    groups,
    invitations,
    joining,
    organisation_look,
    organisation_settings,
    people,
    profile,
    profile_fields,
)

urlpatterns = [
    path("accounts/login/", allauth_views.login, name="sign_in"),
    path("accounts/logout/", allauth_views.logout, name="sign_out"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/second-factor/", include("allauth.mfa.urls")),
    path("join/<str:token>/", joining.accept_invitation, name="accept_invitation"),
    path("hand-over/<str:token>/", joining.hand_over, name="hand_over"),
    path("me/", profile.profile, name="profile"),
    path("me/status/", profile.status, name="status"),
    path("me/about/", profile.about, name="about"),
    path("me/privacy/", profile.privacy, name="privacy"),
    path("me/picture/", profile.profile_picture, name="profile_picture"),
    path("me/sessions/", profile.session_list, name="sessions"),
    path("me/sessions/<int:session_id>/", profile.session, name="session"),
    path("pictures/<pid:person_id>/<slug:version>.webp", profile.picture, name="picture"),
    path("people/", people.people_list, name="people"),
    path("people/<pid:person_id>/", people.person, name="person"),
    path("people/<pid:person_id>/name/", people.person_name, name="person_name"),
    path("people/<pid:person_id>/role/", people.person_role, name="person_role"),
    path("people/<pid:person_id>/activation/", people.person_activation, name="person_activation"),
    path("invitations/", invitations.invitation_list, name="invitations"),
    path("invitations/links/", invitations.invitation_links, name="invitation_links"),
    path("invitations/<iid:invitation_id>/", invitations.invitation, name="invitation"),
    path("organisation/look/", organisation_look.look, name="organisation_look"),
    path("groups/", groups.group_list, name="groups"),
    path("groups/<gid:group_id>/", groups.group, name="group"),
    path("groups/<gid:group_id>/members/<pid:person_id>/", groups.group_member, name="group_member"),
    path("organisation/", organisation_settings.settings_page, name="organisation_settings"),
    path("organisation/profile-fields/", profile_fields.profile_fields, name="profile_fields"),
    path("organisation/profile-fields/<int:field_id>/", profile_fields.profile_field, name="profile_field"),
    path("admin/", site.urls),
]
