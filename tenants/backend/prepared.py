"""Statements that each connection prepares once for each organisation it serves.

Postgres plans a prepared statement anew whenever the search_path is another one than the last time (0.7 ms for those
of one post). So a name stands for one statement in one organisation; the ones not used for longest are given up.
"""

from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from psycopg import Connection
from psycopg.pq.abc import Escaping

# Characters of SQL on each connection. With its plan each takes about 100 bytes of the server's memory, so these are 60 MB
# where that many organisations are busy: posting takes 6,000 in each. While 256 statements were kept, a hundred
# organisations that posted had theirs prepared anew again and again: 1.6 ms of CPU for a post in turns, instead of 1.4.
MOST = 600_000
_LEAST = 100  # characters that even a short one counts for
# The plan for any arguments: most statements' own would be made each time, and be the same.
_ONCE = b"set plan_cache_mode = force_generic_plan"
_EACH_TIME = b"set plan_cache_mode = force_custom_plan"


@dataclass(frozen=True, slots=True)
class Statement:
    """An SQL statement with parameters $1, $2, … (one at least), and their types. Is it `planned_each_time`, its plan
    depends on the arguments."""

    name: str
    types: str
    text: str
    planned_each_time: bool = False


class Prepared:
    """What one connection has prepared."""

    def __init__(self) -> None:
        self._names: OrderedDict[tuple[str, Statement], bytes] = OrderedDict()
        self._count = 0
        self._size = 0  # characters
        self._unsure = False
        self._plans_each_time: bool | None = None  # as the connection is set; None: not known

    def executing(
        self, escaping: Escaping, path: str, statement: Statement, arguments: tuple[object, ...]
    ) -> list[bytes]:
        """The SQL that executes `statement` with `arguments` where the search_path is `path`, prepared if need be."""
        key = path, statement
        sql = [b"deallocate all"] if self._unsure else []
        self._unsure = False
        if key in self._names:
            self._names.move_to_end(key)
        else:
            sql += self._making_room(_size(statement))
            sql.append(self._preparing(escaping, key))
        if self._plans_each_time is not statement.planned_each_time:
            self._plans_each_time = statement.planned_each_time
            sql.append(_EACH_TIME if statement.planned_each_time else _ONCE)
        values = b", ".join([_literal(escaping, argument) for argument in arguments])
        return [*sql, b"execute %s(%s)" % (self._names[key], values)]

    def _making_room(self, size: int) -> list[bytes]:
        """Give up what was not used for longest."""
        given_up = []
        while self._names and self._size + size > MOST:
            (_, statement), name = self._names.popitem(last=False)
            self._size -= _size(statement)
            given_up.append(b"deallocate " + name)
        self._size += size
        return given_up

    def _preparing(self, escaping: Escaping, key: tuple[str, Statement]) -> bytes:
        """By way of `do`: with a statement Postgres keeps the whole message in which it was prepared, where every role
        of the connection can read it (pg_prepared_statements): what others asked in it, their sessions' keys too."""
        statement = key[1]
        self._count += 1
        name = self._names[key] = f"parley_{statement.name}_{self._count}".encode()
        prepare = b"prepare %s (%s) as %s" % (name, statement.types.encode(), statement.text.encode())
        block = b"begin execute %s; end" % escaping.escape_literal(prepare)
        return b"do " + escaping.escape_literal(block)

    def forget(self) -> None:
        """Something failed, and some of it may not have been prepared, or given up: begin anew."""
        self._names.clear()
        self._size = 0
        self._unsure = True
        self.rolled_back()

    def rolled_back(self) -> None:
        """What was set in a transaction, or after a savepoint, may have been undone."""
        self._plans_each_time = None


def _size(statement: Statement) -> int:
    return _LEAST + len(statement.text)


def _literal(escaping: Escaping, value: object) -> bytes:
    if value is None:
        return b"null"
    if type(value) is int:
        return b"%d" % value
    return escaping.escape_literal(str(value).encode())


_by_connection: "WeakKeyDictionary[Connection[object], Prepared]" = WeakKeyDictionary()


def on(connection: "Connection[object]") -> Prepared:
    """What `connection` has prepared."""
    found = _by_connection.get(connection)
    if found is None:
        found = _by_connection[connection] = Prepared()
    return found
