"""An S3 server on this machine (moto's, with boto3's real client on the other side of a real socket), and buckets in it.

Its address is loopback's, nothing is looked up in the machine's own AWS settings, and every bucket is one test's.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3


@dataclass(frozen=True)
class OwnBucket:
    """A bucket and a client that sees what is really in it."""

    name: str
    client: Any

    def keys(self, prefix: str = "") -> set[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return {entry["Key"] for page in pages for entry in page.get("Contents", ())}

    def versions(self, prefix: str = "") -> list[str]:
        """The keys of all versions and of the marks that deletions have left."""
        found = self.client.list_object_versions(Bucket=self.name, Prefix=prefix)
        return [entry["Key"] for kind in ("Versions", "DeleteMarkers") for entry in found.get(kind, ())]


@contextmanager
def serving() -> Iterator[str]:
    """The address of an S3 server of one's own."""
    from moto.server import ThreadedMotoServer  # a second that tests without S3 need not wait

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def options(endpoint: str, bucket: str) -> dict[str, Any]:
    """What `STORAGES` says of a bucket, as config.settings does, with keys of nobody's."""
    return {
        "bucket_name": bucket,
        "endpoint_url": endpoint,
        "default_acl": None,
        "file_overwrite": False,
        "access_key": "tests",
        "secret_key": "tests",
        "region_name": "us-east-1",
    }


def new_bucket(endpoint: str) -> OwnBucket:
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="tests",
        aws_secret_access_key="tests",
        region_name="us-east-1",
    )
    name = f"parley-{secrets.token_hex(6)}"
    client.create_bucket(Bucket=name)
    return OwnBucket(name, client)
