"""A short chaotic run; `make chaos` is the long one (docs/chaos.md)."""

from tests.chaos import faults
from tests.chaos.cluster import Cluster
from tests.chaos.plan import Plan, Step
from tests.chaos.schedule import run

MESSAGES = 200


def test_a_plan_is_a_function_of_its_seed() -> None:
    plans = [str(Plan.drawn(seed, MESSAGES)) for seed in range(50)]
    assert plans == [str(Plan.drawn(seed, MESSAGES)) for seed in range(50)]
    assert len(set(plans)) == 50


def test_what_a_machine_cannot_do_changes_nothing_else() -> None:
    possible = [kind for kind in faults.ALL if kind is not faults.DiskFull]
    for seed in range(50):
        steps = [
            str(step) for step in Plan.drawn(seed, MESSAGES).steps if not str(step).startswith("DiskFull")
        ]
        assert [str(step) for step in Plan.drawn(seed, MESSAGES, possible).steps] == steps


def test_the_faults_of_a_plan_do_not_meddle_with_the_same_thing() -> None:
    for seed in range(200):
        steps = Plan.drawn(seed, MESSAGES).steps
        resources = [one for step in steps for one in step.fault.resources]
        assert len(set(resources)) == len(resources)


def test_promises_are_kept_while_processes_die(cluster: Cluster) -> None:
    """A web process is killed between a commit and its answer, and Postgres crashes."""
    steps = (
        Step(faults.WebKilledAfterCommit(number=0, times=1), 0.0, 3.0),
        Step(faults.PostgresCrashed(), 1.0, 1.5),
    )
    result = run(cluster, Plan(seed=1, steps=steps, messages=MESSAGES))
    assert not result.violations, result
    assert result.acknowledged == result.stored == MESSAGES
    assert result.failures > 0, "nobody felt the faults"
