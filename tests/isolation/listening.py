"""What sockets say to those who should hear nothing."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from accounts import people
from accounts.signals import person_changed
from chat import presence, rooms
from chat.messages import post_messages
from chat.posts import Post, Posted
from notifications.inbox import notify
from tenants.db import in_organisation, in_tenant
from tenants.events import EVERYONE, Envelope, frame, room_topic
from tenants.fanout import hub
from tenants.layers import publish
from tests.isolation.asking import reader
from tests.isolation.policies import STRANGER
from tests.isolation.twins import ALICE, BOB, CAST, CHARLIE, DANA, NOBODY, Twin
from tests.sockets import Tab, aside

MINE = {  # the rooms that each may read
    ALICE: {"general", "design", "lounge", "vault", "attic", "direct"},
    BOB: {"general", "design", "lounge", "vault", "attic", "direct"},
    CHARLIE: {"general", "lounge"},
    DANA: {"design"},
}


def running(probe: Callable[..., Awaitable[list[str]]], *args: Any) -> list[str]:
    """Run an asynchronous probe in a loop of its own, and so with a hub of its own."""

    async def run() -> list[str]:
        return await probe(*args)

    return asyncio.run(run())


async def opened(who: str, path: str, ours: Twin, theirs: Twin, **kwargs: Any) -> Tab | None:
    """A socket on the host of `ours` with the session of `who`; None where the handshake is refused."""
    cookie = theirs.cookies[ALICE] if who == STRANGER else ours.cookies.get(who, "")
    try:
        return await Tab.open(None, path, host=ours.host, session=cookie, **kwargs)
    except ConnectionRefusedError:
        return None


async def resumed(who: str, path: str, ours: Twin, theirs: Twin) -> Tab | None:
    """The same after a `resume`; None where it was refused or closed without a word."""
    tab = await opened(who, path, ours, theirs)
    if tab is None:
        return None
    await tab.send("resume", revision=None, epoch=None)
    while (answer := await tab.receive()) is not None:
        if answer["type"] in ("resumed", "state"):
            return tab
    return None


def shown(who: str, tab: Tab, ours: Twin, theirs: Twin) -> list[str]:
    text = json.dumps(tab.frames)
    path = tab.communicator.scope["path"]
    return [f"{who} {path} shows {one}" for one in ours.leaked(reader(who), text)] + [
        f"{who} {path} shows their {one}" for one in theirs.leaked("", text)
    ]


async def handshakes(ours: Twin, theirs: Twin) -> list[str]:
    """Every socket route by everybody: who may not is closed without a frame."""
    found: list[str] = []
    for who in (*CAST, NOBODY, STRANGER):
        for label, room_id in (*ours.rooms.items(), ("missing", 999_999)):
            tab = await resumed(who, f"/ws/rooms/r{room_id}/", ours, theirs)
            if (tab is not None) != (label in MINE.get(who, ())):
                found.append(f"{who} and #{label}: {'let in' if tab else 'kept out'}")
            if tab is not None:
                found += shown(who, tab, ours, theirs)
                await tab.close()
        tab = await resumed(who, "/ws/me/", ours, theirs)
        if (tab is not None) != (who in CAST):
            found.append(f"{who} and /ws/me/: {'let in' if tab else 'kept out'}")
        if tab is not None:
            found += shown(who, tab, ours, theirs)
            rooms_told = {line["room"] for line in tab.frames[-1]["rooms"]}
            allowed = {f"r{ours.rooms[label]}" for label in MINE.get(who, ())}
            found += [f"{who} /ws/me/ tells of {room}" for room in sorted(rooms_told - allowed)]
            await tab.close()
    return found


async def origins(ours: Twin, theirs: Twin) -> list[str]:
    """Alice's own session, but a page of somebody else opens the socket."""
    found = []
    hosts = (theirs.host, "localhost", f"{ours.host}.evil.example", "evil.example", f"{ours.host}:81", "")
    foreign = [f"http://{host}" for host in hosts]
    foreign += [None, "null", f"file://{ours.host}", f"http://{ours.host}@evil.example", ours.host]  # type: ignore[list-item]
    for path in ("/ws/me/", f"/ws/rooms/r{ours.rooms['design']}/"):
        for origin in foreign:
            tab = await opened(ALICE, path, ours, theirs, origin=origin)
            if tab is not None:
                found.append(f"{path} opened from {origin}")
                await tab.close()
    return found


async def news(ours: Twin, theirs: Twin) -> list[str]:
    """All of ours listen while the same happens in both: each hears its own and nothing else."""
    found: list[str] = []
    tabs: list[tuple[str, Tab]] = []
    for who in CAST:
        paths = ["/ws/me/", *(f"/ws/rooms/r{ours.rooms[label]}/" for label in sorted(MINE[who]))]
        for path in paths:
            tab = await resumed(who, path, ours, theirs)
            if tab is None:
                found.append(f"{who} {path}: kept out")
            else:
                tabs.append((who, tab))
    for twin in (theirs, ours):
        await aside(_happens, twin)
    for who, tab in tabs:
        await settled(tab, theirs, ours)
        found += shown(who, tab, ours, theirs)
        found += _beside_the_room(who, tab, ours)
        found += _strangers(who, tab, ours)
        await tab.close()
    return found


def _happens(twin: Twin) -> None:
    """Posts in every room, a mention, a note, a new topic, with words that tell whose they are; and everybody changes."""
    readers = {
        label: frozenset(who for who in CAST if label in MINE[who])
        for label in twin.rooms
        if label != "attic"
    }
    with in_organisation(twin.organisation):
        alice, bob = twin.people[ALICE], twin.people[BOB]
        for label, who in readers.items():
            word = twin.canary(f"a live message in {label}", who)
            text = f"@{bob.name} look: {word}"
            (posted,) = post_messages([Post(alice.pk, twin.rooms[label], uuid.uuid4(), text)])
            assert isinstance(posted, Posted)
        topic = twin.canary("a live topic", readers["vault"])
        rooms.set_topic(alice, twin.rooms["vault"], topic)
        for name, person in twin.people.items():
            notify(twin.organisation, person, twin.canary(f"a live note for {name}", frozenset({name})))
            person_changed.send(type(person), person=person, changed=frozenset({"status"}))


async def settled(tab: Tab, *twins: Twin) -> None:
    """Everything published so far has been handed on: a last frame of our own follows it through the same hub."""
    name = ""
    for twin in twins:
        name = str(uuid.uuid4())
        last = frame("last", name=name)
        for room_id in twin.rooms.values():
            publish(twin.organisation, Envelope(group=room_topic(room_id), frame=last))
        publish(twin.organisation, Envelope(group="activity", topics=(EVERYONE,), frame=last))
    wanted = {"type": "last", "name": name}
    while not await tab.communicator.receive_nothing(timeout=1.0, interval=0.01):
        if await tab.receive() in (None, wanted):
            return


def _beside_the_room(who: str, tab: Tab, ours: Twin) -> list[str]:
    """News of rooms that are none of theirs, ids included."""
    allowed = {f"r{ours.rooms[label]}" for label in MINE[who]}
    path: str = tab.communicator.scope["path"]
    if "/rooms/" in path:
        allowed = {path.split("/")[3]}
    told = {str(one["room"]) for one in tab.frames if one.get("room")}
    heard = [f"{who} {path} hears of {room}" for room in sorted(told - allowed)]
    counts = [one for one in tab.frames if one["type"] == "notification"]
    if len(counts) > 7:  # a note, and for Bob a mention in each of five rooms and a direct message
        heard.append(f"{who} {path} hears {len(counts)} notifications")
    return heard


def _strangers(who: str, tab: Tab, ours: Twin) -> list[str]:
    """News of people whom they may not know of, ids included; and of all others once."""
    if "/rooms/" in tab.communicator.scope["path"]:
        known: list[str] = []
    else:
        known = [f"p{ours.people[name].pk}" for name in CAST if who != DANA or name != CHARLIE]
    told = [one["id"] for one in tab.frames if one["type"] == "person"]
    return [f"{who} hears of the people {told}"] if sorted(told) != sorted(known) else []


async def speaking(ours: Twin, theirs: Twin) -> list[str]:
    """Who may read a room but is not in it writes, types and reads there; nobody may hear it."""
    path = f"/ws/rooms/r{ours.rooms['lounge']}/"
    charlie = await resumed(CHARLIE, path, ours, theirs)
    bob = await resumed(BOB, path, ours, theirs)
    assert charlie is not None and bob is not None
    heard = len(bob.frames)
    await charlie.send("typing")
    await charlie.send("read", position=1)
    await charlie.send("post", client_id=str(uuid.uuid4()), text="from outside")
    answer = await charlie.receive()
    found = [] if answer and answer["type"] == "error" else [f"charlie's post in #lounge: {answer}"]
    await settled(bob, theirs, ours)
    found += [f"bob hears {one['type']}" for one in bob.frames[heard:] if one["type"] != "last"]
    await charlie.close()
    await bob.close()
    return found


async def departures(ours: Twin, theirs: Twin) -> list[str]:
    """Bob is removed from a room, and then shut out: each open socket of that right ends, with nothing after."""
    found: list[str] = []
    design = ours.rooms["design"]
    tab = await resumed(BOB, f"/ws/rooms/r{design}/", ours, theirs)
    personal = await resumed(BOB, "/ws/me/", ours, theirs)
    same = await resumed(BOB, f"/ws/rooms/r{design}/", theirs, ours)
    if tab is None or personal is None or same is None:
        return ["Bob can't read #design"]
    alice = ours.people[ALICE]
    await in_tenant(ours.organisation, rooms.remove_member, alice, design, ours.people[BOB].pk)
    word = ours.canary("said after Bob was removed", frozenset({ALICE, DANA}))
    await in_tenant(
        ours.organisation, post_messages, [Post(alice.pk, design, uuid.uuid4(), f"He is gone: {word}")]
    )
    await settled(tab, theirs, ours)
    if tab.closed != 4403:
        found.append(f"removed, but the room's socket is open ({tab.closed})")
    found += shown(BOB, tab, ours, theirs)
    await settled(same, ours, theirs)
    if same.closed is not None:
        found.append("their Bob lost his socket with ours")
    await in_tenant(ours.organisation, people.deactivate, alice, ours.people[BOB].pk)
    await settled(personal, theirs, ours)
    if personal.closed not in (4401, 4403):
        found.append(f"shut out, but the personal socket is open ({personal.closed})")
    for one in (tab, personal, same):
        await one.close()
    return found


async def compared(ours: Twin, theirs: Twin) -> list[str]:
    """Rights that ended while no news came are found by the comparison with Postgres."""

    def shut_out() -> None:
        type(ours.people[BOB]).objects.filter(pk=ours.people[BOB].pk).update(is_active=False)

    found = []
    tabs = [
        await resumed(BOB, path, ours, theirs) for path in ("/ws/me/", f"/ws/rooms/r{ours.rooms['design']}/")
    ]
    same = await resumed(BOB, "/ws/me/", theirs, ours)
    await in_tenant(ours.organisation, shut_out)
    await hub().compare_all()
    for tab in (*tabs, same):
        if tab is None:
            return ["Bob was kept out from the start"]
        await settled(tab, *((ours, theirs) if tab is same else (theirs, ours)))
        if (tab.closed is not None) != (tab is not same):
            found.append(f"{tab.communicator.scope['path']}: closed with {tab.closed}")
        await tab.close()
    return found


async def presence_of_each(ours: Twin, theirs: Twin) -> list[str]:
    """Theirs is there; ours, with the same id, is not."""
    tab = await resumed(ALICE, "/ws/me/", theirs, ours)
    assert tab is not None
    online = await presence.online(ours.organisation)
    await tab.close()
    return [f"p{person} of ours is shown as there" for person in online]


PROBES = (handshakes, origins, news, speaking, departures, compared, presence_of_each)
