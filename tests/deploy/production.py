"""A Parley as it is deployed: the files of the image in a plain folder, production settings, servers known by their
URLs only, and the image's own command. Used by the tests here and by `deploy/prove.py`, which puts nginx in front.
"""

import base64
import json
import os
import re
import secrets
import shutil
import signal
import ssl
import subprocess
import sys
import uuid
from contextlib import AsyncExitStack
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect

from config.embedded import PROJECT, Servers
from config.processes import end, spawn

BASE_DOMAIN = "parley.example"
PASSWORD = "correct horse battery staple"
PATIENCE = 30.0
SEED = f"""
from accounts.people import create_person
from chat import rooms
from tenants.db import in_organisation
from tenants.provisioning import claim
for address, names in {{"acme": ("alice", "bob"), "globex": ("mallory",)}}.items():
    with in_organisation(claim(address.title(), address)):
        people = [
            create_person(email=f"{{name}}@{{address}}.example", name=name.title(), role="owner", password="{PASSWORD}")
            for name in names
        ]
        room = rooms.create_room(people[0], name="Design", kind="private", members=[one.pk for one in people[1:]])
        print(address, room.pk)
"""


class Production:
    """The folder, its environment and its processes. `stop()` ends them; their words are in `<name>.log`."""

    def __init__(self, folder: Path, servers: Servers, public_port: int) -> None:
        self.folder = folder
        self.public_port = public_port
        self.code = folder / "parley"
        self.code.mkdir()
        for name in image_files():
            source = PROJECT / name
            if source.is_dir():
                shutil.copytree(source, self.code / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy(source, self.code)
        self.environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONDONTWRITEBYTECODE": "1",
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "PARLEY_SECRET_KEY": secrets.token_urlsafe(64),
            "PARLEY_FIELD_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "PARLEY_BASE_DOMAIN": BASE_DOMAIN,
            "PARLEY_PUBLIC_PORT": str(public_port),
            "PARLEY_TRUSTED_PROXIES": "1",
            "PARLEY_EMAIL_URL": "filemail:",
            "PARLEY_SPARE_SCHEMAS": "1",
            "PARLEY_BUILD": "proof",
            "PARLEY_DATA": str(folder / "data"),
            "PARLEY_STATIC": str(folder / "static"),
        }
        self.mails = folder / "data" / "mail"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.rooms: dict[str, int] = {}

    def manage(self, *arguments: str) -> str:
        """Run manage.py and return what it wrote, logs included; raises AssertionError with it where it failed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.code,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise AssertionError(f"manage.py {arguments[0]} failed:\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def prepare(self) -> None:
        """Migrate, collect the static files, make two organisations with a room each."""
        self.manage("migrate_organisations")
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        written = self.manage("shell", "--no-imports", "--command", SEED)
        self.rooms = {address: int(room) for address, room in re.findall(r"(acme|globex) (\d+)", written)}

    def start_web(self, name: str, port: int) -> None:
        """One web process, by the image's command but for where it listens."""
        command = image_command()
        command[0:1] = [sys.executable, "-m", command[0]]
        moved = [
            {"--host=0.0.0.0": "--host=127.0.0.1", "--port=8000": f"--port={port}"}.get(part, part)
            for part in command
        ]
        assert moved != command
        self.start(name, moved)

    def start_worker(self) -> None:
        self.start("worker", [sys.executable, "manage.py", "worker"])

    def start(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = spawn(command, environment=self.environment, folder=self.code, log=log)

    def end(self, name: str) -> None:
        end(self.processes.pop(name), (signal.SIGTERM, 15.0), group=True)

    def stop(self) -> None:
        for name in list(self.processes):
            self.end(name)


def image_files() -> list[str]:
    """What the image gets of the project: the exceptions of its ignore file."""
    lines = (PROJECT / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    return [line.removeprefix("!") for line in lines if line.startswith("!")]


def image_command() -> list[str]:
    """The image's CMD: how a web process is started."""
    text = (PROJECT / "deploy" / "Dockerfile").read_text().replace("\\\n", "")
    return json.loads(re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)[-1])


class Browser:
    """Somebody's browser on one host. Without `tls` it plays the proxy's part too and says X-Forwarded-Proto."""

    def __init__(
        self, production: Production, host: str, port: int, tls: ssl.SSLContext | None = None
    ) -> None:
        self.host = host
        self.authority = f"{host}:{production.public_port}"
        self.port = port
        self.tls = tls
        self.cookies: dict[str, str] = {}
        self.attributes: dict[str, Any] = {}
        self.client = httpx.Client(
            base_url=f"{'https' if tls else 'http'}://127.0.0.1:{port}",
            # A process that is starting is tried again, for a minute in all.
            transport=httpx.HTTPTransport(verify=tls or True, retries=7),
            timeout=PATIENCE,
            headers={"Host": self.authority} | ({} if tls else {"X-Forwarded-Proto": "https"}),
        )

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Cookie": self._cookie_header()} | options.pop("headers", {})
        extensions = {"sni_hostname": self.host} if self.tls else {}
        answer = self.client.request(method, path, headers=headers, extensions=extensions, **options)
        self.client.cookies.clear()  # ours are kept by hand: over plain HTTP httpx would not send secure ones
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name], self.attributes[name] = morsel.value, morsel
        return answer

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def submit(self, page: str, **fields: str) -> httpx.Response:
        """Open a page with a form and send it with these fields."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(page).text)
        assert token, page
        headers = {"Origin": f"https://{self.authority}", "Referer": f"https://{self.authority}{page}"}
        return self.request("POST", page, data={"csrfmiddlewaretoken": token[1], **fields}, headers=headers)

    def sign_in(self, email: str) -> Self:
        answer = self.submit("/accounts/login/", login=email, password=PASSWORD)
        assert answer.status_code == 302, answer.text
        return self

    async def open(self, stack: AsyncExitStack, path: str, port: int | None = None) -> "Line":
        """Open a socket with this browser's cookies; at another process where `port` names one."""
        secure = self.tls is not None
        connection = await stack.enter_async_context(
            connect(
                f"{'wss' if secure else 'ws'}://{self.authority}{path}",
                host="127.0.0.1",
                port=port or self.port,
                ssl=self.tls,
                origin=f"https://{self.authority}",  # type: ignore[arg-type]
                additional_headers={"Cookie": self._cookie_header()},
                proxy=None,
                open_timeout=PATIENCE,
            )
        )
        return Line(connection)

    def _cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


class Line:
    """A socket that is open."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, type_: str, **fields: Any) -> None:
        await self.connection.send(json.dumps({"headers": {}, "body": {"type": type_, **fields}}))

    async def post(self, text: str) -> str:
        """Post, wait until it is stored, and return the message's id."""
        name = str(uuid.uuid4())
        await self.send("post", client_id=name, text=text)
        answer = await self.until("posted")
        assert answer["client_id"] == name
        return answer["id"]

    async def resume(self) -> Self:
        await self.send("resume", revision=None, epoch=None)
        await self.until("resumed")
        return self

    async def until(self, type_: str, containing: str = "") -> dict[str, Any]:
        """The next frame of this type that contains these words; raises ConnectionClosed where there is none."""
        while True:
            text = str(await self.connection.recv())
            frame = json.loads(text)
            if frame["type"] == type_ and containing in frame.get("content", text):
                return frame
