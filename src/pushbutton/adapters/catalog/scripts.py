"""Read an executable file: it is a task at once, and a block of comments in its head may say more.

    # /// pushbutton
    # title = "Back up the order database"
    # [params.where]
    # choices = ["archive", "cellar"]
    # ///

The lines between the markers are TOML; the comment sign may be `#`, `//` or `--`.
"""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import replace
from typing import Any

from pushbutton.domain.task import ScriptTarget

from .arguments import arguments
from .declared import Origin, declare
from .keys import Place, plain
from .reading import Found, Problem, Reading, broken, digest, slug_of

__all__ = ["read_script"]

_HEAD = 64 * 1024
_LARGEST_HASHED = 16 << 20
_OPEN = re.compile(r"(?P<sign>#|//|--) /// pushbutton\s*")
_TOML_PLACE = re.compile(r" ?\(at line (\d+), column (\d+)\)| ?\(at end of document\)")
_SCRIPT_ENDINGS = frozenset({"", ".sh", ".bash", ".zsh", ".ksh", ".py", ".rb", ".pl", ".js", ".php", ".lua"})
_NOT_HELP = re.compile(r"shellcheck\b|-\*-|vim?:|coding[:=]|SPDX-|Copyright\b|!/|/// ", re.IGNORECASE)


def read_script(found: Found) -> Reading:
    """Never raises. A file that is executable by accident (text of another kind) is no task."""
    path = found.path
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_HASHED)
    except OSError as error:
        return Reading(whole=Problem(str(path), 1, 1, f"It cannot be read: {error.strerror}."))
    head = content[:_HEAD].decode("utf-8", "replace")
    shebang = head.partition("\n")[0] if content.startswith(b"#!") else ""
    binary = b"\0" in content[:1024]
    if not shebang and not binary and path.suffix not in _SCRIPT_ENDINGS:
        return Reading()
    lines = [] if binary else head.splitlines()
    wrong: list[tuple[Place, str]] = []
    block, first, problem = _block(lines)
    table: Any = {}
    if problem is None and block is not None:
        table, problem = _toml(block, first)
    origin = Origin(
        path=path,
        slug=slug_of(path.stem),
        name=path.stem,
        group=found.group,
        help=_help(lines, path.suffix, head),
        digest=digest(content),
        shebang=shebang.rstrip(),
    )
    task = declare(origin, plain(table), (), wrong)
    if not binary and isinstance(task.target, ScriptTarget):
        whole = content.decode("utf-8", "replace")
        task = replace(task, target=replace(task.target, arguments=arguments(whole, shebang)))
    mistakes = [Problem(str(path), *problem)] if problem else []
    mistakes += [Problem(str(path), *_position(block or [], first, place), sentence) for place, sentence in wrong]
    if shebang.endswith("\r"):
        sentence = "Its lines end as on Windows, and the system looks for a program whose name ends so; save it anew."
        mistakes.append(Problem(str(path), 1, len(shebang), sentence))
    elif not shebang and not binary:
        sentence = "Its first line must say which program runs it, such as #!/bin/sh."
        mistakes.append(Problem(str(path), 1, 1, sentence))
    return Reading((broken(task, mistakes[0]) if mistakes else task,), tuple(mistakes))


def _block(lines: list[str]) -> tuple[list[str] | None, int, tuple[int, int, str] | None]:
    """The TOML lines, the number of the first, and what is wrong with the block."""
    for number, line in enumerate(lines, 1):
        if not (match := _OPEN.fullmatch(line)):
            continue
        sign = match["sign"]
        inside: list[str] = []
        for at, text in enumerate(lines[number:], number + 1):
            if text.rstrip() == f"{sign} ///":
                return inside, number + 1, None
            if not text.startswith(sign):
                sentence = f"Every line of the block begins with “{sign}”, and its last line is “{sign} ///”."
                return None, number + 1, (at, 1, sentence)
            inside.append(text.removeprefix(sign).removeprefix(" "))
        return None, number + 1, (number, 1, f"This block has no end: close it with the line “{sign} ///”.")
    return None, 1, None


def _toml(block: list[str], first: int) -> tuple[Any, tuple[int, int, str] | None]:
    try:
        return tomllib.loads("\n".join(block)), None
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, or a number of too many digits
        match = _TOML_PLACE.search(str(error))
        line, column = (int(match[1]), int(match[2])) if match and match[1] else (max(1, len(block)), 1)
        return {}, (first + line - 1, column + 2, f"This is no TOML: {_TOML_PLACE.sub('', str(error))}.")


def _position(block: list[str], first: int, place: Place) -> tuple[int, int]:
    """The line of a key, found by its table's head and its name: TOML's own reader forgets where things stood."""
    *tables, key = [str(part) for part in place if not isinstance(part, int)] or [""]
    whole = ".".join(str(part) for part in place)
    inside: str = ""
    best = (first, 1)
    for number, line in enumerate(block, first):
        head = re.match(r"\s*\[([^\]]+)\]", line)
        inside = head[1].replace('"', "").replace(" ", "") if head else inside
        if head and inside in (whole, ".".join(tables)):
            best = (number, 3)
        name = re.match(r"\s*\"?([\w-]+)\"?\s*=", line)
        if name and name[1] == key and inside == ".".join(tables):
            return number, line.index(name[1]) + 3
    return best


def _help(lines: list[str], suffix: str, head: str) -> str:
    """The first paragraph of comments, or a Python script's docstring."""
    if suffix == ".py":
        try:
            return ast.get_docstring(ast.parse(head)) or _comment(lines)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass  # it may be longer than what was read; the system will say what is wrong with it
    return _comment(lines)


def _comment(lines: list[str]) -> str:
    found: list[str] = []
    block = ""
    for line in lines:
        if match := _OPEN.fullmatch(line):
            block = match["sign"]
        elif block:
            block = "" if line.rstrip() == f"{block} ///" else block
        elif match := re.match(r"(?:#+|//|--)(?:\s|$)(?P<text>.*)", line):
            text = match["text"].strip()
            if text and not _NOT_HELP.match(text):
                found.append(text)
            elif found:
                break
        elif found or (line.strip() and not line.startswith("#!")):
            break
    return "\n".join(found)
