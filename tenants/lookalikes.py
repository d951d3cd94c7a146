"""Addresses that look alike: what remains of one when the characters that people take for each other are folded."""

from django.db import models

_PAIRS = (("rn", "m"), ("vv", "w"))
_ALIKE, _FOLDED, _DROPPED = "01i538", "ollseb", "-"
_FOLD = str.maketrans(_ALIKE, _FOLDED, _DROPPED)


def skeleton(address: str) -> str:
    """`address` folded: two with one skeleton can be confused."""
    for pair, one in _PAIRS:
        address = address.replace(pair, one)
    return address.translate(_FOLD)


def _template() -> str:
    sql = "%(expressions)s"
    for pair, one in _PAIRS:
        sql = f"replace({sql}, '{pair}', '{one}')"
    # What `from` has more than `to` is dropped (PostgreSQL, "String Functions": translate).
    return f"translate({sql}, '{_ALIKE}{_DROPPED}', '{_FOLDED}')"


class Skeleton(models.Func):
    """The same in the database, where the registry has an index of it: one look whatever the number of addresses."""

    template = _template()
    output_field = models.TextField()
