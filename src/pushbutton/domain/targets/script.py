"""An executable file, run as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from pushbutton.domain.argument_text import as_text, environment, refuse_option, together
from pushbutton.domain.param import Inputs, ParamType

from .target import Arguments, Files, Start, Target

if TYPE_CHECKING:
    from pushbutton.domain.task import Task

__all__ = ["ScriptTarget"]


@dataclass(frozen=True, slots=True)
class ScriptTarget(Target):
    """`passing` says per param how the script gets it: "env" (NAME in capitals, also for those it does not list),
    "option" (`--name=value`, one argument, "_" in the name as "-"; a bare `--name` for a true bool), or "argument"
    (an operand, after the options).
    """

    alone: ClassVar[bool] = True

    file: str
    passing: Mapping[str, str] = field(default_factory=dict)
    shebang: str = ""  # its first line, if that begins with "#!"
    arguments: Arguments = Arguments.UNKNOWN

    def start(self, task: Task, inputs: Inputs, wrong: dict[str, str], *, python: str) -> Start:  # noqa: ARG002 - its own
        argv = (self.file, *self._arguments(task, inputs, wrong))
        wrong |= together(inputs)
        env = environment(self.variables(task.params), inputs, task.env)
        return Start(argv, env, script=bool(self.shebang))

    @property
    def files(self) -> Files:
        return Files(sure=(self.file,))

    @property
    def elsewhere(self) -> frozenset[str]:
        return frozenset(name for name, way in self.passing.items() if way != "env")

    @property
    def undescribed(self) -> Arguments:
        return Arguments.NONE if self.elsewhere else self.arguments

    def _arguments(self, task: Task, inputs: Inputs, wrong: dict[str, str]) -> list[str]:
        """What it cannot take is added to `wrong`."""
        options: list[str] = []
        operands: list[str] = []
        for param in task.params:
            value = inputs.get(param.name)
            way = "env" if param.type is ParamType.SECRET else self.passing.get(param.name, "env")
            if value is None or way == "env":
                continue
            if way == "argument":
                refuse_option(param, param.name, as_text(value), wrong)
                operands.append(as_text(value))
            elif param.type is ParamType.BOOL:
                options += [f"--{_dashed(param.name)}"] if value else []
            else:
                options.append(f"--{_dashed(param.name)}={as_text(value)}")
        return [*options, *operands]


def _dashed(name: str) -> str:
    return name.replace("_", "-")
