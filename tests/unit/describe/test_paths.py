"""Whether a path of a function is a file that is brought along, or one on the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pushbutton.adapters.catalog.model import FileTasks, Form, Found
from pushbutton.adapters.catalog.python import read_python
from pushbutton.describe.brought import is_brought
from pushbutton.domain.param import Param, ParamType
from pushbutton.job.convert import arguments

HEAD = "from pathlib import Path, PurePath\nfrom typing import Annotated\nfrom pushbutton import Field, task\n"


async def read(folder: Path, argument: str, more: str = "") -> FileTasks:
    file = folder / "tidy.py"
    file.write_text(f"{HEAD}{more}\n@task\ndef tidy({argument}): ...\n")
    return await read_python(Found(file, Form.PYTHON), execute=False)


async def param(folder: Path, argument: str, more: str = "") -> Param:
    reading = await read(folder, argument, more)
    assert reading.mistakes == ()
    return reading.tasks[0].params[0]


@pytest.mark.parametrize(
    "argument",
    ["sheet: Path", "sheet: PurePath", "sheet: Path | None = None", "tool: Path", "photo: 'Path'",
     "out_dir: Annotated[Path, Field(upload=True)]", "sheet: Annotated[Path, Field(upload=True)] = Path('x.csv')"],
)  # fmt: skip
async def test_a_path_is_brought_along(tmp_path: Path, argument: str) -> None:
    found = await param(tmp_path, argument)
    assert (found.type, found.default) == (ParamType.FILE, None)
    assert found.required == ("=" not in argument.replace("upload=True", ""))


@pytest.mark.parametrize(
    ("argument", "default"),
    [
        ("out: Path", None),
        ("output_file: Path", None),
        ("outfile: Path", None),
        ("dest: Path | None = None", None),
        ("data_dir: Path", None),
        ("workdir: Path", None),
        ("root: PurePath", None),
        ("sheet: Path = Path('/srv/x.csv')", "/srv/x.csv"),
        ("sheet=Path('x.csv')", "x.csv"),
        ("sheet: Path = Path('a') / 'b'", "a/b"),
        ("sheet: Annotated[Path, Field(upload=False)]", None),
    ],
)
async def test_a_path_is_one_on_the_server(tmp_path: Path, argument: str, default: str | None) -> None:
    found = await param(tmp_path, argument)
    assert (found.type, found.default) == (ParamType.STR, default)


async def test_a_path_whose_default_only_running_tells_is_one_on_the_server(tmp_path: Path) -> None:
    reading = await read(tmp_path, "sheet: Path = Path.cwd()")
    assert [problem.warning for problem in reading.problems] == [True]
    found = reading.tasks[0].params[0]
    assert (found.type, found.required, found.default) == (ParamType.STR, False, None)


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("n: Annotated[int, Field(upload=True)]", "“upload” is about a path, and “n” is int"),
        ("n: Annotated[str, Field(upload=False)]", "“upload” is about a path, and “n” is str"),
        ("n: Annotated[Path, Field(upload='yes')]", "“upload” of “n” must be true or false"),
        ("n: Annotated[list[Path], Field(upload=True)]", "“upload” is about a path, and “n” is list[pathlib.Path]"),
    ],
)
async def test_upload_of_what_is_no_path_is_a_mistake(tmp_path: Path, argument: str, sentence: str) -> None:
    (problem,) = (await read(tmp_path, argument)).problems
    assert sentence in str(problem)
    assert "tidy.py:6:" in str(problem)


def test_the_function_gets_a_path_either_way() -> None:
    def tidy(sheet: Path, rooms: list[Path], shelf: Path = Path("x")) -> None: ...

    _, given = arguments(tidy, {"sheet": "/srv/a", "rooms": ["b", "c"], "shelf": "d"})
    assert given == {"sheet": Path("/srv/a"), "rooms": [Path("b"), Path("c")], "shelf": Path("d")}


def test_names_that_say_where_something_goes() -> None:
    kept = ["sheet", "outlet", "total", "tools", "directive", "photo", "rooted", "auto", "csv_file", "layout"]
    gone = ["out", "output", "out_file", "outFile", "dest", "dest_path", "dir", "log_dir", "logdir", "root", "to",
            "outDir", "target", "base_folder", "OUTPUT", "output_path"]  # fmt: skip
    assert [name for name in kept if not is_brought(name)] == []
    assert [name for name in gone if is_brought(name)] == []


LISTS: list[tuple[str, Any]] = [
    ("x: list[str]", "str"), ("x: list[int]", "int"), ("x: list[float] = []", "float"), ("x: list[Path]", "str"),
    ("x: tuple[Path, ...] = (Path('a'),)", "str"), ("x: set[int] | None = None", "int"),
    ("x: 'list[PurePath]'", "str"),
]  # fmt: skip


@pytest.mark.parametrize(("argument", "each"), LISTS)
async def test_a_list_is_asked_for_in_lines(tmp_path: Path, argument: str, each: str) -> None:
    found = await param(tmp_path, argument)
    assert (found.type, str(found.of)) == (ParamType.LIST, each)
    assert found.default in (None, [], ["a"])
