"""The virus scanner: clamd's protocol over real sockets, and what may be had of a file while it waits."""

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from chat.files.scanning import ScannerFailed, TooLargeToScan, find_virus
from chat.models import Message, Room
from tenants.db import in_organisation
from tests.chat.files import attachment, picture, post_files, stored, upload, uploaded

Browser = Callable[[Any], Client]
RunJobs = Callable[[], None]
VIRUS = b"X5O-not-quite-EICAR"


class Clamd(socketserver.StreamRequestHandler):
    """As much of clamd as INSTREAM needs; StreamMaxLength is 200,000 bytes."""

    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while length := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(length)
            if len(content) > 200_000:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        found = b"stream: Test.Virus-1 FOUND\0" if VIRUS in content else b"stream: OK\0"
        self.wfile.write(b"scanner broke ERROR\0" if content == b"break" else found)


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def clamd() -> Iterator[str]:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clamd)
    with serving(server):
        yield f"tcp://127.0.0.1:{server.server_address[1]}"


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nothing listens, as long as this socket has it."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"tcp://127.0.0.1:{reserved.getsockname()[1]}"


def test_the_protocol(clamd: str) -> None:
    assert find_virus(clamd, [b"harm", b"", b"less"]) == ""
    assert find_virus(clamd, [VIRUS[:5], VIRUS[5:]]) == "Test.Virus-1"
    with pytest.raises(ScannerFailed, match="scanner broke"):
        find_virus(clamd, [b"break"])
    with pytest.raises(TooLargeToScan):
        find_virus(clamd, [bytes(60_000)] * 4)


def test_over_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "clamd.sock")
    with serving(socketserver.ThreadingUnixStreamServer(path, Clamd)):
        assert find_virus(f"unix:{path}", [VIRUS]) == "Test.Virus-1"
    with pytest.raises(ScannerFailed):
        find_virus(f"unix:{path}", [VIRUS])


def test_a_file_waits_for_the_scanner(
    client_of: Browser, alice: Any, bob: Any, room: Room, run_jobs: RunJobs, settings: Any, clamd: str
) -> None:
    settings.CLAMAV_URL = clamd
    file_id = uploaded(client_of(alice), room, b"text to wait for", "a.txt")
    posted = post_files(alice, room, file_id)
    url = f"/rooms/r{room.pk}/files/{file_id}/"
    for who in (alice, bob):
        assert client_of(who).get(url).status_code == 404
    assert "text to wait for" not in html_of(alice, posted.message_id)
    run_jobs()
    assert client_of(bob).get(url).status_code == 200
    assert "text to wait for" in html_of(alice, posted.message_id)


def test_a_file_with_a_virus_is_gone_and_says_so(
    client_of: Browser, alice: Any, room: Room, run_jobs: RunJobs, settings: Any, clamd: str
) -> None:
    settings.CLAMAV_URL = clamd
    before = stored(alice.organisation)
    file_id = uploaded(client_of(alice), room, picture() + VIRUS, "a.png")
    posted = post_files(alice, room, file_id)
    run_jobs()
    assert attachment(alice, file_id).state == "refused"
    assert stored(alice.organisation) == before
    for part in ("", "thumbnail.webp"):
        assert client_of(alice).get(f"/rooms/r{room.pk}/files/{file_id}/{part}").status_code == 404
    html = html_of(alice, posted.message_id)
    assert 'data-state="refused"' in html and "href" not in html
    assert "a.png" not in client_of(alice).get(f"/rooms/r{room.pk}/files/").content.decode()


def test_what_the_scanner_does_not_take_is_refused(
    client_of: Browser, alice: Any, room: Room, run_jobs: RunJobs, settings: Any, clamd: str
) -> None:
    settings.CLAMAV_URL = clamd
    file_id = uploaded(client_of(alice), room, bytes(300_000))
    run_jobs()
    assert attachment(alice, file_id).state == "refused"


def test_while_the_scanner_is_away_the_file_waits_on(
    client_of: Browser, alice: Any, room: Room, run_jobs: RunJobs, settings: Any, nobody: str
) -> None:
    settings.CLAMAV_URL = nobody
    assert upload(client_of(alice), room, b"x").status_code == 201
    run_jobs()
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from public.procrastinate_jobs"
            " where task_name = 'chat.jobs.prepare_file' and status = 'todo' and scheduled_at > now()"
        )
        assert cursor.fetchone() == (1,)
    with in_organisation(alice.organisation):
        assert attachment(alice, _only(alice)).state == "scanning"


def _only(person: Any) -> str:
    from chat.models import Attachment

    with in_organisation(person.organisation):
        return f"f{Attachment.objects.get().pk}"


def html_of(person: Any, message_id: int) -> str:
    with in_organisation(person.organisation):
        return Message.objects.get(pk=message_id).html
