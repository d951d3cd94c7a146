"""What people of an organisation can say of themselves beside name and title: administrators define it, each fills it in.

All of it runs inside an organisation. Names and values are shown to whoever may know of the person.
"""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import LONGEST_NAME, LONGEST_VALUE, Person, ProfileField, ProfileValue
from accounts.people import NotAllowed
from accounts.signals import person_changed

MOST_FIELDS = 20
MOST_CHOICES = 50
_check_link = URLValidator(schemes=["http", "https"])


class FieldRefused(ValueError):
    """Nothing was changed. The text is for the person."""


@dataclass(frozen=True, slots=True)
class Line:
    """A filled-in field, as a profile shows it."""

    name: str
    kind: str
    value: str

    @property
    def date(self) -> datetime.date | None:
        return datetime.date.fromisoformat(self.value) if self.kind == ProfileField.Kind.DATE else None


def fields() -> list[ProfileField]:
    """The fields in their order. One query."""
    return list(ProfileField.objects.order_by("place", "pk"))


def values_of(person: Person) -> dict[int, str]:
    """What `person` has filled in, by field. One query."""
    return dict(ProfileValue.objects.filter(person=person).values_list("field_id", "value"))


def lines_of(person: Person) -> list[Line]:
    """What the profile of `person` shows: nothing of who is deactivated. One query."""
    if not person.is_active:
        return []
    filled = ProfileValue.objects.filter(person=person).select_related("field")
    return [
        Line(one.field.name, one.field.kind, one.value) for one in filled.order_by("field__place", "field_id")
    ]


@transaction.atomic
def add_field(actor: Person, name: str, kind: str, choices: Sequence[str] = ()) -> ProfileField:
    """A new field after the others. Raises NotAllowed and FieldRefused."""
    present = _locked(actor)
    if len(present) >= MOST_FIELDS:
        raise FieldRefused(_("A profile has at most %d fields.") % MOST_FIELDS)
    if kind not in ProfileField.Kind.values:
        raise FieldRefused(_("Choose what kind of field it is."))
    field = ProfileField(name=_name(name), kind=kind, choices=_choices(kind, choices))
    field.place = max((one.place for one in present), default=0) + 1
    _save(field)
    return field


@transaction.atomic
def change_field(actor: Person, field_id: int, name: str, choices: Sequence[str] = ()) -> None:
    """Call a field something else, or offer other choices: who chose one that is gone keeps it until they choose anew.

    Raises NotAllowed, FieldRefused, ProfileField.DoesNotExist.
    """
    field = _find(_locked(actor), field_id)
    field.name, field.choices = _name(name), _choices(field.kind, choices)
    _save(field)


@transaction.atomic
def move_field(actor: Person, field_id: int, by: int) -> None:
    """One place up (-1) or down (1); at the end it stays. Raises NotAllowed, ProfileField.DoesNotExist."""
    present = _locked(actor)
    at = present.index(_find(present, field_id))
    goal = min(max(at + by, 0), len(present) - 1)
    present.insert(goal, present.pop(at))
    for place, field in enumerate(present, 1):
        field.place = place
    ProfileField.objects.bulk_update(present, ["place"])


@transaction.atomic
def remove_field(actor: Person, field_id: int) -> None:
    """Take a field away, with what people have filled in. Raises NotAllowed, ProfileField.DoesNotExist."""
    _find(_locked(actor), field_id).delete()


@transaction.atomic
def fill_in(person: Person, values: Mapping[int, str]) -> None:
    """Say these of oneself, by field; "" says nothing. What is of no field (any more) is passed over.

    Raises FieldRefused, and then changes nothing. Announces only what differs.
    """
    before, changed = values_of(person), False
    for field in fields():
        value = _value(field, values.get(field.pk, before.get(field.pk, "")), before.get(field.pk))
        if value == before.get(field.pk, ""):
            continue
        changed = True
        if value:
            ProfileValue.objects.update_or_create(field=field, person=person, defaults={"value": value})
        else:
            ProfileValue.objects.filter(field=field, person=person).delete()
    if changed:
        person_changed.send(Person, person=person, changed=frozenset({"profile"}))


def _value(field: ProfileField, text: str, before: str | None) -> str:
    value = " ".join(text.replace("\x00", "").split())
    if not value or value == before:
        return value
    if field.kind == ProfileField.Kind.LINK and "://" not in value:
        value = f"https://{value}"
    if len(value) > LONGEST_VALUE:
        raise FieldRefused(
            _("%(name)s: at most %(most)d characters.") % {"name": field.name, "most": LONGEST_VALUE}
        )
    refused = FieldRefused(_("%(name)s: this does not fit.") % {"name": field.name})
    try:
        if field.kind == ProfileField.Kind.LINK:
            _check_link(value)
        elif field.kind == ProfileField.Kind.DATE:
            value = datetime.date.fromisoformat(value).isoformat()
        elif field.kind == ProfileField.Kind.CHOICE and value not in field.choices:
            raise refused
    except (ValidationError, ValueError):
        raise refused from None
    return value


def _locked(actor: Person) -> list[ProfileField]:
    if not actor.is_administrator:
        raise NotAllowed(_("Only administrators can do this."))
    return list(ProfileField.objects.select_for_update(no_key=True).order_by("place", "pk"))


def _find(present: Collection[ProfileField], field_id: int) -> ProfileField:
    for field in present:
        if field.pk == field_id:
            return field
    raise ProfileField.DoesNotExist


def _name(text: str) -> str:
    name = " ".join(text.replace("\x00", "").split())
    if not name or len(name) > LONGEST_NAME:
        raise FieldRefused(_("Give it a name of at most %d characters.") % LONGEST_NAME)
    return name


def _choices(kind: str, choices: Sequence[str]) -> list[str]:
    if kind != ProfileField.Kind.CHOICE:
        return []
    found = list(dict.fromkeys(filter(None, (" ".join(one.replace("\x00", "").split()) for one in choices))))
    if not 1 < len(found) <= MOST_CHOICES or any(len(one) > LONGEST_NAME for one in found):
        raise FieldRefused(
            _("Name two to %(count)d choices of at most %(most)d characters, one a line.")
            % {"count": MOST_CHOICES, "most": LONGEST_NAME}
        )
    return found


def _save(field: ProfileField) -> None:
    try:
        with transaction.atomic():
            field.save()
    except IntegrityError:
        raise FieldRefused(_("There is a field of this name already.")) from None
