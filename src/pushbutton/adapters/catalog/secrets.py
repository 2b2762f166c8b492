"""The table “secrets” of `pushbutton.yaml`, and which tasks can have what they need."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pushbutton.domain.problem import Problem
from pushbutton.domain.secret import (
    FromCommand,
    FromEnvironment,
    FromFile,
    FromKeyring,
    Origin,
    Secret,
    Stored,
)
from pushbutton.domain.task import Source, Task
from pushbutton.job.kinds import is_variable
from pushbutton.job.options import CONFIG

from .model import broken
from .schema import SECRET, KeyPath, Table

__all__ = ["by_name", "declare_secret", "doubts", "supplied"]

_CLASH = "each declare it"
_ORIGINS = [name for name in SECRET if name != "timeout"]


def declare_secret(path: Path, name: str, line: int, table: Any, wrong: list[tuple[KeyPath, str]]) -> Secret:
    """Its mistakes are added to `wrong`, with their places."""
    at: KeyPath = ("secrets", name)
    if not is_variable(name):
        wrong.append((at, f"“{name}” cannot be the name of a secret: use letters, digits and “_”, as for a variable."))
    keys = Table(SECRET, CONFIG, wrong).read(table, at)
    given = [key for key in _ORIGINS if isinstance(table, dict) and key in table]
    if len(given) != 1 and not wrong:
        said = "It says nowhere" if not given else f"It says {len(given)} times"
        wrong.append((at, f"{said} where the value comes from: give one of {', '.join(_ORIGINS)}."))
    elif "timeout" in keys and given != ["command"]:
        wrong.append(((*at, "timeout"), "Only a “command” has a “timeout”."))
    return Secret(
        name, _origin(path.parent, keys), Source(str(path), line), " ".join(sentence for _, sentence in wrong)
    )


def _origin(folder: Path, keys: Mapping[str, Any]) -> Origin:
    if "env" in keys:
        return FromEnvironment(keys["env"])
    if "file" in keys:
        return FromFile(str(folder / Path(keys["file"]).expanduser()))
    if "command" in keys:
        limit = {"timeout": keys["timeout"]} if "timeout" in keys else {}
        return FromCommand(keys["command"], str(folder), **limit)
    if "keyring" in keys:
        return FromKeyring(*keys["keyring"])
    return Stored()


def by_name(secrets: Iterable[Secret]) -> dict[str, Secret]:
    """One that is declared twice, and not in the same way, is broken."""
    found: dict[str, Secret] = {}
    for secret in secrets:
        before = found.setdefault(secret.name, secret)
        if before is not secret and before.origin != secret.origin and not before.broken:
            places = [f"{one.source.file} line {one.source.line}" for one in (before, secret)]
            sentence = f"{places[0]} and {places[1]} {_CLASH}: leave one of them."
            found[secret.name] = replace(before, broken=sentence)
    return found


def doubts(tasks: Iterable[Task], declared: Mapping[str, Secret]) -> list[Problem]:
    """Problems that no file shows by itself: a secret that two declare, and, as a warning, one that none does."""
    found = [
        Problem(one.source.file, one.source.line, 1, f"“{one.name}”: {one.broken}")
        for one in declared.values()
        if _CLASH in one.broken
    ]
    for task in tasks:
        for name in task.secret_names:
            if name not in declared:
                sentence = (
                    f"No file here declares the secret “{name}”, so it must be kept: pushbutton secret set {name}"
                )
                found.append(Problem(task.source.file, task.source.line, 1, sentence, warning=True))
    return found


def supplied(
    tasks: Mapping[str, Task], declared: Mapping[str, Secret], kept: Collection[str] | None
) -> dict[str, Task]:
    """The tasks; one that needs a secret which nobody can give is broken. `kept`: the names of the stored ones, None
    where nobody knows.
    """
    return {slug: _supplied(task, declared, kept) for slug, task in tasks.items()}


def _supplied(task: Task, declared: Mapping[str, Secret], kept: Collection[str] | None) -> Task:
    found = []
    for name in task.secret_names:
        if name in declared:
            sentence = declared[name].broken and f"The secret “{name}” is declared wrongly. {declared[name].broken}"
        else:
            sentence = "" if kept is None or name in kept else _unknown(name, [*declared, *kept])
        if sentence:
            found.append(Problem(task.source.file, task.source.line, 1, sentence))
    return broken(task, found) if found else task


def _unknown(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    return f"There is no secret named “{name}”; keep it with: pushbutton secret set {name}.{hint}"
