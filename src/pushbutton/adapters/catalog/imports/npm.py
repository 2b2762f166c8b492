"""package.json: a task for each script that people call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pushbutton.describe.title import title_of
from pushbutton.domain.environment import inherited

from .kind import Draft, Left, Source, Task, literal
from .place import beside
from .shell_text import assigned, used
from .tree import Node, read_json

__all__ = ["read"]

_BY_ITSELF = frozenset(
    {"prepare", "prepublish", "prepublishOnly", "prepack", "postpack", "preinstall", "install", "postinstall"}
    | {"preprepare", "postprepare", "preversion", "version", "postversion", "publish", "postpublish", "dependencies"}
    | {"shrinkwrap", "preshrinkwrap", "postshrinkwrap", "uninstall", "preuninstall", "postuninstall"}
)
"""Scripts that npm calls itself."""
_MANAGERS = ("npm", "pnpm", "yarn", "bun")


def read(source: Source) -> Draft:
    tree = read_json(source)
    scripts = tree["scripts"]
    if not scripts.is_table:
        raise source.wrong("It is no package.json with “scripts”: there is nothing in it that could be pressed.")
    manager = tree["packageManager"].text.partition("@")[0]
    program = manager if manager in _MANAGERS else "npm"
    tasks: list[Task] = []
    left: list[Left] = []
    for name, script in scripts.table.items():
        if why := _passed(name, script, scripts.table):
            left.append(Left(script.line, f"“{name}” is passed over: {why}."))
            continue
        tasks.append(_task(source, program, name, script))
        left += _environment(name, script)
    return Draft(tuple(tasks), tuple(left))


def _passed(name: str, script: Node, scripts: Mapping[str, Node]) -> str:
    """Why it is no button; "" for one that is."""
    if not script.is_text or name.startswith("//"):
        return "it is a comment" if name.startswith("//") else "it is no text"
    if not script.text.strip() or name.startswith("-"):
        return "it does nothing" if not script.text.strip() else "its name would be taken for an option"
    if name in _BY_ITSELF:
        return "npm calls it by itself"
    for hook in ("pre", "post"):
        if (other := name.removeprefix(hook)) != name and other in scripts:
            when = "before" if hook == "pre" else "after"
            return f"it goes {when} “{other}” by itself"
    return ""


def _task(source: Source, program: str, name: str, script: Node) -> Task:
    return Task(
        title_of(re.sub(r"[^\w]+", "_", name).strip("_") or name),
        (program, "run", literal(name)),
        script.line,
        slug=name,
        help="" if "`" in script.text or "\n" in script.text else f"`{script.text.strip()}`",
        cwd=beside(source),
    )


def _environment(name: str, script: Node) -> Iterator[Left]:
    """The variables that it takes from outside: nobody has said what they are."""
    for variable in sorted(used(script.text) - assigned(script.text)):
        if variable.startswith("npm_config_"):
            option = variable.removeprefix("npm_config_")
            do = f"Add an input “{option}”, and the item --{option}={{{option}}} to its command."
        elif inherited(variable) or variable.startswith("npm_"):
            continue
        else:
            do = f"Add an input “{variable.lower()}”, or “env: {{{variable}: …}}”, if it needs one."
        yield Left(script.line, f"“{name}” asks for ${variable}, which nobody gives it here.", do)
