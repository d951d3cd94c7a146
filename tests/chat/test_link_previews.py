"""Cards of links: a real server, the real worker, and nothing that goes out from anywhere else."""

import io
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image

from accounts.organisation_settings import change_settings
from chat import changes
from chat.link_previews import attached, pages, pictures
from chat.models import LinkPreview, Message, MessagePreview, Room
from chat.posts import Posted
from tenants.db import in_organisation
from tests.chat.pages import queries
from tests.tenants.test_outgoing import Running, serving

Say = Callable[..., Posted]
Jobs = Callable[[], None]
PAGE = """<head><title>not this</title><meta property="og:title" content="Boats &amp; more">
<meta property='og:description' content='All about &lt;boats>'><meta name=description content=later>
<meta property="og:image" content="/boat.png"></head><body><h1>x</h1>"""


@pytest.fixture
def site(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A server of somebody else's, which the worker may reach."""
    settings.LINK_PREVIEWS = True
    with serving() as running:
        whole = attached.refresh
        monkeypatch.setattr(attached, "refresh", lambda preview_id: whole(preview_id, running.outside))
        running.pages["/"] = lambda one: one.answer(PAGE.encode())
        running.pages["/boat.png"] = lambda one: one.answer(a_picture(), "image/png")
        yield running


def a_picture(width: int = 960, height: int = 480) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG")
    return out.getvalue()


def html_of(person: Any, posted: Posted) -> str:
    with in_organisation(person.organisation):
        return Message.objects.get(pk=posted.message_id).html


def test_a_link_gets_its_card_from_the_worker(
    alice: Any, room: Room, say: Say, site: Running, run_jobs: Jobs, client_of: Any
) -> None:
    posted = say(alice, room, f"look: {site.url()}")
    assert site.asked == []
    assert "link-preview" not in html_of(alice, posted)
    run_jobs()
    html = html_of(alice, posted)
    assert ">Boats &amp; more</a>" in html
    assert "All about &lt;boats&gt;" in html
    assert '<span class="preview-site">site.example</span>' in html
    assert 'width="480" height="240"' in html
    assert [path for path, _ in site.asked] == ["/", "/boat.png"]
    source = html.partition('class="preview-picture" src="')[2].partition('"')[0]
    answer = client_of(alice).get(source)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(answer.content)).size == (480, 240)


def test_a_change_is_counted_and_told(
    alice: Any, room: Room, say: Say, site: Running, run_jobs: Jobs, published: Any
) -> None:
    posted = say(alice, room, site.url())
    before = len(published())
    run_jobs()
    with in_organisation(alice.organisation):
        assert Message.objects.get(pk=posted.message_id).revision == posted.revision + 1
        assert Room.objects.get(pk=room.pk).head == posted.revision + 1
    (told,) = [envelope for _, envelope in published()[before:] if envelope.revision]
    assert (told.after, told.revision) == (posted.revision, posted.revision + 1)
    assert b"link-preview" in told.frame


def test_a_known_page_is_not_asked_again(
    alice: Any, bob: Any, room: Room, say: Say, site: Running, run_jobs: Jobs
) -> None:
    say(alice, room, site.url())
    run_jobs()
    asked = list(site.asked)
    again = say(bob, room, f"as I said: {site.url()}")
    assert "Boats" in html_of(bob, again)  # at once
    run_jobs()
    assert site.asked == asked


def test_who_posts_while_the_worker_looks_gets_the_card_too(
    alice: Any, bob: Any, room: Room, say: Say, site: Running, run_jobs: Jobs
) -> None:
    first, second = say(alice, room, site.url()), say(bob, room, site.url())
    run_jobs()
    assert "Boats" in html_of(alice, first) and "Boats" in html_of(bob, second)
    assert [path for path, _ in site.asked] == ["/", "/boat.png"]


def test_no_web_process_opens_a_connection(
    alice: Any, room: Room, site: Running, client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Posting, editing, reading and the card's picture: whoever connects to the site's port is caught."""
    opened: list[Any] = []
    whole = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        opened.append(address)
        whole(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    browser = client_of(alice)
    url = f"/rooms/r{room.pk}/messages/"
    data = {"client_id": "0c54e5a4-9d4c-4a59-93f4-5a5ad1e0b5d1", "text": site.url()}
    message = browser.post(url, data).json()["id"]
    browser.post(f"{url}{message}/", {"text": f"{site.url()} {site.url('/x')}"})
    browser.get(f"/rooms/r{room.pk}/")
    assert site.asked == []
    assert site.port not in [address[1] for address in opened if isinstance(address, tuple)]


def test_a_text_without_links_costs_no_statement(alice: Any, room: Room, say: Say, settings: Any) -> None:
    say(alice, room, "warm")
    settings.LINK_PREVIEWS = False
    with queries() as without:
        say(alice, room, "no links here, **none**")
    settings.LINK_PREVIEWS = True
    with queries() as with_previews:
        say(alice, room, "no links here, **none**")
    assert len(with_previews) == len(without)


def test_a_text_without_links_does_not_ask_for_cards(
    alice: Any, room: Room, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query for no messages asks Postgres nothing and is counted nowhere, but it took half of a post's time."""
    asked: list[Any] = []
    monkeypatch.setattr(attached.previews, "draw", asked.append)
    say(alice, room, "no links here")
    assert asked == []


def test_a_batch_sends_the_worker_once(alice: Any, room: Room, site: Running, say: Say) -> None:
    say(alice, room, "warm")
    with queries() as asked:
        say(alice, room, f"{site.url('/1')} {site.url('/2')} {site.url('/3')} {site.url('/4')}")
    assert sum("enqueue_job" in one for one in asked) == 1
    with in_organisation(alice.organisation):
        assert MessagePreview.objects.count() == attached.MOST


def test_an_edit_changes_the_cards(alice: Any, room: Room, say: Say, site: Running, run_jobs: Jobs) -> None:
    site.pages["/tea"] = lambda one: one.answer(b"<title>Tea</title>")
    posted = say(alice, room, site.url())
    run_jobs()
    with in_organisation(alice.organisation):
        changes.edit_message(alice, room.pk, posted.message_id, f"rather {site.url('/tea')}")
    assert "Boats" not in html_of(alice, posted)
    run_jobs()
    assert ">Tea</a>" in html_of(alice, posted)
    with in_organisation(alice.organisation):
        changes.edit_message(alice, room.pk, posted.message_id, "rather nothing")
        assert not MessagePreview.objects.exists()
    assert "link-preview" not in html_of(alice, posted)


def test_a_tombstone_has_no_card(alice: Any, room: Room, say: Say, site: Running, run_jobs: Jobs) -> None:
    before, during = say(alice, room, site.url()), say(alice, room, site.url("/other"))
    with in_organisation(alice.organisation):
        changes.delete_message(alice, room.pk, during.message_id)
    run_jobs()
    with in_organisation(alice.organisation):
        changes.delete_message(alice, room.pk, before.message_id)
        assert not MessagePreview.objects.exists()
    for posted in (before, during):
        assert "link-preview" not in html_of(alice, posted)


def test_its_author_and_administrators_remove_a_card_for_good(
    alice: Any, bob: Any, dana: Any, room: Room, say: Say, site: Running, run_jobs: Jobs, client_of: Any
) -> None:
    posted, other = say(bob, room, site.url()), say(bob, room, site.url())
    run_jobs()
    with in_organisation(bob.organisation):
        preview = LinkPreview.objects.get()
    url = f"/rooms/r{room.pk}/messages/m{posted.message_id}/previews/l{preview.pk}/"
    assert client_of(dana).delete(url).status_code == 403
    assert "link-preview" in html_of(bob, posted)
    assert client_of(bob).delete(url).status_code == 204
    assert client_of(bob).delete(url).status_code == 404
    with in_organisation(bob.organisation):
        changes.edit_message(bob, room.pk, posted.message_id, f"still {site.url()}")
    run_jobs()
    assert "link-preview" not in html_of(bob, posted)
    assert "link-preview" in html_of(bob, other)
    assert (
        client_of(alice).delete(url.replace(f"m{posted.message_id}", f"m{other.message_id}")).status_code
        == 204
    )


def test_a_picture_is_for_who_may_read_a_message_with_it(
    alice: Any, charlie: Any, dana: Any, mallory: Any, room: Room, public_room: Room, say: Say, site: Running,
    run_jobs: Jobs, client_of: Callable[[Any], Client],
) -> None:  # fmt: skip
    posted = say(alice, room, site.url())
    run_jobs()
    url = html_of(alice, posted).partition('class="preview-picture" src="')[2].partition('"')[0]
    assert [client_of(one).get(url).status_code for one in (alice, dana, charlie, mallory)] == [
        200,
        200,
        404,
        404,
    ]
    assert client_of(alice).get(url.replace(".webp", "0.webp")).status_code == 404
    again = say(alice, public_room, site.url())
    assert client_of(charlie).get(url).status_code == 200
    with in_organisation(alice.organisation):
        changes.delete_message(alice, public_room.pk, again.message_id)
    assert client_of(charlie).get(url).status_code == 404


def test_nothing_is_looked_at_where_it_is_switched_off(
    alice: Any, room: Room, say: Say, site: Running, run_jobs: Jobs, settings: Any
) -> None:
    waiting = say(alice, room, site.url())
    with in_organisation(alice.organisation):
        change_settings(alice, {"link_previews": False})
    later = say(alice, room, site.url("/later"))
    run_jobs()
    assert site.asked == []
    with in_organisation(alice.organisation):
        change_settings(alice, {"link_previews": True})
        assert set(MessagePreview.objects.values_list("message_id", flat=True)) == {waiting.message_id}
    settings.LINK_PREVIEWS = False
    say(alice, room, site.url("/never"))
    run_jobs()
    assert site.asked == []
    assert "link-preview" not in html_of(alice, later)


def test_our_own_pages_and_what_a_spoiler_hides_are_not_looked_at(
    alice: Any, room: Room, say: Say, site: Running
) -> None:
    own = alice.organisation.url("/rooms/r1/")
    say(alice, room, f"{own} http://localhost/ http://x.localhost/ mail@a.example [a](mailto:b@c.example)")
    with in_organisation(alice.organisation):
        assert not LinkPreview.objects.exists()


def test_a_page_without_a_card_is_asked_once_in_a_while(
    alice: Any, room: Room, say: Say, site: Running, run_jobs: Jobs
) -> None:
    site.pages["/"] = lambda one: one.answer(b"nothing", status=404)
    say(alice, room, site.url())
    run_jobs()
    posted = say(alice, room, site.url())
    run_jobs()
    assert len(site.asked) == 1
    assert "link-preview" not in html_of(alice, posted)


def test_unused_previews_go_with_their_pictures(
    alice: Any, room: Room, say: Say, site: Running, run_jobs: Jobs
) -> None:
    posted, kept = say(alice, room, site.url()), say(alice, room, site.url("/?kept"))
    site.pages["/?kept"] = site.pages["/"]
    run_jobs()
    with in_organisation(alice.organisation):
        gone, stays = LinkPreview.objects.order_by("pk")
        changes.delete_message(alice, room.pk, posted.message_id)
        attached.forget_unused()
        assert LinkPreview.objects.count() == 2  # not for a while
        LinkPreview.objects.update(fetched_at="2020-01-01T00:00Z")
        attached.forget_unused()
        assert LinkPreview.objects.get() == stays
    assert default_storage.exists(stays.picture) and not default_storage.exists(gone.picture)
    assert "Boats" in html_of(alice, kept)


# -- Reading pages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "charset", "title"),
    [
        (b"<title> Plain\n title </title>", "", "Plain title"),
        (b"<TITLE>&lt;b&gt; &amp;amp;</TITLE>", "", "<b> &amp;"),
        ("<title>grün</title>".encode("latin-1"), "iso-8859-1", "grün"),
        ("<meta charset='windows-1251'><title>Привет</title>".encode("cp1251"), "", "Привет"),
        ("<title>日本</title>".encode("shift_jis"), "Shift_JIS", "日本"),
        ("<title>日本</title>".encode(), "no-such-charset", "日本"),
        (b"<title>x</title>", "zlib_codec", "x"),
        (b"<title>a\xffb</title>", "", "a\ufffdb"),
        ("<title>a\u202eb\u0000c</title>".encode(), "", "a b c"),
        (b"<meta content='by name' name='twitter:title'><title>x</title>", "", "by name"),
        (b"<meta property=og:title content='a > b'>", "", "a > b"),
        (b"<title>" + b"x" * 500 + b"</title>", "", "x" * 199 + "\u2026"),
        (b"<body><title>in the body</title>", "", None),
        (b"", "", None),
    ],
)  # fmt: skip
def test_a_page_says_its_title(body: bytes, charset: str, title: str | None) -> None:
    summary = pages.summarise("https://www.site.example/a", body, charset)
    assert (summary and summary.title) == title
    assert summary is None or summary.site == "site.example"


@pytest.mark.parametrize("unit", ["<meta ", "<meta '", '<meta "', "<meta a=", "<title", "<title>", "<", "<!--", "<meta content=\"", "a=", "<meta a=b c='"])  # fmt: skip
def test_no_page_is_expensive(unit: str) -> None:
    """A quadratic expression would take hours for half a megabyte: this ends at all, and soon."""
    pages.summarise("https://site.example/", (unit * (512 * 1024 // len(unit))).encode(), "")


@pytest.mark.parametrize(
    "content", [b"", b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a"]
)
def test_what_is_no_picture_is_none(content: bytes) -> None:
    assert pictures.drawn_anew(content) is None


def test_pictures_are_bounded() -> None:
    assert pictures.drawn_anew(a_picture(1, 1)) is None  # it counts visits
    out = io.BytesIO()
    Image.new("1", (30_000, 1_000)).save(out, "PNG")
    assert pictures.drawn_anew(out.getvalue()) is None  # 30 megapixels in some kilobytes
