"""ClamAV's protocol, as much of it as a scan takes: INSTREAM to clamd over TCP or a Unix socket.

https://docs.clamav.net/manual/Usage/Scanning.html#clamd: `zINSTREAM\\0`, then pieces with their length before them as four
bytes in network order, then a length of zero; the answer ends with a zero byte too.
"""

import re
import socket
import struct
from collections.abc import Iterable
from urllib.parse import urlsplit

_SECONDS = 60.0  # for each step: connecting, a piece, the answer
_LONGEST_ANSWER = 4096
_FOUND = re.compile(r"stream: (.+) FOUND")


class ScannerFailed(OSError):
    """There is no answer, or one that says neither yes nor no: the file must wait."""


class TooLargeToScan(ValueError):
    """The scanner takes no file of this size (clamd's StreamMaxLength), today or tomorrow."""


def find_virus(url: str, pieces: Iterable[bytes]) -> str:
    """The name of the virus that clamd at `url` (`tcp://host:3310`, `unix:/run/clamd.sock`) finds in `pieces`; "" for none.

    Raises ScannerFailed and TooLargeToScan. Touches the network, or a socket of this machine.
    """
    try:
        with _connect(url) as scanner:
            try:
                _send(scanner, pieces)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has heard enough, and said why
            answer = _answer(scanner)
    except OSError as error:
        raise ScannerFailed(str(error)) from error
    if answer == "stream: OK":
        return ""
    if found := _FOUND.fullmatch(answer):
        return found[1]
    if "size limit exceeded" in answer:
        raise TooLargeToScan(answer)
    raise ScannerFailed(answer)


def _send(scanner: socket.socket, pieces: Iterable[bytes]) -> None:
    scanner.sendall(b"zINSTREAM\0")
    for piece in pieces:
        if piece:
            scanner.sendall(struct.pack("!I", len(piece)) + piece)
    scanner.sendall(struct.pack("!I", 0))


def _connect(url: str) -> socket.socket:
    where = urlsplit(url)
    if where.scheme == "unix":
        connected = socket.socket(socket.AF_UNIX)
        connected.settimeout(_SECONDS)
        connected.connect(where.path)
        return connected
    return socket.create_connection((where.hostname or "localhost", where.port or 3310), _SECONDS)


def _answer(scanner: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER and (more := scanner.recv(1024)):
        answer += more
    return answer.rstrip(b"\0\n").decode(errors="replace")
