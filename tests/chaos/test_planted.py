"""Each invariant notices a real fault, planted where the cluster does its work."""

import pytest

from tests.chaos.cluster import Cluster
from tests.chaos.faults.base import Plain
from tests.chaos.orders import Orders
from tests.chaos.plan import Plan, Step
from tests.chaos.scene import Scene
from tests.chaos.schedule import run


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


@pytest.mark.parametrize(
    ("orders", "noticed_by"),
    [
        (Orders(plant="unstored"), "acknowledged_is_stored_once"),
        (Orders(plant="twice"), "stored_was_attempted"),
        (Orders(plant="crossed"), "nothing_crosses_over"),
        (Orders(plant="unhealed", deaf=True), "lists_equal_the_database"),
    ],
    ids=lambda value: value.plant if isinstance(value, Orders) else "",
)
def test_a_planted_fault_is_caught(orders: Orders, noticed_by: str, cluster: Cluster) -> None:
    plan = Plan(1, (Step(Planted(orders), 0.0, 0.0),), messages=60, talking=1.0)
    try:
        result = run(cluster, plan)
    finally:
        order_all(cluster, Orders())
    assert noticed_by in {violation.invariant for violation in result.violations}, result
