"""What a usage text tells of what its script takes by docopt."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pushbutton.adapters.catalog.script_form import forms_of
from pushbutton.describe.arguments.found import Argument, NotRead, Script
from pushbutton.describe.arguments.read import read_python

OPTIONS = """
Options:
  -k KIND --kind=KIND  Which kind
                       of copy [default: full].
  -z, --zip            Pack it.
  --where=<place>      Where to.
  -h --help            This.
"""


def found(usage: str, options: str = OPTIONS) -> Script:
    script = read_python(
        f'"""Copies.\n\n{usage}\n{options}"""\nfrom docopt import docopt\ndocopt(__doc__, version="1")'
    )
    assert script is not None
    return script


def arguments(usage: str) -> list[Argument]:
    script = found(f"Usage: copy {usage}")
    assert script.command.commands == []
    return script.command.arguments


@pytest.mark.parametrize(
    ("usage", "more"),
    [
        ("<shop>", {"name": "shop", "flags": (), "required": True, "words": "", "ends": False}),
        ("SHOP-NAME", {"name": "shop_name"}),
        ("[<shop>]", {"required": False}),
        ("[--] <shop>", {"ends": True}),
        ("<shop>...", {"words": "+", "required": True}),
        ("[<shop>...]", {"words": "*", "required": False}),
        ("[<shop>]...", {"words": "*", "required": False}),
        ("<shop> <shop>", {"words": "2"}),
        ("<shop> <shop>...", {"words": "+"}),
        ("[--kind=KIND]", {"flags": ("-k", "--kind"), "default": "full", "help": "Which kind of copy."}),
        ("[-k KIND]", {"flags": ("-k", "--kind"), "default": "full", "metavar": "KIND"}),
        ("[--kind KIND]", {"flags": ("-k", "--kind")}),
        ("--where=<place>", {"flags": ("--where",), "required": True, "default": None}),
        ("[-z]", {"flags": ("-z", "--zip"), "type": "bool", "default": False}),
        ("[--new=<n>]", {"flags": ("--new",), "type": "str"}),
        ("[--where=<place>]...", {"repeat": True}),
        ("[--kind=KIND]...", {"repeat": True, "unknown": True, "default": None}),
        ("[-v]...", {"count": True}),
        ("[-vv]", {"count": True}),
        ("(--help | <shop>)", {"name": "shop"}),
        ("[-] <shop>", {"name": "shop"}),
    ],
)
def test_an_argument_is_what_the_usage_and_its_options_say(usage: str, more: dict[str, Any]) -> None:
    (argument,) = arguments(usage)
    assert {name: getattr(argument, name) for name in more} == more


def test_the_rest_of_the_options_stands_for_those_that_are_described() -> None:
    assert [one.name for one in arguments("[options] [--zip] <shop>")] == ["kind", "where", "zip", "shop"]


def test_options_of_which_one_can_be_given_belong_together() -> None:
    made = arguments("[--zip | --where=<place>] (--new | --old)")
    assert [(one.name, one.one_of, one.one_needed) for one in made] == [
        ("zip", made[0].one_of, False), ("where", made[0].one_of, False), ("new", made[2].one_of, True),
        ("old", made[2].one_of, True),
    ]  # fmt: skip
    assert made[0].one_of != made[2].one_of


WAYS: dict[str, tuple[str, dict[str, tuple[str, list[str]]]]] = {
    "a line each": (
        "Usage:\n  c add <x>\n  c remove [--all]\n  c -h | --help",
        {"add": ("add", ["x"]), "remove": ("remove", ["all"])},
    ),
    "words that stand for each other": ("Usage: c (on|off) X", {"on": ("on", ["x"]), "off": ("off", ["x"])}),
    "a word that may be left out": ("Usage: c [fast] X", {"fast": ("fast", ["x"]), "": ("", ["x"])}),
    "words behind an operand": ("Usage: c ship <x> move <y>", {"ship move": ("ship move", ["x", "y"])}),
    "an option that is always given": ("Usage: c --go <x>", {"go": ("--go", ["x"])}),
    "ways that no word tells apart": (
        "Usage:\n  c <file>\n  c --all\n  c --from=<x>",
        {"file": ("", ["file"]), "all": ("--all", []), "from": ("", ["from_"])},
    ),
    "one operand or another": ("Usage: c (<a> | <b> <c>)", {"a": ("", ["a"]), "b": ("", ["b", "c"])}),
    "all of them or none": ("Usage: c [(<a> <b>)]", {"a": ("", ["a", "b"]), "": ("", [])}),
    "the same word for two": (
        "Usage:\n  c add <x>\n  c add --from=<y>",
        {"add x": ("add", ["x"]), "add from": ("add", ["from_"])},
    ),
    "nothing or something": ("Usage:\n  c\n  c <x>", {"": ("", []), "x": ("", ["x"])}),
}


@pytest.mark.parametrize(("usage", "forms"), WAYS.values(), ids=WAYS)
def test_ways_of_calling_it_are_a_task_each(usage: str, forms: dict[str, tuple[str, list[str]]]) -> None:
    made = forms_of(json.loads(json.dumps(found(usage, "").json())))
    assert {form.command: (form.words, [param.name for param in form.params]) for form in made} == forms


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("docopt(make())", "line 2: its usage is only known when it runs"),
        ("docopt('no such thing')", "there is no usage in its text"),
        ("docopt('Usage: c x\\n\\nUsage: c y')", "there are two usages in its text"),
        ("docopt('Usage: c (<a> <b>)...')", "it repeats several words together"),
        ("docopt('Usage: c (<a>')", "a bracket of its usage is never closed"),
        ("docopt('Usage: c <a>)')", "a bracket of its usage is never opened"),
        ("docopt('Usage: c ' + '[a] ' * 9)", "it can be called in too many ways"),
        ("docopt('Usage: c <a> x <a>')", None),
    ],
)
def test_a_usage_that_is_no_form_is_said(source: str, why: str | None) -> None:
    text = f"from docopt import docopt\n{source}"
    if why is None:
        assert read_python(text) is not None
        return
    with pytest.raises(NotRead) as error:
        read_python(text)
    assert str(error.value) == why
