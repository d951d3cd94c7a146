"""`manage.py demo`: an organisation with lifelike people, rooms and talk, to look around in. Development only."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from chat.demo import cast
from chat.demo.build import build
from tenants.db import in_organisation
from tenants.models import Organisation
from tenants.provisioning import claim


class Command(BaseCommand):
    help = "Make the demo organisation, when there is none, and say how to sign in to it."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo's password is known to everybody: it is for development only.")
        organisation = Organisation.objects.filter(address=cast.ADDRESS).first() or self._make()
        email = cast.EMAIL.format(key=cast.FOUNDER)
        with in_organisation(organisation):
            ours = Person.objects.filter(email=email).exists()
        if ours:  # and not an organisation that somebody signed up at this address
            self.stdout.write(f"Sign in as {email} with the password {cast.PASSWORD}")
            self.stdout.write("Everybody else there has the same password, bob@demo.example for one.")

    @transaction.atomic
    def _make(self) -> Organisation:
        """All of it or nothing: a demo that was interrupted is made anew."""
        organisation = claim(cast.NAME, cast.ADDRESS)
        with in_organisation(organisation):
            build(timezone.now())
        return organisation
