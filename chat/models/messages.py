"""Messages, whom they mention, and the text that search reads."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

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
    html_version = models.PositiveSmallIntegerField()
    mentions_room = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    pinned_at = models.DateTimeField(null=True)
    # Nobody asks what a person pinned: an index would only make posting dearer.
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
        ]

    def __str__(self) -> str:
        return f"m{self.pk} at {self.position} in r{self.room_id}"


class Mention(models.Model):
    """A person whom a message names, directly or by `@room`."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="mentions")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    room = models.ForeignKey(Room, models.CASCADE, related_name="+")
    position = models.BigIntegerField(null=True)  # the message's: without one it does not count in the room

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "person"], name="mention_once")]
        indexes = [models.Index(fields=["person", "room", "position"], name="mention_unread")]

    def __str__(self) -> str:
        return f"p{self.person_id} in m{self.message_id}"


class MessageText(models.Model):
    """The words of a message, in a table of their own: changing revisions on rows with text indexes cost nine times
    as much (DESIGN 1). Tombstones have none."""

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="words")
    room = models.ForeignKey(Room, models.CASCADE, related_name="+", db_index=False)  # message_words_room
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    vector = SearchVectorField()

    class Meta:
        indexes = [
            # New words wait in a list of 256 kB, which a search reads too, and enter the index together: one by one
            # they cost 510 of the 735 µs that storing a message took Postgres (a kilobyte, in batches of 20).
            GinIndex(fields=["vector"], name="message_words", fastupdate=True, gin_pending_list_limit=256),
            models.Index(fields=["room", "-message"], name="message_words_room"),
        ]

    def __str__(self) -> str:
        return f"words of m{self.message_id}"
