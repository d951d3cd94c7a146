"""`manage.py migrate_organisations`: brings `public` and every organisation's schema up to the code."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants import migrating


class Command(BaseCommand):
    help = "Migrate the registry, then every organisation that is behind; safe to repeat after a failure."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--threads", type=int, default=2, help="organisations at the same time (default 2)"
        )
        parser.add_argument(
            "--no-spares", action="store_true", help="leave making spare schemas to the worker"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        report = migrating.migrate_all(threads=options["threads"], spares=not options["no_spares"])
        self.stdout.write(f"{report.migrated} organisations migrated, {report.current} were up to date.")
        if report.broken:
            for schema_name, error in report.broken.items():
                self.stderr.write(f"{schema_name}: {error}")
            raise CommandError(
                f"{len(report.broken)} organisations could not be migrated; mend them and run this again."
            )
