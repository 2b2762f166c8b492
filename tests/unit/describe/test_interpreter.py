"""The Python that a script's first line names says what can be read of it; nothing of its author's runs for that."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from pushbutton.describe.arguments import interpreter
from pushbutton.describe.arguments.foreign_tree import tree_of
from pushbutton.describe.arguments.interpreter import Pythons, named, version_of
from pushbutton.describe.arguments.python2 import python2
from pushbutton.describe.arguments.read import read_file

OURS = os.path.realpath(sys.executable)


def others() -> dict[tuple[int, ...], str]:
    """The other Pythons of this machine, by version."""
    beside = Path(OURS).parents[2].glob("*/bin/python[23].*")
    on_path = [found for n in range(6, 20) if (found := shutil.which(f"python3.{n}"))]
    programs = {named(f"#!{one}".encode(), "/nowhere") for one in [*beside, *on_path]}
    by_version = {version_of(one): one for one in sorted(programs) if one}
    return {version: one for version, one in by_version.items() if version and version != sys.version_info[:2]}


OTHERS = others()
SCRIPT = '''
import argparse, os
from os.path import join
KINDS = ["full", "pri" + "ces"]
class P(argparse.ArgumentParser):
    def __init__(self, *args, **more):
        super(P, self).__init__(*args, **more)
        self.add_argument("--kind", "-k", choices=KINDS[::1], default=KINDS[0])
def add(p, flag, **more):
    """Adds one."""
    p.add_argument(flag, **more)
def main(args=None, *rest, **more):
    p = P(description="Mo" "ves")
    for name, number in (("a", 1), ("b", 2.5)):
        add(p, "--%s" % name, type=type(number), default=number)
    try:
        with open("x") as f, open("y"):
            p.add_argument("--yes", action="store_true" if True else None, default=not True)
    except (OSError, ValueError) as error:
        raise
    finally:
        p.add_argument("till", nargs="?", help=u"ü \\u00fc", default=-1 if not KINDS else None)
    p.add_argument(*["--many"], **dict(nargs="*"))
    return p.parse_args(args)
if __name__ == "__main__" and (lambda x, y=1: x):
    main()
'''


@pytest.fixture(params=OTHERS, ids=lambda version: ".".join(map(str, version)))
def other(request: pytest.FixtureRequest) -> str:
    return OTHERS[request.param]


def script(folder: Path, first: str, source: str) -> str:
    path = folder / "tool"
    path.write_text(f"{first}\n# -*- coding: utf-8 -*-\n{textwrap.dedent(source)}", encoding="utf-8")
    return str(path)


def flags(found: dict[str, Any]) -> list[str]:
    return [(one["flags"] or [one["name"]])[-1] for one in found["command"]["arguments"]]


def test_a_tree_of_another_python_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "version_of", lambda _: ())  # as if it were another one
    path = script(tmp_path, "#!x", SCRIPT)
    pythons = Pythons()
    found = pythons.tree_by(OURS, path)
    pythons.close()
    assert found is not None
    assert ast.dump(tree_of(found["tree"])) == ast.dump(ast.parse(Path(path).read_text("utf-8")))


def test_any_other_python_of_this_machine_reads_the_same_of_a_script(tmp_path: Path, other: str) -> None:
    by_ours = read_file(script(tmp_path, "#!/usr/bin/env nothing-like-it", SCRIPT))
    by_other = read_file(script(tmp_path, f"#!{other}", SCRIPT))
    assert by_other.pop("sha256") != by_ours.pop("sha256")
    assert by_other == by_ours
    assert flags(by_ours) == ["-k", "--a", "--b", "--yes", "till", "--many"]


def test_the_python_that_is_named_says_what_is_a_mistake(tmp_path: Path, other: str) -> None:
    source = "import argparse\np = argparse.ArgumentParser()\nnonlocal = ?\np.parse_args()\n"
    found = read_file(script(tmp_path, f"#!{other}", source))
    assert found["sentence"] == ": line 5 is not Python as it is here"


def test_one_process_of_another_python_reads_many_scripts_and_the_next_one_where_it_was_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpreter, "version_of", lambda _: ())  # as if it were another one
    started: list[subprocess.Popen[str]] = []
    begin = interpreter._started

    def starts(program: str) -> subprocess.Popen[str]:
        started.append(begin(program))
        return started[-1]

    monkeypatch.setattr(interpreter, "_started", starts)
    pythons = Pythons()
    path = script(tmp_path, f"#!{OURS}", SCRIPT)
    whole = read_file(path, pythons)
    assert [read_file(path, pythons) for _ in range(3)] == [whole] * 3
    (tmp_path / "tool").write_text(f"#!{OURS}\nx = = 1\n")
    assert "line 2 is not Python" in read_file(path, pythons)["sentence"]
    assert len(started) == 1
    started[0].kill()
    started[0].wait()
    by_ours = read_file(script(tmp_path, f"#!{OURS}", SCRIPT), pythons)
    assert (flags(by_ours), "sha256" in by_ours) == (flags(whole), False)  # nobody need keep it
    assert flags(read_file(script(tmp_path, f"#!{OURS}", SCRIPT), pythons)) == flags(whole)
    assert len(started) == 2
    pythons.close()
    assert [one.poll() is None for one in started] == [False, False]


NEWER = """
import argparse
p = argparse.ArgumentParser()
kind = "k"
p.add_argument(f"--{"x" + kind}")
type Name = str
def first[T](of: list[T]) -> T: return of[0]
p.parse_args()
"""
OLD = """
import optparse, sys
p = optparse.OptionParser()
p.add_option("--till", type="int", default=7 / 2)
print >>sys.stderr, `p`
print "a",
try: pass
except (ValueError, OSError), error: raise error, "b"
p.parse_args()
"""


@pytest.mark.skipif(not any(version >= (3, 12) for version in OTHERS), reason="no newer Python is here")
def test_what_only_a_newer_python_reads_is_read_by_it(tmp_path: Path) -> None:
    newer = OTHERS[max(OTHERS)]
    assert flags(read_file(script(tmp_path, f"#!{newer}", NEWER))) == ["--xk"]
    if sys.version_info < (3, 12):
        assert "sentence" in read_file(script(tmp_path, "#!/gone/python3", NEWER))


@pytest.mark.skipif(not any(version < (3, 10) for version in OTHERS), reason="no older Python is here")
def test_what_an_older_python_does_not_read_is_not_read(tmp_path: Path) -> None:
    source = "import argparse\np = argparse.ArgumentParser()\nmatch p:\n    case 1: pass\np.parse_args()\n"
    older = OTHERS[max(version for version in OTHERS if version < (3, 10))]
    sentence = f": line 5 is not Python as {Path(older).name} is here"
    assert read_file(script(tmp_path, f"#!{older}", source))["sentence"] == sentence


@pytest.mark.parametrize("first", ["#!/usr/bin/env python2", "#!/gone/python2.7", *(
    f"#!{program}" for version, program in OTHERS.items() if version < (3,)
)])  # fmt: skip
def test_python_2_is_read_whether_it_is_there_or_not(tmp_path: Path, first: str) -> None:
    found = read_file(script(tmp_path, first, OLD))
    assert flags(found) == ["--till"]
    assert found["command"]["arguments"][0]["default"] == 3  # as it divides
    assert found["gaps"] == []


def test_python_2_that_will_not_start_says_so(tmp_path: Path) -> None:
    path = script(tmp_path, f"#!{OURS}", OLD)
    with pytest.raises(SyntaxError) as error:
        ast.parse(Path(path).read_bytes())
    assert [(gap["line"], gap["text"]) for gap in read_file(path)["gaps"]] == [
        (error.value.lineno, f"this line is Python 2, and {Path(OURS).name} will not start it")
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("print 'a' % (1,\n  2)", "_ = 'a' % (1,\n  2)"),
        ("if x: print 'print `y` 07', 07", "if x: _ = 'print `y` 07', 0o7"),
        ("print", "print"),
        ("exec 'x' in {}", "_ = 'x' in {}"),
        ("a = 0755 <> 10L", "a = 0o755 != 10"),
        ("a = ur'b'", "a = r'b'"),
        ("if a:\n\tb\n        c", "if a:\n        b\n        c"),
        ("x = = 1", None),
        ("def f((a, b)): pass", None),
    ],
)
def test_lines_of_python_2_are_rewritten(old: str, new: str | None) -> None:
    made = python2(old)
    assert (None if made is None else ast.dump(made)) == (None if new is None else ast.dump(ast.parse(new)))


def test_a_program_that_its_author_can_have_made_is_not_started(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    ran = tmp_path / "ran"
    for name in ("python3", "python3.9"):
        (tmp_path / name).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (tmp_path / name).chmod(0o755)
        assert named(f"#!{tmp_path / name}".encode(), str(tmp_path / "tasks")) == ""  # a script, and no program
    copy = tmp_path / "python3.8"
    copy.write_bytes(b"\x7fELF")
    copy.chmod(0o755)
    assert named(f"#!{copy}".encode(), str(tmp_path / "tasks")) == str(copy)
    assert named(f"#!{copy}".encode(), str(tmp_path)) == ""  # it lies beside the script
    copy.chmod(0o775)
    assert named(f"#!{copy}".encode(), str(tmp_path / "tasks")) == ""  # others can change it
    link = tmp_path / "tasks" / "python3"
    link.symlink_to(OURS)
    assert named(f"#!{link} -u\nx".encode(), str(tmp_path / "tasks")) == OURS  # behind a link of theirs is the system's
    for first in ("#!/bin/sh", "#!/usr/bin/env ruby", "", "#!", f"#!{tmp_path}/gone/python3", "#!python3-config"):
        assert named(first.encode(), str(tmp_path)) == ""
    assert not ran.exists()


def test_nothing_that_lies_beside_a_script_is_loaded_to_read_it(
    tmp_path: Path, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    for name in ("ast", "json", "sys", "encodings", "sitecustomize", "usercustomize"):
        (tmp_path / f"{name}.py").write_text(f"open({str(ran)!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "ast.py"))
    assert flags(read_file(script(tmp_path, f"#!{other}", SCRIPT)))
    assert not ran.exists()
