"""`pushbutton schema`: the JSON schema of pushbutton.yaml."""

from __future__ import annotations

import json

import typer

from .help_text import flow

__all__ = ["add"]

HELP = """Print the JSON schema of pushbutton.yaml, for editors.

\b
  pushbutton schema > pushbutton.schema.json
"""


def add(app: typer.Typer, panel: str) -> None:
    app.command("schema", help=flow(HELP), rich_help_panel=panel)(_schema)


def _schema() -> None:
    from pushbutton.adapters.catalog import config_schema  # noqa: PLC0415  loads the readers

    print(json.dumps(config_schema(), indent=2, ensure_ascii=False))
