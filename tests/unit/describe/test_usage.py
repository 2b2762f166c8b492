"""What a program prints for `--help`, and a usage text, tell of options and operands."""

from __future__ import annotations

from typing import Any

import pytest

from pushbutton.describe.usage import operands_in, options_in, told_by

ARGPARSE = """usage: move.py [-h] [--db_host HOST] [-v] [-k {full,prices}] [--range FROM TO]
               [--only ONLY] --shop SHOP [--backup | --no-backup]
               [--many MANY [MANY ...]]
               till [extra ...]

Moves a till.

positional arguments:
  till                  its number
  extra

options:
  -h, --help            show this help message and exit
  --db_host HOST        the one that
                        has it
  -v, --verbose
  -k {full,prices}      which
  --range FROM TO
  --shop SHOP           which shop
  --backup, --no-backup
                        make one (default: True)
  --many MANY [MANY ...]
  --n N                 how many (default: 7)
"""
CLICK = """Usage: x.py [OPTIONS] NAME [REST]...

Options:
  --rush / --no-rush          Hurry.  [default: no-rush]
  --kind [full|prices]        Kind.  [default: full]
  -n, --number INTEGER        How many.  [default: 3; required]
  --path PATH                 [required]
  --help                      Show this message and exit.
"""
TYPER = """
 Usage: t.py [OPTIONS] NAME

╭─ Arguments ────────────────────────────────────────────────╮
│ *    name      TEXT  whose [required]                      │
╰────────────────────────────────────────────────────────────╯
╭─ Options ──────────────────────────────────────────────────╮
│ --count   -c              INTEGER  how many [default: 1]   │
│ --fast        --no-fast            [default: no-fast]      │
│ --help                             Show this message.      │
╰────────────────────────────────────────────────────────────╯
"""
GNU = """\x1b[1mUsage:\x1b[0m copy [OPTION]... SOURCE... DEST
Copies.

  -a, --all            copy all
  -t, --target=DIR     where it goes
      --sort[=WORD]    in which order
  -h, --help           this
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            ARGPARSE,
            {
                "till": {"flags": (), "required": True, "help": "its number"},
                "extra": {"flags": (), "required": False, "words": "*"},
                "db_host": {"flags": ("--db_host",), "help": "the one that has it", "required": False},
                "verbose": {"flags": ("-v", "--verbose"), "type": "bool"},
                "k": {"choices": ("full", "prices")},
                "range": {"words": "2"},
                "shop": {"required": True},
                "backup": {"off": "--no-backup", "default": True, "help": "make one"},
                "many": {"words": "+"},
                "n": {"default": "7", "help": "how many"},
            },
        ),
        (
            CLICK,
            {
                "name": {"required": True},
                "rest": {"words": "*", "required": False},
                "rush": {"off": "--no-rush", "default": False, "help": "Hurry."},
                "kind": {"choices": ("full", "prices"), "default": "full"},
                "number": {"type": "int", "default": 3, "required": True, "help": "How many."},
                "path": {"required": True, "help": ""},
            },
        ),
        (
            TYPER,
            {
                "name": {"required": True, "help": "whose"},
                "count": {"type": "int", "default": 1, "help": "how many", "flags": ("--count", "-c")},
                "fast": {"off": "--no-fast", "default": False},
            },
        ),
        (
            GNU,
            {
                "source": {"words": "+"},
                "dest": {"required": True},
                "all": {"type": "bool"},
                "target": {"flags": ("-t", "--target"), "help": "where it goes"},
                "sort": {"type": "str"},
            },
        ),
    ],
)
def test_what_is_printed_is_read(text: str, expected: dict[str, dict[str, Any]]):
    found = {one.name: one for one in told_by(text).command.arguments}
    assert list(found) == list(expected)
    for name, more in expected.items():
        assert {key: getattr(found[name], key) for key in more} == more, name


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Usage: $0 -s SHOP [-d DAY] [-f] [FILE...]", [("file", False, "*")]),
        ("usage: cp.sh <from-here> <to>", [("from_here", True, ""), ("to", True, "")]),
        ("# Usage: back.sh backup|restore [--parts=LIST] [PLACE]", [("command", True, ""), ("place", False, "")]),
        ("USAGE: x [options] A [B]", [("a", True, ""), ("b", False, "")]),
        ("nothing of it", []),
    ],
)
def test_the_operands_stand_in_the_usage_line(line: str, expected: list[tuple[str, bool, str]]):
    assert [(one.name, one.required, one.words) for one in operands_in([line])] == expected


def test_only_lines_that_begin_with_an_option_are_options():
    lines = [
        "we use -x here",
        "- a point",
        "--",
        "-x",
        "-y  why",
        "  -z Z\thow",
        "-o | --on: yes",
        "-5 degrees outside",
    ]
    assert [(one.flags, one.help) for one in options_in(enumerate(lines))] == [
        (("-x",), ""),
        (("-y",), "why"),
        (("-z",), "how"),
        (("-o", "--on"), "yes"),
    ]
