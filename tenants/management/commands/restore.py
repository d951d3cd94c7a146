"""`manage.py restore ARCHIVE [--address NEW]`: an organisation out of its archive."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from tenants.archives.restoring import restore
from tenants.management.base import ArchiveCommand


class Command(ArchiveCommand):
    help = "Put an organisation back as its archive has it, or bring it into this deployment; all of it or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("archive", type=Path)
        parser.add_argument(
            "--address",
            default="",
            metavar="NEW",
            help="a new organisation at this address, beside what is here",
        )

    def work(self, **options: Any) -> None:
        pace = self.pace(**options)
        with options["archive"].open("rb") as file:
            organisation = restore(file, address=options["address"], pace=pace, report=self.report)
        self.stdout.write(f"{organisation} is restored at {organisation.url()}")
        if organisation.state == organisation.State.SUSPENDED:
            self.stdout.write("It is suspended, as it was before: resume it in the operators' admin.")
