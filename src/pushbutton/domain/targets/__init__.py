"""The targets of tasks: one file for each kind. Code outside of this room never asks for the kind.

A new kind is a class like these, and the code that reads it from an author's file: `IN_CONFIG` has the kinds of a
configuration file, by the key that names them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from .command import CommandTarget, flat
from .python import PythonTarget
from .script import ScriptTarget
from .target import Arguments, Declared, Files, KeyPath, Start, Target

__all__ = [
    "IN_CONFIG",
    "Arguments",
    "CommandTarget",
    "Declared",
    "Files",
    "KeyPath",
    "PythonTarget",
    "ScriptTarget",
    "Start",
    "Target",
    "flat",
]

IN_CONFIG: Mapping[str, Callable[[Any], Declared]] = {"command": CommandTarget.declared}
