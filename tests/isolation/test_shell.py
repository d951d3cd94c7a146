"""Commands and jobs: each touches the rows of whom it is for, whatever it is told."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from procrastinate.contrib.django import app as jobs_app

from accounts.jobs import forget_expired
from notifications.models import Notification
from tenants import hosts
from tenants.db import in_organisation
from tenants.jobs import enqueue
from tenants.management.commands import worker
from tenants.models import Organisation, ReleasedAddress
from tenants.provisioning import claim, release
from tests.chat import slack_exports
from tests.events import Published
from tests.isolation.asking import changed, content
from tests.isolation.policies import COMMANDS, JOBS, Shell
from tests.isolation.twins import ALICE, Twin
from tests.jobs import run_waiting_jobs

Twins = tuple[Twin, Twin]
_RUNS: dict[str, list[str]] = {
    "notify": ["--organisation", "{theirs}", "To you", "--text", "from the shell"],
    "create_operator": ["root@operators.example"],
    "migrate_organisations": [],
    "worker": [],
    "demo": [],
    "backup": ["{theirs}", "{folder}"],
    "restore": ["{archive}"],
    "clone": ["{theirs}", "its-copy"],
    "erase": ["short-lived", "--confirm", "short-lived"],
    "import_slack": ["{export}", "--organisation", "{theirs}"],
}
_TOUCHES = {
    "notify": {"notifications_notification"},
    "import_slack": {
        "accounts_person", "account_emailaddress", "chat_import", "chat_importedfile", "chat_importedperson",
        "chat_importedroom", "chat_membership", "chat_message", "chat_messagetext", "chat_reaction", "chat_room",
        "chat_thread", "chat_threadfollow",
    },
}  # fmt: skip
_MADE = ("admin", "demo", "its-copy", "short-lived")


_QUIETLY: dict[str, Any] = {"stdout": io.StringIO(), "stderr": io.StringIO()}


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """What the commands need, and a third organisation to restore and to erase."""
    claim("Short lived", "short-lived")
    call_command("backup", "short-lived", tmp_path / "archive", "--fast", **_QUIETLY)
    monkeypatch.setattr(hosts, "LASTS_SECONDS", 0.0)  # there are no other processes that have to forget
    monkeypatch.setenv("PARLEY_OPERATOR_PASSWORD", "correct horse battery staple")
    # The worker ends when nothing waits; its signal handlers belong to a process of its own.
    monkeypatch.setattr(worker, "call_command", lambda *args: run_waiting_jobs())
    with override_settings(DEBUG=True):  # the demo is for development
        yield
    for made in Organisation.objects.filter(address__in=_MADE):
        release(made)
    ReleasedAddress.objects.all().delete()


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_touches_whom_it_is_for(
    twins: Twins, published: Published, command: str, tmp_path: Path
) -> None:
    ours, theirs = twins
    before = content(ours), content(theirs)
    words = {"theirs": theirs.organisation.address, "folder": tmp_path, "archive": tmp_path / "archive"}
    words["export"] = slack_exports.packed(slack_exports.small(), tmp_path / "export.zip")
    call_command(command, *(one.format(**words) for one in _RUNS[command]), **_QUIETLY)
    assert changed(before[0], content(ours)) == []
    assert ours.organisation.schema_name not in {schema for schema, _ in published()}
    touched = changed(before[1], content(theirs))
    assert set(touched) == _TOUCHES.get(command, set())


def test_a_command_for_an_address_that_is_nobodys_does_nothing(twins: Twins) -> None:
    before = [content(twin) for twin in twins]
    for address in ("nobody-here", "", "%", f"{twins[0].organisation.address} "):
        with pytest.raises(CommandError):
            call_command("notify", "--organisation", address, "Hello")
    assert [content(twin) for twin in twins] == before


def test_a_command_never_finds_people_of_another_organisation(twins: Twins) -> None:
    ours, theirs = twins
    with pytest.raises(CommandError, match="no such person"):
        call_command(
            "notify",
            "--organisation",
            theirs.organisation.address,
            "Hello",
            "--email",
            ours.people[ALICE].email,
        )
    with in_organisation(ours.organisation):
        assert not Notification.objects.filter(title="Hello").exists()


@pytest.mark.parametrize("job", JOBS)
def test_a_job_that_theirs_enqueues_for_ours_is_theirs(twins: Twins, published: Published, job: str) -> None:
    """Raw SQL with the role of theirs, and every word in it says that the job is for ours."""
    ours, theirs = twins
    before = content(ours), content(theirs)
    forged = f'{{"organisation": "{ours.organisation.schema_name}"}}'
    with in_organisation(theirs.organisation), connection.cursor() as cursor:
        queue = jobs_app.tasks[job].queue
        cursor.execute("select public.enqueue_job(%s, %s, %s::jsonb, null, null)", [job, queue, forged])
    with connection.cursor() as cursor:
        cursor.execute("select args ->> 'organisation' from procrastinate_jobs where task_name = %s", [job])
        assert cursor.fetchall() == [(theirs.organisation.schema_name,)]
    run_waiting_jobs()
    touched = changed(before[1], content(theirs))
    assert changed(before[0], content(ours)) == []
    assert touched == [] or JOBS[job] is Shell.ONE_ORGANISATION
    assert published() == []


def test_a_job_of_a_suspended_organisation_is_dropped(twins: Twins) -> None:
    ours, theirs = twins
    before = content(ours), content(theirs)
    with in_organisation(ours.organisation):
        enqueue(forget_expired)
    Organisation.objects.filter(pk=ours.organisation.pk).update(state=Organisation.State.SUSPENDED)
    try:
        run_waiting_jobs()
        assert (content(ours), content(theirs)) == before
    finally:
        Organisation.objects.filter(pk=ours.organisation.pk).update(state=Organisation.State.ACTIVE)
