"""Counts the queries of pages, those of session and person left out. Runs as a process of its own:

python -m tests.bench.page_queries '{"host": …, "session": …, "pages": {name: [method, path]}}'   prints JSON
"""

import json
import os
import sys
import uuid
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
PERSON = 1  # query for the session and its person, which every page has


def counted(host: str, session: str, pages: dict[str, tuple[str, str]]) -> dict[str, int]:
    """For each page, the queries of its second request: the first one finds out about the host."""
    from django.conf import settings
    from django.test import Client

    from tests.chat.pages import queries

    browser = Client(headers={"host": host, "accept": "text/html"})
    browser.cookies[settings.SESSION_COOKIE_NAME] = session
    found = {}
    for name, (method, path) in pages.items():
        for _ in range(2):
            form: dict[str, Any] = (
                {"text": "Hello", "client_id": str(uuid.uuid4())} if method == "POST" else {}
            )
            with queries() as asked:
                answer = browser.post(path, form) if method == "POST" else browser.get(path)
            if answer.status_code not in (200, 302):
                raise RuntimeError(f"{path}: {answer.status_code}")
        found[name] = sum("tenants_organisation" not in query for query in asked) - PERSON
    return found


if __name__ == "__main__":
    django.setup()
    json.dump(counted(**json.loads(sys.argv[1])), sys.stdout)
