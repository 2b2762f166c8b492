"""What a source tells of the arguments that its typer commands take, held against the real typer."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
import typer.main

from pushbutton.describe.arguments.found import Argument, Script
from pushbutton.describe.arguments.read import read_python
from pushbutton.errors import InvalidInputs
from tests.unit.adapters.test_round_trip import command_line

HEAD = """
import enum, datetime
from pathlib import Path
from typing import Annotated, List, Literal, Optional, Tuple
import typer
class Kind(str, enum.Enum):
    full = "full copy"
    prices = "prices"
def later(): return "x"
found = {}
"""


def found(source: str) -> Script:
    script = read_python(HEAD + textwrap.dedent(source))
    assert script is not None
    return script


def one(parameter: str) -> Argument:
    (argument,) = found(f"def main({parameter}): ...\ntyper.run(main)").command.arguments
    return argument


@pytest.mark.parametrize(
    ("parameter", "more"),
    [
        ("shop: str", {"flags": (), "required": True}),
        ("shop: str = 'a'", {"flag": "--shop", "default": "a"}),
        ("out_dir: Path", {"name": "out_dir", "type": "path"}),
        ("day: Annotated[Optional[str], typer.Option(help='As 2026')] = None", {"flag": "--day", "help": "As 2026"}),
        ("kind: Kind = Kind.full", {"choices": ("full copy", "prices"), "default": "full copy"}),
        ("kind: Kind = Kind['full']", {"choices": ("full copy", "prices"), "default": "full copy"}),
        ("kind: Literal['a', 'b'] = 'a'", {"choices": ("a", "b")}),
        ("dry_run: bool = True", {"off": "--no-dry-run", "default": True}),
        ("loud: bool = typer.Option(False, '--loud', '-l')", {"flag": "--loud", "off": "", "default": False}),
        ("yes: bool = typer.Option(True, '--yes/--never')", {"off": "--never", "default": True}),
        ("only: list[int] = typer.Option([], '--only', '-o', min=1)", {"repeat": True, "type": "int", "min": 1}),
        ("files: List[Path]", {"words": "+", "required": True, "type": "str"}),
        ("files: 'Optional[List[str]]' = typer.Argument(None)", {"words": "*", "required": False}),
        ("pair: Tuple[int, int] = typer.Option(..., '--pair')", {"words": "2", "required": True, "type": "int"}),
        ("n: int = typer.Argument(3, max=9)", {"flags": (), "default": 3, "max": 9, "required": False}),
        ("v: int = typer.Option(0, '-v', count=True)", {"count": True}),
        ("key: str = typer.Option(..., hide_input=True)", {"type": "secret"}),
        ("when: datetime.datetime = None", {"type": "datetime"}),
        ("text: str = typer.Option(default_factory=later)", {"unknown": True}),
        ("name: str | None = None", {"type": "str", "required": False}),
    ],
)
def test_an_argument_is_what_its_hint_and_default_say(parameter: str, more: dict[str, Any]) -> None:
    argument = one(parameter)
    assert {name: getattr(argument, name) for name in more} == more


def test_an_app_of_one_command_is_that_command_and_others_are_subcommands() -> None:
    alone = found("app = typer.Typer()\n@app.command()\ndef go(shop: str): 'Goes.'\napp()")
    assert ([one.name for one in alone.command.arguments], alone.command.help) == (["shop"], "Goes.")
    many = found(
        """
        app, shops = typer.Typer(help="All of it"), typer.Typer()
        app.add_typer(shops, name="shops")
        @app.callback()
        def top(loud: bool = False): ...
        @app.command("one-more")
        def other(ctx: typer.Context, n: int): ...
        @shops.command()
        def open_all(): ...
        @shops.command()
        def close(): ...
        if __name__ == "__main__":
            app()
        """
    )
    assert [one.name for one in many.command.arguments] == ["loud"]
    assert [(one.name, [sub.name for sub in one.commands]) for one in many.command.commands] == [
        ("one-more", []),
        ("shops", ["open-all", "close"]),
    ]


def test_what_only_running_tells_is_left_out_with_its_line() -> None:
    script = found("from kit import Opt, Shop\ndef main(a: int = Opt(3), b: Shop = None): ...\ntyper.run(main)")
    assert script.command.arguments == []
    assert [one.text for one in script.gaps] == [
        "whether “a” is an option is only known when it runs; it is left out",
        "what b can be is only known when it runs; it is left out",
    ]


@pytest.mark.parametrize(
    ("parameters", "inputs", "expected"),
    [
        ("shop: str, n: int = 3", {"shop": "-x", "n": -4}, {"shop": "-x", "n": -4}),
        ("dry_run: bool = True, loud: bool = False", {"dry_run": False}, {"dry_run": False, "loud": False}),
        ("loud: bool = typer.Option(False, '--loud')", {"loud": True}, {"loud": True}),
        ("only: List[int] = typer.Option([], '-o')", {"o": [3, -1]}, {"only": [3, -1]}),
        ("kind: Kind = Kind.full", {"kind": "prices"}, {"kind": "prices"}),
        ("names: List[str]", {"names": ["a b", "--c"]}, {"names": ["a b", "--c"]}),
        ("v: int = typer.Option(0, '-v', count=True)", {"v": 3}, {"v": 3}),
        ("pair: Tuple[int, int] = typer.Option((0, 0))", {"pair": [1, 2]}, {"pair": (1, 2)}),
        ("where: str = typer.Option('x', '-w', '--where')", {"where": "=,'\" "}, {"where": "=,'\" "}),
    ],
)
def test_typer_finds_what_was_filled_in(parameters: str, inputs: dict[str, Any], expected: dict[str, Any]) -> None:
    source = f"{HEAD}def main({parameters}): found.update(locals())\n"
    argv = command_line(f"{source}typer.run(main)", inputs)
    space: dict[str, Any] = {}
    exec(source, space)  # it is of this file
    app = typer.Typer()
    app.command()(space["main"])
    typer.main.get_command(app).main(argv, standalone_mode=False)
    assert {name: getattr(value, "value", value) for name, value in space["found"].items()} == expected, argv


def test_a_value_that_typer_would_take_for_an_option_is_refused() -> None:
    source = f"{HEAD}def main(pair: Tuple[str, str] = typer.Option(('', ''))): ...\ntyper.run(main)"
    with pytest.raises(InvalidInputs):
        command_line(source, {"pair": ["-a", "b"]})


def test_a_command_that_is_there_under_a_condition_that_cannot_be_known_is_said() -> None:
    script = found(
        """
        from other import MORE
        app = typer.Typer()
        @app.command()
        def one(): ...
        if MORE:
            @app.command()
            def other(): ...
        app()
        """
    )
    assert [one.text for one in script.gaps] == ["whether there is the subcommand “other” is only known when it runs"]
