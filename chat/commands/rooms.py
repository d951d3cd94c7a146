"""Commands about the room in which they are written, and the way to others."""

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chat import memberships, preferences, rooms
from chat.access import membership_of
from chat.commands.answers import Answer, Asked, Command, CommandRefused, Led, Told
from chat.commands.names import people_first, room_named
from chat.directory import visible_people
from chat.models import Membership

MOST_NAMED = 50  # people whom /who lists by name


def topic(asked: Asked) -> Answer:
    if not asked.argument:
        said = asked.room.topic or _("This room has no topic yet.")
        return Told(said)
    room = rooms.set_topic(asked.person, asked.room.pk, asked.argument)
    return Told(_("The topic is now: %s") % room.topic)


def rename(asked: Asked) -> Answer:
    room = rooms.rename_room(asked.person, asked.room.pk, asked.argument)
    return Told(_("The room is now called #%s.") % room.name)


def invite(asked: Asked) -> Answer:
    people = _people(asked)
    new = memberships.add_members(asked.person, asked.room.pk, people)
    if not new:
        return Told(_("Everybody you named is here already."))
    return Told(_("Added: %s.") % ", ".join(people[person_id] for person_id in new))


def remove(asked: Asked) -> Answer:
    people = _people(asked)
    if len(people) > 1:
        raise CommandRefused("too_many", _("Name one person at a time."))
    for person_id, name in people.items():
        memberships.remove_member(asked.person, asked.room.pk, person_id)
        return Told(_("%s is not in this room any more.") % name)
    raise AssertionError("nobody was named")


def _people(asked: Asked) -> dict[int, str]:
    people, rest = people_first(asked.person, asked.argument)
    if not people or rest:
        raise CommandRefused("nobody", _("Name people with @, such as @Ada Lovelace."))
    return people


def who(asked: Asked) -> Answer:
    """Who is in the room; a public room tells it to who only reads there."""
    present = Membership.objects.filter(room=asked.room, left_at__isnull=True).values("person_id")
    found = visible_people(asked.person).filter(pk__in=present, is_active=True).order_by("name", "pk")
    names = list(found.values_list("name", flat=True)[: MOST_NAMED + 1])
    count = asked.place.members_count
    said = ngettext("%d person is in this room:", "%d people are in this room:", count) % count
    more = _(" and others") if len(names) > MOST_NAMED else ""
    return Told(f"{said} {', '.join(names[:MOST_NAMED])}{more}")


def mute(asked: Asked) -> Answer:
    """Again takes it back."""
    muted = not preferences.preferences_of(asked.person, asked.room.pk).muted
    preferences.prefer(asked.person, asked.room.pk, muted=muted)
    if muted:
        return Told(_("This room is muted: it tells you of nothing. /mute again takes that back."))
    return Told(_("This room is not muted any more."))


def leave(asked: Asked) -> Answer:
    if membership_of(asked.person, asked.room.pk) is None:
        raise CommandRefused("not_in_room", _("You are not in this room."))
    memberships.leave_room(asked.person, asked.room.pk)
    return Led(reverse("workspace"))


def join(asked: Asked) -> Answer:
    room = room_named(asked.person, asked.argument)
    memberships.join_room(asked.person, room.pk)
    return Led(reverse("room", args=[room.pk]))


def search(asked: Asked) -> Answer:
    return Led(f"{reverse('search')}?{urlencode({'q': asked.argument})}")


COMMANDS = (
    Command("topic", gettext_lazy("[text]"), gettext_lazy("Say what this room is about, or read it."), topic, in_directs=False),
    Command("rename", gettext_lazy("name"), gettext_lazy("Give this room another name."), rename, for_guests=False, in_directs=False),
    Command("invite", gettext_lazy("@person …"), gettext_lazy("Add people to this room."), invite, for_guests=False, in_directs=False, counts_as="add"),
    Command("remove", gettext_lazy("@person"), gettext_lazy("Take somebody out of this room."), remove, for_guests=False, in_directs=False),
    Command("who", "", gettext_lazy("See who is in this room."), who),
    Command("mute", "", gettext_lazy("Mute this room, or take that back."), mute),
    Command("join", gettext_lazy("#room"), gettext_lazy("Join a room and go there."), join, for_guests=False),
    Command("leave", "", gettext_lazy("Leave this room."), leave, in_directs=False),
    Command("search", gettext_lazy("words"), gettext_lazy("Search messages."), search),
)  # fmt: skip
