"""How an input is passed in a command line, as a script's head and a configuration file say it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from pushbutton.adapters.catalog.config import read_config
from pushbutton.adapters.catalog.model import FileTasks, Form, Found
from pushbutton.adapters.catalog.schema import config_schema
from pushbutton.adapters.catalog.scripts import read_script
from pushbutton.domain.command import build
from pushbutton.domain.inputs import parse
from pushbutton.domain.param import ParamType
from pushbutton.domain.task import Task
from pushbutton.errors import InvalidInputs
from pushbutton.job.options import CONFIG, INPUTS, SCRIPT
from pushbutton.runtime.task_digest import frozen

FORMS = (SCRIPT, CONFIG)


def toml(value: Any) -> str:
    """JSON is TOML, but for its tables."""
    if not isinstance(value, dict):
        return json.dumps(value)
    return "{" + ", ".join(f"{json.dumps(name)} = {toml(item)}" for name, item in value.items()) + "}"


def read(folder: Path, form: str, params: dict[str, Any], *command: Any) -> FileTasks:
    """A line for each input, the first one in line 3."""
    if form == SCRIPT:
        file = folder / "move.sh"
        lines = "".join(f"# params.{name} = {toml(said)}\n" for name, said in params.items())
        file.write_text(f"#!/bin/sh\n# /// pushbutton\n{lines}# ///\n")
        file.chmod(0o755)
        reading = read_script(Found(file, Form.SCRIPT))
        assert reading is not None
        return reading
    file = folder / "pushbutton.yaml"
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(said)}" for name, said in params.items())
    head = f'{{"tasks": {{"move": {{"command": {json.dumps(["/bin/move", *command])},'
    file.write_text(f'{head}\n"params": {{\n{lines}\n}} }} }} }}\n')
    return read_config(Found(file, Form.CONFIG))


def task(folder: Path, form: str, params: dict[str, Any], *command: Any) -> Task:
    reading = read(folder, form, params, *command)
    assert [str(problem) for problem in reading.problems] == []
    return reading.tasks[0]


def argv(task: Task, **inputs: Any) -> list[str]:
    return list(build(task, parse(task.params, inputs), python="/py").argv[1:])


PASSED: list[tuple[dict[str, Any], Any, list[str]]] = [
    ({"flag": "--shop"}, "north", ["--shop=north"]),
    ({"flag": "--shop"}, "-x", ["--shop=-x"]),
    ({"flag": "--db_host"}, "a b", ["--db_host=a b"]),
    ({"flag": "-s"}, "north", ["-snorth"]),
    ({"flag": "-s"}, "=north", ["-s", "=north"]),
    ({"flag": "-shop"}, "north", ["-shop=north"]),
    ({"flag": "-s="}, "north", ["-s=north"]),
    ({"flag": "of="}, "a.img", ["of=a.img"]),
    ({"flag": "--shop", "words": 1}, "north", ["--shop", "north"]),
    ({"flag": "-s", "words": 1}, "north", ["-s", "north"]),
    ({"flag": "--on", "type": "bool"}, True, ["--on"]),
    ({"flag": "--on", "type": "bool"}, False, []),
    ({"flag": "--on", "off": "--no-on"}, True, ["--on"]),
    ({"flag": "--on", "off": "--no-on", "default": True}, True, ["--on"]),
    ({"flag": "--on", "off": "--no-on"}, False, ["--no-on"]),
    ({"off": "--no-backup"}, False, ["--no-backup"]),
    ({"off": "--no-backup"}, None, []),
    ({"off": "--no-backup", "default": False}, None, ["--no-backup"]),
    ({"flag": "--on", "off": "--no-on"}, None, ["--no-on"]),
    ({"off": "--no-backup", "default": True}, False, ["--no-backup"]),
    ({"off": "--no-backup", "default": True}, True, []),
    ({"repeat": True}, ["a,b", "c"], ["--it=a,b", "--it=c"]),
    ({"repeat": True, "flag": "-o"}, ["a", "b"], ["-oa", "-ob"]),
    ({"repeat": True, "flag": "--only", "choices": ["a", "b", "c"]}, ["c", "a"], ["--only=a", "--only=c"]),
    ({"repeat": True, "flag": "--n", "type": "list", "of": "int"}, [1, -2], ["--n=1", "--n=-2"]),
    ({"count": True, "flag": "-v"}, 3, ["-vvv"]),
    ({"count": True, "flag": "--more"}, 2, ["--more", "--more"]),
    ({"count": True, "flag": "-v"}, 0, []),
    ({"words": 2, "flag": "--between"}, ["1", "2"], ["--between", "1", "2"]),
    ({"words": "+", "flag": "--on"}, ["a", "b", "c"], ["--on", "a", "b", "c"]),
    ({"words": "*", "flag": "--on", "required": False}, [], []),
    ({"words": "*", "flag": "--on", "choices": ["x", "y"]}, ["x", "y"], ["--on", "x", "y"]),
    ({"place": 1}, "a b", ["a b"]),
    ({"place": 1, "words": 2}, ["a", "b"], ["a", "b"]),
    ({"place": "rest"}, ["a", "b,c"], ["a", "b,c"]),
    ({"place": 1, "dash": True}, "-x", ["-x"]),
    ({"place": 1, "type": "int"}, 7, ["7"]),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("said", "value", "expected"), PASSED)
def test_a_value_is_passed_as_its_keys_say(
    tmp_path: Path, form: str, said: dict[str, Any], value: Any, expected: list[str]
) -> None:
    made = task(tmp_path, form, {"it": said})
    inputs = {} if value is None else {"it": value}
    assert argv(made, **inputs) == expected
    assert "IT" not in build(made, parse(made.params, inputs), python="/py").env


@pytest.mark.parametrize("form", FORMS)
def test_what_the_keys_say_of_a_value_is_its_type_where_none_is_said(tmp_path: Path, form: str) -> None:
    said = {
        "only": {"repeat": True, "flag": "--only"},
        "kinds": {"words": "+", "flag": "--kinds", "choices": ["a", "b"]},
        "between": {"words": 2, "flag": "--between"},
        "verbose": {"count": True, "flag": "-v"},
        "backup": {"off": "--no-backup"},
        "files": {"place": "rest"},
        "till": {"place": 1},
    }
    params = {param.name: param for param in task(tmp_path, form, said).params}
    assert {name: str(param.type) for name, param in params.items()} == {
        "only": "list", "kinds": "choices", "between": "list", "verbose": "int", "backup": "bool", "files": "list",
        "till": "str",
    }  # fmt: skip
    assert (params["between"].min_length, params["between"].max_length) == (2, 2)
    verbose = params["verbose"]
    assert (verbose.default, verbose.min, verbose.max, verbose.required) == (0, 0, 9, False)


@pytest.mark.parametrize("form", FORMS)
def test_operands_stand_in_their_places_behind_all_options(tmp_path: Path, form: str) -> None:
    said = {
        "rest": {"place": "rest", "required": False},
        "second": {"place": 2, "required": False},
        "first": {"place": 1, "required": False},
        "shop": {"flag": "--shop"},
    }
    made = task(tmp_path, form, said)
    assert argv(made, rest=["x", "y"], second="b", first="a", shop="n") == ["--shop=n", "a", "b", "x", "y"]
    with pytest.raises(InvalidInputs) as refused:
        argv(made, first="a", rest=["x"], shop="n")
    assert refused.value.fields == {"second": "Fill this in, too: it stands before “Rest”."}


@pytest.mark.parametrize("form", FORMS)
def test_operands_are_told_from_the_words_of_an_option_before_them(tmp_path: Path, form: str) -> None:
    said: dict[str, Any] = {"some": {"words": "+", "flag": "--some", "required": False}, "till": {"place": 1}}
    made = task(tmp_path, form, said)
    assert argv(made, some=["a", "b"], till="7") == ["--some", "a", "b", "--", "7"]
    assert argv(made, till="7") == ["7"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "said", [{"place": 1}, {"place": "rest"}, {"flag": "--x", "words": "+"}, {"flag": "--x", "words": 1}]
)
def test_a_value_that_would_be_an_option_is_refused(tmp_path: Path, form: str, said: dict[str, Any]) -> None:
    made = task(tmp_path, form, {"it": said})
    value = ["-rf"] if made.params[0].type is ParamType.LIST else "-rf"
    with pytest.raises(InvalidInputs) as refused:
        argv(made, it=value)
    assert refused.value.fields == {
        "it": "Begin this with something other than “-”: the job would take it for an option."
    }


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_input_is_not_passed(tmp_path: Path, form: str) -> None:
    said: dict[str, Any] = {
        "shop": {"flag": "--shop", "required": False},
        "only": {"repeat": True, "required": False},
        "some": {"words": "+", "flag": "--some", "required": False},
        "verbose": {"count": True},
        "files": {"place": "rest", "required": False},
    }
    assert argv(task(tmp_path, form, said)) == []


TILL: dict[str, Any] = {
    "dry_run": {"type": "bool", "flag": "-n"},
    "command": {"choices": ["move", "list", "remote add"], "place": 1},
    "till": {"place": 1, "under": "move"},
    "every": {"type": "bool", "flag": "--all", "under": "list"},
    "url": {"place": 1, "under": "remote add"},
    "debug": {"type": "bool", "flag": "--debug", "under": "remote"},
}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_under_a_subcommand_is_asked_and_passed_only_there(tmp_path: Path, form: str) -> None:
    made = task(tmp_path, form, TILL)
    assert {param.name: dict(param.when) for param in made.params} == {
        "dry_run": {},
        "command": {},
        "till": {"command": ["move"]},
        "every": {"command": ["list"]},
        "url": {"command": ["remote add"]},
        "debug": {"command": ["remote add"]},
    }
    assert argv(made, command="move", till="7", dry_run=True) == ["-n", "move", "7"]
    assert argv(made, command="list", every=True) == ["list", "--all"]
    assert argv(made, command="remote add", url="x", debug=True) == ["remote", "--debug", "add", "x"]


@pytest.mark.parametrize("form", FORMS)
def test_what_several_subcommands_take_is_asked_once(tmp_path: Path, form: str) -> None:
    said = {
        **TILL,
        "till": {"place": 1, "under": ["move", "list"]},
        "shop": {"flag": "-s", "under": ["remote", "list"]},
    }
    made = task(tmp_path, form, said)
    params = {param.name: dict(param.when) for param in made.params}
    assert params["till"] == {"command": ["move", "list"]}
    assert params["shop"] == {"command": ["remote add", "list"]}
    assert argv(made, command="list", till="7", shop="n") == ["list", "-sn", "7"]
    assert argv(made, command="move", till="7") == ["move", "7"]
    assert argv(made, command="remote add", url="x", shop="n") == ["remote", "-sn", "add", "x"]
    twice = {**said, "other": {"place": 1, "under": "list"}}
    (problem,) = read(tmp_path, form, twice).problems
    assert "“till” and “other” would both be the operand 1" in str(problem)


@pytest.mark.parametrize("form", FORMS)
def test_without_anything_under_it_a_choice_with_a_place_is_an_operand_like_others(tmp_path: Path, form: str) -> None:
    said: dict[str, Any] = {"action": {"choices": ["up", "down"], "place": 1}, "site": {"place": 2}}
    assert argv(task(tmp_path, form, said), action="up", site="x") == ["up", "x"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"flag": "--x", "place": 1}, "“flag” makes “it” an option, and “place” an operand: leave one of the two out."),
    ({"off": "--no-x", "type": "str"}, "“off” of “it” is a flag that says no, and its type is str: make it bool."),
    ({"off": "-x", "flag": "-x"}, "“flag” and “off” of “it” are the same, so nobody could say no."),
    ({"off": "-x", "count": True}, "“off” and “count” of “it” cannot be together: leave one of the two out."),
    ({"repeat": True, "words": 2}, "“repeat” and “words” of “it” cannot be together: leave one of the two out."),
    ({"repeat": True, "count": True}, "“count” and “repeat” of “it” cannot be together: leave one of the two out."),
    ({"place": "rest", "words": 2}, "“words” and “place” of “it” cannot be together: leave one of the two out."),
    ({"repeat": True, "type": "str"}, "“repeat” of “it” passes several values, and its type is str: make it list or"),
    ({"words": 2, "flag": "--x", "type": "int"}, "“words” of “it” passes several values, and its type is int"),
    ({"place": "rest", "type": "str"}, "“place” of “it” passes several values, and its type is str"),
    ({"count": True, "type": "bool"}, "“count” of “it” is a number of times, and its type is bool: make it int."),
    ({"count": True, "min": -1}, "“it” is how many times its flag is given: from 0 to 100."),
    ({"count": True, "max": 5000}, "“it” is how many times its flag is given: from 0 to 100."),
    ({"flag": "--x", "words": 1, "type": "bool"}, "“it” is a bool, whose flag takes no value: leave “words” out."),
    ({"flag": "x=", "type": "bool"}, "“it” is a bool, whose flag takes no value: write it without “=”."),
    ({"flag": "x=", "words": 2}, "“flag” of “it” ends with “=”, so that its value follows at once: leave “words” out."),
    ({"words": 2}, "“words” does not say how “it” is passed: add “flag” or “place”."),
    ({"under": "move"}, "“under” does not say how “it” is passed: add “flag” or “place”."),
    ({"flag": "--x", "words": 2, "choices": ["a", "b"]}, "“words” of “it” can be “+” or “*”: several choices have no"),
    ({"flag": "--x", "type": "secret"}, "“it” is a secret, so it can only be passed by “env”."),
    ({"flag": "--x", "under": "move"}, "There is no subcommand “move”: an input with “place” must have it among its"),
    ({"flag": "shop"}, "“flag” must be an option as it is typed, such as “--shop” or “-s”."),
    ({"flag": "--shop=north"}, "“flag” must be an option as it is typed"),
    ({"flag": "--a b"}, "“flag” must be an option as it is typed"),
    ({"flag": "--{a}"}, "“flag” must be an option as it is typed"),
    ({"flag": "--"}, "“flag” must be an option as it is typed"),
    ({"flag": "-\n"}, "“flag” must be an option as it is typed"),
    ({"flag": 3}, "“flag” must be an option as it is typed"),
    ({"words": 0, "flag": "-x"}, "“words” must be how many words it is: a number from 1 to 100, “+” for"),
    ({"words": "?", "flag": "-x"}, "“words” must be how many words it is"),
    ({"place": 0}, "“place” must be which operand it is: 1 to 100, or “rest” for all that follow."),
    ({"place": "last"}, "“place” must be which operand it is"),
    ({"repeat": "yes"}, "“repeat” must be true or false."),
    ({"under": ""}, "“under” must be the subcommand as text, or a list of several."),
    ({"under": []}, "“under” must be the subcommand as text, or a list of several."),
    ({"under": [3]}, "“under” must be the subcommand as text, or a list of several."),
    ({"flag": "-x", "under": ["move"]}, "There is no subcommand “move”"),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("said", "sentence"), WRONG)
def test_what_cannot_be_is_one_sentence_with_its_line(
    tmp_path: Path, form: str, said: dict[str, Any], sentence: str
) -> None:
    reading = read(tmp_path, form, {"other": {"type": "bool"}, "it": said})
    (problem,) = reading.problems
    assert sentence in str(problem)
    assert re.search(r"(move\.sh|pushbutton\.yaml):4:\d+: ", str(problem)), problem
    assert reading.tasks[0].broken


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"a": {"flag": "-x"}, "b": {"flag": "-x"}}, "“a” and “b” would both be “-x”: change one."),
        ({"a": {"place": 2}, "b": {"place": 2}}, "“a” and “b” would both be the operand 2: change one."),
        ({"a": {"place": "rest"}, "b": {"place": "rest"}}, "“a” and “b” would both be the operands that follow"),
        ({"a": {"flag": "-x"}, "b": {"flag": "-y", "off": "-x", "type": "bool"}}, "“a” and “b” would both be “-x”"),
        (
            {"a": {"place": 1, "choices": ["m"]}, "b": {"place": 2}, "c": {"flag": "-c", "under": "m"}},
            "“b” comes behind the subcommand “a”: say under which one it belongs.",
        ),
        (
            {"a": {"place": 1, "choices": ["m"]}, "b": {"words": "+", "flag": "-b"}, "c": {"flag": "-c", "under": "m"}},
            "“b” takes as many words as follow, and the subcommand “m” would be one: give “words”",
        ),
    ],
)
def test_two_inputs_that_would_be_one_are_a_mistake_of_the_second(
    tmp_path: Path, form: str, params: dict[str, Any], sentence: str
) -> None:
    (problem,) = read(tmp_path, form, params).problems
    assert sentence in str(problem)
    assert ":4:" in str(problem)


@pytest.mark.parametrize("form", FORMS)
def test_two_that_are_never_asked_together_may_share_a_flag(tmp_path: Path, form: str) -> None:
    said: dict[str, Any] = {
        "how": {"choices": ["day", "night"], "flag": "--how"},
        "a": {"flag": "-x", "when": {"how": "day"}},
        "b": {"flag": "-x", "when": {"how": "night"}, "type": "int"},
    }
    assert argv(task(tmp_path, form, said), how="night", b=3) == ["--how=night", "-x3"]


def test_pass_and_a_key_that_says_otherwise_are_a_mistake(tmp_path: Path) -> None:
    for way, said, key in (("env", {"flag": "-x"}, "flag"), ("option", {"place": 1}, "place")):
        (problem,) = read(tmp_path, SCRIPT, {"it": {"pass": way, **said}}).problems
        assert f"“pass” of “it” is “{way}”, and “{key}” says otherwise: leave one of the two out." in str(problem)
    assert argv(task(tmp_path, SCRIPT, {"it": {"pass": "option", "flag": "-x"}}), it="a") == ["-xa"]


def test_in_a_command_an_input_with_a_flag_stands_where_it_is_named(tmp_path: Path) -> None:
    said: dict[str, Any] = {
        "report": {"flag": "--report", "required": False},
        "force": {"flag": "--force", "type": "bool"},
        "files": {"words": "*", "required": False},
        "shop": {"flag": "-s"},
    }
    made = task(tmp_path, CONFIG, said, "run", "{force}", "{report}", "--", "{files}")
    assert argv(made, shop="n") == ["run", "--", "-sn"]
    assert argv(made, shop="n", force=True, report="a b", files=["x", "y,z"]) == [
        "run", "--force", "--report=a b", "--", "x", "y,z", "-sn",
    ]  # fmt: skip


def test_items_in_a_list_of_their_own_fall_away_together(tmp_path: Path) -> None:
    said: dict[str, Any] = {name: {"required": False} for name in ("report", "low", "high")} | {
        "force": {"flag": "-f", "type": "bool"}
    }
    command = (["--report", "{report}"], ["--between", "{low}", "to", "{high}"], ["--really", "{force}"], "end")
    made = task(tmp_path, CONFIG, said, *command)
    assert argv(made) == ["end"]
    assert argv(made, report="r", force=True) == ["--report", "r", "--really", "-f", "end"]
    assert argv(made, low="1", high="2") == ["--between", "1", "to", "2", "end"]
    with pytest.raises(InvalidInputs) as refused:
        argv(made, high="2")
    assert refused.value.fields == {"low": "Fill this in, too: it goes with “High”."}
    with pytest.raises(InvalidInputs):
        argv(made, report="-x")


def test_mistakes_in_a_command_are_told_where_they_stand(tmp_path: Path) -> None:
    file = tmp_path / "pushbutton.yaml"
    file.write_text("""tasks:
  move:
    command:
      - /bin/move
      - [--a,
         "{shop}"]
      - "--shop={shop}"
      - [--b,
         "{nothing}"]
      - "{till}"
    params:
      shop: {flag: --shop}
      till: {place: 1}
""")
    problems = [str(one).removeprefix(f"{file}:") for one in read_config(Found(file, Form.CONFIG)).problems]
    assert problems == [
        "7:9: “shop” is passed by an option of its own: write “{shop}” as an item, or leave it out here.",
        "9:10: There is no input named “nothing”.",
        "10:9: “till” has its place behind the command: leave “{till}” out here, or “place” and “under” there.",
    ]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ([[], "x"], "“command” must be a list that begins with the program, as a text."),
        (["x", []], "“command” must be a list of texts, or of lists of texts that fall away together"),
        (["x", [["y"]]], "“command” must be a list of texts, or of lists of texts that fall away together"),
        (["x", {"name": None}], "“command” must be a list of texts; write “{…}” in quotes."),
        (["x", True], "“command” must be a list of texts"),
        (["{x}"], "“command” must be a list that begins with the program; an input cannot choose it."),
    ],
)
def test_what_is_no_command_is_told(tmp_path: Path, command: list[Any], sentence: str) -> None:
    file = tmp_path / "pushbutton.yaml"
    file.write_text(json.dumps({"tasks": {"move": {"command": command}}}))
    (problem,) = read_config(Found(file, Form.CONFIG)).problems
    assert sentence in str(problem)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["bash"], {"flag": "-c"}),
        (["bash"], {"flag": "-c", "words": 1}),
        (["bash", "{it}"], {"flag": "-c"}),
        (["python3", "-W", "error"], {"flag": "-m"}),
        (["ssh", "host"], {"place": 1}),
        (["ssh", "host"], {"flag": "--shop"}),
        (["su", "ada"], {"flag": "--command"}),
        (["awk"], {"place": 1}),
        (["ssh", "host"], {"flag": "-f", "under": "x"}),
    ],
)
def test_no_way_leads_into_the_text_of_a_program(tmp_path: Path, command: list[str], said: dict[str, Any]) -> None:
    file = tmp_path / "pushbutton.yaml"
    chooser = {"which": {"choices": ["x"], "place": 1}} if "under" in said else {}
    lines = ["tasks:", f"  move: {{command: {json.dumps(command)}, params: {json.dumps({**chooser, 'it': said})}}}"]
    file.write_text("\n".join(lines))
    problems = [str(one) for one in read_config(Found(file, Form.CONFIG)).problems]
    assert [True for one in problems if "would become part of a" in one] != [], problems


def test_behind_the_text_of_a_program_inputs_are_its_arguments(tmp_path: Path) -> None:
    file = tmp_path / "pushbutton.yaml"
    file.write_text("""tasks:
  move:
    command: [sh, -c, 'echo "$@"', move]
    params:
      shop: {flag: --shop}
      till: {place: 1}
""")
    reading = read_config(Found(file, Form.CONFIG))
    assert reading.problems == ()
    assert argv(reading.tasks[0], shop="a", till="7")[-2:] == ["--shop=a", "7"]


@pytest.mark.parametrize("form", FORMS)
def test_choices_that_are_passed_apart_may_hold_commas(tmp_path: Path, form: str) -> None:
    said: dict[str, Any] = {"type": "choices", "choices": ["rye", "spelt, dark"], "flag": "--goods"}
    for way, words in (
        ({"repeat": True}, ["--goods=rye", "--goods=spelt, dark"]),
        ({"words": "+"}, ["--goods", "rye", "spelt, dark"]),
    ):
        made = task(tmp_path, form, {"goods": {**said, **way}})
        assert argv(made, goods=["rye", "spelt, dark"])[-len(words) :] == words
    (problem,) = read(tmp_path, form, {"goods": said}).problems
    assert "holds a comma" in problem.sentence


@pytest.mark.parametrize("form", FORMS)
async def test_each_key_is_part_of_what_is_approved(tmp_path: Path, form: str) -> None:
    """What is said otherwise makes another task."""
    said: list[dict[str, Any]] = [
        {"type": "list", "place": 1}, {"type": "list", "place": 2}, {"type": "list", "place": "rest"},
        {"type": "list", "flag": "--x"}, {"type": "list", "flag": "--y"}, {"type": "list", "flag": "--x", "words": 1},
        {"type": "list", "flag": "--x", "repeat": True}, {"type": "list", "flag": "--x", "words": "*"},
    ]  # fmt: skip
    digests = set()
    for one in said:
        made = task(tmp_path, form, {"it": one})
        digests.add(await frozen(made))
    assert len(digests) == len(said)


async def test_what_falls_away_together_is_part_of_what_is_approved(tmp_path: Path) -> None:
    said = {"it": {"required": False}}
    apart = await frozen(task(tmp_path, CONFIG, said, "--it", "{it}"))
    assert apart != await frozen(task(tmp_path, CONFIG, said, ["--it", "{it}"]))


def test_every_key_of_a_way_is_one_of_files_only() -> None:
    for key in ("flag", "off", "repeat", "count", "words", "place", "under"):
        assert set(INPUTS[key].only) == set(FORMS)


def schema_takes(params: dict[str, Any], *command: Any) -> bool:
    tree = {"tasks": {"move": {"command": ["/bin/move", *command], "params": params}}}
    try:
        jsonschema.validate(tree, config_schema())
    except jsonschema.ValidationError:
        return False
    return True


@pytest.mark.parametrize(("said", "value", "expected"), PASSED)
def test_the_schema_for_editors_takes_what_is_taken(said: dict[str, Any], value: Any, expected: list[str]) -> None:
    assert schema_takes({"it": said})


@pytest.mark.parametrize("said", [said for said, sentence in WRONG if "” must be" in sentence])
def test_the_schema_for_editors_refuses_what_no_key_can_be(said: dict[str, Any]) -> None:
    assert not schema_takes({"it": said})


def test_the_schema_for_editors_knows_items_that_fall_away_together() -> None:
    assert schema_takes(TILL, "{till}", ["--report", "{report}"], 3)
    assert schema_takes({"it": {"flag": "-x", "under": ["move", "list"]}})
    for odd in ([], [["x"]], {"name": None}, True):
        assert not schema_takes({}, odd)
