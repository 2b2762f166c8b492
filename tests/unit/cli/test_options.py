"""Words of a command line as a task's raw inputs."""

from __future__ import annotations

import pytest

from pushbutton.cli.options import asks_help, help_text, read
from pushbutton.domain.inputs import parse
from pushbutton.domain.param import Choice, Param, ParamType
from pushbutton.errors import InvalidInputs

PARAMS = (
    Param("env", ParamType.CHOICE, help="where to", choices=(Choice("staging"), Choice("prod"))),
    Param("release_name", ParamType.STR, required=False),
    Param("count", ParamType.INT, default=3),
    Param("dry_run", ParamType.BOOL, default=True),
    Param("parts", ParamType.CHOICES, required=False, choices=(Choice("a"), Choice("b"), Choice("c"))),
)


@pytest.mark.parametrize(
    ("line", "raw"),
    [
        ("--env prod", {"env": "prod"}),
        ("--env=prod", {"env": "prod"}),
        ("--env=", {"env": ""}),
        ("--release-name x --count 1", {"release_name": "x", "count": "1"}),
        ("--release_name x", {"release_name": "x"}),
        ("--release-name=--env", {"release_name": "--env"}),
        ("--count -3", {"count": "-3"}),
        ("--release-name -x", {"release_name": "-x"}),
        ("--dry-run", {"dry_run": True}),
        ("--no-dry-run", {"dry_run": False}),
        ("--no_dry_run", {"dry_run": False}),
        ("--dry-run=no", {"dry_run": "no"}),
        ("--parts a --parts c", {"parts": ["a", "c"]}),
        ("--parts a,c", {"parts": ["a", "c"]}),
        ("-- --env prod", {"env": "prod"}),
        ("--env staging --env prod", {"env": "prod"}),
        ("", {}),
    ],
)
def test_words_become_raw_values(line: str, raw: dict[str, object]) -> None:
    assert read(PARAMS, line.split()) == raw


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("--evn prod", {"evn": "There is no such option. Did you mean --env?"}),
        ("--realease-name x", {"realease-name": "There is no such option. Did you mean --release-name?"}),
        ("--env", {"env": "It needs a value."}),
        ("--env --dry-run", {"env": "It needs a value."}),
        ("--env --no-dry-run", {"env": "It needs a value."}),
        ("prod", {"": "“prod” stands alone; give each value as --name value."}),
        ("--no-env", {"no-env": "There is no such option. Did you mean --env?"}),
        (
            "--zzz 1 --count",
            {
                "zzz": "There is no such option. There are: --env, --release-name, --count, --dry-run, --parts.",
                "count": "It needs a value.",
            },
        ),
    ],
)
def test_every_mistake_is_named_at_once(line: str, fields: dict[str, str]) -> None:
    with pytest.raises(InvalidInputs) as caught:
        read(PARAMS, line.split())
    assert caught.value.fields == fields


def test_a_param_that_begins_with_no_is_itself() -> None:
    params = (Param("no_cache", ParamType.BOOL), Param("cache", ParamType.BOOL))
    assert read(params, ["--no-cache"]) == {"no_cache": True}


def test_what_was_read_is_parsed_to_the_types_of_json() -> None:
    raw = read(PARAMS, ["--env", "prod", "--count", "5", "--no-dry-run", "--parts", "c,a"])
    assert parse(PARAMS, raw, form=True) == {"env": "prod", "count": 5, "dry_run": False, "parts": ["a", "c"]}


def test_help_is_asked_for_unless_the_task_has_such_a_param() -> None:
    assert asks_help(PARAMS, ["--env", "prod", "--help"])
    assert not asks_help((Param("help", ParamType.STR),), ["--help"])


def test_the_help_names_each_option_what_it_takes_and_its_default() -> None:
    assert help_text(PARAMS).splitlines() == [
        "  --env staging|prod        where to (required)",
        "  --release-name TEXT",
        "  --count NUMBER            (default: 3)",
        "  --dry-run / --no-dry-run  (default: yes)",
        "  --parts a|b|c[,…]",
    ]
    assert help_text(()) == "  It has no inputs."
