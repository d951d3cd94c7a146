"""What an organisation decides for itself: who may, what is refused, and that it is nobody else's."""

import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.db import transaction
from django.test import Client

from accounts.models import OrganisationSetting
from accounts.organisation_settings import OrganisationSettings, change_settings, organisation_settings
from accounts.organisation_settings_form import SECTIONS, OrganisationSettingsForm
from accounts.people import NotAllowed
from tenants.db import in_organisation, leave
from tenants.models import Organisation
from tests.chat.pages import queries

ClientOf = Callable[[Any], Client]
DEFAULTS = msgspec.structs.asdict(OrganisationSettings())


def test_a_decision_holds_for_one_organisation(alice: Any, mallory: Any) -> None:
    for person in (alice, mallory):
        with in_organisation(person.organisation):
            assert organisation_settings() == OrganisationSettings()
    with in_organisation(alice.organisation):
        change_settings(alice, {"edit_window": 15})
        assert organisation_settings().edit_window == 15
    with in_organisation(mallory.organisation):
        assert organisation_settings() == OrganisationSettings()


def test_reading_again_asks_nothing(acme: Organisation) -> None:
    with in_organisation(acme):
        with queries() as first:
            organisation_settings()
        with queries() as second:
            organisation_settings()
    assert (len(first), len(second)) == (1, 0)


def test_what_was_rolled_back_does_not_hold(alice: Any) -> None:
    with in_organisation(alice.organisation):
        with transaction.atomic():
            change_settings(alice, {"edit_window": 15})
            transaction.set_rollback(True)
        assert organisation_settings() == OrganisationSettings()


@pytest.mark.parametrize("wrong", [{"edit_window": -1}, {"edit_window": "soon"}, {"delete_window": None}])
def test_what_no_setting_can_be_is_refused(alice: Any, wrong: dict[str, Any]) -> None:
    with in_organisation(alice.organisation):
        with pytest.raises(msgspec.ValidationError):
            change_settings(alice, wrong)
        assert not OrganisationSetting.objects.exists()


def test_only_administrators_decide(bob: Any) -> None:
    with in_organisation(bob.organisation), pytest.raises(NotAllowed):
        change_settings(bob, {"edit_window": 15})


def test_what_this_version_can_not_read_is_the_default(acme: Organisation) -> None:
    with in_organisation(acme):
        OrganisationSetting.objects.create(name="edit_window", value="a fortnight")
        OrganisationSetting.objects.create(name="of_another_version", value=1)
        OrganisationSetting.objects.create(name="delete_window", value=60)
        assert organisation_settings() == OrganisationSettings(delete_window=60)


def test_two_administrators_decide_different_things_at_once(alice: Any) -> None:
    start = threading.Barrier(2)

    def decide(values: dict[str, Any]) -> None:
        try:
            with in_organisation(alice.organisation):
                start.wait(10)
                change_settings(alice, values)
        finally:
            leave()

    wanted = ({"edit_window": 15}, {"delete_window": 60})
    threads = [threading.Thread(target=decide, args=(values,)) for values in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with in_organisation(alice.organisation):
        assert organisation_settings() == OrganisationSettings(edit_window=15, delete_window=60)


def test_the_page_has_every_setting_once() -> None:
    shown = [name for section in SECTIONS for name in section.names]
    assert sorted(shown) == sorted(OrganisationSettingsForm.base_fields) == sorted(DEFAULTS)


def test_the_page_saves_what_was_changed_there(alice: Any, client_of: ClientOf) -> None:
    browser = client_of(alice)
    assert browser.get("/organisation/").status_code == 200
    assert browser.post("/organisation/", DEFAULTS | {"edit_window": 15}).status_code == 302
    with in_organisation(alice.organisation):
        assert organisation_settings().edit_window == 15
        assert list(OrganisationSetting.objects.values_list("name", "changed_by")) == [
            ("edit_window", alice.pk)
        ]
    assert '<option value="15" selected>' in browser.get("/organisation/").content.decode()


def test_the_page_refuses_what_it_does_not_offer(alice: Any, bob: Any, client_of: ClientOf) -> None:
    assert client_of(alice).post("/organisation/", {"edit_window": "7"}).status_code == 422
    assert client_of(bob).post("/organisation/", DEFAULTS).status_code == 404
