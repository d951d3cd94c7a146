"""Django's admin, for platform operators only: on the operators' organisation's host, for organisations and domains."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants import provisioning
from tenants.models import Domain, Organisation


class OperatorsSite(admin.AdminSite):
    """Exists on one host; on every other one its pages are not found."""

    site_header = site_title = gettext_lazy("Parley's operators")
    index_title = gettext_lazy("This deployment")
    site_url = None
    enable_nav_sidebar = False

    def has_permission(self, request: Any) -> bool:
        return request.organisation.is_operators and super().has_permission(request)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def only_here(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.organisation.is_operators:
                raise Http404
            return inner(request, *args, **kwargs)

        return only_here

    def login(self, request: Any, extra_context: Any = None) -> Any:
        """Signing in is the same for operators as for everybody, second factor included."""
        if not request.organisation.is_operators or request.user.is_authenticated:
            raise Http404
        return redirect_to_login(reverse("admin:index"), reverse("sign_in"))


site = OperatorsSite(name="admin")


class NothingIsMadeHere(admin.ModelAdmin):
    """Organisations sign themselves up and are erased by a command: here one looks, and closes or opens them."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Organisation, site=site)
class OrganisationAdmin(NothingIsMadeHere):
    list_display = ["name", "address", "state", "schema_name", "created_at"]
    list_filter = ["state"]
    search_fields = ["name", "address", "schema_name"]
    ordering = ["name", "pk"]
    actions = ["suspend", "resume"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organisation]:
        return super().get_queryset(request).exclude(state=Organisation.State.SPARE)

    @admin.action(description=gettext_lazy("Suspend: close to its people, keep everything"))
    def suspend(self, request: HttpRequest, found: QuerySet[Organisation]) -> None:
        done = 0
        for organisation in found.filter(state=Organisation.State.ACTIVE):
            if organisation.is_operators:
                self.message_user(request, _("The operators' own organisation stays open."), messages.ERROR)
                continue
            provisioning.suspend(organisation)
            self.log_change(request, organisation, "suspended")
            done += 1
        text = ngettext("%(count)d organisation suspended.", "%(count)d organisations suspended.", done)
        self.message_user(request, text % {"count": done})

    @admin.action(description=gettext_lazy("Resume: open again"))
    def resume(self, request: HttpRequest, found: QuerySet[Organisation]) -> None:
        suspended = list(found.filter(state=Organisation.State.SUSPENDED))
        for organisation in suspended:
            provisioning.resume(organisation)
            self.log_change(request, organisation, "resumed")
        text = ngettext(
            "%(count)d organisation is open again.", "%(count)d organisations are open again.", len(suspended)
        )
        self.message_user(request, text % {"count": len(suspended)})


@admin.register(Domain, site=site)
class DomainAdmin(NothingIsMadeHere):
    list_display = ["domain", "tenant", "is_primary", "verified_at"]
    list_filter = ["is_primary"]
    search_fields = ["domain", "tenant__name", "tenant__address"]
    list_select_related = ["tenant"]
    ordering = ["domain"]
