"""What tests of pages share: reading mail, and signing in through the door."""

import re
from collections.abc import Callable
from typing import Any

from django.core import mail
from django.test import Client

from tests.conftest import PASSWORD


def sign_in(organisation: Any, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    """Post the sign-in form from a new browser; returns (browser, answer)."""
    browser = Client(
        headers={"host": organisation.host, "user-agent": extra.pop("agent", "Firefox/140 Linux")}
    )
    answer = browser.post("/accounts/login/", {"login": email, "password": password}, **extra)
    return browser, answer


def newest_mail(run_jobs: Callable[[], None], to: str) -> Any:
    """Run the jobs and return the newest mail to `to`."""
    run_jobs()
    return [one for one in mail.outbox if one.to == [to]][-1]


def link_in(body: str) -> str:
    """The path of the first link in a mail."""
    found = re.search(r"https?://[^/\s]+(/\S*)", body)
    assert found, body
    return found[1]


def signed_in(browser: Client) -> bool:
    return browser.get("/me/").status_code == 200
