"""The pages of the public site, on the base domain."""

from django.urls import include, path

urlpatterns = [
    path("", include("accounts.urls_public")),
]
