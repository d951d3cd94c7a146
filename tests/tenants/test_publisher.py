"""Publishing: nothing waits, nothing is lost while Valkey is there, and what is lost is counted."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

import hiredis
import pytest

from tenants import publisher
from tenants.fanout import hub
from tenants.models import Organisation
from tenants.pipe import Pipe, publish_command
from tenants.publisher import dropped
from tests.events import Published

MEGABYTE = b"x" * 1024 * 1024


def test_what_the_socket_does_not_take_goes_later(valkey: Any) -> None:
    pipe = Pipe()
    valkey.pause_valkey()
    assert not pipe.write([publish_command("x", MEGABYTE)] * 8)
    assert not pipe.write([publish_command("x", b"last")])
    valkey.resume_valkey()
    answers: list[Any] = []
    deadline = time.monotonic() + 10
    while len(answers) < 9 and time.monotonic() < deadline:
        pipe.write()
        answers += pipe.answers()
    assert answers == [0] * 9
    pipe.close()


def test_an_error_of_valkey_is_an_answer(valkey: Any) -> None:
    pipe = Pipe()
    pipe.write([b"NOPE\r\n"])
    answers: list[Any] = []
    deadline = time.monotonic() + 10
    while not answers and time.monotonic() < deadline:
        answers += pipe.answers()
    assert isinstance(answers[0], hiredis.HiredisError)
    pipe.close()


async def test_what_gathers_until_the_loop_comes_round_is_one_write_in_order(
    acme: Organisation, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the loop and from threads alike."""
    hub()
    publisher.publish(acme, publisher.Envelope(group="room.0"))
    await asyncio.to_thread(publisher.flush)  # connects
    writes: list[int] = []
    wrote = threading.Event()
    write = Pipe.write

    def count(pipe: Pipe, commands: Sequence[bytes] = ()) -> bool:
        if commands:
            writes.append(len(commands))
            wrote.set()
        return write(pipe, commands)

    monkeypatch.setattr(Pipe, "write", count)

    def put(numbers: range) -> None:
        for number in numbers:
            publisher.publish(acme, publisher.Envelope(group=f"room.{number}"))

    with publisher._publisher._lock:  # or its thread might be quicker
        put(range(1, 4))
    assert await asyncio.to_thread(wrote.wait, 10)
    await asyncio.to_thread(put, range(4, 7))
    await asyncio.to_thread(publisher.flush)
    groups = [envelope.group for _, envelope in await asyncio.to_thread(published)]
    assert groups == [f"room.{number}" for number in range(7)]
    assert writes[0] == 3 and sum(writes) == 6


def test_a_restart_of_valkey_in_a_pause_loses_nothing(valkey: Any) -> None:
    mine, before = publisher._Publisher(), dropped._value.get()
    mine.put("x", b"")
    mine.flush()
    valkey.stop_valkey()
    valkey.start_valkey()
    mine.put("x", b"")
    mine.flush()
    assert dropped._value.get() == before and not mine._busy


def test_what_valkey_refuses_is_counted(valkey: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "publish_command", lambda *args: b"NOPE\r\n")
    mine, before = publisher._Publisher(), dropped._value.get()
    mine.put("x", b"")
    mine.flush()
    assert dropped._value.get() == before + 1


def test_what_valkey_does_not_answer_is_counted(valkey: Any) -> None:
    mine, before = publisher._Publisher(), dropped._value.get()
    mine.put("x", b"")
    mine.flush()
    valkey.pause_valkey()
    for _ in range(3):
        mine.put("x", b"")
    mine.flush()
    assert dropped._value.get() == before + 3


def test_waiting_for_the_publisher_ends(acme: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "Pipe", lambda: time.sleep(20))
    mine = publisher._Publisher()
    mine.put("x", b"")
    began = time.monotonic()
    mine.flush()
    assert time.monotonic() - began < 5


def test_what_is_being_written_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its taking and its writing, too."""
    taken, goes_on = threading.Event(), threading.Event()

    class Clock:
        """Stops who looks at it while it writes."""

        def monotonic(self) -> float:
            if threading.current_thread() is writing and not taken.is_set():
                taken.set()
                goes_on.wait(10)
            return time.monotonic()

        sleep = staticmethod(time.sleep)

    mine = publisher._Publisher()
    mine.put("x", b"")
    mine.flush()  # connects
    writing = threading.Thread(target=mine.put, args=("x", b""))
    waiting = threading.Thread(target=mine.flush)
    monkeypatch.setattr(publisher, "time", Clock())
    writing.start()
    assert taken.wait(5)
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    goes_on.set()
    for thread in (writing, waiting):
        thread.join(5)
        assert not thread.is_alive()


def test_an_unforeseen_error_does_not_end_the_publisher(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("unable to perform operation")

    monkeypatch.setattr(publisher, "Pipe", broken)
    mine, before = publisher._Publisher(), dropped._value.get()
    for number in (1, 2):
        mine.put("x", b"")
        mine.flush()
        assert dropped._value.get() == before + number


FORKING = """
import os, sys
import django

django.setup()
from tenants.models import Organisation
from tenants.publisher import Envelope, flush, publish

acme = Organisation.objects.get(pk=sys.argv[1])
publish(acme, Envelope(group="room.1"))
flush()
child = os.fork()
if child == 0:
    publish(acme, Envelope(group="room.2"))
    flush()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
publish(acme, Envelope(group="room.3"))
"""


def test_a_forked_process_publishes_for_itself(acme: Organisation, published: Published) -> None:
    """And one that ends publishes what it has put. In a process without our threads, whose locks the child would inherit."""
    subprocess.run([sys.executable, "-c", FORKING, str(acme.pk)], check=True, timeout=60)
    assert [envelope.group for _, envelope in published()] == ["room.1", "room.2", "room.3"]
