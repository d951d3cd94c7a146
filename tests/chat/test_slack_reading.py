"""Exports that are damaged, odd or hostile: what can be read is read, the rest is counted, a bomb is refused."""

import io
import json
import struct
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.slack import archive as archives
from chat.slack.archive import Archive, ExportRefused
from chat.slack.blocks import from_blocks
from chat.slack.mrkdwn import to_markdown
from chat.slack.names import Names, emoji_called
from chat.slack.problems import Problems
from chat.slack.reading import Export, messages_of, open_export
from chat.slack.shapes import microseconds
from chat.slack.translating import is_slacks
from chat.text import People, clean, render
from tests.chat import slack_exports as exports

NAMES = Names({"U1": "Alice Adams", "U2": "Old Timer"}, {"U1": 7}, {"C1": "plans"})


def opened(files: dict[str, Any]) -> Export:
    return open_export(Archive(exports.packed(files)))


def read(export: Export, name: str = "general") -> tuple[list[str], Problems]:
    """The texts of a channel, and what was wrong with it."""
    problems = Problems()
    (channel,) = [one for one in export.channels if one.name == name]
    days = messages_of(export, channel, problems)
    return [one.text or "" for _, messages in days for one in messages], problems


# -- The zip -----------------------------------------------------------------------------------------------------


def refused(content: bytes) -> str:
    with pytest.raises(ExportRefused) as refusal:
        open_export(Archive(io.BytesIO(content)))
    return refusal.value.code


def zipped(*members: tuple[zipfile.ZipInfo | str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content, method)
    return out.getvalue()


def link_to(target: str) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo("users.json")
    info.external_attr = 0o120777 << 16
    return info, target.encode()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "no_zip", id="nothing"),
        pytest.param(b"PK\x03\x04" + bytes(100), "no_zip", id="no directory"),
        pytest.param(zipped(("a.txt", b"hello")), "no_export", id="something else"),
        pytest.param(zipped(("users.json", b"[]")), "no_export", id="no channels"),
        pytest.param(zipped(("users.json", bytes(50_000_000))), "bomb", id="a bomb"),
        pytest.param(zipped(("../users.json", b"[]")), "unsafe", id="up"),
        pytest.param(zipped(("/users.json", b"[]")), "unsafe", id="root"),
        pytest.param(zipped(("C:/users.json", b"[]")), "unsafe", id="drive"),
        pytest.param(zipped(("general/../../x.json", b"[]")), "unsafe", id="up within"),
        pytest.param(zipped(link_to("/etc/passwd")), "unsafe", id="symlink"),
        pytest.param(zipped(("users.json", b"[]"), method=zipfile.ZIP_LZMA), "no_zip", id="other packing"),
    ],
)
def test_what_is_no_export_is_refused(content: bytes, code: str) -> None:
    assert refused(content) == code


def test_many_files_and_much_in_all_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    many = zipped(*((f"general/{number}.json", b"[]") for number in range(50)))
    monkeypatch.setattr(archives, "MOST_FILES", 49)
    assert refused(many) == "too_many_files"
    monkeypatch.setattr(archives, "MOST_FILES", 50)
    monkeypatch.setattr(archives, "LARGEST_WHOLE", 99)
    assert refused(many) == "bomb"


def test_a_directory_is_counted_before_it_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it says at its end, and before `zipfile` makes an object of each of its members."""
    content = bytearray(zipped(*((f"general/{number}.json", b"[]") for number in range(50))))
    end = content.index(b"PK\x05\x06")
    content[end + 8 : end + 12] = struct.pack("<HH", 1, 1)
    made: list[str] = []
    whole = zipfile.ZipInfo.__init__

    def counted(self: zipfile.ZipInfo, *args: Any) -> None:
        made.append("")
        whole(self, *args)

    monkeypatch.setattr(zipfile.ZipInfo, "__init__", counted)
    monkeypatch.setattr(archives, "MOST_FILES", 49)
    assert refused(bytes(content)) == "too_many_files" and not made
    monkeypatch.setattr(archives, "LARGEST_DIRECTORY", 1_000)
    monkeypatch.setattr(archives, "MOST_FILES", 1_000)
    assert refused(bytes(content)) == "too_many_files" and not made


def test_a_name_that_is_no_text_costs_its_file_only() -> None:
    files = exports.small(**{"general/2020-09-14é.json": b"[]"})
    content = bytearray(exports.packed(files).getvalue())  # type: ignore[union-attr]
    at = content.index("2020-09-14é.json".encode())
    content[at + len("2020-09-14")] = 0xFF  # where the file itself begins; the directory has it right
    said, problems = read(open_export(Archive(io.BytesIO(bytes(content)))))
    assert problems.counts["unreadable_file"] == 1 and "Good morning" in said


def test_a_password_is_refused() -> None:
    content = bytearray(zipped(("users.json", b"[]")))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.index(signature) + at
        content[start] |= 1
    assert refused(bytes(content)) == "encrypted"


def test_a_size_that_lies_ends_at_what_is_there() -> None:
    """The directory says that a day is small; it is not read for longer than that."""
    files = exports.small(
        **{"general/2020-09-14.json": json.dumps([exports.said(exports.BOB, 1, "x" * 9_000)]).encode()}
    )
    content = bytearray(exports.packed(files).getvalue())  # type: ignore[union-attr]
    at = content.index(b"general/2020-09-14.json", content.index(b"PK\x01\x02")) - 46
    content[at + 24 : at + 28] = struct.pack("<I", 20)
    export = open_export(Archive(io.BytesIO(bytes(content))))
    said, problems = read(export)
    assert problems.counts["unreadable_file"] == 1 and "root of a thread" in said


def test_a_large_day_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "LARGEST_JSON", 2_000)
    said, problems = read(opened(exports.small()))
    assert problems.counts["too_large"] == 1 and "Good morning" in said


def test_a_day_of_nothing_in_a_million_pieces_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three bytes of JSON can be eighty in memory: what is counted is what becomes objects."""
    monkeypatch.setattr(archives, "MOST_VALUES", 10_000)
    said, problems = read(
        opened(exports.small(**{"general/2020-09-14.json": b"[" + b"{}," * 10_000 + b"{}]"}))
    )
    assert problems.counts["too_large"] == 1 and "root of a thread" in said


def test_archives_inside_are_named_and_not_opened() -> None:
    export = opened(exports.small(**{"general/more.zip": zipped(("users.json", b"[]")), "notes.txt": b"x"}))
    assert export.problems.counts["nested_archive"] == 1 and export.problems.counts["other_file"] == 1


def test_a_folder_around_all_of_it_is_no_matter() -> None:
    export = opened({f"Acme export/{name}": content for name, content in exports.small().items()})
    assert "Good morning" in read(export)[0]


# -- The JSON ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'[{"ts": "1600000000.1", "text": ' + b"[" * 50_000, id="deep within"),
        pytest.param(b'{"no": "list"}', id="no list"),
        pytest.param(b"\xff\xfe\x00", id="no UTF-8"),
        pytest.param(b"[1e999, 2]", id="endless number"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_day_of_nonsense_is_counted_and_the_next_is_read(content: bytes) -> None:
    said, problems = read(opened(exports.small(**{"general/2020-09-13.json": content})))
    assert said == ["a late reply", "Good morning"] and problems.counts["unreadable_file"] == 1


def test_what_stands_before_the_damage_is_taken() -> None:
    whole = json.dumps(
        [exports.said(exports.BOB, number, f"number {number}") for number in range(5)]
    ).encode()
    said, problems = read(opened(exports.small(**{"general/2020-09-13.json": whole[:-100]})))
    assert said[:3] == ["number 0", "number 1", "number 2"] and problems.counts["unreadable_file"] == 1


def test_a_part_that_makes_no_sense_does_not_cost_the_message() -> None:
    said, problems = read(opened(exports.small()))
    assert "bad reactions" in said and problems.counts["part_of_message"] == 1
    assert problems.counts["bad_message"] == 2


@pytest.mark.parametrize(
    "users", [[], [5, None, {"id": 5}, {"id": "U1", "profile": 7}, {"name": "no id"}], "x", {}]
)
def test_people_of_any_kind(users: Any) -> None:
    export = opened(exports.small(**{"users.json": users}))
    assert export.source.startswith("slack:")


@pytest.mark.parametrize(
    "channels", [[5, {}, {"id": "C1"}, {"id": "C2", "name": "a", "members": "x", "topic": 4}], []]
)
def test_channels_of_any_kind(channels: Any) -> None:
    export = opened(exports.small(**{"channels.json": channels}))
    assert all(one.id and one.called for one in export.channels)


@pytest.mark.parametrize(
    ("ts", "micros"),
    [
        ("1483125339.020269", 1_483_125_339_020_269),
        ("1483125339", 1_483_125_339_000_000),
        ("1483125339.5", 1_483_125_339_500_000),
        ("x", None), ("", None), (None, None), ("-5", None), ("1e9", None), ("1483125339.x", None), ("9" * 40, None),
    ],
)  # fmt: skip
def test_times(ts: Any, micros: int | None) -> None:
    assert microseconds(ts) == micros


# -- Text --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slack", "html"),
    [
        (
            "*bold* _it_ ~gone~ `co*de`",
            "<p><strong>bold</strong> <em>it</em> <s>gone</s> <code>co*de</code></p>",
        ),
        ("*_both_*", "<p><em><strong>both</strong></em></p>"),
        ("snake_case_name 2*3*4", "<p>snake_case_name 2*3*4</p>"),
        ("a &lt;b&gt; &amp;amp; c", "<p>a &lt;b&gt; &amp;amp; c</p>"),
        ("&gt; quote\nafter", "<blockquote>\n<p>quote</p>\n</blockquote>\n<p>after</p>"),
        ("&gt;&gt;&gt; one\ntwo", "<blockquote>\n<p>one<br>\ntwo</p>\n</blockquote>"),
        ("<@U1> and <@U2>", '<p><a class="mention" data-person="p7">@Alice Adams</a> and @Old Timer</p>'),
        ("<#C1> <#C9|other>", "<p>#plans #other</p>"),
        ("<!channel>", '<p><span class="mention mention-room">@room</span></p>'),
        ("<!here>", "@here</span></p>"),
        ("mail alice@acme.example @Alice", "<p>mail alice@acme.example @Alice</p>"),
        ("<https://a.example/x|some *words*>", ">some *words*</a>"),
        ("<javascript:alert(1)|click>", "<p>click</p>"),
        (":wave::skin-tone-3: :tada: :ours:", "<p>👋🏼 🎉 :ours:</p>"),
        ("# no heading", "<p># no heading</p>"),
        ("[a](https://evil.example)", "<p>[a](<a "),
        ("```if a &lt; b:\n  *x*```", "><code>if a &lt; b:\n  *x*\n</code></pre>"),
        ("• one\n• two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
        ("<!date^1600000000^{date}|in September>", "<p>in September</p>"),
    ],
)
def test_text(slack: str, html: str) -> None:
    drawn = render(clean(to_markdown(slack, NAMES)), People([(7, "Alice Adams")])).html.strip()
    assert html in drawn, drawn


@given(st.text(alphabet="*_~`<>@#!|&;\n\\[]()ab \U0001f600:1.-+", max_size=80))
def test_no_text_is_too_odd(text: str) -> None:
    to_markdown(text, NAMES)


@given(
    st.text(alphabet="*_~`<>@#!|&;\\[]()ab1.+=$", min_size=1, max_size=40).filter(
        lambda text: text.strip(" \n")
    )
)
def test_plain_words_stay_plain(text: str) -> None:
    """What stands in a rich text as plain text is shown just so."""
    element = {"type": "rich_text_section", "elements": [{"type": "text", "text": f"x{text}x"}]}
    markdown = from_blocks([{"type": "rich_text", "elements": [element]}], NAMES)
    drawn = render(markdown, People([(7, "Alice Adams"), (8, "ab")]))
    assert not drawn.person_ids and drawn.plain == f"x{text}x"


@pytest.mark.parametrize(
    "blocks", [[5], [{"type": "rich_text", "elements": 5}], [{"type": "section", "text": "x"}], [{}]]
)
def test_blocks_of_any_kind(blocks: Any) -> None:
    assert isinstance(from_blocks(blocks, NAMES), str)


def test_emoji() -> None:
    assert emoji_called("thumbsup::skin-tone-2") == "👍🏻"
    assert emoji_called("ours") is None and emoji_called("tada::skin-tone-9") == "🎉"


@pytest.mark.parametrize(
    ("url", "theirs"),
    [
        ("https://files.slack.com/files-pri/T1-F1/a.png?t=x", True),
        ("https://acme.slack.com/files/U1/F1/a.png", True),
        ("https://acme.enterprise.slack.com/files/U1/F1/a.png", True),
        ("http://files.slack.com/a", False),
        ("https://files.slack.com.evil.example/a", False),
        ("https://evil.example/files.slack.com", False),
        ("https://files.slack.com@evil.example/a", False),
        ("https://127.0.0.1/a", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_whose_addresses_are_asked(url: str, theirs: bool) -> None:
    assert is_slacks(url) is theirs


@pytest.mark.parametrize(
    "text",
    [
        "<https://files.slack.com/a/b.png?t=xoxe-1-secret>",
        "<http://files.slack.com/a/b.png?t=xoxe-1-secret|words>",
        "<https://elsewhere.example/?a=b&t=xoxe-1-secret|https://elsewhere.example/?a=b&t=xoxe-1-secret>",
    ],
)
def test_tokens_are_left_out_of_every_link(text: str) -> None:
    assert "secret" not in to_markdown(text, NAMES)
    picture = {"type": "image", "image_url": text[1:].partition("|")[0].rstrip(">"), "alt_text": "x"}
    assert "secret" not in from_blocks([picture], NAMES)
