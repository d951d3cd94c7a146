"""From a message of Slack's to what Parley keeps of it. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from chat.slack import blocks
from chat.slack.mrkdwn import link, marked, to_markdown
from chat.slack.names import Names, emoji_called
from chat.slack.problems import Problems
from chat.slack.shapes import Profile, SlackFile, SlackMessage, User, is_id, microseconds
from chat.text import MAX_TEXT, TextRefused, clean, without_controls

SLACKBOT = "USLACKBOT"
FILE_SIGN = "📎"
_NOTICES = {
    "channel_join", "channel_leave", "group_join", "group_leave", "bot_add", "bot_remove", "bot_enable", "bot_disable",
    "pinned_item", "unpinned_item", "channel_posting_permissions", "group_posting_permissions", "message_replied",
    "reply_broadcast", "joiner_notification", "joiner_notification_for_inviter", "channel_canvas_updated",
    "app_conversation_join", "app_conversation_leave", "bot_channel_join", "assistant_app_thread", "ekm_access_denied",
}  # fmt: skip
_EDIT_LOG = {"message_changed", "message_deleted"}
_SYSTEM = {
    f"{kind}_{what}"
    for kind in ("channel", "group")
    for what in (
        "topic",
        "purpose",
        "name",
        "archive",
        "unarchive",
        "convert_to_private",
        "convert_to_public",
    )
}
_SPEECH = {
    None, "", "bot_message", "me_message", "file_share", "file_comment", "file_mention", "thread_broadcast",
    "slackbot_response", "sh_room_created", "huddle_thread", "reminder_add", "tombstone", "app_notification",
}  # fmt: skip
_LARGEST_SIZE = 2**63 - 1  # bytes that the database can count
_GONE = {"tombstone", "hidden_by_limit"}
_DENIED = {"access_denied", "file_not_found"}
_SLACK_HOST = re.compile(
    r"[a-z0-9-]{1,63}(?:\.enterprise)?\.slack\.com|(?:[a-z0-9-]{1,63}\.)?slack-files\.com"
)


@dataclass(frozen=True, slots=True)
class Author:
    """Who said something: `key` is what `chat.slack.people` finds them by, `fallback` where it finds nobody by it."""

    key: str
    name: str = ""
    is_bot: bool = False
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file that may be fetched; `line` is how the message's text links to it until then."""

    url: str
    name: str
    mimetype: str
    size: int
    line: str


@dataclass(slots=True)
class Item:
    """A message to be written. Times are microseconds since 1970; `micros` with `part` tells one from another."""

    micros: int
    author: Author
    text: str
    part: int = 0
    system: bool = False
    deleted: bool = False
    edited: int | None = None
    root: int | None = None
    in_room: bool = True
    reactions: list[tuple[str, list[str]]] = field(default_factory=list)
    files: list[FileLink] = field(default_factory=list)
    place: str = ""


def author_of(message: SlackMessage, bots: dict[str, str]) -> Author | None:
    """Who wrote a message; `bots` are users' ids by their bot's id. None for nobody."""
    if message.subtype == "file_comment" and message.comment and message.comment.user:
        return Author(message.comment.user)
    if message.subtype == "huddle_thread" and message.room and message.room.created_by:
        return Author(message.room.created_by)
    if message.user and message.subtype != "bot_message":
        return Author(message.user, _named(message.user_profile))
    bot = message.bot_id or message.user
    if bot:
        known = bots.get(bot, bot)
        name = message.username or (message.bot_profile.name if message.bot_profile else None) or ""
        return Author(f"{known}/{message.username[:60]}" if message.username else known, name, True, known)
    return Author(f"/{message.username[:60]}", message.username, True) if message.username else None


def _named(profile: Profile | None) -> str:
    return (profile and (profile.real_name or profile.display_name or profile.name)) or ""


def bots_of(users: dict[str, User]) -> dict[str, str]:
    """The users' ids of bots, by the ids under which they post."""
    return {user.profile.bot_id: user.id for user in users.values() if user.profile and user.profile.bot_id}


def translate(message: SlackMessage, author: Author, names: Names, problems: Problems) -> Iterator[Item]:
    """What Parley keeps of a message: usually one, nothing of some, several of what is too long for one."""
    subtype = message.subtype
    if subtype in _NOTICES or subtype in _EDIT_LOG:
        problems.add("edit_log" if subtype in _EDIT_LOG else "comings_and_goings", message.place)
        return
    if subtype not in _SPEECH and subtype not in _SYSTEM:
        problems.add("unknown_kind", f"{message.place} ({subtype})")
    item = Item(message.micros, author, "", system=subtype in _SYSTEM, place=message.place)
    thread = microseconds(message.thread_ts) if message.thread_ts is not None else None
    if thread is not None and thread != message.micros and not item.system:
        item.root, item.in_room = thread, subtype == "thread_broadcast"
    if subtype == "tombstone":
        item.deleted = True
        yield item
        return
    item.files = list(_files(message, problems))
    item.reactions = list(_reactions(message, problems))
    item.edited = _edited(message, problems)
    try:
        item.text = clean_of_any_length(_text(message, item, names))
    except TextRefused:
        if thread != message.micros:
            problems.add("empty", message.place)
            return
        item.deleted, item.reactions, item.edited = True, [], None  # what was answered must be there
    yield from _within_length(item)


def _text(message: SlackMessage, item: Item, names: Names) -> str:
    said = (message.comment and message.comment.comment) or message.text or ""
    words = blocks.from_blocks(message.blocks, names) or to_markdown(said, names)
    if message.subtype == "me_message":
        words = "\n".join(marked(line, "*") for line in words.split("\n"))
    below = blocks.from_attachments(message.attachments, names)
    lines = "\n".join(one.line for one in item.files)
    return "\n\n".join(part for part in (words, below, lines) if part)


def clean_of_any_length(text: str) -> str:
    """`clean` for a text that may be cut into several."""
    pieces = _pieces(without_controls(text))
    return (
        "\n".join(clean(piece) for piece in pieces if piece.strip()) if len(pieces) > 1 else clean(pieces[0])
    )


def _within_length(item: Item) -> Iterator[Item]:
    """Slack's messages may have 40,000 characters: what is longer than ours goes on in messages that follow."""
    pieces = _pieces(item.text)
    if len(pieces) == 1:
        yield item
        return
    for number, piece in enumerate(pieces):
        more = replace(item, text=piece, part=number)
        if number:
            more.reactions, more.edited = [], None
        if number < len(pieces) - 1:
            more.files = []
        yield more


def _pieces(text: str) -> list[str]:
    pieces = []
    while len(text) > MAX_TEXT:
        at = max(text.rfind("\n", MAX_TEXT // 2, MAX_TEXT), text.rfind(" ", MAX_TEXT // 2, MAX_TEXT))
        at = at if at > 0 else MAX_TEXT
        pieces.append(text[:at])
        text = text[at:].lstrip("\n ")
    return [*pieces, text]


def _edited(message: SlackMessage, problems: Problems) -> int | None:
    if message.edited is None:
        return None
    edited = microseconds(message.edited.ts)
    if edited is None or edited < message.micros:
        problems.add("late_edit", message.place)
        return None
    return edited


def _reactions(message: SlackMessage, problems: Problems) -> Iterator[tuple[str, list[str]]]:
    for reaction in message.reactions or []:
        emoji = emoji_called(reaction.name)
        if emoji is None:
            problems.add("unknown_emoji", f":{reaction.name}:", len(reaction.users))
        else:
            yield emoji, [key for key in reaction.users if is_id(key)]


def _files(message: SlackMessage, problems: Problems) -> Iterator[FileLink]:
    for file in _all_files(message):
        if file.mode in _GONE or file.file_access in _DENIED or not _address(file):
            problems.add("lost_file", message.place)
            continue
        name, title = (_one_line(words) for words in (file.name or file.id or "file", file.title or ""))
        line = f"{FILE_SIGN} {link(_address(file), title or name)}"
        url = file.url_private_download or file.url_private or ""
        fetched = url if is_slacks(url) and not file.is_external else ""
        yield FileLink(fetched, name, file.mimetype or "", _size(file), line)


def _size(file: SlackFile) -> int:
    return file.size if file.size is not None and 0 <= file.size <= _LARGEST_SIZE else 0


def _one_line(text: str) -> str:
    return " ".join(without_controls(text).split())[:200]


def _all_files(message: SlackMessage) -> list[SlackFile]:
    found = [one for one in message.files or [] if one is not None]
    if message.file is not None and not found and message.subtype in ("file_share", "file_comment"):
        found.append(message.file)
    return found


def _address(file: SlackFile) -> str:
    """Where a message links to. The token that exports put into addresses opens every file of the workspace: it stays
    out of what people read."""
    if file.is_external or not is_slacks(file.url_private or ""):
        return file.url_private or file.permalink or ""
    return file.permalink or (file.url_private or "").partition("?")[0]


def is_slacks(url: str) -> bool:
    """Whether an address is one of Slack's, over https."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme == "https" and is_slacks_host(host)


def is_slacks_host(host: str) -> bool:
    return _SLACK_HOST.fullmatch(host.lower()) is not None
