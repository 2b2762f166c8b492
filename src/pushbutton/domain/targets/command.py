"""A command that a configuration file spells out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Self

from pushbutton.domain.argument_text import as_text, environment, refuse_option, together
from pushbutton.domain.event import Json
from pushbutton.domain.param import Inputs, Param, ParamType
from pushbutton.domain.program_text import REMOTE, SHELLS, program_items
from pushbutton.domain.template import BadTemplate, fill, holes
from pushbutton.domain.ways import By, Way, command_line, passed_alone
from pushbutton.job.kinds import nearest
from pushbutton.sentence import say

from .target import Declared, Files, KeyPath, Start

if TYPE_CHECKING:
    from pushbutton.domain.task import Task

__all__ = ["CommandTarget", "flat"]

Items = Sequence[str | Sequence[str]]
"""As a configuration file has them: items in a list of their own stand or fall together."""


@dataclass(frozen=True, slots=True)
class CommandTarget(Declared):
    """argv items with `{name}` in them; an item stays one argument whatever its value holds, and one none of whose
    params has a value falls away.

    An input with a way stands in it as `{name}`, an item of its own, which becomes its option with its value, or
    nothing; else it is passed behind the last item.
    """

    whole: ClassVar[bool] = True

    argv: tuple[str, ...]
    groups: tuple[tuple[int, int], ...] = ()  # the first, and the one behind the last, of items that belong together
    ways: Mapping[str, Way] = field(default_factory=dict)  # by param

    @classmethod
    def declared(cls, items: Items) -> Self:
        groups = []
        at = 0
        for item in items:
            if isinstance(item, str):
                at += 1
            else:
                groups.append((at, at + len(item)))
                at += len(item)
        return cls(flat(items), tuple(groups))

    def taking(self, ways: Mapping[str, Way]) -> Self:
        return replace(self, ways=dict(ways))

    def start(self, task: Task, inputs: Inputs, wrong: dict[str, str], *, python: str) -> Start:  # noqa: ARG002 - its own
        argv = (*self._arguments(task, inputs, wrong), *command_line(task.params, self._behind, inputs, wrong))
        wrong |= together({name: value for name, value in inputs.items() if name not in self.apart})
        return Start(argv, environment(self.variables(task.params), inputs, task.env))

    @property
    def files(self) -> Files:
        words = (word for word in self.argv[1:] if not holes(word))
        return Files(program="".join(self.argv[:1]), perhaps=tuple(words))

    @property
    def written(self) -> tuple[str, ...]:
        return self.argv

    @property
    def elsewhere(self) -> frozenset[str]:
        programs = program_items(self.argv, _has_hole)
        fine = (item for index, item in enumerate(self.argv) if index not in programs and _has_hole(item))
        return frozenset(name for item in fine for name in holes(item)) | self.ways.keys()

    @property
    def apart(self) -> frozenset[str]:
        return frozenset(name for name, way in self.ways.items() if way.apart)

    def naming(self, names: Sequence[str]) -> Self:
        known = (name for name in names if name.isascii() and name.isidentifier())
        return type(self)(tuple(f"{{{name}}}" for name in known))

    def faults(self, params: Sequence[Param]) -> Iterator[tuple[KeyPath, str]]:
        """The inputs that it names must exist, and none may be a secret, or a part of a program."""
        names = {param.name: param for param in params}
        programs = self._programs(params)
        for index, item in enumerate(self.argv):
            place = ("command", *self._place(index))
            try:
                named = holes(item)
            except BadTemplate as error:
                yield place, str(error)
                continue
            if index in programs:
                yield place, _program(*programs[index])
                continue
            for name in named:
                if name not in names:
                    yield place, f"There is no input named “{name}”.{nearest(name, list(names))}"
                elif names[name].type is ParamType.SECRET:
                    sentence = f"“{name}” is a secret, and everybody on the machine can read a command line: "
                    yield place, f"{sentence}let the program read it from ${name.upper()}."
                elif name in self.ways and (sentence := _misplaced(name, item, self.ways[name])):
                    yield place, sentence
        for where, told in programs.items():
            if isinstance(where, str):
                yield ("params", where), _program(*told)

    def _place(self, index: int) -> KeyPath:
        """Of an item, in the list that the file has."""
        place = index
        for first, end in self.groups:
            if first <= index < end:
                return place - (index - first), index - first
            if end <= index:
                place -= end - first - 1
        return (place,)

    @property
    def _behind(self) -> dict[str, Way]:
        """The ways of what no item names."""
        named = {item for item in self.argv if item.startswith("{")}
        return {name: way for name, way in self.ways.items() if f"{{{name}}}" not in named}

    def _programs(self, params: Sequence[Param]) -> dict[int | str, tuple[str, str]]:
        """By item, or by the input behind the items: the input that would be a part of a program, and which program
        reads it.
        """
        found: dict[int | str, tuple[str, str]] = {}
        for command in self._commands(params):
            sample: dict[str, Json] = {param.name: _sample(param) for param in params}
            sample |= dict.fromkeys(self._choosers, command)
            sample |= {name: 1 for name, way in self.ways.items() if way.count}
            words: list[str] = []
            origins: list[int | str] = []
            for index, item in enumerate(self.argv):
                name = _alone(item)
                here = passed_alone(name, params, self.ways, sample, {}) if name in self.ways else [item]
                words += here
                origins += [index] * len(here)
            behind = command_line(params, self._behind, sample, {})
            origins += [next(iter(holes(word)), "") if _has_hole(word) else "" for word in behind]
            for at, reader in program_items([*words, *behind], _has_hole).items():
                found.setdefault(origins[at], (holes([*words, *behind][at])[0], reader))
        return found

    @property
    def _choosers(self) -> set[str]:
        return {name for name, way in self.ways.items() if way.by is By.COMMAND}

    def _commands(self, params: Sequence[Param]) -> list[str]:
        """The subcommands that can be chosen."""
        choosers = (param for param in params if param.name in self._choosers)
        return [str(choice.value) for param in choosers for choice in param.choices] or [""]

    def _arguments(self, task: Task, inputs: Inputs, wrong: dict[str, str]) -> list[str]:
        """The items with values in them; what the command cannot take is added to `wrong`."""
        filling = _Filling(task.params, self.ways, inputs, wrong)
        argv: list[str] = []
        index = 0
        groups = dict(self.groups)
        while index < len(self.argv):
            end = groups.get(index, index + 1)
            argv += filling.items(self.argv[index:end])
            index = end
        return argv


class _Filling:
    def __init__(self, params: Sequence[Param], ways: Mapping[str, Way], inputs: Inputs, wrong: dict[str, str]) -> None:
        self._params, self._ways, self._inputs, self._wrong = params, ways, inputs, wrong
        self._by_name = {param.name: param for param in params}
        self._values = {name: as_text(value) for name, value in inputs.items() if value is not None}
        self._operands = False  # a "--" has been passed: whatever follows is no option

    def items(self, items: Sequence[str]) -> list[str]:
        """Some that stand or fall together."""
        words = [self._words(item) for item in items]
        with_input = [(item, found) for item, found in zip(items, words, strict=True) if holes(item)]
        filled = next((item for item, found in with_input if found), "")
        if with_input and not filled:
            return []
        for item, found in with_input:
            name = holes(item)[0]
            if not found and self._inputs.get(name) is None:
                other = self._by_name.get(holes(filled)[0])
                title = other.title if other else holes(filled)[0]
                self._wrong[name] = say("Fill this in, too: it goes with “{other}”.", other=title)
        return [word for found in words for word in found]

    def _words(self, item: str) -> list[str]:
        """The words that one of them becomes."""
        for name in holes(item):
            if name in self._by_name and self._by_name[name].type is ParamType.SECRET:
                self._wrong[name] = "A secret cannot stand in a command line; the job finds it in its environment."
        if (name := _alone(item)) in self._ways:
            return passed_alone(name, self._params, self._ways, self._inputs, self._wrong)
        filled = fill(item, self._values)
        if filled.empty:
            return []
        if filled.leads and not self._operands:
            refuse_option(self._by_name.get(filled.leads), filled.leads, filled.text, self._wrong)
        self._operands = self._operands or item == "--"
        return [filled.text]


def flat(items: Items) -> tuple[str, ...]:
    return tuple(word for item in items for word in ([item] if isinstance(item, str) else item))


def _alone(item: str) -> str:
    """The input that is all of an item; "" where there is something else."""
    return item[1:-1] if item.startswith("{") and item.endswith("}") and item[1:-1].isidentifier() else ""


def _sample(param: Param) -> Json:
    """A placeholder that shows where its input is passed."""
    if param.type is ParamType.BOOL:
        return True
    hole = f"{{{param.name}}}"
    return [hole] if param.type in (ParamType.LIST, ParamType.CHOICES) else hole


def _misplaced(name: str, item: str, way: Way) -> str:
    """Why an input with a way cannot stand in this item."""
    if way.place or way.under or way.by is By.COMMAND:
        return f"“{name}” has its place behind the command: leave “{{{name}}}” out here, or “place” and “under” there."
    if _alone(item) != name:
        return f"“{name}” is passed by an option of its own: write “{{{name}}}” as an item, or leave it out here."
    return ""


def _has_hole(item: str) -> bool:
    try:
        return bool(holes(item))
    except BadTemplate:
        return False  # said of that item by itself


def _program(name: str, reader: str) -> str:
    """Why an input may not stand there, and where it may."""
    if reader in SHELLS:
        return (
            f"“{name}” would become part of a shell's program text: give it as an item of its own after that text "
            f"and a name, and write $1 there; or use ${name.upper()}."
        )
    if reader in REMOTE:
        return (
            f"“{name}” would become part of a shell's program text on the other side, for {reader} joins its words: "
            f"use the environment variable ${name.upper()} (SendEnv), or write a script that quotes it."
        )
    return (
        f"“{name}” would become part of a program that {reader} reads: use the environment variable "
        f"${name.upper()} there, or write a script."
    )
