"""Each invariant notices a real fault, planted where the cluster does its work."""

from collections.abc import Iterator

import pytest

from tests.chaos import faults, schedule
from tests.chaos.checker import check
from tests.chaos.cluster import Cluster
from tests.chaos.evidence import of_the_run
from tests.chaos.faults.base import Plain
from tests.chaos.memory import Memories
from tests.chaos.orders import Orders
from tests.chaos.plan import Plan, Step
from tests.chaos.records import Violation
from tests.chaos.scene import Scene, await_
from tests.chaos.schedule import Result, run

TALKING = 1.0
_WAITING = """
select from public.procrastinate_jobs
where task_name = 'accounts.jobs.deliver' and status in ('todo', 'doing') limit 1
"""
SOON = 60.0  # seconds in which a worker has posted a few mails


class Planted(Plain):
    """Stays until the test takes it away: healing it would hide what it did."""

    resources = ("web",)

    def __init__(self, orders: Orders) -> None:
        self.orders = orders

    def apply(self, scene: Scene) -> None:
        order_all(scene.cluster, self.orders)

    def heal(self, scene: Scene) -> None:
        pass


def order_all(cluster: Cluster, orders: Orders) -> None:
    for web in cluster.webs:
        web.order(orders)


@pytest.fixture(autouse=True)
def _harmless(cluster: Cluster) -> Iterator[None]:
    yield
    order_all(cluster, Orders())


def play(cluster: Cluster, *steps: Step, must_happen: bool = False) -> Result:
    return run(cluster, Plan(1, steps, messages=60, talking=TALKING, must_happen=must_happen))


def invariants(violations: list[Violation]) -> set[str]:
    return {violation.invariant for violation in violations}


def jobs_wait(cluster: Cluster) -> bool:
    """Whether mails are still to be posted."""
    with cluster.database() as connection:
        return connection.execute(_WAITING).fetchone() is not None


@pytest.mark.parametrize(
    ("orders", "noticed_by"),
    [
        (Orders(plant="unstored"), "acknowledged_is_stored_once"),
        (Orders(plant="twice"), "stored_was_attempted"),
        (Orders(plant="uncorrected"), "acknowledged_corrections_are_kept"),
        (Orders(plant="gap"), "positions_have_no_gaps"),
        (Orders(plant="unhealed", deaf=True), "lists_equal_the_database"),
        (Orders(plant="crossed"), "nothing_crosses_over"),
        (Orders(plant="untold"), "mentions_are_told_once"),
        (Orders(plant="refused"), "only_the_shut_out_are_refused"),
        (Orders(plant="exits"), "processes_live"),
    ],
    ids=lambda value: value.plant if isinstance(value, Orders) else "",
)
def test_a_planted_fault_is_caught(orders: Orders, noticed_by: str, cluster: Cluster) -> None:
    result = play(cluster, Step(Planted(orders), 0.0, TALKING))
    assert noticed_by in invariants(result.violations), result


def test_what_is_never_answered_is_caught(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "ANSWERED", 3.0)  # it would not be answered in 45 s either
    result = play(cluster, Step(Planted(Orders(plant="silent")), 0.0, TALKING))
    assert "everything_is_answered" in invariants(result.violations), result


def test_sockets_that_stay_open_are_caught(cluster: Cluster) -> None:
    result = play(
        cluster,
        Step(Planted(Orders(plant="open", deaf=True)), 0.0, TALKING),
        Step(faults.PersonDeactivated(number=5), 0.2, TALKING),
    )
    assert "the_shut_out_stay_out" in invariants(result.violations), result


def test_a_fault_that_does_nothing_is_caught(cluster: Cluster) -> None:
    never = faults.WebKilledAfterCommit(number=0, times=10**6)
    result = play(cluster, Step(never, 0.0, TALKING), must_happen=True)
    assert invariants(result.violations) == {"faults_happen"}, result
    beside_others = play(cluster, Step(never, 0.0, TALKING))
    assert not beside_others.violations and "never reached" in str(beside_others)


def test_mails_that_a_worker_drops_are_caught(cluster: Cluster) -> None:
    play(cluster)
    assert await_(lambda: not jobs_wait(cluster), SOON) < SOON
    assert "jobs_happen" not in invariants(check(of_the_run(cluster, Memories())))
    cluster.worker.kill()
    cluster.worker.start(PARLEY_EMAIL_URL="dummymail:")
    try:
        play(cluster)
        assert await_(lambda: not jobs_wait(cluster), SOON) < SOON
        assert "jobs_happen" in invariants(check(of_the_run(cluster, Memories())))
    finally:
        cluster.due.clear()
        cluster.worker.kill()
        cluster.worker.start()


def test_memory_that_is_kept_is_caught(cluster: Cluster) -> None:
    memories = Memories()
    memories.look(cluster)
    order_all(cluster, Orders(plant="hoard"))
    memories.look(cluster)
    assert "memory_is_bounded" in invariants(check(of_the_run(cluster, memories)))
