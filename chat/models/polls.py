"""Polls and to-do lists: what a message asks, what people chose, what is done."""

from django.conf import settings
from django.db import models

from chat.models.messages import Message


class Poll(models.Model):
    """A poll of a message, whose text is the question. `open` lets every member add options; an `anonymous` one never
    tells who chose what. It ends at `closes_at`, or when it was `closed_at`."""

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="+")
    multiple = models.BooleanField(default=False)
    anonymous = models.BooleanField(default=False)
    open = models.BooleanField(default=False)
    closes_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"poll of m{self.message_id}"


class PollOption(models.Model):
    """One answer; `number` counts from 1 in its poll and never changes."""

    poll = models.ForeignKey(Poll, models.CASCADE, related_name="options", db_index=False)
    number = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=200)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["poll", "number"], name="poll_option_once")]

    def __str__(self) -> str:
        return f"option {self.number} of m{self.poll_id}"


class PollVote(models.Model):
    """One choice of one person. `single` is copied from the poll, so that the database itself holds "one vote each"."""

    poll = models.ForeignKey(Poll, models.CASCADE, related_name="votes", db_index=False)
    option = models.ForeignKey(PollOption, models.CASCADE, related_name="votes", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    single = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["option", "person"], name="poll_vote_once"),
            models.UniqueConstraint(
                fields=["poll", "person"], condition=models.Q(single=True), name="poll_single_vote_once"
            ),
        ]
        indexes = [models.Index(fields=["poll"], name="poll_vote_poll")]

    def __str__(self) -> str:
        return f"p{self.person_id} for option {self.option_id}"


class TodoList(models.Model):
    """A to-do list of a message, whose text is its title."""

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return f"to-do list of m{self.message_id}"


class TodoItem(models.Model):
    """Something to do. `number` is its name in the list and never changes, `place` is where it stands."""

    todo = models.ForeignKey(TodoList, models.CASCADE, related_name="items", db_index=False)
    number = models.PositiveSmallIntegerField()
    place = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=300)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["todo", "number"], name="todo_item_once")]

    def __str__(self) -> str:
        return f"item {self.number} of m{self.todo_id}"
