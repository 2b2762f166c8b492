"""A function, or a class with a `run` method, in a Python file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

from pushbutton.domain.interpreter import module_command
from pushbutton.domain.param import Inputs

from .target import Files, Start, Target

if TYPE_CHECKING:
    from pushbutton.domain.task import Task

__all__ = ["PythonTarget"]


@dataclass(frozen=True, slots=True)
class PythonTarget(Target):
    """Run by `job.child` in a process of its own, with its inputs as JSON."""

    as_text: ClassVar[bool] = False

    file: str
    name: str
    logging: bool = False  # records at INFO and above become statuses

    def start(self, task: Task, inputs: Inputs, wrong: dict[str, str], *, python: str) -> Start:  # noqa: ARG002 - all fit
        argv = module_command(python, "job.child", self.file, self.name)
        return Start(argv, payload=json.dumps(inputs, ensure_ascii=True))

    @property
    def files(self) -> Files:
        return Files(sure=(self.file,))

    @property
    def called(self) -> str:
        return self.name

    def shown(self, argv: Sequence[str]) -> str:  # noqa: ARG002 - how we call it says nothing to anybody
        return f"{PurePath(self.file).name}: {self.name}(…)"
