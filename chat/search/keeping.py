"""Keeping what search reads: rows of an older version indexed anew, new words learned, files' words taken.

A job does some of it each time (chat.jobs.keep_search), off the path of a message: whoever posts stores the words as
they are, and that is all that a search for them needs.
"""

from collections.abc import Iterable

import msgspec
from django.db import connection, transaction

from accounts.organisation_settings import organisation_settings
from chat import fragments, sql
from chat.files import storing
from chat.models import Attachment, Message, MessageText, Vocabulary
from chat.search.beside import words_beside
from chat.text.index import VERSION, index_text

_ROWS = 500  # of messages in one transaction
_FILES = 50
_WORDS_OF_ROWS = 5_000
_LATE = 500  # ids that were drawn earlier may be committed later: an import draws 250 for one transaction
_LONGEST_TEXT = 256 * 1024  # bytes of a file that are read
_MOST_WORDS = 20_000  # of a file

_INDEX = """
update chat_messagetext words
set vector = to_tsvector('simple', given.words), created_at = given.created, has_link = given.link, version = %(version)s
from json_to_recordset(%(rows)s::json) as given (id bigint, words text, created timestamptz, link boolean)
where words.message_id = given.id
"""
# Pairs are shorter than three characters; numbers and what has digits in it would be most of all words.
_LEARN = """
with fresh as materialized (
    select message_id, vector from chat_messagetext where message_id > %(upto)s order by message_id limit %(rows)s
), said as (
    select distinct lexeme as word from fresh, unnest(tsvector_to_array(vector)) as lexeme
    where length(lexeme) between 3 and 40 and lexeme !~ '[0-9_]'
), learned as (
    insert into chat_word (word, stem)
    select word, coalesce((ts_lexize(%(dictionary)s::regdictionary, word))[1], word) from said order by word
    on conflict do nothing
)
select count(*), max(message_id) from fresh
"""
_STEM = "update chat_word set stem = coalesce((ts_lexize(%s::regdictionary, word))[1], word)"
_KNOWN = "select exists (select from pg_ts_dict where dictname = %s and dictnamespace = 'pg_catalog'::regnamespace)"
# A word at a time asks the index of words, which is how a search would find it.
_FORGET = """
delete from chat_word where not exists (
    select from chat_messagetext where vector @@ quote_literal(word)::tsquery)
and not exists (select from chat_attachmenttext where vector @@ quote_literal(word)::tsquery)
"""
_TAKE = """
with file as (
    select id, to_tsvector('simple', %(name)s) as name from chat_attachment
    where id = %(file)s and state = 'ready'
), learned as (
    insert into chat_word (word, stem)
    select word, coalesce((ts_lexize(
        coalesce((select dictionary from chat_vocabulary), 'simple')::regdictionary, word))[1], word)
    from file, unnest(tsvector_to_array(name)) as word
    where length(word) between 3 and 40 and word !~ '[0-9_]' order by word
    on conflict do nothing
)
insert into chat_attachmenttext (attachment_id, vector)
select id, setweight(name, 'A') || to_tsvector('simple', %(text)s) from file
on conflict (attachment_id) do update set vector = excluded.vector
"""


@transaction.atomic
def keep() -> bool:
    """Do some of what there is to do; whether there is more. Inside the organisation.

    What locks messages comes last: whoever changes one of them holds its room, and must not wait for files to be read.
    """
    more_files, learn_more, index_again = _take_files(), _learn(), _index_again()
    return index_again or learn_more or more_files


def _index_again() -> bool:
    """Index anew the rows of an older version. An edit meanwhile waits for its message, and stores its own words after."""
    old = MessageText.objects.filter(version__lt=VERSION).order_by("-pk")
    ids = list(old.values_list("pk", flat=True)[:_ROWS])
    if not ids:
        return False
    messages = list(Message.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
    drawn = fragments.render_all(
        [message.text for message in messages], [message.author_id for message in messages]
    )
    beside = words_beside(ids)
    rows = [
        {
            "id": message.pk,
            "words": index_text(f"{rendered.plain}\n{beside.get(message.pk, '')}"),
            "created": message.created_at,
            "link": sql.has_link(rendered),
        }
        for message, rendered in zip(messages, drawn, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INDEX, {"version": VERSION, "rows": msgspec.json.encode(rows).decode()})
    return len(ids) == _ROWS


def _learn() -> bool:
    """Learn the words of new messages, with stems of the organisation's language; all stems anew when that has changed."""
    known, _ = Vocabulary.objects.select_for_update().get_or_create(pk=1)
    dictionary = _dictionary()
    with connection.cursor() as cursor:
        if dictionary != known.dictionary:
            cursor.execute(_STEM, [dictionary])
            known.dictionary = dictionary
        values: dict[str, str | int] = {"upto": known.upto, "rows": _WORDS_OF_ROWS, "dictionary": dictionary}
        cursor.execute(_LEARN, values)
        count, last = cursor.fetchone()
    known.upto = max(known.upto, (last or 0) - _LATE)
    known.save()
    return bool(count == _WORDS_OF_ROWS)


def _dictionary() -> str:
    """Postgres' name for what knows the language's endings; a Postgres that has none of it knows no endings."""
    language = organisation_settings().search_language
    name = "simple" if language == "simple" else f"{language}_stem"
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [name])
        (exists,) = cursor.fetchone()
    return name if exists else "simple"


def forget_unused_words() -> None:
    """Forget the words that nothing says any more: what was deleted leaves not even a word. Inside the organisation."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET)


def _take_files() -> bool:
    waiting = Attachment.objects.filter(words__isnull=True, state=Attachment.State.READY).order_by("-pk")
    found = list(waiting.values_list("pk", flat=True)[:_FILES])
    for attachment_id in found:
        take_words(attachment_id)
    return len(found) == _FILES


def take_words(attachment_id: int) -> None:
    """Index the name of a file, and what it says if it is a text: the first quarter of a megabyte. Doing it twice does no
    harm; a file that is not there (any more), or not ready, has no words. Inside the organisation."""
    attachment = Attachment.objects.filter(pk=attachment_id, state=Attachment.State.READY).first()
    if attachment is None:
        return
    text = ""
    if attachment.kind == Attachment.Kind.TEXT:
        try:
            text = _text(storing.read(attachment.stored, 0, min(attachment.size, _LONGEST_TEXT)))
        except FileNotFoundError:
            text = ""
    words = " ".join(index_text(text).split(" ")[:_MOST_WORDS])
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"file": attachment.pk, "name": index_text(attachment.name), "text": words})


def _text(pieces: Iterable[bytes]) -> str:
    return b"".join(pieces).decode("utf-8-sig", errors="ignore").replace("\0", " ")
