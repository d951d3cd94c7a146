"""Groups of people whom a message can name at once. Administrators keep them; all of it inside an organisation.

A handle is typed as names are, so it may not be what somebody is called. Who is called so later is still found: the
group keeps its handle, and completion writes that person's name exactly.
"""

import re
import unicodedata
from typing import TYPE_CHECKING

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from accounts import broadcasts
from accounts.models import LONGEST_HANDLE, PeopleGroup, PeopleGroupMember, Person
from accounts.people import NotAllowed
from tenants.ids import encode

if TYPE_CHECKING:
    from collections.abc import Collection

RESERVED = frozenset({"room", "here", "all", "everybody", "everyone", "channel", "me"})
_HANDLE = re.compile(r"[^\W_][\w.-]*[^\W_]")
# For `chat.signals.personal_counts`: the groups a person is in, as "g1 g2".
GROUPS_OF = """
select coalesce(string_agg('g' || member.group_id, ' ' order by member.group_id), '')
from accounts_peoplegroupmember member where member.person_id = %(person)s
"""


class GroupRefused(ValueError):
    """A handle that no group can have; the text is for people."""


@transaction.atomic
def create_group(actor: Person, handle: str, about: str = "") -> PeopleGroup:
    """Make a group that nobody is in yet. Raises NotAllowed, GroupRefused."""
    _require_administrator(actor)
    group = PeopleGroup(handle=_free(handle), about=about, created_by=actor)
    return _save(group)


@transaction.atomic
def change_group(actor: Person, group_id: int, *, handle: str, about: str = "") -> PeopleGroup:
    """Call a group otherwise. Messages that were written keep their words. Raises as above, PeopleGroup.DoesNotExist."""
    _require_administrator(actor)
    group = PeopleGroup.objects.select_for_update().get(pk=group_id)
    if normal(handle) != group.handle:
        group.handle = _free(handle)
    group.about = about
    return _save(group)


@transaction.atomic
def delete_group(actor: Person, group_id: int) -> None:
    """Nobody can be named by it any more. Raises NotAllowed, PeopleGroup.DoesNotExist."""
    _require_administrator(actor)
    group = PeopleGroup.objects.select_for_update().get(pk=group_id)
    members = list(PeopleGroupMember.objects.filter(group=group).values_list("person_id", flat=True))
    group.delete()
    _tell(members)


@transaction.atomic
def set_member(actor: Person, group_id: int, person_id: int, *, is_member: bool) -> PeopleGroup:
    """Take somebody in or out; again changes nothing. Raises NotAllowed, PeopleGroup.DoesNotExist, Person.DoesNotExist."""
    _require_administrator(actor)
    group = PeopleGroup.objects.select_for_update().get(pk=group_id)
    present = PeopleGroupMember.objects.filter(group=group, person_id=person_id)
    if not is_member:
        changed = bool(present.delete()[0])
    elif changed := not present.exists():
        PeopleGroupMember.objects.create(group=group, person=Person.objects.get(pk=person_id, is_active=True))
    if changed:
        _tell([person_id])
    return group


def normal(handle: str) -> str:
    """As it is stored and compared: without the @, in small letters."""
    return unicodedata.normalize("NFC", handle.strip().removeprefix("@")).casefold()


def groups_of(person_ids: "Collection[int]") -> dict[int, str]:
    """The groups each is in, as "g1 g2". One query."""
    found = dict.fromkeys(person_ids, "")
    rows = PeopleGroupMember.objects.filter(person_id__in=person_ids).order_by("group_id")
    for person_id, group_id in rows.values_list("person_id", "group_id"):
        found[person_id] = f"{found[person_id]} {encode('g', group_id)}".strip()
    return found


def _require_administrator(actor: Person) -> None:
    if not actor.is_administrator:
        raise NotAllowed(_("Only administrators can do this."))


def _free(handle: str) -> str:
    """The handle as it is stored. Raises GroupRefused."""
    handle = normal(handle)
    if len(handle) > LONGEST_HANDLE or not _HANDLE.fullmatch(handle):
        raise GroupRefused(
            _("Take 2 to %(most)d letters and digits, with - . _ between them.") % {"most": LONGEST_HANDLE}
        )
    if handle in RESERVED:
        raise GroupRefused(_("@%(handle)s means something else already.") % {"handle": handle})
    if (name := _called(handle)) is not None:
        raise GroupRefused(
            _("@%(handle)s would be %(name)s as well. Take another word.") % {"handle": handle, "name": name}
        )
    return handle


# Postgres folds letters beyond ASCII in its own way: names with some are compared here.
_CALLED = """
select name from accounts_person
where lower(replace(name, ' ', '')) = %(handle)s or lower(split_part(name, ' ', 1)) = %(handle)s
   or octet_length(name) > char_length(name)
order by id
"""


def _called(handle: str) -> str | None:
    """Somebody whom `@handle` may mean: by their first name, or their whole name without blanks."""
    with connection.cursor() as cursor:
        cursor.execute(_CALLED, {"handle": handle})
        for (name,) in cursor.fetchall():
            words = normal(name).split()
            if words and handle in (words[0], "".join(words)):
                return str(name)
    return None


def _save(group: PeopleGroup) -> PeopleGroup:
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError:
        raise GroupRefused(_("There is a group @%(handle)s already.") % {"handle": group.handle}) from None
    return group


def _tell(person_ids: "Collection[int]") -> None:
    for person_id, groups in groups_of(person_ids).items():
        broadcasts.groups_changed(person_id, groups)
