"""Every text that our code and templates hand to the catalogue, and every sentence that any room says."""

import ast
import functools
from pathlib import Path

import jinja2
from jinja2 import nodes

import pushbutton
from pushbutton import web
from pushbutton.web.words import formatting

WEB = Path(web.__file__).parent
ROOT = Path(pushbutton.__file__).parent


@functools.cache
def in_templates() -> set[str]:
    env = jinja2.Environment(autoescape=True)
    found = set()
    for path in WEB.glob("templates/*.html"):
        for call in env.parse(path.read_text("utf-8")).find_all(nodes.Call):
            named = isinstance(call.node, nodes.Name) and call.node.name == "t"
            form = call.node.attr if isinstance(call.node, nodes.Getattr) and _is_t(call.node.node) else ""
            texts = call.args[: 2 if form == "n" else 1] if named or form in ("n", "html") else []
            found |= {arg.value for arg in texts if isinstance(arg, nodes.Const)}
    return found


def _is_t(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "t"


@functools.cache
def in_code() -> set[str]:
    found = set()
    for path in WEB.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = ast.unparse(call.func)
            wanted = 2 if name == "t.n" else 1 if name in ("t", "t.html", "mark", "i18n.mark", "self", "self.n") else 0
            found |= {
                arg.value for arg in call.args[:wanted] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            }
    states = {word for look in formatting.LOOKS.values() for word in (look.word, look.dry)}
    return found | states | set(formatting.MONTHS) | {"1 byte", "{n} bytes"}


@functools.cache
def said() -> dict[str, str]:
    """The ids of all sentences, each with its plural ("": it does not count)."""
    found: dict[str, str] = {}
    for path in ROOT.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _SAYING:
                wanted = 2 if call.func.id == "say_n" else 1
                texts = [arg.value for arg in call.args[:wanted] if isinstance(arg, ast.Constant)]
                if len(texts) == wanted and all(isinstance(text, str) for text in texts):
                    found |= {str(texts[0]): str(texts[1]) if wanted == 2 else ""}
                elif "unsaid" not in path.read_text("utf-8") and path != ROOT / "__main__.py":
                    raise AssertionError(f"{path}:{call.lineno}: an id is a text of the code")
    return found


_SAYING = frozenset({"say", "say_n", "unsaid"})
