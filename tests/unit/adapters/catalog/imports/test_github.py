"""A workflow of GitHub that people start by hand: its steps do what they would have done there."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.adapters.catalog.imports import Source, move
from pushbutton.errors import ConfigError

from .pressing import TRICKY, World

BAKERY = r"""
name: Bakery by hand
run-name: ${{ inputs.what }}
on:
  workflow_dispatch:
    inputs:
      what: {description: What to do, required: true, type: choice, options: [heat, "cool down"], default: heat}
      oven: {type: environment, required: true}
      note: {description: For the log, default: ''}
      dry-run: {type: boolean, default: true}
      trays: {type: number, default: 4}
      late: {default: 'false'}
      path: {required: false}
  schedule: [{cron: '15 3 * * 1-5'}, {cron: '0 0 1 * *'}]
env:
  SHOP: no{rth
  WHERE: "hall ${{ inputs.note }} $x"
  AGAIN: ${{ github.sha }}
concurrency: {group: 'oven-${{ inputs.oven }}'}
jobs:
  work:
    runs-on: ubuntu-latest
    timeout-minutes: 20
    environment: live
    steps:
      - uses: actions/checkout@v4
      - uses: bakery/warm@v1
      - name: Do it
        env: {TOKEN: '${{ secrets.OVEN_TOKEN }}', SECOND: "${{ secrets.OVEN_TOKEN }}"}
        run: |
          cd /  # for this step alone
          $HOME/act ${{ inputs.what }} --note="${{ github.event.inputs.note }}" ${{ inputs.dry-run && '--dry' || '' }}
          $HOME/act '${{ inputs['note'] }}' $WHERE "$SHOP" "$SECOND" '{x}'
      - if: ${{ !inputs.dry-run && github.event_name != 'schedule' }}
        shell: bash
        working-directory: sub dir
        run: ./act "${{ inputs.trays }}" "${{ inputs.path }}" | tee list
      - run: echo "${{ github.actor }}"
      - run: |
          true
          python -c "print('${{ inputs.note }}')"
      - if: always()
        run: ./act at all times
      - {run: 'print(1)', shell: python}
      - run: ./act end ${{ inputs.late }}
""".lstrip()


@pytest.fixture
def bakery(tmp_path: Path) -> World:
    return World(tmp_path).move("github", BAKERY, ".github/workflows/bakery.yml", "./act", "sub dir/act")


def test_inputs_are_taken_with_their_types_defaults_and_choices(bakery: World) -> None:
    (task,) = bakery.tasks.values()
    assert (task.title, task.limits.timeout, task.limits.at_once) == ("Bakery by hand", 1200, 1)
    assert [(one.name, str(one.type), one.default, one.required) for one in task.params] == [
        ("what", "choice", "heat", False),
        ("oven", "str", None, True),
        ("note", "str", None, False),
        ("dry_run", "bool", True, False),
        ("trays", "int", 4, False),
        ("late", "bool", False, False),
        ("input_path", "str", None, False),
    ]
    assert [choice.value for choice in task.params[0].choices] == ["heat", "cool down"]
    assert task.named_secrets == {"oven_token": "TOKEN"}
    assert dict(task.env) == {"SHOP": "no{rth", "GITHUB_EVENT_NAME": "workflow_dispatch"}
    why = "(there its inputs have no defaults when nobody presses it)"
    assert f"# schedule: 15 3 * * 1-5  UTC  {why}\n  # schedule: 0 0 1 * *  UTC  {why}\n" in bakery.moved.text
    assert task.cwd == str(bakery.folder)


def test_what_is_not_taken_is_said_with_its_line(bakery: World) -> None:
    python = "“note” stands in the text of a program that python reads: a value would become a part of that program."
    no_defaults = "there its inputs have no defaults when nobody presses it."
    assert bakery.left == [
        (2, "The name of a run is not taken."),
        (7, "The environments that “oven” could be are not in the file."),
        (11, "“late” was a text that is “false” by itself; here it says yes or no."),
        (13, f"“Bakery by hand” is not pressed by itself (15 3 * * 1-5  UTC): {no_defaults}"),
        (13, f"“Bakery by hand” is not pressed by itself (0 0 1 * *  UTC): {no_defaults}"),
        (17, "The variable AGAIN is not taken: what “github.sha” is, only GitHub knows."),
        (18, "One run at a time was allowed for each “oven-${{ inputs.oven }}”; here it is one at all."),
        (23, "The environment of the job is not taken."),
        (25, "“actions/checkout@v4” is not taken: the job starts in “cwd”, where the files are."),
        (26, "“bakery/warm@v1” is a step that only GitHub has, and left out."),
        (37, "A step is left out: what “github.actor” is, only GitHub knows."),
        (40, f"A step is left out: {python}"),
        (41, "A step is left out: only GitHub knows when “always()” is so."),
        (43, "A step is left out: python reads it."),
    ]


def test_an_input_without_quotes_is_one_word_now_and_that_is_said(tmp_path: Path) -> None:
    inputs = {"words": {"type": "string"}, "kind": {"type": "choice", "options": ["a"]}}
    steps = [{"run": "./act ${{ inputs.words }} ${{ inputs.kind }}"}]
    text = {"on": {"workflow_dispatch": {"inputs": inputs}}, "jobs": {"a": {"steps": steps}}}
    world = World(tmp_path).move("github", json.dumps(text), "x.yml", "./act")
    assert [call.argv for call in world.press("x", words="a b", kind="a")] == [["a b", "a"]]
    assert world.left == [
        (1, "“words” stood there without quotes, so that a blank in it began a new word; here it is one word.")
    ]


def test_the_steps_do_what_they_did_there(bakery: World) -> None:
    secrets = {"oven_token": "s3 cret"}
    first, second, last = bakery.press("bakery-by-hand", secrets, oven="big", what="cool down", note="two words")
    assert first.argv == ["cool down", "--note=two words", "--dry"]
    assert second.argv == ["two words", "hall", "two", "words", "$x", "no{rth", "s3 cret", "{x}"]
    assert (first.env["TOKEN"], first.env["SECOND"]) == ("s3 cret", "s3 cret")
    assert last.argv == ["end", "false"]
    calls = bakery.press("bakery-by-hand", secrets, oven="big", dry_run=False, trays=12, input_path="a b")
    assert [call.argv for call in calls][2:] == [["12", "a b"], ["end", "false"]]
    assert calls[0].argv == ["heat", "--note="]
    assert (bakery.folder / "sub dir" / "list").exists()


def test_a_value_is_one_word_whatever_is_in_it(bakery: World) -> None:
    for value in TRICKY:
        first, second, _ = bakery.press("bakery-by-hand", oven="big", note=value)
        assert first.argv[1] == f"--note={value}"
        assert second.argv[0] == value


def test_the_first_step_that_fails_is_the_last(tmp_path: Path) -> None:
    text = {
        "on": {"workflow_dispatch": None},
        "jobs": {"a": {"steps": [{"run": "./act 1; false; ./act 2"}, {"run": "./act 3"}]},
                 "b": {"needs": "a", "name": "Second ${{ x }}", "steps": [{"run": "./act 4", "shell": "sh"}]},
                 "c": {"uses": "./other.yml"},
                 "d": {"if": "github.ref == 'x'", "steps": [{"run": "./act 5"}]}},
    }  # fmt: skip
    world = World(tmp_path).move("github", json.dumps(text), "by-hand.yml", "./act")
    assert {slug: task.title for slug, task in world.tasks.items()} == {
        "by-hand-a": "By hand: A",
        "by-hand-b": "By hand: B",
    }
    assert [call.argv for call in world.press("by-hand-a")] == [["1"]]
    assert world.code == 1
    assert [call.argv for call in world.press("by-hand-b")] == [["4"]]
    assert [what for _, what in world.left] == [
        "The job “By hand: B” waited for a; here each is pressed by itself.",
        "The job is another workflow: ./other.yml",
        "The job is left out: only GitHub knows when “github.ref == 'x'” is so.",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("some words\n", "It is no workflow"), ("on: push\njobs: {a: {}}\n", "no “workflow_dispatch”"),
     ("on: [workflow_dispatch]\n", "It is no workflow"), ("- a\n", "It is no workflow"), ("a: [", "Before this")],
)  # fmt: skip
def test_what_nobody_starts_by_hand_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        move("github", [Source("x.yml", text)])


TEXT = st.text(st.sampled_from("{}$.|ab \n\"'-&!"), max_size=14) | st.sampled_from(
    ["${{ inputs.a }}", "${{ inputs.a && 'x' || '' }}", "./a '${{ inputs.b }}'", "${{ secrets.A }}", "${{ env.A }}"]
)
KEYS = st.sampled_from(["run", "if", "env", "shell", "uses", "name", "type", "default", "options", "A", "a", "steps"])
TREE = st.recursive(
    TEXT | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)
STEP = st.dictionaries(st.sampled_from(["run", "if", "env", "shell", "working-directory"]), TREE | TEXT, max_size=4)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.sampled_from("ab"), TREE, max_size=2), st.lists(STEP, max_size=3), TREE, TREE)
def test_any_tree_gives_tasks_that_pass_the_check_or_one_sentence(
    inputs: object, steps: object, env: object, more: object
) -> None:
    text = {"on": {"workflow_dispatch": {"inputs": inputs}}, "env": env, "jobs": {"a": {"steps": steps}, "b": more}}
    with contextlib.suppress(ConfigError):
        moved = move("github", [Source("x.yml", json.dumps(text))])
        assert bool(moved.tasks) == bool(moved.text)
