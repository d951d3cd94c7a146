"""`manage.py erase ADDRESS`: an organisation and everything of it, for ever."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from tenants.archives import litter
from tenants.archives.erasing import erase
from tenants.management.base import ArchiveCommand, organisation_at


class Command(ArchiveCommand):
    help = "Erase an organisation: schema, role, files, keys, jobs, registry. There is no way back but an archive."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", help="the workspace's address")
        parser.add_argument(
            "--confirm", metavar="ADDRESS", help="the address again; without it, it is asked for"
        )

    def work(self, **options: Any) -> None:
        address, confirm = options["address"], options["confirm"]
        litter.remove()  # also of this address, if its erasure died at the very end
        organisation = organisation_at(address)
        if confirm is None:
            self.stdout.write(f"This erases {organisation} for ever. Type its address again:")
            confirm = sys.stdin.readline()
        if confirm.strip() != address:
            raise CommandError("That was another address; nothing has changed.")
        erase(organisation, report=self.report)
        self.stdout.write(f"{address} is erased. Its address rests for 90 days.")
