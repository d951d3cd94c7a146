"""The promises of DESIGN 2, judged in the manner of Jepsen: from logs and the database's contents, after the run.

Pure functions. Each takes the evidence and yields what is wrong with it; `tests/chaos/test_checker.py` shows each of
them failing.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise

from tests.chaos.records import Attempt, Evidence, Line, Stored, Violation

# Bytes that a web process may need, for a moment, above what it held once it was warm.
MOST_GROWTH = 96 * 1024 * 1024
WARM = 0.3  # the first part of a process' samples, in which caches fill

type Invariant = Callable[[Evidence], Iterator[str]]


def check(evidence: Evidence) -> list[Violation]:
    """Every violation of every invariant."""
    return [
        Violation(invariant.__name__, detail) for invariant in INVARIANTS for detail in invariant(evidence)
    ]


def acknowledged_is_stored_once(evidence: Evidence) -> Iterator[str]:
    """Every acknowledged message is there exactly once, with its body, in its room, where the answer said.

    But for what a restore from a backup undid.
    """
    rows = _by_client(evidence)
    attempts = {attempt.client_id: attempt for attempt in evidence.attempts}
    for said in evidence.acknowledgements:
        attempt, found = attempts[said.client_id], rows[said.client_id]
        if _undone(evidence, attempt, said.at):
            continue
        if len(found) != 1:
            yield f"{attempt.body!r} was acknowledged and is stored {len(found)} times"
            continue
        row = found[0]
        told = (said.message_id, said.position)
        if (row.line.message_id, row.line.position) != told:
            yield f"{attempt.body!r} was acknowledged as {told} and is {row.line.message_id, row.line.position}"


def stored_was_attempted(evidence: Evidence) -> Iterator[str]:
    """Nothing is stored that nobody attempted, and each attempt at most once, as it was meant."""
    corrected = {one.client_id: one.text for one in evidence.corrections}
    attempts = {attempt.client_id: attempt for attempt in evidence.attempts}
    for client_id, found in _by_client(evidence).items():
        attempt = attempts.get(client_id)
        if attempt is None:
            yield f"nobody attempted {found[0].text!r} ({client_id})"
            continue
        if len(found) > 1:
            yield f"{attempt.body!r} is stored {len(found)} times"
        meant = (attempt.organisation, attempt.room_id, attempt.person_id)
        texts = {attempt.body, corrected.get(client_id, attempt.body)}
        for row in found:
            stored = (row.organisation, row.room_id, row.author_id)
            if stored != meant or row.text not in texts:
                yield f"{meant} {attempt.body!r} was stored as {stored} {row.text!r}"


def acknowledged_corrections_are_kept(evidence: Evidence) -> Iterator[str]:
    """A message that was acknowledged as edited says its new text."""
    rows = _by_client(evidence)
    attempts = {attempt.client_id: attempt for attempt in evidence.attempts}
    for one in evidence.corrections:
        if one.at is None or _undone(evidence, attempts[one.client_id], one.at):
            continue
        texts = [row.text for row in rows[one.client_id]]
        if texts != [one.text]:
            yield f"{one.text!r} was acknowledged as an edit, and there is {texts}"


def positions_have_no_gaps(evidence: Evidence) -> Iterator[str]:
    """Positions are 1 to n and the room counts n; time and revisions go with them."""
    rooms = _by_room(evidence)
    for room in evidence.counters:
        rows = rooms.pop((room.organisation, room.room_id), [])
        name = f"{room.organisation} r{room.room_id}"
        positions = [row.line.position for row in rows]
        if positions != list(range(1, len(rows) + 1)):
            yield f"{name} has the positions {_gaps(positions)}"
        if room.messages != len(rows):
            yield f"{name} counts {room.messages} messages and has {len(rows)}"
        if any(row.line.revision > room.head for row in rows):
            yield f"{name} is at {room.head} and has a later revision"
        if len({row.line.revision for row in rows}) != len(rows):
            yield f"{name} gave a revision twice"
        if any(one.created_at >= other.created_at for one, other in pairwise(rows)):
            yield f"{name} has times that do not increase with the positions"
    for (organisation, room_id), rows in rooms.items():
        yield f"{len(rows)} messages are in {organisation} r{room_id}, which has no counters"


def lists_equal_the_database(evidence: Evidence) -> Iterator[str]:
    """Every client shows what the database holds: the same messages, revisions and words."""
    rooms = {key: {row.line.position: row.line for row in rows} for key, rows in _by_room(evidence).items()}
    for listing in evidence.listings:
        truth = rooms.get((listing.organisation, listing.room_id), {})
        shown = {line.position: line for line in listing.lines}
        if shown != truth:
            yield f"{listing.client} in {listing.organisation} r{listing.room_id}: {_difference(shown, truth)}"


def nothing_crosses_over(evidence: Evidence) -> Iterator[str]:
    """No byte of another organisation is in a frame, a list or an HTTP answer."""
    for seen in evidence.sightings:
        yield f"{seen.client} of {seen.organisation} received {seen.words!r} in {seen.text[:200]!r}"


def everything_is_answered(evidence: Evidence) -> Iterator[str]:
    """Every message and every edit ends acknowledged or refused; none waits for ever."""
    bodies = {attempt.client_id: attempt.body for attempt in evidence.attempts}
    for client_id in evidence.unanswered:
        yield f"{bodies.get(client_id, client_id)!r} was never answered"


def mentions_are_told_once(evidence: Evidence) -> Iterator[str]:
    """Whoever a stored message mentions has one notification of it: at least one, and a repetition makes no second."""
    gone = {
        (one.organisation, one.person_id) for one in evidence.shut_out
    }  # nobody knows whether they were there
    told = Counter(one for one in evidence.notified if (one[0], one[2]) not in gone)
    attempts = {attempt.client_id: attempt for attempt in evidence.attempts}
    expected: Counter[tuple[str, int, int]] = Counter()
    for row in evidence.stored:
        attempt = attempts.get(row.client_id)
        if attempt is None or attempt.mentioned_id is None:
            continue
        if (row.organisation, attempt.mentioned_id) not in gone:
            expected[row.organisation, row.line.message_id, attempt.mentioned_id] += 1
    for key in expected.keys() | told.keys():
        if told[key] != expected[key]:
            organisation, message_id, person_id = key
            yield (
                f"p{person_id} of {organisation} has {told[key]} notifications of m{message_id}, not {expected[key]}"
            )


def jobs_happen(evidence: Evidence) -> Iterator[str]:
    """Each mail that a job was enqueued for was posted; each time under the same Message-ID, so it is recognised."""
    identities: defaultdict[str, set[str]] = defaultdict(set)
    for mark, message_id in evidence.mails:
        identities[mark].add(message_id)
    for mark in evidence.due:
        if not identities[mark]:
            yield f"the mail {mark} was never posted"
    for mark, names in identities.items():
        if len(names) > 1:
            yield f"the mail {mark} was posted again as another one: {sorted(names)}"


def the_shut_out_stay_out(evidence: Evidence) -> Iterator[str]:
    """A deactivated person says nothing more, and none of their sockets stays open."""
    attempts = {attempt.client_id: attempt for attempt in evidence.attempts}
    for gone in evidence.shut_out:
        who = f"p{gone.person_id} of {gone.organisation}"
        if not gone.closed:
            yield f"{who} was deactivated and still has an open socket"
        for row in evidence.stored:
            attempt = attempts.get(row.client_id)
            same = (row.organisation, row.author_id) == (gone.organisation, gone.person_id)
            if same and attempt is not None and attempt.at > gone.at:
                yield f"{who} was deactivated and then said {row.text!r}"


def only_the_shut_out_are_refused(evidence: Evidence) -> Iterator[str]:
    """A fault postpones; it refuses no message and signs nobody out."""
    gone = {(one.organisation, one.person_id) for one in evidence.shut_out}
    attempts = {attempt.client_id: attempt for attempt in evidence.attempts}
    for refusal in evidence.refusals:
        attempt = attempts[refusal.client_id]
        if (attempt.organisation, attempt.person_id) not in gone:
            yield f"{attempt.body!r} was refused: {refusal.code}"
    for away in evidence.sent_away:
        if (away.organisation, away.person_id) not in gone:
            yield f"{away.client} was sent away with {away.code}"


def processes_live(evidence: Evidence) -> Iterator[str]:
    """No web process ends by itself, whatever goes wrong around it."""
    for death in evidence.deaths:
        yield f"{death.process} ended by itself with {death.code}"


def faults_happen(evidence: Evidence) -> Iterator[str]:
    """What was to go wrong went wrong: a promise that nothing tried says nothing."""
    yield from evidence.missed


def memory_is_bounded(evidence: Evidence) -> Iterator[str]:
    """No web process ever needs more than a bound above what it held once it was warm, whatever goes wrong, and however
    many schedules it has seen."""
    for process in evidence.memory:
        warm = process.resident[int(len(process.resident) * WARM) :]
        if warm and process.peak - warm[0] > MOST_GROWTH:
            yield f"{process.process} held {warm[0] >> 20} MiB once it was warm, and at most {process.peak >> 20}"


INVARIANTS: tuple[Invariant, ...] = (
    acknowledged_is_stored_once,
    stored_was_attempted,
    acknowledged_corrections_are_kept,
    positions_have_no_gaps,
    lists_equal_the_database,
    nothing_crosses_over,
    everything_is_answered,
    mentions_are_told_once,
    jobs_happen,
    the_shut_out_stay_out,
    only_the_shut_out_are_refused,
    processes_live,
    faults_happen,
    memory_is_bounded,
)


def _undone(evidence: Evidence, attempt: Attempt, at: float) -> bool:
    """Whether what was acknowledged at that time may have been undone by a restore."""
    return any(
        one.organisation == attempt.organisation and one.since <= at <= one.until for one in evidence.restored
    )


def _by_client(evidence: Evidence) -> defaultdict[object, list[Stored]]:
    rows: defaultdict[object, list[Stored]] = defaultdict(list)
    for row in evidence.stored:
        rows[row.client_id].append(row)
    return rows


def _by_room(evidence: Evidence) -> dict[tuple[str, int], list[Stored]]:
    rooms: defaultdict[tuple[str, int], list[Stored]] = defaultdict(list)
    for row in sorted(evidence.stored, key=lambda row: row.line.position):
        rooms[row.organisation, row.room_id].append(row)
    return dict(rooms)


def _gaps(positions: list[int]) -> str:
    missing = sorted(set(range(1, max(positions, default=0) + 1)) - set(positions))
    doubled = sorted(position for position, count in Counter(positions).items() if count > 1)
    return f"without {missing[:10]}, twice {doubled[:10]}"


def _difference(shown: dict[int, Line], truth: dict[int, Line]) -> str:
    missing = sorted(truth.keys() - shown.keys())
    invented = sorted(shown.keys() - truth.keys())
    other = sorted(position for position in truth.keys() & shown.keys() if truth[position] != shown[position])
    return f"{len(missing)} missing {missing[:10]}, {len(invented)} invented {invented[:10]}, {len(other)} other {other[:10]}"
