"""How the values of a form go into a command line, so that the script's own parser finds them as they were given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pushbutton.sentence import say

from .argument_text import as_text, refuse_option
from .event import Json
from .param import Inputs, Param, ParamType

__all__ = ["REST", "By", "Way", "command_line", "endless", "passed_alone", "ways"]

REST = 1 << 30
"""The place of an operand behind all others."""


_BARE = re.compile(r"[A-Za-z_/](?:[\w/. -]{0,200}[\w/.-])?", re.ASCII)
"""Text that stays the same text where its reader takes Python values."""


class By(StrEnum):
    ENV = "env"  # in its environment: NAME in capitals
    OPTION = "option"
    ARGUMENT = "argument"  # an operand, after the options
    COMMAND = "command"  # which subcommand: a word of its own, and what is `under` it follows
    CHOOSER = "chooser"  # which of several options is given: it only says which other input is asked


@dataclass(frozen=True, slots=True)
class Way:
    """Of one param. `flag`, for an option: as it stands in the command line, "--db_host", "-x", "-site"; "": made of
    the param's name. The value follows a "=" at its end at once. A value that equals `usual` is what happens without
    it, and is not passed.
    """

    by: By = By.ENV
    flag: str = ""
    off: str = ""  # the flag that says no
    repeat: bool = False  # a list: once for each
    count: bool = False  # a number: the flag so many times
    words: bool = False  # a list: all behind one flag, or operands
    split: bool = False  # the value is a word of its own: "--shop north", not "--shop=north"
    place: int = 0  # which operand it is, from 1; 0: behind those that have one, in the order of the params
    rest: bool = False  # an operand that takes whatever follows, so that "--" would be its first value
    under: str = ""  # the subcommand that it belongs to, "remote add" if it is one of another; "": to the script
    also: tuple[str, ...] = ()  # more subcommands that take the same
    flags: Mapping[str, str] = field(default_factory=dict)  # of a choice: what is passed for it; "": nothing
    usual: Json = None
    ends: bool = False  # its parser knows "--": what follows is no option, whatever it looks like
    file: bool = False  # a path that is opened, where "-" is no file
    literal: bool = False  # it is read as Python writes a value: text in quotes where it would be something else

    def belongs(self, under: str) -> bool:
        """Whether it is passed right behind this subcommand."""
        return under == self.under or under in self.also

    @property
    def apart(self) -> bool:
        """Whether the values of a list stay apart; else they are one text, with commas between."""
        return self.repeat or self.words or self.literal


def ways(passing: Mapping[str, str | Way]) -> dict[str, Way]:
    """The same, each that was given by name alone as a way of that kind."""
    return {name: way if isinstance(way, Way) else Way(By(way)) for name, way in passing.items()}


def command_line(
    params: Sequence[Param],
    passing: Mapping[str, Way],
    inputs: Inputs,
    wrong: dict[str, str],
    *,
    command: str = "",
    from_file: str = "",
) -> list[str]:
    """The words behind the script's name: its options and operands, the subcommand, and those of the subcommand.

    For what cannot be passed so that it comes back as it is, a sentence is added to `wrong`. `from_file` has the
    characters that make a value the name of a file to read arguments from.
    """
    line = _Line(params, passing, inputs, wrong, from_file)
    for name, way in passing.items():
        if way.by is By.COMMAND and inputs.get(name):
            value = as_text(inputs[name])
            command = way.flags.get(value, value)
    found = line.part("")
    path = command.split()
    for depth, word in enumerate(path, 1):
        found += [word, *line.part(" ".join(path[:depth]))]
    return found


def endless(param: Param, way: Way) -> bool:
    """Whether an option takes as many words as follow."""
    return way.words and (param.max_length is None or param.min_length != param.max_length)


def passed_alone(
    name: str, params: Sequence[Param], passing: Mapping[str, Way], inputs: Inputs, wrong: dict[str, str]
) -> list[str]:
    """The words of this input alone: its option with its value, or an operand; nothing where it is empty."""
    return _Line([param for param in params if param.name == name], passing, inputs, wrong, "").part("")


class _Line:
    def __init__(
        self,
        params: Sequence[Param],
        passing: Mapping[str, Way],
        inputs: Inputs,
        wrong: dict[str, str],
        from_file: str,
    ) -> None:
        self._params = sorted(params, key=lambda param: passing.get(param.name, Way()).place or REST - 1)
        self._passing, self._inputs = passing, inputs
        self._wrong, self._from_file = wrong, from_file
        # Beside "-site", "-s" with the value "ite" behind it would be another option.
        self._long = any(_long_with_one_dash(way.flag) for way in passing.values())

    def part(self, under: str) -> list[str]:
        """Options and operands of the script itself, or of one subcommand."""
        options: list[str] = []
        operands: list[tuple[Param, Way, str]] = []
        empty = ""  # an operand without a value, which a later one would take the place of
        for param in self._params:
            way = self._passing.get(param.name, Way())
            if not way.belongs(under) or way.by in (By.ENV, By.COMMAND) or param.type is ParamType.SECRET:
                continue
            value = self._inputs.get(param.name)
            if way.by is By.CHOOSER:
                options += [flag] if (flag := way.flags.get(as_text(value), "")) else []
            elif way.by is By.OPTION:
                options += self._option(param, way, value)
            elif value is None or value == []:
                empty = empty or param.name
            elif empty:
                self._wrong[empty] = say("Fill this in, too: it stands before “{other}”.", other=param.title)
            else:
                operands += [(param, way, text) for text in _texts(way, value)]
        there = ((one, self._passing.get(one.name, Way())) for one in self._params if self._inputs.get(one.name))
        takes_more = any(own.by is By.OPTION and own.belongs(under) and endless(one, own) for one, own in there)
        return [*options, *self._operands(operands, takes_more=takes_more)]

    def _option(self, param: Param, way: Way, value: Json) -> list[str]:
        flag = way.flag or f"--{param.name.replace('_', '-')}"
        if value is None or value == [] or (value == way.usual and type(value) is type(way.usual)):
            return []
        if way.count:
            times = int(value) if isinstance(value, int | float) else 0
            return [f"-{flag[1] * times}"] if len(flag) == 2 and times and not way.split else [flag] * times
        if param.type is ParamType.BOOL:
            return [flag] if value else [way.off] if way.off else []
        texts = _texts(way, value)
        for text in texts:
            self._check(param, way, text)
            self._refuse_end(param, way, text)
            if way.words:
                refuse_option(param, param.name, text, self._wrong)
        if way.words:
            return [flag, *texts]
        return [word for text in texts for word in self._one(param, flag, text, split=way.split)]

    def _one(self, param: Param, flag: str, text: str, *, split: bool) -> list[str]:
        if flag.endswith("="):
            return [f"{flag}{text}"]
        if split:
            refuse_option(param, param.name, text, self._wrong)
            return [flag, text]
        if len(flag) > 2:  # "--name", "-name"
            return [f"{flag}={text}"]
        if text and not text.startswith("=") and not self._long:
            return [f"{flag}{text}"]
        refuse_option(param, param.name, text, self._wrong)
        return [flag, text]

    def _operands(self, operands: Sequence[tuple[Param, Way, str]], *, takes_more: bool) -> list[str]:
        """`takes_more`: an option before them takes as many values as there are."""
        words = [text for _, _, text in operands]
        ends = bool(operands) and operands[0][1].ends and not operands[0][1].rest
        for param, way, text in operands:
            self._check(param, way, text)
            if not ends:
                refuse_option(param, param.name, text, self._wrong)
            else:
                self._refuse_end(param, way, text)
        greedy = takes_more and bool(words) and not operands[0][1].rest
        marked = greedy or (ends and any(text.startswith("-") for text in words))
        return ["--", *words] if marked else words

    def _refuse_end(self, param: Param, way: Way, text: str) -> None:
        """Also behind an option: argparse before Python 3.13 drops the value of `--name=--`."""
        if way.ends and text == "--":
            self._wrong[param.name] = say("Write something else: “--” says where the options end.")

    def _check(self, param: Param, way: Way, text: str) -> None:
        if text[:1] and text[0] in self._from_file:
            self._wrong[param.name] = say(
                "Begin this with something other than “{mark}”: the script would read its arguments from a file of "
                "that name.",
                mark=text[0],
            )
        if way.file and text == "-":
            self._wrong[param.name] = say("Name a file: the job has no standard input, which “-” would mean.")


def _long_with_one_dash(flag: str) -> bool:
    return flag.startswith("-") and not flag.startswith("--") and len(flag.removesuffix("=")) > 2


def _texts(way: Way, value: Json) -> list[str]:
    if way.literal:
        return (
            [_literal(item) for item in value] if isinstance(value, list | tuple) and way.words else [_literal(value)]
        )
    return [as_text(item) for item in value] if isinstance(value, list | tuple) and way.apart else [as_text(value)]


def _literal(value: Json) -> str:
    if isinstance(value, str) and _BARE.fullmatch(value) and value not in ("True", "False", "None"):
        return value
    return repr(value) if isinstance(value, str | bool | list | tuple) else as_text(value)
