"""Events of Cronicle, with the plugins that they use: from its own export, from answers of its API, or from a list."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .kind import Draft, Left, Param, Source, Task, Timed, literal
from .names import Names, plain_name
from .script_text import LONGEST, is_shell, starter
from .times import timed
from .tree import Node, read_json

__all__ = ["read"]

_EXPORTED = re.compile(r"global/[\w/]+ - (\{.*\})\s*")
_TOLD: Mapping[str, tuple[str, str]] = {
    "chain": ("What it starts when it is over is not taken", "Let its command start that: pushbutton press NAME."),
    "chain_error": ("What it starts when it failed is not taken", "A webhook can tell another system."),
    "retries": ("A run that failed is not tried again by itself", "Press “Again”."),
    "catch_up": ("What was missed more than a day ago is not made up for", "See “window” of its schedule."),
    "detached": ("It was detached; here a run goes on without the server anyway", "There is nothing to do."),
    "multiplex": ("It ran on all of its servers; here it runs on this one", "Let its command go to the others."),
    "cpu_limit": ("How much of the processor it may take is not limited", "Let its command say so: systemd-run."),
    "memory_limit": ("How much memory it may take is not limited", "Let its command say so: systemd-run."),
    "log_max_size": ("How large its log may be is not taken", "See “output”: so many bytes are kept."),
    "notify_success": ("Nobody gets mail of it", "A webhook can tell another system."),
    "notify_fail": ("Nobody gets mail when it fails", "A webhook can tell another system."),
    "web_hook": ("Its web hook is not taken", "See the server's own webhooks."),
}
_OWN_GROUPS = ("", "general", "allgrp", "maingrp")
_VARIABLES: Mapping[str, str] = {"JOB_ID": "PUSHBUTTON_RUN", "JOB_EVENT": "PUSHBUTTON_TASK"}
_FED = """\
import json, os
e = os.environ
print(json.dumps({params}))
"""


@dataclass
class _Found:
    """The entries of the files, by id."""

    events: list[tuple[str, Node]] = field(default_factory=list)  # with the file
    plugins: dict[str, tuple[str, Node]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)


def read(sources: Sequence[Source]) -> Draft:
    found = _Found()
    for source in sources:
        before = len(found.events) + len(found.plugins) + len(found.groups)
        for tree in _trees(source):
            _sort(tree, source.name, found)
        if len(found.events) + len(found.plugins) + len(found.groups) == before:
            raise source.wrong("It has no events of Cronicle: each has a “title” and a “plugin”.")
    left: list[Left] = []
    tasks = [made for file, event in found.events if (made := _Event(event, file, found, left).task())]
    for file, node in () if found.events else found.plugins.values():
        alone = Node({"title": node["title"], "plugin": node["id"]}, node.line)
        tasks += [made] if (made := _Event(alone, file, found, left).task()) else []
    return Draft(tuple(tasks), tuple(left))


def _trees(source: Source) -> Iterator[Node]:
    """The values of a file: one, or one for each line of an export."""
    lines = source.text.split("\n")
    exported = [(number, match[1]) for number, line in enumerate(lines, 1) if (match := _EXPORTED.fullmatch(line))]
    if not exported:
        yield read_json(source)
    for number, text in exported:
        yield read_json(Source(source.name, text), number)


def _sort(tree: Node, file: str, found: _Found) -> None:
    for one in tree if tree.is_list else [*tree["items"], *tree["rows"]] or [tree]:
        if one["plugin"].text and one["title"].text:
            found.events.append((file, one))
        elif one["command"].text and one["id"].text:
            found.plugins[one["id"].text] = (file, one)
        elif one["id"].text and one["title"].text:
            found.groups[one["id"].text] = one["title"].text


class _Out(Exception):
    """The event cannot be taken; it was told why."""


class _Event:
    def __init__(self, event: Node, file: str, found: _Found, left: list[Left]) -> None:
        self._event, self._file, self._found, self._left = event, file, found, left
        self._title = event["title"].text
        self._env: dict[str, str] = {}
        self._params: list[Param] = []

    def _tell(self, node: Node, what: str, do: str) -> None:
        self._left.append(Left(node.line, what, do, self._file))

    def _out(self, node: Node, why: str, do: str) -> _Out:
        self._tell(node, f"“{self._title}” is left out: {why}", do)
        return _Out()

    def task(self) -> Task | None:
        event, plugin = self._event, self._event["plugin"].text
        before = len(self._left)
        try:
            cwd = ""
            if plugin == "shellplug":
                command = self._script()
            else:
                command, cwd = self._plugin(plugin)
        except _Out:
            del self._left[before:-1]  # of what is not there, only why
            return None
        self._beside()
        group = event["category"].text
        at_once = event["max_children"].whole
        return Task(
            name=self._title,
            command=command,
            line=event.line,
            file=self._file,
            params=tuple(self._params),
            help=event["notes"].text,
            group=self._found.groups.get(group, "" if group in _OWN_GROUPS else group),
            cwd=cwd,
            env=self._env,
            timeout=event["timeout"].number or None,
            at_once=20 if at_once == 0 else at_once if at_once and at_once > 1 else None,
            busy="skip" if at_once and not event["queue"].truth else "",
            schedules=tuple(self._schedule()),
        )

    def _script(self) -> tuple[str, ...]:
        node = self._event["params"]["script"]
        start = starter(node.text)
        if not node.text.strip() or len(node.text.encode()) > LONGEST:
            raise self._out(node, "its script is empty, or too long for a command line.", "Save it as a file.")
        if start is None:
            said = node.text.partition("\n")[0]
            raise self._out(node, f"nobody knows how “{said}” is given a text.", "Save its script as a file.")
        if self._event["params"]["json"].truth:
            what = f"What “{self._title}” says in JSON is not read."
            self._tell(node, what, "Let it say how far it is: pushbutton progress 0.3.")
        return (*map(literal, start), literal(self._renamed(node, shell=is_shell(start))), literal(self._title))

    def _renamed(self, node: Node, *, shell: bool) -> str:
        """With our names for the variables of a job."""
        for name in dict.fromkeys(re.findall(r"\bJOB_[A-Z_]+\b", node.text)):
            ours = _VARIABLES.get(name) if shell else None
            what = f"“{self._title}” asks for ${name}, which is not set here"
            do = f"It is ${ours} here, and written so." if ours else "Write what it needs by hand."
            self._tell(node, f"{what}.", do)
        return re.sub(r"\bJOB_(?:ID|EVENT)\b", lambda match: _VARIABLES[match[0]], node.text) if shell else node.text

    def _plugin(self, plugin: str) -> tuple[tuple[str, ...], str]:
        if plugin not in self._found.plugins:
            raise self._out(
                self._event["plugin"], f"nothing says what its plugin “{plugin}” is.", "Name a file with it, too."
            )
        _, node = self._found.plugins[plugin]
        names = Names()
        entries = [self._param(one, names) for one in node["params"]]
        fed = ", ".join(f"{json.dumps(name)}: {value}" for name, value in entries)
        try:
            words = shlex.split(node["command"].text)
        except ValueError:
            raise self._out(node["command"], "its command has a quote that is not closed.", "Close it.") from None
        if node["uid"].text:
            self._tell(
                self._event["plugin"],
                f"“{self._title}” ran as {node['uid'].text}; here it runs as the user of the server.",
                f"Add “user: {node['uid'].text}”, and serve with --job-users.",
            )
        program = _FED.format(params=f'{{"params": {{{fed}}}, "event_title": {json.dumps(self._title)}}}')
        text = f"python3 -c {shlex.quote(program)} | {shlex.join(words)}"
        return ("sh", "-c", literal(text)), node["cwd"].text

    def _param(self, node: Node, names: Names) -> tuple[str, str]:
        """Its id, and the Python that tells its value."""
        name, kind = node["id"].text, node["type"].text
        given = self._event["params"]
        value = given[name] if name in given else node["value"]
        ours = names.of(name or "param")
        from_env = f"e[{json.dumps(ours.upper())}]"
        if kind == "hidden":
            self._env[ours.upper()] = value.text
            return name, from_env
        said: dict[str, Any] = {"label": node["title"].text, "required": False}
        if kind == "checkbox":
            param = Param(ours, "bool", label=said["label"], default=value.truth or None)
            from_env = f'int({from_env} == "true")'
        elif kind == "select":
            items = [one.text for one in node["items"]] or [one.strip() for one in node["items"].text.split(",")]
            choices = {one: "" for one in items if one}
            default = value.text if value.text in choices else None
            param = Param(ours, **said, choices=choices or None, default=default)
        else:
            param = Param(ours, **said, multiline=kind == "textarea", default=value.text or None)
            if kind not in ("text", "textarea"):
                what = f"“{name}” of the plugin is a text here, and not of the type “{kind}”."
                self._tell(self._event["plugin"], what, "Say more of it by hand.")
        if ours != plain_name(name):
            what = f"“{name}” is in ${ours.upper()}, for programs act on ${plain_name(name).upper()}."
            self._tell(self._event["plugin"], what, "In JSON it has its own name.")
        self._params.append(param)
        return name, from_env

    def _beside(self) -> None:
        event = self._event
        for key, (what, do) in _TOLD.items():
            if event[key] and event[key].truth is not False and event[key].number != 0:
                self._tell(event[key], f"{what} (“{self._title}”).", do)
        if event["target"].text not in _OWN_GROUPS:
            what = f"“{self._title}” ran on {event['target'].text}; here it runs on the server."
            self._tell(event["target"], what, "Let its command go there, by ssh with a script, or serve it there.")
        if "enabled" in event and event["enabled"].truth is False:
            self._tell(event["enabled"], f"“{self._title}” was switched off.", "Leave it out, if you can.")

    def _schedule(self) -> Iterator[Timed]:
        timing = self._event["timing"]
        if not timing.is_table:
            return
        keys = ("minutes", "hours", "days", "months", "weekdays")
        fields = [",".join(one.text for one in timing[key]) or "*" for key in keys]
        years = ",".join(one.text for one in timing["years"])
        why = "a schedule has no years" if years else ""
        if self._event["multiplex"].truth or self._event["target"].text not in _OWN_GROUPS:
            why = "it ran on other servers"
        if self._event["enabled"].truth is False or self._event["enabled"].number == 0:
            why = "it is switched off there"
        times, zone = " ".join(fields), self._event["timezone"].text
        written = "  ".join(filter(None, (times, zone, years and f"(in {years})")))
        found = timed(times, zone, written=written, why=why, either_day=False, line=timing.line)
        yield replace(found, catch_up="all") if self._event["catch_up"].truth else found
