"""People, invitations, hand-over tokens and settings. All of it lives in the organisation's schema."""

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import looks

LONGEST_NAME = 80
LONGEST_STATUS = 100
LONGEST_HANDLE = 40
LONGEST_VALUE = 200  # of a profile's field


class Notify(models.TextChoices):
    """Of what in a room somebody wants to be told. A mention, or a message to them alone, is told but for NOTHING."""

    ALL = "all", _("every message")
    MENTIONS = "mentions", _("mentions of me")
    NOTHING = "nothing", _("nothing")


class PersonQuerySet(models.QuerySet["Person"]):
    def active(self) -> "PersonQuerySet":
        return self.filter(is_active=True)


class PersonManager(BaseUserManager.from_queryset(PersonQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, email: str | None) -> "Person":
        return self.get(email=(email or "").lower())


@lru_cache(100)
def _role_label(role: str, language: str | None) -> str:
    """In the `language` of now: gettext looks through all catalogues each time."""
    return str(Person.Role(role).label)


class Person(AbstractBaseUser):
    """Somebody, or a bot, of one organisation. The same human in two organisations is two people."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        ADMINISTRATOR = "administrator", _("administrator")
        MEMBER = "member", _("member")
        GUEST = "guest", _("guest")

    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        BOT = "bot", _("bot")

    email = models.EmailField(_("e-mail address"), unique=True)  # always in lower case
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    role = models.CharField(_("role"), max_length=13, choices=Role, default=Role.MEMBER)
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.PERSON)
    is_active = models.BooleanField(_("active"), default=True)
    # Somebody of an import who never was here: inactive, until an invitation to their address lets them in.
    is_placeholder = models.BooleanField(default=False, db_default=False)
    is_operator = models.BooleanField(default=False)  # counts only in the operators' organisation
    picture = models.FileField(max_length=200, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    title = models.CharField(
        _("what I do here"), max_length=LONGEST_NAME, blank=True, default="", db_default=""
    )
    # What they are at: an emoji with some words, until a time or until it is changed (accounts.statuses).
    status_emoji = models.CharField(max_length=32, blank=True, default="", db_default="")
    status_text = models.CharField(max_length=LONGEST_STATUS, blank=True, default="", db_default="")
    status_until = models.DateTimeField(null=True, blank=True)
    # As if no page of theirs were open (chat.presence).
    appears_away = models.BooleanField(default=False, db_default=False)
    # Of what they are told in rooms for which they chose nothing else (chat.preferences).
    notify = models.CharField(
        _("tell me of"), max_length=8, choices=Notify, default=Notify.MENTIONS, db_default=Notify.MENTIONS
    )
    # Whether others see what they have read, and they what others have (chat.receipts).
    shares_reading = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField(_("joined"), db_default=Now())
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)

    objects = PersonManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="person_email_in_lower_case"
            )
        ]
        indexes = [
            models.Index(Lower("name"), "id", name="person_by_name"),
            models.Index(fields=["id"], condition=models.Q(shares_reading=False), name="person_private"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.email = self.email.lower()

    @property
    def is_administrator(self) -> bool:
        """Owners are administrators too."""
        return self.role in (self.Role.OWNER, self.Role.ADMINISTRATOR)

    @property
    def is_owner(self) -> bool:
        return self.role == self.Role.OWNER

    @property
    def role_label(self) -> str:
        """What `get_role_display` says, which makes a dictionary of all roles each time."""
        return _role_label(self.role, get_language())

    @property
    def is_guest(self) -> bool:
        return self.role == self.Role.GUEST

    @property
    def initials(self) -> str:
        return looks.initials(self.name)

    @property
    def hue(self) -> int:
        return looks.hue(self.pk, self.name)

    @property
    def picture_version(self) -> str:
        return looks.picture_version(self.picture.name or "")

    @property
    def picture_url(self) -> str:
        return looks.picture_url(self.pk, self.picture.name or "")

    # What Django's admin asks (the operators' organisation only, accounts.admin).

    @property
    def is_staff(self) -> bool:
        return self.is_operator

    def has_perm(self, permission: str, obj: Any = None) -> bool:
        return self.is_active and self.is_operator

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_operator


class ProfileField(models.Model):
    """Something that people can say of themselves, as administrators define it (accounts.profile_fields)."""

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        LINK = "link", _("link")
        DATE = "date", _("date")
        CHOICE = "choice", _("choice")

    name = models.CharField(max_length=LONGEST_NAME)
    kind = models.CharField(max_length=6, choices=Kind)
    choices = models.JSONField(default=list)
    place = models.PositiveSmallIntegerField(default=0)  # among the fields

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="profile_field_once")]

    def __str__(self) -> str:
        return self.name


class ProfileValue(models.Model):
    """What somebody has said; a date as `2026-11-29`."""

    field = models.ForeignKey(ProfileField, models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    value = models.CharField(max_length=LONGEST_VALUE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["field", "person"], name="profile_value_once")]

    def __str__(self) -> str:
        return f"{self.field_id} of p{self.person_id}"


class Invitation(models.Model):
    """A way in: by e-mail for one address, or by a link. Only the token's hash is kept."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("by e-mail")
        LINK = "link", _("by link")

    kind = models.CharField(max_length=5, choices=Kind)
    email = models.EmailField(blank=True)  # in lower case; "" for a link
    role = models.CharField(max_length=13, choices=Person.Role, default=Person.Role.MEMBER)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="invitations"
    )
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    uses = models.PositiveIntegerField(default=0)
    most_uses = models.PositiveIntegerField(null=True)  # None: any number until it expires
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(most_uses__isnull=True) | models.Q(uses__lte=models.F("most_uses")),
                name="invitation_within_its_uses",
            ),
        ]

    def __str__(self) -> str:
        return self.email or f"{self.get_kind_display()} {self.pk}"

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()

    @property
    def uses_left(self) -> int | None:
        return None if self.most_uses is None else self.most_uses - self.uses


class HandOver(models.Model):
    """A founder on the way from the public site to the new host: single use, 60 seconds (accounts.handover)."""

    token_hash = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    expires_at = models.DateTimeField()


class OrganisationSetting(models.Model):
    """One decision of the organisation's administrators that differs, or once differed, from the default.

    What there is to decide, and what holds where there is no row, is in accounts.organisation_settings.
    """

    name = models.CharField(max_length=60, primary_key=True)
    value = models.JSONField()
    changed_at = models.DateTimeField(db_default=Now())
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class PeopleGroup(models.Model):
    """People whom a message names together by `@handle` (accounts.groups)."""

    handle = models.CharField(max_length=LONGEST_HANDLE, unique=True)  # in small letters, without the @
    about = models.CharField(max_length=LONGEST_STATUS, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"@{self.handle}"


class PeopleGroupMember(models.Model):
    """Somebody in a group. Who is deactivated stays, and counts again when they come back."""

    group = models.ForeignKey(PeopleGroup, models.CASCADE, related_name="members", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "person"], name="group_member_once")]

    def __str__(self) -> str:
        return f"p{self.person_id} in g{self.group_id}"
