"""Being reminded, by a line of words and a time."""

from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.commands.answers import Answer, Asked, Command, CommandRefused, Told
from chat.reminders import set_reminder_as_written
from chat.when import WhenRefused


def remind(asked: Asked) -> Answer:
    """`me in 20 minutes to call Bob`, as chat.when reads it."""
    if not asked.argument:
        raise CommandRefused(
            "empty", _("Say when and of what, such as: /remind me in 20 minutes to call Bob")
        )
    try:
        reminder = set_reminder_as_written(asked.person, asked.argument)
    except WhenRefused as refused:
        raise CommandRefused(refused.code, refused.detail) from None
    due = reminder.due_at.astimezone(ZoneInfo(asked.person.time_zone))
    when = formats.date_format(due, "DATETIME_FORMAT")
    return Told(_("You will be reminded on %(when)s: %(text)s") % {"when": when, "text": reminder.text})


COMMANDS = (Command("remind", gettext_lazy("me in 20 minutes to …"), gettext_lazy("Be reminded."), remind),)
