"""What is in an export: people, channels, and the messages of a channel, day by day. Pure but for reading the archive.

What Slack exports is described in its help ("How to read Slack data exports"); what really occurs was learnt from the
importers of Zulip and Mattermost. Every object is checked by itself: one that makes no sense is counted and left out.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from chat.slack.archive import Archive, no_export
from chat.slack.items import items_of
from chat.slack.problems import Problems
from chat.slack.shapes import Channel, SlackMessage, User, is_id, microseconds

# Channels by the file that lists them.
_LISTS = {"channels.json": "public", "groups.json": "private", "mpims.json": "direct", "dms.json": "direct"}


_OPTIONAL = tuple(
    set(SlackMessage.__struct_fields__) - {"ts", "user", "text", "type", "subtype", "thread_ts"}
)


@dataclass
class Export:
    """What an export says of itself. `source` tells one Slack workspace from another."""

    archive: Archive
    source: str
    users: dict[str, User]
    channels: list[Channel]
    problems: Problems = field(default_factory=Problems)


def open_export(archive: Archive) -> Export:
    """The people and channels of an export. Raises ExportRefused where there are none."""
    problems = Problems()
    users = _users(archive, problems)
    channels = list(_channels(archive, problems))
    if "users.json" not in archive or not channels:
        raise no_export()
    _give_days(archive, channels, problems)
    for name in archive.nested:
        problems.add("nested_archive", name)
    if archive.others:
        problems.add("other_file", count=archive.others)
    return Export(archive, _source(users, channels), users, channels, problems)


def _users(archive: Archive, problems: Problems) -> dict[str, User]:
    found: dict[str, User] = {}
    for name in ("users.json", "org_users.json"):
        for number, item in enumerate(items_of(archive, name, problems)):
            user = _user(item)
            if user is None:
                problems.add("bad_person", f"{name} #{number + 1}")
            else:
                found.setdefault(user.id, user)
    return found


def _user(item: object) -> User | None:
    """The user, if need be without a profile that makes no sense."""
    if not isinstance(item, dict) or not is_id(item.get("id")):
        return None
    for wanted in (item, {key: item.get(key) for key in ("id", "profile")}, {"id": item["id"]}):
        try:
            return msgspec.convert(wanted, User)
        except msgspec.ValidationError:
            continue
    return None


def _channels(archive: Archive, problems: Problems) -> Iterator[Channel]:
    seen: set[str] = set()
    for name, kind in _LISTS.items():
        for number, item in enumerate(items_of(archive, name, problems)):
            channel = _channel(item, kind)
            if channel is None:
                problems.add("bad_channel", f"{name} #{number + 1}")
            elif channel.id not in seen:
                seen.add(channel.id)
                yield channel


def _channel(item: object, kind: str) -> Channel | None:
    if not isinstance(item, dict) or not is_id(item.get("id")):
        return None
    name = item.get("name")
    if kind != "direct" and not (isinstance(name, str) and name.strip()):
        return None
    core = {key: item.get(key) for key in ("id", "name", "members")}
    for wanted in (item, core):
        try:
            channel = msgspec.convert({**wanted, "kind": kind, "days": []}, Channel)
        except msgspec.ValidationError:
            continue
        channel.members = [one for one in channel.members or [] if is_id(one)]
        return channel
    return None


def _give_days(archive: Archive, channels: list[Channel], problems: Problems) -> None:
    """Each channel its files. A folder bears its channel's name, in some exports its id."""
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for name in archive.names():
        folder, slash, rest = name.partition("/")
        if slash and "/" not in rest:
            folders[folder].append(name)
    for channel in channels:
        for name in channel.folder_names:
            if name in folders:
                channel.days += folders.pop(name)
    for folder in folders:
        problems.add("no_channel", folder)


def _source(users: dict[str, User], channels: list[Channel]) -> str:
    """The workspace's id at Slack; of an export that does not say it, its oldest channel stands for it."""
    teams: defaultdict[str, int] = defaultdict(int)
    for user in users.values():
        if user.team_id and is_id(user.team_id):
            teams[user.team_id] += 1
    if teams:
        return f"slack:{max(sorted(teams), key=teams.__getitem__)}"
    return f"slack:{min(channel.id for channel in channels)}"


def messages_of(
    export: Export, channel: Channel, problems: Problems, start: int = 0
) -> Iterator[tuple[int, list[SlackMessage]]]:
    """The messages of each day, in the order of their time, with the day's number; from the day `start` on."""
    for number in range(start, len(channel.days)):
        name = channel.days[number]
        found = []
        for index, item in enumerate(items_of(export.archive, name, problems)):
            message = _message(item, f"{name} #{index + 1}", problems)
            if message is not None:
                found.append(message)
        found.sort(key=lambda one: one.micros)
        yield number, found


def _message(item: object, place: str, problems: Problems) -> SlackMessage | None:
    message = _converted(item, place, problems)
    micros = microseconds(message.ts) if message else None
    if message is None or micros is None:
        problems.add("bad_message", place)
        return None
    message.place, message.micros = place, micros
    return message


def _converted(item: object, place: str, problems: Problems) -> SlackMessage | None:
    """The message; where a part of it makes no sense, without that part."""
    if not isinstance(item, dict) or "ts" not in item:
        return None
    item.pop("place", None)
    item.pop("micros", None)
    try:
        return msgspec.convert(item, SlackMessage)
    except (msgspec.ValidationError, RecursionError):
        pass
    for name in _OPTIONAL:
        if name in item and not _fits(name, item[name]):
            del item[name]
    try:
        message = msgspec.convert(item, SlackMessage)
    except (msgspec.ValidationError, RecursionError):
        return None
    problems.add("part_of_message", place)
    return message


def _fits(name: str, value: object) -> bool:
    try:
        msgspec.convert({"ts": "0", name: value}, SlackMessage)
    except (msgspec.ValidationError, RecursionError):
        return False
    return True
