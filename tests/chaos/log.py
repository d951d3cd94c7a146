"""The log of a schedule: every attempt, answer and failure of its clients, and a look at every byte they received."""

import time
import uuid
from collections import Counter

from tests.chaos.cluster import Organisation, Person
from tests.chaos.records import Acknowledgement, Attempt, Correction, Sighting


class Log:
    """Written by the clients, all in one event loop; read when they have stopped."""

    def __init__(self, organisations: list[Organisation]) -> None:
        self.attempts: dict[uuid.UUID, Attempt] = {}
        self.acknowledgements: list[Acknowledgement] = []
        self.corrections: dict[uuid.UUID, Correction] = {}
        self.refusals: dict[uuid.UUID, str] = {}
        self.failures: Counter[str] = Counter()
        self.sightings: list[Sighting] = []
        self.resynced: set[str] = set()  # clients who were told to ask again for what they missed
        self.received = 0  # bytes
        self._foreign = {
            one.address: [word for other in organisations if other is not one for word in other.marks]
            for one in organisations
        }

    def attempted(
        self, organisation: Organisation, room_id: int, person: Person, body: str, mentioned_id: int | None
    ) -> Attempt:
        attempt = Attempt(
            uuid.uuid4(), organisation.address, room_id, person.id, body, mentioned_id, time.monotonic()
        )
        self.attempts[attempt.client_id] = attempt
        return attempt

    def acknowledged(self, client_id: uuid.UUID, message_id: str, position: int) -> None:
        number = int(message_id.removeprefix("m"))
        self.acknowledgements.append(Acknowledgement(client_id, number, position, time.monotonic()))

    def corrected(self, client_id: uuid.UUID, text: str, *, acknowledged: bool) -> None:
        self.corrections[client_id] = Correction(client_id, text, time.monotonic() if acknowledged else None)

    def failed(self, what: str) -> None:
        self.failures[what] += 1

    def saw(self, client: str, organisation: str, text: str) -> None:
        """A client received `text`: nothing in it may be of another organisation."""
        self.received += len(text)
        for words in self._foreign[organisation]:
            if words in text:
                self.sightings.append(Sighting(client, organisation, words, text))
