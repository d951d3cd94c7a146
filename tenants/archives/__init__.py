"""One organisation as one file: backed up, restored, cloned; and erased. docs/backup.md is the operator's page.

An archive is a plain tar: gzipped `COPY` text of each table, the files, a manifest, and SHA-256 sums of all of these.
It holds rows and no SQL: the relations come from the migrations on disk, so nothing that an archive says is executed.
"""
