"""The command of a press, as a line for a shell: for administrators and approvers, without credentials."""

from __future__ import annotations

import shlex

from starlette.datastructures import FormData

from pushbutton.domain import command
from pushbutton.domain.credentials import concealed_words
from pushbutton.domain.inputs import check
from pushbutton.domain.param import Inputs, ParamType
from pushbutton.domain.task import Task
from pushbutton.errors import InvalidInputs

from . import forms

__all__ = ["filled_in", "starts"]


def starts(task: Task, inputs: Inputs, *, python: str) -> str:
    """Or the function; "": it cannot take these inputs."""
    try:
        return task.target.shown(concealed_words(command.build(task, inputs, python=python).argv))
    except InvalidInputs:
        return ""


def filled_in(task: Task, fields: tuple[forms.Field, ...], *, python: str) -> str:
    """With what stands in the fields, and `<name>` for what is missing there. Inputs that it finds in its environment
    stand in front; secrets and files are never in it.
    """
    sent = FormData([(field.name, value) for field in fields for value in field.values if value != "false"])
    found, wrong = check(task.params, forms.raw(task, sent), form=True)
    secret = {param.name for param in task.params if param.type is ParamType.SECRET}
    inputs = {**found, **{name: f"<{name}>" for name in wrong.keys() - secret if name}}
    try:
        made = command.build(task, inputs, python=python)
    except InvalidInputs:
        return ""
    variables = task.target.variables(task.params)
    left = {*task.env, *(variables[name] for name in secret & variables.keys())}
    env = concealed_words(f"{name}={shlex.quote(value)}" for name, value in made.env.items() if name not in left)
    return " ".join([*env, task.target.shown(concealed_words(made.argv))])
