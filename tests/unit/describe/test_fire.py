"""What a source tells of what it hands to Fire."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from pushbutton.describe.arguments.found import Argument, Command, Script
from pushbutton.describe.arguments.read import read_python

HEAD = """
import fire
from pathlib import Path
from typing import Annotated, List, Literal, Optional
from other import MORE
"""


def found(source: str) -> Script:
    script = read_python(HEAD + textwrap.dedent(source))
    assert script is not None
    return script


def one(parameter: str) -> Argument:
    (argument,) = found(f"def main({parameter}): ...\nfire.Fire(main)").command.arguments
    return argument


@pytest.mark.parametrize(
    ("parameter", "more"),
    [
        ("shop", {"flag": "--shop", "required": True, "type": "str", "literal": False}),
        ("shop: str", {"required": True, "type": "str", "literal": True}),
        ("shop='a'", {"default": "a", "literal": True, "required": False}),
        ("n=3", {"type": "int", "default": 3}),
        ("n: float = 0.5", {"type": "float", "default": 0.5}),
        ("n: Optional[int] = None", {"type": "int", "default": None, "unknown": False}),
        ("n: 'int | None' = None", {"type": "int"}),
        ("dry=True", {"type": "bool", "flag": "--dry=True", "off": "--dry=False", "default": True}),
        ("dry: bool", {"type": "bool", "default": False, "required": True}),
        ("only: List[int] = None", {"words": "*", "type": "int", "literal": True}),
        ("only: list", {"words": "+", "required": True, "type": "str"}),
        ("kind: Literal['a', 'b'] = 'a'", {"choices": ("a", "b"), "default": "a"}),
        ("sheet: Path", {"type": "path", "required": True}),
        ("pair=(1, 2)", {"unknown": True, "literal": False}),
        ("where=MORE", {"unknown": True}),
        ("*rest", {"flags": (), "words": "*", "required": False, "literal": False}),
        ("*, n: int", {"flag": "--n", "required": True}),
    ],
)
def test_an_argument_is_what_its_hint_and_default_say(parameter: str, more: dict[str, Any]) -> None:
    argument = one(parameter)
    assert {name: getattr(argument, name) for name in more} == more


def tree(command: Command) -> dict[str, Any]:
    return {
        "": [one.flag or one.name for one in command.arguments],
        **{one.name: tree(one) for one in command.commands},
    }


HANDED: dict[str, tuple[str, dict[str, Any]]] = {
    "a function": ("def go(x, y=1): ...\nfire.Fire(go)", {"": ["--x", "--y"]}),
    "operands before a list of them": ("def go(x, *y, z=1): ...\nfire.Fire(go)", {"": ["x", "--z", "y"]}),
    "a dict": (
        "def a(x): ...\ndef b(): ...\nfire.Fire({'a': a, 'more': {'b-c': b}})",
        {"": [], "a": {"": ["--x"]}, "more": {"": [], "b-c": {"": []}}},
    ),
    "a class": (
        """
        class Sub:
            def go(self, x): ...
        class Base:
            def old(self): ...
        class App(Base):
            def __init__(self, db='a'):
                self.sub = Sub()
            def move(self, till): ...
            def _not(self): ...
            @property
            def size(self): ...
            @staticmethod
            def plain(y): ...
        fire.Fire(App)
        """,
        {"": ["--db"], "move": {"": ["--till"]}, "plain": {"": ["--y"]}, "old": {"": []},
         "sub": {"": [], "go": {"": ["--x"]}}},
    ),
    "an object": ("class App:\n    def go(self, x): ...\nfire.Fire(App())", {"": [], "go": {"": ["--x"]}}),
    "a dataclass": (
        """
        import dataclasses
        @dataclasses.dataclass
        class App:
            x: int
            y: str = 'a'
            def go(self): ...
        fire.Fire(App)
        """,
        {"": ["--x", "--y"], "go": {"": []}},
    ),
    "all of the file": ("def a(x): ...\ndef b(): ...\nfire.Fire()", {"": [], "a": {"": ["--x"]}, "b": {"": []}}),
    "by its name": ("from fire import Fire\ndef a(x): ...\nFire(component=a, name='a')", {"": ["--x"]}),
}  # fmt: skip


@pytest.mark.parametrize(("source", "commands"), HANDED.values(), ids=HANDED)
def test_what_is_handed_over_is_its_command_line(source: str, commands: dict[str, Any]) -> None:
    script = found(source)
    assert tree(script.command) == commands
    assert script.gaps == []


def test_docstrings_say_what_arguments_are() -> None:
    script = found('''
        def go(till):
            """Moves a till.

            Args:
                till: its number
            """
        fire.Fire(go)
    ''')
    assert (script.command.help, script.command.arguments[0].help) == ("Moves a till.", "its number")


@pytest.mark.parametrize(
    ("source", "gap"),
    [
        ("def go(x, **more): ...\nfire.Fire(go)", "go takes options of any name, which are left out"),
        ("fire.Fire(MORE)", "what is called is only known when it runs"),
        ("fire.Fire({'a': MORE, 'b': lambda x: x})", "a subcommand that is only known when it runs is left out"),
        ("@MORE\ndef go(x): ...\nfire.Fire(go)", "what “other.MORE” makes of go is not known here"),
        ("@fire.decorators.SetParseFn(str)\ndef go(x): ...\nfire.Fire(go)",
         "how the values of go are read is only known when it runs"),
        ("class A:\n    def __init__(self, x): ...\n    def go(self, x): ...\n    def on(self): ...\nfire.Fire(A)",
         "go takes what A takes before: it is left out"),
        ("class A:\n    def __init__(self, x=1): ...\n    def go(self, x=1): ...\nfire.Fire(A)",
         "go takes x, as A does: it is left out"),
        ("class A(MORE):\n    def go(self, x=1): ...\nfire.Fire(A)",
         "what A takes from what it is made of is only known when it runs"),
    ],
)  # fmt: skip
def test_what_only_running_tells_is_said(source: str, gap: str) -> None:
    assert [one.text for one in found(source).gaps] == [gap]


def test_a_script_that_says_itself_what_is_called_takes_nothing() -> None:
    assert read_python(f"{HEAD}def go(x): ...\nfire.Fire(go, command='1')") is None
