"""`manage.py import_slack FILE --organisation ADDRESS`: brings a Slack export into an organisation."""

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction

from accounts import people
from accounts.models import Person
from chat.models import Import
from chat.slack.archive import ExportRefused
from chat.slack.jobs import fetch_files
from chat.slack.problems import Problems, told
from chat.slack.running import examine, run
from tenants.addresses import AddressRefused
from tenants.db import in_organisation
from tenants.jobs import enqueue
from tenants.management.base import OrganisationCommand
from tenants.models import Organisation
from tenants.provisioning import claim

_EVERY = 1_000  # messages between two lines of progress


class Command(OrganisationCommand):
    help = (
        "Bring a Slack export (a zip file as Slack makes it) into rooms of its own. Doing it again brings nothing twice; "
        "after an interruption the same command goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="the zip file")
        parser.add_argument("--dry-run", action="store_true", help="say what would come, change nothing")
        parser.add_argument("--new", metavar="NAME", help="make the organisation first, and call it so")
        parser.add_argument("--owner", metavar="EMAIL", help="with --new: the owner's e-mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        name, owner, dry_run = options.pop("new"), options.pop("owner"), options["dry_run"]
        if bool(name) != bool(owner) or (name and dry_run):
            raise CommandError("--new and --owner belong together, and not to a dry run.")
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        if name:
            self._make(name, options["organisation"], owner)
        super().handle(*args, **options)

    @transaction.atomic
    def _make(self, name: str, address: str, owner: str) -> None:
        """An organisation with an owner, who chooses a password by "Forgotten?" on the sign-in page."""
        try:
            organisation = claim(name, address)
        except AddressRefused as refused:
            raise CommandError(refused.message) from None
        with in_organisation(organisation):
            people.create_person(
                email=owner, name=owner.partition("@")[0], role=Person.Role.OWNER, password=None
            )

    def inside(self, organisation: Organisation, **options: Any) -> None:
        file, dry_run = options["file"], options["dry_run"]
        try:
            with file.open("rb") as opened:
                source, report = examine(opened)
                self._show(report)
                if not dry_run:
                    running = _begun(file, source, report)
                    self._reported = running.done
                    run(running, opened, rest=lambda _seconds: self._progress(running))
        except ExportRefused as refused:
            raise CommandError(refused.detail) from None
        if not dry_run:
            running.refresh_from_db()
            if running.state != Import.State.DONE:
                raise CommandError(running.detail or "Somebody stopped it. The same command goes on.")
            enqueue(fetch_files, import_id=running.pk)
            self.stdout.write(
                f"{running.done} messages are here. The worker fetches files, where Slack gives them."
            )

    def _progress(self, running: Import) -> None:
        running.refresh_from_db(fields=["done"])
        if running.done >= self._reported + _EVERY:
            self._reported = running.done
            self.stderr.write(f"{running.done:,} of {running.total:,} messages")

    def _show(self, report: dict[str, Any]) -> None:
        counts = report["counts"]
        for words, name in _COUNTS:
            if counts.get(name):
                self.stdout.write(f"{counts[name]:>9,} {words}")
        problems = told(Problems.of(report["problems"]))
        if problems:
            self.stdout.write("Left out, or taken in part:")
        for one in problems:
            self.stdout.write(f"{one.count:>9,} {one.words}")
            for example in one.examples:
                self.stdout.write(f"{'':>14}{example}")


_COUNTS = (
    ("public channels", "public"),
    ("private channels", "private"),
    ("direct messages", "direct"),
    ("archived channels", "archived"),
    ("channels that are here already", "already"),
    ("messages", "messages"),
    ("of them replies in threads", "replies"),
    ("reactions", "reactions"),
    ("files to fetch", "files"),
    ("people who are here, by their e-mail address", "matched"),
    ("people who can be invited later", "placeholders"),
    ("bots", "bots"),
)


def _begun(file: Path, source: str, report: dict[str, Any]) -> Import:
    """The import of this very file that was interrupted, or a new one; running from now on."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    states = (Import.State.RUNNING, Import.State.CANCELLED)
    running = Import.objects.filter(digest=digest, file="", state__in=states).first()
    if running is None:
        running = Import(digest=digest, name=file.name[:255], source=source, report=report)
        running.total = report["counts"].get("messages", 0)
    running.state, running.detail = Import.State.RUNNING, ""
    running.save()
    return running
