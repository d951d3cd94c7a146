"""The list in a file of an export, however damaged: a file that breaks off gives what stands before the break."""

import json
from typing import Any

import msgspec

from chat.slack.archive import Archive, Unreadable
from chat.slack.problems import Problems
from chat.text import without_controls


def items_of(archive: Archive, name: str, problems: Problems) -> list[Any]:
    """The list in a file; nothing for a file that is not there."""
    if name not in archive:
        return []
    try:
        content = archive.read(name).removeprefix(b"\xef\xbb\xbf")
    except Unreadable as error:
        problems.add("too_large" if error.too_large else "unreadable_file", name)
        return []
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        problems.add("unreadable_file", name)
        return _storable(_salvaged(content))
    if isinstance(found, list):
        return _storable(found) if b"\\u0000" in content else found
    problems.add("unreadable_file", name)
    return []


def _storable(items: list[Any]) -> list[Any]:
    """The items without what Postgres stores nowhere: zeros and halves of characters. What nests too deep is left out."""
    found = []
    for item in items:
        try:
            found.append(_without_controls(item))
        except RecursionError:
            found.append(None)
    return found


def _without_controls(value: Any) -> Any:
    if isinstance(value, str):
        return without_controls(value)
    if isinstance(value, list):
        return [_without_controls(one) for one in value]
    if isinstance(value, dict):
        return {key: _without_controls(one) for key, one in value.items()}
    return value


def _salvaged(content: bytes) -> list[Any]:
    """The objects of a list that stand before what can't be read."""
    text = content.decode(errors="replace").lstrip("\ufeff")
    position = text.find("[") + 1
    found: list[Any] = []
    if not position:
        return found
    decoder = json.JSONDecoder()
    while True:
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
        try:
            item, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return found
        found.append(item)
