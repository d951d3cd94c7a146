"""Sending mail: always by a job, so that a slow mail server holds up nobody and a rollback sends nothing."""

from typing import Any

from django.conf import settings

from accounts import jobs
from accounts.letters import Letter
from tenants.db import NoOrganisation, current_organisation
from tenants.jobs import enqueue


def send(template: str, to: str, context: dict[str, Any], request: Any = None) -> None:
    """Mail `to` what the template says, after the transaction. Inside an organisation or on the public site."""
    try:
        organisation = current_organisation()
    except NoOrganisation:
        post_office, about = jobs.deliver_for_nobody, {}
    else:
        post_office, about = jobs.deliver, {"organisation": organisation}
    context = {"base_domain": settings.BASE_DOMAIN, **about, **context}
    enqueue(post_office, sealed=Letter.written(template, to, context, request).sealed())
