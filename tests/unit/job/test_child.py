"""A Python task in a process of its own, by the real command."""

# ruff: noqa: E501 - a sentence that is tested stands on one line

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HEAD = "import enum, datetime as dt, pathlib\nfrom typing import *\nfrom pushbutton import *\n"
HEAD = HEAD.replace("from pushbutton import *", "from pushbutton import task, status, SecretStr, step")


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str
    events: list[dict[str, Any]]

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(event["data"]["level"], event["data"]["text"]) for event in self.events if event["kind"] == "status"]


def _default_signals() -> None:
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def ran(
    tmp_path: Path, text: str, name: str = "go", inputs: dict[str, Any] | None = None, file: str = "shop.py"
) -> Ran:
    path = tmp_path / file
    path.write_text(text)
    give, given = os.pipe(), os.pipe()
    os.write(give[1], json.dumps(inputs or {}).encode())
    os.close(give[1])
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "pushbutton.job.child", str(path), name],
        env={**os.environ, "PUSHBUTTON_INPUTS": str(give[0]), "PUSHBUTTON_EVENTS": str(given[1])},
        pass_fds=[give[0], given[1]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_default_signals,  # noqa: PLW1509  as a supervisor does, whatever these tests inherited
    )
    os.close(give[0])
    os.close(given[1])
    out, err = process.communicate(timeout=60)
    with os.fdopen(given[0], "rb") as pipe:
        events = [json.loads(line) for line in pipe]
    return Ran(process.returncode, out, err, events)


@pytest.mark.parametrize(
    ("hint", "given", "shown"),
    [
        ("str", "a", "'a'"),
        ("int", 3, "3"),
        ("float", 3, "3.0"),
        ("bool", True, "True"),
        ("dt.date", "2026-11-23", "datetime.date(2026, 11, 23)"),
        ("dt.time", "09:42", "datetime.time(9, 42)"),
        ("'dt.datetime | None'", "2026-11-23T09:42:00", "datetime.datetime(2026, 11, 23, 9, 42)"),
        ("pathlib.Path", "/tmp/x", "PosixPath('/tmp/x')"),
        ("SecretStr", "s3cret", "SecretStr('•••')"),
        ("Where", "test", "<Where.TEST: 'test'>"),
        ("Optional[Where]", "PROD", "<Where.PROD: (1, 2)>"),
        ("list[Where]", ["test"], "[<Where.TEST: 'test'>]"),
        ("list[str]", ["a, b"], "['a, b']"),
        ("tuple[int, ...]", [3, 4], "(3, 4)"),
        ("list[pathlib.Path]", ["/srv"], "[PosixPath('/srv')]"),
        ("tuple[Literal['a', 'b'], ...]", ["a", "b"], "('a', 'b')"),
        ("Annotated[Literal[1, True], 'x']", True, "True"),
        ("int | None", None, "None"),
    ],
)
def test_inputs_arrive_as_the_hints_say(hint: str, given: Any, shown: str, tmp_path: Path):
    text = f"{HEAD}class Where(enum.Enum):\n    TEST = 'test'\n    PROD = (1, 2)\ndef go(x: {hint}): print(repr(x))\n"
    result = ran(tmp_path, text, inputs={} if given is None else {"x": given})
    assert (result.out, result.err, result.code) == (f"{shown}\n", "", 0)


def test_an_absent_input_keeps_the_functions_own_default(tmp_path: Path):
    text = "def go(a, b=object, /, c=(1, 2), *rest, d=3, **more): print(a, b is object, c, rest, d, more)\n"
    assert ran(tmp_path, text, inputs={"a": 1, "d": 4}).out == "1 True (1, 2) () 4 {}\n"


def test_the_inputs_are_gone_when_the_authors_code_begins(tmp_path: Path):
    text = "import os\nprint([name for name in os.environ if name == 'PUSHBUTTON_INPUTS'])\ndef go(x): ...\n"
    assert ran(tmp_path, text, inputs={"x": 1}).out == "[]\n"


def test_the_file_is_a_module_of_its_own_name(tmp_path: Path):
    (tmp_path / "beside.py").write_text("x = 1\n")
    text = "import sys, beside\ndef go(): print(__name__, __file__ == sys.argv[0], sys.modules[__name__].go is go)\n"
    assert ran(tmp_path, text).out == "shop True True\n"


def test_a_file_named_like_a_standard_module_runs(tmp_path: Path):
    assert ran(tmp_path, "def go(x): print(__name__)\n", inputs={"x": 1}, file="token.py").out == "task_token\n"


def test_other_processes_can_import_what_the_file_defines(tmp_path: Path):
    text = (
        "import multiprocessing as mp\ndef double(n): return 2 * n\n"
        "def go():\n    with mp.get_context('spawn').Pool(1) as pool: print(pool.map(double, [1, 2]))\n"
    )
    result = ran(tmp_path, text)
    assert (result.out, result.code) == ("[2, 4]\n", 0), result.err


def test_text_that_is_returned_is_the_last_good_status(tmp_path: Path):
    assert ran(tmp_path, "async def go(): return 'all well'\n").said == [("good", "all well")]


def test_other_values_are_printed_as_json(tmp_path: Path):
    result = ran(tmp_path, "def go(): return {'ok': [1]}\n")
    assert json.loads(result.out) == {"ok": [1]}
    assert ran(tmp_path, "def go(): return object()\n").code == 0


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_each_text_that_a_generator_yields_is_a_status(kind: str, tmp_path: Path):
    assert ran(tmp_path, f"{kind} go():\n    yield 'one'\n    yield 'two'\n").said == [("info", "one"), ("info", "two")]


def test_an_exception_shows_the_authors_frames_only(tmp_path: Path):
    result = ran(tmp_path, "def go():\n    return deeper()\ndef deeper():\n    raise ValueError('no such shop')\n")
    assert result.code == 1
    assert result.said == [("bad", "ValueError: no such shop")]
    assert "pushbutton" not in result.err.replace(str(tmp_path), "")
    assert [line.strip() for line in result.err.splitlines() if "File" in line] == [
        f'File "{tmp_path}/shop.py", line 2, in go',
        f'File "{tmp_path}/shop.py", line 4, in deeper',
    ]


def test_a_job_that_asks_to_be_tried_again_says_so_by_its_code_and_to_its_run(tmp_path: Path):
    text = "from pushbutton import Again\ndef go():\n    raise Again('The service is busy', after=60)\n"
    result = ran(tmp_path, text)
    assert (result.code, result.said) == (75, [("warn", "The service is busy")])
    assert result.events[-1] == {"kind": "again", "data": {"after": 60.0}}
    assert "The service is busy" in result.err


def test_a_job_that_asks_to_be_tried_again_need_not_say_more(tmp_path: Path):
    result = ran(tmp_path, "from pushbutton import Again\ndef go():\n    raise Again\n")
    assert (result.code, result.said, result.events) == (75, [], [{"kind": "again", "data": {}}])


def test_a_job_says_that_no_other_try_will_help(tmp_path: Path):
    result = ran(tmp_path, "from pushbutton import Final\ndef go():\n    raise Final('There is no such order')\n")
    assert (result.code, result.said) == (1, [("bad", "There is no such order")])
    assert result.events[-1] == {"kind": "again", "data": {"never": True}}


def test_an_asynchronous_exception_begins_with_the_authors_frame(tmp_path: Path):
    result = ran(tmp_path, "async def go():\n    raise ValueError('x')\n")
    assert (result.code, result.said) == (1, [("bad", "ValueError: x")])
    assert "in go" in result.err


def test_a_task_that_is_gone_is_a_clear_failure(tmp_path: Path):
    result = ran(tmp_path, "def other(): ...\n")
    assert (result.code, result.said) == (1, [("bad", "LookupError: shop.py has no “go” any more")])


@pytest.mark.parametrize(
    ("code", "end", "said"),
    [("", 0, []), ("0", 0, []), ("3", 3, []), ("'no room'", 1, [("bad", "no room")])],
)
def test_exit_is_honoured(code: str, end: int, said: list[tuple[str, str]], tmp_path: Path):
    result = ran(tmp_path, f"import sys\ndef go(): sys.exit({code})\n")
    assert (result.code, result.said) == (end, said)
    assert result.err == ("no room\n" if said else "")


def test_a_signal_that_ends_it_is_seen_as_that(tmp_path: Path):
    text = "import os, signal\ndef go(): os.kill(os.getpid(), signal.{0})\n"
    assert ran(tmp_path, text.format("SIGTERM")).code == -15
    assert ran(tmp_path, text.format("SIGINT")).code == -2


def test_log_records_become_statuses_and_stay_what_they_were(tmp_path: Path):
    text = (
        "import logging\nfrom pushbutton import task\nlog = logging.getLogger('x')\n@task(logging=True)\n"
        "def go():\n    log.debug('d')\n    log.info('i %s', 1)\n    log.warning('w')\n    log.error('e')\n"
    )
    result = ran(tmp_path, text)
    assert result.said == [("info", "i 1"), ("warn", "w"), ("bad", "e")]
    assert result.err == "w\ne\n"
    assert ran(tmp_path, text.replace("(logging=True)", "")).said == []


def test_basic_config_of_the_author_still_works(tmp_path: Path):
    text = (
        "import logging\nfrom pushbutton import task\n@task(logging=True)\n"
        "def go():\n    logging.basicConfig(format='%(levelname)s %(message)s')\n    logging.warning('w')\n"
    )
    result = ran(tmp_path, text)
    assert (result.err, result.said) == ("WARNING w\n", [("warn", "w")])


CLASSIC = [
    "class Works:\n    def run(self):\n        self.status = 'one'\n        self.status = 'two'\n        print(self.status)\n",
    "class Works:\n    status = 'idle'\n    def run(self):\n        print(self.status)\n        self.status = 'one'\n        self.status = 'two'\n",
    "class Works:\n    def __init__(self):\n        self.status('one')\n    def run(self):\n        self.status('two')\n",
]


@pytest.mark.parametrize("text", CLASSIC)
def test_a_backend_process_says_what_it_does_by_its_status(text: str, tmp_path: Path):
    assert ran(tmp_path, text, "Works").said == [("info", "one"), ("info", "two")]


def test_a_status_method_of_its_own_is_left_alone(tmp_path: Path):
    text = "class Works:\n    def status(self, text): print('mine', text)\n    async def run(self): self.status('x')\n"
    result = ran(tmp_path, text, "Works")
    assert (result.out, result.said) == ("mine x\n", [])


def test_a_class_gets_its_inputs_where_it_asks_for_them(tmp_path: Path):
    text = (
        "class Works:\n    def __init__(self, name: str): self.name = name\n"
        "    def run(self, n: int = 1): print(self.name, n)\n"
    )
    assert ran(tmp_path, text, "Works", {"name": "a", "n": 2}).out == "a 2\n"


def test_output_comes_line_by_line(tmp_path: Path):
    text = "import os\ndef go():\n    print('seen')\n    os._exit(0)\n"
    assert ran(tmp_path, text).out == "seen\n"


@pytest.mark.parametrize(
    ("work", "functions"),
    [
        ("async def go():\n    await asyncio.sleep(0)\n    await deeper()\n", ["go", "deeper"]),
        ("async def go():\n    async with asyncio.timeout(9):\n        await deeper()\n", ["go", "deeper"]),
        ("async def go():\n    yield 'so far'\n    await deeper()\n", ["go", "deeper"]),
        ("class go:\n    async def run(self):\n        await deeper()\n", ["run", "deeper"]),
        ("def go():\n    yield 'so far'\n    asyncio.run(deeper())\n", ["go", "deeper"]),
        ("asyncio.run(deeper())\ndef go(): ...\n", ["<module>", "deeper"]),
        ("del sys.modules['asyncio']\ndef go():\n    exec('1 / 0')\n", ["go"]),
    ],
)
def test_a_traceback_begins_with_the_authors_first_frame(tmp_path: Path, work: str, functions: list[str]) -> None:
    result = ran(tmp_path, f"import asyncio, sys\nasync def deeper():\n    raise ValueError('here')\n{work}")
    frames = re.findall(r'^  File "([^"]*)", line \d+, in (\S+)$', result.err, re.MULTILINE)
    assert (result.code, result.err.splitlines()[-1]) in [
        (1, "ValueError: here"),
        (1, "ZeroDivisionError: division by zero"),
    ]
    assert frames[0] == (str(tmp_path / "shop.py"), functions[0])
    assert [name for file, name in frames if file == str(tmp_path / "shop.py")] == functions
    assert all("pushbutton" not in Path(file).parts for file, _ in frames)


def test_a_traceback_without_a_frame_of_the_authors_says_where_it_was(tmp_path: Path) -> None:
    result = ran(tmp_path, "import asyncio\nasync def go(): return await asyncio.wait_for(asyncio.sleep(9), 0)\n")
    assert result.err.splitlines()[-1] == "TimeoutError"
    assert 'shop.py", line 2, in go' in result.err
    result = ran(tmp_path, "import functools, json\ngo = functools.partial(json.loads, '{')\n")
    assert result.err.splitlines()[-1].startswith("json.decoder.JSONDecodeError: Expecting property name")
    assert "json/__init__.py" in result.err
