"""Files in an S3 bucket: django-storages' storage, made fit for many threads, large files and honest errors.

As it comes it makes a session (80 ms of computing) for each thread that asks whether a file is there, and here each
request has a thread of its own; it holds a file that is opened in memory, however large; and what fails is no OSError,
which is what everybody expects of a storage. Needs no organisation: names carry the schema's.
"""

import io
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import structlog
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage

log = structlog.get_logger(__name__)
_BUFFER = 256 * 1024  # bytes of a file that are asked for at once
_PIECE = 64 * 1024
_SKIPPED = 1024 * 1024  # bytes that are read and thrown away sooner than asking anew
# boto3's own limits let a request wait for minutes.
_CONFIG = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=50,
)


class Bucket(S3Storage):
    """Django's storage in a bucket. Every method raises OSError where the storage fails, FileNotFoundError for what it
    does not have."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(client_config=_CONFIG, **settings)
        self._lock = threading.Lock()
        self._shared: Any = None

    @property
    def connection(self) -> Any:
        """A resource of this thread's own, as boto3 wants it, over the one client of the process, which is for all."""
        with self._lock:
            if self._shared is None:
                self._shared = self._create_session().resource(
                    "s3",
                    region_name=self.region_name,
                    use_ssl=self.use_ssl,
                    endpoint_url=self.endpoint_url,
                    config=self.client_config,
                    verify=self.verify,
                )
        return type(self._shared)(client=self._shared.meta.client)

    @property
    def bucket(self) -> Any:
        return self.connection.Bucket(self.bucket_name)

    def part(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`, which is more, in pieces. One request; it raises at once, not when read."""
        with _failing_as_os_error(name):
            body = self.bucket.Object(name).get(Range=f"bytes={start}-{stop - 1}")["Body"]
        return _pieces(name, body)

    def delete_below(self, prefix: str) -> None:
        """Delete everything below a folder, a thousand at a time; in a bucket that keeps versions, these as well."""
        with _failing_as_os_error(prefix):
            self.bucket.objects.filter(Prefix=f"{prefix}/").delete()
            try:
                self.bucket.object_versions.filter(Prefix=f"{prefix}/").delete()
            except ClientError as error:  # not all providers know versions, and not all keys may see them
                if error.response["Error"]["Code"] not in ("NotImplemented", "AccessDenied"):
                    raise
                log.warning("older versions of files were not looked for", prefix=prefix, error=str(error))

    def exists(self, name: str) -> bool:
        with _failing_as_os_error(name):
            return super().exists(name)

    def size(self, name: str) -> int:
        with _failing_as_os_error(name):
            return super().size(name)

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with _failing_as_os_error(name):
            return super().listdir(name)

    def delete(self, name: str) -> None:
        with _failing_as_os_error(name):
            super().delete(name)

    def _save(self, name: str, content: Any) -> str:
        with _failing_as_os_error(name):
            return super()._save(name, content)

    def _open(self, name: str, mode: str = "rb") -> File:
        if mode != "rb":
            raise ValueError("Files in a bucket are only read, and saved whole.")
        with _failing_as_os_error(name):
            found = self.bucket.Object(name)
            found.load()
        return File(io.BufferedReader(_Reading(found), _BUFFER), name)


class _Reading(io.RawIOBase):
    """A file of a bucket as it comes over the line, so that neither memory nor disk has to hold all of it."""

    def __init__(self, found: Any) -> None:
        self._found, self._size = found, found.content_length
        self._body: Any = None
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        wanted = max(0, start + offset)
        if self._body is not None and wanted != self._at:
            self._move(wanted - self._at)
        self._at = wanted
        return wanted

    def _move(self, by: int) -> None:
        if 0 < by <= _SKIPPED:
            with _failing_as_os_error(self._found.key):
                while by and (some := self._body.read(by)):
                    by -= len(some)
        else:
            self._let_go()

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size or not len(buffer):
            return 0
        with _failing_as_os_error(self._found.key):
            if self._body is None:
                self._body = self._found.get(Range=f"bytes={self._at}-", IfMatch=self._found.e_tag)["Body"]
            some = self._body.read(min(len(buffer), self._size - self._at))
        if not some:
            raise OSError(f"{self._found.key!r} ended early.")
        buffer[: len(some)] = some
        self._at += len(some)
        return len(some)

    def close(self) -> None:
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


def _pieces(name: str, body: Any) -> Iterator[bytes]:
    with closing(body), _failing_as_os_error(name):
        yield from body.iter_chunks(_PIECE)


@contextmanager
def _failing_as_os_error(name: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            raise FileNotFoundError(name) from error
        raise OSError(f"The bucket refuses {name!r}: {error}") from error
    except (BotoCoreError, Boto3Error) as error:
        raise OSError(f"The bucket fails for {name!r}: {error}") from error
