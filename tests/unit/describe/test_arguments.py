"""What a source tells of the arguments that its script takes. Nothing of it runs."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from pushbutton.describe.arguments.found import Argument, Script
from pushbutton.describe.arguments.read import read_file, read_python
from pushbutton.describe.arguments.values import TooLong

HEAD = "import argparse\nparser = argparse.ArgumentParser()\n"
END = "\nparser.parse_args()\n"


def found(source: str) -> Script:
    script = read_python(textwrap.dedent(source))
    assert script is not None
    return script


def one(call: str, before: str = "") -> Argument:
    (argument,) = found(f"{before}\n{HEAD}parser.add_argument({call}){END}").command.arguments
    return argument


def names(script: Script) -> list[str]:
    return [argument.flag or argument.name for argument in script.command.arguments]


@pytest.mark.parametrize(
    ("call", "more"),
    [
        ("'till'", {"name": "till", "required": True, "flags": ()}),
        ("'--db_host', default='db-a'", {"name": "db_host", "flag": "--db_host", "default": "db-a"}),
        ("'-shop'", {"name": "shop", "flag": "-shop"}),
        ("'-k', '--kind', dest='other'", {"name": "kind", "flag": "--kind"}),
        ("'-n', type=int, required=True", {"name": "n", "type": "int", "required": True}),
        ("'--class'", {"name": "class_"}),
        ("'--2fa', action='store_true'", {"name": "n2fa", "type": "bool", "default": False}),
        ("'-v', action='count', default=0", {"count": True, "default": 0}),
        ("'--only', action='append', type=int", {"repeat": True, "type": "int"}),
        ("'--backup', action=argparse.BooleanOptionalAction, default=True", {"off": "--no-backup", "default": True}),
        ("'--range', nargs=2, type=float", {"words": "2", "type": "float"}),
        ("'--one', nargs=1", {"words": ""}),
        ("'rest', nargs=argparse.REMAINDER", {"words": "*", "rest": True, "required": False}),
        ("'file', nargs='?', type=argparse.FileType('r'), default='-'", {"type": "file", "required": False}),
        ("'--log', type=argparse.FileType('a')", {"type": "out"}),
        ("'--day', help=argparse.SUPPRESS", {"hidden": True}),
        ("'--kind', choices=KINDS, default=KINDS[0]", {"choices": ("full", "prices"), "default": "full"}),
        ("'--kind', choices=sorted(KINDS)", {"choices": ("full", "prices")}),
        ("'--port', choices=range(8000, 9000), type=int", {"choices": (), "min": 8000, "max": 8999}),
        ("'--shop', choices=SHOPS.keys()", {"choices": ()}),
        ("'--where', default=os.environ.get('WHERE', 'x')", {"unknown": True, "default": None}),
        ("'--where', default=os.path.join('a', 'b')", {"unknown": False, "default": "a/b"}),
        ("'--many', action='append', default=['a']", {"unknown": True}),
        ("f'--{KINDS[1]}'", {"flag": "--prices"}),
    ],
)
def test_an_argument_is_what_its_call_says(call: str, more: dict[str, Any]):
    before = "import os\nfrom tillkit import SHOPS\nKINDS = ('full', 'prices')"
    argument = one(call, before)
    assert {name: getattr(argument, name) for name in more} == more


WAYS = {
    "in a function that is called": """
        import argparse
        def main():
            p = argparse.ArgumentParser()
            p.add_argument("--x")
            p.parse_args()
        main()
    """,
    "on what a function gives": """
        import argparse as a
        def make():
            p = a.ArgumentParser()
            p.add_argument("--x")
            return p
        if __name__ == "__main__":
            raise SystemExit(make().parse_args())
    """,
    "by a helper": """
        from argparse import *
        def add(p, name, **more): p.add_argument(name, **more)
        p = ArgumentParser()
        add(p, "--x", help="an x")
        p.parse_args()
    """,
    "from a parent": """
        import argparse
        base = argparse.ArgumentParser(add_help=False)
        base.add_argument("--x")
        p = argparse.ArgumentParser(parents=[base])
        p.parse_args()
    """,
    "in a group": """
        import argparse
        p = argparse.ArgumentParser()
        p.add_argument_group("g").add_argument("--x")
        p.parse_args()
    """,
    "in a class": """
        import argparse
        class App:
            def __init__(self):
                self.p = argparse.ArgumentParser()
                self.p.add_argument("--x")
            def run(self): return self.p.parse_args()
        App().run()
    """,
    "in a class that is a parser": """
        import argparse
        class P(argparse.ArgumentParser):
            def __init__(self):
                super().__init__()
                self.add_argument("--x")
        P().parse_args()
    """,
    "in a loop over what is written down": """
        import argparse
        p = argparse.ArgumentParser()
        for n in ("x",): p.add_argument("--" + n)
        p.parse_args()
    """,
    "where a condition is unknown": """
        import argparse, os
        p = argparse.ArgumentParser()
        if os.getuid() == 0: p.add_argument("--x")
        p.parse_args()
    """,
    "in a coroutine": """
        import argparse, asyncio
        async def main():
            p = argparse.ArgumentParser()
            p.add_argument("--x")
            p.parse_args()
        asyncio.run(main())
    """,
    "beside a module that may not be there": """
        import argparse
        try:
            import yaml
        except ImportError:
            yaml = None
        p = argparse.ArgumentParser()
        p.add_argument("--x")
        p.parse_args()
    """,
    "below with": """
        import argparse
        with open("x") as f:
            p = argparse.ArgumentParser()
            p.add_argument("--x")
        p.parse_args()
    """,
}


@pytest.mark.parametrize("source", WAYS.values(), ids=WAYS)
def test_wherever_an_argument_is_added_it_is_found(source: str):
    assert names(found(source)) == ["--x"]


def test_subcommands_have_their_own_arguments_and_what_they_take_over():
    script = found(
        """
        import argparse
        shared = argparse.ArgumentParser(add_help=False)
        shared.add_argument("-v", action="count")
        top = argparse.ArgumentParser(fromfile_prefix_chars="@")
        top.add_argument("--where")
        sub = top.add_subparsers(dest="what", required=True)
        move = sub.add_parser("move", parents=[shared], help="move one", aliases=["mv"])
        move.add_argument("till")
        sub.add_parser("list")
        top.parse_args()
        """
    )
    assert (script.from_file, names(script)) == ("@", ["--where"])
    assert [(sub.name, sub.help, [a.name for a in sub.arguments]) for sub in script.command.commands] == [
        ("move", "move one", ["v", "till"]),
        ("list", "", []),
    ]


def test_options_of_which_one_can_be_given_belong_together():
    script = found(f"{HEAD}g = parser.add_mutually_exclusive_group(required=True)\ng.add_argument('--a')\n"
                   f"g.add_argument('--b', action='store_true'){END}")  # fmt: skip
    assert [(one.name, one.one_of, one.one_needed) for one in script.command.arguments] == [
        ("a", 1, True),
        ("b", 1, True),
    ]


@pytest.mark.parametrize(
    ("call", "gap", "left_out"),
    [
        ("*FLAGS", "an option that is made in a way that only running tells is left out", 1),
        ("'--x', **MORE", "an option that is made in a way that only running tells is left out", 1),
        ("'--x', action=Act", "--x does something of the script's own, and is left out", 1),
        ("'--x', nargs=MORE", "how many values --x takes is only known when it runs; it is left out", 1),
        ("'--x', default=MORE", "the default of --x is only known when it runs", 0),
        ("'--x', choices=MORE", "the choices of --x are only known when it runs", 0),
    ],
)
def test_what_only_running_tells_is_said_with_its_line(call: str, gap: str, left_out: int):
    script = found(
        f"from elsewhere import *\nfrom other import FLAGS, MORE, Act\n{HEAD}parser.add_argument({call}){END}"
    )
    assert [(one.line, one.text) for one in script.gaps] == [(5, gap)]
    assert (script.left_out, len(script.command.arguments)) == (left_out, 1 - left_out)


def test_of_two_parsers_the_one_that_is_used_counts():
    script = found(
        """
        import argparse
        first = argparse.ArgumentParser()
        first.add_argument("--unused")
        second = argparse.ArgumentParser()
        second.add_argument("--used")
        second.parse_args()
        """
    )
    assert names(script) == ["--used"]


def test_a_script_that_uses_no_parser_has_no_form():
    assert read_python("import sys\nprint(sys.argv)\n") is None


@pytest.mark.parametrize(
    "source",
    [
        "x = 'a' * 10**9\ny = x * 10**9\nz = 2 ** 10 ** 9\nw = [0] * 10**12\n",
        "while True: pass\n",
        "def f(): return f()\nf()\n",
        "def f(n): return f(n + 1)\nf(0)\n",
        "x = '{:>1000000000}'.format(1)\ny = f'{1:>1000000000}'\nz = '%1000000000d' % 1\n",
        "x = [1]\nfor n in range(10**9): x = x + x\n",
        "import os\nos.system('touch /tmp/never')\nopen('/tmp/never', 'w')\n__import__('os').abort()\n",
    ],
)
def test_no_source_takes_long_or_much_or_does_anything(source: str):
    assert names(found(f"{HEAD}parser.add_argument('--x')\n{source}{END}")) == ["--x"]


def test_a_source_that_is_too_much_is_given_up():
    body = "\n".join(f"{'    ' * n}for n{n} in range(1000):" for n in range(6))
    with pytest.raises(TooLong):
        read_python(f"{body}\n{'    ' * 6}pass\n")


def test_a_file_that_is_not_python_says_so(tmp_path):
    path = tmp_path / "old.py"
    path.write_text("import argparse\nprint = = argparse\n")
    assert read_file(str(path))["sentence"] == ": line 2 is not Python as it is here"
    assert read_file(str(tmp_path / "gone.py")) == {"sentence": ": it cannot be read (FileNotFoundError)"}


CONDITIONS = {
    "on one side": ("if UNKNOWN: add('--x')", ["whether there is --x is only known when it runs"], ["--x"]),
    "on both": ("if UNKNOWN: add('--x', default=1)\nelse: add('--x', default=1)", [], ["--x"]),
    "with other defaults": (
        "if UNKNOWN: add('--x', default='a')\nelse: add('--x', default='b')",
        ["the default of --x is only known when it runs"],
        ["--x"],
    ),
    "with other choices": (
        "if UNKNOWN: add('--x', choices=['a'])\nelse: add('--x', choices=['b'])",
        ["the choices of --x are only known when it runs"],
        ["--x"],
    ),
    "as something else": (
        "if UNKNOWN: add('--x', action='store_true')\nelse: add('--x')",
        ["what --x takes is only known when it runs; it is left out"],
        [],
    ),
    "on each of three": ("if A: add('x')\nelif B: add('x')\nelse: add('x')", [], ["x"]),
    "on two of three": (
        "if A: add('x')\nelif B: add('x')\nelse: pass",
        ["whether there is x is only known when it runs"],
        ["x"],
    ),
    "on one side of each of two": (
        "if A: add('--x')\nif B: add('--y')",
        ["whether there is --x is only known when it runs", "whether there is --y is only known when it runs"],
        ["--x", "--y"],
    ),
    "where a module is there": (
        "try:\n    import tillkit\n    there = True\nexcept ImportError:\n    there = False\nif there: add('--x')",
        ["whether there is --x is only known when it runs"],
        ["--x"],
    ),
    "known to be so": ("KINDS = ['a']\nif KINDS: add('--x')", [], ["--x"]),
    "known not to be so": ("if False: add('--x')", [], []),
    "a subcommand": (
        "sub = parser.add_subparsers()\nsub.add_parser('list')\nif A: sub.add_parser('go')",
        ["whether there is the subcommand “go” is only known when it runs"],
        [],
    ),
}


@pytest.mark.parametrize(("source", "gaps", "there"), CONDITIONS.values(), ids=CONDITIONS)
def test_what_is_added_under_a_condition_that_cannot_be_known_is_said(
    source: str, gaps: list[str], there: list[str]
) -> None:
    script = found(f"from other import A, B, UNKNOWN\n{HEAD}add = parser.add_argument\n{source}{END}")
    assert [gap.text for gap in script.gaps] == gaps
    assert names(script) == there
    assert not any(argument.required for argument in script.command.arguments if gaps)


def test_a_parser_that_is_under_a_condition_itself_has_its_arguments_for_sure() -> None:
    script = found("import argparse\nfrom other import A\nif A:\n    p = argparse.ArgumentParser()\n"
                   "    p.add_argument('--x')\n    p.parse_args()")  # fmt: skip
    assert (names(script), script.gaps) == (["--x"], [])
