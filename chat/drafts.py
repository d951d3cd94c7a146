"""What a person has begun to write, kept in step over their devices. Inside the organisation.

The newest typing wins, whenever it arrives: a device says how long ago it was typed, so its own clock may be wrong,
and what it kept while it was offline does not overwrite what was typed elsewhere since. A page's own requests can
overtake each other, as when it is left at once; it numbers them, and among those the number decides. Posting knows
nothing of this: the browser empties the draft by a request of its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from chat import broadcasts
from chat.access import message_for, room_for, visible_rooms
from chat.changes import MessageRefused
from chat.models import Draft
from chat.threads import root_of

if TYPE_CHECKING:
    from accounts.models import Person

LONGEST_DRAFT = 20_000  # twice what can be sent: what is too long has to be shortened somewhere
LONGEST_AGO = timedelta(days=90)
SHOWN = 200
LISTED = 500  # of the newest a page knows whether its own copies are old

# For `chat.signals.personal_counts` and `personal_lists`; the index of `draft_once` answers both.
COUNT = "select count(*) from chat_draft where person_id = %(person)s and text <> ''"
PLACES = f"""
select coalesce(json_agg(json_build_array('r' || room_id, coalesce('m' || thread_id, ''), at)), '[]') from (
    select room_id, thread_id, extract(epoch from changed_at)::float8 as at from chat_draft
    where person_id = %(person)s and text <> '' order by changed_at desc limit {LISTED}) newest
"""  # noqa: S608 - constants only
_KEEP = """
insert into chat_draft as draft (person_id, room_id, thread_id, text, changed_at, page, turn)
values (%s, %s, %s, %s, clock_timestamp() - make_interval(secs => %s), %s, %s)
on conflict (person_id, room_id, thread_id) do update set
    text = excluded.text, changed_at = greatest(draft.changed_at, excluded.changed_at),
    page = excluded.page, turn = excluded.turn
where case when draft.page = excluded.page and draft.page <> '' then draft.turn < excluded.turn
    else draft.changed_at < excluded.changed_at end
returning id, changed_at
"""
# Under the row's lock: neither these words nor those that another device keeps at the same moment are lost.
_ADD = f"""
insert into chat_draft as draft (person_id, room_id, thread_id, text, changed_at, page, turn)
values (%s, %s, %s, %s, clock_timestamp(), '', 0)
on conflict (person_id, room_id, thread_id) do update set
    text = left(concat_ws(E'\\n\\n', nullif(draft.text, ''), excluded.text), {LONGEST_DRAFT}),
    changed_at = clock_timestamp(), page = '', turn = 0
returning text, changed_at
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Kept:
    """How a draft stands now. Not `taken`: something newer was typed elsewhere, and this is it."""

    text: str
    changed_at: datetime | None
    taken: bool = True


@transaction.atomic
def keep_draft(
    person: "Person",
    room_id: int,
    text: str,
    *,
    thread_id: int | None = None,
    typed_ago: timedelta = timedelta(),
    page: str = "",
    turn: int = 0,
) -> Kept:
    """Keep what `person` typed in a room, or in a thread of it; "" when it was sent or discarded.

    `page` names the page that says so, which then knows its own echo; `turn` is its number of this typing. Raises
    Room.DoesNotExist and Message.DoesNotExist for what they can't see, MessageRefused (too_long).
    """
    if len(text) > LONGEST_DRAFT:
        raise MessageRefused("too_long", _("This is longer than %d characters.") % LONGEST_DRAFT)
    thread_id = _thread(person, room_id, thread_id)
    text = text.replace("\0", "") if text.strip() else ""
    ago = min(max(typed_ago, timedelta()), LONGEST_AGO)
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [person.pk, room_id, thread_id, text, ago.total_seconds(), page, turn])
        row = cursor.fetchone()
    if row is None:
        newer = Draft.objects.get(person=person, room_id=room_id, thread_id=thread_id)
        return Kept(newer.text, newer.changed_at, taken=newer.text == text)
    kept = Draft(person=person, room_id=room_id, thread_id=thread_id, text=text, changed_at=row[1])
    _tell(kept, page)
    return Kept(text, row[1])


def draft_in(person: "Person", room_id: int, thread_id: int | None = None) -> Kept:
    """What `person` has begun to write there. Raises as `keep_draft`."""
    thread_id = _thread(person, room_id, thread_id)
    found = Draft.objects.filter(person=person, room_id=room_id, thread_id=thread_id).first()
    return Kept(found.text, found.changed_at) if found else Kept("", None)


@transaction.atomic
def put_draft(person: "Person", draft_id: int, text: str) -> Draft:
    """Discard one's own draft ("") or bring it back, wherever it is: also where they may not write any more. Returns
    what it was. Raises Draft.DoesNotExist."""
    was = Draft.objects.select_for_update().get(pk=draft_id, person=person)
    text = text[:LONGEST_DRAFT].replace("\0", "")
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [person.pk, was.room_id, was.thread_id, text, 0, "", 0])
        row = cursor.fetchone()
    if row is not None:
        now = Draft(person=person, room_id=was.room_id, thread_id=was.thread_id, text=text, changed_at=row[1])
        _tell(now, "")
    return was


@transaction.atomic
def add_to_draft(person: "Person", room_id: int, thread_id: int | None, text: str) -> None:
    """Put words of theirs that were not sent below what `person` has begun to write there. Asks for no right: they are
    theirs, and nobody else sees them."""
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [person.pk, room_id, thread_id, text])
        both, changed_at = cursor.fetchone()
    _tell(Draft(person=person, room_id=room_id, thread_id=thread_id, text=both, changed_at=changed_at), "")


def forget_emptied() -> None:
    """Forget the rows without a text that are older than anything a device can say it typed. Inside the organisation; one
    query."""
    Draft.objects.filter(text="", changed_at__lt=Now() - LONGEST_AGO).delete()


def drafts_of(person: "Person") -> list[Draft]:
    """Their drafts with rooms, the latest on top, each with `may_read`: whether its room can still be named. One
    query."""
    readable = visible_rooms(person).filter(pk=OuterRef("room_id"))
    begun = Draft.objects.filter(person=person).exclude(text="").annotate(may_read=Exists(readable))
    return list(begun.select_related("room").order_by("-changed_at", "-pk")[:SHOWN])


def _thread(person: "Person", room_id: int, thread_id: int | None) -> int | None:
    """The root's id of a thread that `person` sees in a room that they see."""
    if thread_id is None:
        room_for(person, room_id)
        return None
    return int(root_of(message_for(person, room_id, thread_id)).pk)


def _tell(draft: Draft, page: str) -> None:
    count = Draft.objects.filter(person_id=draft.person_id).exclude(text="").count()
    broadcasts.draft_changed(draft, page, count)
