"""Each import contract of pyproject.toml has a planted violation, in packages of the same names that are empty else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded import PROJECT

PACKAGES = (
    "config",
    "tenants",
    "accounts",
    "chat",
    "chat/models",
    "chat/views",
    "chat/consumers",
    "notifications",
)
MODULES = ("chat/messages.py", "chat/broadcasts.py", "chat/rooms.py", "tenants/db.py", "accounts/people.py")

DIRECTION, CHAT, CHANNELS = "One direction", "In chat", "Channels only in"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    for module in MODULES:
        (tmp_path / module).touch()
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(project: Path) -> str:
    code = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    run = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=project,
        capture_output=True,
        text=True,
        env={"COLUMNS": "200", "PYTHONPATH": str(project)},
    )
    return run.stdout + run.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("tenants/db.py", "import accounts.people", DIRECTION),
        ("accounts/people.py", "from chat import rooms", DIRECTION),
        ("chat/messages.py", "import notifications", DIRECTION),
        ("notifications/jobs.py", "import config", DIRECTION),
        ("chat/models/rooms.py", "from chat import broadcasts", CHAT),
        ("chat/broadcasts.py", "from chat import messages", CHAT),
        ("chat/messages.py", "import chat.views", CHAT),
        ("chat/rooms.py", "import chat.consumers.room", CHAT),
        ("chat/messages.py", "from channels.layers import get_channel_layer", CHANNELS),
        ("chat/views/rooms.py", "import channels", CHANNELS),
        ("accounts/people.py", "import channels_redis.pubsub", CHANNELS),
        ("tenants/db.py", "from channels.db import database_sync_to_async", CHANNELS),
    ],
)
def test_a_planted_import_breaks_its_contract(project: Path, module: str, line: str, contract: str) -> None:
    (project / "chat" / "consumers" / "room.py").touch()
    (project / module).write_text(line)
    seen = lint(project)
    broken = [row for row in seen.splitlines() if row.endswith("BROKEN")]
    assert len(broken) == 1, seen
    assert broken[0].startswith(contract)


def test_what_the_contracts_allow_passes(project: Path) -> None:
    (project / "chat" / "consumers" / "room.py").write_text("import channels\nfrom chat import messages")
    (project / "chat" / "broadcasts.py").write_text("import channels\nfrom chat import models")
    (project / "chat" / "messages.py").write_text(
        "from chat import broadcasts, rooms\nfrom accounts import people"
    )
    (project / "tenants" / "layers.py").write_text("import channels, channels_redis")
    (project / "accounts" / "asgi.py").write_text("import channels")
    assert "Contracts: 3 kept, 0 broken." in lint(project)
