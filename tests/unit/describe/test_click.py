"""What a source tells of the arguments that its click commands take."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from pushbutton.describe.arguments.found import Argument, Script
from pushbutton.describe.arguments.read import read_python


def found(source: str) -> Script:
    script = read_python(textwrap.dedent(source))
    assert script is not None
    return script


def one(call: str, made: str = "option") -> tuple[Argument, Script]:
    script = found(
        f"import click\nfrom other import MORE\n@click.command()\n@click.{made}({call})\ndef go(**x): ...\ngo()"
    )
    (argument,) = script.command.arguments
    return argument, script


@pytest.mark.parametrize(
    ("made", "call", "more"),
    [
        ("option", "'-k', '--kind', 'kinds', multiple=True", {"name": "kind", "flag": "--kind", "repeat": True}),
        ("option", "'--rush/--no-rush', default=True", {"off": "--no-rush", "default": True, "type": "bool"}),
        ("option", "'--loud', is_flag=True", {"type": "bool", "default": False}),
        ("option", "'-v', count=True", {"count": True}),
        ("option", "'--size', type=(int, str)", {"words": "2"}),
        ("option", "'--n', default=3", {"type": "int", "default": 3}),
        ("option", "'--yes-no', default=False", {"choices": ("true", "false"), "default": "false"}),
        ("option", "'--name', prompt=True", {"required": True}),
        ("option", "'--key', hide_input=True", {"type": "secret"}),
        ("option", "'--tone', type=click.Choice(['a', 'b'])", {"choices": ("a", "b")}),
        ("option", "'--tone', type=click.Choice(MORE)", {"choices": ()}),
        ("option", "'--log', type=click.File('w')", {"type": "out"}),
        ("option", "'--where', default=MORE", {"unknown": True}),
        ("argument", "'tons', type=click.IntRange(1, 40)", {"min": 1, "max": 40, "required": True, "type": "int"}),
        ("argument", "'notes', nargs=-1", {"words": "*", "required": False}),
        ("argument", "'notes', nargs=-1, required=True", {"words": "+", "required": True}),
        ("argument", "'file', type=click.File()", {"type": "file"}),
        ("password_option", "", {"type": "secret", "name": "password"}),
    ],
)
def test_an_argument_is_what_its_decorator_says(made: str, call: str, more: dict[str, Any]) -> None:
    argument, _ = one(call, made)
    assert {name: getattr(argument, name) for name in more} == more


def test_groups_have_their_commands_and_their_own_options() -> None:
    script = found(
        '''
        import click
        @click.group(invoke_without_command=True)
        @click.option("--mill")
        @click.pass_context
        def cli(ctx, mill):
            """Orders flour."""
        @cli.command()
        @click.argument("tons")
        def order_now(tons):
            """Orders some."""
        @click.command("list")
        def listing(): ...
        cli.add_command(listing)
        if __name__ == "__main__":
            cli(obj={})
        '''
    )
    top = script.command
    assert (top.alone, top.help, [one.name for one in top.arguments]) == (True, "Orders flour.", ["mill"])
    assert [(one.name, one.help, len(one.arguments)) for one in top.commands] == [
        ("order-now", "Orders some.", 1),
        ("list", "", 0),
    ]


def test_options_come_in_the_order_in_which_they_stand_also_by_a_decorator_of_the_file() -> None:
    script = found(
        """
        import click, functools
        def shared(function):
            @click.option("--b")
            @click.option("--c")
            @functools.wraps(function)
            def wrapped(*args, **kwargs): return function(*args, **kwargs)
            return wrapped
        @click.command()
        @click.option("--a")
        @shared
        @click.option("--d")
        def go(**x): ...
        go()
        """
    )
    assert [one.name for one in script.command.arguments] == ["a", "b", "c", "d"]


def test_a_decorator_of_another_file_is_a_gap() -> None:
    script = found(
        "import click\nfrom kit import shared\n@click.command()\n@shared\n@click.option('--a')\ndef go(**x): ...\ngo()"
    )
    assert [one.text for one in script.gaps] == ["what “kit.shared” adds to a command is only known when it runs"]
    assert [one.name for one in script.command.arguments] == ["a"]


def test_a_subcommand_whose_name_depends_on_the_version_of_click_is_left_out() -> None:
    script = found(
        "import click\n@click.group()\ndef cli(): ...\n@cli.command()\ndef order_cmd(): ...\n"
        "@cli.command()\ndef plain(): ...\ncli()"
    )
    assert ([one.name for one in script.command.commands], script.left_out) == (["plain"], 1)


@pytest.mark.parametrize(
    ("source", "gaps"),
    [
        ("@top.command()\ndef go(): ...", []),
        (
            "if MORE:\n    @top.command()\n    def go(): ...",
            ["whether there is the subcommand “go” is only known when it runs"],
        ),
        (
            "@click.command()\n@click.option('--x')\ndef go(x): ...\nif MORE: top.add_command(go)",
            ["whether there is the subcommand “go” is only known when it runs"],
        ),
        (
            """
def go(**x): ...
go = click.option('--x')(go)
if MORE: go = click.option('--y', required=True)(go)
go = top.command()(go)
""",
            ["whether there is --y is only known when it runs"],
        ),
    ],
)
def test_what_is_there_under_a_condition_that_cannot_be_known_is_said(source: str, gaps: list[str]) -> None:
    script = found(f"import click\nfrom other import MORE\n@click.group()\ndef top(): ...\n{source}\ntop()")
    assert [gap.text for gap in script.gaps] == gaps
    assert [one.name for one in script.command.commands] == ["go"]
    assert not any(argument.required for argument in script.command.commands[0].arguments)


def test_a_group_that_is_under_a_condition_itself_has_its_commands_for_sure() -> None:
    script = found(
        """
        import click
        from other import MORE
        if MORE:
            @click.group()
            def top(): ...
            @top.command()
            @click.option("--x")
            def go(x): ...
            top()
        """
    )
    assert ([one.name for one in script.command.commands], script.gaps) == (["go"], [])
