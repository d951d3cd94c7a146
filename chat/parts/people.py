"""People below a message: the first few by id, the others as a number.

A fragment goes to everybody who has the room open, with each change: in a room of thousands it can't name all who
reacted or voted. Whether the reader is among the others the page asks for itself (chat.choices).
"""

from collections.abc import Sequence

NAMED = 12


def names(person_ids: Sequence[int]) -> str:
    """Those who come first, as an attribute of an element."""
    return f' data-people="{" ".join(f"p{person_id}" for person_id in person_ids[:NAMED])}"'
