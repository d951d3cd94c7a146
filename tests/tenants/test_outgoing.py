"""Asking servers whose names people gave: real sockets to a real server, and nothing that is not allowed is reached."""

# ruff: noqa: S104 - nothing is bound to these addresses
import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tenants.outgoing import FetchFailed, Outside, fetch
from tenants.outgoing.addresses import is_outside

HTML = ("text/html",)


class Site(BaseHTTPRequestHandler):
    """Answers each path by the function that a test gave for it."""

    pages: dict[str, Callable[["Site"], None]]
    asked: list[tuple[str, dict[str, str]]]

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers)))
        self.pages[self.path](self)

    def answer(self, body: bytes, content_type: str = "text/html", status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


class Running:
    def __init__(self, server: ThreadingHTTPServer, handler: type[Site]) -> None:
        self.port, self.pages, self.asked = server.server_address[1], handler.pages, handler.asked
        self.names = {"site.example": ["127.0.0.1"]}
        self.looked_up: list[str] = []

    def resolve(self, host: str, port: int) -> list[str]:
        self.looked_up.append(host)
        return self.names[host]

    @property
    def outside(self) -> Outside:
        """127.0.0.1 stands for the internet here, and only that: 127.0.0.2 and all else are checked as ever."""
        return Outside(
            resolve=self.resolve,
            may_reach=lambda address: address == "127.0.0.1" or is_outside(address),
            ports=(self.port, 80, 443),
        )

    def url(self, path: str = "/", host: str = "site.example") -> str:
        return f"http://{host}:{self.port}{path}"

    def fetch(self, path: str = "/", *, most: int = 1_000, seconds: float = 5.0, **options: Any) -> Any:
        return fetch(self.url(path), accept=HTML, most=most, seconds=seconds, outside=self.outside, **options)


@contextmanager
def serving() -> Iterator[Running]:
    handler = type("OneSite", (Site,), {"pages": {}, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Running(server, handler)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def site() -> Iterator[Running]:
    with serving() as running:
        yield running


def test_a_page_is_read(site: Running) -> None:
    site.pages["/a?b=c"] = lambda one: one.answer("<p>grüß".encode("latin-1"), "Text/HTML; charset=latin-1")
    answer = site.fetch("/a?b=c")
    assert (answer.content_type, answer.charset, answer.body) == ("text/html", "latin-1", b"<p>gr\xfc\xdf")
    ((_, headers),) = site.asked
    assert headers["Host"] == f"site.example:{site.port}"
    assert "Parley" in headers["User-Agent"]
    assert not {"Cookie", "Authorization", "Referer"} & set(headers)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1",
        "192.0.2.1", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16",
        "192.88.99.1", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::808:808", "64:ff9b:1::a00:1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254",
        "ff02::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "100::1", "2001:4860:4860::8888%lo", "", "example.com",
    ],
)  # fmt: skip
def test_an_address_inside_is_refused(address: str) -> None:
    assert not is_outside(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450::1"]
)
def test_an_address_outside_may_be_asked(address: str) -> None:
    assert is_outside(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.2", "[::1]", "[::ffff:127.0.0.2]", "[64:ff9b::7f00:2]", "0.0.0.0", "0", "2130706434", "0x7f000002",
        "0177.0.0.2", "127.2", "169.254.169.254", "2852039166", "localhost", "[fe80::1]", "[::]",
    ],
)  # fmt: skip
def test_no_way_to_write_an_address_leads_inside(site: Running, host: str) -> None:
    """With the system's own resolver, which understands all of these. The server listens on 127.0.0.1 only, and that
    one is refused here too."""
    with pytest.raises(FetchFailed, match="leads to"):
        fetch(site.url(host=host), accept=HTML, most=10, outside=Outside(ports=(site.port,)))
    assert site.asked == []


def test_a_name_with_one_address_inside_is_refused(site: Running) -> None:
    site.names["site.example"] = ["127.0.0.1", "10.0.0.1"]
    with pytest.raises(FetchFailed, match=r"leads to 10\.0\.0\.1"):
        site.fetch()


def test_a_name_is_resolved_once_and_its_checked_address_asked(site: Running) -> None:
    """DNS rebinding: the first answer is fine, the second one leads inside. There is no second one."""
    site.pages["/"] = lambda one: one.answer(b"outside")
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    outside = Outside(
        resolve=lambda host, port: next(answers), may_reach=lambda a: a == "127.0.0.1", ports=(site.port,)
    )
    assert fetch(site.url(), accept=HTML, most=99, outside=outside).body == b"outside"
    with pytest.raises(FetchFailed, match=r"leads to 127\.0\.0\.2"):
        fetch(site.url(), accept=HTML, most=99, outside=outside)


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:{port}/secret", "http://169.254.169.254/latest/meta-data/", "http://[::ffff:127.0.0.1]:{port}/",
        "//inside.example:{port}/", "file:///etc/passwd", "gopher://127.0.0.1/", "http://site.example:22/",
        "http://user:word@site.example:{port}/",
    ],
)  # fmt: skip
def test_each_redirect_is_checked_anew(site: Running, location: str) -> None:
    site.names |= {
        "inside.example": ["10.1.2.3"],
        "127.0.0.2": ["127.0.0.2"],
        "169.254.169.254": ["169.254.169.254"],
        "::ffff:127.0.0.1": ["::ffff:127.0.0.1"],
    }
    site.pages["/"] = lambda one: one.answer(b"", status=302, Location=location.format(port=site.port))
    with pytest.raises(FetchFailed, match=r"leads to|may be asked|port 22"):
        site.fetch()
    assert [path for path, _ in site.asked] == ["/"]


def test_three_redirects_are_followed_and_no_more(site: Running) -> None:
    for step in range(4):
        site.pages[f"/{step}"] = lambda one, step=step: one.answer(b"", status=301, Location=f"/{step + 1}")
    site.pages["/4"] = lambda one: one.answer(b"end")
    answer = site.fetch("/1")
    assert (answer.body, answer.url) == (b"end", site.url("/4"))
    with pytest.raises(FetchFailed, match="too many redirects"):
        site.fetch("/0")


@pytest.mark.parametrize("url", ["ftp://site.example/", "http://site.example:25/", "http:///", "http://a b/", "http://site.example/\r\nX: y", "javascript:1", "http://site.example:99999/", "http://[::1", "http://ü.example/", "http://site.example/" + "a" * 2_000])  # fmt: skip
def test_what_is_no_address_of_the_web_is_not_asked(site: Running, url: str) -> None:
    with pytest.raises(FetchFailed):
        fetch(url, accept=HTML, most=10, outside=site.outside)
    assert site.looked_up == []


def test_no_more_than_allowed_is_read(site: Running) -> None:
    sent = threading.Event()

    def endless(one: Site) -> None:
        one.send_response(200)
        one.send_header("Content-Type", "text/html")
        one.end_headers()
        try:
            while True:
                one.wfile.write(b"x" * 65_536)
        except OSError:  # the other side hung up
            sent.set()

    site.pages["/"] = endless
    answer = site.fetch(most=100_000)
    assert (len(answer.body), answer.cut) == (100_000, True)
    assert sent.wait(10)


def test_a_gzip_bomb_stays_small(site: Running) -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join([packer.compress(b"\0" * 1_000_000) for _ in range(200)]) + packer.flush()
    site.pages["/"] = lambda one: one.answer(bomb, Content_Encoding="gzip")
    answer = site.fetch(most=512 * 1024)
    assert (len(answer.body), answer.cut) == (512 * 1024, True)


def test_what_is_packed_is_unpacked(site: Running) -> None:
    site.pages["/"] = lambda one: one.answer(gzip.compress(b"hello"), Content_Encoding="gzip")
    site.pages["/br"] = lambda one: one.answer(b"?", Content_Encoding="br")
    site.pages["/broken"] = lambda one: one.answer(b"no gzip", Content_Encoding="gzip")
    assert site.fetch().body == b"hello"
    for path in ("/br", "/broken"):
        with pytest.raises(FetchFailed):
            site.fetch(path)


@pytest.mark.parametrize("slow_part", ["headers", "body"])
def test_a_server_that_sends_drop_by_drop_is_given_up(site: Running, slow_part: str) -> None:
    """Each drop comes in time; all of them don't. A time for each read alone would wait for ever."""
    hung_up = threading.Event()

    def drops(one: Site) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
        one.wfile.write(head + (b"\r\n" if slow_part == "body" else b""))
        try:
            while not hung_up.wait(0.02):
                one.wfile.write(b"x: y\r\n" if slow_part == "headers" else b"x")
        except OSError:
            hung_up.set()

    site.pages["/"] = drops
    with pytest.raises(FetchFailed):
        site.fetch(seconds=0.3, most=10**9)
    assert hung_up.wait(10)


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        outside = Outside(resolve=lambda host, port: ["127.0.0.1"], may_reach=lambda a: True, ports=(port,))
        with pytest.raises(FetchFailed):
            fetch(f"http://silent.example:{port}/", accept=HTML, most=10, seconds=0.2, outside=outside)


def test_a_name_that_is_not_found_in_time_is_given_up(site: Running) -> None:
    found = threading.Event()

    def never(host: str, port: int) -> list[str]:
        found.wait(30)
        return ["127.0.0.1"]

    try:
        with pytest.raises(FetchFailed, match="in time"):
            fetch(
                site.url(),
                accept=HTML,
                most=10,
                seconds=0.1,
                outside=Outside(resolve=never, ports=(site.port,)),
            )
    finally:
        found.set()


@pytest.mark.parametrize(
    "content_type", ["application/pdf", "text/plain", "application/json", "", "text/htm"]
)
def test_only_what_was_asked_for_is_read(site: Running, content_type: str) -> None:
    site.pages["/"] = lambda one: one.answer(b"?", content_type)
    with pytest.raises(FetchFailed, match="content type"):
        site.fetch()


@pytest.mark.parametrize("status", [204, 403, 404, 500])
def test_what_is_not_there_is_no_page(site: Running, status: int) -> None:
    site.pages["/"] = lambda one: one.answer(b"", status=status)
    with pytest.raises(FetchFailed, match="status"):
        site.fetch()


def test_no_proxy_of_the_environment_is_asked(site: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    site.pages["/"] = lambda one: one.answer(b"direct")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert site.fetch().body == b"direct"


def test_a_certificate_is_checked(site: Running) -> None:
    """A server without TLS stands for one whose certificate is another's: the handshake decides."""
    url = site.url().replace("http:", "https:")
    with pytest.raises(FetchFailed, match="SSL"):
        fetch(url, accept=HTML, most=10, outside=site.outside)
