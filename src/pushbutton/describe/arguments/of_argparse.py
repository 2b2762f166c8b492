"""argparse: parsers, groups, parents and subcommands as a source makes them. https://docs.python.org/3/library/argparse.html"""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import Any

from .found import Argument, Command, Script
from .library import Library
from .names import identifier
from .perhaps import Perhaps
from .types import meant
from .values import UNKNOWN, Instance, Model, Outside, Unknown, known

__all__ = ["Argparse", "Container", "Reader"]

_LOOKED = ("parse_args", "parse_known_args", "parse_intermixed_args", "parse_known_intermixed_args")
_SUPPRESS = "argparse.SUPPRESS"


class Argparse(Library):
    """The findings of a walk through the source."""

    kind = "argparse"

    def __init__(self) -> None:
        super().__init__()
        self.parsers: list[Parser] = []
        self.used: list[Parser] = []  # those that were told to parse, in order
        self.mutexes = 0

    def outside(self, name: str, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        module, _, made = name.rpartition(".")
        if module != "argparse":
            return NotImplemented
        if made == "ArgumentParser":
            return self.parser(node, args, kwargs)
        if made == "FileType":
            return _FileType(args[0] if args else kwargs.get("mode", "r"))
        return UNKNOWN

    def parser(self, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> Parser:
        return Parser(self, node, args, kwargs)

    def script(self) -> Script | None:
        for parser in self.parsers:
            parser.perhaps.tell(parser.own.arguments)
        used = [one for one in self.used if not one.below] or [one for one in self.parsers if not one.below]
        if not used:
            return None
        main = max(used, key=lambda one: len(one.own.arguments) + len(one.own.commands)) if self.used else used[-1]
        if main.prefix != "-":
            self.gap(main.node, "its options begin with other characters than “-”")
            self.left_out += len(main.own.arguments)
            main.own.arguments = []
        return Script(self.kind, main.own, self.gaps, self.left_out, main.from_file)


class _FileType(Model):
    def __init__(self, mode: Any) -> None:
        self.mode = mode if isinstance(mode, str) else "r"


class Container(Model):
    """A parser or one of its groups: arguments are added to it."""

    library: Library
    own: Command

    def put(self, made: Argument, node: ast.AST) -> None:
        if self.root.perhaps.declared(made, self.own.arguments, node):
            return
        taken = {flag for one in self.own.arguments for flag in one.flags if flag in made.flags}
        if taken:  # `conflict_handler="resolve"`, or the same line gone twice
            for one in list(self.own.arguments):
                one.flags = tuple(flag for flag in one.flags if flag not in taken)
                if not one.flags:
                    self.own.arguments.remove(one)
        self.own.arguments.append(made)

    def call_set_defaults(self, node: ast.AST, *args: Any, unknown: bool = False, **kwargs: Any) -> Any:
        root = self.root
        root.defaults.update(kwargs)
        for one in root.own.arguments:
            dest = root.dests.get(id(one), one.name)
            if dest in kwargs and (known(kwargs[dest]) or isinstance(kwargs[dest], Unknown)):
                one.default, one.unknown = (kwargs[dest], False) if known(kwargs[dest]) else (None, True)
        return None

    @property
    def root(self) -> Root:
        raise NotImplementedError


class Root(Container):
    """The parser that a container is of."""

    perhaps: Perhaps
    defaults: dict[str, Any]
    dests: dict[int, str]  # of an argument: where its value goes

    @property
    def root(self) -> Root:
        return self


class _Holder(Container):
    """As argparse has it."""

    library: Argparse

    def call_add_argument(self, node: ast.AST, *args: Any, unknown: bool = False, **kwargs: Any) -> Any:
        begin = len(self.library.gaps)
        made = Reader(self.library, self, node).argument(args, kwargs, unknown=unknown)
        self.own.gaps += self.library.lines(begin)
        if made is not None:
            self.put(made, node)
        return UNKNOWN

    def call_add_argument_group(self, node: ast.AST, *args: Any, **kwargs: Any) -> Any:
        return _Group(self, 0, needed=False)

    def call_add_mutually_exclusive_group(self, node: ast.AST, *args: Any, **kwargs: Any) -> Any:
        self.library.mutexes += 1
        return _Group(self, self.library.mutexes, needed=kwargs.get("required") is True)


class Parser(_Holder, Root):
    def __init__(self, library: Argparse, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> None:
        self.library, self.node = library, node
        self.perhaps = Perhaps(library)
        library.parsers.append(self)
        names = ("prog", "usage", "description", "epilog", "parents")
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        said = given.get("description")
        prefix = given.get("prefix_chars", "-")
        self.prefix = "-" if isinstance(prefix, str) and "-" in prefix else "?"
        marks = given.get("fromfile_prefix_chars")
        self.from_file = marks if isinstance(marks, str) else ""
        self.own = Command("", said if isinstance(said, str) else "", line=getattr(node, "lineno", 1))
        self.defaults: dict[str, Any] = {}
        self.dests: dict[int, str] = {}
        self.below = False
        parents = given.get("parents", [])
        for parent in parents if isinstance(parents, (list, tuple)) else []:
            base = parent.attributes.get("base ") if isinstance(parent, Instance) else parent
            if isinstance(base, Parser):
                base.below = True
                for one in base.own.arguments:
                    copy = replace(one)
                    self.dests[id(copy)] = base.dests.get(id(one), one.name)
                    self.put(copy, node)
            else:
                library.lost(node, "what a parser takes over from another one is only known when it runs")

    def call_add_subparsers(self, node: ast.AST, *args: Any, **kwargs: Any) -> Any:
        return _Subparsers(self)

    def attribute(self, name: str) -> Any:
        if name in _LOOKED:
            self.library.used.append(self)
            return UNKNOWN
        return super().attribute(name)


class _Group(_Holder):
    def __init__(self, of: _Holder, mutex: int, *, needed: bool) -> None:
        self.of, self.mutex, self.needed = of, mutex, needed
        self.library, self.own = of.library, of.own

    @property
    def root(self) -> Root:
        return self.of.root

    def put(self, made: Argument, node: ast.AST) -> None:
        if self.mutex:
            made.one_of, made.one_needed = self.mutex, self.needed
        self.of.put(made, node)


class _Subparsers(Model):
    def __init__(self, of: Parser) -> None:
        self.of = of

    def call_add_parser(self, node: ast.AST, *args: Any, unknown: bool = False, **kwargs: Any) -> Any:
        library = self.of.library
        name = args[0] if args else kwargs.get("name")
        helps = kwargs.pop("help", "")
        kwargs.pop("aliases", None)
        made = Parser(library, node, [], kwargs)
        made.below = True
        if not isinstance(name, str):
            library.lost(node, "the name of a subcommand is only known when it runs")
            return made
        if self.of.perhaps.here():
            library.gap(node, f"whether there is the subcommand “{name}” is only known when it runs")
        made.own.name = name
        made.own.help = helps if isinstance(helps, str) and helps and helps is not _SUPPRESS else made.own.help
        self.of.own.commands = [one for one in self.of.own.commands if one.name != name]
        self.of.own.commands.append(made.own)
        return made


class Reader:
    """Of one `add_argument`."""

    def __init__(self, library: Library, container: Container, node: ast.AST) -> None:
        self.library, self.container, self.node = library, container, node

    def argument(self, args: tuple[Any, ...], given: dict[str, Any], *, unknown: bool) -> Argument | None:
        flags = [one for one in args if isinstance(one, str)]
        if len(flags) != len(args) or unknown or any(isinstance(one, ast.Starred) for one in args):
            return self._lost("an option that is made in a way that only running tells is left out")
        options = [flag for flag in flags if flag.startswith("-")]
        dest = given.get("dest")
        made = Argument("", getattr(self.node, "lineno", 1), flags=tuple(options))
        if not options:
            dest = flags[0] if flags else dest
            if not isinstance(dest, str):
                return self._lost("an argument without a name is left out")
        made.name = identifier(made.flag or str(dest))
        action = self._action(given.get("action", "store"))
        if action in ("help", "version"):
            return None
        if action is None:
            return self._lost(f"{self._called(made)} does something of the script's own, and is left out", made)
        self._words(made, given.get("help"), given.get("metavar"))
        own_dest = dest if isinstance(dest, str) else made.name
        made.called = own_dest if len(made.name) == 1 else ""
        self.container.root.dests[id(made)] = own_dest
        if given.get("default") is None and own_dest in self.container.root.defaults:
            given = {**given, "default": self.container.root.defaults[own_dest]}
        return self._acted(made, action, given)

    def _acted(self, made: Argument, action: str, given: dict[str, Any]) -> Argument | None:
        made.required = given.get("required") is True
        if action in ("store_true", "store_false", "store_const", "append_const"):
            made.type, made.required = "bool", False
            made.default = False  # ticked is given, whatever that sets
            return made
        if action == "count":
            made.count, made.type, made.required = True, "int", False
            made.default, made.min = 0, 0
            return made
        if action == "pair":
            made.type = "bool"
            long = next((flag for flag in made.flags if flag.startswith("--")), "")
            if not long:
                return self._lost(f"{self._called(made)} has no long name to say no with, and is left out", made)
            made.off = f"--no-{long[2:]}"
            default = given.get("default")
            made.default = default if isinstance(default, bool) else None
            made.unknown = isinstance(default, (Unknown, Outside))
            return made
        made.repeat = action in ("append", "extend")
        return self._valued(made, action, given)

    def _valued(self, made: Argument, action: str, given: dict[str, Any]) -> Argument | None:
        words = given.get("nargs")
        if isinstance(words, Outside):
            words = {"argparse.REMAINDER": "...", "argparse.OPTIONAL": "?", "argparse.ZERO_OR_MORE": "*",
                     "argparse.ONE_OR_MORE": "+"}.get(words.name, UNKNOWN)  # fmt: skip
        if not (words is None or isinstance(words, int) or words in ("?", "*", "+", "...")):
            text = f"how many values {self._called(made)} takes is only known when it runs; it is left out"
            return self._lost(text, made)
        if made.repeat and words not in (None, "+", "*"):
            return self._lost(f"{self._called(made)} takes several values several times, and is left out", made)
        if words in {0, "A..."}:
            return self._lost(f"{self._called(made)} takes no value that can be told, and is left out", made)
        if words == "?" and made.flags:
            made.words = ""  # a flag whose value may be missing: here it is given with one, or not at all
        elif words == "...":
            made.words, made.rest = "*", True
        elif words is not None:
            made.words = str(words) if words != 1 else ""
        if made.repeat and made.words:
            made.words = ""  # once for each value comes to the same
        if not made.flags:
            made.required = words not in ("?", "*", "...")
        self._type(made, given)
        self._choices(made, given)
        self._default(made, given)
        return made

    def _type(self, made: Argument, given: dict[str, Any]) -> None:
        told = given.get("type")
        if isinstance(told, _FileType):
            made.type = "file" if "r" in told.mode else "out"
            return
        made.type = meant(told)

    def _choices(self, made: Argument, given: dict[str, Any]) -> None:
        told = given.get("choices")
        if told is None:
            return
        machine = self.library.machine
        items = machine.items(told) if machine is not None else None
        if isinstance(told, range) and len(told) > 30 and told.step == 1:
            made.min, made.max = told.start, told.stop - 1
        elif (
            items is not None
            and items
            and all(isinstance(one, (str, int, float)) and not isinstance(one, bool) for one in items)
        ):
            made.choices = tuple(dict.fromkeys(items))
        else:
            text = f"the choices of {self._called(made)} are only known when it runs"
            self.library.gap(self.node, text, made.name, "choices")

    def _default(self, made: Argument, given: dict[str, Any]) -> None:
        default = given.get("default")
        if isinstance(default, Outside) and default.name == _SUPPRESS:
            default = None
        if default is None or (default == [] and (made.repeat or made.words)):
            return
        if isinstance(default, (tuple, set)):
            default = list(default)
        if not known(default):
            made.unknown = True
            text = f"the default of {self._called(made)} is only known when it runs"
            self.library.gap(self.node, text, made.name, "default")
            return
        listed = made.repeat or made.words not in ("", "?")
        if listed != isinstance(default, list):
            made.unknown = True  # it is another shape than what can be given
            return
        if made.repeat:
            made.unknown = True  # what is given is added to it
            text = f"{self._called(made)} adds to what is there by default"
            self.library.gap(self.node, text, made.name, "default")
            return
        if made.type in ("file", "out") and default == "-":
            return
        made.default = default

    def _words(self, made: Argument, helps: Any, metavar: Any) -> None:
        if isinstance(helps, Outside) and helps.name == _SUPPRESS:
            made.hidden = True
        elif isinstance(helps, str):
            made.help = re.sub(r"\s+", " ", helps).strip()
        if isinstance(metavar, tuple) and all(isinstance(one, str) for one in metavar):
            metavar = " ".join(metavar)
        made.metavar = metavar if isinstance(metavar, str) else ""
        made.help = made.help.replace("%%", "%")

    def _action(self, told: Any) -> str | None:
        """None: one of the script's own."""
        if isinstance(told, str):
            return told
        if isinstance(told, Outside) and told.name == "argparse.BooleanOptionalAction":
            return "pair"
        return None

    def _called(self, made: Argument) -> str:
        return made.flag or made.name

    def _lost(self, text: str, made: Argument | None = None) -> Argument | None:
        """Always None: it is left out."""
        self.library.lost(self.node, text, made.name if made is not None else "")
        return None
