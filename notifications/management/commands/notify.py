"""`manage.py notify`: tells one person, or everybody, of an organisation something."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.models import Person
from notifications.inbox import notify
from tenants.management.base import OrganisationCommand
from tenants.models import Organisation


class Command(OrganisationCommand):
    help = "Send a notification to a person of an organisation, or to all of its people."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("title")
        parser.add_argument("--text", default="")
        parser.add_argument(
            "--link", default="", help="a path on the organisation's host, such as /rooms/r5/"
        )
        parser.add_argument("--email", help="the person; without it, everybody")

    def inside(self, organisation: Organisation, **options: Any) -> None:
        people = Person.objects.filter(is_active=True)
        if options["email"]:
            people = people.filter(email=options["email"].lower())
        told = 0
        for person in people:
            try:
                notify(organisation, person, options["title"], options["text"], options["link"])
            except ValueError as error:
                raise CommandError(str(error)) from None
            told += 1
        if not told:
            raise CommandError("There is no such person.")
        self.stdout.write(f"{told} notified.")
