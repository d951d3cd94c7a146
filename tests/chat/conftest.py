"""What several of chat's tests ask."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from chat.search import search
from tenants.db import in_organisation


@pytest.fixture
def find() -> Callable[[Any, str], list[str]]:
    """`find(person, "query")`: the plain texts of what they find, newest first."""

    def found(person: Any, query: str) -> list[str]:
        with in_organisation(person.organisation):
            hits = search(person, query).items
        return [re.sub(r"<[^>]+>", "", hit.html).strip() for hit in hits]

    return found
