"""The pages of an organisation's host."""

from django.urls import include, path

from tenants import ids  # noqa: F401 - registers the URL converters

handler429 = "accounts.limits.too_many"  # allauth's own limits answer with it

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("notifications.urls")),
    path("", include("chat.urls")),
]
