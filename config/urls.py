"""The pages of an organisation's host."""

from tenants import ids  # noqa: F401 - registers the URL converters

# isort: split
import accounts.urls
import chat.urls
import notifications.urls

handler500 = "tenants.views.server_error"
handler429 = "accounts.limits.too_many"  # allauth's own limits answer with it

# Django tries them one after the other: what is asked for most comes first. One list, because each that is included makes
# another match of each path.
urlpatterns = [*chat.urls.urlpatterns, *notifications.urls.urlpatterns, *accounts.urls.urlpatterns]
