"""Commands about people: oneself, and whom one writes to."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import statuses
from chat import rooms
from chat.commands.answers import Answer, Asked, Command, CommandRefused, Led, Told
from chat.commands.names import people_first
from chat.messages import post_messages
from chat.posts import Post, Refused
from chat.text import emoji


def status(asked: Asked) -> Answer:
    """An emoji first, or its `:name:`, then words; `clear` takes it away."""
    person, argument = asked.person, emoji.replace(asked.argument)
    if not argument:
        now = f"{person.status_emoji} {person.status_text}".strip()
        return Told(_("Your status: %s") % now if now else _("You have no status."))
    if argument.casefold() in ("clear", _("clear")):
        statuses.clear_status(person)
        return Told(_("Your status is cleared."))
    first, _blank, rest = argument.partition(" ")
    sign = emoji.known(first) or ""
    try:
        statuses.set_status(person, emoji=sign, text=rest if sign else argument, until=None)
    except statuses.StatusRefused as refused:
        raise CommandRefused("status", str(refused)) from None
    return Told(_("Your status is now: %s") % f"{person.status_emoji} {person.status_text}".strip())


def away(asked: Asked) -> Answer:
    statuses.appear_away(asked.person, away=True)
    return Told(_("You appear away, wherever you have Parley open. /active takes that back."))


def active(asked: Asked) -> Answer:
    statuses.appear_away(asked.person, away=False)
    return Told(_("Others see that you are around while you have Parley open."))


def message(asked: Asked) -> Answer:
    """Go to the direct message with these people, and say something there if there is something to say."""
    people, text = people_first(asked.person, asked.argument)
    if not people:
        raise CommandRefused("nobody", _("Name people with @, such as @Ada Lovelace."))
    direct = rooms.open_direct(asked.person, people)
    if text:
        (answer,) = post_messages([Post(asked.person.pk, direct.pk, asked.client_id, text)])
        if isinstance(answer, Refused):
            raise CommandRefused(answer.code, answer.detail)
    return Led(reverse("room", args=[direct.pk]))


COMMANDS = (
    Command("status", gettext_lazy("[:emoji:] [text] | clear"), gettext_lazy("Show what you are at beside your name."), status),
    Command("away", "", gettext_lazy("Look as if you were not around."), away),
    Command("active", "", gettext_lazy("Let others see again that you are around."), active),
    Command("msg", gettext_lazy("@person … [text]"), gettext_lazy("Write to people directly."), message, counts_as="direct"),
)  # fmt: skip
