"""Below the root of a thread: how many replies, who replied last, and when. A link to the thread.

The page adds words, faces and the time to `data-last` (chat/static/chat/js/decorate.js).
"""

from collections.abc import Collection

from django.db import connection
from django.urls import reverse

_FACES = 4
_RECENT = 40  # replies among which the last people are looked for: a long thread is not read for each reply

_SUMMARIES = """
select thread.root_id, thread.room_id, thread.messages - thread.tombstones, recent.last, recent.people
from chat_thread thread
cross join lateral (
    select extract(epoch from max(last))::float8 as last, array_agg(author_id order by last desc) as people
    from (select author_id, max(created_at) as last from (
              select author_id, created_at from chat_message
              where thread_id = thread.root_id and deleted_at is null
              order by thread_position desc limit %(recent)s) reply
          group by author_id order by last desc limit %(faces)s) author
) recent
where thread.root_id = any(%(messages)s) and thread.messages > thread.tombstones
"""


def draw(message_ids: Collection[int]) -> dict[int, str]:
    """The summaries of those of these messages that have replies."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMMARIES, {"messages": list(message_ids), "recent": _RECENT, "faces": _FACES})
        return {root_id: _summary(root_id, *rest) for root_id, *rest in cursor.fetchall()}


def _summary(root_id: int, room_id: int, count: int, last: float, people: list[int]) -> str:
    faces = " ".join(f"p{person_id}" for person_id in people)
    url = reverse("thread", args=[room_id, root_id])
    return f'<a class="thread-summary" href="{url}" data-people="{faces}" data-last="{last:.6f}">{count}</a>'
