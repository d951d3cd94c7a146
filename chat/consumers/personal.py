"""The socket of a person: badges, presence and notifications, wherever in Parley they are."""

from typing import Any, ClassVar

from django.conf import settings

from chat import presence
from chat.personal_states import PersonalState, personal_states, rooms_to_hear_of
from tenants.consumers import OrganisationConsumer
from tenants.events import EVERYONE, RECEIPTS, SIGNED_OUT, person_topic, room_topic
from tenants.fanout import hub
from tenants.ids import encode
from tenants.sockets import Socket
from tenants.together import together


class PersonalConsumer(OrganisationConsumer):
    """`/ws/me/`. The first frame is `resume`, answered by `state`; everything else comes from the hub."""

    frames: ClassVar[frozenset[str]] = frozenset({"resume", "ack"})

    async def connected(self) -> None:
        person_id = self.visitor.person_id
        topics = {person_topic(person_id), self.visitor.topic, EVERYONE}
        topics |= self.visitor.topics_by_standing - {RECEIPTS}  # which are rooms' news
        self.topics = frozenset(topics)
        self.socket = Socket(
            self.base_send,
            topics,
            person_id=person_id,
            session_key=self.visitor.session_key,
            extensions=self.scope.get("extensions"),
        )
        self._joined = False

    async def left(self) -> None:
        if self.socket is not None:
            await hub().leave(self.organisation, self.socket)
            if self._joined:
                await presence.departed(self.organisation, self.visitor.person_id)

    async def on_resume(self, body: dict[str, Any]) -> None:
        """Topics first, then the state: what happens in between arrives as frames after it."""
        person_id = self.visitor.person_id
        self.reader.begin_catching_up()
        await hub().join_activity(self.organisation, self.reader)
        # Its own topics before the database is read: a room joined meanwhile is added by the hub, and stays.
        hub().listen_to(self.organisation, self.reader, set(self.topics))
        rooms = await together(self.organisation, rooms_to_hear_of, person_id)
        hub().listen_to(self.organisation, self.reader, self.reader.topics | set(map(room_topic, rooms)))
        state = await together(self.organisation, personal_states, (person_id, self.visitor.session_key))
        if state is None:
            self.close(SIGNED_OUT)
            return
        # A room that was left while the rooms were read: its news would never end.
        gone = set(map(room_topic, rooms - state.rooms))
        hub().listen_to(self.organisation, self.reader, self.reader.topics - gone)
        self._reply_state(state, await self._online(away=state.away))

    async def _online(self, *, away: bool) -> list[int]:
        if away and self._joined:
            await presence.departed(self.organisation, self.visitor.person_id)
        if away or self._joined:
            self._joined = not away
            return await presence.online(self.organisation)
        self._joined = True
        return await presence.arrived(self.organisation, self.visitor.person_id)

    def _reply_state(self, state: PersonalState, online: list[int]) -> None:
        visible = state.acquaintances
        shown = [one for one in online if visible is None or one in visible]
        self.reply(
            "state",
            **state.fields,
            online=[encode("p", one) for one in shown],
            build=settings.BUILD,
            epoch=str(self.organisation.epoch),
        )
        self.reader.caught_up(0)
