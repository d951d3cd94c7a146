"""Deleting stored files that no row names any more: what is forwarded is one file with several rows."""

from collections.abc import Collection

from chat.files import storing
from chat.models import Attachment


def delete_unused(names: Collection[str]) -> None:
    """Delete those of these files that belong to no message, with their thumbnails. Inside the organisation; one query.

    Their rows are gone and that is committed: whoever forwards a file has its room locked, and a row of their own in
    the end, or has found none.
    """
    used = set(Attachment.objects.filter(file__in=names).values_list("file", flat=True))
    storing.delete(name for name in names if name not in used)
