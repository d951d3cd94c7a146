"""What a search says about what it did not understand."""

from django.utils.translation import gettext as _

from chat.search import Problem
from chat.text.query import HAS, IS, OPERATORS


def explained(problem: Problem) -> str:
    """A sentence for the person: what was not understood, and what to write instead."""
    value = {"value": problem.value}
    match problem.kind:
        case "operator":
            known = ", ".join(f"{name}:" for name in OPERATORS)
            return _(
                "“%(value)s:” narrows nothing down, so it was searched for as words. There are %(known)s."
            ) % {
                **value,
                "known": known,
            }
        case "missing":
            return _("Write what you mean right behind “%(value)s:”, without a space.") % value
        case "has":
            return _("“has:%(value)s” means nothing and was left out. There are: %(known)s.") % {
                **value,
                "known": ", ".join(HAS),
            }
        case "is":
            return _("“is:%(value)s” means nothing and was left out. There are: %(known)s.") % {
                **value,
                "known": ", ".join(IS),
            }
        case "from":
            return _("Nobody whom you know of is called “%(value)s”.") % value
        case "in":
            return _("No room that you may read is called “%(value)s”.") % value
        case _:
            return (
                _(
                    "“%(value)s” is no date and was left out. Write 2026-11-29, 2026-11, 2026, today, yesterday, week, month "
                    "or year."
                )
                % value
            )
