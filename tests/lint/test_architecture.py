"""Each rule of the architecture check has a planted violation, and the place where the same line is right."""

from pathlib import PurePosixPath

import pytest

from tests.lint.architecture import check

PLANTED = [
    ("from channels.layers import get_channel_layer", "chat/broadcasts.py", "layer of all organisations"),
    ("import channels.layers\nchannels.layers.get_channel_layer()", "tests/chat/test_x.py", "layer of all"),
    ("from channels.layers import get_channel_layer as layer", "tenants/consumers.py", "layer of all"),
    ("from django_tenants.utils import tenant_context", "chat/rooms.py", "outside tenants"),
    ("from django_tenants.utils import schema_context as s", "config/serve.py", "outside tenants"),
    ("connection.set_tenant(organisation)", "accounts/people.py", "outside tenants"),
    ("connection.set_schema('org_1')", "notifications/jobs.py", "outside tenants"),
    ("connection.set_schema_to_public()", "accounts/signup.py", "outside tenants"),
    ("from channels.db import database_sync_to_async", "chat/consumers.py", "used that thread last"),
    ("from asgiref.sync import sync_to_async", "accounts/asgi.py", "used that thread last"),
    (
        "import asgiref.sync\nasgiref.sync.sync_to_async(f)",
        "notifications/consumers.py",
        "used that thread last",
    ),
    ("from django.db import connection", "chat/consumers.py", "imports django.db"),
    ("import django.db.models", "chat/consumers/room.py", "imports django.db"),
    ("def f(): return Room.objects.get(id=1)", "chat/consumers.py", "touches the database"),
    ("f = lambda: Room.objects.first()", "chat/consumers/room.py", "touches the database"),
    ("async def f(): return [r async for r in Room.objects.all()]", "chat/feeds.py", "touches the database"),
    ("async def f(room): await room.asave()", "accounts/asgi.py", "touches the database"),
    ("def f():\n    from chat.models import Room", "accounts/people.py", "hides a circle"),
    ("class A:\n    def f(self):\n        import chat", "accounts/apps.py", "hides a circle"),
    ("async def f():\n    import json", "chat/feeds.py", "hides a circle"),
]

RIGHT = [
    ("from channels.layers import get_channel_layer", "tenants/layers.py"),
    ("from django_tenants.utils import tenant_context", "tenants/db.py"),
    ("from django_tenants.utils import tenant_context", "tests/conftest.py"),
    ("from asgiref.sync import sync_to_async", "tenants/db.py"),
    ("from asgiref.sync import sync_to_async", "tests/chat/test_consumers.py"),
    ("async def f():\n    await in_tenant(organisation, room_for, person, 5)", "chat/consumers.py"),
    ("def f(): return Room.objects.get(id=1)", "chat/access.py"),
    (
        "async def f():\n    def g():\n        return Room.objects.get(id=1)\n    await in_tenant(o, g)",
        "chat/feeds.py",
    ),
    ("class A:\n    def ready(self):\n        from chat import receivers", "chat/apps.py"),
    ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import json", "chat/access.py"),
    ("def test_f():\n    import json", "tests/chat/test_rooms.py"),
    ("text = 'get_channel_layer set_tenant'", "chat/rooms.py"),
]


@pytest.mark.parametrize(("source", "path", "text"), PLANTED)
def test_a_planted_violation_is_found(source: str, path: str, text: str) -> None:
    found = check(source, PurePosixPath(path))
    assert found
    assert all(text in str(violation) and str(violation).startswith(f"{path}:") for violation in found)


@pytest.mark.parametrize(("source", "path"), RIGHT)
def test_the_same_is_right_in_its_own_place(source: str, path: str) -> None:
    assert check(source, PurePosixPath(path)) == []
