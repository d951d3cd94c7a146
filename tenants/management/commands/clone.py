"""`manage.py clone ADDRESS NEW_ADDRESS`: a second organisation with the same people and talk."""

from argparse import ArgumentParser
from typing import Any

from tenants.archives.cloning import clone
from tenants.management.base import ArchiveCommand, organisation_at


class Command(ArchiveCommand):
    help = (
        "Copy an organisation to a new address; nobody is signed in there, and its waiting jobs stay behind."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("address", help="the workspace's address")
        parser.add_argument("new_address", help="the copy's address")

    def work(self, **options: Any) -> None:
        original = organisation_at(options["address"])
        made = clone(original, options["new_address"], pace=self.pace(**options), report=self.report)
        self.stdout.write(f"{original.address} is cloned to {made.url()}")
