"""The plain pages in front of Parley's, so that every link on them has a place to lead to."""

from django.urls import include, path

from tests.bench.plain import views

urlpatterns = [
    path("rooms/<rid:room_id>/", views.room),
    path("rooms/<rid:room_id>/messages/", views.messages),
    path("sidebar/", views.sidebar),
    path("search/", views.search),
    path("", include("config.urls")),
]
