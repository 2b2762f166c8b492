"""The parser of options: the commands of one module, or all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.core
import typer.main

from . import contents

__all__ = ["app", "parser"]

_DIGITS = re.compile(r"[0-9]{1,18}")


def app(module: str = "") -> typer.Typer:
    """The commands of one module of this package; all, with those that a job says, where none is named."""
    made = typer.Typer(
        name="pushbutton",
        rich_markup_mode="rich",
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    made.callback()(_options)
    for heading, rows in contents.COMMANDS.items():
        for name in dict.fromkeys(name for name, _ in rows.values()):
            if name and module in ("", name):
                import_module(f"{__package__}.{name}").add(made, heading)
        for verb, (name, sentence) in rows.items():
            if not name and not module:
                _said(made, verb, sentence, heading)
    return made


def parser(module: str = "") -> Any:
    """The parser for the words of a command line."""
    command: Any = typer.main.get_command(app(module))
    _lighten(command, "pushbutton", None)
    return command


def _options(debug: Annotated[bool, typer.Option("--debug", help=contents.DEBUG)] = False) -> None:
    del debug  # `commands` looks at it


def _said(app: typer.Typer, verb: str, text: str, panel: str) -> None:
    """Listed here for the reference; `__main__` answers it before this module is loaded."""

    @app.command(verb, help=text, rich_help_panel=panel, context_settings={"ignore_unknown_options": True})
    def _(words: Annotated[list[str] | None, typer.Argument(metavar="…")] = None) -> None:
        from pushbutton.job.command import main  # noqa: PLC0415

        raise typer.Exit(main([verb, *(words or [])]))


def _lighten(command: Any, name: str, parent: Any) -> None:
    """Texts and numbers are read without a model. In the help, nothing stands behind a flag: that its value is a “bool”
    tells nobody anything.
    """
    context = command.context_class(command, info_name=name, parent=parent, **command.context_settings)
    for param in filter(None, (*command.params, command.get_help_option(context))):
        param.__class__ = _LIGHT.get(type(param), type(param))
        if getattr(param, "is_flag", False):
            param.metavar = ""
    for verb, one in getattr(command, "commands", {}).items():
        _lighten(one, verb, context)


class _Option(typer.core.TyperOption):
    def get_runtime_param(self) -> Any:
        return _Light(super().get_runtime_param)


class _Argument(typer.core.TyperArgument):
    def get_runtime_param(self) -> Any:
        return _Light(super().get_runtime_param)


_LIGHT: dict[type, type] = {typer.core.TyperOption: _Option, typer.core.TyperArgument: _Argument}


class _Light:
    """Makes of a word what is declared. The parser's own way makes a model of each option, also of one that nobody
    gave: it loads pydantic for that, which a command would wait for. It is gone where more than this is declared.
    """

    def __init__(self, whole: Callable[[], Any]) -> None:
        self._whole = whole

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        said = param.type_descriptor
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        if said.parameter_info.parser is None:
            if said.annotation is str and not several and isinstance(value, str):
                return value
            if said.annotation == list[str] and several and all(isinstance(item, str) for item in value):
                return list(value)
            if said.annotation is int and not several and not said.is_ranged and _DIGITS.fullmatch(str(value)):
                return int(value)
        return self._whole().coerce(value, param=param, ctx=ctx)
