"""What an organisation has decided for itself: one place to which features add a field.

A feature adds a field with its default to `OrganisationSettings` and one of the same name to a section of
`accounts.organisation_settings_form`; there is nothing to migrate. Each setting is a row of its own, so two
administrators who change different things at once both succeed.
"""

import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
import structlog
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import OrganisationSetting, Person
from accounts.people import NotAllowed
from tenants.db import current_organisation

log = structlog.get_logger(__name__)

LASTS_SECONDS = 5.0  # how long another process may still go by what was decided before
_MOST = 10_000
_known: dict[str, tuple[float, "OrganisationSettings"]] = {}

type Minutes = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
# Those for which PostgreSQL 15 and newer have a stemmer.
type Language = Literal[
    "simple", "arabic", "armenian", "basque", "catalan", "danish", "dutch", "english", "finnish", "french", "german",
    "greek", "hindi", "hungarian", "indonesian", "irish", "italian", "lithuanian", "nepali", "norwegian", "portuguese",
    "romanian", "russian", "serbian", "spanish", "swedish", "tamil", "turkish", "yiddish",
]  # fmt: skip


class OrganisationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting with its default. A field is never given another meaning: make a new one."""

    # How long after posting its author may edit or delete a message; 0: for ever. Administrators may always delete.
    edit_window: Minutes = 0
    delete_window: Minutes = 0
    # Who sees what a message said before it was edited: everybody who reads it, its author and administrators, or nobody;
    # then it is not kept.
    edit_history: Literal["everybody", "administrators", "nobody"] = "everybody"
    # Gigabytes of files that may be stored, within the deployment's own limit; 0: as much as that.
    file_quota: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    link_previews: bool = True
    change_own_name: bool = True  # or administrators keep people's names
    # Whether members may add emoji, or administrators only.
    emoji_by_members: bool = True
    receipts: bool = True  # people see who has read, those who share it themselves
    # Who may say @room and @here in a room of more people than chat.naming.MANY.
    naming_everybody: Literal["everybody", "administrators"] = "everybody"
    # Whose word endings search knows, by Postgres' name for it; "simple": none. Words of all languages are found anyhow.
    search_language: Language = "english"
    # Days for which messages are kept where a room decides nothing else; 0: for ever.
    retention_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 0


def organisation_settings() -> OrganisationSettings:
    """The settings of the organisation that was entered. No query while an answer of this process is fresh, else one.

    Not for decisions that must follow a change at once: other processes hear of it within `LASTS_SECONDS`.
    """
    schema = current_organisation().schema_name
    until, known = _known.get(schema, (0.0, None))
    if known is None or until <= time.monotonic():
        known = _read()
        if len(_known) >= _MOST:
            _known.clear()
        _known[schema] = time.monotonic() + LASTS_SECONDS, known
    return known


@transaction.atomic
def change_settings(actor: Person, values: Mapping[str, Any]) -> OrganisationSettings:
    """Decide anew what `values` names. Raises NotAllowed, and msgspec.ValidationError for what no setting can be."""
    if not actor.is_administrator:
        raise NotAllowed(_("Only administrators can do this."))
    before = msgspec.structs.asdict(_read())
    after = msgspec.convert({**before, **values}, OrganisationSettings)
    for name, value in msgspec.structs.asdict(after).items():
        if name in values and value != before[name]:
            OrganisationSetting.objects.update_or_create(
                name=name, defaults={"value": value, "changed_at": Now(), "changed_by": actor}
            )
    transaction.on_commit(forget)
    return after


def forget() -> None:
    """Forget what this process remembers of every organisation's settings."""
    _known.clear()


def _read() -> OrganisationSettings:
    """From the table. What another version of the code wrote and this one can't read counts as not decided."""
    stored = dict(OrganisationSetting.objects.values_list("name", "value"))
    readable: dict[str, Any] = {}
    for one in msgspec.structs.fields(OrganisationSettings):
        if one.name not in stored:
            continue
        try:
            readable[one.name] = msgspec.convert(stored[one.name], one.type)
        except msgspec.ValidationError as error:
            log.warning("a setting can't be read", setting=one.name, error=str(error))
    return OrganisationSettings(**readable)
