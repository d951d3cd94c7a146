"""`manage.py create_operator EMAIL`: somebody who may look after the deployment, at admin.<base domain>."""

import os
import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from accounts.models import Person
from accounts.people import EmailTaken, create_person
from tenants.db import in_organisation
from tenants.models import OPERATORS_ADDRESS, Organisation
from tenants.provisioning import claim

PASSWORD_VARIABLE = "PARLEY_OPERATOR_PASSWORD"  # noqa: S105 - the name of a variable


class Command(BaseCommand):
    help = "Make an operator of this deployment; the operators' organisation too, when there is none yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="default: the part of the address before the @")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help=f"read the password from standard input (else {PASSWORD_VARIABLE}, else it is asked for)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        name = options["name"] or email.partition("@")[0]
        password = self._password(from_stdin=options["password_stdin"])
        try:
            validate_email(email)
            validate_password(password, Person(name=name, email=email))
            organisation = self._create(email, name, password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except EmailTaken as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{name} signs in at {organisation.url('/admin/')}")

    @transaction.atomic
    def _create(self, email: str, name: str, password: str) -> Organisation:
        organisation = Organisation.objects.filter(address=OPERATORS_ADDRESS).first()
        if organisation is None:
            organisation = claim("Operators", OPERATORS_ADDRESS, allow_reserved=True)
        with in_organisation(organisation):
            create_person(email=email, name=name, role=Person.Role.OWNER, password=password, is_operator=True)
        return organisation

    def _password(self, *, from_stdin: bool) -> str:
        if from_stdin:
            return sys.stdin.readline().rstrip("\r\n")
        if password := os.environ.get(PASSWORD_VARIABLE):
            return password
        password = getpass("Password: ")
        if password != getpass("Again: "):
            raise CommandError("These were two different passwords.")
        return password
