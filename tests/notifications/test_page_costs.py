"""What the notification list asks of Postgres: the same for a few entries as for many, so that an N+1 shows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from chat.models import Room
from chat.posts import Posted
from notifications.inbox import mark_all_read, notify
from tenants.db import in_organisation
from tests.chat.pages import FEW, MANY, listing_costs, queries


@pytest.fixture
def tell(alice: Any, bob: Any, dana: Any, room: Room, say: Callable[..., Posted]) -> Callable[[int], None]:
    """Alice is told twice: of what one or another says to her, and by nobody."""

    def told(number: int) -> None:
        say((bob, dana)[number % 2], room, f"@Alice look at boat {number:02}")
        notify(alice.organisation, alice, f"Boat {number:02} is in")

    return told


@pytest.mark.parametrize(
    ("headers", "statements"),
    [
        # host, session and person; how many, these, how many are unread; what stands beside, and the settings
        ({}, 7),
        ({"HX-Request": "true"}, 5),
    ],
)
def test_the_list_costs_the_same_for_more(
    headers: dict[str, str],
    statements: int,
    alice: Any,
    tell: Callable[[int], None],
    client_of: Callable[[Any], Client],
) -> None:
    costs = listing_costs(client_of(alice), "/notifications/", tell, r"look at boat \d\d", headers)
    assert costs == [statements] * 2


def test_marking_all_read_costs_the_same_for_more(alice: Any, tell: Callable[[int], None]) -> None:
    costs = []
    for numbers in (range(FEW), range(FEW, MANY)):
        for number in numbers:
            tell(number)
        with in_organisation(alice.organisation), queries() as asked:
            mark_all_read(alice)
        costs.append(len(asked))
    assert costs == [2, 2]  # marks them, counts the unread
