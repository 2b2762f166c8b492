"""An option of the command line for each of `config.Settings`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from typing import Annotated, Any

import typer

from pushbutton import config

from .store import without_password

__all__ = ["parameters", "with_parameters"]

_KINDS: dict[type, type] = {str: str, int: int, float: float, bool: bool}


def parameters(only: Collection[str] = (), *, panels: Mapping[str, str] | None = None) -> list[inspect.Parameter]:
    """Of the settings that are named, or of all. `panels`: where an option stands in the help, by the name of its
    setting or by that name's first word.
    """
    panels = panels or {}
    made = []
    for spec in fields(config.Settings):
        if only and spec.name not in only:
            continue
        default = f"default: {spec.default}" if spec.default not in ("", 0, config.UNSAID) else ""
        panel = panels.get(spec.name, panels.get(spec.name.partition("_")[0]))
        for name in config.names(spec):
            meaning = spec.metadata["help"]
            if name != spec.name:
                meaning = f"file that holds {meaning}"
            known = "; ".join(filter(None, [config.variable(name), default]))
            check = without_password if name == "store" else None
            option = typer.Option(
                config.option(name),
                help=f"{meaning} ({known})",
                show_default=False,
                rich_help_panel=panel,
                callback=check,
            )
            kind: Any = Annotated[_KINDS[type(spec.default)] | None, option]
            made.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind))
    return made


def with_parameters(command: Callable[..., None], given: Collection[inspect.Parameter]) -> Any:
    """The command, which is called with a keyword for each of them."""
    command.__signature__ = inspect.Signature(list(given))  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in given}
    return command
