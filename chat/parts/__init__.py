"""What a message shows below its text: files, polls, reactions, a thread's summary.

Each kind is a module here with `draw(message_ids)`: the safe HTML of those messages that have such a part, by message,
in one query for all of them. Like the text it is drawn once, when the message changes, and stored in its fragment; so
nothing in it depends on the reader or the place, people and emoji are named by id, and what not everybody may see is
left for the page to fetch. Whatever changes a part goes through `chat.changes`.
"""

from collections.abc import Callable, Collection

from chat.parts import files, lists, origins, previews, reactions, threads

type Draw = Callable[[Collection[int]], dict[int, str]]

# In the order in which they stand below each other.
KINDS: tuple[Draw, ...] = (
    origins.draw,
    files.draw,
    lists.draw,
    previews.draw,
    reactions.draw,
    threads.draw,
)
# What stays below a tombstone: there must be a way to the replies, and to where it was moved.
LASTING: tuple[Draw, ...] = (origins.draw_away, threads.draw)


def parts_of(message_ids: Collection[int], kinds: tuple[Draw, ...] = KINDS) -> dict[int, str]:
    """The parts of these messages, by message, joined; nothing for who has none. A query for each kind."""
    found: dict[int, str] = {}
    if message_ids:
        for draw in kinds:
            for message_id, html in draw(message_ids).items():
                found[message_id] = found.get(message_id, "") + html
    return found
