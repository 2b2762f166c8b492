"""The questions that each kind of target answers."""

from __future__ import annotations

import shlex
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Self

from pushbutton.domain.param import Inputs, Param, ParamType
from pushbutton.domain.ways import Way

if TYPE_CHECKING:
    from pushbutton.domain.task import Task

__all__ = ["Arguments", "Declared", "Files", "KeyPath", "Start", "Target"]

KeyPath = tuple[str | int, ...]
"""Where a value stands in a file: keys and indices, from its top or from the table of a task."""


class Arguments(StrEnum):
    """Whether a script looks at the arguments that it is started with."""

    NONE = "none"  # its source shows that it does not
    READ = "read"  # it does
    UNKNOWN = "unknown"  # a binary, or a language that is not looked into


@dataclass(frozen=True, slots=True)
class Start:
    """How a run of it is started."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)  # besides that of the task
    payload: str = ""  # JSON, by a pipe
    script: bool = False  # argv[0] is a script of the author's, which must not change while it runs


@dataclass(frozen=True, slots=True)
class Files:
    """Its parts, as far as its declaration tells."""

    sure: tuple[str, ...] = ()  # paths without which there is nothing to run
    program: str = ""  # a path, or a name as the system looks for programs
    perhaps: tuple[str, ...] = ()  # words that may be paths, seen from where it starts


@dataclass(frozen=True, slots=True)
class Target(ABC):
    """A kind of job. Pure: what is done is asked for, never done."""

    as_text: ClassVar[bool] = True  # inputs reach it as text, each one that is in its environment in capitals
    whole: ClassVar[bool] = False  # the declaration says all of it; else its file says what it does
    alone: ClassVar[bool] = False  # its file holds no other task, and may be linked to by another name

    @abstractmethod
    def start(self, task: Task, inputs: Inputs, wrong: dict[str, str], *, python: str) -> Start:
        """The command to start; `python` runs what is ours. For each input that it cannot take, a sentence is added to
        `wrong`, also where other inputs are still missing.
        """

    @property
    @abstractmethod
    def files(self) -> Files: ...

    @property
    def elsewhere(self) -> frozenset[str]:
        """The inputs that it gets otherwise than in its environment."""
        return frozenset()

    @property
    def apart(self) -> frozenset[str]:
        """Those of which it gets each value as a word of its own; the others' values come with commas between."""
        return frozenset()

    def variables(self, params: Sequence[Param]) -> dict[str, str]:
        """By param, the environment variable in which it finds it; a secret always is in one."""
        if not self.as_text:
            return {}
        elsewhere, secret = self.elsewhere, ParamType.SECRET
        there = (param.name for param in params if param.type is secret or param.name not in elsewhere)
        return {name: name.upper() for name in there}

    @property
    def called(self) -> str:
        """Its name in its author's file; "": as its task is called."""
        return ""

    @property
    def undescribed(self) -> Arguments:
        """Whether it takes arguments that are not described, so that it is started without any."""
        return Arguments.NONE

    @property
    def written(self) -> tuple[str, ...]:
        """The words with which its author has it started, inputs as “{name}”; (): it is no such thing."""
        return ()

    @property
    def untold(self) -> Sequence[str] | None:
        """The gaps of the source that its form was read from; None: its form was not read from a source."""
        return None

    def shown(self, argv: Sequence[str]) -> str:
        """The command, for its approvers."""
        return shlex.join(argv)


@dataclass(frozen=True, slots=True)
class Declared(Target):
    """One that stands in a configuration file, under a key of its own. It is made of what that key holds, or of `()`
    where that could not be read.
    """

    @abstractmethod
    def faults(self, params: Sequence[Param]) -> Iterator[tuple[KeyPath, str]]:
        """The mistakes in its inputs: the place in the task's table, and a sentence."""

    def taking(self, ways: Mapping[str, Way]) -> Self:  # noqa: ARG002 - most have no command line to put them into
        """The same, with these inputs passed so, where it has a command line."""
        return self

    @abstractmethod
    def naming(self, names: Sequence[str]) -> Target:
        """The same, with these inputs not in its environment: what could not be read is unknown."""
