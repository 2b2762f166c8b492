"""Which room may import which, and that no two modules need each other. Read from the source, nothing is imported.

sentence <- errors <- domain <- terminal;  domain <- runtime.ports <- {runtime, adapters};
runtime <- {services, web};  {services, adapters} <- assembly;  {assembly, web} <- app <- cli
within the web: words <- {http, views} <- site <- {live, api} <- pages
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import pushbutton

ROOT = Path(pushbutton.__file__).parent


class Import(NamedTuple):
    importer: str  # without the leading "pushbutton."
    imported: str  # the same for ours; the whole dotted name for others
    ours: bool

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported}"


WEB = {"threads", "errors", "sentence", "config", "domain", "runtime"}
ALLOWED = {
    "sentence": set(),
    "errors": {"sentence"},
    "config": {"errors"},
    "threads": {"errors"},
    "domain": {"errors", "sentence", "domain", "job", "describe"},
    "terminal": {"domain", "terminal"},
    "job": {"job"},
    "describe": {"describe", "job"},
    "supervisor": {"supervisor"},
    "runtime.ports": {"errors", "sentence", "domain", "runtime.ports"},
    "runtime": {"threads", "errors", "sentence", "domain", "terminal", "runtime", "job"},
    "services": {"threads", "errors", "sentence", "domain", "runtime", "services"},
    "adapters": {
        "threads",
        "errors",
        "sentence",
        "domain",
        "runtime.ports",
        "job",
        "describe",
        "supervisor",
        "adapters",
    },  # see the next test too
    "assembly": {"", "errors", "sentence", "config", "domain", "runtime", "services", "adapters", "assembly"},
    "app": {"", "errors", "sentence", "config", "domain", "runtime", "assembly", "web"},
    "testing": {"app", "domain", "adapters"},
    "web": {
        "threads",
        "",
        "errors",
        "sentence",
        "config",
        "domain",
        "terminal",
        "job",
        "runtime",
        "services",
        "web",
    },
    "web.words": {"sentence", "domain", "web.words"},
    "web.http": WEB | {"web.words", "web.http"},
    "web.views": WEB | {"terminal", "web.words", "web.http", "web.views"},
    "web.site": WEB | {"web.http", "web.views", "web.live.audience"},
    "web.live": WEB | {"web.site", "terminal", "web.words", "web.http", "web.views", "web.live"},
    "web.api": WEB | {"web.site", "web.words", "web.http", "web.views", "web.api"},
    "web.pages": WEB | {"web.site", "web.words", "web.http", "web.views", "web.live", "web.api", "web.pages"},
    "cli": {"", "errors", "sentence", "config", "domain", "job", "runtime", "services", "app", "web", "cli"},
    "": {"app", "job", "domain", "errors"},  # the package's root only re-exports
    "__main__": {"cli", "job"},
}
"""Room -> the rooms that it may import. A module's room is the longest of these names that begins its own."""

EXCEPTIONS = {
    ("adapters.confinement", ""): "asks where the package lies, to start what confines a program from it",
    ("adapters.spools", ""): "asks where the package lies, to start supervisors from it",
    ("cli.serve", "supervisor"): "closes itself to other processes as a supervisor does",
    ("cli.worker", "supervisor"): "the same",
    ("cli.run", "supervisor"): "the same",
    ("cli.run", "adapters.accounts"): "says why a job cannot run as whom its task names",
    ("cli.run", "adapters.confinement"): "keeps a job from a server's data folder, as that would",
    ("cli.run", "adapters.spools"): "runs a job in the foreground with the environment that a supervisor gives it",
    ("cli.run", "adapters.files"): "puts what the job hands over where it was called",
    ("cli.run", "adapters.output"): "shows what that supervisor writes",
    ("cli.run", "adapters.in_process"): "hears the hints of that supervisor",
    ("cli.run", "adapters.secrets"): "a job in the foreground has the same named secrets",
    ("cli.run", "adapters.catalog"): "reads where these are declared",
    ("cli.run", "adapters.patterns"): "compares what it was given with the task's patterns, within a limit",
    ("cli.secret", "adapters.secrets"): "keeps secrets without a server, or beside one",
    ("cli.secret", "adapters.catalog"): "lists who needs them",
    ("cli.find", "adapters.catalog"): "finds one file's task for `run`, without a server",
    ("cli.check", "adapters.catalog"): "reads the files without a server",
    ("cli.header", "adapters.catalog"): "reads a script without a server, or asks it",
    ("cli.check", "adapters.patterns"): "tries the patterns in them, within a limit",
    ("cli.audit", "adapters.sqlite"): "reads the audit trail without a server",
    ("cli.audit", "adapters.postgres"): "the same, where the trail is there",
    ("cli.backup", "adapters.sqlite"): "copies a data folder, without a server or beside one",
    ("cli.move", "assembly.moving"): "moves a history, without a server",
    ("cli.run", "assembly.kept_secrets"): "finds the secrets of a server of the same folder",
    ("cli.secret", "assembly.kept_secrets"): "keeps secrets where the server's nodes have them",
    ("cli.imports", "adapters.catalog"): "makes a configuration file of what other tools have",
    ("cli.schema", "adapters.catalog"): "prints the schema of the configuration file",
}
"""(importer, imported or the room that it lies in) -> why this one may."""


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(file): file for file in sorted(ROOT.rglob("*.py"))}


def room(module: str) -> str:
    parts = module.split(".")
    names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((name for name in names if name in ALLOWED), "")


def imports(module: str) -> Iterator[Import]:
    """Every import that can happen at run time, also those inside functions."""
    file = MODULES[module]
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in _run_time(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _one(module, alias.name, ())
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".") if package else []
                parents = parents[: len(parents) - node.level + 1]
                base = ".".join(filter(None, ["pushbutton", *parents, base]))
            yield from _one(module, base, tuple(alias.name for alias in node.names))


def _run_time(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from _run_time(node)


def _one(module: str, imported: str, names: tuple[str, ...]) -> Iterator[Import]:
    if imported != "pushbutton" and not imported.startswith("pushbutton."):
        yield Import(module, imported, ours=False)
        return
    base = imported.removeprefix("pushbutton").lstrip(".")
    submodules = [name for name in (f"{base}.{name}".lstrip(".") for name in names) if name in MODULES]
    for name in submodules:
        yield Import(module, name, ours=True)
    if len(submodules) < len(names) or not names:
        yield Import(module, base, ours=True)


EDGES = [edge for module in MODULES for edge in imports(module)]


def allowed(edge: Import) -> bool:
    if any((edge.importer, above) in EXCEPTIONS for above in _above(edge.imported)):
        return True
    rooms = ALLOWED[room(edge.importer)]
    if edge.imported == "":
        return "" in rooms
    return any(above in rooms for above in _above(edge.imported))


def _above(module: str) -> list[str]:
    """The module, and every package around it, apart from the root."""
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]


def test_there_is_something_to_look_at():
    assert len(MODULES) > 50
    assert len(EDGES) > 200


def test_imports_go_one_way():
    assert [str(edge) for edge in EDGES if edge.ours and not allowed(edge)] == []


def test_adapters_do_not_import_each_other():
    """`sql` is what stores share, `bounded_threads` runs what would hold up the event loop, `order_sender` writes
    orders into a spool, `name_resolution` finds other machines, `accounts` the users of this one, `ignore` reads what a
    folder's author leaves out of it; `output` and `files` read the folders of runs.
    """
    shared = {"sql", "bounded_threads", "order_sender", "name_resolution", "accounts", "ignore", "output", "files"}

    def technology(module: str) -> str:
        return module.split(".")[1] if "." in module else ""

    wrong = [
        str(edge)
        for edge in EDGES
        if edge.importer.startswith("adapters.")
        and edge.imported.startswith("adapters.")
        and technology(edge.imported) not in shared
        and technology(edge.importer) != technology(edge.imported)
    ]
    assert wrong == []


def test_only_the_composition_roots_choose_adapters():
    choosers = {edge.importer for edge in EDGES if edge.imported.startswith("adapters") and edge.ours}
    outside = {name for name in choosers if not name.startswith("adapters")}
    excused = {importer for importer, imported in EXCEPTIONS if imported.startswith("adapters")}
    assert outside - excused == {
        "assembly.embedded",
        "assembly.fleet",
        "assembly.kept_secrets",
        "assembly.moving",
        "assembly.offline",
        "assembly.publishing",
        "assembly.sign_in",
        "assembly.stores",
        "testing",
    }


@pytest.mark.parametrize("part", ["job", "describe", "supervisor"])
def test_what_runs_beside_the_job_needs_only_the_standard_library(part):
    foreign = {
        str(edge)
        for edge in EDGES
        if room(edge.importer) == part and not edge.ours and edge.imported.split(".")[0] not in sys.stdlib_module_names
    }
    assert foreign == set()


def test_no_exception_is_kept_that_nobody_needs():
    used = {
        (edge.importer, above)
        for edge in EDGES
        if edge.ours
        for above in ([""] if edge.imported == "" else _above(edge.imported))
    }
    assert set(EXCEPTIONS) - used == set()


def test_nothing_uses_the_executor_that_every_loop_has():
    """One pool for everything that hangs would be everybody's: `threads` has one for each kind. What libraries do is
    looked at by `test_no_default_executor`.
    """
    found = [
        f"{module}: {ast.unparse(node)}" for module in MODULES for node in ast.walk(_tree(module)) if _default(node)
    ]
    assert found == []


def _tree(module: str) -> ast.AST:
    """Empty where none of the words stands in it: that is sooner seen."""
    text = MODULES[module].read_text()
    words = ("run_in_executor", "to_thread", "getaddrinfo", "getnameinfo")
    return ast.parse(text if any(word in text for word in words) else "")


def _default(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="run_in_executor"), args=[ast.Constant(value=None), *_]):
            return True
        case ast.Attribute(attr="to_thread"):
            return True
        case ast.Attribute(value=value, attr="getaddrinfo" | "getnameinfo"):
            return not (isinstance(value, ast.Name) and value.id == "socket")
    return False


def test_the_test_itself_sees_the_executor_that_every_loop_has():
    seen = ("asyncio.to_thread(f)", "loop.run_in_executor(None, f)", "await_(loop().getaddrinfo(h, 0))")
    for code in seen:
        assert any(_default(node) for node in ast.walk(ast.parse(code))), code
    for code in ("loop.run_in_executor(pool, f)", "threads.asking('x', socket.getaddrinfo, h, 0)"):
        assert not any(_default(node) for node in ast.walk(ast.parse(code))), code


def test_there_is_no_cycle():
    """Imports inside functions count too."""
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for edge in EDGES:
        if edge.ours and edge.imported in MODULES:
            graph[edge.importer].add(edge.imported)
    done: set[str] = set()
    path: list[str] = []

    def visit(module: str) -> None:
        if module in done:
            return
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        path.append(module)
        for imported in sorted(graph[module] - {module}):
            visit(imported)
        path.pop()
        done.add(module)

    for module in sorted(graph):
        visit(module)


def test_the_test_itself_sees_relative_and_late_imports():
    edges = {(edge.importer, edge.imported) for edge in EDGES}
    assert ("runtime.press", "runtime.core") in edges  # from .core import …
    assert ("app", "web.server") in edges  # inside a method
    assert ("web.live.subscription", "runtime.watch.hub") in edges


SPEAKS = {"delivery": {"tell", "hang_up"}, "watchdog": {"ask"}, "collector": {"end"}}
"""Modules of `runtime` -> what of the port `Supervisors` reaches a supervisor that lives, or its job."""


def test_only_who_follows_a_run_speaks_to_its_supervisor():
    """Verbs, pages and the API write rows. A command in the foreground is itself who follows its run."""
    found: dict[str, set[str]] = {}
    for module, file in MODULES.items():
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Attribute)
                and node.value.attr == "supervisors"
                and node.attr in set().union(*SPEAKS.values())
            ):
                found.setdefault(module.removeprefix("runtime."), set()).add(node.attr)
    assert found == SPEAKS
