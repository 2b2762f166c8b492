"""A playbook that asks for variables, and a template of Semaphore: Ansible gets each value as it was filled in."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.adapters.catalog.imports import Source, move
from pushbutton.errors import ConfigError

from .pressing import TRICKY, Called, World

PLAYBOOK = r"""
- name: Heat an oven
  hosts: "{{ target | default('ovens') }}"
  vars:
    trays: 4  # how many go in
    # Which flour
    flour: rye
    fan: true # blows
    list: [a] # of things
    quiet: undocumented
    made: "{{ trays }}" # of others
  vars_prompt:
    - {name: oven, prompt: "Name of the oven:", private: false, default: "big {one}"}
    - {name: code, prompt: Its code, confirm: true, encrypt: sha512_crypt}
    - {name: ansible_port, prompt: Port, private: no}
    - {name: word, prompt: Pass word, default: x}
    - name: sure
      private: no
      prompt: |
        =======================
        {{ oven }} gets {hot}, {{ code }} or not. Sure?
        =======================
        y/N
  tasks:
    - {assert: {that: "sure | lower == 'yes'"}}
- import_playbook: other.yml
""".lstrip()

TEMPLATE = {
    "name": "Heat an oven", "app": "ansible", "playbook": "heat.yml", "inventory": "ovens", "environment": "live",
    "arguments": '["--limit", "oven {7}"]', "allow_override_args_in_task": True, "description": "It takes an hour.",
    "survey_vars": [
        {"name": "oven", "title": "Oven", "required": True, "type": "", "description": "Its name"},
        {"name": "tries", "title": "Tries", "required": False, "type": "int"},
        {"name": "kind", "type": "enum", "values": [{"name": "All", "value": "full"}, {"name": "", "value": "p"}]},
        {"name": "pin", "title": "PIN", "type": "secret", "required": True},
        {"name": "note", "title": "Note", "required": False, "type": "", "default_value": "none"},
    ],
    "cron": "15 3 * * 1-5",
}  # fmt: skip


_FILTERS: Mapping[str, Callable[[str], Any]] = {"": str, "int": int, "bool": lambda text: text == "true"}


def variables(called: Called) -> dict[str, Any]:
    """What Ansible makes of `-e`: it looks up in the environment what the templates name."""
    found: dict[str, Any] = {}
    for flag, text in itertools.pairwise(called.argv):
        for name, value in json.loads(text).items() if flag == "-e" else ():
            match = re.fullmatch(r"\{\{ lookup\('env', '(\w+)'\)(?: \| (\w+))? \}\}", value)
            found[name] = _FILTERS[match[2] or ""](called.env[match[1]]) if match else value
    return found


@pytest.fixture
def playbook(tmp_path: Path) -> World:
    return World(tmp_path).move("ansible-vars", PLAYBOOK, "heat.yml", "ansible-playbook")


def test_what_a_playbook_asks_for_and_what_comments_explain_are_inputs(playbook: World) -> None:
    (task,) = playbook.tasks.values()
    assert (task.title, task.confirm) == ("Heat an oven", "{oven} gets {{hot}}, … or not. Sure?")
    assert [(one.name, str(one.type), one.default, one.required) for one in task.params] == [
        ("oven", "str", "big {one}", False),
        ("code", "secret", None, True),
        ("input_ansible_port", "str", None, True),
        ("word", "secret", None, False),
        ("target", "str", "ovens", False),
        ("trays", "int", 4, False),
        ("flour", "str", "rye", False),
        ("fan", "bool", True, False),
    ]
    assert [one.label or one.help for one in task.params][:2] == ["Name of the oven", "Its code"]
    assert [one.help for one in task.params][-3:] == ["how many go in", "Which flour", "blows"]


def test_what_is_not_taken_is_said_with_its_line(playbook: World) -> None:
    assert playbook.left == [
        (8, "“list” is no plain value, and stays as the playbook sets it."),
        (10, "“made” is no plain value, and stays as the playbook sets it."),
        (13, "“code” is not encrypted (sha512_crypt) where it comes from outside."),
        (15, "The default of “word” is secret, and not taken."),
        (25, "What is imported is not read: other.yml"),
    ]


def test_the_playbook_gets_each_value_as_it_was_filled_in(playbook: World) -> None:
    for value in [one for one in TRICKY if one]:
        (called,) = playbook.press("heat-an-oven", oven=value, code=value, input_ansible_port="22", fan=False, trays=9)
        assert called.argv[0] == "heat.yml"
        assert variables(called) == {
            "oven": value, "code": value, "ansible_port": "22", "sure": "yes", "target": "ovens", "trays": 9,
            "flour": "rye", "fan": False,
        }  # fmt: skip
        assert not any(value in word for word in called.argv if len(value) > 3)


def test_a_template_of_semaphore_becomes_its_command(tmp_path: Path) -> None:
    world = World(tmp_path).move("ansible-vars", json.dumps(TEMPLATE, indent=1), "t.json", "ansible-playbook")
    (task,) = world.tasks.values()
    assert task.help == "It takes an hour."
    assert "# schedule: 15 3 * * 1-5" in world.moved.text
    assert [(one.name, str(one.type), one.default, one.required) for one in task.params] == [
        ("oven", "str", None, True),
        ("tries", "int", None, False),
        ("kind", "choice", None, False),
        ("pin", "secret", None, True),
        ("note", "str", "none", False),
    ]
    (called,) = world.press("heat-an-oven", oven="it's", pin="$x")
    assert called.argv[:3] == ["--limit", "oven {7}", "heat.yml"]
    assert variables(called) == {"oven": "it's", "pin": "$x", "note": "none"}
    (called,) = world.press("heat-an-oven", oven="x", pin="y", tries=3, kind="full")
    assert variables(called) == {"oven": "x", "pin": "y", "note": "none", "tries": 3, "kind": "full"}
    assert [what for _, what in world.left] == [
        "The inventory “ovens” is kept by Semaphore.",
        "What the environment “live” sets is kept by Semaphore.",
        "Arguments of one's own cannot be added to a run.",
    ]


@pytest.mark.skipif(shutil.which("ansible-playbook") is None, reason="the machine has no Ansible")
def test_the_real_ansible_finds_what_was_filled_in(tmp_path: Path) -> None:
    text = (
        "- hosts: localhost\n  connection: local\n  gather_facts: false\n"
        "  vars:\n    n: 4 # a number\n    b: false # a switch\n"
        "  vars_prompt:\n    - {name: word, prompt: Word, private: false}\n    - {name: code, prompt: Code}\n"
        "  tasks:\n    - copy:\n        dest: '{{ playbook_dir }}/told.json'\n"
        "        content: '{{ [word, code, n + 1, not b] | to_json }}'\n"
    )
    world = World(tmp_path).move("ansible-vars", text, "show.yml")
    (tmp_path / "show.yml").write_text(text)
    for value in ["two words", "a'b\" $HOME", "{{ 1 + 1 }}", "é: [x]"]:
        world.press("show", word=value, code=value, n=7, b=False)
        assert json.loads((tmp_path / "told.json").read_text()) == [value, value, 8, True], world.output


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("some words\n", "It is no playbook"), ("- a\n- b: 1\n", "It is no playbook"), ("{}", "no task template"),
     ('{"playbook": "x", "app": "tofu"}', "a template for tofu"), ('{"playbook": "x", "arguments": "a b"}', "no list"),
     ("a: [", "Before this")],
)  # fmt: skip
def test_what_is_neither_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        move("ansible-vars", [Source("x.yml", text)])


TEXT = st.text(st.sampled_from("{}$.|ab \n\"'-&!#:yN/"), max_size=14) | st.sampled_from(["a", "{{ a }}", "Sure? y/N"])
KEYS = st.sampled_from(
    ["name", "prompt", "private", "default", "encrypt", "hosts", "vars", "type", "values", "value", "required", "title"]
)
TREE = st.recursive(
    TEXT | st.integers() | st.none() | st.booleans() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=10,
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.dictionaries(KEYS, TREE, max_size=5), max_size=3), TREE, TREE)
def test_any_tree_gives_tasks_that_pass_the_check_or_one_sentence(asked: object, own: object, more: object) -> None:
    play = {"hosts": own, "vars": more, "vars_prompt": asked}
    template = {"playbook": "x.yml", "survey_vars": asked, "arguments": own, "name": more}
    for tree in ([play], template):
        with contextlib.suppress(ConfigError):
            moved = move("ansible-vars", [Source("x.yml", json.dumps(tree, indent=1))])
            assert bool(moved.tasks) == bool(moved.text)
