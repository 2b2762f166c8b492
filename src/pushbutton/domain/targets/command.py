"""A command of a configuration file. Nothing of it passes through a shell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pushbutton.domain.argument_text import as_text, environment, refuse_option, together
from pushbutton.domain.param import Inputs, Param, ParamType
from pushbutton.domain.program_text import REMOTE, SHELLS, program_items
from pushbutton.domain.template import BadTemplate, fill, holes
from pushbutton.job.kinds import nearest

from .target import Declared, Files, Start

if TYPE_CHECKING:
    from pushbutton.domain.task import Task

__all__ = ["CommandTarget"]


@dataclass(frozen=True, slots=True)
class CommandTarget(Declared):
    """argv items with `{name}` in them; an item stays one argument whatever its value holds, and one none of whose
    params has a value falls away.
    """

    whole: ClassVar[bool] = True

    argv: tuple[str, ...]

    def start(self, task: Task, inputs: Inputs, wrong: dict[str, str], *, python: str) -> Start:  # noqa: ARG002 - its own
        argv = tuple(self._arguments(task, inputs, wrong))
        wrong |= together(inputs)
        return Start(argv, environment(self.variables(task.params), inputs, task.env))

    @property
    def files(self) -> Files:
        words = (word for word in self.argv[1:] if not holes(word))
        return Files(program="".join(self.argv[:1]), perhaps=tuple(words))

    @property
    def elsewhere(self) -> frozenset[str]:
        programs = program_items(self.argv, _has_hole)
        fine = (item for index, item in enumerate(self.argv) if index not in programs and _has_hole(item))
        return frozenset(name for item in fine for name in holes(item))

    def naming(self, names: Sequence[str]) -> Self:
        known = (name for name in names if name.isascii() and name.isidentifier())
        return type(self)(tuple(f"{{{name}}}" for name in known))

    def faults(self, params: Sequence[Param]) -> Iterator[tuple[int, str]]:
        """The inputs that it names must exist, and none may be a secret, or a part of a program."""
        names = {param.name: param for param in params}
        programs = program_items(self.argv, _has_hole)
        for index, item in enumerate(self.argv):
            try:
                named = holes(item)
            except BadTemplate as error:
                yield index, str(error)
                continue
            if index in programs:
                yield index, _program(named[0], programs[index])
                continue
            for name in named:
                if name not in names:
                    yield index, f"There is no input named “{name}”.{nearest(name, list(names))}"
                elif names[name].type is ParamType.SECRET:
                    sentence = f"“{name}” is a secret, and everybody on the machine can read a command line: "
                    yield index, f"{sentence}let the program read it from ${name.upper()}."

    def _arguments(self, task: Task, inputs: Inputs, wrong: dict[str, str]) -> list[str]:
        """The items with values in them; what the command cannot take is added to `wrong`."""
        params = {param.name: param for param in task.params}
        values = {name: as_text(value) for name, value in inputs.items() if value is not None}
        argv: list[str] = []
        operands = False  # a "--" has been passed: whatever follows is no option
        for item in self.argv:
            filled = fill(item, values)
            for name in holes(item):
                if name in params and params[name].type is ParamType.SECRET:
                    wrong[name] = "A secret cannot stand in a command line; the job finds it in its environment."
            if filled.empty:
                continue
            if filled.leads and not operands:
                refuse_option(params.get(filled.leads), filled.leads, filled.text, wrong)
            operands = operands or item == "--"
            argv.append(filled.text)
        return argv


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
