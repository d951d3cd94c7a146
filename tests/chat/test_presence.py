"""Who is around: announced once, by whichever process sees it first, and quiet while Valkey is away."""

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import redis

from accounts import statuses
from chat import presence
from chat.directory import acquaintances
from tenants.db import in_organisation
from tenants.keys import key
from tenants.models import Organisation
from tests import servers
from tests.events import Published
from tests.sockets import Tab, aside


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "GRACE_SECONDS", 0.05)
    monkeypatch.setattr(presence, "ANNOUNCE_SECONDS", 0.0)


@pytest.fixture
def valkey(acme: Organisation) -> Any:
    """A second client, for what another process would do; Acme's keys are fresh."""
    assert servers.servers is not None
    client = redis.Redis.from_url(servers.servers.redis_url)
    for name in client.scan_iter(f"{key(acme, 'presence')}*"):
        client.delete(name)
    return client


async def changes(published: Published) -> list[tuple[list[str], list[str]]]:
    """What was announced: (online, offline) of each frame."""
    await settled()
    frames = [msgspec.json.decode(frame) for frame in await aside(published.frames, "activity")]
    return [(frame["online"], frame["offline"]) for frame in frames if frame["type"] == "presence"]


async def settled() -> None:
    """All departures under way have ended."""
    while tasks := [task for task in asyncio.all_tasks() if task.get_name() == "presence"]:
        await asyncio.gather(*tasks)


async def test_arriving_and_departing_is_announced_once(
    acme: Organisation, valkey: Any, published: Published
) -> None:
    await presence.arrived(acme, 3)
    await presence.arrived(acme, 3)  # a second tab
    await presence.arrived(acme, 4)
    assert await presence.online(acme) == [3, 4]
    await presence.departed(acme, 3)
    await settled()
    assert await presence.online(acme) == [3, 4]
    await presence.departed(acme, 3)
    await settled()
    assert await presence.online(acme) == [4]
    assert await changes(published) == [(["p3"], []), (["p4"], []), ([], ["p3"])]


async def test_a_crowd_is_announced_together(
    acme: Organisation, valkey: Any, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred people who arrive at once are a few questions and one announcement, and all of them see all."""
    monkeypatch.setattr(presence, "ANNOUNCE_SECONDS", 0.25)
    asked = (
        int(valkey.info("commandstats")["cmdstat_eval"]["calls"])
        if valkey.info("commandstats").get("cmdstat_eval")
        else 0
    )
    await asyncio.gather(*(presence.arrived(acme, person) for person in range(1, 101)))
    assert await presence.online(acme) == list(range(1, 101))
    assert int(valkey.info("commandstats")["cmdstat_eval"]["calls"]) - asked <= 6
    ((online, offline),) = await changes(published)
    assert (len(online), offline) == (100, [])


async def test_loading_a_page_again_is_no_departure(
    acme: Organisation, valkey: Any, published: Published
) -> None:
    await presence.arrived(acme, 3)
    await presence.departed(acme, 3)
    await presence.arrived(acme, 3)
    await settled()
    assert await presence.online(acme) == [3]
    assert await changes(published) == [(["p3"], [])]


async def test_somebody_whom_another_process_holds_stays(
    acme: Organisation, valkey: Any, published: Published
) -> None:
    await presence.arrived(acme, 3)
    now = int(valkey.time()[0])
    valkey.zadd(f"{key(acme, 'presence')}:3", {"another process": now + 60})
    await presence.departed(acme, 3)
    await settled()
    assert await presence.online(acme) == [3]
    assert await changes(published) == [(["p3"], [])]


async def test_a_crashed_process_people_run_out_and_are_announced(
    acme: Organisation, valkey: Any, published: Published
) -> None:
    await presence.arrived(acme, 3)
    valkey.zadd(key(acme, "presence"), {"7": int(valkey.time()[0]) - 1})
    assert await presence.online(acme) == [3]
    await presence.refresh(acme, [3])
    await presence.refresh(acme, [3])
    assert await changes(published) == [(["p3"], []), ([], ["p7"])]


async def test_a_valkey_that_forgot_everybody_hears_of_them_again(
    acme: Organisation, valkey: Any, published: Published
) -> None:
    await presence.arrived(acme, 3)
    valkey.delete(key(acme, "presence"), f"{key(acme, 'presence')}:3")
    await presence.refresh(acme, [3])
    assert await presence.online(acme) == [3]


async def test_organisations_have_their_own(acme: Organisation, globex: Organisation, valkey: Any) -> None:
    await presence.arrived(acme, 3)
    assert await presence.online(globex) == []
    await presence.departed(acme, 3)
    await settled()


@pytest.fixture
def _no_valkey(acme: Organisation) -> Iterator[None]:
    """Valkey is away during the test. The thread that starts it has to outlive it: this one, not the event loop's."""
    assert servers.servers is not None
    servers.servers.stop_valkey()
    yield
    servers.servers.start_valkey()


@pytest.mark.usefixtures("_no_valkey")
async def test_without_valkey_nothing_fails(acme: Organisation) -> None:
    await presence.arrived(acme, 3)
    assert await presence.online(acme) == []
    await presence.refresh(acme, [3])
    await presence.departed(acme, 3)
    await settled()


def test_a_guest_knows_the_presence_of_people_in_their_rooms_only(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Any
) -> None:
    with in_organisation(alice.organisation):
        assert acquaintances(charlie.pk) is None
        assert acquaintances(dana.pk) == {alice.pk, bob.pk, dana.pk}


async def test_a_page_shows_who_is_around(
    alice: Any, bob: Any, dana: Any, charlie: Any, room: Any, valkey: Any
) -> None:
    tab, other = await Tab.personal(alice), await Tab.personal(charlie)
    await tab.until("presence", online=[f"p{charlie.pk}"])
    guest = await Tab.personal(dana)
    state = next(frame for frame in guest.frames if frame["type"] == "state")
    assert set(state["online"]) == {f"p{alice.pk}", f"p{dana.pk}"}
    for one in (tab, other, guest):
        await one.close()
    await settled()


async def test_who_appears_away_is_around_for_nobody(
    acme: Organisation, alice: Any, bob: Any, room: Any, valkey: Any
) -> None:
    hers, his, phone = [await Tab.personal(person) for person in (alice, bob, bob)]
    await hers.until("presence", online=[f"p{bob.pk}"])
    await aside(appear, bob, away=True)
    for tab in (his, phone):
        await tab.until("resync")
        await tab.send("resume")
        await tab.until("state")
    await hers.until("presence", offline=[f"p{bob.pk}"])
    await presence.refresh(acme, [alice.pk, bob.pk])  # as every 20 seconds
    assert await aside(presence.around, acme) == [alice.pk]
    another = await Tab.personal(bob)
    assert await aside(presence.around, acme) == [alice.pk]
    await aside(appear, bob, away=False)
    for tab in (his, phone, another):
        await tab.until("resync")
        await tab.send("resume")
    await hers.until("presence", online=[f"p{bob.pk}"])
    assert await aside(presence.around, acme) == [alice.pk, bob.pk]
    for tab in (hers, his, phone, another):
        await tab.close()
    await settled()


def appear(person: Any, *, away: bool) -> None:
    with in_organisation(person.organisation):
        person.refresh_from_db()
        statuses.appear_away(person, away=away)
