"""Read a script's source: which arguments it takes."""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from pathlib import Path
from typing import Any

from pushbutton.describe.shebang import SHELLS, program_of
from pushbutton.describe.shell.read import read_shell

from .found import NotRead, Script
from .library import Library
from .machine import Machine
from .of_argparse import Argparse
from .of_click import Click
from .of_docopt import Docopt
from .of_fire import Fire
from .of_optparse import Optparse
from .of_typer import Typer
from .values import TooLong

__all__ = ["read_file", "read_python"]


def read_file(path: str) -> dict[str, Any]:
    """The `Script` as JSON has it, or {"sentence": why there is none, as the end of one}; and the "sha256" of the bytes
    that this was read from. It depends on nothing else: whoever keeps it need not read the same bytes again.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        return {"sentence": _unreadable(error)}
    try:
        return {**_told(content), "sha256": hashlib.sha256(content).hexdigest()}
    except MemoryError as error:  # which may be there another time
        return {"sentence": _unreadable(error)}


def _told(content: bytes) -> dict[str, Any]:
    try:
        shell = program_of(content.partition(b"\n")[0].decode("utf-8", "replace")) in SHELLS
        script = read_shell(content.decode("utf-8", "replace")) if shell else read_python(_as_python(content))
    except SyntaxError as error:
        return {"sentence": f": line {error.lineno or 1} is not Python as it is here"}
    except NotRead as why:
        return {"sentence": f": {why}"}
    except TooLong:
        return {"sentence": ": it is too much to work out"}
    except (ValueError, RecursionError) as error:
        return {"sentence": _unreadable(error)}
    return {"sentence": ""} if script is None else script.json()


def _unreadable(error: Exception) -> str:
    return f": it cannot be read ({type(error).__name__})"


def _as_python(content: bytes) -> str:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)  # as the encoding that it declares says
    return io.TextIOWrapper(io.BytesIO(content), encoding).read()


def read_python(source: str) -> Script | None:
    """None: none of the libraries that are known here takes its arguments. Raises `SyntaxError`, `NotRead`
    and `TooLong`.
    """
    tree = ast.parse(source)
    libraries: list[Library] = [Argparse(), Optparse(), Click(), Typer(), Fire(), Docopt()]

    def outside(name: str, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        for library in libraries:
            told = library.outside(name, node, args, kwargs)
            if told is not NotImplemented:
                return told
        return NotImplemented

    machine = Machine(tree, outside)
    for library in libraries:
        library.machine = machine
    machine.run()
    return next((found for library in libraries if (found := library.script()) is not None), None)
