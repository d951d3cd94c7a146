"""What is kept of a schedule that broke a promise."""

import json
from pathlib import Path

from tests.chaos.cluster import Organisation, Person
from tests.chaos.log import Log


def test_the_log_says_who_did_what_when(tmp_path: Path) -> None:
    alice = Person(7, "Alice", "session")
    acme = Organisation("acme", "acme.localhost", "o_acme", "epoch", "canary", [alice])
    log = Log([acme])
    attempt = log.attempted("acme.0.1", acme, 5, alice, "hello", None)
    log.failed("acme.0.2", "TimeoutError")
    log.acknowledged(attempt.client_id, "m31", 1)
    log.write(tmp_path / "clients.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "clients.jsonl").read_text().splitlines()]
    assert [(line["what"], line["client"]) for line in lines] == [
        ("attempt", "acme.0.1"),
        ("failure", "acme.0.2"),
        ("acknowledgement", "acme.0.1"),
    ]
    assert lines[0]["body"] == "hello" and lines[1]["why"] == "TimeoutError" and lines[2]["position"] == 1
    assert lines[0]["client_id"] == lines[2]["client_id"] == str(attempt.client_id)
    times = [line["at"] for line in lines]
    assert times == sorted(times)
