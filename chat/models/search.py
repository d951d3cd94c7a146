"""What search knows beside the words of messages: in which other forms they occur, and the words of files."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from chat.models.attachments import Attachment


class Word(models.Model):
    """A word that somebody wrote in the organisation, without saying where, and its stem in the organisation's language.

    A search asks it for words of the same stem and for words with a part, so that neither has to be in the index of
    every message (docs/search.md). Nothing with digits, nothing of Chinese, Japanese or Korean. Never shown.
    """

    word = models.TextField(primary_key=True)
    stem = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["stem"], name="word_stem"),
            # A search reads what waits to be entered as well: here it is the worker's time that is spent.
            GinIndex(fields=["word"], name="word_parts", opclasses=["public.gin_trgm_ops"], fastupdate=False),
        ]

    def __str__(self) -> str:
        return self.word


class Vocabulary(models.Model):
    """How far the words of messages are known (one row): those of messages up to the id `upto`, with stems of Postgres'
    `dictionary`."""

    upto = models.BigIntegerField(default=0)
    dictionary = models.CharField(max_length=40, default="simple")

    def __str__(self) -> str:
        return f"words up to m{self.upto}, {self.dictionary}"


class AttachmentText(models.Model):
    """The words of a file's name, and of what it says if it is a text. Files that are not ready have none.
    In which room it is says the file: its message may move."""

    attachment = models.OneToOneField(Attachment, models.CASCADE, primary_key=True, related_name="words")
    vector = SearchVectorField()

    class Meta:
        indexes = [GinIndex(fields=["vector"], name="attachment_words", fastupdate=False)]

    def __str__(self) -> str:
        return f"words of f{self.attachment_id}"
