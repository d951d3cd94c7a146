"""A short chaotic run; `make chaos` is the long one (docs/chaos.md)."""

import pytest

from tests.chaos import faults
from tests.chaos.cluster import Cluster
from tests.chaos.schedule import Plan, run

pytestmark = pytest.mark.xdist_group("chaos")
MESSAGES = 200


def test_a_plan_is_a_function_of_its_seed() -> None:
    plans = [str(Plan.drawn(seed, faults.RANDOM, MESSAGES)) for seed in range(50)]
    assert plans == [str(Plan.drawn(seed, faults.RANDOM, MESSAGES)) for seed in range(50)]
    assert len(set(plans)) == 50


def test_the_faults_of_a_plan_do_not_meddle_with_the_same_thing() -> None:
    for seed in range(200):
        steps = Plan.drawn(seed, faults.RANDOM, MESSAGES).steps
        resources = [step.fault.resource for step in steps]
        assert len(set(resources)) == len(resources)


@pytest.mark.parametrize("kind", [faults.WebKilledAfterCommit, faults.PostgresCrashed])
def test_promises_are_kept_under(kind: type[faults.Fault], cluster: Cluster) -> None:
    result = run(cluster, Plan.alone(1, kind, MESSAGES, longest=1.0))
    assert not result.violations, result
    assert result.acknowledged == result.stored == MESSAGES
    assert result.failures > 0, "nobody felt the fault"
