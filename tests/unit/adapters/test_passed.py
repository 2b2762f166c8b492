"""What is a button and what is passed over, and that nothing is passed over without a word."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pushbutton.adapters.catalog import PathCatalog, examined
from pushbutton.adapters.catalog.folder import named, scan
from pushbutton.adapters.ignore import read_ignore

UTF_16 = "It is saved as UTF-16, so the system finds no “#!” in it: save it as UTF-8."
ELF = b"\x7fELF\x02\x01\x01" + bytes(600)


def put(folder: Path, name: str, content: str | bytes = "#!/bin/sh\n", mode: int = 0o755) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


async def looked(folder: Path) -> tuple[list[str], dict[str, str]]:
    """The tasks, and why what is none is none."""
    found = await examined([folder])
    assert found.problems == []
    return [task.slug for task in found.tasks], {one.path.removeprefix(f"{folder}/"): one.why for one in found.passed}


async def test_a_python_task_file_is_one_whatever_its_mode(tmp_path: Path):
    put(tmp_path, "jobs.py", "from pushbutton import task\n@task\ndef sweep(): ...\n")
    put(tmp_path, "shared.py", "def helper(): ...\n")
    assert await looked(tmp_path) == (["sweep"], {})


async def test_a_file_that_is_named_like_a_module_of_python_is_a_task_and_a_warning(tmp_path: Path):
    """Also one without a task: what stands beside it imports it all the same."""
    put(tmp_path, "json.py", "from pushbutton import task\n@task\ndef sweep(): ...\n", 0o644)
    put(tmp_path, "ops/random.py", "def helper(): ...\n", 0o644)
    put(tmp_path, "till.py", "from pushbutton import task\n@task\ndef count(): ...\n", 0o644)
    put(tmp_path, "queue.sh")
    found = await examined([tmp_path])
    assert sorted(task.slug for task in found.tasks) == ["count", "queue", "sweep"]
    assert not any(task.broken for task in found.tasks)
    said = "It is called like a module of Python: what imports “{}” beside it gets this file instead."
    assert [(Path(one.file).name, one.line, one.warning, one.sentence) for one in found.problems] == [
        (f"{name}.py", 1, True, said.format(name)) for name in ("json", "random")
    ]


async def test_where_everything_is_executable_only_what_can_run_is_a_task(tmp_path: Path):
    put(tmp_path, "run.sh")
    put(tmp_path, "prog", ELF)
    none: dict[str, str | bytes] = {
        "photo.jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF",
        "raw": b"\0\1\2",
        "GNUmakefile": "all:\n",
        "COPYING": "Anybody may\n",
        "Dockerfile": "FROM x\n",
        "index.js": "export {}\n",
        "notes.txt": "x\n",
        "setup.ps1": "param()\n",
    }
    for name, content in none.items():
        put(tmp_path, name, content)
    tasks, passed = await looked(tmp_path)
    assert (tasks, passed.keys()) == (["prog", "run"], none.keys())
    assert passed["raw"] == "it is neither a script nor a program of this system"
    assert passed["COPYING"] == "it does not begin with “#!”"


@pytest.mark.parametrize(
    "name",
    [
        "a.sh.bak",
        "a.sh.orig",
        "a.sh.rej",
        "a.save",
        "a.save.1",
        ".a.swo",
        "a.swo",
        "a.sh.old",
        "a.rpmsave",
        "a.rpmnew",
        "a.pacnew",
        "a.sh~",
        "a.dpkg-dist",
        "a.sh,v",
        "#a#",
        "a.sync-conflict-20260101-101112-ABC.sh",
        "a.sh.disabled",
        "test_a.sh",
        "a (conflicted copy).sh",
        "a (Ada's conflicted copy 2026-01-01).sh",
    ],
)
async def test_a_copy_or_a_left_over_is_no_task(name: str, tmp_path: Path):
    put(tmp_path, "a.sh")
    put(tmp_path, name)
    tasks, passed = await looked(tmp_path)
    assert tasks == ["a"]
    assert list(passed) == ([] if name.startswith(".") else [name])


async def test_folders_of_libraries_tests_and_others_work_are_passed_over_whole(tmp_path: Path):
    put(tmp_path, "ops/a.sh")
    put(tmp_path, "test/c.sh")  # as there may be “live”
    for folder in ("lib", "tests", "vendor", "node_modules", "venv"):
        put(tmp_path, f"{folder}/b.sh")
    tasks, passed = await looked(tmp_path)
    assert (tasks, set(passed)) == (["a", "c"], {"lib/", "tests/", "vendor/", "node_modules/", "venv/"})


async def test_what_is_nearly_a_task_is_named_with_what_to_do(tmp_path: Path):
    forgot = put(tmp_path, "for got.sh", mode=0o644)
    put(tmp_path, "plain.sh", "echo\n", 0o644)
    put(tmp_path, "one/two/deep.sh")
    put(tmp_path, "tool.py", "import argparse\nif __name__ == '__main__':\n    print(1)\n", 0o644)
    put(tmp_path, "shared.py", "def helper(): ...\n", 0o644)
    put(tmp_path, "data.csv", "x\n", 0o644)
    found = await examined([tmp_path])
    assert {Path(one.path).name: (one.why, one.mend) for one in found.passed} == {
        "for got.sh": ("it begins with “#!”, but may not be executed", f"chmod +x '{forgot}'"),
        "plain.sh": ("it neither begins with “#!” nor may be executed", ""),
        "deep.sh": ("it lies deeper than one folder", ""),
        "tool.py": ("it has neither a first line with “#!” nor a function with @task", ""),
    }
    assert (found.tasks, found.problems) == ([], [])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            b"\xef\xbb\xbf#!/bin/sh\necho\n",
            "A byte order mark (BOM) stands before its “#!”: save it as UTF-8 without one.",
        ),
        (
            "\ufeff#!/bin/sh\n".encode("utf-16-le"),
            UTF_16,
        ),
        (
            "\ufeff#!/bin/sh\n".encode("utf-16-be"),
            UTF_16,
        ),
        (
            b"#!/usr/bin/env " + b"x" * 300 + b"\n",
            "Its first line is longer than the 255 characters that the system reads.",
        ),
        (b"echo\n", "Its first line must say which program runs it, such as #!/bin/sh."),
    ],
)
async def test_a_first_line_that_the_system_does_not_find_is_named(content: bytes, sentence: str, tmp_path: Path):
    put(tmp_path, "x.sh", content)
    found = await examined([tmp_path])
    assert [problem.sentence for problem in found.problems] == [sentence]
    assert [task.broken for task in found.tasks] == [f"x.sh line 1: {sentence}"]


async def test_an_ignore_file_leaves_out_and_takes_in(tmp_path: Path):
    put(tmp_path, ".pushbuttonignore", "# ours\nold-*\n/drafts/\n!test_line.sh\n*.rb\n!keep.rb\n", 0o644)
    for name in ("old-a.sh", "b.sh", "test_line.sh", "test_other.sh", "c.rb", "keep.rb", "drafts/d.sh", "ops/old-e.sh"):
        put(tmp_path, name)
    tasks, passed = await looked(tmp_path)
    assert tasks == ["b", "keep", "test-line"]
    assert {name for name, why in passed.items() if "pushbuttonignore" in why} == {
        "old-a.sh", "c.rb", "drafts/", "ops/old-e.sh",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "fits", "fits_not"),
    [
        ("a.sh", ["a.sh", "x/a.sh"], ["a.shx", "ba.sh"]),
        ("/a.sh", ["a.sh"], ["x/a.sh"]),
        ("x/a.sh", ["x/a.sh"], ["y/x/a.sh", "a.sh"]),
        ("x/*", ["x/a.sh"], ["x/y/a.sh", "x"]),
        ("**/a.sh", ["a.sh", "x/a.sh", "x/y/a.sh"], ["xa.sh"]),
        ("x/**", ["x/a", "x/y/a"], ["x"]),
        ("x/**/a", ["x/a", "x/y/a", "x/y/z/a"], ["xa"]),
        ("a?.sh", ["ab.sh"], ["a.sh", "a/.sh"]),
        ("[!a-c]*.sh", ["d.sh"], ["a.sh", "d/"]),
        ("[]]x", ["]x"], ["x"]),
        ("\\#a", ["#a"], ["\\#a"]),
        ("\\!a", ["!a"], ["a"]),
        ("a\\*", ["a*"], ["ab"]),
        ("a+(b).sh   ", ["a+(b).sh"], ["aab.sh"]),
        ("# a", [], ["# a", "a"]),
        ("", [], ["a", ""]),
    ],
)
def test_a_line_of_an_ignore_file_means_what_it_means_in_gitignore(
    line: str, fits: list[str], fits_not: list[str], tmp_path: Path
):
    put(tmp_path, ".pushbuttonignore", f"{line}\n", 0o644)
    ignore = read_ignore(tmp_path)
    assert [path for path in fits if not ignore.says(path)] == []
    assert [path for path in fits_not if ignore.says(path)] == []


def test_a_line_that_ends_with_a_slash_is_for_folders_and_the_last_line_counts(tmp_path: Path):
    put(tmp_path, ".pushbuttonignore", "x/\n*.sh\n!b.sh\n", 0o644)
    ignore = read_ignore(tmp_path)
    assert (ignore.says("x"), ignore.says("x", folder=True)) == (None, True)
    assert (ignore.says("a.sh"), ignore.says("b.sh"), ignore.says("c")) == (True, False, None)


async def test_an_ignore_file_counts_at_once(tmp_path: Path):
    put(tmp_path, "a.sh")
    put(tmp_path, "b.sh")
    changed = asyncio.Event()
    catalog = PathCatalog([tmp_path], changed.set)
    await catalog.open()
    try:
        put(tmp_path, ".pushbuttonignore", "b.sh\n", 0o644)
        async with asyncio.timeout(60):
            while "b" in catalog.tasks():
                changed.clear()
                await changed.wait()
        assert [one.why for one in await catalog.passed()] == ["“.pushbuttonignore” leaves it out"]
    finally:
        await catalog.close()


def test_a_folder_that_is_served_is_looked_at_whatever_its_name(tmp_path: Path):
    put(tmp_path, "lib/a.sh")
    assert [found.path.name for found in scan(named([tmp_path / "lib"])).files] == ["a.sh"]
