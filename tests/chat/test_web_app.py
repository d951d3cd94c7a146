"""Manifest, service worker and offline shell: what browsers need of them, and that they know nobody."""

import json
import re
from collections.abc import Callable
from typing import Any

from django.test import Client

ClientOf = Callable[[Any], Client]


def test_the_manifest_lets_a_browser_install_the_organisation(
    alice: Any, mallory: Any, client_of: ClientOf
) -> None:
    answer = client_of(alice).get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    about = json.loads(answer.content)
    assert (about["name"], about["start_url"], about["display"]) == ("Acme", "/", "standalone")
    assert {icon["sizes"] for icon in about["icons"]} == {"192x192", "512x512"}
    assert json.loads(client_of(mallory).get("/manifest.webmanifest").content)["name"] == "Globex"
    assert 'rel="manifest"' in client_of(alice).get("/people/").content.decode()


def test_the_service_worker_keeps_the_shell_and_nothing_else(alice: Any, client_of: ClientOf) -> None:
    answer = client_of(alice).get("/service-worker.js")
    assert answer["Content-Type"].startswith("text/javascript")
    first, _, rest = answer.content.decode().partition("\n")
    shell = json.loads(first.removeprefix("const SHELL = ").removesuffix(";"))
    assert shell["page"] == "/offline/"
    assert all(path == "/offline/" or path.startswith("/static/") for path in shell["files"])
    assert rest.count("cache.addAll") == 1
    assert not re.search(r"cache\.put|\.put\(", rest)


def test_the_offline_shell_is_the_same_for_everybody(
    alice: Any, bob: Any, client_of: ClientOf, public_room: Any
) -> None:
    def shown(browser: Client) -> str:
        page = browser.get("/offline/").content.decode()
        return re.sub(r'(nonce|content)="[^"]{16,}"|"X-CSRFToken": "[^"]+"', "", page)

    for one in (alice, bob):
        page = shown(client_of(one))
        assert page == shown(Client(headers={"host": one.organisation.host}))
        assert "Lounge" not in page
        assert one.name not in page
