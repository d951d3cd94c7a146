"""What happens to people. Sent inside the transaction that does it and inside the organisation.

Receivers may write rows; what they publish must wait for the commit. All carry `person`, a Person.
"""

from django.dispatch import Signal

# A person came into being: signed up, accepted an invitation, or was created by a command.
person_joined = Signal()
# `changed`: a frozenset of what differs now, among "name", "picture", "role", "time_zone", "notify", "shares_reading",
# "active".
person_changed = Signal()
# They may not do anything any more; their sessions are gone. `person_changed` follows with "active".
person_deactivated = Signal()
