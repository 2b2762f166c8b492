"""The parser of options: the commands of one module, or all of them."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
import typer.main

from . import contents

__all__ = ["app", "parser"]


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
    """What takes the words of a command line."""
    command: Any = typer.main.get_command(app(module))
    _bare_flags(command, command.make_context("pushbutton", [], resilient_parsing=True))
    return command


def _options(debug: Annotated[bool, typer.Option("--debug", help=contents.DEBUG)] = False) -> None:
    del debug  # `commands` looks at it


def _said(app: typer.Typer, verb: str, text: str, panel: str) -> None:
    """Listed here for the reference; `__main__` answers it before this module is loaded."""

    @app.command(verb, help=text, rich_help_panel=panel, context_settings={"ignore_unknown_options": True})
    def _(words: Annotated[list[str] | None, typer.Argument(metavar="…")] = None) -> None:
        from pushbutton.job.command import main  # noqa: PLC0415

        raise typer.Exit(main([verb, *(words or [])]))


def _bare_flags(command: Any, context: Any) -> None:
    """In the help, nothing stands behind a flag: that its value is a “bool” tells nobody anything."""
    for param in (*command.params, command.get_help_option(context)):
        if getattr(param, "is_flag", False):
            param.metavar = ""
    for name, one in getattr(command, "commands", {}).items():
        _bare_flags(one, one.make_context(name, [], parent=context, resilient_parsing=True))
