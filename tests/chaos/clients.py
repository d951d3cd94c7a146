"""Clients that behave as the page does: `Reader` shows a room, `Author` also writes into it, `Personal` is the socket
beside it.
"""

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.chaos.outbox import FINAL, Item, Outbox
from tests.chaos.records import Line, Listing
from tests.chaos.timeline import Timeline, parse
from tests.chaos.visitor import FIRST_WAIT, UNREACHABLE, Refused, Seat, Visitor

TICK = 0.1


class Personal(Visitor):
    """The socket for badges and notifications. It only listens."""

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat, "/ws/me/")


class Reader(Visitor):
    """A page with a room open: it loads the room, resumes, applies frames, and asks for what it missed."""

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat, f"/ws/rooms/r{seat.room_id}/")
        self.timeline = Timeline()
        self.epoch = seat.organisation.epoch
        self.drawn = False  # the page was there once
        self._resuming: asyncio.TimerHandle | None = None
        self._loading: asyncio.Task[None] | None = None
        self._again = False

    @property
    def revision(self) -> int:
        return self.timeline.revision

    def listing(self) -> Listing:
        lines = tuple(line for _, line in sorted(self.timeline.lines.items()))
        return Listing(self.seat.name, self.seat.organisation.address, self.seat.room_id, lines)

    async def arrive(self) -> None:
        """The page itself: its window and its revision come from one answer."""
        while not self.drawn and self.ended is None:
            try:
                revision, lines = await self._load_all()
            except Refused:
                self.ended = 4404
            except UNREACHABLE as error:
                self.seat.failed(type(error).__name__)
                await asyncio.sleep(FIRST_WAIT)
            else:
                self.timeline.replace(lines)
                self.timeline.revision = revision
                self.drawn = True

    async def resume(self) -> None:
        self._forget_resuming()
        self.resumed = False
        await self.send("resume", revision=self.timeline.revision, epoch=self.epoch)

    async def hear(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "messages":
                self.timeline.take(parse(frame["content"]))
                self._cover(frame)
            case "room" | "members":
                self._cover(frame)
            case "resumed":
                self.epoch = frame["epoch"]
                await super().hear(frame)
                self.timeline.revision = max(self.timeline.revision, frame["revision"])
            case "head" if frame["revision"] > self.timeline.revision:
                self._resume_soon(0.4)
            case "reset":
                self.timeline.forget()
                self._again = True
                if self._loading is None:
                    self._loading = asyncio.create_task(self._start_afresh())
            case _:
                await super().hear(frame)

    def left(self) -> None:
        super().left()
        self._forget_resuming()

    def _cover(self, frame: dict[str, Any]) -> None:
        if self.resumed and not self.timeline.covered(frame):
            self._resume_soon(0.15)

    def _resume_soon(self, least: float) -> None:
        """With jitter, as the page does it, and only if nothing came by itself meanwhile."""
        if self._resuming is None:
            wait = least + self.seat.rng.uniform(0, 1.5)
            behind = self.timeline.revision
            self._resuming = asyncio.get_running_loop().call_later(wait, self._resume_if, behind)

    def _resume_if(self, behind: int) -> None:
        self._resuming = None
        if self.timeline.revision == behind:
            self._asked = asyncio.ensure_future(self.resume())

    def _forget_resuming(self) -> None:
        if self._resuming is not None:
            self._resuming.cancel()
            self._resuming = None

    async def _start_afresh(self) -> None:
        try:
            while self._again:
                self._again = False
                try:
                    _, lines = await self._load_all()
                except Refused:
                    return
                except UNREACHABLE as error:
                    self.seat.failed(type(error).__name__)
                    self._again = True
                    await asyncio.sleep(FIRST_WAIT)
                else:
                    if not self._again:
                        self.timeline.replace(lines)
        finally:
            self._loading = None

    async def _load_all(self) -> tuple[int, list[Line]]:
        """The whole room, newest window first; the revision is of before anything was read."""
        path = f"/rooms/r{self.seat.room_id}/messages/"
        answer = await self.ask("GET", path)
        revision, lines = int(answer.headers["X-Revision"]), parse(answer.text)
        while answer.headers["X-Has-Older"] == "1":
            answer = await self.ask("GET", f"{path}?before={min(line.position for line in lines)}")
            lines += parse(answer.text)
        return revision, lines


@dataclass(frozen=True)
class Letter:
    """What an author will say, `after` so many seconds. `by_http`: not over the socket, as the plain form does.

    `correction`: what the message should say instead, once it is stored; None: it stays as it is.
    """

    after: float
    body: str
    mentioned_id: int | None
    by_http: bool
    correction: str | None


class Author(Reader):
    """A reader who writes."""

    def __init__(self, seat: Seat, letters: Sequence[Letter]) -> None:
        super().__init__(seat)
        self.outbox = Outbox()
        self.letters = sorted(letters, key=lambda letter: letter.after)
        self.written = False
        self.begun = asyncio.Event()  # nobody writes before everybody is there
        self._by_http: set[uuid.UUID] = set()
        self._corrections: dict[uuid.UUID, str] = {}  # of messages that are not corrected yet
        self._to_correct: dict[uuid.UUID, str] = {}  # the ids of those among them that are stored

    async def live(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write())
            working = [group.create_task(self._pump()), group.create_task(self._correct())]
            await super().live()
            self._give_up()
            for task in working:
                task.cancel()

    async def hear(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "posted":
            self._stored(frame["client_id"], frame)
        elif frame["type"] == "error" and "client_id" in frame:
            self._refused(frame["client_id"], frame["code"], frame.get("retry_after", 0.0))
        else:
            await super().hear(frame)

    def left(self) -> None:
        super().left()
        self.outbox.disconnected()

    @property
    def settled(self) -> bool:
        """Everything is written, and answered."""
        return self.ended is not None or (self.written and not self.unanswered)

    @property
    def unanswered(self) -> list[uuid.UUID]:
        """What was sent, or is to be edited, and has no answer."""
        return [item.attempt.client_id for item in self.outbox.items.values()] + list(self._to_correct)

    async def _write(self) -> None:
        await self.begun.wait()
        seat, began = self.seat, time.monotonic()
        for letter in self.letters:
            await asyncio.sleep(max(0.0, began + letter.after - time.monotonic()))
            if self.ended is not None:
                break
            attempt = seat.log.attempted(
                seat.name, seat.organisation, seat.room_id, seat.person, letter.body, letter.mentioned_id
            )
            if letter.by_http:
                self._by_http.add(attempt.client_id)
            if letter.correction is not None:
                self._corrections[attempt.client_id] = letter.correction
            self.outbox.add(attempt)
        self.written = True

    async def _pump(self) -> None:
        while True:
            await self._online.wait()
            for item in self.outbox.to_send():
                if item.attempt.client_id in self._by_http:
                    await self._post(item)
                elif self.resumed and await self._send(item):
                    item.sent = time.monotonic()
                else:
                    break
            late = self.outbox.overdue()
            if late is not None and self._online.is_set():
                await self._post(late)
            await asyncio.sleep(TICK)

    async def _send(self, item: Item) -> bool:
        attempt = item.attempt
        return await self.send("post", client_id=str(attempt.client_id), text=attempt.body)

    async def _post(self, item: Item) -> None:
        name = str(item.attempt.client_id)
        fields = {"client_id": name, "text": item.attempt.body}
        try:
            answer = await self.ask("POST", f"/rooms/r{self.seat.room_id}/messages/", fields)
        except Refused as refused:
            self._refused(name, "not_found" if str(refused) == "404" else "forbidden")
        except UNREACHABLE as error:
            self.seat.failed(type(error).__name__)
            self.outbox.postponed(name)
        else:
            self._stored(name, answer.json())

    async def _correct(self) -> None:
        """Edit what is to be edited, by HTTP as the page does, until it is done or refused."""
        while True:
            await asyncio.sleep(TICK)
            await self._online.wait()
            for client_id, message_id in list(self._to_correct.items()):
                await self._edit(client_id, message_id)

    async def _edit(self, client_id: uuid.UUID, message_id: str) -> None:
        text, log = self._corrections[client_id], self.seat.log
        log.corrected(client_id, text, acknowledged=False)
        try:
            await self.ask("POST", f"/rooms/r{self.seat.room_id}/messages/{message_id}/", {"text": text})
        except UNREACHABLE as error:
            self.seat.failed(type(error).__name__)
            return
        except Refused:
            self.seat.failed("correction refused")
        else:
            log.corrected(client_id, text, acknowledged=True)
        del self._corrections[client_id], self._to_correct[client_id]

    def _stored(self, client_id: str, fields: dict[str, Any]) -> None:
        name = uuid.UUID(client_id)
        self.seat.log.acknowledged(name, fields["id"], fields["position"])
        self.outbox.answered(client_id)
        if name in self._corrections:
            self._to_correct[name] = fields["id"]

    def _refused(self, client_id: str, code: str, retry_after: float = 0.0) -> None:
        if code in FINAL:
            self.seat.log.refusals[uuid.UUID(client_id)] = code
            self.outbox.answered(client_id)
        else:
            self.seat.failed(code)
            self.outbox.postponed(client_id, retry_after)

    def _give_up(self) -> None:
        """Shut out: the page shows what was not sent as failed."""
        for name in list(self.outbox.items):
            self._refused(name, "signed_out")
