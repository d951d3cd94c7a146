"""Each invariant can fail: the pure functions on tampered evidence. Planted faults are in `test_planted.py`."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.chaos import checker
from tests.chaos.records import (
    Acknowledgement,
    Attempt,
    Correction,
    Counters,
    Death,
    Evidence,
    Line,
    Listing,
    Memory,
    Refusal,
    Restored,
    SentAway,
    ShutOut,
    Sighting,
    Stored,
)

MIB = 1024 * 1024
ROOM, ALICE, BOB = 5, 1, 2


def sound() -> Evidence:
    """Three messages of Alice, the second of which names Bob; two clients; nothing wrong."""
    evidence = Evidence(due=["a"], mails=[("a", "<1@x>"), ("a", "<1@x>")])
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for number in (1, 2, 3):
        named = BOB if number == 2 else None
        attempt = Attempt(
            "one", uuid.UUID(int=number), "acme", ROOM, ALICE, f"text {number}", named, float(number)
        )
        line = Line(number, 100 + number, 10 + number, f"<article>{number}</article>")
        evidence.attempts.append(attempt)
        evidence.acknowledgements.append(
            Acknowledgement(attempt.client_id, line.message_id, number, at=10.0 * number)
        )
        row = Stored(
            "acme", ROOM, line, attempt.client_id, ALICE, attempt.body, began + timedelta(seconds=number)
        )
        evidence.stored.append(row)
    evidence.corrections = [
        Correction(uuid.UUID(int=3), "text 3", at=40.0),
        Correction(uuid.UUID(int=1), "never heard of"),
    ]
    evidence.counters = [Counters("acme", ROOM, 3, 13)]
    lines = tuple(row.line for row in evidence.stored)
    evidence.listings = [Listing(name, "acme", ROOM, lines) for name in ("one", "two")]
    evidence.notified = [("acme", 102, BOB)]
    evidence.memory = [Memory("web0", tuple([100 * MIB] * 20), peak=150 * MIB)]
    return evidence


def broken(evidence: Evidence) -> set[str]:
    return {violation.invariant for violation in checker.check(evidence)}


def drop_row(evidence: Evidence) -> None:
    evidence.stored.pop()


def store_twice(evidence: Evidence) -> None:
    row = evidence.stored[-1]
    evidence.stored.append(replace(row, line=replace(row.line, position=4, message_id=104, revision=14)))


def answer_another_position(evidence: Evidence) -> None:
    evidence.acknowledgements[0] = replace(evidence.acknowledgements[0], position=3)


def store_what_nobody_said(evidence: Evidence) -> None:
    evidence.stored[0] = replace(evidence.stored[0], client_id=uuid.UUID(int=99))


def store_another_text(evidence: Evidence) -> None:
    evidence.stored[0] = replace(evidence.stored[0], text="text 1 and more")


def lose_a_correction(evidence: Evidence) -> None:
    evidence.corrections.append(Correction(uuid.UUID(int=2), "text 2 corrected", at=40.0))


def store_in_another_room(evidence: Evidence) -> None:
    evidence.stored[0] = replace(evidence.stored[0], room_id=6)


def leave_a_gap(evidence: Evidence) -> None:
    row = evidence.stored[-1]
    evidence.stored[-1] = replace(row, line=replace(row.line, position=4))


def count_wrong(evidence: Evidence) -> None:
    evidence.counters = [Counters("acme", ROOM, 4, 13)]


def fall_behind_the_revision(evidence: Evidence) -> None:
    evidence.counters = [Counters("acme", ROOM, 3, 12)]


def give_a_revision_twice(evidence: Evidence) -> None:
    row = evidence.stored[-1]
    evidence.stored[-1] = replace(row, line=replace(row.line, revision=12))


def go_back_in_time(evidence: Evidence) -> None:
    evidence.stored[-1] = replace(evidence.stored[-1], created_at=evidence.stored[0].created_at)


def show_too_little(evidence: Evidence) -> None:
    evidence.listings[1] = replace(evidence.listings[1], lines=evidence.listings[1].lines[:-1])


def show_an_older_revision(evidence: Evidence) -> None:
    first, *others = evidence.listings[0].lines
    evidence.listings[0] = replace(evidence.listings[0], lines=(replace(first, revision=1), *others))


def show_what_is_not_there(evidence: Evidence) -> None:
    more = Line(4, 104, 14, "<article>4</article>")
    evidence.listings[0] = replace(evidence.listings[0], lines=(*evidence.listings[0].lines, more))


def cross_over(evidence: Evidence) -> None:
    evidence.sightings.append(Sighting("one", "acme", "globex-canary", "… globex-canary …"))


def answer_nothing(evidence: Evidence) -> None:
    evidence.unanswered.append(uuid.UUID(int=1))


def forget_a_mention(evidence: Evidence) -> None:
    evidence.notified.clear()


def repeat_a_mention(evidence: Evidence) -> None:
    evidence.notified *= 2


def mention_somebody_else(evidence: Evidence) -> None:
    evidence.notified.append(("acme", 101, BOB))


def lose_a_job(evidence: Evidence) -> None:
    evidence.due.append("b")


def repeat_a_job_as_another(evidence: Evidence) -> None:
    evidence.mails.append(("a", "<2@x>"))


def let_the_shut_out_talk(evidence: Evidence) -> None:
    evidence.shut_out.append(ShutOut("acme", ALICE, 2.5, closed=True))


def leave_a_socket_open(evidence: Evidence) -> None:
    evidence.shut_out.append(ShutOut("acme", BOB, 2.5, closed=False))


def refuse_without_reason(evidence: Evidence) -> None:
    evidence.refusals.append(Refusal(uuid.UUID(int=1), "not_found"))


def sign_out_without_reason(evidence: Evidence) -> None:
    evidence.sent_away.append(SentAway("one", "acme", ALICE, 4401))


def let_a_process_end(evidence: Evidence) -> None:
    evidence.deaths.append(Death("web0", 1))


def do_no_harm(evidence: Evidence) -> None:
    evidence.missed.append("WebKilled(): never reached")


def grow(evidence: Evidence) -> None:
    held = tuple((100 + 20 * number) * MIB for number in range(20))
    evidence.memory = [Memory("web0", held, peak=held[-1])]


def need_much_for_a_while(evidence: Evidence) -> None:
    evidence.memory[0] = replace(evidence.memory[0], peak=200 * MIB)


TAMPERED: dict[Callable[[Evidence], None], set[str]] = {
    drop_row: {
        "acknowledged_is_stored_once",
        "acknowledged_corrections_are_kept",
        "positions_have_no_gaps",
        "lists_equal_the_database",
    },
    store_twice: {
        "acknowledged_is_stored_once",
        "acknowledged_corrections_are_kept",
        "stored_was_attempted",
        "positions_have_no_gaps",
        "lists_equal_the_database",
    },
    answer_another_position: {"acknowledged_is_stored_once"},
    store_what_nobody_said: {"acknowledged_is_stored_once", "stored_was_attempted"},
    store_another_text: {"stored_was_attempted"},
    store_in_another_room: {
        "stored_was_attempted",
        "positions_have_no_gaps",
        "lists_equal_the_database",
    },
    lose_a_correction: {"acknowledged_corrections_are_kept"},
    leave_a_gap: {
        "acknowledged_is_stored_once",
        "positions_have_no_gaps",
        "lists_equal_the_database",
    },
    count_wrong: {"positions_have_no_gaps"},
    fall_behind_the_revision: {"positions_have_no_gaps"},
    give_a_revision_twice: {"positions_have_no_gaps", "lists_equal_the_database"},
    go_back_in_time: {"positions_have_no_gaps"},
    show_too_little: {"lists_equal_the_database"},
    show_an_older_revision: {"lists_equal_the_database"},
    show_what_is_not_there: {"lists_equal_the_database"},
    cross_over: {"nothing_crosses_over"},
    answer_nothing: {"everything_is_answered"},
    forget_a_mention: {"mentions_are_told_once"},
    repeat_a_mention: {"mentions_are_told_once"},
    mention_somebody_else: {"mentions_are_told_once"},
    lose_a_job: {"jobs_happen"},
    repeat_a_job_as_another: {"jobs_happen"},
    let_the_shut_out_talk: {"the_shut_out_stay_out"},
    leave_a_socket_open: {"the_shut_out_stay_out"},
    refuse_without_reason: {"only_the_shut_out_are_refused"},
    sign_out_without_reason: {"only_the_shut_out_are_refused"},
    let_a_process_end: {"processes_live"},
    do_no_harm: {"faults_happen"},
    grow: {"memory_is_bounded"},
    need_much_for_a_while: {"memory_is_bounded"},
}


def test_sound_evidence_has_no_violation() -> None:
    assert checker.check(sound()) == []


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda function: function.__name__)
def test_tampered_evidence_is_noticed(tamper: Callable[[Evidence], None]) -> None:
    evidence = sound()
    tamper(evidence)
    assert broken(evidence) == TAMPERED[tamper]


def test_a_restore_may_undo_only_what_was_acknowledged_after_the_backup() -> None:
    evidence = sound()
    evidence.corrections.clear()
    drop_row(evidence)  # acknowledged at 30
    for since, until, excused in ((25.0, 35.0, True), (5.0, 15.0, False), (35.0, 45.0, False)):
        evidence.restored = [Restored("acme", since, until)]
        assert ("acknowledged_is_stored_once" not in broken(evidence)) is excused


def test_every_invariant_is_shown_failing() -> None:
    assert set().union(*TAMPERED.values()) == {one.__name__ for one in checker.INVARIANTS}
