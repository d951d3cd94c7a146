"""The pages of the public site, on the base domain."""

from django.urls import include, path

from tenants import asking

handler500 = "tenants.views.server_error"

urlpatterns = [
    path("", include("accounts.urls_public")),
    path("domains/ask", asking.ask, name="ask_domain"),
]
