"""The pages of the public site, on the base domain."""

from django.urls import include, path

from tenants import asking

urlpatterns = [
    path("", include("accounts.urls_public")),
    path("domains/ask", asking.ask, name="ask_domain"),
]
