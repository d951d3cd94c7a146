"""Who may do what: a row for every page, socket, command and job. What has no row fails the suite.

The rows are executed by test_outsiders.py, test_sockets.py and test_shell.py; what each policy means for each actor
is in `EXPECTED`. `Row.data` is sent by POST, so that a request fails for its sender and not for its form.
"""

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.management import get_commands
from django.urls import URLResolver, get_resolver
from procrastinate.contrib.django import app as jobs_app

from chat.routing import urlpatterns as socket_patterns
from tests.isolation.twins import CHARLIE, DANA, NOBODY

OURS = ("config", "tenants", "accounts", "chat", "notifications")
STRANGER = "stranger"  # the owner of the other organisation, with her own cookie
OUTSIDERS = (NOBODY, STRANGER, CHARLIE, DANA)


class Policy(enum.Enum):
    PUBLIC_SITE = "anybody, on the base domain; says nothing of any organisation"
    ANYBODY = "anybody, on the organisation's host"
    SIGNED_IN = "the people of the organisation"
    NOT_GUEST = "the people of the organisation but guests"
    ADMINISTRATOR = "administrators and owners; for others it does not exist"
    OWN = "the person whose it is; for others it does not exist"
    ROOM_READER = "whoever may read the room; for others it does not exist"
    OPERATORS = "operators, on their own host; elsewhere it does not exist"


class Outcome(enum.Enum):
    OPEN = "answered, whatever it says"
    SIGN_IN = "sent to sign in"
    HIDDEN = "404"
    REFUSED = "403 or 404"


_STRANGERS = dict.fromkeys((NOBODY, STRANGER), Outcome.SIGN_IN)
EXPECTED: dict[Policy, dict[str, Outcome]] = {
    Policy.ANYBODY: dict.fromkeys(OUTSIDERS, Outcome.OPEN),
    Policy.SIGNED_IN: {**_STRANGERS, CHARLIE: Outcome.OPEN, DANA: Outcome.OPEN},
    Policy.NOT_GUEST: {**_STRANGERS, CHARLIE: Outcome.OPEN, DANA: Outcome.REFUSED},
    Policy.ADMINISTRATOR: {**_STRANGERS, CHARLIE: Outcome.HIDDEN, DANA: Outcome.HIDDEN},
    Policy.OWN: {**_STRANGERS, CHARLIE: Outcome.HIDDEN, DANA: Outcome.HIDDEN},
    Policy.ROOM_READER: {**_STRANGERS, CHARLIE: Outcome.HIDDEN, DANA: Outcome.HIDDEN},
    Policy.OPERATORS: dict.fromkeys(OUTSIDERS, Outcome.HIDDEN),
}


@dataclass(frozen=True)
class Row:
    policy: Policy
    data: dict[str, str] = field(default_factory=dict)
    queries: tuple[str, ...] = ()  # further GETs of the crawl
    path: str = ""  # where the pattern is a regular expression or takes something of the code's own


P = Policy
_ROOM = "rooms/<rid:room_id>/"
_MESSAGE = f"{_ROOM}messages/<mid:message_id>/"
_FILE = f"{_ROOM}files/<fid:attachment_id>/"
_NEW_ROOM = {"name": "from outside", "kind": "public", "people": "p1"}
_PASSWORDS = {"oldpassword": "x", "password1": "guessed it twice", "password2": "guessed it twice"}
_POST = {"client_id": "0c54e5a4-9d4c-4a59-93f4-5a5ad1e0b5d1", "text": "from outside"}
_SECOND_FACTOR = "accounts/second-factor/"
_ADMIN = "admin/tenants/"

ORGANISATION: dict[str, Row] = {
    # Signing in and out, and what allauth brings along.
    "accounts/login/": Row(P.ANYBODY, {"login": "alice@acme.example", "password": "guess"}),
    "accounts/logout/": Row(P.ANYBODY),
    "accounts/inactive/": Row(P.ANYBODY),
    "accounts/signup/": Row(P.ANYBODY, {"email": "eve@evil.example", "password1": "let me in, please"}),
    "accounts/confirm-email/": Row(P.ANYBODY),
    r"accounts/^confirm-email/(?P<key>[-:\w]+)/$": Row(P.ANYBODY, path="accounts/confirm-email/guess/"),
    "accounts/password/reset/": Row(P.ANYBODY, {"email": "nobody@nowhere.example"}),
    "accounts/password/reset/done/": Row(P.ANYBODY),
    "accounts/password/reset/key/done/": Row(P.ANYBODY),
    r"accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": Row(
        P.ANYBODY, _PASSWORDS, path="accounts/password/reset/key/1-guess-of-a-key/"
    ),
    "accounts/login/code/confirm/": Row(P.ANYBODY, {"code": "123456"}),
    f"{_SECOND_FACTOR}authenticate/": Row(P.ANYBODY, {"code": "123456"}),
    f"{_SECOND_FACTOR}webauthn/login/": Row(P.ANYBODY),
    "accounts/reauthenticate/": Row(P.SIGNED_IN, {"password": "guess"}),
    "accounts/email/": Row(P.SIGNED_IN, {"action_add": "", "email": "eve@evil.example"}),
    "accounts/password/change/": Row(P.SIGNED_IN, _PASSWORDS),
    "accounts/password/set/": Row(P.SIGNED_IN, _PASSWORDS),
    _SECOND_FACTOR: Row(P.SIGNED_IN),
    f"{_SECOND_FACTOR}reauthenticate/": Row(P.SIGNED_IN, {"code": "123456"}),
    f"{_SECOND_FACTOR}totp/activate/": Row(P.SIGNED_IN, {"code": "123456"}),
    f"{_SECOND_FACTOR}totp/deactivate/": Row(P.SIGNED_IN),
    f"{_SECOND_FACTOR}recovery-codes/": Row(P.SIGNED_IN),
    f"{_SECOND_FACTOR}recovery-codes/generate/": Row(P.SIGNED_IN),
    f"{_SECOND_FACTOR}recovery-codes/download/": Row(P.SIGNED_IN),
    f"{_SECOND_FACTOR}webauthn/": Row(P.SIGNED_IN),
    f"{_SECOND_FACTOR}webauthn/add/": Row(P.SIGNED_IN),
    f"{_SECOND_FACTOR}webauthn/reauthenticate/": Row(P.SIGNED_IN),
    f"{_SECOND_FACTOR}webauthn/keys/<int:pk>/remove/": Row(P.SIGNED_IN),
    f"{_SECOND_FACTOR}webauthn/keys/<int:pk>/edit/": Row(P.SIGNED_IN, {"name": "mine now"}),
    # Coming in.
    "join/<str:token>/": Row(P.ANYBODY, {"name": "Eve", "email": "", "password": "short"}),
    "hand-over/<str:token>/": Row(P.ANYBODY),
    # People.
    "me/": Row(P.SIGNED_IN, {"name": "Somebody Else", "time_zone": "UTC"}),
    "me/status/": Row(P.SIGNED_IN, {"emoji": "🎧", "text": "Somebody else's status", "lasting": "today"}),
    "me/about/": Row(P.SIGNED_IN, {"field_1": "said from outside"}),
    "me/privacy/": Row(P.SIGNED_IN, {"shares_reading": "1"}),
    "me/picture/": Row(P.SIGNED_IN, {"remove": "1"}),
    "me/sessions/": Row(P.SIGNED_IN),
    "me/sessions/<int:session_id>/": Row(P.OWN),
    "pictures/<pid:person_id>/<slug:version>.webp": Row(P.SIGNED_IN),
    "people/": Row(P.NOT_GUEST, queries=("?q=a", "?q=zqx", "?state=deactivated", "?sort=seen&page=2")),
    "people/<pid:person_id>/": Row(P.NOT_GUEST),
    "people/<pid:person_id>/name/": Row(P.ADMINISTRATOR, {"name": "Somebody Else"}),
    "people/<pid:person_id>/role/": Row(P.ADMINISTRATOR, {"role": "owner"}),
    "people/<pid:person_id>/activation/": Row(P.ADMINISTRATOR, {"active": "no"}),
    "invitations/": Row(P.ADMINISTRATOR, {"emails": "eve@evil.example", "role": "member"}),
    "invitations/links/": Row(P.ADMINISTRATOR, {"role": "member", "days": "7"}),
    "invitations/<iid:invitation_id>/": Row(P.ADMINISTRATOR, {"revoke": "1"}),
    "manifest.webmanifest": Row(P.ANYBODY),
    "service-worker.js": Row(P.ANYBODY),
    "offline/": Row(P.ANYBODY),
    "groups/": Row(P.ADMINISTRATOR, {"handle": "outsiders"}, queries=("?q=a", "?q=zqx")),
    "groups/<gid:group_id>/": Row(
        P.ADMINISTRATOR, {"handle": "taken-over"}, queries=("?q=a", "?who=everybody&page=2")
    ),
    "groups/<gid:group_id>/members/<pid:person_id>/": Row(P.ADMINISTRATOR, {"member": "no"}),
    "organisation/profile-fields/": Row(P.ADMINISTRATOR, {"name": "From outside", "kind": "text"}),
    "organisation/profile-fields/<int:field_id>/": Row(P.ADMINISTRATOR, {"do": "remove"}),
    "organisation/": Row(P.ADMINISTRATOR, {"edit_window": "5"}),
    "organisation/look/": Row(P.ADMINISTRATOR, {"name": "Taken over", "accent": "30"}),
    # The operators' pages.
    "admin/": Row(P.OPERATORS),
    "admin/login/": Row(P.OPERATORS),
    "admin/logout/": Row(P.OPERATORS),
    "admin/password_change/": Row(P.OPERATORS),
    "admin/password_change/done/": Row(P.OPERATORS),
    "admin/autocomplete/": Row(P.OPERATORS),
    "admin/jsi18n/": Row(P.OPERATORS),
    "admin/r/<path:content_type_id>/<path:object_id>/": Row(P.OPERATORS, path="admin/r/1/1/"),
    "admin/^(?P<app_label>tenants)/$": Row(P.OPERATORS, path="admin/tenants/"),
    "admin/(?P<url>.*)$": Row(P.OPERATORS, path="admin/tenants/organisation"),
    **{
        f"{_ADMIN}{model}/{rest}": Row(
            P.OPERATORS,
            {"action": "suspend", "_selected_action": "1"},
            path=f"{_ADMIN}{model}/{rest.replace('<path:object_id>', '1')}",
        )
        for model in ("organisation", "domain")
        for rest in (
            "",
            "add/",
            "<path:object_id>/",
            "<path:object_id>/history/",
            "<path:object_id>/delete/",
            "<path:object_id>/change/",
        )
    },
    # Talk.
    "": Row(P.SIGNED_IN),
    "sidebar/": Row(P.SIGNED_IN, queries=("?room=r2", "?room=r5", "?room=x")),
    "switcher/": Row(P.SIGNED_IN, queries=("?q=a", "?q=zqx", "?q=e", "?q=vault")),
    "switcher/messages/": Row(P.SIGNED_IN, queries=("?q=kingfisher", "?q=zqx", "?q=is:direct")),
    "search/": Row(
        P.SIGNED_IN,
        queries=(
            "?q=kingfisher",
            '?q="kingfisher"',
            "?q=kingfisher+in:vault",
            "?q=kingfisher+in:r4",
            "?q=kingfisher+from:alice",
            "?q=from:p1",
            "?q=zqx",
            "?q=kingfisher&order=date",
            "?q=kingfisher&tab=files",
            "?q=txt&tab=files",
            "?q=from:alice&tab=files",
            "?q=zqx&tab=files",
            "?q=zqx&tab=people",
            "?q=zqx&tab=rooms",
            "?q=vault&tab=rooms",
            "?q=kingfisher+in:@bob",
            "?q=kingfisher+has:link",
            "?q=is:pinned",
        ),
    ),
    "directory/<pid:person_id>/": Row(P.SIGNED_IN),
    "directory/<gid:group_id>/": Row(P.SIGNED_IN),
    "directory/": Row(
        P.SIGNED_IN, queries=("?ids=p1,p2,p3,p4,p5", "?q=c", "?q=a&room=r2", "?q=&room=r2", "?q=&room=r4")
    ),
    "directory/<pid:person_id>/block/": Row(P.SIGNED_IN),
    "around/": Row(P.SIGNED_IN),
    "blocks/": Row(P.SIGNED_IN, {"unblock": "p2"}),
    "directs/": Row(P.SIGNED_IN, {"people": "p99"}, queries=("?people=p1,p3",)),
    "rooms/": Row(
        P.SIGNED_IN, {"name": "", "kind": "public"}, queries=("?q=a", "?q=zqx", "?archived=1", "?page=9")
    ),
    "rooms/new/": Row(P.NOT_GUEST),
    _ROOM: Row(P.ROOM_READER, queries=("?message=m1", "?message=m2", "?message=m4")),
    f"{_ROOM}details/": Row(P.ROOM_READER, {"name": "taken over", "topic": "by strangers"}),
    f"{_ROOM}archive/": Row(P.ROOM_READER),
    f"{_ROOM}settings/": Row(P.ROOM_READER, {"description": "taken over"}),
    f"{_ROOM}privacy/": Row(P.ROOM_READER),
    f"{_ROOM}growth/": Row(P.ROOM_READER, {"name": "taken over"}),
    f"{_ROOM}place/": Row(P.ROOM_READER, {"section": "favourites"}),
    "sections/": Row(P.SIGNED_IN, {"name": ""}),
    "sections/closed/": Row(P.SIGNED_IN, {"section": "rooms", "closed": "1"}),
    "sections/<sid:section_id>/": Row(P.OWN, {"name": "taken over"}),
    f"{_ROOM}preferences/": Row(P.ROOM_READER, {"muted": "1"}),
    f"{_ROOM}messages/": Row(P.ROOM_READER, _POST, queries=("?before=9", "?after=0", "?around=1")),
    _MESSAGE: Row(P.ROOM_READER, {"text": "changed from outside"}),
    f"{_MESSAGE}source/": Row(P.ROOM_READER),
    f"{_MESSAGE}forwards/": Row(P.ROOM_READER, {**_POST, "room": "r1"}),
    f"{_MESSAGE}moves/": Row(P.ROOM_READER, {"room": "r1"}),
    f"{_MESSAGE}versions/": Row(P.ROOM_READER),
    f"{_MESSAGE}reactions/<str:emoji>/": Row(P.ROOM_READER),
    "emoji/": Row(P.SIGNED_IN, {"name": "from-outside"}),
    "emoji/<eid:emoji_id>/": Row(P.SIGNED_IN, {"name": "from-outside"}),
    "emoji/<eid:emoji_id>/<slug:emoji_version>.webp": Row(P.SIGNED_IN),
    f"{_ROOM}files/": Row(P.ROOM_READER, queries=("?kind=text", "?kind=image", "?before=f9")),
    _FILE: Row(P.ROOM_READER),
    f"{_FILE}thumbnail.webp": Row(P.ROOM_READER),
    "organisation/files/": Row(P.ADMINISTRATOR),
    "organisation/imports/": Row(P.ADMINISTRATOR, {"file": "none"}),
    "organisation/imports/<int:import_id>/": Row(P.ADMINISTRATOR, {"do": "begin"}),
    f"{_MESSAGE}pin/": Row(P.ROOM_READER),
    f"{_ROOM}pins/": Row(P.ROOM_READER),
    f"{_MESSAGE}saved/": Row(P.ROOM_READER, {"state": "open"}),
    f"{_MESSAGE}reminder/": Row(P.ROOM_READER, {"text": "from outside", "when": "tomorrow"}),
    "reminders/": Row(P.SIGNED_IN, {"text": "", "when": "soon"}),
    "reminders/new/": Row(P.SIGNED_IN),
    "reminders/<tid:reminder_id>/": Row(P.OWN, {"text": "from outside", "when": "tomorrow"}),
    f"{_ROOM}draft/": Row(P.ROOM_READER, {"text": "from outside"}, queries=("?thread=m1", "?thread=m4")),
    "drafts/": Row(P.SIGNED_IN),
    "drafts/<did:draft_id>/": Row(P.OWN, {"text": "from outside"}),
    f"{_ROOM}scheduled/": Row(P.ROOM_READER, {**_POST, "when": "tomorrow"}, queries=("?thread=m1",)),
    "scheduled/": Row(P.SIGNED_IN),
    "scheduled/<sid:scheduled_id>/": Row(P.OWN, {"text": "from outside", "when": "tomorrow"}),
    "scheduled/<sid:scheduled_id>/sending/": Row(P.OWN),
    "saved/": Row(P.SIGNED_IN, queries=("?state=done", "?page=2")),
    f"{_MESSAGE}thread/": Row(P.ROOM_READER, queries=("?before=9", "?after=0")),
    f"{_MESSAGE}thread/following/": Row(P.ROOM_READER),
    f"{_MESSAGE}thread/read/": Row(P.ROOM_READER, {"position": "1"}),
    "quotes/": Row(
        P.SIGNED_IN, queries=(f"?messages={','.join(f'm{number}' for number in range(1, 40))}", "?messages=x")
    ),
    "threads/": Row(P.SIGNED_IN, queries=("?page=2",)),
    f"{_ROOM}naming/": Row(P.ROOM_READER, {"text": "@room"}),
    f"{_MESSAGE}outsiders/": Row(P.ROOM_READER, {"people": "p3"}),
    "mentions/": Row(P.SIGNED_IN, queries=("?page=2",)),
    f"{_MESSAGE}previews/<lid:preview_id>/": Row(P.ROOM_READER),
    "link-previews/<lid:preview_id>/<slug:preview_version>.webp": Row(P.ROOM_READER),
    f"{_ROOM}lists/": Row(P.ROOM_READER, {**_POST, "options": "yes\nno"}),
    f"{_MESSAGE}choices/": Row(P.ROOM_READER),
    "choices/": Row(P.SIGNED_IN, queries=("?messages=m1,m2,m3",)),
    f"{_MESSAGE}poll/": Row(P.ROOM_READER, {"text": "from outside"}),
    f"{_MESSAGE}poll/closing/": Row(P.ROOM_READER),
    f"{_MESSAGE}poll/<int:number>/vote/": Row(P.ROOM_READER),
    f"{_MESSAGE}todo/": Row(P.ROOM_READER, {"before": "[]", "items": '[[null, "from outside"]]'}),
    f"{_MESSAGE}todo/<int:number>/tick/": Row(P.ROOM_READER),
    f"{_ROOM}commands/": Row(P.ROOM_READER, {**_POST, "text": "/topic by strangers"}),
    f"{_ROOM}read/": Row(P.ROOM_READER, {"position": "1"}),
    f"{_ROOM}seen/": Row(P.ROOM_READER),
    f"{_MESSAGE}readers/": Row(P.ROOM_READER),
    f"{_ROOM}unread/": Row(P.ROOM_READER, {"message": "m1"}),
    f"{_MESSAGE}thread/unread/": Row(P.ROOM_READER),
    "catch-up/": Row(P.SIGNED_IN),
    "read/": Row(P.SIGNED_IN),
    "unread/": Row(P.SIGNED_IN, {"rooms": "r2:0:1,r4:0:1", "threads": "m1:0:1"}),
    f"{_ROOM}membership/": Row(P.ROOM_READER),
    f"{_ROOM}memberships/": Row(P.ROOM_READER, {"people": "p3"}, queries=("?q=a",)),
    f"{_ROOM}memberships/<pid:person_id>/": Row(P.ROOM_READER),
    # Notifications.
    "notifications/": Row(P.SIGNED_IN, queries=("?page=2",)),
    "notifications/<nid:notification_id>/": Row(P.OWN),
}

PUBLIC: dict[str, Row] = {
    "": Row(P.PUBLIC_SITE),
    "sign-up/": Row(P.PUBLIC_SITE, {"organisation_name": "Evil", "address": "admin"}),
    "sign-up/address/": Row(P.PUBLIC_SITE, queries=("?address=admin", "?address=acme", "?address=x%00")),
    "sign-up/code/": Row(P.PUBLIC_SITE, {"code": "123456"}),
    "sign-up/finish/": Row(P.PUBLIC_SITE, {"password": "let me in, please"}),
    "find/": Row(P.PUBLIC_SITE, {"email": "not an address"}),
    "mail/": Row(P.PUBLIC_SITE),
    "domains/ask": Row(P.PUBLIC_SITE, queries=("?domain=localhost", "?domain=nobody.localhost")),
}

SOCKETS: dict[str, Policy] = {"ws/rooms/<rid:room_id>/": P.ROOM_READER, "ws/me/": P.SIGNED_IN}


class Shell(enum.Enum):
    """Commands and jobs run on the deployment's own machines; what matters is whose rows they touch."""

    ONE_ORGANISATION = "only the organisation that it names, or that enqueued it"
    OPERATORS = "only the operators' organisation"
    REGISTRY = "the registry, and no row of an organisation that is in use"
    NOTHING = "nothing by itself"


COMMANDS: dict[str, Shell] = {
    "notify": Shell.ONE_ORGANISATION,
    "create_operator": Shell.OPERATORS,
    "migrate_organisations": Shell.REGISTRY,
    "worker": Shell.NOTHING,
    "demo": Shell.ONE_ORGANISATION,
    "backup": Shell.ONE_ORGANISATION,
    "restore": Shell.ONE_ORGANISATION,
    "clone": Shell.ONE_ORGANISATION,
    "erase": Shell.ONE_ORGANISATION,
    "import_slack": Shell.ONE_ORGANISATION,
}
JOBS: dict[str, Shell] = {
    "chat.jobs.look_at_links": Shell.ONE_ORGANISATION,
    "chat.jobs.forget_unused_previews": Shell.ONE_ORGANISATION,
    "chat.jobs.forget_unwanted_versions": Shell.ONE_ORGANISATION,
    "chat.jobs.tidy_up": Shell.REGISTRY,
    "chat.jobs.keep_no_longer": Shell.REGISTRY,
    "chat.jobs.forget_old_messages": Shell.ONE_ORGANISATION,
    "chat.jobs.forget_old_messages_of": Shell.ONE_ORGANISATION,
    "accounts.jobs.deliver": Shell.ONE_ORGANISATION,
    "accounts.jobs.forget_expired": Shell.ONE_ORGANISATION,
    "chat.jobs.prepare_file": Shell.ONE_ORGANISATION,
    "chat.jobs.remind": Shell.ONE_ORGANISATION,
    "chat.jobs.look_for_overdue": Shell.REGISTRY,
    "chat.jobs.deliver_overdue": Shell.ONE_ORGANISATION,
    "chat.jobs.forget_emptied_drafts": Shell.ONE_ORGANISATION,
    "chat.jobs.take_file_words": Shell.ONE_ORGANISATION,
    "chat.jobs.keep_search": Shell.ONE_ORGANISATION,
    "chat.jobs.keep_searches": Shell.REGISTRY,
    "chat.jobs.forget_unused_words": Shell.ONE_ORGANISATION,
    "chat.jobs.send_scheduled": Shell.ONE_ORGANISATION,
    "chat.jobs.close_poll": Shell.ONE_ORGANISATION,
    "chat.jobs.delete_files": Shell.ONE_ORGANISATION,
    "chat.jobs.delete_unposted": Shell.ONE_ORGANISATION,
    "chat.slack.jobs.check_import": Shell.ONE_ORGANISATION,
    "chat.slack.jobs.go_on_importing": Shell.ONE_ORGANISATION,
    "chat.slack.jobs.discard_import": Shell.ONE_ORGANISATION,
    "chat.slack.jobs.fetch_files": Shell.ONE_ORGANISATION,
    "chat.slack.jobs.resume_imports": Shell.ONE_ORGANISATION,
    "chat.slack.jobs.look_for_stalled": Shell.REGISTRY,
    "accounts.jobs.deliver_for_nobody": Shell.NOTHING,
    "accounts.jobs.mail_workspaces": Shell.NOTHING,
    "accounts.jobs.tidy_up": Shell.REGISTRY,
    "tenants.provisioning.keep_spares": Shell.REGISTRY,
    "tenants.jobs.retry_abandoned": Shell.NOTHING,
}


def routes(urlconf: str) -> set[str]:
    """Every pattern of `urlconf` to its end, as text."""
    return set(_walk(get_resolver(urlconf)))


def _walk(resolver: Any, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        text = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, text)
        else:
            yield text


def sockets() -> set[str]:
    return {str(pattern.pattern) for pattern in socket_patterns}


def commands() -> set[str]:
    """The management commands of our own apps."""
    return {name for name, app in get_commands().items() if str(app).partition(".")[0] in OURS}


def jobs() -> set[str]:
    """The background jobs of our own apps."""
    jobs_app.perform_import_paths()
    return {name for name in jobs_app.tasks if name.partition(".")[0] in OURS}


def path_of(route: str, row: Row, ids: dict[str, str]) -> str:
    """The address of a route with `ids`, e.g. {"room_id": "r2"}, put in."""
    if row.path:
        return f"/{row.path}"
    return "/" + re.sub(r"<\w+:(\w+)>", lambda match: ids[match[1]], route)
