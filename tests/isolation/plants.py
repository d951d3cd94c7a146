"""Leaks to plant: the ways in which real systems of many tenants were left open, each in the code that is run.

A plant changes the running code for one test and names the probe that has to notice.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from accounts import asgi as accounts_asgi
from accounts import handover, invitations, sessions
from accounts import middleware as accounts_middleware
from accounts.models import HandOver, Invitation, Person
from chat import (
    broadcasts,
    catching_up,
    directory,
    feeds,
    personal_states,
    places,
    presence,
    sidebar,
    sql,
)
from chat.consumers import personal
from chat.models import Message, Room
from chat.search import reader
from chat.views import answers
from chat.views import messages as message_views
from config.asgi import application
from notifications import inbox
from notifications.models import Notification
from tenants import db, fanout, hosts, layers, middleware, publisher
from tenants.backend.base import DatabaseWrapper
from tenants.db import in_organisation
from tenants.events import EVERYONE
from tenants.feeds import ActivityFeed
from tenants.middleware import OrganisationMiddleware
from tenants.models import Organisation
from tests.isolation import probes
from tests.isolation.twins import Twin

type Planting = Callable[[pytest.MonkeyPatch, Twin, Twin], None]
PLANTS: list["Plant"] = []


@dataclass(frozen=True)
class Plant:
    """A leak, and the name of the probe that finds it."""

    name: str
    planting: Planting
    probe: str


def leak(probe: str) -> Callable[[Planting], Planting]:
    def note(planting: Planting) -> Planting:
        assert probe in probes.PROBES, probe
        PLANTS.append(Plant(planting.__name__, planting, probe))
        return planting

    return note


# -- The database ------------------------------------------------------------------------------------------------


@leak("database")
def no_role_is_taken(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    whole = DatabaseWrapper._wanted
    patch.setattr(DatabaseWrapper, "_wanted", lambda self: (whole(self)[0], "none", "0"))


@leak("database")
def the_path_is_anothers(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    whole = DatabaseWrapper._wanted
    swap = theirs.organisation.schema_name, ours.organisation.schema_name
    patch.setattr(DatabaseWrapper, "_wanted", lambda self: (whole(self)[0].replace(*swap), "none", "0"))


@leak("handshakes")
def a_thread_stays_where_it_was(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    """What happens without `in_tenant`: the query runs as whoever used the thread before."""
    whole, before = db._call, [theirs.organisation]

    def call(organisation: Organisation, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return whole(before[0], function, *args, **kwargs)

    patch.setattr(db, "_call", call)


@leak("jobs")
def a_job_says_itself_whose_it_is(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_get_functiondef('public.enqueue_job'::regproc)")
        (definition,) = cursor.fetchone()
        assert "caller <> 'none'" in definition
        cursor.execute(definition.replace("caller <> 'none'", "false"), None)


@contextmanager
def the_database_put_back() -> Iterator[None]:
    """What a plant changed in the database is undone, which no monkeypatch does."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_get_functiondef('public.enqueue_job'::regproc)")
        (definition,) = cursor.fetchone()
    yield
    with connection.cursor() as cursor:
        cursor.execute(definition, None)


# -- Hosts, sessions, pages --------------------------------------------------------------------------------------


@leak("hosts")
def a_host_is_remembered_for_another(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    whole = hosts.cached
    patch.setattr(hosts, "cached", lambda host: ours.organisation if host == theirs.host else whole(host))


@leak("hosts")
def a_proxys_header_is_believed(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    whole = OrganisationMiddleware.__call__

    def believing(self: OrganisationMiddleware, request: Any) -> HttpResponse:
        request.META["HTTP_HOST"] = request.META.get("HTTP_X_FORWARDED_HOST", request.META["HTTP_HOST"])
        return whole(self, request)

    patch.setattr(OrganisationMiddleware, "__call__", believing)


@leak("outsiders me/ sidebar/")
def a_session_is_looked_for_everywhere(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    whole = accounts_middleware.person_of

    def anywhere(request: Any) -> Any:
        found = whole(request)
        if (
            not found.is_authenticated
            and request.COOKIES.get(settings.SESSION_COOKIE_NAME) in theirs.cookies.values()
        ):
            return Person.objects.get(pk=theirs.people["alice"].pk)
        return found

    patch.setattr(accounts_middleware, "person_of", anywhere)


@leak("handshakes")
def a_sockets_session_is_looked_for_everywhere(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    whole = accounts_asgi.visitors

    def anywhere(session_keys: Any) -> Any:
        found = whole(session_keys)
        with in_organisation(theirs.organisation):
            return [mine or yours for mine, yours in zip(found, whole(session_keys), strict=True)]

    patch.setattr(accounts_asgi, "visitors", anywhere)
    _ask_for_no_right(patch, sessions=True)


def _ask_for_no_right(patch: pytest.MonkeyPatch, *, sessions: bool = False) -> None:
    """Whoever resumes may read the room they ask for; with `sessions` whatever session they have."""
    whole = catching_up._rights
    patch.setattr(
        catching_up,
        "_rights",
        lambda readers: [(signed_in or sessions, True, read) for signed_in, _, read in whole(readers)],
    )


@leak("turns")
def pages_are_kept_by_their_path(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    whole, kept = OrganisationMiddleware._inside, {}

    def keeping(self: OrganisationMiddleware, request: Any, organisation: Organisation) -> HttpResponse:
        if request.path not in kept:
            kept[request.path] = whole(self, request, organisation)
        return kept[request.path]

    patch.setattr(OrganisationMiddleware, "_inside", keeping)


@leak("pages rooms/")
def answers_may_be_kept_by_proxies(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    patch.setattr(middleware, "KEPT", "public, max-age=60")


@leak("forms")
def forms_come_from_anywhere(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    patch.setattr(CsrfViewMiddleware, "_origin_verified", lambda self, request: True)


@leak("limits")
def limits_are_counted_by_person_alone(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    patch.setattr(answers, "key", lambda organisation, *parts: ":".join(map(str, parts)))


@leak("ways_in")
def an_invitation_opens_any_door(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    """Zulip's CVE-2022-21706."""

    def anywhere(token: str) -> Invitation:
        with in_organisation(ours.organisation):
            return Invitation.objects.select_related("invited_by").get(uses=0, kind="link")

    patch.setattr(invitations, "look_up", anywhere)


@leak("ways_in")
def a_hand_over_opens_any_door(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    def anywhere(token: str) -> Person:
        with in_organisation(ours.organisation):
            return HandOver.objects.select_related("person").get().person

    patch.setattr(handover, "redeem", anywhere)


@leak("outsiders people/<pid:person_id>/role/")
def everybody_administers(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    patch.setattr(Person, "is_administrator", True)


@leak("outsiders admin/ admin/tenants/organisation/")
def the_operators_pages_are_everywhere(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    patch.setattr(Organisation, "is_operators", True)


@leak("outsiders me/sessions/<int:session_id>/")
def anybody_ends_any_session(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    def end(person: Person, session_id: int) -> str:
        session_key = sessions.UserSession.objects.get(pk=session_id).session_key
        sessions._end([session_key])
        return session_key

    patch.setattr(sessions, "end_session", end)


# -- Rooms and messages ------------------------------------------------------------------------------------------


@leak(f"outsiders {probes.ROOM} {probes.ROOM}messages/")
def every_room_is_visible(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    statement = places._PLACE._statement
    condition = "(member.id is not null or room.kind = 'public' and not $3)"
    assert condition in statement.text
    everybodys = replace(statement, text=statement.text.replace(condition, "($3 or true)"))
    patch.setattr(places._PLACE, "_statement", everybodys)


@leak(f"outsiders {probes.MESSAGE} {probes.MESSAGE}source/")
def a_message_is_found_by_its_id_alone(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    patch.setattr(
        message_views, "message_for", lambda person, room_id, message_id: Message.objects.get(pk=message_id)
    )


@leak("handshakes")
def a_rooms_socket_asks_for_no_right(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    _ask_for_no_right(patch)


@leak("speaking")
def everybody_may_post_everywhere(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    whole = sql.lock_and_look_up

    def members(posts: Any, **how: Any) -> Any:
        rooms, found = yield from whole(posts, **how)
        for one in found:
            one.membership_id = one.membership_id or 0
        return rooms, found

    patch.setattr(sql, "lock_and_look_up", members)


@leak("pages directory/")
def guests_know_everybody(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    patch.setattr(directory, "visible_people", lambda person: Person.objects.all())


@leak("pages search/")
def searching_reads_every_room(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    wanted = "(room.kind = 'public' and not $2) or member.id is not null"
    statement = reader._READ._statement
    assert wanted in statement.text
    everything = statement.text.replace(wanted, f"true or {wanted}")
    patch.setattr(reader._READ, "_statement", replace(statement, text=everything))


@leak("pages sidebar/ switcher/")
def the_sidebar_lists_every_room(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    wanted = "member.person_id = %(person)s and member.left_at"
    assert wanted in sidebar._LINES
    patch.setattr(
        sidebar, "_LINES", sidebar._LINES.replace(wanted, "%(person)s::bigint is not null and member.left_at")
    )
    planted = sidebar._statement.__wrapped__()
    patch.setattr(sidebar, "_statement", lambda: planted)


@leak("outsiders notifications/<nid:notification_id>/")
def a_notification_is_found_by_its_id_alone(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    patch.setattr(
        inbox, "open_notification", lambda person, entry_id: Notification.objects.get(pk=entry_id).link
    )


# -- Sockets and news --------------------------------------------------------------------------------------------


@leak("origins")
def any_page_may_open_a_socket(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    """Cross-site WebSocket hijacking: the same stack without its first wall."""
    mapping = application.application_mapping
    patch.setitem(mapping, "websocket", mapping["websocket"].__closure__[0].cell_contents)


@leak("news")
def groups_have_no_schema(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    for module in (publisher, layers, fanout):
        patch.setattr(module, "channel_name", lambda schema_name, group: f"parley.{group}")


@leak("news")
def news_goes_to_another_schema(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    whole = publisher.channel_name
    schema = theirs.organisation.schema_name
    other = ours.organisation.schema_name
    patch.setattr(
        publisher, "channel_name", lambda name, group: whole(other if name == schema else name, group)
    )


@leak("news")
def topics_are_not_looked_at(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    def receive(self: ActivityFeed, envelope: Any) -> None:
        for socket in list(self.sockets):
            if envelope.frame and not socket.member_of:
                socket.deliver(envelope.frame.decode())

    patch.setattr(ActivityFeed, "receive", receive)


@leak("news")
def badges_follow_every_room(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    def every_room(person_ids: Any) -> list[frozenset[int]]:
        return [frozenset(Room.objects.values_list("pk", flat=True)) for _ in person_ids]

    for module in (personal, personal_states):
        patch.setattr(module, "rooms_to_hear_of", every_room)


@leak("news")
def guests_hear_of_everybody(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    patch.setattr(broadcasts, "PEOPLE", EVERYONE)


@leak("departures")
def who_leaves_keeps_the_socket(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    whole = broadcasts.left
    patch.setattr(
        broadcasts, "left", lambda room, people, *, may_still_read: whole(room, people, may_still_read=True)
    )


@leak("compared")
def every_session_counts_as_valid(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    """CVE-2016-4427: deactivated people could still read."""
    for module in (feeds, personal_states):
        patch.setattr(module, "still_valid", set)
    _ask_for_no_right(patch, sessions=True)


@leak("presence_of_each")
def presence_has_no_schema(patch: pytest.MonkeyPatch, ours: Twin, theirs: Twin) -> None:
    patch.setattr(presence, "_key", lambda organisation: "presence")
