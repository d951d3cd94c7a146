"""Threads: replies have their own count and positions, and the room's revisions (docs/threads.md)."""

import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts import people
from chat import marking, rooms, threads, timeline, unread
from chat.changes import delete_message, edit_message
from chat.followed import threads_of
from chat.memberships import add_members, leave_room
from chat.messages import post_messages
from chat.models import Message, Room, Thread, ThreadFollow
from chat.parts import KINDS
from chat.posts import Post, Posted, Refused
from chat.room_names import NotAllowed
from notifications.models import Notification
from tenants.db import in_organisation, leave
from tests.chat.pages import queries, somebody_waits
from tests.events import Published
from tests.sockets import Tab, aside

Say = Callable[..., Posted]
Browser = Callable[[Any], Client]


def answer(person: Any, room: Room, to: Posted, text: str = "Yes", **options: Any) -> Posted | Refused:
    client_id = options.pop("client_id", None) or uuid.uuid4()
    with in_organisation(person.organisation):
        (said,) = post_messages(
            [Post(person.pk, room.pk, client_id, text, thread_id=to.message_id, **options)]
        )
    return said


def reply(person: Any, room: Room, to: Posted, text: str = "Yes", **options: Any) -> Posted:
    said = answer(person, room, to, text, **options)
    assert isinstance(said, Posted), said
    return said


def waiting(person: Any) -> int:
    """How many replies the person has not read."""
    with in_organisation(person.organisation):
        return threads.unread_counts([person.pk])[person.pk][0]


def followers(person: Any, root: Posted) -> set[int]:
    with in_organisation(person.organisation):
        follows = ThreadFollow.objects.filter(thread_id=root.message_id, following=True)
        return set(follows.values_list("person_id", flat=True))


def told(person: Any) -> list[tuple[str, str]]:
    with in_organisation(person.organisation):
        entries = Notification.objects.filter(person=person, read_at__isnull=True).order_by("pk")
        return list(entries.values_list("kind", "text"))


# -- Where a reply stands ----------------------------------------------------------------------------------------


def test_a_reply_takes_no_position_in_the_room(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root = say(alice, room, "Lunch?")
    first = reply(bob, room, root, "Yes")
    after = say(alice, room, "Something else")
    second = reply(alice, room, root, "At noon")
    assert (first.position, second.position, after.position) == (0, 0, root.position + 1)
    with in_organisation(alice.organisation):
        room.refresh_from_db()
        assert (room.messages, room.head) == (after.position, second.revision + 1)
        assert [row.thread_position for row in Message.objects.filter(thread_id=root.message_id)] == [1, 2]
        assert timeline.newest(room).html.count("<article") == 2
        assert [one.unread for one in unread.unread_of(bob.pk) if one.room_id == room.pk] == [
            after.position - root.position + 1
        ]


def test_sent_to_the_room_as_well_it_stands_in_both(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root = say(alice, room, "Lunch?")
    both = reply(bob, room, root, "Yes, everybody", also_in_room=True)
    assert both.position == root.position + 1
    with in_organisation(alice.organisation):
        opened = threads.thread_for(alice, room.pk, root.message_id)
        assert "Yes, everybody" in opened.window.html and opened.window.html in timeline.newest(room).html
        edit_message(bob, room.pk, both.message_id, "No")
        assert "<p>No</p>" in timeline.newest(room).html
        assert "<p>No</p>" in threads.thread_for(alice, room.pk, root.message_id).window.html


def test_answering_a_reply_answers_in_its_thread(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root = say(alice, room, "Lunch?")
    first = reply(bob, room, root)
    reply(alice, room, first, "Good")
    with in_organisation(alice.organisation):
        assert Thread.objects.get().messages == 2
        assert set(Message.objects.filter(thread__isnull=False).values_list("thread_id", flat=True)) == {
            root.message_id
        }


def test_sending_a_reply_again_returns_the_first_result(alice: Any, room: Room, say: Say) -> None:
    root, name = say(alice, room, "Lunch?"), uuid.uuid4()
    assert reply(alice, room, root, client_id=name) == reply(alice, room, root, client_id=name)
    with in_organisation(alice.organisation):
        assert Thread.objects.get().messages == 1


def test_twenty_repliers_leave_no_gap(alice: Any, room: Room, say: Say, acme: Any) -> None:
    root = say(alice, room, "Who comes?")
    with in_organisation(acme):
        crowd = [
            people.create_person(email=f"p{n}@acme.example", name=f"P {n}", role="member", password=None)
            for n in range(20)
        ]
        add_members(alice, room.pk, [one.pk for one in crowd])

    def send(person: Any) -> list[Posted | Refused]:
        try:
            with in_organisation(acme):
                return [
                    post_messages([Post(person.pk, room.pk, uuid.uuid4(), "Me", thread_id=root.message_id)])[
                        0
                    ]
                    for _ in range(3)
                ]
        finally:
            leave()

    with ThreadPoolExecutor(20) as pool:
        answers = [one for said in pool.map(send, crowd) for one in said]
    assert all(isinstance(one, Posted) for one in answers)
    with in_organisation(acme):
        found = Message.objects.filter(thread_id=root.message_id).order_by("thread_position")
        assert [one.thread_position for one in found] == list(range(1, 61))
        created = [one.created_at for one in found]
        assert created == sorted(set(created))
        assert len({one.revision for one in answers if isinstance(one, Posted)}) == 60
        room.refresh_from_db()
        assert (room.messages, Thread.objects.get().messages) == (root.position, 60)
        assert ">60</a>" in Message.objects.get(pk=root.message_id).html


@pytest.mark.parametrize("where", ["elsewhere", "nowhere"])
def test_one_answers_only_what_is_in_the_room(
    alice: Any, bob: Any, room: Room, public_room: Room, say: Say, where: str
) -> None:
    root = say(alice, public_room, "Somewhere else")
    if where == "nowhere":
        root = Posted(root.client_id, 10**9, 1, 1)
    refused = answer(bob, room, root)
    assert isinstance(refused, Refused) and refused.code == "not_found"


# -- Who may ------------------------------------------------------------------------------------------------------


def test_outsiders_neither_read_nor_reply(
    alice: Any, bob: Any, charlie: Any, room: Room, say: Say, client_of: Browser
) -> None:
    root = say(alice, room, "Between us")
    reply(bob, room, root)
    refused = answer(charlie, room, root)
    assert isinstance(refused, Refused) and refused.code == "not_found"
    address = f"/rooms/r{room.pk}/messages/m{root.message_id}/thread/"
    browser = client_of(charlie)
    assert browser.get(address).status_code == 404
    assert browser.post(f"{address}following/").status_code == 404
    assert browser.post(f"{address}read/", {"position": "1"}).status_code == 404


def test_who_looks_into_a_public_room_reads_its_threads_only(
    alice: Any, charlie: Any, dana: Any, public_room: Room, say: Say, client_of: Browser
) -> None:
    root = say(alice, public_room, "Lunch?")
    reply(alice, public_room, root, "At noon")
    address = f"/rooms/r{public_room.pk}/messages/m{root.message_id}/thread/"
    page = client_of(charlie).get(address, headers={"HX-Request": "true"}).content.decode()
    assert "At noon" in page and "thread-composer" not in page and "thread-following" not in page
    assert client_of(dana).get(address).status_code == 404
    with in_organisation(alice.organisation), pytest.raises(NotAllowed):
        threads.follow(charlie, public_room.pk, root.message_id)


def test_threads_of_an_archived_room_are_read_only(
    alice: Any, bob: Any, room: Room, say: Say, client_of: Browser
) -> None:
    root = say(alice, room, "Lunch?")
    reply(bob, room, root, "Yes")
    with in_organisation(alice.organisation):
        rooms.archive_room(alice, room.pk)
    refused = answer(bob, room, root)
    assert isinstance(refused, Refused) and refused.code == "archived"
    address = f"/rooms/r{room.pk}/messages/m{root.message_id}/thread/"
    page = client_of(bob).get(address, headers={"HX-Request": "true"}).content.decode()
    assert "Yes" in page and "thread-composer" not in page
    assert waiting(alice) == 0


# -- Deleting -----------------------------------------------------------------------------------------------------


def test_a_deleted_root_leaves_its_thread(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root, alone = say(alice, room, "Lunch?"), say(alice, room, "Nothing")
    reply(bob, room, root, "Yes")
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, root.message_id)
        delete_message(alice, room.pk, alone.message_id)
        tombstone = Message.objects.get(pk=root.message_id).html
        assert "Lunch" not in tombstone and "thread-summary" in tombstone
        assert "Yes" in threads.thread_for(bob, room.pk, root.message_id).window.html
    reply(alice, room, root, "Gone, but go on")
    refused = answer(alice, room, alone)
    assert isinstance(refused, Refused) and refused.code == "not_found"


def test_a_deleted_reply_counts_no_more(
    alice: Any, bob: Any, room: Room, say: Say, published: Published
) -> None:
    root = say(alice, room, "Lunch?")
    first, second = reply(bob, room, root, "Yes"), reply(bob, room, root, "No")
    assert waiting(alice) == 2
    before = len(published())
    with in_organisation(alice.organisation):
        delete_message(bob, room.pk, second.message_id)
        assert ">1</a>" in Message.objects.get(pk=root.message_id).html
        delete_message(bob, room.pk, first.message_id)
        assert "thread-summary" not in Message.objects.get(pk=root.message_id).html
    assert waiting(alice) == 0
    counts = [one.frame for _, one in published()[before:] if b'"threads"' in one.frame]
    assert counts == [b'{"type":"threads","unread":%d,"reply_mentions":0}' % unread for unread in (1, 0)]


# -- Following ----------------------------------------------------------------------------------------------------


def test_who_begins_replies_or_is_named_follows(
    alice: Any, bob: Any, dana: Any, room: Room, say: Say
) -> None:
    root = say(alice, room, "Lunch?")
    reply(bob, room, root, "Yes @room")
    assert followers(alice, root) == {alice.pk, bob.pk}
    said = reply(bob, room, root, "Who else?")
    assert (waiting(alice), waiting(bob), waiting(dana)) == (2, 0, 0)
    with in_organisation(alice.organisation):
        edit_message(bob, room.pk, said.message_id, "@Dana?")
    assert followers(alice, root) == {alice.pk, bob.pk, dana.pk}
    assert waiting(dana) == 1


def test_who_follows_no_more_is_left_alone_until_they_reply(
    alice: Any, bob: Any, room: Room, say: Say
) -> None:
    root = say(alice, room, "Lunch?")
    reply(bob, room, root)
    with in_organisation(alice.organisation):
        threads.unfollow(alice, room.pk, root.message_id)
    before = told(alice)
    reply(bob, room, root, "Hello @Alice")
    assert followers(alice, root) == {bob.pk} and waiting(alice) == 0
    assert [kind for kind, _ in told(alice)] == [*(kind for kind, _ in before), "mention"]
    reply(alice, room, root)
    reply(bob, room, root)
    assert followers(alice, root) == {alice.pk, bob.pk} and waiting(alice) == 1


def test_following_without_a_reply_yet(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root = say(alice, room, "Lunch?")
    with in_organisation(alice.organisation):
        threads.follow(bob, room.pk, root.message_id)
        assert threads_of(bob) == ([], False)
    reply(alice, room, root)
    assert waiting(bob) == 1


def test_reading_moves_forward_only(alice: Any, bob: Any, room: Room, say: Say, published: Published) -> None:
    root = say(alice, room, "Lunch?")
    for _ in range(3):
        reply(bob, room, root)
    before = len(published())
    with in_organisation(alice.organisation):
        for position in (2, 1, 99):
            threads.mark_read(alice, room.pk, root.message_id, position)
        assert ThreadFollow.objects.get(person=alice).read_position == 3
    frames = [one.frame for _, one in published()[before:] if b'"threads"' in one.frame]
    assert frames == [b'{"type":"threads","unread":%d,"reply_mentions":0}' % unread for unread in (1, 0)]
    assert told(alice) == []


def test_who_left_the_room_has_nothing_waiting(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root = say(bob, room, "Lunch?")
    reply(alice, room, root)
    with in_organisation(alice.organisation):
        leave_room(bob, room.pk)
        assert threads_of(bob) == ([], False)
    assert waiting(bob) == 0
    reply(alice, room, root, "Still there?")
    assert [kind for kind, _ in told(bob)].count("thread") <= 1


def test_unread_threads_come_first_then_the_newest_reply(alice: Any, bob: Any, room: Room, say: Say) -> None:
    roots = [say(alice, room, f"Question {number}") for number in range(3)]
    for root in roots:
        reply(bob, room, root)
    reply(bob, room, roots[0], "More")
    with in_organisation(alice.organisation):
        threads.mark_read(alice, room.pk, roots[0].message_id, 9)
        threads.mark_read(alice, room.pk, roots[1].message_id, 9)
        found, more = threads_of(alice)
    assert [(one.pk, one.unread) for one in found] == [
        (roots[2].message_id, 1),
        (roots[0].message_id, 0),
        (roots[1].message_id, 0),
    ]
    assert not more


# -- Notifications ------------------------------------------------------------------------------------------------


def test_followers_are_notified_once_for_each_thread(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root = say(alice, room, "Lunch?")
    reply(bob, room, root, "Yes")
    reply(bob, room, root, "At noon")
    assert told(alice) == [("thread", "At noon")] and told(bob) == []
    reply(bob, room, root, "@Alice?")
    assert told(alice) == [("thread", "At noon"), ("mention", "@Alice?")]
    with in_organisation(alice.organisation):
        unread.mark_read(alice.pk, room.pk, 99)
    assert len(told(alice)) == 2  # the room was read, the thread not
    with in_organisation(alice.organisation):
        threads.mark_read(alice, room.pk, root.message_id, 3)
    assert told(alice) == []


def test_in_a_direct_message_everybody_follows(alice: Any, bob: Any, say: Say) -> None:
    with in_organisation(alice.organisation):
        direct = rooms.open_direct(alice, [bob.pk])
    root = say(alice, direct, "Lunch?")
    with in_organisation(alice.organisation):
        unread.mark_read(bob.pk, direct.pk, 9)
    reply(alice, direct, root, "At noon")
    assert waiting(bob) == 1 and told(bob) == [("thread", "At noon")]


# -- News ---------------------------------------------------------------------------------------------------------


def test_a_reply_is_published_once_with_its_root(
    alice: Any, bob: Any, room: Room, say: Say, published: Published
) -> None:
    root = say(alice, room, "Lunch?")
    before = len(published())
    said = reply(bob, room, root, "Yes")
    events = [(event.group, event.frame) for _, event in published()[before:]]
    groups = [group for group, _ in events]
    assert groups.count(f"room.{room.pk}") == 1
    (frame,) = [frame.decode() for group, frame in events if group == f"room.{room.pk}"]
    assert f'"after":{root.revision},"revision":{said.revision + 1}' in frame
    assert f'data-thread=\\"m{root.message_id}\\" data-reply=\\"1\\"' in frame and "thread-summary" in frame
    news = [frame for group, frame in events if group == "activity" and b'"type":"thread"' in frame]
    thread = f'"thread":"m{root.message_id}","room":"r{room.pk}","reply":1,"revision":{said.revision}'
    assert news == [f'{{"type":"thread",{thread}}}'.encode()]
    assert not any(b'"type":"activity"' in frame for _, frame in events)


async def test_who_was_away_catches_up_with_replies(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root = await aside(say, alice, room, "Lunch?")
    tab = await Tab.room(bob, room.pk)
    standing = tab.frames[-1]["revision"]
    await tab.close()
    await aside(reply, alice, room, root, "Yes")
    await aside(reply, alice, room, root, "At noon")
    tab = await Tab.room(bob, room.pk, revision=standing)
    content = "".join(frame["content"] for frame in tab.frames if frame["type"] == "messages")
    assert re.findall(r'data-reply="(\d+)"', content) == ["1", "2"]
    assert re.findall(r'data-position="(\d+)"', content) == [str(root.position)]
    assert ">2</a>" in content
    await tab.close()


async def test_replies_over_the_socket_come_once_to_everybody(
    alice: Any, bob: Any, room: Room, say: Say
) -> None:
    root = await aside(say, alice, room, "Lunch?")
    hers, his = await Tab.room(alice, room.pk), await Tab.room(bob, room.pk)
    name = str(uuid.uuid4())
    for _ in range(2):
        await his.send("post", client_id=name, text="Yes", thread=f"m{root.message_id}")
    first, second = await his.until("posted"), await his.until("posted")
    assert first == second and first["position"] == 0
    frame = await hers.until("messages")
    assert frame["content"].count("data-reply=") == 1
    await his.send("post", client_id=str(uuid.uuid4()), text="Yes", thread="r7")
    assert (await his.until("error"))["code"] == "malformed"
    await hers.close()
    await his.close()


async def test_the_personal_socket_says_what_is_unread(alice: Any, bob: Any, room: Room, say: Say) -> None:
    root = await aside(say, alice, room, "Lunch?")
    await aside(reply, bob, room, root)
    tab = await Tab.personal(alice)
    assert tab.frames[-1]["threads"] == 1
    await aside(reply, bob, room, root, "More")
    assert (await tab.until("thread"))["reply"] == 2
    await tab.close()


# -- Over HTTP ----------------------------------------------------------------------------------------------------


def test_a_permalink_to_a_reply_opens_its_thread(
    alice: Any, bob: Any, room: Room, say: Say, client_of: Browser
) -> None:
    root = say(alice, room, "Lunch?")
    said = reply(bob, room, root, "Yes")
    page = (
        client_of(alice).get(f"/rooms/r{room.pk}/messages/m{said.message_id}/", follow=True).content.decode()
    )
    assert f'data-highlight="m{root.message_id}"' in page and f'data-thread="m{said.message_id}"' in page
    page = client_of(alice).get(f"/rooms/r{room.pk}/?thread=m{root.message_id}").content.decode()
    assert f'data-thread="m{root.message_id}"' in page


def test_replying_by_form_without_scripts(alice: Any, room: Room, say: Say, client_of: Browser) -> None:
    root = say(alice, room, "Lunch?")
    browser = client_of(alice)
    form = {"text": "Yes", "thread": f"m{root.message_id}", "also_in_room": "1"}
    answered = browser.post(
        f"/rooms/r{room.pk}/messages/", form, headers={"Accept": "text/html"}, follow=True
    )
    assert answered.status_code == 200 and "<p>Yes</p>" in answered.content.decode()
    assert answered.redirect_chain[-1][0] == f"/rooms/r{room.pk}/messages/m{root.message_id}/thread/"
    bad = browser.post(f"/rooms/r{room.pk}/messages/", {"client_id": str(uuid.uuid4()), "thread": "x"})
    assert bad.status_code == 422


def test_a_long_thread_comes_in_windows(
    alice: Any, bob: Any, room: Room, say: Say, client_of: Browser
) -> None:
    root = say(alice, room, "Count")
    with in_organisation(alice.organisation):
        answers = post_messages(
            [Post(bob.pk, room.pk, uuid.uuid4(), f"{n}", thread_id=root.message_id) for n in range(1, 121)]
        )
    browser = client_of(alice)
    address = f"/rooms/r{room.pk}/messages/m{root.message_id}/thread/"
    numbers = re.compile(r'data-reply="(\d+)"')
    page = browser.get(address).content.decode()
    assert numbers.findall(page) == [str(n) for n in range(71, 121)]
    earlier = browser.get(f"{address}?before=71")
    assert numbers.findall(earlier.content.decode())[0] == "21" and earlier["X-Has-Older"] == "1"
    assert browser.get(f"{address}?before=21")["X-Has-Older"] == "0"
    old = answers[29]
    assert isinstance(old, Posted)
    linked = browser.get(f"/rooms/r{room.pk}/messages/m{old.message_id}/thread/").content.decode()
    assert numbers.findall(linked) == [str(n) for n in range(6, 56)]
    assert 'id="thread-earlier">' in linked and 'id="thread-newer">' in linked
    later = browser.get(f"{address}?after=55")
    assert numbers.findall(later.content.decode()) == [str(n) for n in range(56, 106)]
    assert (later["X-Has-Newer"], browser.get(f"{address}?after=70")["X-Has-Newer"]) == ("1", "0")
    assert browser.get(f"{address}?after=x").status_code == 422
    for near, first, last in ((answers[0], 1, 50), (answers[75], 71, 120)):
        assert isinstance(near, Posted)
        page = browser.get(f"/rooms/r{room.pk}/messages/m{near.message_id}/thread/").content.decode()
        found = numbers.findall(page)
        assert (found[0], found[-1]) == (str(first), str(last))


def test_what_threads_cost(alice: Any, bob: Any, room: Room, say: Say, client_of: Browser) -> None:
    roots = [say(alice, room, f"Question {number}") for number in range(5)]
    browser, address = client_of(alice), f"/rooms/r{room.pk}/messages/m{roots[0].message_id}/thread/"
    counted = []
    for _ in range(2):
        for root in roots:
            reply(bob, room, root)
        browser.get("/threads/")
        with queries() as listing:
            assert browser.get("/threads/").status_code == 200
        with queries() as panel:
            browser.get(address, headers={"HX-Request": "true"})
        with queries() as replying:
            reply(bob, room, roots[0])
        counted.append([len(listing), len(panel), len(replying)])
    # session and person; the list and what stands beside it; room, message, thread, follow, replies
    assert counted == [[3, 6, counted[0][2]]] * 2
    # A reply: lock, look up and insert, thread, follows, the root drawn anew with all its parts, who is told of what, and their names.
    assert counted[0][2] <= 15 + len(KINDS)


def test_threads_lead_to_the_room_where_the_keyboard_goes_on(
    alice: Any, bob: Any, room: Room, say: Say, client_of: Browser
) -> None:
    root = say(alice, room, "Lunch?")
    reply(bob, room, root)
    page = client_of(alice).get("/threads/").content.decode()
    assert f"/rooms/r{room.pk}/?thread=m{root.message_id}" in page and "1 new" in page
    assert "No threads yet" in client_of(bob).get("/threads/?page=2").content.decode()


@pytest.mark.parametrize("how", ["read", "all", "follow"])
def test_a_reply_that_is_being_posted_stays_unread(
    alice: Any, bob: Any, room: Room, say: Say, how: str
) -> None:
    """Whoever reads at this moment has not read that reply, and finds it counted whichever of the two is first."""
    root = say(alice, room, "Lunch?")
    reply(bob, room, root, "Yes")
    if how == "follow":
        with in_organisation(alice.organisation):
            threads.mark_read(alice, room.pk, root.message_id, 1)
            threads.unfollow(alice, room.pk, root.message_id)
    read = {
        "read": lambda: threads.mark_read(alice, room.pk, root.message_id, 1),
        "all": lambda: marking.mark_all_read(alice),
        "follow": lambda: threads.follow(alice, room.pk, root.message_id),
    }[how]

    def act() -> None:
        try:
            with in_organisation(alice.organisation):
                read()
        finally:
            leave()

    with ThreadPoolExecutor(1) as pool:
        with in_organisation(alice.organisation), transaction.atomic():
            reply(bob, room, root, "At one")
            reading = pool.submit(act)
            while not reading.done() and not somebody_waits():
                pass
        reading.result()
    with in_organisation(alice.organisation):
        follow = ThreadFollow.objects.get(person=alice)
    assert follow.read_position in (1, 2)
    assert waiting(alice) == 2 - follow.read_position
