"""Every way into Parley has a policy, and every policy is one of a way that exists."""

import pytest

from tests.isolation import policies


@pytest.mark.parametrize(
    ("found", "listed"),
    [
        pytest.param(policies.routes("config.urls"), policies.ORGANISATION, id="pages"),
        pytest.param(policies.routes("config.urls_public"), policies.PUBLIC, id="public pages"),
        pytest.param(policies.sockets(), policies.SOCKETS, id="sockets"),
        pytest.param(policies.commands(), policies.COMMANDS, id="commands"),
        pytest.param(policies.jobs(), policies.JOBS, id="jobs"),
    ],
)
def test_everything_has_a_policy(found: set[str], listed: dict[str, object]) -> None:
    assert found - set(listed) == set(), "without a policy: add a row to tests/isolation/policies.py"
    assert set(listed) - found == set(), "gone: remove the row from tests/isolation/policies.py"
