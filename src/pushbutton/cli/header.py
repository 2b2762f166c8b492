"""`pushbutton header FILE`: the block for the head of a script, to be pasted."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from pushbutton.errors import BadInput, NotFound

from . import safe_text
from .help_text import flow

__all__ = ["add"]

HELP = """Print the block for the head of a script, to be pasted and changed.

\b
  pushbutton header backup.sh            from its source: options, and what seems to be an operand or a variable
  pushbutton header --run deploy.rb      ask the script itself: it is run once, with --help

What is read from the source stands there by name only, to be corrected. What a shell script does not say for certain
(operands, variables of its environment, what is required) is a guess: look at it. Without --run nothing of the script
runs. With it, the script is started here and now with --help as its only argument, in your own environment, and ended
after 10 seconds.
"""


def add(app: typer.Typer, panel: str) -> None:
    app.command("header", help=flow(HELP), rich_help_panel=panel)(_header)


def _header(
    file: Annotated[str, typer.Argument(metavar="FILE", help="a script that begins with “#!”")],
    run: Annotated[bool, typer.Option("--run", help="run it once, with --help")] = False,
) -> None:
    path = Path(file).expanduser()
    if not path.exists():
        raise NotFound(f"There is no file {file}.")
    if not path.is_file():
        raise BadInput(f"{file} is no file: name one script.")
    text, more = asyncio.run(_block(path, run=run))
    print(text)
    _remark(f"Paste it below the first line of {file}, then: pushbutton check {file}")
    if more:
        _remark(more)


async def _block(path: Path, *, run: bool) -> tuple[str, str]:
    from pushbutton.adapters.catalog.asking import SECONDS, help_printed_by  # noqa: PLC0415  loads the readers
    from pushbutton.adapters.catalog.header import block_for  # noqa: PLC0415

    if run:
        _remark(f"Running {path} --help, for {SECONDS:g} seconds at most …")
    block = await block_for(path, await help_printed_by(path) if run else None)
    return str(block), block.remark


def _remark(sentence: str) -> None:
    print(safe_text.line(sentence), file=sys.stderr)
