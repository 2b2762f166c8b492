"""What a source tells of the options that it takes by optparse, and of its operands."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from pushbutton.describe.arguments.found import Argument, Script
from pushbutton.describe.arguments.read import read_python

HEAD = "from optparse import *\nimport sys\nfrom other import MORE\np = OptionParser(usage='%prog [options] SHOP')\n"


def found(source: str) -> Script:
    script = read_python(textwrap.dedent(source))
    assert script is not None
    return script


def one(call: str) -> Argument:
    (argument,) = found(f"{HEAD}p.add_option({call})\np.parse_args()").command.arguments
    return argument


@pytest.mark.parametrize(
    ("call", "more"),
    [
        ("'-k', '--kind', default='full'", {"name": "kind", "flag": "--kind", "default": "full", "required": False}),
        ("'-n', type='int', dest='number'", {"name": "n", "called": "number", "type": "int"}),
        ("'-n', type=float", {"type": "float"}),
        ("'--kind', type='choice', choices=['a', 'b']", {"choices": ("a", "b")}),
        ("'--kind', choices=MORE", {"choices": ()}),
        ("'-r', nargs=2, type='int'", {"words": "2", "type": "int"}),
        ("'-o', action='append'", {"repeat": True}),
        ("'-v', action='count', dest='loud'", {"count": True}),
        ("'-q', action='store_false', default=True", {"type": "bool", "default": False}),
        ("'--now', action='store_const', const='now', dest='when'", {"type": "bool"}),
        ("'--half', help='50% of %default', default=3", {"help": "50% of %(default)s"}),
        ("'--day', help=SUPPRESS_HELP", {"hidden": True}),
        ("'--where', default=MORE", {"unknown": True}),
        ("make_option('--kind', default='full')", {"name": "kind", "default": "full"}),
    ],
)
def test_an_option_is_what_its_call_says(call: str, more: dict[str, Any]) -> None:
    argument = one(call)
    assert {name: getattr(argument, name) for name in more} == more


def test_options_come_by_lists_groups_and_classes_and_defaults_of_their_own() -> None:
    script = found(
        """
        import optparse
        class P(optparse.OptionParser):
            def __init__(self):
                optparse.OptionParser.__init__(self, option_list=[optparse.make_option("--a")])
                self.add_option("--b")
        class Q(optparse.OptionParser):
            def __init__(self):
                super().__init__(option_list=[optparse.make_option("--a")], description="Moves")
                self.add_option("--b")
        p = Q()
        p.set_defaults(b="x", late="y")
        g = optparse.OptionGroup(p, "More", "of it")
        g.add_option("--c")
        p.add_option_group(g)
        p.add_options([optparse.Option("--late")])
        p.parse_args()
        """
    )
    assert [(one.flag, one.default) for one in script.command.arguments] == [
        ("--a", None), ("--b", "x"), ("--c", None), ("--late", "y"),
    ]  # fmt: skip
    assert (script.command.help, script.gaps) == ("Moves", [])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("'--x', action='callback', callback=MORE", "--x does something of the script's own, and is left out"),
        ("'--x', nargs=MORE", "how many values --x takes is only known when it runs; it is left out"),
        ("*MORE", "an option that is made in a way that only running tells is left out"),
        ("MORE", "an option that is made in a way that only running tells is left out"),
    ],
)
def test_what_only_running_tells_is_left_out_with_its_line(call: str, text: str) -> None:
    script = found(f"{HEAD}p.add_option({call})\np.parse_args()")
    assert script.command.arguments == []
    assert [(gap.line, gap.text, gap.left_out) for gap in script.gaps] == [(5, text, True)]


ANY = "how many operands it takes is only known when it runs"
OPERANDS: dict[str, tuple[str, tuple[str, str, bool] | None, list[str]]] = {
    "are not looked at": ("opts, args = p.parse_args()\nprint(opts)", None, []),
    "are thrown away": ("opts = p.parse_args()[0]\nprint(opts)", None, []),
    "are refused": ("opts, args = p.parse_args()\nif args: p.error('none')\nprint(args)", None, []),
    "are refused by number": ("opts, args = p.parse_args()\nif len(args) > 0:\n    sys.exit('no')", None, []),
    "are one": ("o, args = p.parse_args()\nif len(args) != 1: p.error('one')\nprint(args[0])", ("shop", "", True), []),
    "are three": ("o, args = p.parse_args()\nif len(args) != 3: p.error('x')\nprint(args)", ("args", "3", True), []),
    "are one at least": ("o, a = p.parse_args()\nif not a:\n    p.print_help()\n    sys.exit(2)\nprint(a)",
                         ("args", "+", True), []),
    "are one at most": ("o, a = p.parse_args()\nif len(a) > 1: p.error('x')\nprint(a)", ("shop", "", False), []),
    "are one or two": ("o, a = p.parse_args()\nif len(a) < 1: p.error('x')\nelif len(a) > 2: p.error('x')\nprint(a)",
                       ("args", "+", True), []),
    "are as many as there are": ("o, a = p.parse_args()\nfor x in a: print(x)", ("args", "*", False), [ANY]),
    "are done without": ("o, a = p.parse_args()\nif not a:\n    every()\n    sys.exit()\nprint(a)",
                         ("args", "*", False), [ANY]),
    "are refused sometimes": ("o, a = p.parse_args()\nif o.x:\n    if not a: p.error('x')\nprint(a)",
                              ("args", "*", False), [ANY]),
    "come from a function": ("def f():\n    return p.parse_args()\no, a = f()\nprint(a)", ("args", "*", False), [ANY]),
    "are called as something else": ("o, a = p.parse_args()\ndef f(a): print(a)\nf(o)", None, []),
}  # fmt: skip


@pytest.mark.parametrize(("source", "operand", "gaps"), OPERANDS.values(), ids=OPERANDS)
def test_operands_are_as_the_script_looks_at_them(
    source: str, operand: tuple[str, str, bool] | None, gaps: list[str]
) -> None:
    script = found(f"{HEAD}{source}")
    assert [(one.name, one.words, one.required) for one in script.command.arguments] == [operand] * bool(operand)
    assert [gap.text for gap in script.gaps] == gaps
