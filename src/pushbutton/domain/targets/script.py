"""An executable file, run as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from pushbutton.domain.argument_text import environment, together
from pushbutton.domain.param import Inputs
from pushbutton.domain.ways import By, Way, command_line, ways

from .target import Arguments, Files, Start, Target

if TYPE_CHECKING:
    from pushbutton.domain.task import Task

__all__ = ["ScriptTarget"]


@dataclass(frozen=True, slots=True)
class ScriptTarget(Target):
    """`passing` says per param how the script gets it; those that it does not list are in its environment. A name of a
    way is that way as it is by itself: "option" is `--name=value`, with "-" for "_".
    """

    alone: ClassVar[bool] = True

    file: str
    passing: Mapping[str, str | Way] = field(default_factory=dict)
    shebang: str = ""  # its first line, if that begins with "#!"
    arguments: Arguments = Arguments.UNKNOWN
    command: str = ""  # the subcommand of the script that it is; empty: the script itself
    from_file: str = ""  # characters that make a value the name of a file to read arguments from
    read: str = ""  # the library that its form was read from, in the script's source; empty: it was not
    gaps: tuple[str, ...] = ()  # what that reading could not tell, a sentence each

    def start(self, task: Task, inputs: Inputs, wrong: dict[str, str], *, python: str) -> Start:  # noqa: ARG002 - its own
        found = ways(self.passing)
        line = command_line(task.params, found, inputs, wrong, command=self.command, from_file=self.from_file)
        wrong |= together({name: value for name, value in inputs.items() if name not in self.apart})
        env = environment(self.variables(task.params), inputs, task.env)
        return Start((self.file, *line), env, script=bool(self.shebang))

    @property
    def untold(self) -> Sequence[str] | None:
        return self.gaps if self.read else None

    @property
    def files(self) -> Files:
        return Files(sure=(self.file,))

    @property
    def elsewhere(self) -> frozenset[str]:
        return frozenset(name for name, way in ways(self.passing).items() if way.by is not By.ENV)

    @property
    def apart(self) -> frozenset[str]:
        return frozenset(name for name, way in ways(self.passing).items() if way.apart)

    @property
    def undescribed(self) -> Arguments:
        known = self.elsewhere or (self.read and not self.gaps)
        return Arguments.NONE if known else self.arguments
