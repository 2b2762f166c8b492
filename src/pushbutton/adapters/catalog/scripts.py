"""Read an executable file: it is a task at once, and a block of comments in its head may say more.

    # /// pushbutton
    # title = "Back up the order database"
    # [params.where]
    # choices = ["archive", "cellar"]
    # ///

The lines between the markers are TOML; the comment sign may be `#`, `//` or `--`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pushbutton.describe.arguments.interpreter import fingerprint, named
from pushbutton.describe.shebang import SHELLS, program_of
from pushbutton.domain.problem import Problem
from pushbutton.domain.targets import Arguments
from pushbutton.domain.template import BadTemplate, holes
from pushbutton.sentence import say

from .arguments import arguments
from .from_table import Origin, declare
from .model import Ask, FileTasks, Found, broken, digest, slug_of
from .schema import KeyPath
from .schema import plain as plain_table
from .script_form import ScriptForm, forms_of
from .script_help import comment_of, help_of
from .toml_block import read_toml
from .way_keys import says_way

__all__ = ["block_of", "read_script"]

_HEAD = 64 * 1024
_LARGEST_HASHED = 16 << 20
_LONGEST_FIRST = 255  # characters of a first line; the system does not read on
_OPEN = re.compile(r"(?P<sign>#|//|--) /// pushbutton\s*")
_PYTHONS = frozenset({"python", "pypy", "uv"})
_SHELLS = frozenset({".sh", ".bash", ".zsh", ".ksh"})
_NO_SCRIPTS = re.compile(  # without "#!", files of these names are no scripts, although they have no ending
    r"(?:GNU)?[Mm]akefile|[A-Z][A-Z_-]+|(?:Docker|Container|Vagrant|Jenkins|Proc|Pip|Brew|Gem|Rake|Just|Task|Caddy)file"
)


def read_script(found: Found) -> FileTasks | None:
    """Never raises. A file that is executable by accident is no task; None: it is one of Python, to be read as such."""
    path = found.path
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_HASHED)
    except OSError as error:
        return FileTasks(whole=Problem(str(path), 1, 1, f"It cannot be read: {error.strerror}."))
    plain, coded = _decoded(content)
    shebang = plain.partition("\n")[0] if plain.startswith("#!") else ""
    program = content.startswith(b"\x7fELF")
    if not shebang and not program:
        if path.suffix == ".py":
            return None
        if why := _no_script(path, content):
            return FileTasks(passed=why)
    lines = [] if program else plain.splitlines()
    python = path.suffix == ".py" or program_of(shebang) in _PYTHONS
    block, first, problem = block_of(lines)
    table, places, fault = read_toml(block or [])
    if fault is not None:
        problem = (first + fault.line - 1, fault.column + 2, fault.sentence)
    told = help_of(lines, path.name, python=python)
    origin = Origin(
        path=path,
        slug=slug_of(path.stem),
        name=path.stem,
        group=found.group,
        help=told or comment_of(lines, path.name),
        digest=digest(content),
        shebang="" if coded else shebang.rstrip(),
        arguments=Arguments.UNKNOWN if program else arguments(content.decode("utf-8", "replace"), shebang),
    )
    keys = plain_table(table)

    def made(forms: Sequence[ScriptForm]) -> FileTasks:
        """A task for each form; without any, the one that the head describes."""
        found: list[tuple[KeyPath, str]] = []
        tasks = [
            declare(_named(origin, form, told), _said_of(keys, form), (), found, form) for form in forms or (None,)
        ]
        mistakes = [Problem(str(path), *problem)] if problem else []
        for place, sentence in dict.fromkeys(found):
            line, column = places.of(place)
            mistakes.append(Problem(str(path), first + line - 1, column + 2 if block else 1, sentence))
        if sentence := coded or ("" if program else _unstartable(shebang)):
            mistakes.append(Problem(str(path), 1, len(shebang) if shebang.endswith("\r") else 1, sentence))
        return FileTasks(tuple(broken(task, mistakes) if mistakes else task for task in tasks), tuple(mistakes))

    known = python or program_of(shebang) in SHELLS
    if origin.arguments is not Arguments.READ or not known or coded or keys.get("read") is False:
        return made(())
    said = keys.get("params")
    tables = {name: table if isinstance(table, Mapping) else {} for name, table in dict(said or {}).items()}
    whole = content.decode("utf-8", "replace").splitlines()
    outside = "\n".join([*whole[: first - 2], *whole[first + len(block) :]] if block else whole)
    variables = frozenset(name for name, table in tables.items() if _by_environment(str(name), table, outside))
    sha256 = fingerprint(content, named(content, str(path.parent))) if len(content) < _LARGEST_HASHED else ""
    return FileTasks(ask=Ask(sha256, lambda answer: _laid(path, made, answer, tables, variables)))


def _by_environment(name: str, table: Mapping[str, Any], source: str) -> bool:
    """Whether an input that the head alone has reaches the script in its environment, where nothing is said of it."""
    return not says_way(table) and (table.get("type") == "secret" or _finds(re.escape(name.upper()), source))


def _finds(variable: str, source: str) -> bool:
    """Whether a script looks for a variable of its environment: one that it names as a text, or that a shell has
    without giving it a value of its own.
    """
    used = rf"\$\{{?{variable}(?!\w)"
    own = rf"(?<![\w$]){variable}=(?![\"']?{used})"
    return bool(re.search(rf"[\"']{variable}[\"']", source) or (re.search(used, source) and not re.search(own, source)))


def _said_of(keys: Mapping[str, Any], form: ScriptForm | None) -> Mapping[str, Any]:
    """The head's options for this task. Of several, each keeps its own name and help, and what names inputs counts
    where they are.
    """
    if form is None:
        return keys
    elsewhere = form.names - {param.name for param in form.params}
    own = {key: value for key, value in keys.items() if not _named_in(key, value) & elsewhere}
    if form.command and isinstance(own.get("title"), str):
        own["title"] = f"{own['title']}: {form.command}"
    if form.command and form.help:
        own.pop("help", None)
    return own


def _named_in(key: str, value: Any) -> set[str]:
    """The inputs that an option of a task names."""
    if key not in ("dry_run", "button", "confirm") or not isinstance(value, str):
        return set()
    try:
        return {value} if key == "dry_run" else set(holes(value))
    except BadTemplate:
        return set()


def _named(origin: Origin, form: ScriptForm | None, told: str) -> Origin:
    """A subcommand is a task of its own, called by both names. `told`: what the script says of itself, where that is
    more than a comment.
    """
    if form is None:
        return origin
    if not form.command:
        return replace(origin, help=told or form.help or origin.help)
    return replace(
        origin,
        slug=slug_of(f"{origin.slug} {form.command}"),
        command=form.command,
        help=form.help or told or form.above or origin.help,
    )


def _laid(
    path: Path,
    made: Callable[[Sequence[ScriptForm]], FileTasks],
    answer: Mapping[str, Any],
    said: Mapping[str, Mapping[str, Any]],
    variables: frozenset[str],
) -> FileTasks:
    """With what its source tells of its inputs, corrected by the head. `said`: what stands there, by input; if the
    source has none of them, and each is in its environment (`variables`) or says how it is passed, they are all that
    is asked for.
    """
    if "kind" not in answer:
        why = answer.get("sentence", "")
        notes = (f"{path}: what it takes cannot be read from its source{why}.",) if why else ()
        return replace(made(()), notes=notes)
    forms = forms_of(answer)
    names = frozenset(param.name for form in forms for param in form.params)
    known = names | {gap.name for form in forms for gap in form.gaps}
    if said and not known & said.keys() and all("pass" in table or name in variables for name, table in said.items()):
        return made(())
    commands = frozenset(form.words for form in forms if form.words)
    names |= {gap.name for form in forms for gap in form.gaps if said.get(gap.name, {}).get("hide") is True}
    forms = [replace(form, names=names, variables=variables, commands=commands).without(said) for form in forms]
    told = [f"{path}: {f'{form.command}: ' if form.command else ''}{form.told}" for form in forms]
    gaps = [f"{path}:{gap}" for form in forms for gap in form.gaps]
    return replace(made(forms), notes=(*told, *dict.fromkeys(gaps)))


def _decoded(content: bytes) -> tuple[str, str]:
    """The head as text, and why the system would not find its first line in these bytes."""
    head = content[:_HEAD]
    for mark, name in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if head.startswith(mark) and (text := head[2:].decode(name, "replace")).startswith("#!"):
            return text, "It is saved as UTF-16, so the system finds no “#!” in it: save it as UTF-8."
    if head.startswith(codecs.BOM_UTF8) and head.startswith(b"#!", 3):
        sentence = "A byte order mark (BOM) stands before its “#!”: save it as UTF-8 without one."
        return head[3:].decode("utf-8", "replace"), sentence
    if len(head) == _HEAD:
        head = head[: head.rfind(b"\n") + 1] or head  # no half of a character at the end
    try:
        return head.decode("utf-8"), ""
    except UnicodeDecodeError:
        return head.decode("cp1252", "replace"), ""  # Latin-1 with the quotes of Windows


def _no_script(path: Path, content: bytes) -> str:
    """Why a file without “#!” is no script; "": it looks like one that lacks it."""
    if b"\0" in content[:1024]:
        return say("it is neither a script nor a program of this system")
    if path.suffix not in _SHELLS and (path.suffix or _NO_SCRIPTS.fullmatch(path.name)):
        return say("it does not begin with “#!”")
    return ""


def _unstartable(shebang: str) -> str:
    if not shebang:
        return "Its first line must say which program runs it, such as #!/bin/sh."
    if shebang.endswith("\r"):
        return "Its lines end as on Windows, and the system looks for a program whose name ends so; save it anew."
    if len(shebang.encode()) > _LONGEST_FIRST:
        return f"Its first line is longer than the {_LONGEST_FIRST} characters that the system reads."
    return ""


def block_of(lines: list[str]) -> tuple[list[str] | None, int, tuple[int, int, str] | None]:
    """The TOML lines, the number of the first, and what is wrong with the block. None, 1, None: there is no block."""
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
