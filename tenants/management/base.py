"""Bases of commands for one organisation: those that work inside it, and those that handle it as a whole."""

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from redis.exceptions import RedisError

from tenants.archives.errors import Refused
from tenants.archives.pace import FAST, GENTLE, Pace
from tenants.db import in_organisation
from tenants.models import Organisation

_NICE = 10


def organisation_at(address: str) -> Organisation:
    """The organisation that has this address. Raises CommandError."""
    organisation = Organisation.objects.filter(address=address).first()
    if organisation is None:
        raise CommandError(f"There is no organisation at {address!r}.")
    return organisation


class OrganisationCommand(BaseCommand):
    """A command with `--organisation ADDRESS`; override `inside(organisation, **options)`, which runs entered."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--organisation", required=True, metavar="ADDRESS", help="the workspace's address"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = organisation_at(options.pop("organisation"))
        with in_organisation(organisation):
            self.inside(organisation, **options)

    def inside(self, organisation: Organisation, **options: Any) -> None:
        raise NotImplementedError


class ArchiveCommand(BaseCommand):
    """A command that handles an organisation as a whole, in `public`; override `work(**options)`.

    What is refused, and a disk or a storage that fails, ends it with status 1 and one line.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--fast",
            action="store_true",
            help="take no rests; others may notice (default: work a tenth of the time)",
        )

    def run_from_argv(self, argv: list[str]) -> None:
        os.nice(_NICE)  # what this process computes itself (gzip, checksums) can wait for the web processes
        super().run_from_argv(argv)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.work(**options)
        except (Refused, OSError, RedisError) as error:
            raise CommandError(str(error)) from error

    def work(self, **options: Any) -> None:
        raise NotImplementedError

    def report(self, line: str) -> None:
        """Say how far it is, on standard error: standard output has the result."""
        self.stderr.write(line)

    def pace(self, *, fast: bool, **options: Any) -> Pace:
        return FAST if fast else GENTLE
