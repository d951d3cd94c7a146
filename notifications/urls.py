"""The notification list."""

from django.urls import path

from notifications import views

urlpatterns = [
    path("notifications/", views.notifications, name="notifications"),
    path("notifications/<nid:notification_id>/", views.notification, name="notification"),
]
