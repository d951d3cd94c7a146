"""Identifiers as they leave through an API: a letter for the kind, then the number (`r5`, `m12`, `p3`)."""

import re
from typing import ClassVar

from django.urls import register_converter

_LARGEST = 2**63 - 1  # a Postgres bigint
_NUMBER = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)


def encode(kind: str, number: int) -> str:
    """`encode("r", 5) == "r5"`."""
    return f"{kind}{number}"


def decode(kind: str, text: object) -> int:
    """`decode("r", "r5") == 5`; raises ValueError for anything else, other kinds and too large numbers included."""
    if isinstance(text, str) and text.startswith(kind) and _NUMBER.fullmatch(text, 1):
        number = int(text[1:])
        if number <= _LARGEST:
            return number
    raise ValueError(f"not an id of kind {kind!r}: {text!r:.40}")


class _Converter:
    kind: ClassVar[str]

    def to_python(self, value: str) -> int:
        return decode(self.kind, value)

    def to_url(self, value: int) -> str:
        return encode(self.kind, value)


for _kind in "rmpinfltdgse":
    register_converter(
        type(f"{_kind.upper()}idConverter", (_Converter,), {"kind": _kind, "regex": f"{_kind}[1-9][0-9]*"}),
        f"{_kind}id",
    )
