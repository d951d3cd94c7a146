"""Searching what a person may read: messages, files, people and rooms (docs/search.md).

Two statements. The first (`reader`) finds the rooms that the person may read, whom and which words the search means;
the second (`found`, `found_files`) starts from those rooms, so nothing else can be found.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chat.search import found, found_files
from chat.search.found import Hit
from chat.search.found_files import MOST_COUNTED, FileHit
from chat.search.reader import ReadableRoom, read
from chat.text.query import Problem, parse

if TYPE_CHECKING:
    from accounts.models import Person

__all__ = [
    "MOST_COUNTED",
    "MOST_HITS",
    "TABS",
    "FileHit",
    "Hit",
    "Problem",
    "ReadableRoom",
    "Results",
    "search",
]

MOST_HITS = 20
TABS = ("messages", "files", "people", "rooms")


@dataclass(slots=True)
class Results:
    """What was found. `counts` by tab, none above MOST_COUNTED; `next` is the `before` (or with the order "best" the
    `skip`) of further ones. Not `understood`: nothing in it to look for. `problems` are for the person.
    """

    items: list[Hit] = field(default_factory=list)
    files: list[FileHit] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    rooms: list[ReadableRoom] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    next: int | None = None
    tab: str = TABS[0]
    by_rank: bool = False
    understood: bool = True
    problems: tuple[Problem, ...] = ()


def search(
    person: "Person",
    text: str,
    before: int | None = None,
    limit: int = MOST_HITS,
    *,
    tab: str = "messages",
    order: str = "date",
    skip: int = 0,
    counted: bool = True,
) -> Results:
    """Find what `text` asks for (chat.text.query), of one `tab`. Never fails, whatever was typed.

    Messages come newest first, or with the order "best" by how well and how recently they say it. `before` is the
    message or file after which older ones follow, `skip` a number of best ones; with either it is a further page, without counts of the other tabs.
    Not `counted`: what has no tabs. Inside the organisation; two queries, and two more where fragments of an older template are drawn.
    """
    query = parse(text)
    if query.is_empty:
        return Results(understood=False, problems=query.problems)
    reader = read(person, query)
    results = Results(
        problems=query.problems + reader.strangers(),
        people=reader.people_called(),
        rooms=reader.rooms_called(),
        tab=tab,
        by_rank=tab == "messages" and order == "best" and bool(query.terms),
    )
    if tab == "messages":
        page = found.find(
            reader,
            before,
            skip,
            limit,
            by_rank=results.by_rank,
            counted=counted and before is None and not skip,
        )
        results.items = page.hits
        results.counts = {"messages": page.messages, "files": page.files}
        if page.more:
            results.next = skip + limit if results.by_rank else page.hits[-1].message_id
    elif tab == "files":
        results.files, results.next, files = found_files.find(reader, before, limit)
        results.counts = {"messages": found.count(reader), "files": files} if before is None else {}
    else:
        results.counts = dict(zip(("messages", "files"), found.count_both(reader), strict=True))
    results.counts |= {"people": len(results.people), "rooms": len(results.rooms)}
    return results
