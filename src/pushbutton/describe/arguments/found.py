"""Findings in a script's source: the inputs that its own parser of arguments declares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Argument", "Command", "Gap", "NotRead", "Script"]


class NotRead(Exception):
    """Why a script's arguments are not read, as the end of a sentence."""


@dataclass
class Gap:
    """Something that the source does not tell, in a sentence."""

    line: int
    text: str
    name: str = ""  # the input that it is about
    about: str = ""  # "default" or "choices", where that alone is not told; "": whether and how the input is taken;
    # "operands": that there are such
    left_out: bool = False


@dataclass
class Argument:
    """One option or operand. `flags` as they stand in a command line, () for an operand."""

    name: str  # the first long flag without its dashes, or the operand's name: an identifier
    line: int
    called: str = ""  # what the script itself calls its value, where that says more than the name
    flags: tuple[str, ...] = ()
    off: str = ""  # the flag that says no, where there is a pair
    type: str = "str"  # str, int, float, bool, date, time, datetime, path, file (read by the script), out, secret
    required: bool = False
    default: Any = None  # JSON; what the script takes where nothing is passed
    unknown: bool = False  # there is a default, and only running tells which: nothing is passed for an empty field
    choices: tuple[Any, ...] = ()
    repeat: bool = False  # given once for each of its values
    count: bool = False  # given n times
    words: str = ""  # several values behind one flag or as operands: a number, "+" or "*"; "?": none or one
    split: bool = False  # its value is the next word: never behind “=”, nor at once behind a letter
    variable: str = ""  # of a shell script: what holds its value
    rest: bool = False  # everything that follows is its, whatever it looks like
    ends: bool = True  # behind "--" an operand may begin with "-"
    literal: bool = False  # it is read as Python writes a value
    help: str = ""
    metavar: str = ""
    min: Any = None
    max: Any = None
    hidden: bool = False  # its author does not show it
    one_of: int = 0  # at most one of those with the same number is given; 0: it stands alone
    one_needed: bool = False  # one of them must be

    @property
    def flag(self) -> str:
        """The one to pass: the first long one, else the first."""
        return next((flag for flag in self.flags if flag.startswith("--")), self.flags[0] if self.flags else "")


@dataclass
class Command:
    """A subcommand, or with the name "" the script itself."""

    name: str
    help: str = ""
    arguments: list[Argument] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    alone: bool = False  # it does something without any of them
    line: int = 1
    word: str | None = None  # what is passed for it; None: its name, "": nothing
    gaps: list[int] = field(default_factory=list)  # the lines of what is not told of it

    def json(self) -> dict[str, Any]:
        arguments, commands = [vars(one) for one in self.arguments], [one.json() for one in self.commands]
        return {**vars(self), "arguments": arguments, "commands": commands}


@dataclass
class Script:
    """The declarations of a source. `kind`: the library that takes its arguments."""

    kind: str
    command: Command
    gaps: list[Gap] = field(default_factory=list)
    left_out: int = 0  # options that cannot be understood
    from_file: str = ""  # what makes a value the name of a file to read arguments from

    def json(self) -> dict[str, Any]:
        """To be written at once: it is not a copy, which of thousands of scripts would cost more than reading them."""
        return {**vars(self), "command": self.command.json(), "gaps": [vars(gap) for gap in self.gaps]}
