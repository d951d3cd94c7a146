"""Sending mail: always by a job, so that a slow mail server holds up nobody and a rollback sends nothing."""

from typing import Any

from django.conf import settings

from accounts import jobs
from accounts.letters import Letter
from tenants.db import NoOrganisation, current_organisation
from tenants.jobs import enqueue
from tenants.models import Organisation


def send(template: str, to: str, context: dict[str, Any], request: Any = None) -> None:
    """Mail `to` what the template says, after the transaction. Inside an organisation or on the public site."""
    organisation = _here()
    context = {"base_domain": settings.BASE_DOMAIN, "organisation": organisation, **context}
    letter = Letter.written(template, to, context, request)
    enqueue(jobs.deliver if organisation else jobs.deliver_for_nobody, sealed=letter.sealed())


def _here() -> Organisation | None:
    try:
        return current_organisation()
    except NoOrganisation:
        return None
