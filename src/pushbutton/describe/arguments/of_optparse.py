"""optparse: options as a source adds them, and what it takes besides. https://docs.python.org/3/library/optparse.html"""

from __future__ import annotations

import ast
import re
from typing import Any

from .found import Argument, Command, Script
from .library import Library
from .of_argparse import Container, Reader, Root
from .operands import Operands
from .perhaps import Perhaps
from .values import UNKNOWN, Instance, Model, Outside

__all__ = ["Optparse"]

_NAMES = (
    *("usage", "option_list", "option_class", "version", "conflict_handler", "description", "formatter"),
    *("add_help_option", "prog", "epilog"),
)  # of what a parser is made with, in their order
_TYPES = {"int": "int", "long": "int", "float": "float"}
_SUPPRESSED = "optparse.SUPPRESS_HELP"


class Optparse(Library):
    """The findings of a walk through the source."""

    kind = "optparse"

    def __init__(self) -> None:
        super().__init__()
        self.parsers: list[_Parser] = []
        self.used: list[_Parser] = []  # those that were told to parse, in order

    def outside(self, name: str, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        module, _, made = name.rpartition(".")
        if module != "optparse":
            return NotImplemented
        if made == "OptionParser":
            return _Parser(self, node, {**dict(zip(_NAMES, args, strict=False)), **kwargs})
        if made == "OptionGroup":
            parser = _base(args[0] if args else kwargs.get("parser"))
            return _Group(parser) if isinstance(parser, _Parser) else UNKNOWN
        if made in ("Option", "make_option"):
            return _Option(node, args, kwargs)
        return UNKNOWN

    def script(self) -> Script | None:
        for parser in self.parsers:
            parser.perhaps.tell(parser.own.arguments)
        used = self.used or self.parsers[-1:]
        if not used or self.machine is None:
            return None
        main = max(used, key=lambda one: len(one.own.arguments))
        self._operands(main, Operands(self.machine.tree, "parse_args"))
        return Script(self.kind, main.own, self.gaps, self.left_out)

    def _operands(self, parser: _Parser, found: Operands) -> None:
        """It hands them on as a list; how many there must be is the script's own affair."""
        if not found.taken:
            return
        called = re.findall(r"<?[A-Za-z][\w-]*>?", parser.tail) if re.fullmatch(r"[\w<> -]*", parser.tail) else []
        made = found.arguments(called)
        if len(made) == 1:
            made[0].help = parser.tail
        parser.own.arguments += made
        if not found.told:
            self.gap(found.node, "how many operands it takes is only known when it runs", made[0].name)


def _base(parser: Any) -> Any:
    return parser.attributes.get("base ") if isinstance(parser, Instance) else parser


class _Option(Model):
    """An option that is made before it is added."""

    def __init__(self, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> None:
        self.node, self.args, self.kwargs = node, args, kwargs


class _Holder(Container):
    """A parser or one of its groups."""

    def call_add_option(self, node: ast.AST, *args: Any, unknown: bool = False, **kwargs: Any) -> Any:
        if len(args) == 1 and not isinstance(args[0], str):
            self._put_made(args[0], node)
            return UNKNOWN
        made = _Reader(self.library, self, node).argument(args, kwargs, unknown=unknown)
        if made is not None:
            self.put(made, node)
        return UNKNOWN

    def call_add_options(self, node: ast.AST, *args: Any, **kwargs: Any) -> Any:
        self.put_all(args[0] if args else kwargs.get("option_list"), node)
        return UNKNOWN

    def put_all(self, told: Any, node: ast.AST) -> None:
        if isinstance(told, list | tuple):
            for one in told:
                self._put_made(one, node)
        elif told is not None:
            self.library.lost(node, "options that are made in a way that only running tells are left out")

    def _put_made(self, one: Any, node: ast.AST) -> None:
        if isinstance(one, _Option):
            unknown = None in one.kwargs
            given = {name: value for name, value in one.kwargs.items() if name is not None}
            self.call_add_option(one.node, *one.args, unknown=unknown, **given)
        else:
            self.library.lost(node, "an option that is made in a way that only running tells is left out")


class _Parser(_Holder, Root):
    def __init__(self, library: Optparse, node: ast.AST, given: dict[Any, Any]) -> None:
        self.library, self.perhaps = library, Perhaps(library)
        self._optparse = library
        said = given.get("description")
        self.own = Command("", said if isinstance(said, str) else "", line=getattr(node, "lineno", 1))
        self.defaults: dict[str, Any] = {}
        self.dests: dict[int, str] = {}
        self.tail = ""  # what stands behind the options in its usage
        library.parsers.append(self)
        self.call_set_usage(node, given.get("usage"))
        self.put_all(given.get("option_list"), node)

    def call_set_usage(self, node: ast.AST, *args: Any, **kwargs: Any) -> Any:
        usage = args[0] if args and isinstance(args[0], str) else ""
        found = re.search(r"\[options?\](.*)", usage, re.IGNORECASE)
        self.tail = found[1].strip() if found else ""
        return None

    def call_set_description(self, node: ast.AST, *args: Any, **kwargs: Any) -> Any:
        self.own.help = args[0] if args and isinstance(args[0], str) else self.own.help
        return None

    def call_add_option_group(self, node: ast.AST, *args: Any, **kwargs: Any) -> Any:
        group = _base(args[0] if args else None)
        return group if isinstance(group, _Group) else _Group(self)

    def attribute(self, name: str) -> Any:
        if name == "parse_args":
            self._optparse.used.append(self)
            return UNKNOWN
        return super().attribute(name)


class _Group(_Holder):
    def __init__(self, of: _Parser) -> None:
        self._of, self.library, self.own = of, of.library, of.own

    @property
    def root(self) -> Root:
        return self._of


class _Reader(Reader):
    """Of one `add_option`."""

    def argument(self, args: tuple[Any, ...], given: dict[str, Any], *, unknown: bool) -> Argument | None:
        if not args and not unknown:
            return self._lost("an option without a flag is left out")
        kind = given.get("type")
        kind = kind.name if isinstance(kind, Outside) else kind
        action = given.get("action", "store")
        if action == "callback" or (isinstance(action, str) and action.startswith("call")):
            given = {**given, "action": UNKNOWN}
        plain = {key: value for key, value in given.items() if key != "type"}
        if isinstance(kind, str) and kind in _TYPES:
            plain["type"] = Outside(_TYPES[kind])
        return super().argument(args, plain, unknown=unknown)

    def _words(self, made: Argument, helps: Any, metavar: Any) -> None:
        super()._words(made, None if isinstance(helps, str) else helps, metavar)
        if isinstance(helps, Outside) and helps.name == _SUPPRESSED:
            made.hidden = True
        elif isinstance(helps, str):
            made.help = re.sub(r"\s+", " ", helps).strip().replace("%default", "%(default)s")
