"""The lines of docs/tenancy.md that imports cannot show, held by reading the syntax tree.

Run by `make check`: `python -m tests.lint.architecture`. A rule has no `noqa`: what it forbids is a leak.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "tenants", "accounts", "chat", "notifications", "tests")

LAYER_DOOR = frozenset({"get_channel_layer"})
TENANT_SWITCHES = frozenset(
    {"set_tenant", "set_schema", "set_schema_to_public", "tenant_context", "schema_context"}
)
THREAD_DOORS = frozenset({"sync_to_async", "database_sync_to_async"})
ORM = frozenset(
    {
        "objects",
        "asave",
        "adelete",
        "arefresh_from_db",
        "_default_manager",
        "_base_manager",
        "aget",
        "acreate",
        "acount",
    }
)


@dataclass(frozen=True)
class Violation:
    path: PurePosixPath
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def main() -> int:
    found = [violation for path in sources() for violation in check((PROJECT / path).read_text(), path)]
    for violation in found:
        print(violation)
    return 1 if found else 0


def sources() -> Iterator[PurePosixPath]:
    for package in PACKAGES:
        for path in sorted((PROJECT / package).rglob("*.py")):
            yield PurePosixPath(path.relative_to(PROJECT).as_posix())


def check(source: str, path: PurePosixPath) -> list[Violation]:
    """Every violation in `source`, which stands at `path` (relative to the project)."""
    visitor = _Visitor(path)
    visitor.visit(ast.parse(source, filename=str(path)))
    return visitor.found


class _Visitor(ast.NodeVisitor):
    def __init__(self, path: PurePosixPath) -> None:
        self.path = path
        self.found: list[Violation] = []
        self.functions: list[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda] = []
        self.in_tests = path.parts[0] == "tests"
        self.in_tenants = path.parts[0] == "tenants"
        self.in_layers = path == PurePosixPath("tenants/layers.py")
        self.in_consumers = not self.in_tests and ("consumers" in path.parts or path.name == "consumers.py")

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._enter(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._enter(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._enter(node)

    def _enter(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        self.functions.append(node)
        self.generic_visit(node)
        self.functions.pop()

    def visit_Import(self, node: ast.Import) -> None:
        self._check_place(node)
        for alias in node.names:
            self._check_module(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self._check_place(node)
        self._check_module(node, node.module or "")
        for alias in node.names:
            self._check_name(node, alias.name)

    def visit_Name(self, node: ast.Name) -> None:
        self._check_name(node, node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._check_name(node, node.attr)
        if node.attr in ORM and not self.in_tests and (self.in_consumers or self._in_coroutine()):
            self._report(node, f"'.{node.attr}' touches the database in asynchronous code; call in_tenant")
        self.generic_visit(node)

    def _check_place(self, node: ast.stmt) -> None:
        if not self.functions or self.in_tests:
            return
        if self.path.name == "apps.py" and getattr(self.functions[0], "name", "") == "ready":
            return  # Django's own place for receivers: models exist only then
        self._report(
            node, "an import inside a function hides a circle; move it to the top and cut the circle"
        )

    def _check_module(self, node: ast.stmt, module: str) -> None:
        if self.in_consumers and (module == "django.db" or module.startswith("django.db.")):
            self._report(node, "a consumer imports django.db; call in_tenant with a function of the domain")

    def _check_name(self, node: ast.expr | ast.stmt, name: str) -> None:
        if name in LAYER_DOOR and not self.in_layers:
            self._report(node, f"'{name}' is the layer of all organisations; publish through tenants.layers")
        if name in TENANT_SWITCHES and not self.in_tenants and not self.in_tests:
            self._report(
                node, f"'{name}' outside tenants; call in_tenant, or write an OrganisationCommand or a job"
            )
        if name in THREAD_DOORS and not self.in_tests and not self.in_tenants:
            self._report(
                node, f"'{name}' runs in whichever organisation used that thread last; call in_tenant"
            )

    def _in_coroutine(self) -> bool:
        return bool(self.functions) and isinstance(self.functions[-1], ast.AsyncFunctionDef)

    def _report(self, node: ast.expr | ast.stmt, text: str) -> None:
        self.found.append(Violation(self.path, node.lineno, text))


if __name__ == "__main__":
    sys.exit(main())
