"""A Python file tells its tasks without being run."""

# ruff: noqa: E501 - a sentence that is tested stands on one line

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pushbutton.describe.describe import describe
from pushbutton.describe.docstring import split
from pushbutton.describe.title import title_of

HEAD = "from pushbutton import task, Field, SecretStr\nfrom typing import *\nimport enum, datetime as dt, pathlib\n"
HEAD = HEAD.replace("import *", "import Annotated, Literal, Optional")


def asked(tmp_path: Path, text: str, *options: str) -> dict[str, Any]:
    """By the real command, in a process of its own."""
    file = tmp_path / "shop.py"
    file.write_text(text)
    command = [sys.executable, "-P", "-m", "pushbutton.describe.describe", str(file), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    answer: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (1 if answer["error"] else 0)
    return answer


def described(tmp_path: Path, text: str, *, every: bool = False, execute: bool = False) -> dict[str, Any]:
    file = tmp_path / "shop.py"
    file.write_text(text)
    return describe(str(file), every=every, execute=execute)


def param(tmp_path: Path, argument: str, before: str = "") -> dict[str, Any]:
    answer = described(tmp_path, f"{HEAD}{before}\n@task\ndef go({argument}): ...\n")
    (task,) = answer["tasks"]
    assert task["errors"] == [], task["errors"]
    assert answer["warnings"] == []
    found: dict[str, Any] = task["params"][0]
    return {key: value for key, value in found.items() if value not in ("", None) and key != "name"}


def wrong(tmp_path: Path, argument: str) -> str:
    (task,) = described(tmp_path, f"{HEAD}@task\ndef go({argument}): ...\n")["tasks"]
    return str(task["errors"][0]["sentence"])


def test_nothing_of_the_file_runs(tmp_path: Path):
    text = f"raise SystemExit(3)\n{HEAD}@task(title='Go on')\ndef go(n: int = 3): 'It goes.'\n"
    (task,) = asked(tmp_path, text)["tasks"]
    assert (task["name"], task["title"], task["help"], task["line"]) == ("go", "Go on", "It goes.", 6)
    assert task["params"] == [{"name": "n", "required": False, "type": "int", "default": 3, "help": ""}]


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("x", {"type": "str", "required": True}),
        ("x: str = ''", {"type": "str", "required": False}),
        ("x: float = 1", {"type": "float", "required": False, "default": 1.0}),
        ("x: bool", {"type": "bool", "required": True}),
        ("x=3", {"type": "int", "required": False, "default": 3}),
        ("x: dt.date = dt.date(2026, 1, 2)", {"type": "date", "required": False, "default": "2026-01-02"}),
        ("x: dt.time", {"type": "time", "required": True}),
        ("x: 'dt.datetime | None' = None", {"type": "datetime", "required": False}),
        ("x: Optional['pathlib.Path']", {"type": "file", "required": False}),
        ("x: SecretStr", {"type": "secret", "required": True}),
        (
            "x: Annotated[str, Field(multiline=True, dash=True)]",
            {"type": "str", "required": True} | {"multiline": True, "dash": True},
        ),
        (
            "x: Annotated[int, Field(min=1, max=8, label='L', help='H')]",
            {"type": "int", "required": True, "min": 1, "max": 8, "label": "L", "help": "H"},
        ),
        (
            "x: Annotated[str, Field(pattern='[a-z]+', max_length=3)]",
            {"type": "str", "required": True, "pattern": "[a-z]+", "max_length": 3},
        ),
        ("x: Annotated[int, 'How many']", {"type": "int", "required": True, "help": "How many"}),
        (
            "x: Literal['a', 2] = 2",
            {
                "type": "choice",
                "required": False,
                "default": 2,
                "choices": [{"value": "a", "label": ""}, {"value": 2, "label": ""}],
            },
        ),
        (
            "x: list[Literal['a', 'b']] = ['b']",
            {
                "type": "choices",
                "required": False,
                "default": ["b"],
                "choices": [{"value": "a", "label": ""}, {"value": "b", "label": ""}],
            },
        ),
        ("x: list[int] = [3]", {"type": "list", "of": "int", "required": False, "default": [3]}),
        ("x: tuple[str, ...] | None = None", {"type": "list", "of": "str", "required": False}),
        ("*, x: int", {"type": "int", "required": True}),
        ("x: int, /, *rest, **more", {"type": "int", "required": True}),
    ],
)
def test_a_hint_is_a_param(argument: str, expected: dict[str, Any], tmp_path: Path):
    assert param(tmp_path, argument) == expected


@pytest.mark.parametrize("argument", ["x: {}", "x: list[{}]", "x: {} | None = None"])
@pytest.mark.parametrize("offered", ["Literal['b', 2, 'b', 2]", "Literal[tuple(['b', 2] * 2)]", "Literal['b', Again]"])
def test_a_choice_that_is_written_twice_is_offered_once(argument: str, offered: str, tmp_path: Path):
    found = param(tmp_path, argument.format(offered), "Again = Literal[2, 'b']")
    assert [choice["value"] for choice in found["choices"]] == ["b", 2]


def test_another_name_for_a_member_of_an_enum_is_no_second_choice(tmp_path: Path):
    found = param(tmp_path, "x: Where", "class Where(enum.Enum):\n    TEST = 'test'\n    TRIAL = 'test'")
    assert found["choices"] == [{"value": "test", "label": "Test"}]


@pytest.mark.parametrize(
    ("argument", "second"),
    [("x: Odd", "Odd.B"), ("x: list[Odd]", "Odd.B"), ("x: Literal['B', Odd.A]", "Odd.A")],
)
def test_two_choices_that_nobody_could_tell_apart_are_refused(argument: str, second: str, tmp_path: Path):
    """A member whose value is neither text nor a whole number goes by its name."""
    text = f"{HEAD}class Odd(enum.Enum):\n    A = 'B'\n    B = 2.5\n@task\ndef go({argument}): ...\n"
    (one,) = described(tmp_path, text)["tasks"]
    sentence = f"“x” offers 'B' twice, once as {second}: give one of them another value"
    assert [error["sentence"] for error in one["errors"]] == [sentence]


def test_an_enum_gives_its_values_and_labels_from_its_names(tmp_path: Path):
    before = "class Where(enum.Enum):\n    'd'\n    TEST = 'test'\n    PROD_EU = object()\n    def f(self): ..."
    before = before.replace("object()", "(1, 2)")
    found = param(tmp_path, "x: Where = Where.TEST", before)
    assert found["choices"] == [{"value": "test", "label": "Test"}, {"value": "PROD_EU", "label": "Prod eu"}]
    assert found["default"] == "test"


def test_labels_of_a_field_stand_for_values(tmp_path: Path):
    found = param(tmp_path, "x: Annotated[Literal['a', 'b'], Field(labels={'b': 'The B'})]")
    assert [choice["label"] for choice in found["choices"]] == ["", "The B"]


def test_constraints_of_other_packages_are_read_without_them(tmp_path: Path):
    before = "from pydantic import Field as F, SecretStr as S\nfrom annotated_types import Ge, Lt, Len\n"
    assert param(tmp_path, "x: Annotated[int, F(ge=1, description='D'), Lt(8)]", before) == {
        "type": "int",
        "required": True,
        "min": 1,
        "max": 7,
        "help": "D",
    }
    assert param(tmp_path, "x: S", before) == {"type": "secret", "required": True}
    assert param(tmp_path, "x: Annotated[str, Len(2, 3)]", before)["max_length"] == 3


def test_postponed_hints_are_understood(tmp_path: Path):
    text = f"from __future__ import annotations\n{HEAD}Kind = Literal['a']\n@task\ndef go(x: Kind | None = None): ...\n"
    (task,) = described(tmp_path, text)["tasks"]
    assert task["params"][0]["type"] == "choice"


def test_a_list_that_is_changed_later_is_not_taken_for_what_it_was(tmp_path: Path):
    text = f"{HEAD}NAMES = ['a']\nNAMES.append('b')\n@task(dynamic=True)\ndef go(x: Literal[tuple(NAMES)]): ...\n"
    assert (
        described(tmp_path, text)["warnings"][0]["sentence"]
        == "the type or default of “x” is only known when the file runs"
    )
    (task,) = described(tmp_path, text, execute=True)["tasks"]
    assert [choice["value"] for choice in task["params"][0]["choices"]] == ["a", "b"]


def test_a_hint_from_another_file_is_known_by_importing(tmp_path: Path):
    (tmp_path / "kinds_of_tea.py").write_text("import enum\nclass Tea(enum.Enum):\n    GREEN = 1\nprint('noise')\n")
    text = f"{HEAD}from kinds_of_tea import Tea\n@task(dynamic=True)\ndef go(x: Tea): ...\n"
    assert asked(tmp_path, text)["warnings"] == [
        {"line": 6, "column": 8, "sentence": "the type or default of “x” is only known when the file runs"}
    ]
    (task,) = asked(tmp_path, text, "--import")["tasks"]
    assert task["params"][0]["choices"] == [{"value": 1, "label": "Green"}]


def test_a_file_that_cannot_be_imported_breaks_only_the_task_that_needs_it(tmp_path: Path):
    text = f"{HEAD}from no_such_package import Tea\n@task(dynamic=True)\ndef one(x: Tea): ...\n@task\ndef two(): ...\n"
    one, two = asked(tmp_path, text, "--import")["tasks"]
    assert "ModuleNotFoundError: No module named 'no_such_package'" in one["errors"][0]["sentence"]
    assert two["errors"] == []


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        (
            "x: dict",
            "a form cannot ask for “x: dict”; use str, int, float, bool, date, time, datetime, Literal, Enum, list[Literal[…]], Path or SecretStr",
        ),
        (
            "x: list[dict]",
            (
                "a form cannot ask for “x: list[dict]”; use list[str], list[int], list[float], list[Path], "
                "list[Literal[…]] or list of an Enum"
            ),
        ),
        ("x: Literal['a'] = 'b'", "the default of “x” is not among its choices"),
        ("x: int = 'a'", "the default of “x” is str, and the hint says int"),
        ("x: Annotated[int, Field(max_length=3)]", "“x” is no text, so it can have no max_length"),
        ("x: Annotated[int, Field(min=3, max=1)]", "the least value of “x” (3) is above its greatest (1)"),
        ("_x: int", "“_x” has no default, and a name that begins with “_” is asked of nobody"),
    ],
)
def test_a_hint_that_no_form_can_ask_for_is_explained(argument: str, sentence: str, tmp_path: Path):
    if argument.startswith("x: Literal['a'] =") or "= 'a'" in argument:
        answer = described(tmp_path, f"{HEAD}@task\ndef go({argument}): ...\n")
        assert sentence in answer["warnings"][0]["sentence"]
    else:
        assert wrong(tmp_path, argument) == sentence


def test_what_no_form_can_ask_for_is_left_to_its_default(tmp_path: Path):
    answer = described(tmp_path, f"{HEAD}@task\ndef go(x: dict = None, n: int = 1, _y=2): ...\n")
    assert [one["name"] for one in answer["tasks"][0]["params"]] == ["n"]


def test_options_are_read_and_mistakes_in_them_are_placed(tmp_path: Path):
    text = f"{HEAD}@task(timeout=60 * 15, tty=(24, 80), env={{'A': 'b'}}, busy='join')\ndef go(): ...\n"
    assert described(tmp_path, text)["tasks"][0]["options"] == {
        "timeout": 900,
        "tty": [24, 80],
        "env": {"A": "b"},
        "busy": "join",
    }
    (task,) = described(tmp_path, f"{HEAD}@task(\n    titel='x')\ndef go(): ...\n")["tasks"]
    assert task["errors"][0] == {
        "line": 5,
        "column": 5,
        "sentence": "there is no option named “titel” for a task. Did you mean “title”?",
    }
    (task,) = described(tmp_path, f"{HEAD}@task(busy='wait')\ndef go(): ...\n")["tasks"]
    assert task["errors"][0]["sentence"] == "“busy” must be one of: queue, skip, join, replace"


def test_a_value_of_another_file_is_known_by_importing(tmp_path: Path):
    (tmp_path / "house_rules.py").write_text("NAME = 'teapot'\nLIMIT = 30\n")
    text = f"{HEAD}import house_rules\n@task(dynamic=True, timeout=house_rules.LIMIT)\ndef go(x: str = house_rules.NAME): ...\n"
    assert len(asked(tmp_path, text)["warnings"]) == 2
    (task,) = asked(tmp_path, text, "--import")["tasks"]
    assert (task["options"], task["params"][0]["default"]) == ({"timeout": 30}, "teapot")


@pytest.mark.parametrize(
    "enum",
    [
        "class K(str, enum.Enum):\n    A = 'a'\n    B = 'b'",
        "class K(enum.StrEnum):\n    A = enum.auto()\n    B = enum.auto()",
        "K = enum.Enum('K', [('A', 'a'), ('B', 'b')])",
        "NAMES = ['a', *['b']]\nK = Literal[tuple(NAMES)]",
    ],
)
def test_choices_of_all_shapes_are_read_without_running(enum: str, tmp_path: Path):
    assert [choice["value"] for choice in param(tmp_path, "x: K", enum)["choices"]] == ["a", "b"]


def test_a_syntax_error_has_its_place_and_reason(tmp_path: Path):
    assert asked(tmp_path, "x = 1\ndef go(:\n")["error"] == {"line": 2, "column": 8, "sentence": "invalid syntax"}


def test_hostile_files_are_errors_with_a_sentence(tmp_path: Path):
    assert "null bytes" in asked(tmp_path, "x\0")["error"]["sentence"]
    assert asked(tmp_path, "x = " + "(" * 5000)["error"]["sentence"]


def test_without_decoration_only_a_named_file_has_tasks(tmp_path: Path):
    text = (
        "from os.path import join\ndef go(n: int): ...\ndef _no(): ...\nasync def wait(): ...\n"
        "class Works:\n    def run(self, n: int): ...\nclass Plain: ...\n"
    )
    assert asked(tmp_path, text)["tasks"] == []
    assert [task["name"] for task in asked(tmp_path, text, "--all")["tasks"]] == ["go", "wait", "Works"]


def test_decorated_functions_are_the_only_tasks_of_a_named_file(tmp_path: Path):
    text = "import pushbutton as pb\n@pb.task\ndef go(): ...\ndef other(): ...\n"
    assert [task["name"] for task in described(tmp_path, text, every=True)["tasks"]] == ["go"]


HELPERS = "import sys\ndef helper(x: int): ...\ndef main(n: int): ...\nclass Works:\n    def run(self, n: int): ...\n"
CALLED = {
    "a call": ("if __name__ == '__main__':\n    main(3)", ["main"]),
    "the other way round": ("if '__main__' == __name__: sys.exit(main(3))", ["main"]),
    "handed to something": ("import typer\nif __name__ == '__main__':\n    typer.run(main)", ["main"]),
    "of a private one": ("def _go(): ...\nif __name__ == '__main__': _go()", ["_go"]),
    "of two": ("if __name__ == '__main__':\n    main(helper(1))", ["helper", "main"]),
    "of a class": ("if __name__ == '__main__': Works().run(3)", ["Works"]),
    "of what another file has": ("from x import y\nif __name__ == '__main__': y()", ["helper", "main", "Works"]),
    "of none": ("main(3)", ["helper", "main", "Works"]),
    "beside a decorated one": (
        "import pushbutton as pb\n@pb.task\ndef go(): ...\nif __name__ == '__main__': main(3)",
        ["main", "go"],
    ),
    "of a decorated one": (
        "import pushbutton as pb\n@pb.task(title='Went')\ndef go(): ...\nif __name__ == '__main__': go()",
        ["go"],
    ),
}


@pytest.mark.parametrize(("end", "names"), CALLED.values(), ids=CALLED)
def test_of_a_named_file_what_it_calls_itself_is_a_task(tmp_path: Path, end: str, names: list[str]) -> None:
    path = tmp_path / "jobs.py"
    path.write_text(f"{HELPERS}{end}\n")
    assert [task["name"] for task in describe(str(path), every=True, main=True)["tasks"]] == names


def test_another_packages_task_is_none_of_ours(tmp_path: Path):
    assert described(tmp_path, "from invoke import task\n@task\ndef go(c): ...\n")["tasks"] == []


def test_a_class_asks_for_what_init_and_run_take(tmp_path: Path):
    text = (
        f"{HEAD}class Base:\n    def __init__(self, name: str): ...\n@task\nclass BackendProcess(Base):\n"
        "    'It works.'\n    def run(self, n: int = 1):\n        '''Runs.\n\n        Args:\n            n: How many.'''\n"
    )
    (task,) = described(tmp_path, text)["tasks"]
    assert (task["title"], task["help"]) == ("Backend process", "It works.")
    assert [(one["name"], one["help"]) for one in task["params"]] == [("name", ""), ("n", "How many.")]


def test_a_class_without_run_is_broken(tmp_path: Path):
    (task,) = described(tmp_path, f"{HEAD}@task\nclass Works: ...\n")["tasks"]
    assert task["errors"][0]["sentence"] == "the class “Works” has no method named “run”"


@pytest.mark.parametrize(
    "doc",
    [
        "Goes.\n\nArgs:\n    where (str): Where\n        to go.\n    n: How many.\n\nMore.",
        "Goes.\n\n:param where: Where\n    to go.\n:type where: str\n:param int n: How many.\n\nMore.",
        "Goes.\n\nParameters\n----------\nwhere : str\n    Where\n    to go.\nn : int\n    How many.\n\nMore.",
    ],
)
def test_a_docstring_gives_help_of_params_in_three_styles(doc: str):
    text, params = split(doc)
    assert params == {"where": "Where to go.", "n": "How many."}
    assert text.startswith("Goes.")
    assert text.endswith("More.")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("deploy_shop", "Deploy shop"),
        ("BackendProcess", "Backend process"),
        ("HTTPCheck", "HTTP check"),
        ("tidy-the-image-cache", "Tidy the image cache"),
        ("step2", "Step2"),
        ("sync_s3", "Sync S3"),
        ("aws-db-urls", "AWS DB URLs"),
        ("rotateApiKey", "Rotate API key"),
        ("identify_us_dbt", "Identify us dbt"),
        ("größe_ändern", "Größe ändern"),
        ("_", "_"),
    ],
)
def test_a_title_is_made_from_a_name(name: str, title: str):
    assert title_of(name) == title


@pytest.mark.parametrize(
    ("given", "help_text"),
    [
        ("__doc__", "Moves the till.\n\n    Even so."),
        ("other.__doc__", "Counts the till."),
        ("Till.__doc__", "A till."),
    ],
)
def test_a_docstring_that_is_named_as_help_is_the_one_of_the_file(given: str, help_text: str, tmp_path: Path):
    path = tmp_path / "till.py"
    path.write_text(
        '"""\n    Moves the till.\n\n        Even so.\n    """\nfrom pushbutton import task\n'
        'def other():\n    "Counts the till."\nclass Till:\n    "A till."\n'
        f"@task(help={given})\ndef move(): ...\n"
    )
    found = describe(str(path))
    assert (found["tasks"][0]["help"], found["warnings"]) == (help_text, [])


PLAINLY = "write it plainly, or let the file be run for it with @task(dynamic=True)"


def test_what_only_a_running_module_knows_is_not_taken_from_elsewhere(tmp_path: Path):
    path = tmp_path / "till.py"
    path.write_text("import shop\nfrom pushbutton import task\n@task(help=shop.__doc__)\ndef move(at=__spec__): ...\n")
    found = describe(str(path))
    assert found["tasks"][0]["help"] == ""
    assert [place["sentence"] for place in found["warnings"]] == [
        "“help” is only known when the file runs",
        f"“at” is left to its default, because its type is only known when the file runs: {PLAINLY}",
    ]
