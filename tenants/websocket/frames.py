"""Frames of RFC 6455 as bytes: made for the browser, and read from it. No I/O."""

from collections.abc import Iterable, Iterator
from typing import Final

from websockets.frames import apply_mask

TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA
_CONTINUATION: Final = 0x0
_FINAL: Final = 0x80
_MASKED: Final = 0x80
_MOST_CONTROL: Final = 125
_MEANT_FOR_FRAMES = {1000, 1001, 1002, 1003, *range(1007, 1015)}  # 7.4.1, and the registry's additions


class Malformed(ValueError):
    """The peer broke the protocol: close with `code` (7.4.1)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def encode(opcode: int, payload: bytes) -> bytes:
    """One whole frame of a server (unmasked)."""
    size = len(payload)
    if size < 126:
        return bytes((_FINAL | opcode, size)) + payload
    if size < 65536:
        return bytes((_FINAL | opcode, 126)) + size.to_bytes(2) + payload
    return bytes((_FINAL | opcode, 127)) + size.to_bytes(8) + payload


def encode_texts(texts: Iterable[bytes]) -> bytes:
    """Text frames one behind the other, to be written at once."""
    return b"".join([encode(TEXT, text) for text in texts])


def encode_close(code: int, reason: str = "") -> bytes:
    return encode(CLOSE, code.to_bytes(2) + reason.encode()[: _MOST_CONTROL - 2])


def close_code(payload: bytes) -> int:
    """The code of a received close frame; 1005 where it has none. Raises Malformed for codes that must not travel."""
    if not payload:
        return 1005
    code = int.from_bytes(payload[:2])
    if len(payload) < 2 or (code not in _MEANT_FOR_FRAMES and not 3000 <= code < 5000):
        raise Malformed(1002, "no such close code")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        raise Malformed(1007, "a reason that is not UTF-8") from None
    return code


class Reader:
    """Puts together the messages of one browser: `feed` bytes, get (opcode, payload) pairs."""

    __slots__ = ("_most", "_opcode", "_parts", "_rest", "_size")

    def __init__(self, most: int) -> None:
        self._most = most  # bytes of one message
        self._rest = b""
        self._opcode = 0
        self._parts: list[bytes] | None = None  # of a message in several frames
        self._size = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The messages and control frames that `data` completes, read to the end or never fed again. Raises Malformed
        behind those that came before; then the reader is of no more use."""
        if self._rest:
            data = self._rest + data
        begin = 0
        while (size := self._size_of_frame(data, begin)) and len(data) - begin >= size:
            found = self._take(data[begin : begin + size])
            begin += size
            if found is not None:
                yield found
        self._rest = data[begin:] if begin else data

    def _size_of_frame(self, data: bytes, begin: int) -> int:
        """Bytes of the frame that begins there, header and mask included; 0 while its header is not complete."""
        if len(data) - begin < 2:
            return 0
        first, second = data[begin], data[begin + 1]
        self._check(first, second)
        size, header = second & 0x7F, 6
        if size >= 126:
            wide = 2 if size == 126 else 8
            if len(data) - begin < 2 + wide:
                return 0
            size, header = int.from_bytes(data[begin + 2 : begin + 2 + wide]), 6 + wide
        if size + self._size > self._most and not first & 0x8:
            raise Malformed(1009, "a message that is too large")
        return header + size

    def _check(self, first: int, second: int) -> None:
        opcode = first & 0x0F
        if first & 0x70 or not second & _MASKED:
            raise Malformed(1002, "reserved bits, or a frame without a mask")
        if opcode not in (_CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise Malformed(1002, "no such opcode")
        if opcode >= CLOSE and (not first & _FINAL or second & 0x7F > _MOST_CONTROL):
            raise Malformed(1002, "a control frame that is long or in parts")
        if opcode < CLOSE and (opcode == _CONTINUATION) == (self._parts is None):
            raise Malformed(1002, "a continuation of nothing, or a message inside a message")

    def _take(self, frame: bytes) -> tuple[int, bytes] | None:
        """What a whole frame completes, if anything."""
        size = frame[1] & 0x7F
        mask = {126: 4, 127: 10}.get(size, 2)
        payload = apply_mask(frame[mask + 4 :], frame[mask : mask + 4])
        opcode = frame[0] & 0x0F
        if opcode >= CLOSE:
            return opcode, payload
        if frame[0] & _FINAL:
            if self._parts is None:
                return opcode, payload
            whole = b"".join([*self._parts, payload])
            self._parts, self._size = None, 0
            return self._opcode, whole
        if self._parts is None:
            self._opcode, self._parts = opcode, []
        self._parts.append(payload)
        self._size += len(payload) or 1  # an empty part costs too, or endless ones would be free
        return None
