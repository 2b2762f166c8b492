"""The help of a script stands where its author wrote it, and is not the licence."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pushbutton.adapters.catalog import script_help
from pushbutton.adapters.catalog.check import examined
from pushbutton.adapters.catalog.model import Form, Found
from pushbutton.adapters.catalog.script_help import comment_of, help_of
from pushbutton.adapters.catalog.scripts import read_script

MIT = """# Copyright (c) 2020-2026 Ada Lovelace <ada@example.org>
#
# Permission is hereby granted, free of charge, to any person obtaining a copy
# of this software, to deal in it without restriction.
#
# THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND.
"""


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("# Fills the shelf.\n# Twice.\n\n# Not this.\n", "Fills the shelf.\nTwice."),
        (f"{MIT}#\n# Fills the shelf.\n", "Fills the shelf."),
        (f"{MIT}\n\n# Fills the shelf.\nset -e\n", "Fills the shelf."),
        ("#\n#  Author: Ada Lovelace\n#  Date: 2019-05-18 21:05:35 +0100 (Sat)\n#\n#  Fills it.\n", "Fills it."),
        ("# SPDX-License-Identifier: MIT\n# vim:ts=4:sw=4:et\n# shellcheck disable=SC2086\n# Fills it.\n", "Fills it."),
        ("# $Id$\n# @author ada\n# Version: 2\n# https://example.org/fill\n# Fills it.\n", "Fills it."),
        ("#######\n#-----\n# Name: fill\n# Purpose: Fills it.\n# =====\n# Not this.\n", "Fills it."),
        ("# fill.sh - Fills the shelf\n", "Fills the shelf"),
        ("# fill.sh\n#\n# Fills the shelf.\n", "Fills the shelf."),
        ("# === Fills the shelf ===\n", "Fills the shelf"),
        ("# /// script\n# dependencies = [\n# ]\n# ///\n# Fills it.\n", "Fills it."),
        ("set -euo pipefail\n\n# Fills it.\n", "Fills it."),
        ("cp a b\n# Not this.\n", ""),
        ("-- Copyright 2026 Example\n\n-- Counts the rows.\n", "Counts the rows."),
        ("# Prints the terms of a contract, as is.\n", "Prints the terms of a contract, as is."),
        ("# Dates of all shelves.\n", "Dates of all shelves."),
        (f"{MIT}", ""),
    ],
)  # fmt: skip
def test_the_help_of_a_script_is_the_paragraph_that_says_what_it_does(head: str, said: str):
    lines = ["#!/bin/sh", *head.splitlines()]
    assert (help_of(lines, "fill.sh", python=False) or comment_of(lines, "fill.sh")) == said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('"""Fills it.\n\nAll of it."""\n', "Fills it.\n\nAll of it."),
        ('"""\nFill\n====\n\nFills it.\n"""\n', "Fill\n\nFills it."),
        (
            '"""Copyright 2026 Example. All rights reserved.\n\nFills it.\n\n    indented\n"""\n',
            "Fills it.\n\n    indented",
        ),
        ("# coding: utf-8\n'''Fills it.'''\nprint 'as Python 2 did'\n", "Fills it."),
        ("# Fills it.\nimport sys\n", "Fills it."),
    ],
)
def test_the_help_of_a_python_script_is_its_docstring(source: str, said: str):
    lines = ["#!/usr/bin/python3", *source.splitlines()]
    assert (help_of(lines, "fill.py", python=True) or comment_of(lines, "fill.py")) == said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("#!/usr/bin/perl\n__END__\n\n=head1 NAME\n\nfill.pl - fills the I<shelf>\n\nNot\n", "fills the shelf"),
        ("#!/usr/bin/perl\n# Not this.\n=head1 NAME\n\nfill -- Fills it\nand more.\n\n=cut\n", "Fills it\nand more."),
        ("#!/usr/bin/perl\n# Fills it.\n=head1 NAME\n\n=head1 OTHER\n", "Fills it."),
        ("#!/usr/bin/env pwsh\n<#\n.SYNOPSIS\n  Fills it.\n.PARAMETER Till\n  Not this.\n#>\n", "Fills it."),
        ("#!/usr/bin/env pwsh\n# .SYNOPSIS\n# Fills it,\n# all of it.\n#\n# .NOTES\n# No.\n", "Fills it,\nall of it."),
        ("#!/usr/bin/env pwsh\n<#\n.Synopsis\nFills it.\n\n.Description\nNot this.\n#>\nparam()\n", "Fills it."),
        ('#!/bin/bash\n# args: north\nset -eu\nusage_description="\nFills the \\"shelf\\"\n\nNot this.\n"\n',
         'Fills the "shelf"'),
        ("#!/bin/bash\n# Author: Ada\n# Not this.\nexport usage_description='Fills it.'\n", "Fills it."),
        ("#!/bin/bash\n# Fills it.\nusage_description=$(cat words)\n", "Fills it."),
        ("#!/bin/bash\n# args: --shop north\n# Fills it.\n", "Fills it."),
        ("#!/bin/bash\n# See https://example.org/fill\n#\n# See also: https://example.org\n# Fills it.\n", "Fills it."),
        ("#!/bin/bash\n# See the other one.\n", "See the other one."),
    ],
)  # fmt: skip
def test_the_help_of_other_languages_stands_where_they_have_it(tmp_path: Path, source: str, said: str):
    assert said_of(tmp_path / "fill", source.encode()) == said


PARSER = "import argparse\np = argparse.ArgumentParser(description='Fills it.')\np.parse_args()\n"


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("", "Fills it."),
        ("# A remark.\n", "Fills it."),
        ("# Copyright 2026 Ada\n", "Fills it."),
        ('"""Fills the shelf."""\n', "Fills the shelf."),
        ('"""Copyright 2026 Ada"""\n', "Fills it."),
        ("# /// pushbutton\n# help = 'Mine.'\n# ///\n", "Mine."),
    ],
)
async def test_what_the_parser_is_told_comes_behind_the_docstring(tmp_path: Path, before: str, said: str):
    path = tmp_path / "fill.py"
    path.write_text(f"#!/usr/bin/env python3\n{before}{PARSER}")
    path.chmod(0o755)
    assert [task.help for task in (await examined([tmp_path])).tasks] == [said]


def said_of(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    path.chmod(0o755)
    reading = read_script(Found(path, Form.SCRIPT))
    assert reading
    return reading.tasks[0].help


def test_a_python_script_without_an_ending_has_a_docstring_too(tmp_path: Path):
    for first in (b"#!/usr/bin/env python3", b"#!/usr/bin/python3.12 -u", b"#!/usr/bin/env -S uv run --script"):
        assert said_of(tmp_path / "nightly", first + b'\n"""Fills it."""\nimport os\n') == "Fills it."


def test_a_comment_in_latin_1_is_read(tmp_path: Path):
    assert said_of(tmp_path / "x.sh", "#!/bin/sh\n# Füllt „es“ auf.\n".encode("cp1252")) == "Füllt „es“ auf."


def test_a_docstring_is_found_in_a_file_that_is_longer_than_what_is_read_of_it(tmp_path: Path):
    body = b"def f():\n    return '''" + b"x\n" * 50_000 + b"'''\n"
    assert said_of(tmp_path / "x.py", b'#!/usr/bin/env python3\n"""Fills it."""\n' + body) == "Fills it."


@pytest.mark.parametrize(
    ("file", "command", "title"),
    [
        ("aws_s3_presign.py", "move", "AWS S3 presign: move"),
        ("moveTill.py", "list-all", "Move till: list all"),
        ("Move.py", "sync_s3", "Move: sync S3"),
        ("dns.py", "url-check", "DNS: URL check"),
        ("move.py", "X", "Move: X"),
    ],
)
async def test_a_title_keeps_its_acronyms_and_its_subcommand(tmp_path: Path, file: str, command: str, title: str):
    path = tmp_path / file
    lines = ["#!/usr/bin/env python3", "import argparse", "p = argparse.ArgumentParser()"]
    lines += ["s = p.add_subparsers(required=True)", f"s.add_parser({command!r})", "s.add_parser('other')"]
    path.write_text("\n".join([*lines, "p.parse_args()"]))
    path.chmod(0o755)
    assert (await examined([tmp_path])).tasks[0].title == title


BEGINNINGS = {
    "a text in three quotes": '"""Moves\nit."""\nimport os\n',
    "behind comments": '#!/usr/bin/env python3\n# one\n\n"Moves it."  # so\nx = 1\n',
    "with escapes": '"""a\\tb \\"c\\" """\nx = 1\n',
    "a raw one": 'r"a\\d"\nx = 1\n',
    "two that are one": '"a" "b"\nx = 1\n',
    "in brackets": '("a"\n"b")\nx = 1\n',
    "bytes": 'b"a"\nx = 1\n',
    "with values in it": 'f"a{1}"\nx = 1\n',
    "something done with it": '"a".strip()\nx = 1\n',
    "another statement in its line": '"a"; x = 1\n',
    "none, an import": 'import os\n"a"\n',
    "none, a name that begins like an import": 'importer = 1\n"a"\n',
    "none, a decorator": "@str\ndef go():\n    'a'\n",
    "nothing": "",
}


@pytest.mark.parametrize("source", BEGINNINGS.values(), ids=BEGINNINGS)
def test_the_beginning_of_a_script_tells_the_docstring_that_python_gives_it(source: str) -> None:
    assert script_help._docstring(source) == (ast.get_docstring(ast.parse(source)) or "")
