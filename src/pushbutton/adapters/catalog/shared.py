"""Options that a configuration file gives once for many tasks: variables for all of them, channels, and who is told;
how many runs hold a lock at once; of a group's, whom to ask, what a failure means, and who is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pushbutton.domain.messages import CHANNEL_NAME, MAIL, PRESSER, Channel, Rule, is_channel_url
from pushbutton.domain.problem import Problem
from pushbutton.domain.task import Task
from pushbutton.job.kinds import nearest
from pushbutton.job.options import CONFIG, OPTIONS

from .build import rules
from .model import Shared
from .schema import CHANNEL, GROUP, PLACES, KeyPath, Table

__all__ = ["channels_of", "declare_shared", "unknown_channels", "with_shared"]

_FOR_ALL = ("env", "tell")


def declare_shared(
    tables: Mapping[str, Any], wrong: list[tuple[KeyPath, str]], path: Path, lines: Mapping[str, int]
) -> Shared:
    """Of what stands at the top of a file beside the tasks and secrets. What is wrong is added to `wrong`, with its
    place. `lines`: those of the channels.
    """
    given = {name: tables[name] for name in _FOR_ALL if name in tables}
    read = Table({name: OPTIONS[name] for name in _FOR_ALL}, CONFIG, wrong).read(given, ())
    groups = tables.get("groups", {})
    said = {str(name): Table(GROUP, CONFIG, wrong).read(table, ("groups", name)) for name, table in groups.items()}
    named = tables.get("channels", {}).items()
    found = [_channel(str(name), table, wrong, str(path), lines.get(name, 1)) for name, table in named]
    channels = tuple(channel for channel in found if channel)
    places = Table(PLACES, CONFIG, wrong).read({name: tables[name] for name in PLACES if name in tables}, ())
    return Shared(read.get("env", {}), said, rules(read.get("tell", ()), "server"), channels, places.get("locks", {}))


def _channel(name: str, table: Any, wrong: list[tuple[KeyPath, str]], file: str, line: int) -> Channel | None:
    at: KeyPath = ("channels", name)
    if not re.fullmatch(CHANNEL_NAME, name) or name in (MAIL, PRESSER):
        said = (
            "is what the mail to people is called" if name in (MAIL, PRESSER) else "has other signs than a-z, 0-9, “-”"
        )
        wrong.append((at, f"A channel cannot be named “{name}”: that {said}."))
        return None
    before = len(wrong)
    keys = Table(CHANNEL, CONFIG, wrong).read(table, at)
    if len(wrong) == before and ("mail" in keys) == ("url" in keys):
        wrong.append((at, f"The channel “{name}” needs either “mail”, with addresses, or “url”."))
    if len(wrong) == before and "url" in keys and not is_channel_url(keys["url"]):
        wrong.append(((*at, "url"), "“url” must be an address as Apprise writes it, such as ntfys://host/topic."))
    return Channel(name, file=file, line=line, **keys) if len(wrong) == before else None


def channels_of(said: Iterable[Shared]) -> Mapping[str, Channel]:
    """By name. Of two that are called the same, the first one counts."""
    found: dict[str, Channel] = {}
    for one in said:
        for channel in one.channels:
            found.setdefault(channel.name, channel)
    return found


def unknown_channels(tasks: Iterable[Task], channels: Mapping[str, Channel]) -> list[Problem]:
    """Problems that no file shows by itself: rules that name a channel which none declares. Nobody would be told."""
    found = []
    for task in tasks:
        for name in dict.fromkeys(name for rule in task.tell for name in rule.to):
            if name != PRESSER and name not in channels:
                hint = nearest(name, list(channels))
                sentence = f"“tell” names the channel “{name}”, and no file declares it under “channels”.{hint}"
                found.append(Problem(task.source.file, task.source.line, 1, sentence, warning=True))
    return found


def with_shared(tasks: Mapping[str, Task], said: Iterable[Shared], words: Mapping[str, str]) -> dict[str, Task]:
    """A task's own option goes first; of two files that say the same, the first one counts. `words`: what the
    server says, by the keys of a group, about everything else.
    """
    env: dict[str, str] = {}
    groups: dict[str, dict[str, Any]] = {}
    tell: tuple[Rule, ...] = ()
    places: dict[str, int] = {}
    for one in said:
        env, places = {**one.env, **env}, {**one.places, **places}
        tell += one.tell
        for name, keys in one.groups.items():
            groups[name] = {**keys, **groups.get(name, {})}
    return {slug: _with_places(task, places) for slug, task in _each(tasks, env, groups, words, tell)}


def _with_places(task: Task, places: Mapping[str, int]) -> Task:
    locks = {name: places.get(name, most) for name, most in task.locks.items()}
    return task if locks == task.locks else replace(task, locks=locks)


def _each(
    tasks: Mapping[str, Task],
    env: Mapping[str, str],
    groups: Mapping[str, Mapping[str, Any]],
    words: Mapping[str, str],
    tell: tuple[Rule, ...],
) -> Iterator[tuple[str, Task]]:
    for slug, task in tasks.items():
        group = groups.get(task.group, {})
        told: dict[str, Any] = {
            key: text for key in _WORDS if not getattr(task, key) and (text := group.get(key) or words.get(key))
        }
        # An input or a secret that a task has under a name is its own.
        own = {param.name.upper() for param in task.params} | set(task.named_secrets.values())
        more = {name: value for name, value in env.items() if name not in own}
        also = (*rules(group.get("tell", ()), "group"), *tell)
        same = not told and not also and not more.keys() - task.env.keys()
        inherited = frozenset(told)
        yield (
            slug,
            task
            if same
            else replace(task, env={**more, **task.env}, inherited=inherited, tell=(*task.tell, *also), **told),
        )


_WORDS = tuple(key for key in GROUP if key != "tell")
"""Of a group: what counts only where a task says nothing itself."""
