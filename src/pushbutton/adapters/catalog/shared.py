"""What a configuration file says once for many tasks: variables for all of them, whom to ask about those of a group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pushbutton.domain.task import Task
from pushbutton.job.options import CONFIG, OPTIONS

from .model import Shared
from .schema import GROUP, Place, Table

__all__ = ["declare_shared", "with_shared"]


def declare_shared(tables: Mapping[str, Any], wrong: list[tuple[Place, str]]) -> Shared:
    """Of “env” and “groups” at the top of a file. What is wrong is added to `wrong`, with its place."""
    given = {"env": tables["env"]} if "env" in tables else {}
    env = Table({"env": OPTIONS["env"]}, CONFIG, wrong).read(given, ()).get("env", {})
    contacts = {}
    for name, table in tables.get("groups", {}).items():
        keys = Table(GROUP, CONFIG, wrong).read(table, ("groups", name))
        if "contact" in keys:
            contacts[str(name)] = keys["contact"]
    return Shared(env, contacts)


def with_shared(tasks: Mapping[str, Task], said: Iterable[Shared], contact: str) -> dict[str, Task]:
    """What a task says itself goes first; of two files that say the same, the first one counts. `contact`: whom to ask
    about everything else.
    """
    env: dict[str, str] = {}
    contacts: dict[str, str] = {}
    for one in said:
        env = {**one.env, **env}
        contacts = {**one.contacts, **contacts}
    return dict(_each(tasks, env, contacts, contact))


def _each(
    tasks: Mapping[str, Task], env: Mapping[str, str], contacts: Mapping[str, str], contact: str
) -> Iterator[tuple[str, Task]]:
    for slug, task in tasks.items():
        asked = task.contact or contacts.get(task.group, "") or contact
        # An input or a secret that a task has under a name is its own.
        own = {param.name.upper() for param in task.params} | set(task.named_secrets.values())
        more = {name: value for name, value in env.items() if name not in own}
        same = asked == task.contact and not more.keys() - task.env.keys()
        yield slug, task if same else replace(task, contact=asked, env={**more, **task.env})
