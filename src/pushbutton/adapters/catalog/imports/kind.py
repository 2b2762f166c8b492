"""The result of reading another tool's file, and the table of readers.

A reader is a module of this package with one function, `read(source: Source) -> Draft`, and a row in `KINDS`. It is
pure: it looks at the text, opens no other file and runs nothing. It gives a `Task` for each thing that can be pressed,
and a `Left` for each thing that it does not take, with the line where that stands and what to do about it. A file that
is of another kind altogether is one sentence: `raise source.wrong("…", line)`.

    def read(source: Source) -> Draft:
        tree = read_yaml(source)                        # `tree`: a node knows its value and its line
        for one in tree["actions"]:
            names = Names(variables(one["shell"].text))  # `names`: what inputs are called; what they would overwrite
            holes = {"to": Hole(names.of("to"))}
            try:
                text = rewritten(one["shell"].text, find, holes)   # `shell_text`: `{{ to }}` becomes "$TO"
            except Unsafe as error:
                left.append(Left(one["shell"].at(error.line), error.what, error.do))
                continue
            task = Task(one["title"].text, ("sh", "-c", literal(text)), one.line, params=(Param(names.of("to")),))

The fields of `Task` and `Param` are the keys of `pushbutton.yaml`, with their meaning there; what is None or empty is
not written. `command` has `{name}` where an input goes, so that text which stands there as it is passes `literal`; an
item whose input is empty falls away, and with it the items beside it in a tuple of their own: `("--to", "{to}")`. An
input that no item names, and that has no `flag` or `place`, is in the environment, as its name in capitals. What the
product cannot do is a comment above the task as well, in `notes`. When the source starts it is said in `schedules`,
which `times` makes: a schedule where five fields of cron say the same, else a comment with the reason.

`moving` calls the reader, makes the slugs, writes the file and reads it as the catalogue would: a task in which that
finds a mistake is left out, with that sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pushbutton.errors import ConfigError

__all__ = ["KINDS", "Draft", "Left", "Param", "Row", "Source", "Task", "Timed", "joined", "literal"]


@dataclass(frozen=True, slots=True)
class Source:
    name: str  # the path as it was given
    text: str

    def wrong(self, sentence: str, line: int = 1) -> ConfigError:
        """To be raised where the file as a whole cannot be read as this kind."""
        return ConfigError(sentence, file=self.name, line=line)


@dataclass(frozen=True, slots=True)
class Left:
    """A part that was not taken, or is not quite as it was. `what` and `do` are a sentence each."""

    line: int
    what: str
    do: str = ""
    file: str = ""  # of the source that it stands in; `moving` fills it in


@dataclass(frozen=True, slots=True)
class Param:
    """An input. The name comes from `names.Names`; the type is text, or a choice where there are choices."""

    name: str
    type: str = ""
    of: str = ""
    label: str = ""
    help: str = ""
    required: bool | None = None  # None: it is, where it has no default
    default: Any = None
    choices: Mapping[str, str] | None = None  # value -> what is shown for it, "" for the value itself
    choices_from: tuple[str, ...] = ()
    when: Mapping[str, Any] | None = None
    min: float | str | None = None
    max: float | str | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    pattern_text: str = ""
    example: str = ""
    multiline: bool = False
    dash: bool = False
    upload: bool | None = None
    flag: str = ""
    off: str = ""
    repeat: bool = False
    count: bool = False
    words: int | str | None = None
    place: int | str | None = None
    under: str = ""


@dataclass(frozen=True, slots=True)
class Timed:
    """A time at which the source starts a task: a schedule, or a comment where `why` says why it is none."""

    written: str  # as the comment has it
    cron: str = ""
    zone: str = ""
    why: str = ""
    catch_up: str = "none"
    line: int = 0  # 0: that of the task


@dataclass(frozen=True, slots=True)
class Task:
    name: str  # its title, from which its slug is made
    command: tuple[str | tuple[str, ...], ...]  # a tuple in it: items that fall away together
    line: int  # in the source
    params: tuple[Param, ...] = ()
    slug: str = ""  # what its slug is made from, where that is not its title
    help: str = ""
    group: str = ""
    button: str = ""
    confirm: str = ""
    reason: str = ""
    approvals: int | None = None
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    results: tuple[str, ...] = ()
    timeout: float | str | None = None
    at_once: int | None = None
    busy: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)  # name -> the variable in which the job finds it
    tty: bool = False
    schedules: tuple[Timed, ...] = ()
    notes: tuple[str, ...] = ()  # comments above it, a line each
    file: str = ""  # of the source that it stands in; `moving` fills it in


@dataclass(frozen=True, slots=True)
class Draft:
    tasks: tuple[Task, ...] = ()
    left: tuple[Left, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)  # named secrets -> what a comment says of each


@dataclass(frozen=True, slots=True)
class Row:
    """A kind of file. `more`: several files are one source, whose reader gets all of them: `read(sources)`."""

    module: str
    what: str  # as in “It is read as {what}”
    more: bool = False


KINDS: Mapping[str, Row] = {
    "crontab": Row("crontab", "a crontab, of a user or of the system"),
    "github": Row("github", "a workflow of GitHub that people start by hand"),
    "jenkins": Row("jenkins", "a Jenkinsfile that declares its pipeline"),
    "make": Row("make", "a Makefile"),
    "just": Row("just", "a justfile"),
    "npm": Row("npm", "a package.json"),
    "task": Row("task", "a Taskfile"),
    "invoke": Row("invoke", "a tasks.py of Invoke or Fabric"),
    "ansible-vars": Row("ansible_vars", "an Ansible playbook that asks for variables, or a template of Semaphore"),
    "script-server": Row("script_server", "a runner of script-server: a JSON file of conf/runners"),
    "olivetin": Row("olivetin", "the config.yaml of OliveTin"),
    "rundeck": Row("rundeck", "jobs of Rundeck, as it exports them"),
    "cronicle": Row("cronicle", "events of Cronicle, beside the plugins that they use", more=True),
}
"""By the word that is typed."""


def literal(text: str) -> str:
    """A text in an item of a command in which nothing is filled in."""
    return text.replace("{", "{{").replace("}", "}}")


def joined(drafts: list[Draft]) -> Draft:
    tasks = tuple(task for draft in drafts for task in draft.tasks)
    left = tuple(one for draft in drafts for one in draft.left)
    return Draft(tasks, left, {name: said for draft in drafts for name, said in draft.secrets.items()})
