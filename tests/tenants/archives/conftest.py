"""An organisation with something of everything, an archive of it, and no waiting for processes that are not there."""

import io
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from PIL import Image

from accounts import people, pictures
from accounts.models import Person
from chat import attachments, previews, rooms
from chat.messages import post_messages
from chat.models import Room
from chat.posts import Post
from tenants import hosts, provisioning
from tenants.db import in_organisation
from tenants.models import Organisation


@dataclass
class Full:
    """The organisation of these tests, and who and what is in it."""

    organisation: Organisation
    alice: Person
    bob: Person
    room: Room

    def drop_a_picture(self) -> None:
        """Bob goes back to initials, which deletes a file."""
        with in_organisation(self.organisation):
            pictures.remove_picture(self.bob)


type Command = Callable[..., str]


@pytest.fixture(autouse=True)
def _no_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait is for what other processes remember of the registry; here is one, and it is told to forget."""
    monkeypatch.setattr(hosts, "LASTS_SECONDS", 0.0)


@pytest.fixture
def full(acme: Organisation, say: Any, client_of: Callable[[Any], Client]) -> Full:
    """An organisation with talk, a picture and a session, which may be destroyed."""
    organisation = provisioning.claim("Initech", "initech")
    with in_organisation(organisation):
        alice, bob = (
            people.create_person(
                email=f"{name}@initech.example", name=name, role="owner", password="long enough"
            )
            for name in ("Alice", "Bob")
        )
        room = rooms.create_room(alice, name="Design", kind=Room.Kind.PRIVATE, members=[bob.pk])
    alice.organisation = bob.organisation = organisation
    for number in range(5):
        say(alice, room, f"Message {number}: \\N a tab\t, a line\nand 日本語 @**Bob**")
    upload = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(upload, "PNG")
    with in_organisation(organisation):
        pictures.set_picture(bob, upload, upload.getbuffer().nbytes)
        upload.seek(0)
        attachment = attachments.receive(alice, room.pk, SimpleUploadedFile("boat.png", upload.getvalue()))
        previews.prepare(attachment.pk)
        post_messages([Post(alice.pk, room.pk, uuid.uuid4(), "Look", (attachment.pk,))])
    client_of(alice)
    return Full(Organisation.objects.get(pk=organisation.pk), alice, bob, room)


@pytest.fixture
def run() -> Command:
    """`run("backup", "initech", path)` runs a command as an operator would, and returns what it printed."""

    def command(name: str, *arguments: object) -> str:
        out = io.StringIO()
        call_command(name, *map(str, arguments), stdout=out, stderr=io.StringIO())
        return out.getvalue()

    return command


@pytest.fixture
def archive(full: Full, run: Command, tmp_path: Path) -> Path:
    """Its archive."""
    path = tmp_path / "initech.parley"
    run("backup", "initech", path, "--fast")
    return path


@pytest.fixture
def unpacked(archive: Path, tmp_path: Path) -> Path:
    """A folder with the archive's members, unpacked by the system's tar."""
    folder = tmp_path / "unpacked"
    folder.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", folder], check=True)
    return folder
