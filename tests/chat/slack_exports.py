"""Exports as Slack makes them: a small one by hand with everything that occurs, and large ones on the fly."""

import io
import json
import random
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

START = 1_600_000_000  # September 2020
TEAM = "T0ACME"


def ts(seconds: float) -> str:
    """A time of Slack's, `seconds` after START."""
    return f"{START + seconds:.6f}"


def user(key: str, name: str, email: str = "", **more: Any) -> dict[str, Any]:
    profile = {"real_name": name, "display_name": name.split()[0].lower(), **more.pop("profile", {})}
    if email:
        profile["email"] = email
    return {"id": key, "team_id": TEAM, "name": name.split()[0].lower(), "profile": profile, **more}


def channel(key: str, name: str, members: list[str], **more: Any) -> dict[str, Any]:
    topic, purpose = more.pop("topic", ""), more.pop("purpose", "")
    return {
        "id": key,
        "name": name,
        "created": START,
        "creator": members[0] if members else "",
        "is_archived": False,
        "members": members,
        "topic": {"value": topic, "creator": "", "last_set": 0},
        "purpose": {"value": purpose, "creator": "", "last_set": 0},
        **more,
    }


def said(key: str, seconds: float, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "user": key, "ts": ts(seconds), "text": text, **more}


def packed(files: Mapping[str, Any], path: Path | None = None) -> Path | io.BytesIO:
    """A zip of these files: bytes as they are, everything else as JSON."""
    out: Any = path or io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)  # without the time of now: the same files are the same archive
            text = content if isinstance(content, bytes) else json.dumps(content)
            archive.writestr(member, text, zipfile.ZIP_DEFLATED)
    if path is None:
        out.seek(0)
    return out


ALICE, BOB, EVE, OLD, GUEST, HOOK = "U0ALICE", "U0BOB", "U0EVE", "U0OLD", "U0GUEST", "U0HOOK"


def people() -> list[dict[str, Any]]:
    """Alice and Bob are of Acme; Eve, Old and Guest are not here; Hook is a bot."""
    return [
        user(ALICE, "Alice Adams", "Alice@Acme.example", tz="Europe/London", is_owner=True),
        user(BOB, "Bob Okafor", "bob@acme.example"),
        user(EVE, "Eve Ström", "eve@acme.example", profile={"title": "Harbour master"}),
        user(OLD, "Old Timer", "", deleted=True),
        user(GUEST, "Gus Guest", "gus@partner.example", is_restricted=True),
        user(HOOK, "Deploy Hook", "", is_bot=True, profile={"bot_id": "B0HOOK"}),
    ]


def general() -> list[dict[str, Any]]:
    """A day with every kind of message that occurs."""
    rich = {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "Ship "},
                    {"type": "text", "text": "it", "style": {"bold": True}},
                    {"type": "text", "text": " 2*3*4 "},
                    {"type": "user", "user_id": BOB},
                    {"type": "emoji", "name": "wave", "skin_tone": 3},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "ordered",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "first"}]}],
            },
        ],
    }
    header = {"type": "header", "text": {"type": "plain_text", "text": "Build 42"}}
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "*passed* in <https://ci.example|CI>"}}
    shared = {
        "id": "F1",
        "name": "plan.txt",
        "title": "The plan",
        "mimetype": "text/plain",
        "size": 12,
        "url_private": "https://files.slack.com/files-pri/T-F1/plan.txt?t=xoxe-secret",
        "url_private_download": "https://files.slack.com/files-pri/T-F1/download/plan.txt?t=xoxe-secret",
        "permalink": "https://acme.slack.com/files/U0ALICE/F1/plan.txt",
    }
    return [
        said(ALICE, 1, f"<@{ALICE}> has joined the channel", subtype="channel_join"),
        said(ALICE, 2, f"<@{ALICE}> set the channel topic: Boats", subtype="channel_topic", topic="Boats"),
        said(ALICE, 3, f"Hello *all* &amp; <@{BOB}>, see <#C0PLANS|plans> _soon_ &lt;3"),
        said(BOB, 4, "", blocks=[rich]),
        said(ALICE, 5, "edited text", edited={"user": ALICE, "ts": ts(65)}),
        said(
            ALICE,
            6,
            "root of a thread",
            thread_ts=ts(6),
            reply_count=3,
            reactions=[
                {"name": "tada", "users": [BOB, EVE], "count": 2},
                {"name": "thumbsup::skin-tone-2", "users": [BOB], "count": 1},
                {"name": "parrot-of-ours", "users": [BOB], "count": 1},
            ],
        ),
        said(BOB, 7, "a reply", thread_ts=ts(6), parent_user_id=ALICE),
        said(EVE, 8, "told the room too", thread_ts=ts(6), subtype="thread_broadcast", root={"user": ALICE}),
        said("USLACKBOT", 9, "This message was deleted.", subtype="tombstone", thread_ts=ts(9), hidden=True),
        said(BOB, 10, "under a tombstone", thread_ts=ts(9)),
        {
            "type": "message", "subtype": "bot_message", "bot_id": "B0HOOK", "username": "Deployer", "ts": ts(11),
            "text": "fallback", "blocks": [header, section],
        },
        {
            "type": "message", "subtype": "bot_message", "bot_id": "B0OTHER", "ts": ts(12), "text": "",
            "attachments": [{"title": "Alarm", "title_link": "https://alarm.example", "text": "*red*", "fallback": "x"}],
        },
        said(ALICE, 13, "waves", subtype="me_message"),
        said(ALICE, 14, "with a file", files=[shared]),
        said(ALICE, 15, "", files=[{"id": "F2", "mode": "tombstone"}]),
        said(BOB, 16, "reply to nothing", thread_ts=ts(-500)),
        said(BOB, 17, "<!here> <!subteam^S1|@crew> ```code *stays* &lt;b&gt;```"),
        said("U0FOREIGN", 18, "from another workspace", user_profile={"real_name": "Fay Foreign"}),
        said(ALICE, 5, "edited text"),  # twice
        said(BOB, 19, "odd", subtype="brand_new_kind"),
        "no object",
        {"type": "message", "user": BOB, "text": "no time"},
        said(BOB, 20, "bad reactions", reactions="x", files=[{"id": 5}]),
        {"type": "message", "ts": ts(21), "text": "nobody"},
        said(BOB, 4_000_000_000, "from the future"),
        said(BOB, 22, "last \u0000\u0007 words @alice #1 [x](y)"),
    ]  # fmt: skip


def small(**changed: Any) -> dict[str, Any]:
    """The files of a small export with everything in it; `changed` replaces some of them."""
    files: dict[str, Any] = {
        "users.json": people(),
        "channels.json": [
            channel(
                "C0GENERAL",
                "general",
                [ALICE, BOB, EVE, HOOK],
                topic="Boats",
                purpose="Talk about boats",
                pins=[{"id": ts(3), "user": BOB, "created": START + 30}, {"id": ts(999), "user": BOB}],
            ),
            channel("C0PLANS", "plans", [ALICE, EVE], is_archived=True),
        ],
        "groups.json": [channel("G0SECRET", "secret", [BOB, EVE])],
        "mpims.json": [channel("G0THREE", "mpdm-alice--bob--eve-1", [ALICE, BOB, EVE])],
        "dms.json": [{"id": "D0AB", "created": START, "members": [ALICE, BOB]}],
        "integration_logs.json": [],
        "general/2020-09-13.json": general(),
        "general/2020-09-14.json": [
            said(EVE, 90_000, "a late reply", thread_ts=ts(6)),
            said(BOB, 90_001, "Good morning"),
        ],
        "plans/2020-09-13.json": [said(ALICE, 50, "a plan")],
        "secret/2020-09-13.json": [said(BOB, 60, f"a secret for <@{EVE}>")],
        "mpdm-alice--bob--eve-1/2020-09-13.json": [said(EVE, 70, "three of us")],
        "D0AB/2020-09-13.json": [said(BOB, 80, "just us two")],
    }
    return {**files, **changed}


def large(path: Path, messages: int, channels: int = 20, users: int = 200) -> None:
    """An export of so many messages, as they occur: short ones and long ones, a tenth in threads, reactions, mentions."""
    some = random.Random(5)
    keys = [f"U{number:05}" for number in range(users)]
    words = [
        "the",
        "ferry",
        "leaves",
        "at",
        "nine",
        "and",
        "comes",
        "back",
        "when",
        "everybody",
        "is",
        "on",
        "board",
        "with",
        "their",
        "luggage",
    ]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        everybody = [user(key, f"Person {key}", f"{key.lower()}@acme.example") for key in keys]
        archive.writestr("users.json", json.dumps(everybody))
        places = [channel(f"C{n:05}", f"channel-{n}", some.sample(keys, users // 4)) for n in range(channels)]
        archive.writestr("channels.json", json.dumps(places))
        for number, place in enumerate(places):
            count = messages // channels
            days: dict[int, list[dict[str, Any]]] = {}
            roots: list[str] = []
            for index in range(count):
                seconds = number + index * 600.0
                text = " ".join(some.choices(words, k=some.choice((4, 8, 20, 60))))
                if index % 7 == 0:
                    text += (
                        f" *really* <@{some.choice(keys)}> <https://ferry.example/{index}|timetable> :tada:"
                    )
                more: dict[str, Any] = {}
                if index % 10 == 3:
                    more["thread_ts"] = ts(seconds)
                    roots.append(ts(seconds))
                elif index % 10 in (5, 6) and roots:
                    more["thread_ts"] = some.choice(roots[-20:])
                if index % 9 == 0:
                    more["reactions"] = [{"name": "tada", "users": some.sample(keys, 3), "count": 3}]
                if index % 3 == 0:
                    element = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
                    more["blocks"] = [{"type": "rich_text", "elements": [element]}]
                days.setdefault(int(seconds // 86_400), []).append(
                    said(some.choice(keys), seconds, text, **more)
                )
            for day, items in days.items():
                archive.writestr(f"{place['name']}/day-{day:05}.json", json.dumps(items))
