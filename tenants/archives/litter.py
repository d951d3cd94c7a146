"""Files whose organisation is not there: those of a restore that came to nothing, and of an erasure that died.

Postgres takes back what was not committed; a storage does not. So before files come that no committed row names, or the
rows that name files go, a mark is left beside them. Whatever ends well takes its own mark away, and the next command
ends what died, by what Postgres says has become of it. In `public`.
"""

import json
from collections.abc import Iterable
from contextlib import suppress

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from tenants.archives import files, traces
from tenants.archives.errors import Refused
from tenants.archives.exclusive import alone_with
from tenants.models import Organisation

_MARKS = "restoring"  # a folder beside those of the organisations
_PATIENCE = 1_000  # milliseconds for the lock of one that may be under way


def mark(schema_name: str, replaced: Organisation | None = None, coming: Iterable[str] = ()) -> None:
    """Note that below the schema's name there are, or soon will be, files of none: those `coming` where an organisation is
    being replaced, which has another epoch afterwards, else all.
    """
    noted = {"epoch": str(replaced.epoch) if replaced else None, "coming": list(coming)}
    default_storage.delete(f"{_MARKS}/{schema_name}")  # a storage would give a second one another name
    default_storage.save(f"{_MARKS}/{schema_name}", ContentFile(json.dumps(noted).encode()))


def unmark(schema_name: str) -> None:
    default_storage.delete(f"{_MARKS}/{schema_name}")


def remove() -> None:
    """End what died: each mark of nobody's who is at work now."""
    for schema_name in files.listed(_MARKS)[1]:
        with suppress(Refused), alone_with(schema_name, patience=_PATIENCE):  # refused: that one is under way
            clear(schema_name)


def clear(schema_name: str) -> None:
    """Remove what the mark says is nobody's, if that is still so, and the mark. For who is alone with the schema.

    Raises django.db.Error where Postgres can't say; then everything stays for the next.
    """
    organisation = Organisation.objects.filter(schema_name=schema_name).first()
    if organisation is None:
        files.remove_all(schema_name)
        traces.forget_keys(schema_name)
    else:
        files.remove(schema_name, _coming(schema_name, organisation))
    unmark(schema_name)


def _coming(schema_name: str, organisation: Organisation) -> list[str]:
    """The names in its mark, as long as the organisation was not replaced."""
    with (
        default_storage.open(f"{_MARKS}/{schema_name}") as file,
        suppress(ValueError),
    ):  # cut off before any came
        noted = json.load(file)
        if noted["epoch"] == str(organisation.epoch):
            return noted["coming"]
    return []
