"""Read a script's source: which arguments it takes."""

from __future__ import annotations

import ast
import io
import os
import re
import tokenize
from pathlib import Path
from typing import Any

from pushbutton.describe.shebang import SHELLS, program_of
from pushbutton.describe.shell.read import read_shell

from .foreign_tree import tree_of
from .found import Gap, NotRead, Script
from .interpreter import Pythons, fingerprint, named
from .library import Library
from .machine import Machine
from .of_argparse import Argparse
from .of_click import Click
from .of_docopt import Docopt
from .of_fire import Fire
from .of_getopt import Getopt
from .of_optparse import Optparse
from .of_typer import Typer
from .python2 import python2
from .values import TooLong

__all__ = ["read_file", "read_python", "read_tree"]


def read_file(path: str, by: Pythons | None = None) -> dict[str, Any]:
    """The `Script` as JSON has it, or {"sentence": why there is none, as the end of one}; and the "sha256" of the bytes
    that this was read from, and of the Python that they name. It depends on nothing else: whoever keeps it need not
    read the same again. `by`: where other Pythons are asked.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        return {"sentence": _unreadable(error)}
    program = named(content, os.path.dirname(path))
    pythons = by or Pythons()
    try:
        told = _told(content, path, program, pythons)
        return told if pythons.silent else {**told, "sha256": fingerprint(content, program)}
    except MemoryError as error:  # which may be there another time
        return {"sentence": _unreadable(error)}
    finally:
        if by is None:
            pythons.close()


def _told(content: bytes, path: str, program: str, by: Pythons) -> dict[str, Any]:
    try:
        shell = program_of(content.partition(b"\n")[0].decode("utf-8", "replace")) in SHELLS
        script = read_shell(content.decode("utf-8", "replace")) if shell else _read(content, path, program, by)
    except SyntaxError as error:
        return {"sentence": f": line {error.lineno or 1} is not Python as it is here"}
    except NotRead as why:
        return {"sentence": f": {why}"}
    except TooLong:
        return {"sentence": ": it is too much to work out"}
    except (OSError, ValueError, RecursionError) as error:
        return {"sentence": _unreadable(error)}
    return {"sentence": ""} if script is None else script.json()


def _unreadable(error: Exception) -> str:
    return f": it cannot be read ({type(error).__name__})"


def _read(content: bytes, path: str, program: str, by: Pythons) -> Script | None:
    """By the Python that it names, if that is there, else by ours; and Python 2 by its text, where neither reads it."""
    told = by.tree_by(program, path) if program else None
    if told is not None and "tree" in told:
        return read_tree(tree_of(told["tree"]), old=told["version"] < [3])
    try:
        tree = ast.parse(content)
    except SyntaxError as error:
        by_text = python2(_decoded(content))
        if by_text is None:
            raise
        script = read_tree(by_text, old=True)
        if script is not None and program:
            text = f"this line is Python 2, and {os.path.basename(program)} will not start it"
            script.gaps.append(Gap(error.lineno or 1, text))
        return script
    if told is not None:
        raise NotRead(f"line {told['line']} is not Python as {os.path.basename(program)} is here")
    return read_tree(tree, old=re.match(rb"#!.*\bpython2\b", content) is not None)


def _decoded(content: bytes) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return content.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        return content.decode("latin-1")


def read_python(source: str) -> Script | None:
    """None: none of the libraries that are known here takes its arguments. Raises `SyntaxError`, `NotRead`
    and `TooLong`.
    """
    return read_tree(ast.parse(source))


def read_tree(tree: ast.Module, *, old: bool = False) -> Script | None:
    """The same. `old`: it is Python 2."""
    libraries: list[Library] = [Argparse(), Optparse(), Click(), Typer(), Fire(), Docopt(), Getopt()]

    def outside(name: str, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        for library in libraries:
            told = library.outside(name, node, args, kwargs)
            if told is not NotImplemented:
                return told
        return NotImplemented

    machine = Machine(tree, outside, old=old)
    for library in libraries:
        library.machine = machine
    machine.run()
    return next((found for library in libraries if (found := library.script()) is not None), None)
