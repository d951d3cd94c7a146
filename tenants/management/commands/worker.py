"""`manage.py worker`: runs background jobs until it is told to stop."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Run background jobs (mail, spare schemas, notifications) until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=4, help="jobs at the same time (default 4)")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command(
            "procrastinate",
            "worker",
            "--delete-jobs",
            "successful",
            "--concurrency",
            str(options["concurrency"]),
        )
