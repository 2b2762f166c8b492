"""typer: functions whose hints are their command line. https://typer.tiangolo.com/"""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

from .found import Argument, Command, Script
from .library import Library
from .names import identifier
from .signature import NONE, parts
from .values import UNKNOWN, Class, Function, Generic, Model, Outside, Unknown, known

__all__ = ["Typer"]

_TUPLES = frozenset({"tuple", "typing.Tuple"})
_LISTS = _TUPLES | {"list", "set", "typing.List", "typing.Set", "typing.Sequence", "collections.abc.Sequence"}
_PLAIN = {
    "str": "str",
    "int": "int",
    "float": "float",
    "bool": "bool",
    "pathlib.Path": "path",
    "datetime.datetime": "datetime",
    "uuid.UUID": "str",
    "typer.FileText": "file",
    "typer.FileBinaryRead": "file",
    "typer.FileTextWrite": "out",
    "typer.FileBinaryWrite": "out",
}
_NOT_ASKED = frozenset({"typer.Context", "click.Context", "typer.CallbackParam"})


class Typer(Library):
    """The findings of a walk through the source."""

    kind = "typer"

    def __init__(self) -> None:
        super().__init__()
        self.apps: list[App] = []
        self.used: list[App] = []

    def outside(self, name: str, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        module, _, made = name.rpartition(".")
        if module != "typer":
            return NotImplemented
        if made == "Typer":
            return self.app(kwargs, node)
        if made == "run" and args and isinstance(args[0], Function):
            app = self.app({}, node)
            app.commands.append(_Registered("", "", args[0], node))
            self.used.append(app)
            return UNKNOWN
        if made in ("Option", "Argument"):
            return Info(made, args, kwargs)
        return UNKNOWN

    def app(self, kwargs: dict[Any, Any], node: ast.AST) -> App:
        made = App(self, kwargs, node)
        self.apps.append(made)
        return made

    def script(self) -> Script | None:
        below = {id(sub) for app in self.apps for sub, _, _ in app.subs}
        tops = [one for one in self.used if id(one) not in below] or [one for one in self.apps if id(one) not in below]
        tops = [one for one in tops if one.commands or one.subs]
        if not tops:
            return None
        return Script(self.kind, tops[0].command(""), self.gaps, self.left_out)


class Info(Model):
    """`typer.Option(…)` or `typer.Argument(…)`."""

    def __init__(self, made: str, args: list[Any], kwargs: dict[Any, Any]) -> None:
        self.made, self.args, self.kwargs = made, args, kwargs


class _Registered:
    def __init__(self, name: str, helps: str, function: Function, node: ast.AST) -> None:
        self.name, self.help, self.function, self.node = name, helps, function, node


class App(Model):
    def __init__(self, library: Typer, kwargs: dict[Any, Any], node: ast.AST) -> None:
        self.library, self.kwargs, self.node, self.ways = library, kwargs, node, library.ways()
        self.commands: list[_Registered] = []
        self.subs: list[tuple[App, str, ast.AST]] = []
        self.top: _Registered | None = None
        self.alone = kwargs.get("invoke_without_command") is True

    def call_command(self, node: ast.AST, *args: Any, unknown: bool = False, **kwargs: Any) -> Any:
        return _Registers(self, [*args], kwargs, top=False)

    def call_callback(self, node: ast.AST, *args: Any, unknown: bool = False, **kwargs: Any) -> Any:
        return _Registers(self, [*args], kwargs, top=True)

    def call_add_typer(self, node: ast.AST, *args: Any, unknown: bool = False, **kwargs: Any) -> Any:
        sub = args[0] if args else kwargs.get("typer_instance")
        name = kwargs.get("name")
        if not isinstance(sub, App):
            self.library.lost(node, "subcommands that another file defines are left out")
            return None
        name = name if isinstance(name, str) else sub.kwargs.get("name")
        if name is None or isinstance(name, str):
            self.subs.append((sub, name or "", node))
        else:
            self.library.lost(node, "the name of a subcommand is only known when it runs")
        return None

    def apply(self, made: Any, node: ast.AST) -> Any:
        self.library.used.append(self)
        return UNKNOWN

    def command(self, name: str) -> Command:
        """It with all that is below it. Of one command alone, without anything beside it, that command itself."""
        if len(self.commands) == 1 and self.top is None and not self.subs:
            only = self.commands[0]
            return self._of(only, name)
        helps = self.kwargs.get("help")
        found = Command(name, helps if isinstance(helps, str) else "", alone=self.alone)
        if self.top is not None:
            found.help = found.help or self.top.help
            top = self._of(self.top, name)
            found.arguments, found.gaps = top.arguments, top.gaps
        found.commands += [self._of(one, one.name) for one in self.commands]
        for sub, called, node in self.subs:
            if called:
                below = sub.command(called)
                found.commands.append(below)
            elif sub.commands and sub.top is None:  # without a name of its own, they are this one's
                found.commands += sub.below()
            else:
                self.library.lost(node, "the name of a subcommand is not known here")
        return found

    def below(self) -> list[Command]:
        return [self._of(one, one.name) for one in self.commands]

    def _of(self, one: _Registered, name: str) -> Command:
        begin = len(self.library.gaps)
        arguments = self._arguments(one)
        line = getattr(one.node, "lineno", 1)
        return Command(name, one.help, arguments, line=line, gaps=self.library.lines(begin))

    def _arguments(self, one: _Registered) -> list[Argument]:
        machine = self.library.machine
        assert machine is not None  # noqa: S101 - set before the walk
        found = parts(one.function, machine)
        made = (_Reader(self.library, arg, hint, default).argument() for arg, hint, default in found)
        return [argument for argument in made if argument is not None]


class _Registers(Model):
    """`@app.command()` and `@app.callback()`."""

    def __init__(self, app: App, args: list[Any], kwargs: dict[str, Any], *, top: bool) -> None:
        self.app, self.args, self.kwargs, self.top = app, args, kwargs, top

    def apply(self, made: Any, node: ast.AST) -> Any:
        library = self.app.library
        if not isinstance(made, Function):
            library.lost(node, "a command that is made in a way that only running tells is left out")
            return made
        given = self.args[0] if self.args else self.kwargs.get("name")
        if given is not None and not isinstance(given, str):
            library.lost(node, "the name of a subcommand is only known when it runs")
            return made
        helps = self.kwargs.get("help")
        text = helps if isinstance(helps, str) else ast.get_docstring(made.node) or ""
        name = given or made.name.lower().replace("_", "-")
        registered = _Registered(name, inspect.cleandoc(text), made, node)
        if self.top:
            self.app.top = registered
            self.app.alone = self.app.alone or self.kwargs.get("invoke_without_command") is True
        else:
            library.perhaps(node, self.app.ways, f"the subcommand “{name}”")
            self.app.commands.append(registered)
        return made


class _Reader:
    """Of one argument of a function."""

    def __init__(self, library: Typer, arg: ast.arg, hint: Any, default: Any) -> None:
        self.library, self.arg, self.hint, self.default = library, arg, hint, default

    def argument(self) -> Argument | None:
        """None: it is not asked for, or left out."""
        hint, info = self._unwrapped(self.hint)
        if isinstance(hint, Outside) and hint.name in _NOT_ASKED:
            return None
        default = self.default
        if isinstance(default, Info):
            info = default
            default = info.args[0] if info.args else info.kwargs.get("default", NONE)
            info = Info(info.made, info.args[1:], info.kwargs)
        if isinstance(default, Unknown) and info is None:
            return self._lost(f"whether “{self.arg.arg}” is an option is only known when it runs; it is left out")
        if info is None:
            info = Info("Argument" if default is NONE else "Option", [], {})
        if None in info.kwargs or "parser" in info.kwargs or "click_type" in info.kwargs:
            return self._lost(f"“{self.arg.arg}” is made in a way that only running tells, and is left out")
        if default is Ellipsis:
            default = NONE
        if "default_factory" in info.kwargs:
            default = UNKNOWN
        return self._made(info, hint, default)

    def _made(self, info: Info, hint: Any, default: Any) -> Argument | None:
        given = info.kwargs
        words = [one for one in info.args if isinstance(one, str)]
        on = [word.partition("/")[0].strip() for word in words if word.startswith("-")]
        off = [word.partition("/")[2].strip() for word in words if "/" in word]
        option = info.made == "Option"
        plain = f"--{self.arg.arg.replace('_', '-')}"
        found = Argument("", self.arg.lineno, flags=tuple(on or [plain]) if option else ())
        found.name = identifier(found.flag or self.arg.arg)
        found.called = self.arg.arg if len(found.name) == 1 else ""
        found.hidden = given.get("hidden") is True
        text = given.get("help")
        found.help = re.sub(r"\s+", " ", text).strip() if isinstance(text, str) else ""
        found.required = default is NONE
        if given.get("hide_input") is True:
            found.type = "secret"
            return found
        if given.get("count") is True:
            found.count, found.type, found.default, found.required = True, "int", 0, False
            return found
        if not self._typed(found, hint, given, option=option):
            return None
        if found.type == "bool":
            return self._flag(found, on, off, plain, default, option=option)
        self._default(found, None if default is NONE else default)
        return found

    def _flag(
        self, found: Argument, on: list[str], off: list[str], plain: str, default: Any, *, option: bool
    ) -> Argument | None:
        if not option or found.repeat:
            return self._lost(f"{self.arg.arg} is yes or no without a flag, and is left out")
        found.off = next(iter(off), "") or ("" if on else f"--no-{plain[2:]}")
        found.required = False
        found.default = default if isinstance(default, bool) and found.off else None if found.off else False
        found.unknown = bool(found.off) and not isinstance(default, bool)
        return found

    def _typed(self, found: Argument, hint: Any, given: dict[Any, Any], *, option: bool) -> bool:
        """False: it is left out."""
        if isinstance(hint, Generic) and hint.of.name in _LISTS:
            inner = [one for one in hint.parts if one is not Ellipsis]
            if hint.of.name in _TUPLES and Ellipsis not in hint.parts:
                found.words = str(len(inner))
                alike = len({getattr(one, "name", id(one)) for one in inner}) == 1
                return self._one(found, inner[0] if alike else Outside("str"), given)
            found.repeat = option
            found.words = "" if option else "+" if found.required else "*"
            return len(inner) == 1 and self._one(found, self._unwrapped(inner[0])[0], given)
        if hint is None or (isinstance(hint, Outside) and hint.name in ("list", "typing.List")):
            found.repeat = isinstance(hint, Outside) and option
            return self._one(found, Outside("str"), given)
        return self._one(found, hint, given)

    def _one(self, found: Argument, hint: Any, given: dict[Any, Any]) -> bool:
        machine = self.library.machine
        if isinstance(hint, Generic) and hint.of.name in ("typing.Literal", "typing_extensions.Literal"):
            found.choices = tuple(hint.parts)
            return True
        if isinstance(hint, Class) and machine is not None and machine.is_enum(hint):
            values = [value for _, value in machine.members(hint)]
            if all(isinstance(value, str) for value in values):
                found.choices = tuple(values)
            else:
                text = f"the choices of {self.arg.arg} are only known when it runs"
                self.library.gap(self.arg, text, found.name, "choices")
            return True
        name = hint.name if isinstance(hint, Outside) else ""
        if name not in _PLAIN:
            self._lost(f"what {self.arg.arg} can be is only known when it runs; it is left out")
            return False
        found.type = _PLAIN[name]
        for key in ("min", "max"):
            bound = given.get(key)
            if isinstance(bound, int | float) and not given.get("clamp"):
                setattr(found, key, bound)
        if found.type == "path" and (given.get("file_okay") is False or found.repeat or found.words):
            found.type = "str"
        return True

    def _default(self, found: Argument, default: Any) -> None:
        if isinstance(default, tuple) and len(default) == 2 and default[1] in found.choices and found.choices:
            default = default[1]  # a member of an enum
        if default is None or (default in ([], ()) and (found.repeat or found.words)):
            return
        if not known(default) or isinstance(default, list | tuple | set):
            found.unknown = True
            if not known(default):
                text = f"the default of {self.arg.arg} is only known when it runs"
                self.library.gap(self.arg, text, found.name, "default")
            return
        found.default = default

    def _unwrapped(self, hint: Any) -> tuple[Any, Info | None]:
        """Without `Annotated` and `Optional` around it, and what `Annotated` says of it."""
        info: Info | None = None
        while isinstance(hint, Generic):
            if hint.of.name in ("typing.Annotated", "typing_extensions.Annotated"):
                info = next((one for one in hint.parts[1:] if isinstance(one, Info)), info)
                if info is None and any(isinstance(one, Unknown) for one in hint.parts[1:]):
                    info = Info("Option", [], {None: UNKNOWN})
                hint = hint.parts[0]
            elif hint.of.name == "typing.Optional":
                hint = hint.parts[0]
            elif hint.of.name == "typing.Union":
                rest = [one for one in hint.parts if one is not None and not _is_none(one)]
                if len(rest) != 1:
                    return UNKNOWN, info
                hint = rest[0]
            else:
                break
        return hint, info

    def _lost(self, text: str) -> Argument | None:
        """Always None: it is left out."""
        self.library.lost(self.arg, text, self.arg.arg)
        return None


def _is_none(hint: Any) -> bool:
    return isinstance(hint, Outside) and hint.name in ("None", "types.NoneType")
