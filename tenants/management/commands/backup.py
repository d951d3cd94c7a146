"""`manage.py backup ADDRESS [ARCHIVE]`: one organisation into one file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from tenants.archives.backing_up import back_up
from tenants.archives.writing import whole_file
from tenants.management.base import ArchiveCommand, organisation_at


class Command(ArchiveCommand):
    help = "Write one organisation, with its files, to an archive; its people go on talking meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("address", help="the workspace's address")
        parser.add_argument(
            "archive",
            nargs="?",
            type=Path,
            default=Path(),
            help="a new file, or a folder for one (default: here)",
        )

    def work(self, **options: Any) -> None:
        address, archive = options["address"], options["archive"]
        organisation = organisation_at(address)
        if archive.is_dir():
            archive /= f"{address}-{timezone.now():%Y%m%d-%H%M%S}.parley"
        with whole_file(archive) as file:
            manifest = back_up(organisation, file, pace=self.pace(**options), report=self.report)
        rows = sum(table.rows for table in manifest.tables)
        self.stdout.write(f"{archive}: {rows:,} rows and {len(manifest.files):,} files of {address}.")
