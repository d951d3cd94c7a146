"""What people say about themselves, and who may change their names: an organisation's setting."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Notify, Person
from accounts.organisation_settings import organisation_settings
from accounts.people import NotAllowed, known_time_zone, may_manage
from accounts.signals import person_changed


def may_rename(person: Person) -> bool:
    """Whether `person` may change their own name. No query while the settings are fresh."""
    return person.is_administrator or organisation_settings().change_own_name


@transaction.atomic
def update_profile(person: Person, *, name: str, time_zone: str, title: str = "", notify: str = "") -> None:
    """Change what people say about themselves, and of what they are told; announces only what differs.

    Raises NotAllowed for another name where the organisation's administrators keep the names.
    """
    if name != person.name and not may_rename(person):
        raise NotAllowed(_("Administrators keep people's names here."))
    wanted = {"name": name, "time_zone": known_time_zone(time_zone), "title": title}
    wanted["notify"] = Notify(notify) if notify else person.notify
    changed = {field for field, value in wanted.items() if getattr(person, field) != value}
    if changed:
        for field in changed:
            setattr(person, field, wanted[field])
        person.save(update_fields=changed)
        person_changed.send(Person, person=person, changed=frozenset(changed))


@transaction.atomic
def rename(actor: Person, person_id: int, name: str) -> Person:
    """Give somebody another name, for administrators. Raises NotAllowed, Person.DoesNotExist."""
    person = Person.objects.select_for_update(no_key=True).get(pk=person_id)
    if not may_manage(actor, person):
        raise NotAllowed(_("Only owners can change an owner."))
    if person.name != name:
        person.name = name
        person.save(update_fields=["name"])
        person_changed.send(Person, person=person, changed=frozenset({"name"}))
    return person
