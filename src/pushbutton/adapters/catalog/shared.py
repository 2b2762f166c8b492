"""What a configuration file says once for many tasks: variables for all of them; of a group's, whom to ask and what a
failure means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pushbutton.domain.task import Task
from pushbutton.job.options import CONFIG, OPTIONS

from .model import Shared
from .schema import GROUP, KeyPath, Table

__all__ = ["declare_shared", "with_shared"]


def declare_shared(tables: Mapping[str, Any], wrong: list[tuple[KeyPath, str]]) -> Shared:
    """Of “env” and “groups” at the top of a file. What is wrong is added to `wrong`, with its place."""
    given = {"env": tables["env"]} if "env" in tables else {}
    env = Table({"env": OPTIONS["env"]}, CONFIG, wrong).read(given, ()).get("env", {})
    groups = tables.get("groups", {})
    said = {str(name): Table(GROUP, CONFIG, wrong).read(table, ("groups", name)) for name, table in groups.items()}
    return Shared(env, said)


def with_shared(tasks: Mapping[str, Task], said: Iterable[Shared], words: Mapping[str, str]) -> dict[str, Task]:
    """What a task says itself goes first; of two files that say the same, the first one counts. `words`: what the
    server says, by the keys of a group, about everything else.
    """
    env: dict[str, str] = {}
    groups: dict[str, dict[str, str]] = {}
    for one in said:
        env = {**one.env, **env}
        for name, keys in one.groups.items():
            groups[name] = {**keys, **groups.get(name, {})}
    return dict(_each(tasks, env, groups, words))


def _each(
    tasks: Mapping[str, Task],
    env: Mapping[str, str],
    groups: Mapping[str, Mapping[str, str]],
    words: Mapping[str, str],
) -> Iterator[tuple[str, Task]]:
    for slug, task in tasks.items():
        group = groups.get(task.group, {})
        told: dict[str, Any] = {
            key: text for key in GROUP if not getattr(task, key) and (text := group.get(key) or words.get(key))
        }
        # An input or a secret that a task has under a name is its own.
        own = {param.name.upper() for param in task.params} | set(task.named_secrets.values())
        more = {name: value for name, value in env.items() if name not in own}
        same = not told and not more.keys() - task.env.keys()
        yield slug, task if same else replace(task, env={**more, **task.env}, inherited=frozenset(told), **told)
