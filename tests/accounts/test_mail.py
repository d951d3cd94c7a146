"""Mail: plain, by jobs, sealed while it waits, and readable in development."""

from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.filebased import EmailBackend
from django.test import Client

from accounts import encryption
from accounts.letters import Letter

FILE_BACKEND = "django.core.mail.backends.filebased.EmailBackend"


@pytest.fixture
def kept(tmp_path: Path, settings: Any) -> Path:
    """A folder with two mails."""
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH, settings.DEBUG = FILE_BACKEND, str(tmp_path), True
    for number, body in enumerate(["Grüße: http://acme.localhost/join/x/", "<script>alert(1)</script>"]):
        backend = EmailBackend(file_path=str(tmp_path))
        backend.send_messages([EmailMessage(f"Mail {number} <b>", body, "parley@localhost", ["a@x.example"])])
    return tmp_path


def test_mail_is_readable_in_development(kept: Path, public: Client) -> None:
    page = public.get("/mail/").content.decode()
    assert page.index("Mail 1 &lt;b&gt;") < page.index("Mail 0 &lt;b&gt;")
    assert '<a href="http://acme.localhost/join/x/"' in page
    assert "Grüße" in page
    assert "<script>alert" not in page


def test_there_is_no_such_page_in_production(kept: Path, public: Client, settings: Any) -> None:
    settings.DEBUG = False
    assert public.get("/mail/").status_code == 404
    settings.DEBUG, settings.EMAIL_BACKEND = True, "django.core.mail.backends.smtp.EmailBackend"
    assert public.get("/mail/").status_code == 404


def test_a_letter_is_sealed_and_keys_rotate(settings: Any) -> None:
    old, new = encryption.Fernet.generate_key().decode(), encryption.Fernet.generate_key().decode()
    settings.FIELD_KEYS = [old]
    sealed = Letter("a@x.example", "Subject", "123456").sealed()
    assert "123456" not in sealed
    settings.FIELD_KEYS = [new, old]
    assert Letter.opened(sealed).body == "123456"
    settings.FIELD_KEYS = [new]
    with pytest.raises(encryption.Unreadable):
        Letter.opened(sealed)


def test_a_subject_cannot_carry_headers(mailoutbox: list[Any]) -> None:
    letter = Letter.written(
        "accounts/mail/sign_up_code",
        "a@x.example",
        {"code": "1\nBcc: b@x.example", "name": "N", "organisation_name": "O", "minutes": 10},
    )
    assert "\n" not in letter.subject
    letter.post()
    assert mailoutbox[0].recipients() == ["a@x.example"]


def test_a_letter_posted_twice_is_recognised(mailoutbox: list[Any]) -> None:
    sealed = Letter("a@x.example", "Subject", "123456").sealed()
    for _ in range(2):  # as a job whose worker died after its work
        Letter.opened(sealed).post()
    Letter("a@x.example", "Subject", "123456").post()
    first, again, other = [mail.message()["Message-ID"] for mail in mailoutbox]
    assert first == again != other
