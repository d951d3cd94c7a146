"""The tables of a schema: what there is, out of it in one snapshot, and into a fresh one.

Everything goes in steps of some milliseconds (`Pace`), each a statement of its own: a rest in the middle of a long
COPY would be none, because Postgres works on as far as the socket's buffer reaches.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from psycopg import sql

from tenants.archives import manifest
from tenants.archives.pace import Pace
from tenants.connection import connection

# Django's list of migrations is made by migrating, never loaded.
MIGRATIONS = "django_migrations"
_BLOCKS = 16  # of a table in one step, 128 KiB: one or two milliseconds
_COLUMNS = """
select relation.relname, array_agg(attribute.attname::text order by attribute.attnum)
from pg_class relation join pg_attribute attribute on attribute.attrelid = relation.oid
where relation.relnamespace = %s::regnamespace and relation.relkind = 'r' and relation.relname <> %s
  and attribute.attnum > 0 and not attribute.attisdropped and attribute.attgenerated = ''
group by 1 order by 1
"""
_SEQUENCES = "select relname from pg_class where relnamespace = %s::regnamespace and relkind = 'S' order by 1"
# How to drop each, and how to make it again.
_FOREIGN_KEYS = """
select format('alter table %%s drop constraint %%I', conrelid::regclass, conname),
       format('alter table %%s add constraint %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
from pg_constraint where connamespace = %s::regnamespace and contype = 'f' order by 1
"""
_INDEXES = """
select format('drop index %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
from pg_index join pg_class on pg_class.oid = indexrelid
where relnamespace = %s::regnamespace and not indisunique order by 1
"""
_SIZE = "select pg_relation_size(%s::regclass) / current_setting('block_size')::int"
_COPY_OUT = "copy (select {columns} from {table} where ctid >= {first} and ctid < {last}) to stdout"


def columns() -> dict[str, tuple[str, ...]]:
    """The tables of the entered schema with the columns that are not generated from others."""
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [connection.schema_name, MIGRATIONS])
        return {name: tuple(found) for name, found in cursor.fetchall()}


def applied_migrations() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(f"select app || '.' || name from {MIGRATIONS} order by id")  # noqa: S608
        return tuple(name for (name,) in cursor.fetchall())


def copy_out(
    table: str, names: Sequence[str], write: Callable[[bytes], object], pace: Pace
) -> tuple[int, int]:
    """Write the table's rows and return their number and size in bytes. In a transaction with one snapshot."""
    rows = size = 0
    with connection.cursor() as cursor:
        cursor.execute(_SIZE, [_quoted(table)])
        (blocks,) = cursor.fetchone()
        for first in range(0, blocks, _BLOCKS):
            statement = sql.SQL(_COPY_OUT).format(
                columns=_list(names),
                table=sql.Identifier(table),
                first=sql.Literal(f"({first},0)"),
                last=sql.Literal(f"({first + _BLOCKS},0)"),
            )
            with pace.step():
                with cursor.copy(statement) as copy:
                    packed = b"".join(copy)
                write(packed)
            rows += packed.count(b"\n")
            size += len(packed)
    return rows, size


def copy_in(table: manifest.Table, pieces: Iterable[bytes], pace: Pace) -> None:
    """Load rows into the table of the entered schema, which was emptied in this transaction.

    They come frozen: who reads them first has no page to mark and to write (with checksums, to the log too).
    """
    statement = sql.SQL("copy {} ({}) from stdin (freeze)").format(
        sql.Identifier(table.name), _list(table.columns)
    )
    with connection.cursor() as cursor:
        for piece in pieces:
            with pace.step(), cursor.copy(statement) as copy:
                copy.write(piece)


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table)))
        (rows,) = cursor.fetchone()
        return rows


def sequences() -> list[manifest.Sequence]:
    """Where the sequences stand. They are in no snapshot: read after the rows, they are ahead of them at most."""
    with connection.cursor() as cursor:
        cursor.execute(_SEQUENCES, [connection.schema_name])
        found = []
        for (name,) in cursor.fetchall():
            cursor.execute(sql.SQL("select last_value, is_called from {}").format(sql.Identifier(name)))
            last, called = cursor.fetchone()
            found.append(manifest.Sequence(name=name, last=last, called=called))
        return found


def set_sequences(wanted: Iterable[manifest.Sequence]) -> None:
    with connection.cursor() as cursor:
        for one in wanted:
            cursor.execute("select setval(%s::regclass, %s, %s)", [_quoted(one.name), one.last, one.called])


def empty(names: Iterable[str]) -> None:
    """Take out what migrations put in."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("truncate {}").format(_list(names)))


def analyse(name: str) -> None:
    """Without it the planner would guess, until autovacuum comes by."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("analyze {}").format(sql.Identifier(name)))


@contextmanager
def bare(pace: Pace) -> Iterator[None]:
    """Within, the entered schema has no foreign keys and only those indexes that hold rows unique; then all again.

    Keys that are checked over a whole table, and indexes that are built over one, cost a third of the same row by row.
    A key that does not hold raises psycopg's IntegrityError at the end.
    """
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(_FOREIGN_KEYS, [connection.schema_name])
        keys = cursor.fetchall()
        cursor.execute(_INDEXES, [connection.schema_name])
        indexes = cursor.fetchall()
        for drop, _ in (*keys, *indexes):
            cursor.execute(drop)
        yield
        for _, make in (*indexes, *keys):
            with pace.step():
                cursor.execute(make)


def _list(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
