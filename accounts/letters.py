"""Plain mails: rendered from templates, sealed while they wait in the job queue, posted.

A mail can hold a code or a link that signs somebody in. The queue is a table, so what waits there is encrypted.
"""

import uuid
from typing import Any

import msgspec
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from accounts.encryption import decrypt, encrypt


class Letter(msgspec.Struct, frozen=True):
    """A mail, ready to be sent. `name` goes into its Message-ID: a job may post it twice, and mail programs and servers
    then see that it is the same one."""

    to: str
    subject: str
    body: str
    sender: str = ""
    name: str = msgspec.field(default_factory=lambda: uuid.uuid4().hex)

    @classmethod
    def written(cls, template: str, to: str, context: dict[str, Any], request: Any = None) -> "Letter":
        """Render `<template>_subject.txt` and `<template>_message.txt`."""
        subject = render_to_string(f"{template}_subject.txt", context, request)
        body = render_to_string(f"{template}_message.txt", context, request)
        return cls(to=to, subject=" ".join(subject.split()), body=body.strip() + "\n")

    def sealed(self) -> str:
        """Encrypted, for the queue."""
        return encrypt(msgspec.json.encode(self).decode())

    @classmethod
    def opened(cls, sealed: str) -> "Letter":
        """What `sealed` made. Raises encryption.Unreadable."""
        return msgspec.json.decode(decrypt(sealed), type=cls)

    def post(self) -> None:
        """Send it now, over the network."""
        sender = self.sender or settings.DEFAULT_FROM_EMAIL
        identity = {"Message-ID": f"<{self.name}@{settings.BASE_DOMAIN}>"}
        EmailMessage(self.subject, self.body, sender, [self.to], headers=identity).send()
