"""Reading the mails that Django's file backend keeps, for development. Reads the file system."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

_BETWEEN = b"\n" + b"-" * 79 + b"\n"  # what the backend writes after each message
_MOST = 100
_LARGEST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, as text."""

    to: str
    sender: str
    subject: str
    at: datetime
    body: str


def newest(folder: Path | str) -> list[Mail]:
    """The newest 100 mails in `folder`, newest first; none where there is no such folder."""
    files = sorted(Path(folder).glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)
    found: list[Mail] = []
    for file in files[:_MOST]:
        content = file.read_bytes()[:_LARGEST]
        at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        found += reversed([_read(part, at) for part in content.split(_BETWEEN) if part.strip()])
    return found[:_MOST]


def _read(content: bytes, at: datetime) -> Mail:
    message = message_from_bytes(content, policy=policy.default)
    part = message.get_body(("plain", "html"))
    return Mail(
        to=str(message["To"] or ""),
        sender=str(message["From"] or ""),
        subject=str(message["Subject"] or ""),
        at=at,
        body=part.get_content() if part else "",
    )
