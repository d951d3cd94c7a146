"""Which migrations an archive has, which ones are here, and how to make a schema at the archive's."""

from collections.abc import Collection

from django.apps import apps
from django.conf import settings
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from tenants import schemas
from tenants.archives.errors import Refused
from tenants.connection import connection
from tenants.db import as_owner, in_organisation
from tenants.models import Organisation

type Node = tuple[str, str]


def wanted(names: Collection[str]) -> set[Node]:
    """An organisation's migrations among `names` ("app.name"). Raises Refused for those that are unknown here."""
    nodes = {_node(name) for name in names}
    ours = {node for node in nodes if node[0] in _labels()}
    disk = set(MigrationLoader(None).disk_migrations)
    strange = {node[0] for node in nodes} - {app for app, _ in disk}
    if strange or not ours <= disk:
        unknown = sorted(f"{app}.{name}" for app, name in ours - disk) or sorted(strange)
        raise Refused(
            f"The archive was made by a newer Parley: it has {', '.join(unknown)}, which is unknown here. "
            "Upgrade this deployment, then restore."
        )
    return ours


def is_current(nodes: set[Node]) -> bool:
    """Whether there is nothing to migrate after loading."""
    labels = _labels()
    return nodes == {node for node in MigrationLoader(None).disk_migrations if node[0] in labels}


def migrate_to(organisation: Organisation, nodes: set[Node]) -> None:
    """Migrate an empty schema as far as `nodes` and no further."""
    with in_organisation(organisation), as_owner():
        executor = MigrationExecutor(connection)
        children = executor.loader.graph.node_map
        # Only the last of each app: to ask for one that is applied already means to go back to it.
        last = [node for node in sorted(nodes) if not _followed(children[node].children, node, nodes)]
        executor.migrate(last)


def migrate_on(organisation: Organisation) -> None:
    """Migrate a loaded schema up to the code."""
    schemas.migrate(organisation)


def _followed(children: Collection[Node], node: Node, nodes: set[Node]) -> bool:
    return any(child[0] == node[0] and tuple(child) in nodes for child in children)


def _labels() -> set[str]:
    return {config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS}


def _node(name: str) -> Node:
    app, _, migration = name.partition(".")
    return app, migration
