"""The log of a schedule: every attempt, answer and failure of its clients, and a look at every byte they received."""

import json
import time
import uuid
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.cluster import Organisation, Person
from tests.chaos.records import Acknowledgement, Attempt, Correction, Failure, Sighting


class Log:
    """Written by the clients, all in one event loop; read when they have stopped."""

    def __init__(self, organisations: list[Organisation]) -> None:
        self.attempts: dict[uuid.UUID, Attempt] = {}
        self.acknowledgements: list[Acknowledgement] = []
        self.corrections: dict[uuid.UUID, Correction] = {}
        self.refusals: dict[uuid.UUID, str] = {}
        self.failures: list[Failure] = []
        self.sightings: list[Sighting] = []
        self.resynced: set[str] = set()  # clients who were told to ask again for what they missed
        self.received = 0  # bytes
        self._foreign = {
            one.address: [word for other in organisations if other is not one for word in other.marks]
            for one in organisations
        }

    def attempted(
        self,
        client: str,
        organisation: Organisation,
        room_id: int,
        person: Person,
        body: str,
        mentioned_id: int | None,
    ) -> Attempt:
        where = organisation.address, room_id, person.id
        attempt = Attempt(client, uuid.uuid4(), *where, body, mentioned_id, time.monotonic())
        self.attempts[attempt.client_id] = attempt
        return attempt

    def acknowledged(self, client_id: uuid.UUID, message_id: str, position: int) -> None:
        number = int(message_id.removeprefix("m"))
        self.acknowledgements.append(Acknowledgement(client_id, number, position, time.monotonic()))

    def corrected(self, client_id: uuid.UUID, text: str, *, acknowledged: bool) -> None:
        self.corrections[client_id] = Correction(client_id, text, time.monotonic() if acknowledged else None)

    def failed(self, client: str, why: str) -> None:
        self.failures.append(Failure(client, why, time.monotonic()))

    def saw(self, client: str, organisation: str, text: str) -> None:
        """A client received `text`: nothing in it may be of another organisation."""
        self.received += len(text)
        for words in self._foreign[organisation]:
            if words in text:
                self.sightings.append(Sighting(client, organisation, words, text))

    def write(self, path: Path) -> None:
        """Attempts, acknowledgements and failures in the order in which they happened, a line of JSON for each."""
        began = time.time() - time.monotonic()  # of the monotonic clock, as the others' logs tell the time
        happened: list[Attempt | Acknowledgement | Failure] = [
            *self.attempts.values(),
            *self.acknowledgements,
            *self.failures,
        ]
        with path.open("w") as lines:
            for one in sorted(happened, key=lambda one: one.at):
                at = datetime.fromtimestamp(began + one.at, UTC).isoformat(timespec="milliseconds")
                client = (
                    self.attempts[one.client_id].client if isinstance(one, Acknowledgement) else one.client
                )
                fields = {"what": type(one).__name__.lower(), **asdict(one), "at": at, "client": client}
                print(json.dumps(fields, default=str), file=lines)
