"""An organisation signs itself up on the public site; and one finds one's workspaces."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import jobs, people, signup
from accounts.models import HandOver, Person
from chat.models import Membership
from tenants import hosts, provisioning
from tenants.db import in_organisation, leave
from tenants.models import Organisation, SignUp
from tests.accounts.browsing import newest_mail, signed_in

EMAIL = "ines@initech.example"
FORM = {"organisation_name": "Initech", "address": "initech", "person_name": "Ines", "email": EMAIL}
SECRET = "a long enough sentence"


def start(public: Client, run_jobs: Callable[[], None], **other: str) -> str:
    """Fill in the first step; returns the code from the mail."""
    answer = public.post("/sign-up/", FORM | other)
    assert answer.headers["Location"] == "/sign-up/code/", answer.content.decode()
    found = re.search(r"\b[0-9]{6}\b", newest_mail(run_jobs, (FORM | other)["email"]).body)
    assert found
    return found[0]


def arrive(location: str) -> tuple[Client, Any]:
    """Follow the redirect to the new host with the same browser."""
    host, path = re.fullmatch(r"http://([^:/]+)(?::\d+)?(/.*)", location).groups()  # type: ignore[union-attr]
    browser = Client(headers={"host": host})
    return browser, browser.get(path)


def organisations() -> int:
    return Organisation.objects.exclude(state=Organisation.State.SPARE).count()


@pytest.fixture(autouse=True)
def _world(acme: Organisation) -> None:
    """Puts back what these tests change."""


def test_from_nothing_to_the_workspace(public: Client, run_jobs: Callable[[], None]) -> None:
    code = start(public, run_jobs)
    assert (
        public.post("/sign-up/code/", {"code": f" {code[:3]} {code[3:]} "}).headers["Location"]
        == "/sign-up/finish/"
    )
    answer = public.post("/sign-up/finish/", {"password": SECRET, "time_zone": "Europe/Lisbon"})
    browser, landed = arrive(answer.headers["Location"])
    assert landed.headers["Location"] == "/"
    assert signed_in(browser)
    organisation = Organisation.objects.get(address="initech")
    assert (organisation.name, organisation.state) == ("Initech", "active")
    with in_organisation(organisation):
        founder = Person.objects.get()
        assert (founder.email, founder.name, founder.role, founder.time_zone) == (
            EMAIL,
            "Ines",
            "owner",
            "Europe/Lisbon",
        )
        assert founder.emailaddress_set.get().verified
        assert Membership.objects.get(person=founder).room.name == "general"
        assert HandOver.objects.count() == 0
    again, late = arrive(answer.headers["Location"])
    assert late.status_code == 410
    assert not signed_in(again)


def test_the_hand_over_lives_a_minute(public: Client, run_jobs: Callable[[], None]) -> None:
    public.post("/sign-up/code/", {"code": start(public, run_jobs)})
    location = public.post("/sign-up/finish/", {"password": SECRET}).headers["Location"]
    with in_organisation(Organisation.objects.get(address="initech")):
        assert HandOver.objects.get().expires_at - timezone.now() <= timedelta(seconds=60)
        HandOver.objects.update(expires_at=timezone.now())
    browser, late = arrive(location)
    assert late.status_code == 410
    assert not signed_in(browser)


def test_sending_the_last_step_twice_makes_one_organisation(
    public: Client, run_jobs: Callable[[], None]
) -> None:
    public.post("/sign-up/code/", {"code": start(public, run_jobs)})
    before, start_together, finished = organisations(), threading.Barrier(2), []
    number = SignUp.objects.get().pk

    def finish() -> None:
        try:
            start_together.wait(10)
            finished.append(signup.complete(number, password=SECRET))
        finally:
            leave()

    threads = [threading.Thread(target=finish) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert organisations() == before + 1
    assert len({one.organisation.pk for one in finished}) == 1
    assert all(one.token for one in finished)
    third = public.post("/sign-up/finish/", {"password": SECRET})
    assert signed_in(arrive(third.headers["Location"])[0])
    wrong = public.post("/sign-up/finish/", {"password": "not the password at all"})
    assert "/hand-over/" not in wrong.headers["Location"]


def test_a_failure_midway_leaves_nothing_behind(
    public: Client, run_jobs: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    public.post("/sign-up/code/", {"code": start(public, run_jobs)})
    before = organisations()

    def fail(**kwargs: Any) -> None:
        raise RuntimeError("the power went")

    public.raise_request_exception = False
    with monkeypatch.context() as patched:
        patched.setattr(people, "create_person", fail)
        assert public.post("/sign-up/finish/", {"password": SECRET}).status_code == 500
    assert organisations() == before
    assert hosts.look_up("initech.localhost") is None
    answer = public.post("/sign-up/finish/", {"password": SECRET})
    assert signed_in(arrive(answer.headers["Location"])[0])


def test_an_address_that_is_gone_meanwhile_is_replaced(public: Client, run_jobs: Callable[[], None]) -> None:
    public.post("/sign-up/code/", {"code": start(public, run_jobs)})
    provisioning.claim("Faster", "initech")
    answer = public.post("/sign-up/finish/", {"password": SECRET})
    assert answer.status_code == 422
    assert 'name="address"' in answer.content.decode()
    answer = public.post("/sign-up/finish/", {"password": SECRET, "address": "initech-two"})
    assert "initech-two.localhost" in answer.headers["Location"]


def test_five_wrong_codes_end_it_and_a_new_one_begins_again(
    public: Client, run_jobs: Callable[[], None]
) -> None:
    code = start(public, run_jobs)
    wrong = "000000" if code != "000000" else "111111"
    for left in ("4 attempts", "3 attempts", "2 attempts", "1 attempt ", "too many"):
        answer = public.post("/sign-up/code/", {"code": wrong})
        assert (
            answer.status_code,
            left in answer.content.decode().replace("attempt left", "attempt  left"),
        ) == (422, True)
    assert public.post("/sign-up/code/", {"code": code}).status_code == 422
    assert "on its way" in public.post("/sign-up/code/", {"resend": "1"}).content.decode()
    found = re.search(r"\b[0-9]{6}\b", newest_mail(run_jobs, EMAIL).body)
    assert found
    if code != found[0]:
        assert public.post("/sign-up/code/", {"code": code}).status_code == 422
    assert public.post("/sign-up/code/", {"code": found[0]}).status_code == 302


def test_many_guesses_at_once_are_still_five(public: Client, run_jobs: Callable[[], None]) -> None:
    code = start(public, run_jobs)
    number, refused = SignUp.objects.get().pk, []
    start_together = threading.Barrier(12)

    def guess(text: str) -> None:
        try:
            start_together.wait(10)
            signup.verify_code(number, text)
        except signup.CodeRefused as error:
            refused.append(error.code)
        finally:
            leave()

    guesses = [f"{(int(code) + number) % 1_000_000:06}" for number in range(1, 13)]
    threads = [threading.Thread(target=guess, args=[text]) for text in guesses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(refused) == 12
    assert SignUp.objects.get().attempts == 5


def test_a_code_lives_ten_minutes_and_is_kept_as_a_hash(public: Client, run_jobs: Callable[[], None]) -> None:
    code = start(public, run_jobs)
    row = SignUp.objects.get()
    assert code not in row.code_hash
    assert row.expires_at - timezone.now() <= timedelta(minutes=10)
    SignUp.objects.update(expires_at=timezone.now())
    answer = public.post("/sign-up/code/", {"code": code})
    assert answer.status_code == 422
    assert "older than ten minutes" in answer.content.decode()


def test_steps_cannot_be_skipped(public: Client, run_jobs: Callable[[], None]) -> None:
    assert public.get("/sign-up/code/").headers["Location"] == "/sign-up/"
    assert public.post("/sign-up/finish/", {"password": SECRET}).headers["Location"] == "/sign-up/"
    start(public, run_jobs)
    assert public.post("/sign-up/finish/", {"password": SECRET}).headers["Location"] == "/sign-up/code/"
    public.cookies["parley-sign-up"] = "forged:value"
    assert public.get("/sign-up/code/").headers["Location"] == "/sign-up/"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("acme", "taken"),
        ("acm-e", "looks too much"),
        ("admin", "reserved"),
        ("-x-", "single hyphens"),
        ("ab", "3 to 40"),
        ("fine-one", "is yours if you want it"),
        ("", "Where your team will find it"),
        ("<script>", "single hyphens"),
        ("a\x00b", "3 to 40"),
    ],
)
def test_the_address_is_checked_while_typing(address: str, words: str, public: Client) -> None:
    answer = public.get("/sign-up/address/", {"address": address})
    assert words in answer.content.decode()
    assert "<script" not in answer.content.decode()
    assert "<html" not in answer.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"organisation_name": ""},
        {"organisation_name": "x" * 81},
        {"organisation_name": "a\x00b"},
        {"address": "acme"},
        {"address": "login"},
        {"address": "x" * 500},
        {"person_name": "  "},
        {"email": "nonsense"},
        {"email": "a@b.example\nBcc: c@d.example"},
    ],
)
def test_bad_input_is_refused(wrong: dict[str, str], public: Client) -> None:
    answer = public.post("/sign-up/", FORM | wrong)
    assert answer.status_code == 422
    assert "field-error" in answer.content.decode()
    assert SignUp.objects.count() == 0


@pytest.mark.parametrize("password", ["short", "password1234", "ines@initech.example", "1234567890123"])
def test_a_weak_password_is_refused(password: str, public: Client, run_jobs: Callable[[], None]) -> None:
    public.post("/sign-up/code/", {"code": start(public, run_jobs)})
    before = organisations()
    assert public.post("/sign-up/finish/", {"password": password}).status_code == 422
    assert organisations() == before


def test_html_in_names_is_escaped(public: Client, run_jobs: Callable[[], None]) -> None:
    start(public, run_jobs, organisation_name="<b>Bold</b>", person_name="<i>Ines</i>")
    public.post("/sign-up/code/", {"code": start(public, run_jobs, organisation_name="<b>Bold</b>")})
    page = public.get("/sign-up/finish/").content.decode()
    assert "<b>Bold" not in page and "&lt;b&gt;Bold" in page


def test_limits_by_mailbox_and_by_address(public: Client) -> None:
    statuses = [public.post("/sign-up/", FORM).status_code for _ in range(6)]
    assert statuses == [302] * 5 + [429]
    for number in range(15):
        answer = public.post("/sign-up/", FORM | {"email": f"p{number}@x.example"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    other = public.post("/sign-up/", FORM | {"email": "other@x.example"}, REMOTE_ADDR="192.0.2.9")
    assert other.status_code == 302


def test_find_mails_the_list_and_the_page_never_tells(
    alice: Any, globex: Organisation, public: Client, run_jobs: Callable[[], None]
) -> None:
    with in_organisation(globex):
        people.create_person(email=alice.email, name="Alice elsewhere")
    known = public.post("/find/", {"email": "ALICE@acme.example"})
    unknown = public.post("/find/", {"email": "nobody@acme.example"})
    blank = known.content.decode().replace(alice.email, "").replace(_token(known), "")
    assert blank == unknown.content.decode().replace("nobody@acme.example", "").replace(_token(unknown), "")
    run_jobs()
    (letter,) = mail.outbox
    assert letter.to == [alice.email]
    assert alice.organisation.url() in letter.body
    assert globex.url() in letter.body


def test_find_asks_a_bounded_number_of_organisations_in_one_job(
    alice: Any, globex: Organisation, public: Client, run_jobs: Callable[[], None], monkeypatch: Any
) -> None:
    monkeypatch.setattr(jobs, "ASKED_AT_ONCE", 1)
    with in_organisation(globex):
        people.create_person(email=alice.email, name="Alice elsewhere")
    with CaptureQueriesContext(connection) as queries:
        jobs.mail_workspaces(email=alice.email)
    assert len(queries) == 3  # the organisations, one of them asked, and the next job
    assert mail.outbox == []
    run_jobs()
    (letter,) = mail.outbox
    assert alice.organisation.url() in letter.body
    assert globex.url() in letter.body


def _token(answer: Any) -> str:
    return re.search(r'name="csrf-token" content="([^"]*)"', answer.content.decode())[1]  # type: ignore[index]


def test_find_leaves_out_people_who_were_shut_out(
    alice: Any, bob: Any, public: Client, run_jobs: Callable[[], None]
) -> None:
    with in_organisation(bob.organisation):
        people.deactivate(alice, bob.pk)
    public.post("/find/", {"email": bob.email})
    run_jobs()
    assert mail.outbox == []
    assert public.post("/find/", {"email": "nonsense"}).status_code == 422


def test_pages_of_an_organisation_do_not_exist_on_the_public_site(public: Client) -> None:
    for path in ("/people/", "/me/", "/accounts/login/", "/admin/", "/join/x/", "/hand-over/x/"):
        assert public.get(path).status_code == 404
    assert public.get("/").status_code == 200
    assert public.post("/").status_code == 405
