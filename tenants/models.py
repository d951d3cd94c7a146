"""The registry: organisations, their domains, and sign-ups under way. It lives in `public`."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from tenants.lookalikes import Skeleton

OPERATORS_ADDRESS = "admin"


class Organisation(TenantMixin):
    """A customer of the deployment, with a schema and a Postgres role that share a random name.

    `epoch` changes when the organisation is restored from a backup: clients then load everything again.
    """

    class State(models.TextChoices):
        SPARE = "spare", _("spare")
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")

    auto_create_schema = False  # tenants.provisioning makes schemas
    auto_drop_schema = False

    name = models.CharField(_("name"), max_length=80, blank=True)
    address = models.CharField(_("address"), max_length=40, unique=True, null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.SPARE)
    epoch = models.UUIDField(default=uuid.uuid4, editable=False)
    accent = models.CharField(max_length=20, blank=True, default="")
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    # What the schema was migrated to (tenants.migrations_state): migrating looks only at those that differ.
    schema_version = models.CharField(max_length=64, blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        indexes = [models.Index(Skeleton("address"), name="organisation_by_skeleton")]

    def __str__(self) -> str:
        return self.name or self.schema_name

    @property
    def host(self) -> str:
        """The host name people use; no port. Costs no query."""
        return f"{self.address}.{settings.BASE_DOMAIN}"

    @property
    def is_operators(self) -> bool:
        return self.address == OPERATORS_ADDRESS

    def url(self, path: str = "/") -> str:
        """An absolute address on this organisation's host."""
        return absolute_url(self.host, path)


class Domain(DomainMixin):
    """A host name of an organisation; its own domains count once they are verified."""

    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)

    class Meta:
        verbose_name = _("domain")
        verbose_name_plural = _("domains")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.domain = self.domain.lower()  # type: ignore[has-type]
        super().save(*args, **kwargs)


class SignUp(models.Model):
    """A sign-up under way, until its organisation exists. The e-mailed code is kept only as a hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organisation_name = models.CharField(max_length=80)
    address = models.CharField(max_length=40)
    person_name = models.CharField(max_length=80)
    email = models.EmailField()
    code_hash = models.CharField(max_length=128)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)


class ReleasedAddress(models.Model):
    """An address that somebody gave up; it rests 90 days so that old links don't lead to strangers."""

    address = models.CharField(max_length=40, unique=True)
    released_at = models.DateTimeField(db_default=Now())


def absolute_url(host: str, path: str = "/") -> str:
    """`path` on `host` with the deployment's scheme and port."""
    scheme, usual = ("https", 443) if settings.HTTPS else ("http", 80)
    port = "" if usual == settings.PUBLIC_PORT else f":{settings.PUBLIC_PORT}"
    return f"{scheme}://{host}{port}{path}"


class Blueprint(models.Model):
    """The SQL that makes all relations of a new schema at one version of the code (tenants.schemas)."""

    version = models.CharField(max_length=64, unique=True)
    sql = models.TextField()
    created_at = models.DateTimeField(db_default=Now())
