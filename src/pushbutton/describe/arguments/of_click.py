"""click: commands, groups and their decorators as a source writes them. https://click.palletsprojects.com/"""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

from .found import Argument, Command, Script
from .library import Library
from .names import identifier
from .types import meant
from .values import UNKNOWN, Class, Function, Instance, Model, Outside, Unknown, Ways, known

__all__ = ["Click"]

_BESIDE = frozenset({"pass_context", "pass_obj", "make_pass_decorator", "version_option", "help_option", "decorators"})
_SUFFIX = re.compile(r"_(?:command|cmd|group|grp)$")
_KINDS = {"INT": "int", "FLOAT": "float", "STRING": "str", "BOOL": "yes", "UUID": "str", "UNPROCESSED": "str"}
_HARMLESS = frozenset({"functools", "contextlib", "asyncio", "typing", "staticmethod", "classmethod", "abc"})


class Click(Library):
    """The findings of a walk through the source."""

    kind = "click"

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[ClickCommand] = []
        self.used: list[ClickCommand] = []

    def outside(self, name: str, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        module, _, made = name.rpartition(".")
        if name == "functools.wraps" and args:
            return _Wraps(args[0])
        if module != "click" and not module.startswith("click."):
            if any(isinstance(one, Pending) for one in args) and name.partition(".")[0] not in _HARMLESS:
                self.gap(node, f"what “{name}” adds to a command is only known when it runs")
                return args[0]
            return NotImplemented
        if made in ("command", "group"):
            plain = [one for one in args if not isinstance(one, Function | Pending)]
            decorator = _Makes(self, made == "group", plain, kwargs, None)
            return decorator.apply(args[0], node) if len(plain) < len(args) else decorator
        if made in ("option", "argument", "password_option", "confirmation_option"):
            return _Declares(self, made, node, args, kwargs)
        if made in ("Group", "Command", "CommandCollection", "MultiCommand"):
            return ClickCommand(
                self, made == "Group", None, _text(kwargs.get("name") or (args[0] if args else "")), kwargs, node
            )
        if made in ("Choice", "IntRange", "FloatRange", "Path", "File", "DateTime", "Tuple"):
            return _Kind(made, args, kwargs)
        if made in _BESIDE:  # bare, `@click.pass_context`, or called
            return args[0] if args and isinstance(args[0], Function | Pending) else _Same()
        return UNKNOWN

    def script(self) -> Script | None:
        tops = [one for one in self.used if not one.below] or [one for one in self.commands if not one.below]
        if not tops:
            return None
        top = max(tops, key=lambda one: len(one.own.arguments) + 10 * len(one.own.commands))
        top.own.name = ""
        return Script(self.kind, top.own, self.gaps, self.left_out)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


class _Same(Model):
    """A decorator that adds nothing to fill in."""

    def apply(self, made: Any, node: ast.AST) -> Any:
        return made


class _Wraps(Model):
    """`functools.wraps`: what is wrapped keeps what was declared for it."""

    def __init__(self, wrapped: Any) -> None:
        self.wrapped = wrapped

    def apply(self, made: Any, node: ast.AST) -> Any:
        return self.wrapped if isinstance(self.wrapped, Pending) else made


class Pending(Model):
    """A function for which arguments are declared, and that is no command yet."""

    def __init__(self, function: Any, ways: Ways) -> None:
        self.function, self.ways = function, ways
        self.arguments: list[Argument] = []  # the last declared first, as decorators are applied


class _Declares(Model):
    def __init__(self, library: Click, made: str, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> None:
        self.library, self.made, self.node, self.args, self.kwargs = library, made, node, args, kwargs

    def apply(self, made: Any, node: ast.AST) -> Any:
        if isinstance(made, ClickCommand):
            target: Any = made
        else:
            target = made if isinstance(made, Pending) else Pending(made, self.library.ways())
        found = _Reader(self.library, self.node).read(self.made, self.args, self.kwargs)
        if found is not None and self.library.perhaps(self.node, target.ways, found.flag or found.name, found.name):
            found.required = False
        if found is not None and isinstance(target, ClickCommand):
            target.own.arguments.append(found)
        elif found is not None:
            target.arguments.append(found)
        return target


class _Makes(Model):
    """`@click.command()`, `@group.command()` and their kin."""

    def __init__(
        self, library: Click, group: bool, args: list[Any], kwargs: dict[Any, Any], of: ClickCommand | None
    ) -> None:
        self.library, self.group, self.args, self.kwargs, self.of = library, group, args, kwargs, of

    def apply(self, made: Any, node: ast.AST) -> Any:
        function = made.function if isinstance(made, Pending) else made
        given = self.args[0] if self.args else self.kwargs.get("name")
        name = given if isinstance(given, str) else ""
        if not name and isinstance(function, Function):
            if self.of is not None and (given is not None or _SUFFIX.search(function.name)):
                self.library.lost(node, f"the name of the subcommand “{function.name}” is not known here")
                return UNKNOWN
            name = function.name.replace("_", "-").lower()
        command = ClickCommand(self.library, self.group, function, name, self.kwargs, node)
        if isinstance(made, Pending):
            command.own.arguments = list(reversed(made.arguments))
        if self.of is not None:
            self.of.put(command, node)
        return command


class ClickCommand(Model):
    def __init__(
        self, library: Click, group: bool, function: Any, name: str, kwargs: dict[Any, Any], node: ast.AST
    ) -> None:
        self.library, self.group, self.below, self.node, self.ways = library, group, False, node, library.ways()
        helps = kwargs.get("help")
        if not isinstance(helps, str) and isinstance(function, Function):
            helps = ast.get_docstring(function.node) or ""
        text = inspect.cleandoc(helps if isinstance(helps, str) else "").split("\f")[0].replace("\b\n", "")
        self.own = Command(name, text, line=getattr(node, "lineno", 1))
        self.own.alone = kwargs.get("invoke_without_command") is True
        library.commands.append(self)

    def put(self, command: ClickCommand, node: ast.AST, name: str = "") -> None:
        command.below = True
        command.own.name = name or command.own.name
        if not command.own.name:
            self.library.lost(node, "the name of a subcommand is only known when it runs")
            return
        self.library.perhaps(node, self.ways, f"the subcommand “{command.own.name}”")
        self.own.commands = [one for one in self.own.commands if one.name != command.own.name]
        self.own.commands.append(command.own)

    def call_command(self, node: ast.AST, *args: Any, unknown: bool = False, **kwargs: Any) -> Any:
        return self._makes(False, node, args, kwargs)

    def call_group(self, node: ast.AST, *args: Any, unknown: bool = False, **kwargs: Any) -> Any:
        return self._makes(True, node, args, kwargs)

    def _makes(self, group: bool, node: ast.AST, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        plain = [one for one in args if not isinstance(one, Function | Pending)]
        decorator = _Makes(self.library, group, plain, kwargs, self)
        return decorator.apply(args[0], node) if len(plain) < len(args) else decorator

    def call_add_command(self, node: ast.AST, *args: Any, unknown: bool = False, **kwargs: Any) -> Any:
        command = args[0] if args else kwargs.get("cmd")
        name = args[1] if len(args) > 1 else kwargs.get("name")
        if not isinstance(command, ClickCommand) or (name is not None and not isinstance(name, str)):
            self.library.lost(node, "a subcommand that another file defines is left out")
            return None
        self.put(command, node, name or "")
        return None

    def call_main(self, node: ast.AST, *args: Any, unknown: bool = False, **kwargs: Any) -> Any:
        self.library.used.append(self)
        return UNKNOWN

    def apply(self, made: Any, node: ast.AST) -> Any:
        self.library.used.append(self)
        return UNKNOWN


class _Kind(Model):
    """A type of click's own."""

    def __init__(self, name: str, args: list[Any], kwargs: dict[Any, Any]) -> None:
        self.name, self.args, self.kwargs = name, args, kwargs

    def given(self, at: int, name: str) -> Any:
        return self.args[at] if len(self.args) > at else self.kwargs.get(name)


class _Reader:
    """Of one option or argument."""

    def __init__(self, library: Click, node: ast.AST) -> None:
        self.library, self.node = library, node

    def read(self, made: str, args: list[Any], given: dict[Any, Any]) -> Argument | None:
        words = [one for one in args if isinstance(one, str)]
        if len(words) != len(args) or None in given or "cls" in given:
            return self._lost("an option that is made in a way that only running tells is left out")
        if made == "password_option":
            words, given = words or ["--password"], {"hide_input": True, "prompt": True, **given}
        if made == "confirmation_option":
            words, given = words or ["--yes"], {"is_flag": True, "help": "Confirm without being asked.", **given}
        if made == "argument":
            return self._argument(words, given)
        return self._option(words, given)

    def _argument(self, words: list[str], given: dict[Any, Any]) -> Argument | None:
        if not words:
            return self._lost("an argument without a name is left out")
        found = Argument(identifier(words[0]), getattr(self.node, "lineno", 1))
        several = given.get("nargs", 1)
        required = given.get("required")
        found.required = required if isinstance(required, bool) else several != -1 and "default" not in given
        return self._valued(found, several, given)

    def _option(self, words: list[str], given: dict[Any, Any]) -> Argument | None:
        on: list[str] = []
        off: list[str] = []
        for word in words:
            first, slash, second = word.partition("/")
            on += [first.strip()] if first.strip().startswith("-") else []
            off += [second.strip()] if slash else []
        if not on:
            return self._lost("an option without a flag is left out")
        found = Argument("", getattr(self.node, "lineno", 1), flags=tuple(on))
        found.name = identifier(found.flag)
        dests = [word for word in words if word.isidentifier()]
        found.called = dests[0] if dests and len(found.name) == 1 else ""
        found.hidden = given.get("hidden") is True
        prompted = given.get("prompt") not in (None, False)
        default = given.get("default")
        if off or given.get("is_flag") is True:
            return self._flag(found, off, given)
        if "flag_value" in given:
            found.type, found.default, found.help = "bool", False, self._help(given)
            return found
        if given.get("count") is True:
            found.count, found.type, found.default, found.min, found.help = True, "int", 0, 0, self._help(given)
            return found
        if given.get("hide_input") is True:
            found.type = "secret"
        found.required = given.get("required") is True or (prompted and default is None)
        found.repeat = given.get("multiple") is True
        return self._valued(found, given.get("nargs", 1), given)

    def _flag(self, found: Argument, off: list[str], given: dict[Any, Any]) -> Argument:
        default = given.get("default", False)
        found.type, found.help = "bool", self._help(given)
        found.off = next((flag for flag in off if flag.startswith("--")), off[0] if off else "")
        found.default = default if isinstance(default, bool) and found.off else None if found.off else False
        found.unknown = bool(found.off) and not isinstance(default, bool)
        if found.unknown:
            text = f"the default of {found.flag} is only known when it runs"
            self.library.gap(self.node, text, found.name, "default")
        return found

    def _valued(self, found: Argument, several: Any, given: dict[Any, Any]) -> Argument | None:
        called = found.flag or found.name
        kind = given.get("type")
        if isinstance(kind, _Kind) and kind.name == "Tuple":
            kind = tuple(kind.args[0]) if kind.args and isinstance(kind.args[0], list) else UNKNOWN
        if isinstance(kind, tuple):
            several, kind = len(kind), kind[0] if len(set(map(str, kind))) == 1 else None
        if not isinstance(several, int):
            return self._lost(f"how many values {called} takes is only known when it runs; it is left out", found)
        if several == -1:
            found.words = "+" if found.required else "*"
        elif several > 1:
            if found.repeat:
                return self._lost(f"{called} takes several values several times, and is left out", found)
            found.words = str(several)
        found.help = self._help(given)
        if found.type != "secret":
            self._type(found, kind, given.get("default"))
        self._default(found, given)
        return found

    def _type(self, found: Argument, kind: Any, default: Any) -> None:
        called = found.flag or found.name
        if isinstance(kind, _Kind):
            if kind.name == "Choice":
                self._choices(found, kind.given(0, "choices"), called)
            elif kind.name in ("IntRange", "FloatRange"):
                found.type = "int" if kind.name == "IntRange" else "float"
                if not kind.kwargs.get("clamp"):
                    low, high = kind.given(0, "min"), kind.given(1, "max")
                    found.min = low if isinstance(low, int | float) and not kind.kwargs.get("min_open") else None
                    found.max = high if isinstance(high, int | float) and not kind.kwargs.get("max_open") else None
            elif kind.name == "File":
                mode = kind.given(0, "mode")
                found.type = "file" if mode is None or (isinstance(mode, str) and "r" in mode) else "out"
            elif kind.name == "Path":
                reads = kind.kwargs.get("exists") is True and kind.kwargs.get("file_okay") is not False
                found.type = "path" if reads and kind.kwargs.get("dir_okay") is False else "str"
            return
        if isinstance(kind, Outside) and kind.name.startswith("click."):
            found.type = _KINDS.get(kind.name.rpartition(".")[2], "str")
        elif isinstance(kind, Outside):
            found.type = "yes" if kind.name == "bool" else meant(kind)
            found.type = "str" if found.type in ("path", "file") else found.type
        elif kind is None and isinstance(default, bool):
            found.type = "yes"
        elif kind is None and isinstance(default, int):
            found.type = "int"
        elif kind is None and isinstance(default, float):
            found.type = "float"
        if found.type == "yes":  # a value that is true or false, behind its flag
            found.type, found.choices = "str", ("true", "false")

    def _choices(self, found: Argument, told: Any, called: str) -> None:
        machine = self.library.machine
        if isinstance(told, Class) and machine is not None and machine.is_enum(told):
            told = [name for name, _ in machine.members(told)]
        items = machine.items(told) if machine is not None else None
        if items and all(isinstance(one, str) for one in items):
            found.choices = tuple(dict.fromkeys(items))
        else:
            text = f"the choices of {called} are only known when it runs"
            self.library.gap(self.node, text, found.name, "choices")

    def _default(self, found: Argument, given: dict[Any, Any]) -> None:
        default = given.get("default")
        if default is None or (default in ([], ()) and (found.repeat or found.words)):
            return
        if not known(default) or isinstance(default, Function | Instance | Unknown):
            found.unknown = True
            text = f"the default of {found.flag or found.name} is only known when it runs"
            self.library.gap(self.node, text, found.name, "default")
            return
        if isinstance(default, list | tuple) or found.repeat or found.words:
            found.unknown = True
            return
        if isinstance(default, bool):
            default = "true" if default else "false"
        if not (found.type in ("file", "out") and default == "-"):
            found.default = default

    def _help(self, given: dict[Any, Any]) -> str:
        text = given.get("help")
        return re.sub(r"\s+", " ", text).strip().replace("%", "%%").replace("%%", "%") if isinstance(text, str) else ""

    def _lost(self, text: str, found: Argument | None = None) -> Argument | None:
        """Always None: it is left out."""
        self.library.lost(self.node, text, found.name if found is not None else "")
        return None
