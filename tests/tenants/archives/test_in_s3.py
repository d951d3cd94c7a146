"""Backup, restore, clone and erase where files are kept in S3, in a bucket that others' files are in too."""

from pathlib import Path

from tenants.models import Organisation
from tests.buckets import OwnBucket
from tests.tenants.archives.belongings import Belongings, traces_of
from tests.tenants.archives.conftest import Command, Full


def test_files_come_back_and_an_erased_organisation_leaves_none(
    bucket: OwnBucket, full: Full, archive: Path, run: Command
) -> None:
    before, schema_name = Belongings.of(full.organisation), full.organisation.schema_name
    assert len(before.stored) == 3  # a picture, a file and its thumbnail
    assert bucket.keys() == {f"{schema_name}/{name}" for name in before.stored}
    bucket.client.put_object(Bucket=bucket.name, Key=f"{schema_name}0/neighbour", Body=b"kept")
    run("erase", "initech", "--confirm", "initech")
    assert bucket.keys() == {f"{schema_name}0/neighbour"}
    assert not any(traces_of(schema_name).values())
    run("restore", archive, "--fast")
    assert Belongings.of(Organisation.objects.get(address="initech")).stored == before.stored
    assert not bucket.keys("restoring/")


def test_a_restore_replaces_what_came_later(
    bucket: OwnBucket, full: Full, archive: Path, run: Command
) -> None:
    before = Belongings.of(full.organisation)
    later = f"{full.organisation.schema_name}/files/later"
    bucket.client.put_object(Bucket=bucket.name, Key=later, Body=b"later")
    damaged = next(iter(before.stored))
    bucket.client.put_object(
        Bucket=bucket.name, Key=f"{full.organisation.schema_name}/{damaged}", Body=b"damaged"
    )
    run("restore", archive, "--fast")
    assert Belongings.of(full.organisation).stored == before.stored


def test_a_clone_has_files_of_its_own(bucket: OwnBucket, full: Full, run: Command) -> None:
    before = Belongings.of(full.organisation)
    run("clone", "initech", "initech-copy", "--fast")
    copy = Organisation.objects.get(address="initech-copy")
    assert Belongings.of(copy).stored == before.stored
    run("erase", "initech-copy", "--confirm", "initech-copy")
    assert bucket.keys() == {f"{full.organisation.schema_name}/{name}" for name in before.stored}


def test_older_versions_are_erased_too(bucket: OwnBucket, full: Full, run: Command) -> None:
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    name = f"{full.organisation.schema_name}/files/again"
    for content in (b"first", b"second"):
        bucket.client.put_object(Bucket=bucket.name, Key=name, Body=content)
    bucket.client.delete_object(Bucket=bucket.name, Key=name)
    bucket.client.put_object(Bucket=bucket.name, Key="org_other/file", Body=b"kept")
    run("erase", "initech", "--confirm", "initech")
    assert bucket.versions() == ["org_other/file"]
