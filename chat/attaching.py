"""The files of new messages, within the transaction that posts them. Costs nothing where no post has files."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.db import connection

from chat.models import Attachment, Message
from chat.parts import files

if TYPE_CHECKING:
    from chat.posts import Post

_ATTACH = """
update chat_attachment set message_id = given.message, place = given.place
from unnest(%s::bigint[], %s::bigint[], %s::int[]) as given (id, message, place) where chat_attachment.id = given.id
"""


class Offered:
    """The files that a batch of posts names and may have, locked until they are posted."""

    def __init__(self, posts: Iterable["Post"]) -> None:
        """Locks them in order of id; no query where there are none. After the rooms' locks, as everywhere."""
        wanted = {number for post in posts for number in post.attachment_ids}
        self._free: dict[int, Attachment] = {}
        self._taken: dict[int, Sequence[Attachment]] = {}
        if wanted:
            found = Attachment.objects.select_for_update().filter(pk__in=wanted, message__isnull=True)
            found = found.exclude(state=Attachment.State.RECEIVING)
            self._free = {attachment.pk: attachment for attachment in found.order_by("pk")}

    def take(self, number: int, post: "Post") -> bool:
        """Give the post, `number` of the batch, its files; False when one is not there, not theirs, or posted already."""
        found = [self._free.get(pk) for pk in post.attachment_ids]
        mine = [
            one for one in found if one and (one.uploader_id, one.room_id) == (post.person_id, post.room_id)
        ]
        if len(mine) < len(post.attachment_ids):
            return False
        for one in mine:
            del self._free[one.pk]
        self._taken[number] = mine
        return True

    def html(self, number: int) -> str:
        """The files of a post as its message shows them; "" for most."""
        taken = self._taken.get(number)
        return files.drawn(taken) if taken else ""

    def attach(self, messages: Iterable[tuple[int, Message]]) -> None:
        """Let the files belong to the inserted messages, by number of their post. One statement, if there are any."""
        rows = [
            (one.pk, message.pk, place)
            for number, message in messages
            for place, one in enumerate(self._taken.get(number, ()))
        ]
        if rows:
            with connection.cursor() as cursor:
                cursor.execute(_ATTACH, [list(column) for column in zip(*rows, strict=True)])
