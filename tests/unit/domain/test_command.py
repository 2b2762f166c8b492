"""From a task and its inputs to argv and environment."""

from __future__ import annotations

import json

import pytest

from pushbutton.domain.argument_text import protected
from pushbutton.domain.command import build
from pushbutton.domain.interpreter import module_command
from pushbutton.domain.param import Inputs, Param, ParamType
from pushbutton.domain.targets import CommandTarget, PythonTarget, ScriptTarget, Target
from pushbutton.domain.task import Command, Source, Task
from pushbutton.domain.template import BadTemplate, holes
from pushbutton.errors import InvalidInputs

NAME = Param("name", ParamType.STR)


def made(target: Target, inputs: Inputs, *params: Param) -> Command:
    return build(Task("t", "T", target, Source("x"), params=params), inputs, python="/py")


def test_a_python_task_runs_in_our_child_with_its_inputs_as_payload():
    command = made(PythonTarget("/jobs/shop.py", "deploy"), {"name": "x"}, NAME)
    assert command.argv == module_command("/py", "job.child", "/jobs/shop.py", "deploy")
    assert command.argv[:2] == ("/py", "-P")
    assert json.loads(command.payload) == {"name": "x"}
    assert command.env == {}


@pytest.mark.parametrize("value", ["a b; rm -rf ~", "$(id)", "`id`", "'\"\\", "a\nb", "*", "{name}", "{{"])
def test_a_value_stays_one_argument_whatever_it_holds(value: str):
    assert made(CommandTarget(("say", "{name}", "--to={name}")), {"name": value}, NAME).argv == (
        "say",
        value,
        f"--to={value}",
    )


def test_doubled_braces_are_braces():
    assert made(CommandTarget(("say", "{{name}}", "${{HOME}}")), {}).argv == ("say", "{name}", "${HOME}")


@pytest.mark.parametrize("item", ["{", "}", "{name", "name}", "{na me}", "{}", "{0}"])
def test_braces_that_do_not_fit_are_a_bad_template(item: str):
    with pytest.raises(BadTemplate):
        holes(item)


def test_a_value_cannot_become_an_option():
    with pytest.raises(InvalidInputs) as caught:
        made(CommandTarget(("cat", "{name}")), {"name": "--help"}, NAME)
    assert caught.value.fields == {
        "name": "Begin this with something other than “-”: the job would take it for an option."
    }
    with pytest.raises(InvalidInputs):
        made(CommandTarget(("cat", "{name}.txt")), {"name": "-x"}, NAME)


def test_a_value_with_a_dash_is_taken_where_it_can_be_no_option():
    for argv in (("cat", "--", "{name}"), ("cat", "--file={name}"), ("cat", "x{name}")):
        assert made(CommandTarget(argv), {"name": "-x"}, NAME).argv[-1].endswith("-x")
    dash = Param("name", ParamType.STR, dash=True)
    assert made(CommandTarget(("cat", "{name}")), {"name": "-x"}, dash).argv == ("cat", "-x")


def test_an_item_without_value_falls_away():
    target = CommandTarget(("cat", "{name}", "--n={name}", "end"))
    assert made(target, {}, Param("name", ParamType.STR, required=False)).argv == ("cat", "end")


def test_an_input_that_the_command_does_not_name_is_in_its_environment():
    other = Param("other_one", ParamType.BOOL)
    command = made(CommandTarget(("cat", "{name}")), {"name": "a", "other_one": True}, NAME, other)
    assert command.env == {"OTHER_ONE": "true"}


@pytest.mark.parametrize("name", ["path", "ld_preload", "pythonpath", "ifs", "env", "bash_env", "pushbutton_events"])
def test_no_input_sets_a_variable_that_programs_act_on(name: str):
    assert protected(name.upper())
    assert made(CommandTarget(("true",)), {name: "x"}, Param(name, ParamType.STR)).env == {}


def test_a_secret_is_in_the_environment_and_never_in_argv():
    secret = Param("token", ParamType.SECRET)
    command = made(ScriptTarget("/s", {"token": "option"}), {"token": "s3cret"}, secret)
    assert (command.argv, command.env) == (("/s",), {"TOKEN": "s3cret"})
    with pytest.raises(InvalidInputs):
        made(CommandTarget(("x", "{token}")), {"token": "s3cret"}, secret)


def test_a_script_gets_each_input_in_the_way_declared():
    params = [Param("dry_run", ParamType.BOOL), NAME, Param("days", ParamType.CHOICES), Param("n", ParamType.INT)]
    target = ScriptTarget("/s", {"dry_run": "option", "name": "argument", "days": "option"})
    command = made(target, {"dry_run": True, "name": "a b", "days": ["mo", "tu"], "n": 3}, *params)
    assert command.argv == ("/s", "--dry-run", "--days=mo,tu", "a b")
    assert command.env == {"N": "3"}


def test_what_the_system_runs_by_itself_is_no_script():
    assert made(ScriptTarget("/s", shebang="#!/bin/sh"), {}).script
    assert not made(ScriptTarget("/s"), {}).script


def test_an_input_without_a_value_is_an_empty_variable():
    names = ("who", "mode", "lang", "lc_time", "shown")
    params = tuple(Param(name, ParamType.STR, required=False) for name in names)
    key = Param("key", ParamType.SECRET, required=False)
    script = ScriptTarget("/jobs/x.sh", {"shown": "argument"})
    task = Task("t", "T", script, Source("x"), params=(*params, key), env={"MODE": "the author's"})
    assert build(task, {}, python="/py").env == {"WHO": "", "KEY": "", "MODE": "the author's"}
    assert build(task, {"who": None, "lang": "de", "mode": ""}, python="/py").env == {
        "WHO": "", "KEY": "", "LANG": "de", "MODE": "",
    }  # fmt: skip


def test_several_values_of_which_one_holds_a_comma_are_refused_where_nobody_could_take_them_apart():
    rooms = Param("rooms", ParamType.CHOICES)
    for target in (CommandTarget(("say", "{rooms}")), ScriptTarget("/jobs/x.sh")):
        with pytest.raises(InvalidInputs) as caught:
            made(target, {"rooms": ["a", "b,c"]}, rooms)
        assert caught.value.fields["rooms"].startswith("One of these holds a comma")
    assert json.loads(made(PythonTarget("/x.py", "f"), {"rooms": ["a", "b,c"]}, rooms).payload) == {
        "rooms": ["a", "b,c"]
    }
