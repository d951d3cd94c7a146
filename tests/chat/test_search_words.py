"""Words in their other forms and as parts of others, rows of an older index, and the words of files."""

import random
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from accounts.organisation_settings import change_settings, forget
from chat import attachments
from chat.changes import delete_message, edit_message
from chat.jobs import forget_unused_words, keep_search
from chat.messages import post_messages
from chat.models import Attachment, AttachmentText, Message, MessageText, Room, Vocabulary, Word
from chat.posts import Post, Posted
from chat.search import keeping, search
from chat.text.index import index_text, vector
from tenants.db import in_organisation
from tests.chat.pages import queries
from tests.chat.test_search import Browser, Find, Say


@pytest.fixture
def keep(acme: Any) -> Callable[[], None]:
    """What the job does until there is nothing more to do."""

    def kept() -> None:
        with in_organisation(acme):
            while keeping.keep():
                pass

    return kept


Keep = Callable[[], None]


def test_a_word_is_found_in_its_other_forms_and_the_word_itself_comes_first(
    alice: Any,
    room: Room,
    say: Say,
    find: Find,
    keep: Keep,
) -> None:
    for text in ("the boats are running", "a boat runs", "boating"):
        say(alice, room, text)
    assert find(alice, "boats runs") == []
    keep()
    assert find(alice, "boats runs") == ["a boat runs", "the boats are running"]
    assert find(alice, "run boats") == ["a boat runs", "the boats are running"]
    assert find(alice, '"boats"') == ["the boats are running"]
    assert find(alice, "boat -boats -boating") == ["a boat runs"]
    with in_organisation(alice.organisation):
        best = search(alice, "boats", order="best")
    assert "<mark>boats</mark>" in best.items[0].html
    assert "<mark>boat</mark>" in "".join(hit.html for hit in best.items)
    assert find(alice, "the") == ["the boats are running"]


def test_a_part_of_a_word_is_found(alice: Any, room: Room, say: Say, find: Find, keep: Keep) -> None:
    say(alice, room, "Der Donaudampfschifffahrtskapitän")
    keep()
    assert find(alice, "dampfschiff") == ["Der Donaudampfschifffahrtskapitän"]
    assert find(alice, "dampfschiff kapitän") == ["Der Donaudampfschifffahrtskapitän"]
    assert find(alice, "a_b dampfschiff") == []
    assert find(alice, '"dampfschiff"') == []


def test_the_language_is_the_organisations(
    alice: Any,
    room: Room,
    say: Say,
    find: Find,
    keep: Keep,
) -> None:
    say(alice, room, "die Häuser am Hafen")
    keep()
    assert find(alice, "hauses") == []
    with in_organisation(alice.organisation):
        change_settings(alice, {"search_language": "german"})
    forget()
    keep()
    assert find(alice, "hauses") == ["die Häuser am Hafen"]
    with in_organisation(alice.organisation):
        change_settings(alice, {"search_language": "simple"})
    forget()
    keep()
    assert find(alice, "hauses") == []


@pytest.mark.parametrize("language", ["russian", "french", "turkish", "finnish"])
def test_every_language_that_can_be_chosen_is_known_to_postgres(acme: Any, alice: Any, language: str) -> None:
    with in_organisation(acme):
        change_settings(alice, {"search_language": language})
        forget()
        keeping.keep()
        assert Vocabulary.objects.get().dictionary == f"{language}_stem"


def test_rows_of_an_older_index_are_indexed_anew(
    alice: Any,
    room: Room,
    say: Say,
    find: Find,
    keep: Keep,
) -> None:
    posted = say(alice, room, "東京都 https://example.org/")
    plain = say(alice, room, "nothing to see")
    with in_organisation(alice.organisation), connection.cursor() as cursor:
        MessageText.objects.update(created_at=datetime(2000, 1, 1, tzinfo=UTC), version=0, has_link=False)
        cursor.execute("update chat_messagetext set vector = to_tsvector('simple', '東京 京都')")
    assert find(alice, "都") == find(alice, "has:link") == find(alice, "during:today") == []
    keep()
    assert len(find(alice, "都")) == len(find(alice, "has:link")) == 1
    assert len(find(alice, "during:today")) == 2
    with in_organisation(alice.organisation):
        rows = {row.pk: row for row in MessageText.objects.all()}
        for message in Message.objects.filter(pk__in=[posted.message_id, plain.message_id]):
            assert rows[message.pk].created_at == message.created_at
            assert rows[message.pk].version == 1


def test_the_job_goes_on_until_all_is_done(
    alice: Any, room: Room, say: Say, run_jobs: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_ROWS", 2)
    for number in range(7):
        say(alice, room, f"boat {number}")
    with in_organisation(alice.organisation):
        MessageText.objects.update(version=0)
        keep_search(alice.organisation)
        keep_search(alice.organisation)  # the next turn comes before the first is done: still one job waits
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from procrastinate_jobs where task_name like '%%.keep_search' and status = 'todo' "
            "and args->>'organisation' = %s",
            [alice.organisation.schema_name],
        )
        assert cursor.fetchone() == (1,)
    run_jobs()
    with in_organisation(alice.organisation):
        assert not MessageText.objects.filter(version=0).exists()


def test_what_nobody_says_any_more_is_forgotten(alice: Any, room: Room, say: Say, keep: Keep) -> None:
    posted, edited = say(alice, room, "secretword stays"), say(alice, room, "otherword")
    keep()
    with in_organisation(alice.organisation):
        assert Word.objects.filter(word="secretword").exists()
        delete_message(alice, room.pk, posted.message_id)
        edit_message(alice, room.pk, edited.message_id, "stays")
        forget_unused_words(alice.organisation)
        assert set(Word.objects.values_list("word", flat=True)) == {"stays"}


def test_words_with_digits_and_pairs_are_not_kept(alice: Any, room: Room, say: Say, keep: Keep) -> None:
    say(alice, room, "a1b2c3d4 12345 東京都 it is word")
    keep()
    with in_organisation(alice.organisation):
        assert set(Word.objects.values_list("word", flat=True)) == {"word"}


# -- Files -------------------------------------------------------------------------------------------------------


def upload(person: Any, room: Room, name: str, content: bytes, *, posted: bool = True) -> int:
    with in_organisation(person.organisation):
        kept = attachments.receive(person, room.pk, SimpleUploadedFile(name, content))
        if posted:
            (answer,) = post_messages([Post(person.pk, room.pk, uuid.uuid4(), "", (kept.pk,))])
            assert isinstance(answer, Posted)
        return kept.pk


def files(person: Any, query: str) -> list[str]:
    with in_organisation(person.organisation):
        results = search(person, query, tab="files")
        assert results.counts["files"] == len(results.files)
        return [hit.name for hit in results.files]


def test_files_are_found_by_name_and_by_what_texts_say(
    alice: Any, bob: Any, charlie: Any, dana: Any, room: Room, public_room: Room, run_jobs: Callable[[], None]
) -> None:
    upload(alice, room, "Quarterly-Report_2026.txt", b"The whale is blue.\nNothing else.")
    upload(bob, public_room, "notes.md", "Über das Schiff".encode())
    upload(alice, room, "never posted.txt", b"whale", posted=False)
    upload(alice, room, "noise.bin", b"\x00\x01whale")
    run_jobs()
    assert files(alice, "whale") == ["Quarterly-Report_2026.txt"] == files(dana, "whale")
    assert files(charlie, "whale") == []
    assert (
        files(alice, "quarterly")
        == files(alice, "report")
        == files(alice, "quarter")
        == ["Quarterly-Report_2026.txt"]
    )
    assert files(charlie, "uber schiff") == ["notes.md"]
    assert files(dana, "schiff") == []
    assert files(alice, "whale from:bob") == []
    assert files(alice, "from:bob") == ["notes.md"] == files(alice, "in:lounge")
    assert (
        files(alice, "has:image whale")
        == files(alice, "has:link whale")
        == files(alice, "is:edited whale")
        == []
    )
    assert files(alice, "has:file during:today whale") == ["Quarterly-Report_2026.txt"]
    assert files(alice, "before:today whale") == []
    with in_organisation(alice.organisation):
        assert search(alice, "whale").counts["files"] == 1
        assert search(alice, "whale", tab="rooms").counts["files"] == 1


def test_a_deleted_file_is_not_found(alice: Any, room: Room, run_jobs: Callable[[], None]) -> None:
    kept = upload(alice, room, "plan.txt", b"whale")
    run_jobs()
    assert files(alice, "whale") == ["plan.txt"]
    with in_organisation(alice.organisation):
        delete_message(alice, room.pk, Attachment.objects.get(pk=kept).message_id)
        assert not AttachmentText.objects.exists()
    assert files(alice, "whale") == []


def test_files_of_before_are_taken_too(alice: Any, room: Room, keep: Keep) -> None:
    upload(alice, room, "plan.txt", b"whale " * 60_000)
    assert files(alice, "whale") == []
    keep()
    assert files(alice, "whale") == ["plan.txt"]


def test_files_come_in_pages(alice: Any, room: Room, keep: Keep, client_of: Browser) -> None:
    for number in range(5):
        upload(alice, room, f"plan {number}.txt", b"A <b>blue</b> whale")
    keep()
    with in_organisation(alice.organisation):
        first = search(alice, "plan", tab="files", limit=3)
        rest = search(alice, "plan", tab="files", limit=3, before=first.next)
    assert [hit.name for hit in [*first.files, *rest.files]] == [
        f"plan {number}.txt" for number in (4, 3, 2, 1, 0)
    ]
    assert (first.counts["files"], rest.next) == (5, None)
    browser: Client = client_of(alice)
    shown = browser.get("/search/?q=whale&tab=files").content.decode()
    assert "A &lt;b&gt;blue&lt;/b&gt; <mark>whale</mark>" in re.sub(r"\s+", " ", shown)
    assert "<mark>plan</mark>" in browser.get("/search/?q=plan&tab=files").content.decode()


def test_messages_are_locked_last(alice: Any, room: Room, say: Say) -> None:
    """Whoever changes one of them holds its room, and would wait for all the files that are read."""
    said = say(alice, room, "Boats")
    with in_organisation(alice.organisation):
        attachments.receive(alice, room.pk, SimpleUploadedFile("notes.txt", b"row, row"))
        MessageText.objects.filter(pk=said.message_id).update(version=0)
        with queries() as asked:
            keeping.keep()
    locking = next(
        number for number, one in enumerate(asked) if "NO KEY UPDATE" in one and "chat_message" in one
    )
    assert all("chat_attachmenttext" not in one for one in asked[locking:])


def test_words_that_come_ready_are_those_that_postgres_would_make_of_them(alice: Any) -> None:
    """Numbers and what looks like a version or a host among them; where that is not certain it makes them itself."""
    chance = random.Random(20261129)
    texts = [
        " ".join("".join(chance.choices("abexz019.-@/:", k=chance.randint(1, 8))) for _ in range(9))
        for _ in range(2000)
    ]
    texts += [
        "",
        "a " * 255,
        "a " * 256,
        "a b " * 90 + "other",
        "a b a b a",
        "w" * 200,
        "1e5 0x1f 12e 1e 1.5e-7 http://a.b/c",
    ]
    both = [(index_text(text), ready) for text in texts if (ready := vector(index_text(text))) is not None]
    assert len(both) > len(texts) // 2
    with in_organisation(alice.organisation), connection.cursor() as cursor:
        cursor.execute(
            "select words, vector from unnest(%s::text[], %s::text[]) as given (words, vector)"
            " where to_tsvector('simple', words) is distinct from vector::tsvector",
            [list(column) for column in zip(*both, strict=True)],
        )
        assert cursor.fetchall() == []
    uncertain = ("snake_case", "Ёжик", "a " * 256, "01e1x")
    assert [vector(index_text(text)) for text in uncertain] == [None] * 4
