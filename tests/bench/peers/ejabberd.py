"""ejabberd: a room (MUC) over WebSocket whose messages mod_mam keeps in PostgreSQL before they are fanned out.

It gets a PostgreSQL of its own, the same program with the same settings as Parley's, because its driver knows TCP
only. People are anonymous: signing in is not measured here, nor is anything but a room and its archive switched on.
"""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.bench.harness import Bench, Wrong
from tests.bench.load import Result
from tests.bench.peers import Peer, plan, room, started
from tests.bench.peers.tcp_postgres import TcpPostgres, tcp_postgres
from tests.servers import free_port

LIBRARIES = Path("/usr/lib")  # of Debian's packages
SCHEMA = Path("/usr/share/ejabberd/sql/pg.sql")
DRIVER = "erlang/lib/p1_pgsql-*"

CONFIGURATION = """
hosts: [localhost]
loglevel: error
listen:
  - port: {port}
    ip: 127.0.0.1
    module: ejabberd_http
    backlog: 1024
    request_handlers:
      /ws: ejabberd_http_ws
auth_method: anonymous
anonymous_protocol: sasl_anon
allow_multiple_connections: true
sql_type: pgsql
sql_server: 127.0.0.1
sql_port: {database_port}
sql_database: {database}
sql_username: {database}
shaper: {{}}
shaper_rules: {{}}
modules:
  mod_muc:
    access: all
    access_create: all
    access_mam: all
    history_size: 0
    default_room_options:
      mam: true
      persistent: false
  mod_mam:
    db_type: sql
    default: always
"""

# RFC 7395: each stanza is a frame. A socket is ready when the room has told it its subject, which ends the joining.
OPEN = '<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="localhost" version="1.0"/>'
OPENING = (
    ("send", OPEN),
    ("wait", "ANONYMOUS"),
    ("send", '<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS"/>'),
    ("wait", "<success"),
    ("send", OPEN),
    ("wait", "xmpp-bind"),
    (
        "send",
        '<iq xmlns="jabber:client" type="set" id="bind"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>',
    ),
    ("wait", "<jid>"),
    (
        "send",
        '<presence xmlns="jabber:client" to="bench@conference.localhost/n{variable}">'
        '<x xmlns="http://jabber.org/protocol/muc"><history maxstanzas="0"/></x></presence>',
    ),
    ("wait", "<subject"),
)
POST = (
    '<message xmlns="jabber:client" type="groupchat" to="bench@conference.localhost" id="{client}">'
    "<body>{body}</body></message>"
)


def missing() -> str | None:
    if shutil.which("erl") and SCHEMA.exists() and _programs() and list(LIBRARIES.glob(DRIVER)):
        return None
    return "ejabberd: apt-get install ejabberd erlang-p1-pgsql"


@contextmanager
def running(bench: Bench) -> Iterator[Peer]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="parley-ejabberd-") as name, tcp_postgres(bench) as postgres:
        folder = Path(name)
        archive = Archive(postgres)
        (folder / "ejabberd.yml").write_text(
            CONFIGURATION.format(port=port, database_port=postgres.port, database=postgres.database)
        )
        with started(bench, _command(folder), port, folder, _environment(folder)) as process:
            yield Peer(
                "ejabberd",
                plan(
                    port,
                    room("/ws", [("Sec-WebSocket-Protocol", "xmpp")]),
                    opening=OPENING,
                    post=POST,
                    errors=('type="error"', "type='error'", "<stream:error", "<failure"),
                ),
                {"ejabberd": process.pid, "PostgreSQL": postgres.pid},
                archive.check,
            )


class Archive:
    """What mod_mam has stored. Its tables are made here, from the schema that the package brings."""

    def __init__(self, postgres: TcpPostgres) -> None:
        self.url = postgres.url
        self._checked = 0  # the highest id
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(SCHEMA.read_bytes())

    def check(self, result: Result) -> None:
        """Every message of the run is a row with its body, and there is no row more. Raises Wrong."""
        wanted = Counter(one.body for one in result.acknowledged_messages)
        with psycopg.connect(self.url) as connection:
            rows = connection.execute("select id, txt from archive where id > %s", [self._checked]).fetchall()
        found = Counter(text for _, text in rows)
        if found != wanted or len(rows) != result.sent:
            raise Wrong(f"ejabberd's archive has {len(rows)} rows for {result.sent} messages, or other texts")
        self._checked = max(number for number, _ in rows)


def _command(folder: Path) -> list[str]:
    """Without distribution: a node of its own needs no epmd, and no other node finds it. Schedulers that have nothing
    to do sleep at once; spinning would be counted as work."""
    idle = [part for name in ("+sbwt", "+sbwtdcpu", "+sbwtdio") for part in (name, "none")]
    emulator = ["erl", "-noinput", "+K", "true", "+P", "250000", *idle]
    return [*emulator, "-mnesia", "dir", f'"{folder / "mnesia"}"', "-s", "ejabberd"]


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ERL_LIBS": ":".join(map(str, _programs())),
        "ERL_CRASH_DUMP_BYTES": "0",
        "EJABBERD_CONFIG_PATH": str(folder / "ejabberd.yml"),
        "EJABBERD_LOG_PATH": str(folder / "ejabberd.log"),
    }


def _programs() -> list[Path]:
    """The folder that holds ejabberd's own; its name has the machine's architecture."""
    return [found.parent for found in LIBRARIES.glob("*/ejabberd-*")]
