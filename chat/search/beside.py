"""Words by which a message is found though its own text does not say them: what it passes on, its poll or to-do list."""

from collections.abc import Collection

from django.db import connection

from chat import fragments, sql
from chat.models import Message
from chat.text import Rendered

_BESIDE = """
select id, string_agg(said, E'\\n') from (
    select message_id, words from chat_forward where message_id = any(%(messages)s)
    union all select poll_id, text from chat_polloption where poll_id = any(%(messages)s)
    union all select todo_id, text from chat_todoitem where todo_id = any(%(messages)s)
) as one (id, said) group by id
"""


def words_beside(message_ids: Collection[int]) -> dict[int, str]:
    """The words beside the texts of these messages; most have none. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_BESIDE, {"messages": list(message_ids)})
        return dict(cursor.fetchall())


def store_words(message: Message, rendered: Rendered | None = None) -> None:
    """After a change of a message, or of what stands beside its text: the words by which it is found from now on.

    `rendered` is its text, where it was drawn already. Two queries, and those of `render_all`.
    """
    if rendered is None:
        (rendered,) = fragments.render_all([message.text], [message.author_id])
    sql.replace_words(message, rendered, also=words_beside([message.pk]).get(message.pk, ""))
