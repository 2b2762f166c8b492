"""How values reach a job that is not a Python function: as text, in its command line or its environment.

A list becomes its values with commas between, so none of them may hold one. An input that is passed by the environment
and has no value is an empty variable, so that `set -u` does not end the script.
"""

from __future__ import annotations

from collections.abc import Mapping

from pushbutton.sentence import say

from .environment import inherited
from .event import Json
from .param import Inputs, Param

__all__ = ["as_text", "environment", "protected", "refuse_option", "together"]

_PROTECTED = frozenset(
    {
        "PATH",
        "IFS",
        "ENV",
        "BASH_ENV",
        "HOME",
        "SHELL",
        "SHELLOPTS",
        "BASHOPTS",
        "BASH_FUNC",
        "CDPATH",
        "GLOBIGNORE",
        "PS4",
        "PROMPT_COMMAND",
        "ZDOTDIR",
        "NODE_OPTIONS",
        "RUBYOPT",
        "RUBYLIB",
        "PERL5LIB",
        "PERL5OPT",
        "PERL5DB",
        "JAVA_TOOL_OPTIONS",
        "GCONV_PATH",
        "TMPDIR",
        "USER",
        "LOGNAME",
    }
)
_PROTECTED_HEADS = ("LD_", "DYLD_", "PYTHON", "PUSHBUTTON_", "BASH_FUNC_", "GIT_", "_")


def protected(variable: str) -> bool:
    """Whether an input may not set this environment variable, because programs act on it."""
    return variable in _PROTECTED or variable.startswith(_PROTECTED_HEADS)


def as_text(value: Json) -> str:
    """The text that the job gets."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(as_text(item) for item in value)
    return str(value)


def environment(variables: Mapping[str, str], inputs: Inputs, given: Mapping[str, str]) -> dict[str, str]:
    """The inputs that are passed in these variables, by name. One without a value is empty, unless the variable has one
    without it: one that is `given`, or inherited.
    """
    found = {}
    for name, variable in variables.items():
        value = inputs.get(name)
        if protected(variable):
            continue
        if value is not None:
            found[variable] = as_text(value)
        elif variable not in given and not inherited(variable):
            found[variable] = ""
    return found


def refuse_option(param: Param | None, name: str, text: str, wrong: dict[str, str]) -> None:
    """A value that could be taken for an option is added to `wrong`."""
    if text.startswith("-") and not (param and param.dash):
        wrong[name] = say("Begin this with something other than “-”: the job would take it for an option.")


_COMMA = say("One of these holds a comma, and the job is given them with commas between: leave it out.")


def together(inputs: Inputs) -> dict[str, str]:
    """A sentence for each list that the job could not split again."""
    return {name: _COMMA for name, value in inputs.items() if _not_apart(value)}


def _not_apart(value: Json) -> bool:
    """Whether the values, once joined, could not be split again."""
    return isinstance(value, list | tuple) and any("," in as_text(item) for item in value)
