"""Base of commands that work inside one organisation."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.db import in_organisation
from tenants.models import Organisation


class OrganisationCommand(BaseCommand):
    """A command with `--organisation ADDRESS`; override `inside(organisation, **options)`, which runs entered."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--organisation", required=True, metavar="ADDRESS", help="the workspace's address"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        address = options.pop("organisation")
        organisation = Organisation.objects.filter(address=address).first()
        if organisation is None:
            raise CommandError(f"There is no organisation at {address!r}.")
        with in_organisation(organisation):
            self.inside(organisation, **options)

    def inside(self, organisation: Organisation, **options: Any) -> None:
        raise NotImplementedError
