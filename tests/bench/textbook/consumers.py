"""The consumer of the tutorial, with rights and storing added as its next chapters would."""

import json

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import transaction

from tests.bench.textbook.models import Message, Room

HISTORY = 50


class ChatConsumer(AsyncWebsocketConsumer):
    """`/ws/chat/<room>/`: `{"type": "post" | "relay", "client_id": …, "text": …}` in, messages out."""

    async def connect(self):
        self.room_id = self.scope["url_route"]["kwargs"]["room_id"]
        self.group = f"chat_{self.room_id}"
        if not await self.is_member():
            await self.close()
            return
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        for message in await self.history():
            await self.send(text_data=json.dumps(message))
        await self.send(text_data=json.dumps({"type": "ready"}))

    async def disconnect(self, code):
        if hasattr(self, "group"):
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        data = json.loads(text_data)
        message = {"type": "chat.message", "client_id": data["client_id"], "text": data["text"]}
        if data["type"] == "post":
            message |= await self.store(data["client_id"], data["text"])
        await self.channel_layer.group_send(self.group, message)
        if data["type"] == "post":
            await self.send(text_data=json.dumps({"type": "posted", "client_id": data["client_id"]}))

    async def chat_message(self, event):
        await self.send(text_data=json.dumps({**event, "type": "message"}))

    @database_sync_to_async
    def is_member(self):
        user = self.scope["user"]
        return user.is_authenticated and user.rooms.filter(pk=self.room_id).exists()

    @database_sync_to_async
    def history(self):
        newest = Message.objects.filter(room_id=self.room_id).order_by("-position")[:HISTORY]
        return [
            {
                "type": "message",
                "id": one.pk,
                "position": one.position,
                "author": one.author_id,
                "text": one.text,
            }
            for one in reversed(newest)
        ]

    @database_sync_to_async
    def store(self, client_id, text):
        with transaction.atomic():
            room = Room.objects.select_for_update().get(pk=self.room_id)
            room.messages += 1
            room.save(update_fields=["messages"])
            message = Message.objects.create(
                room=room, author=self.scope["user"], client_id=client_id, position=room.messages, text=text
            )
        return {"id": message.pk, "position": message.position, "author": message.author_id}
