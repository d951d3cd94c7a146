"""The organisation's own emoji: who adds and removes them, what they may be called, and that messages keep them."""

import io
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.organisation_settings import change_settings
from chat import custom_emoji
from chat.changes import MessageRefused, edit_message
from chat.custom_emoji import EmojiRefused, add_emoji, add_name, remove_emoji, remove_name
from chat.forwarding import forward_message
from chat.models import CustomEmoji, Message, Room
from chat.moving import move_message
from chat.posts import Posted
from chat.reactions import add_reaction, remove_reaction
from chat.text import render
from chat.text.emoji import Own
from tenants.db import in_organisation, leave
from tests.chat.files import bomb, picture
from tests.chat.pages import queries
from tests.events import Published

Say = Callable[..., Posted]
ClientOf = Callable[[Any], Client]


@pytest.fixture
def acme_entered(alice: Any) -> Iterator[None]:
    with in_organisation(alice.organisation):
        yield


def added(person: Any, name: str = "parley", content: bytes = b"") -> CustomEmoji:
    content = content or picture()
    return add_emoji(person, name, io.BytesIO(content), len(content))


def html_of(person: Any, said: Posted) -> str:
    with in_organisation(person.organisation):
        return Message.objects.get(pk=said.message_id).html


def image(emoji: CustomEmoji, name: str = "parley") -> str:
    return f'src="/emoji/e{emoji.pk}/{emoji.version}.webp" alt=":{name}:"'


@pytest.mark.usefixtures("acme_entered")
def test_a_message_shows_it_where_its_name_stands(bob: Any, room: Room, say: Say) -> None:
    emoji = added(bob)
    said = say(bob, room, "So fast :parley: and :tada: but `:parley:` is code, :nobody: is nobody")
    html = html_of(bob, said)
    assert html.count(image(emoji)) == 1
    assert "🎉" in html
    assert "<code>:parley:</code>" in html
    assert ":nobody: is nobody" in html


@pytest.mark.usefixtures("acme_entered")
def test_only_a_text_with_an_unknown_name_asks_for_it(bob: Any, room: Room, say: Say) -> None:
    asked = {}
    for text in ("Plain", "At 10:30: :tada:", "What a :parley:"):
        with queries() as asked[text]:
            say(bob, room, text)
    plain, standard, own = (len(found) for found in asked.values())
    assert (standard - plain, own - plain) == (0, 1)


def test_one_alone_is_large_and_text_around_it_is_not() -> None:
    own = {"parley": Own(5, "0123456789abcdef")}
    assert '<p class="jumbo">' in render(":parley: :parley:", (), own).html
    assert "jumbo" not in render("Look: :parley:", (), own).html
    assert render(":parley:", (), own).plain == ":parley:"


@pytest.mark.parametrize(
    "typed",
    [
        "![x](/emoji/e5/0123456789abcdef.webp)",
        '<img src="/emoji/e5/0123456789abcdef.webp">',
        "![x](https://evil.example/a.webp)",
    ],
)
def test_nobody_types_a_picture(typed: str) -> None:
    assert "<img" not in render(typed).html


@pytest.mark.usefixtures("acme_entered")
def test_a_reaction_with_it_is_drawn_and_taken_back(
    alice: Any, bob: Any, room: Room, say: Say, published: Published
) -> None:
    emoji, said = added(bob), say(alice, room, "Shipped")
    key = f"e{emoji.pk}"
    for person in (alice, bob, bob):
        add_reaction(person, room.pk, said.message_id, key)
    chip = f'data-emoji="{key}" data-people="p{alice.pk} p{bob.pk}" data-name=":parley:"'
    assert chip in html_of(bob, said)
    assert image(emoji) in html_of(bob, said)
    remove_emoji(bob, emoji.pk)
    assert image(emoji) in html_of(bob, said)
    remove_reaction(bob, room.pk, said.message_id, key)
    assert f'data-people="p{alice.pk}"' in html_of(bob, said)
    assert image(emoji) in html_of(bob, said)  # drawn anew, and there all the same
    with pytest.raises(MessageRefused, match="not known"):
        add_reaction(bob, room.pk, said.message_id, key)


@pytest.mark.usefixtures("acme_entered")
@pytest.mark.parametrize("key", ["e999", "e0", "e", "e5x", "x5", "e" + "9" * 30, ""])
def test_what_is_no_emoji_is_no_reaction(bob: Any, room: Room, say: Say, key: str) -> None:
    added(bob)
    said = say(bob, room, "Shipped")
    with pytest.raises(MessageRefused):
        add_reaction(bob, room.pk, said.message_id, key)


@pytest.mark.usefixtures("acme_entered")
def test_names(alice: Any, bob: Any) -> None:
    emoji = added(bob, ":Party Parley:")
    assert emoji.name == "party_parley"
    add_name(bob, emoji.pk, "pp")
    add_name(bob, emoji.pk, "pp")
    assert [one.names for one in custom_emoji.emoji_list()] == [["party_parley", "pp"]]
    remove_name(alice, emoji.pk, "party_parley")
    assert [one.names for one in custom_emoji.emoji_list()] == [["pp"]]
    with pytest.raises(EmojiRefused, match="needs a name"):
        remove_name(bob, emoji.pk, "pp")
    with pytest.raises(EmojiRefused, match="already"):
        added(bob, "pp")
    remove_emoji(bob, emoji.pk)
    assert added(alice, "pp").pk != emoji.pk  # the name is free again


@pytest.mark.usefixtures("acme_entered")
@pytest.mark.parametrize("name", ["", "x", "tada", "thumbsup", "-dash", "ümlaut", "a b:c", "x" * 41, "<b>"])
def test_bad_names_are_refused(bob: Any, name: str) -> None:
    with pytest.raises(EmojiRefused):
        added(bob, name)
    assert not CustomEmoji.objects.exists()


@pytest.mark.usefixtures("acme_entered")
@pytest.mark.parametrize(
    "content",
    [b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", bomb(), b"\0" * (1024 * 1024 + 1)],
)
def test_what_is_no_picture_is_refused(bob: Any, content: bytes) -> None:
    with pytest.raises(EmojiRefused):
        added(bob, content=content)
    assert not CustomEmoji.objects.exists()


@pytest.mark.usefixtures("acme_entered")
def test_the_picture_is_drawn_anew_and_stands_still(bob: Any) -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (300, 200), colour) for colour in ("red", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], comment=b"secret")
    emoji = added(bob, content=out.getvalue())
    stored = custom_emoji.picture_of(emoji.pk, emoji.version)
    with Image.open(io.BytesIO(stored)) as drawn:
        assert (drawn.format, drawn.size, getattr(drawn, "n_frames", 1)) == ("WEBP", (96, 96), 1)
    assert b"secret" not in stored


def test_two_people_who_want_one_name_at_once_do_not_both_have_it(alice: Any, bob: Any) -> None:
    start, refused = threading.Barrier(2), []

    def add(person: Any) -> None:
        try:
            with in_organisation(person.organisation):
                start.wait(10)
                added(person)
        except EmojiRefused as error:
            refused.append(error.code)
        finally:
            leave()

    threads = [threading.Thread(target=add, args=(person,)) for person in (alice, bob)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with in_organisation(alice.organisation):
        assert CustomEmoji.objects.count() == 1
    assert refused == ["name_taken"]


@pytest.mark.usefixtures("acme_entered")
def test_who_may(alice: Any, bob: Any, charlie: Any, dana: Any) -> None:
    emoji = added(bob)
    for person in (charlie, dana):
        for act in (lambda one: remove_emoji(one, emoji.pk), lambda one: add_name(one, emoji.pk, "other")):
            with pytest.raises(EmojiRefused, match="Only who added"):
                act(person)
    with pytest.raises(EmojiRefused, match="can't add"):
        added(dana, "other")
    change_settings(alice, {"emoji_by_members": False})
    for act in (lambda: added(bob, "other"), lambda: remove_emoji(bob, emoji.pk)):
        with pytest.raises(EmojiRefused):
            act()
    added(alice, "other")
    remove_emoji(alice, emoji.pk)


def test_over_http(bob: Any, dana: Any, mallory: Any, client_of: ClientOf) -> None:
    browser = client_of(bob)
    as_page = {"accept": "text/html"}
    sent = {"name": "parley", "picture": SimpleUploadedFile("a.png", picture())}
    assert browser.post("/emoji/", sent, headers=as_page).status_code == 302
    assert ":parley:" in browser.get("/emoji/", headers=as_page).content.decode()
    (entry,) = browser.get("/emoji/").json()["emoji"]
    assert entry["names"] == ["parley"]
    shown = browser.get(entry["url"])
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/webp")
    assert "immutable" in shown["Cache-Control"]
    again = {"name": "parley", "picture": SimpleUploadedFile("a.png", picture())}
    answer = browser.post("/emoji/", again, headers=as_page)
    assert (answer.status_code, "already" in answer.content.decode()) == (409, True)
    assert browser.post("/emoji/", {"name": "parley2"}, headers=as_page).status_code == 422
    guest = client_of(dana).get("/emoji/", headers=as_page).content.decode()
    assert ":parley:" in guest
    assert "Bob" not in guest
    assert client_of(mallory).get(entry["url"]).status_code == 404
    assert client_of(mallory).get("/emoji/").json() == {"emoji": []}
    address = f"/emoji/{entry['id']}/"
    assert client_of(dana).delete(address).status_code == 403
    assert browser.post(address, {"name": "pp"}).status_code == 302
    assert browser.post(address, {"remove": "pp"}).status_code == 302
    assert browser.delete(address).status_code == 302
    assert browser.get("/emoji/").json() == {"emoji": []}


@pytest.mark.usefixtures("acme_entered")
def test_the_list_asks_twice_however_many_there_are(bob: Any) -> None:
    for number in range(5):
        added(bob, f"parley{number}")
    with queries() as asked:
        assert len(custom_emoji.emoji_list()) == 5
    assert len(asked) == 2


@pytest.mark.usefixtures("acme_entered")
def test_an_edit_draws_it_too(bob: Any, room: Room, say: Say) -> None:
    emoji, said = added(bob), say(bob, room, "Nothing yet")
    edit_message(bob, room.pk, said.message_id, "Now :parley:")
    assert image(emoji) in html_of(bob, said)


@pytest.mark.usefixtures("acme_entered")
def test_a_message_goes_on_showing_it_when_it_is_drawn_anew(
    alice: Any, bob: Any, room: Room, public_room: Room, say: Say
) -> None:
    """A name that is gone, or stands for another picture by now, says what it said."""
    emoji, said = added(bob), say(bob, room, "So fast :parley:")
    remove_emoji(bob, emoji.pk)
    add_reaction(alice, room.pk, said.message_id, "🎉")
    assert image(emoji) in html_of(bob, said)
    other = added(alice, content=picture(9, 9))
    remove_reaction(alice, room.pk, said.message_id, "🎉")
    assert image(emoji) in html_of(bob, said)
    edit_message(bob, room.pk, said.message_id, "So very fast :parley:")
    assert image(emoji) in html_of(bob, said)
    passed_on = forward_message(alice, room.pk, said.message_id, public_room.pk, uuid.uuid4())
    assert image(emoji) in html_of(bob, passed_on)
    assert image(emoji) in move_message(bob, room.pk, said.message_id, public_room.pk).html
    assert image(other) in html_of(alice, say(alice, room, "And this is :parley:"))
