"""The pages of an organisation's host."""

from django.urls import include, path

from tenants import ids  # noqa: F401 - registers the URL converters

handler500 = "tenants.views.server_error"
handler429 = "accounts.limits.too_many"  # allauth's own limits answer with it

# Django tries them one after the other: what is asked for most comes first.
urlpatterns = [
    path("", include("chat.urls")),
    path("", include("notifications.urls")),
    path("", include("accounts.urls")),
]
