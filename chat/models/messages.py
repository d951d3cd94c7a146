"""Messages, whom they mention, and the text that search reads."""

from datetime import UTC, datetime

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now

from chat.models.rooms import Room


class Message(models.Model):
    """A message of a room.

    `position` is its number there: no gaps, never changes. A reply in a thread has none, unless it was sent to the
    room as well; it has its `thread` (the root) and a `thread_position`, its number among the replies
    (docs/threads.md). `revision` is the room's `head` at its last change.
    `created_at` comes from the database's clock and strictly increases within the room. `html` is the fragment
    that everybody sees, rendered when the message changed, at `html_version` of the template.
    """

    class Kind(models.TextChoices):
        POST = "post"
        SYSTEM = "system"
        IMPORTED = "imported"
        MOVED = "moved"  # what stays where a message was that is in another room now (chat.moving)

    # Neither has an index of its own: those of two columns below answer for them. One by the author alone was taken to
    # look up a client_id while the table was young, and read all that somebody ever wrote.
    room = models.ForeignKey(Room, models.CASCADE, related_name="+", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    position = models.BigIntegerField(null=True)
    # No index of its own: every plain message would pay for it, and `message_thread_position_once` answers.
    thread = models.ForeignKey("self", models.CASCADE, null=True, related_name="+", db_index=False)
    thread_position = models.BigIntegerField(null=True)
    revision = models.BigIntegerField()
    client_id = models.UUIDField()
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.POST)
    text = models.TextField()
    # Of the text as first posted: a retry after an edit is still the same post, another text is a conflict.
    digest = models.BinaryField(max_length=16)
    html = models.TextField()
    html_version = models.SmallIntegerField()
    mentions_room = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    # Nobody asks what a person deleted or pinned: an index would only make posting dearer.
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    pinned_at = models.DateTimeField(null=True)
    pinned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "position"], name="message_position_once"),
            models.UniqueConstraint(
                fields=["thread", "thread_position"],
                condition=models.Q(thread__isnull=False),
                name="message_thread_position_once",
            ),
            models.CheckConstraint(
                condition=models.Q(position__isnull=False, thread__isnull=True, thread_position__isnull=True)
                | models.Q(thread__isnull=False, thread_position__isnull=False),
                name="message_has_a_place",
            ),
            models.UniqueConstraint(fields=["author", "client_id"], name="message_client_id_once"),
        ]
        indexes = [
            models.Index(fields=["room", "revision"], name="message_revision"),
            # What does not count as unread: tombstones and what nobody posted.
            models.Index(
                fields=["room", "position"],
                condition=models.Q(deleted_at__isnull=False) | ~models.Q(kind="post"),
                name="message_not_unread",
            ),
            models.Index(
                fields=["room", "pinned_at"],
                condition=models.Q(pinned_at__isnull=False),
                name="message_pinned",
            ),
            # For `is:edited`; only what was edited pays for it.
            models.Index(
                fields=["edited_at"],
                condition=models.Q(edited_at__isnull=False),
                name="message_edited",
            ),
        ]

    def __str__(self) -> str:
        return f"m{self.pk} at {self.position} in r{self.room_id}"


class Mention(models.Model):
    """A person whom a message names, in one or several ways.

    `position` and `created_at` are the message's. One without a position stands in a thread only and does not count in
    the room: it is `unread` until the thread is read (chat.mentions).
    """

    class Way(models.IntegerChoices):
        """Bits: an edit may take one way and leave another."""

        NAME = 1
        GROUP = 2
        HERE = 4
        ROOM = 8

    message = models.ForeignKey(Message, models.CASCADE, related_name="mentions")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="+")
    position = models.BigIntegerField(null=True)
    ways = models.PositiveSmallIntegerField(default=Way.NAME, db_default=Way.NAME)
    created_at = models.DateTimeField(db_default=Now())
    unread = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "person"], name="mention_once")]
        indexes = [
            models.Index(fields=["person", "room", "position"], name="mention_unread"),
            models.Index(fields=["person", "-created_at", "-message"], name="mention_newest"),
            models.Index(fields=["person"], condition=models.Q(unread=True), name="mention_in_thread"),
        ]

    def __str__(self) -> str:
        return f"p{self.person_id} in m{self.message_id}"


class MessageText(models.Model):
    """The words of a message, in a table of their own: changing revisions on rows with text indexes cost nine times
    as much (DESIGN 1). Tombstones have none.

    `created_at` and `has_link` are the message's, so that a search by them reads this table only. `version` is that of
    `chat.text.index`; a row of an older one has no `created_at` yet and is indexed anew (docs/search.md).
    """

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="words")
    # Those of the message, whose own references are checked: checking them again was a fifteenth of a post. The indexes
    # are message_words_room and message_words_author.
    room = models.ForeignKey(Room, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    vector = SearchVectorField()
    created_at = models.DateTimeField(db_default=datetime(2000, 1, 1, tzinfo=UTC))
    has_link = models.BooleanField(db_default=False)
    version = models.SmallIntegerField(db_default=0)

    class Meta:
        indexes = [
            # New words wait in a list of 256 kB, which a search reads too, and enter the index together: one by one
            # they cost 510 of the 735 µs that storing a message took Postgres (a kilobyte, in batches of 20).
            GinIndex(fields=["vector"], name="message_words", fastupdate=True, gin_pending_list_limit=256),
            # The newest first: of a common word, of one room, of one person.
            models.Index(fields=["created_at"], name="message_words_when"),
            models.Index(fields=["room", "created_at"], name="message_words_room"),
            models.Index(fields=["author", "created_at"], name="message_words_author"),
            # What few messages are in costs the others nothing.
            models.Index(
                fields=["created_at"], condition=models.Q(has_link=True), name="message_words_links"
            ),
            models.Index(fields=["message"], condition=models.Q(version__lt=1), name="message_words_old"),
        ]

    def __str__(self) -> str:
        return f"words of m{self.message_id}"
