"""From a task and its inputs to what a supervisor starts. Nothing passes through a shell."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pushbutton.errors import InvalidInputs

from .param import Inputs
from .task import Command, Task

__all__ = ["build", "refusals"]


def build(task: Task, inputs: Inputs, *, python: str, secrets: Mapping[str, str] = MappingProxyType({})) -> Command:
    """The command of one run. A file's value must be the path at which the job finds it; `secrets` are the values of
    the task's named secrets, by name.

    Raises `InvalidInputs` with every value that begins with "-" where it could be taken for an option.
    """
    wrong: dict[str, str] = {}
    start = task.target.start(task, inputs, wrong, python=python)
    if wrong:
        raise InvalidInputs(wrong)
    env = {**task.env, **start.env, **{task.named_secrets[name]: value for name, value in secrets.items()}}
    return Command(start.argv, task.cwd, env, start.payload, start.script, task.tty)


def refusals(task: Task, inputs: Inputs) -> dict[str, str]:
    """A sentence for each input that the job cannot take, also where other inputs are still missing."""
    wrong: dict[str, str] = {}
    task.target.start(task, inputs, wrong, python="")
    return wrong
