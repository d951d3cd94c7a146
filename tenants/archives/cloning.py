"""A second organisation with the same people and the same talk, to try something out on."""

import tempfile

from django.apps import apps
from django.conf import settings

from tenants.archives.backing_up import Report, back_up
from tenants.archives.pace import Pace
from tenants.archives.restoring import restore
from tenants.models import Organisation

# Who is signed in there is not signed in here: cookies belong to one host.
_SESSIONS = ("sessions.Session", "usersessions.UserSession")


def clone(organisation: Organisation, address: str, *, pace: Pace, report: Report) -> Organisation:
    """Make a copy of the organisation at `address` and return it; its archive is in PARLEY_DATA meanwhile.

    Raises what `back_up` and `restore` raise, and then nothing is left.
    """
    sessions = [apps.get_model(label)._meta.db_table for label in _SESSIONS]
    settings.DATA.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=settings.DATA) as file:  # without a name: nothing has to remove it
        back_up(organisation, file, pace=pace, report=report, leave_out=sessions)
        file.seek(0)
        return restore(file, address=address, pace=pace, report=report)
