"""docopt: the usage that a script shows is what it takes. http://docopt.org/"""

from __future__ import annotations

import ast
import re
from typing import Any

from .found import Argument, Command, NotRead, Script
from .library import Library
from .names import identifier
from .usage import BadUsage, Item, Option, Usage
from .values import UNKNOWN

__all__ = ["Docopt"]


class Docopt(Library):
    """The findings of a walk through the source."""

    kind = "docopt"

    def __init__(self) -> None:
        super().__init__()
        self.text: Any = None
        self.line = 1

    def outside(self, name: str, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        if name != "docopt.docopt":
            return NotImplemented
        argv = args[1] if len(args) > 1 else kwargs.get("argv")
        if self.text is None and not isinstance(argv, list):  # what is not ours is a part of what was found before
            self.text = args[0] if args else kwargs.get("doc", kwargs.get("docstring"))
            self.line = getattr(node, "lineno", 1)
        return UNKNOWN

    def script(self) -> Script | None:
        """Raises `NotRead`."""
        if self.text is None:
            return None
        if not isinstance(self.text, str):
            raise NotRead(f"line {self.line}: its usage is only known when it runs")
        try:
            usage = Usage(self.text)
        except BadUsage as why:
            raise NotRead(str(why)) from None
        made = [self._called(way) for way in usage.ways]
        if len(made) == 1 and not made[0].commands:
            made[0].help = usage.help
            return Script(self.kind, made[0])
        _told_apart(made)
        return Script(self.kind, Command("", usage.help, [], made))

    def _called(self, way: list[Item]) -> Command:
        """One way of calling it: its options come first, then words and operands as they stand."""
        top = Command("", word="", line=self.line)
        last = top
        options: dict[int, list[Item]] = {}
        for item in way:
            if item.option is not None:
                options.setdefault(id(item.option), []).append(item)
        for items in options.values():
            option = items[0].option
            assert option is not None  # noqa: S101 - just looked at
            several = len(items) > 1 or items[0].repeat
            if option.takes or several or not items[0].needed or items[0].one_of:
                top.arguments.append(self._option(option, items[0], several=several))
            else:  # it is always given, so there is nothing to fill in
                last = self._word(last, (option.long or option.short).lstrip("-"), option.long or option.short)
        operands = [item for item in way if item.option is None]
        ends = False
        for item in operands:
            if item.word == "--":
                ends = not last.arguments or last is top
            elif item.word:
                last, ends = self._word(last, item.word, item.word), False
            else:
                self._operand(last, item, ends=ends)
        return top

    def _word(self, of: Command, name: str, word: str) -> Command:
        made = Command(name, word=word, line=self.line)
        of.commands.append(made)
        return made

    def _option(self, option: Option, item: Item, *, several: bool) -> Argument:
        flags = tuple(flag for flag in (option.short, option.long) if flag)
        made = Argument("", self.line, flags=flags, help=option.help, metavar=option.takes.strip("<>"))
        made.name = identifier(made.flag)
        made.one_of, made.one_needed = item.one_of, item.needed and bool(item.one_of)
        if option.takes:
            made.required = item.needed and not item.one_of and option.default is None
            made.repeat = several
            made.default = None if several else option.default
            made.unknown = several and option.default is not None
        elif several:
            made.type, made.count, made.default, made.min = "int", True, 0, 0
        else:
            made.type, made.default = "bool", False
        return made

    def _operand(self, of: Command, item: Item, *, ends: bool) -> None:
        plain = item.operand.strip("<>")
        name = identifier(re.sub(r"\W+", "_", plain).lower() if plain.isupper() else plain)
        before = [one for one in of.arguments if not one.flags]
        if before and before[-1].name == name:  # `<shelf> <shelf>...`
            same = before[-1]
            if item.repeat or same.words in ("+", "*"):
                same.words = "+"
            else:
                same.words = str(int(same.words or 1) + 1)
            same.required = same.required or item.needed
            return
        if any(one.name == name for one in before):
            raise NotRead(f"its usage has {item.operand} in two places of one way of calling it")
        made = Argument(name, self.line, required=item.needed, metavar=plain)
        made.ends = before[0].ends if before else ends
        if item.repeat:
            made.words = "+" if item.needed else "*"
        of.arguments.append(made)


def _path(command: Command) -> str:
    return " ".join(filter(None, [command.name, *(_path(one) for one in command.commands)]))


def _told_apart(made: list[Command]) -> None:
    """Ways of calling that no word tells apart get a name by what only one of them has, else a number."""
    by_path: dict[str, list[Command]] = {}
    for one in made:
        by_path.setdefault(_path(one), []).append(one)
    for same in by_path.values():
        names = [[argument.name for argument in _arguments(one) if argument.required or argument.one_needed]
                 for one in same]  # fmt: skip
        for number, one in enumerate(same) if len(same) > 1 else []:
            others = {name for at, there in enumerate(names) if at != number for name in there}
            own = next((name for name in names[number] if name not in others), "" if not names[number] else str(number))
            own = own.strip("_").replace("_", "-")
            last = one
            while last.commands:
                last = last.commands[0]
            if last is one:
                one.name = own
            elif own:
                last.commands.append(Command(own, word="", line=one.line))


def _arguments(command: Command) -> list[Argument]:
    return [*command.arguments, *(argument for one in command.commands for argument in _arguments(one))]
