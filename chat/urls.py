"""The workspace's pages. A verb is a method, not a name: joining is POST to `membership`, leaving DELETE."""

from django.urls import path

from chat.views import (
    directory,
    directs,
    files,
    link_previews,
    memberships,
    messages,
    pins,
    reactions,
    rooms,
    search,
    threads,
    workspace,
)

urlpatterns = [
    path("", workspace.workspace, name="workspace"),
    path("sidebar/", workspace.sidebar, name="sidebar"),
    path("switcher/", workspace.switcher, name="switcher"),
    path("rooms/", rooms.rooms, name="rooms"),
    path("rooms/new/", rooms.room_new, name="room_new"),
    path("rooms/<rid:room_id>/", rooms.room, name="room"),
    path("rooms/<rid:room_id>/details/", rooms.room_details, name="room_details"),
    path("rooms/<rid:room_id>/archive/", rooms.room_archive, name="room_archive"),
    path("rooms/<rid:room_id>/messages/", messages.messages, name="messages"),
    path("rooms/<rid:room_id>/messages/<mid:message_id>/", messages.message, name="message"),
    path(
        "rooms/<rid:room_id>/messages/<mid:message_id>/source/",
        messages.message_source,
        name="message_source",
    ),
    path(
        "rooms/<rid:room_id>/messages/<mid:message_id>/reactions/<str:emoji>/",
        reactions.reaction,
        name="reaction",
    ),
    path("rooms/<rid:room_id>/files/", files.files, name="files"),
    path("rooms/<rid:room_id>/files/<fid:attachment_id>/", files.file, name="file"),
    path(
        "rooms/<rid:room_id>/files/<fid:attachment_id>/thumbnail.webp",
        files.file_thumbnail,
        name="file_thumbnail",
    ),
    path("rooms/<rid:room_id>/messages/<mid:message_id>/pin/", pins.pin, name="pin"),
    path("rooms/<rid:room_id>/pins/", pins.pins, name="pins"),
    path("rooms/<rid:room_id>/messages/<mid:message_id>/thread/", threads.thread, name="thread"),
    path(
        "rooms/<rid:room_id>/messages/<mid:message_id>/thread/following/", threads.following, name="following"
    ),
    path("rooms/<rid:room_id>/messages/<mid:message_id>/thread/read/", threads.read, name="thread_read"),
    path(
        "rooms/<rid:room_id>/messages/<mid:message_id>/previews/<lid:preview_id>/",
        link_previews.message_preview,
        name="message_preview",
    ),
    path(
        "link-previews/<lid:preview_id>/<slug:preview_version>.webp",
        link_previews.preview_picture,
        name="preview_picture",
    ),
    path("rooms/<rid:room_id>/read/", messages.read, name="read"),
    path("rooms/<rid:room_id>/membership/", memberships.membership, name="membership"),
    path("rooms/<rid:room_id>/memberships/", memberships.memberships, name="memberships"),
    path("rooms/<rid:room_id>/memberships/<pid:person_id>/", memberships.room_member, name="room_member"),
    path("directs/", directs.directs, name="directs"),
    path("threads/", threads.threads, name="threads"),
    path("search/", search.search, name="search"),
    path("organisation/files/", files.storage, name="storage"),
    path("directory/", directory.directory, name="directory"),
    path("directory/<pid:person_id>/", directory.profile, name="person_profile"),
]
