"""Files whose organisation is not there: those of a restore that came to nothing, and of an erasure that died.

Postgres takes back what was not committed; a storage does not. So before files come that no committed row names, or the
rows that name files go, a mark is left beside them. Whatever ends well takes its own mark away, and the next command
ends what died, by what Postgres says has become of it. In `public`, each for who is alone with the schema.
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError

from tenants.archives import files, traces
from tenants.archives.errors import Refused
from tenants.archives.exclusive import alone_with
from tenants.db import in_organisation
from tenants.models import Organisation

_MARKS = "restoring"  # a folder beside those of the organisations, with one for each mark: it goes with all its versions


def mark(
    schema_name: str,
    replaced: Organisation | None = None,
    *,
    coming: Iterable[str] = (),
    going: Iterable[str] = (),
) -> None:
    """Note that below the schema's name there are, or soon will be, files of none: all of them where no organisation has
    it then. Where one is being replaced, which has another epoch afterwards: those `coming` unless that is committed, and
    those `going` if it is.
    """
    epoch = str(replaced.epoch) if replaced else None
    noted = {"epoch": epoch, "coming": list(coming), "going": list(going)}
    default_storage.delete(_mark(schema_name))  # a storage would give a second one another name
    default_storage.save(_mark(schema_name), ContentFile(json.dumps(noted).encode()))


def unmark(schema_name: str) -> None:
    files.remove_all(f"{_MARKS}/{schema_name}")


def remove() -> None:
    """End what died: each mark of nobody's who is at work now."""
    for schema_name in files.listed(_MARKS)[0]:
        # Refused: that one is under way. An error of the database: its schema waits for a migration that is not run yet.
        with suppress(Refused, DatabaseError), alone_with(schema_name):
            clear(schema_name)


def clear(schema_name: str) -> None:
    """Remove what the mark says is nobody's, if that is still so, and the mark. Without a mark there is nothing to do.

    Raises django.db.Error where Postgres can't say; then everything stays for the next.
    """
    if not default_storage.exists(_mark(schema_name)):
        return
    organisation = Organisation.objects.filter(schema_name=schema_name).first()
    if organisation is None:
        files.remove_all(schema_name)
        traces.forget_keys(schema_name)
    elif noted := _noted(schema_name):
        _remove_nobodys(organisation, noted)
    unmark(schema_name)


def _mark(schema_name: str) -> str:
    return f"{_MARKS}/{schema_name}/mark"


def _noted(schema_name: str) -> dict[str, Any]:
    with default_storage.open(_mark(schema_name)) as file, suppress(ValueError):
        return json.load(file)  # type: ignore[no-any-return]
    return {}  # cut off: then nothing has come yet


def _remove_nobodys(organisation: Organisation, noted: dict[str, Any]) -> None:
    """Those that no row names: a storage that had lost files may have got them back since."""
    was_replaced = noted["epoch"] != str(organisation.epoch)
    names = noted["going" if was_replaced else "coming"]
    with in_organisation(organisation):
        kept = files.named(organisation.schema_name, names)
    files.remove(organisation.schema_name, [name for name in names if name not in kept])
