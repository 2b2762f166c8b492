"""What a server keeps while it lives stands in one object."""

import ast
from typing import Any

import pytest
from tests.unit.web.sources import WEB
from tests.unit.web.test_pages import a_site

from pushbutton.runtime.watch.wakeup import Wakeup
from pushbutton.web.views.views import Views


def test_nothing_of_the_web_is_kept_beside_the_site():
    """Neither by a module, nor with the application under another name."""
    assert [f"{file.name}: {found}" for file in WEB.rglob("*.py") for found in _kept(ast.parse(file.read_text()))] == []


def _kept(tree: ast.Module) -> list[str]:
    found = [ast.unparse(node) for node in ast.walk(tree) if _elsewhere(node)]
    for node in tree.body:
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        if isinstance(value, ast.Call) and ast.unparse(value.func).split("[")[0] in MAKERS:
            found.append(ast.unparse(node))
    return found


MAKERS = {"WeakKeyDictionary", "WeakValueDictionary", "OrderedDict", "dict", "list", "set", "deque", "defaultdict"}


def _elsewhere(node: ast.AST) -> bool:
    """`….app.state.site` is the one name."""
    match node:
        case ast.Attribute(value=ast.Attribute(attr="state", value=app), attr=name):
            return ast.unparse(app).split(".")[-1] == "app" and name != "site"
        case ast.Call(func=ast.Name("hasattr" | "getattr"), args=[ast.Attribute(attr="state", value=app), *_]):
            return ast.unparse(app).split(".")[-1] == "app"
    return False


@pytest.mark.parametrize(
    "code",
    [
        "request.app.state.views = 1",
        "hasattr(request.app.state, 'views')",
        "kept = OrderedDict()",
        "kept: WeakKeyDictionary[int, int] = WeakKeyDictionary()",
        "kept = OrderedDict[str, None]()",
    ],
)
def test_the_test_itself_sees_what_is_kept_elsewhere(code):
    assert _kept(ast.parse(code))
    assert not _kept(ast.parse("site = request.app.state.site\nLOOKS = {1: 2}"))


async def test_a_server_works_out_what_pages_show_in_one_place(tmp_path, monkeypatch):
    made, begin = [], Views.__init__

    def counted(self: Views, *given: Any) -> None:
        made.append(self)
        begin(self, *given)

    monkeypatch.setattr(Views, "__init__", counted)
    async with a_site(tmp_path) as (core, http):
        assert (await http.get("/")).status_code == 200
        assert (await http.get("/history")).status_code == 200
        bell = Wakeup()
        board = core.hub.follow_board("patch:tasks", bell)
        while not board.version:
            await bell.wait(1)
        core.hub.leave(board, bell)
    assert len(made) == 1
