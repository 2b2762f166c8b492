"""A folder that is packed and unpacked is the same folder; what is no honest bundle is not unpacked."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.adapters.bundles import Cache, Packed, pack, stamp
from pushbutton.adapters.bundles.cache import KEPT
from pushbutton.domain.bundle import MOST_BYTES, BadBundle, compared, digest_of, parsed
from pushbutton.errors import ConfigError

Tree = dict[str, Any]
"""By name: bytes of a file, (bytes,) of one that can be executed, or another tree."""


def write(folder: Path, tree: Tree) -> None:
    for name, held in tree.items():
        path = folder / name
        if isinstance(held, dict):
            path.mkdir()
            write(path, held)
        else:
            path.write_bytes(held[0] if isinstance(held, tuple) else held)
            path.chmod(0o755 if isinstance(held, tuple) else 0o644)


def read(folder: Path) -> Tree:
    tree: Tree = {}
    for path in folder.iterdir():
        if path.is_symlink():
            tree[path.name] = f"-> {path.readlink()}"
        elif path.is_dir():
            tree[path.name] = read(path)
        else:
            content = path.read_bytes()
            tree[path.name] = (content,) if path.stat().st_mode & 0o100 else content
    return tree


def cache(folder: Path) -> Cache:
    made = Cache(folder)
    made.open()
    return made


def packed(tree: Tree) -> Packed:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), tree)
        return pack(Path(folder))


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=12).filter(
    lambda name: name not in {".", ".."} and len(name.encode()) < 100 and not name.endswith(("~", "#"))
)
CONTENTS = st.binary(max_size=200)
TREES = st.recursive(
    st.dictionaries(NAMES, CONTENTS | st.tuples(CONTENTS), max_size=4),
    lambda below: st.dictionaries(NAMES, CONTENTS | st.tuples(CONTENTS) | below, max_size=4),
    max_leaves=6,
)


@settings(deadline=None, max_examples=60)
@given(TREES)
def test_any_tree_is_unpacked_as_it_was_packed(tree):
    with tempfile.TemporaryDirectory() as folder:
        source, place = Path(folder, "source"), Path(folder, "place")
        source.mkdir()
        write(source, tree)
        made = pack(source)
        there = cache(place).put(made.digest, made.content)
        assert read(there) == read(source)
        assert cache(place).found(made.digest) == there, "another process finds that it is whole"
        assert pack(source).digest == made.digest


def test_the_same_folder_has_the_same_digest_whatever_its_modes_times_and_place_are(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    tree = {"deploy.sh": (b"#!/bin/sh\n",), "lib": {"log.sh": b"log() { :; }\n"}, "empty": {}}
    for folder in (one, other):
        folder.mkdir()
    write(one, tree)
    write(other, dict(reversed(tree.items())))
    (other / "deploy.sh").chmod(0o700)
    (other / "lib" / "log.sh").chmod(0o664)
    (other / "lib").chmod(0o775)
    os.utime(other / "deploy.sh", (1, 1))
    assert pack(one).digest == pack(other).digest
    code = (
        "import sys, pathlib; from pushbutton.adapters.bundles import pack; "
        "print(pack(pathlib.Path(sys.argv[1])).digest)"
    )
    words = [sys.executable, "-c", code, str(other)]
    told = subprocess.run(words, capture_output=True, check=True, env={"LC_ALL": "C"}, text=True)
    assert told.stdout.strip() == pack(one).digest, "in another process, with another language"


def test_a_changed_byte_name_or_mode_is_another_digest():
    trees: list[Tree] = [
        {"a": b"1"},
        {"a": b"2"},
        {"b": b"1"},
        {"a": (b"1",)},
        {"a": b"1", "b": {}},
        {"a": b"1", "b": b""},
    ]
    assert len({packed(tree).digest for tree in trees}) == len(trees)


def test_what_tools_and_editors_left_is_left_out_and_the_folders_own_file_decides(tmp_path):
    tool = {"x": b"x"}
    write(
        tmp_path,
        {
            "deploy.sh": (b"#!/bin/sh\n",), ".env": b"A=1", "lib": {"log.sh": b"", "log.pyc": b""},
            **dict.fromkeys([".git", "__pycache__", "node_modules", ".mypy_cache"], tool),
            "venv": {"pyvenv.cfg": b"", "bin": {}}, "any": {"pyvenv.cfg": b""},
            "state": {"server.key": b"k", "history.db": b""}, "old": tool, "notes.txt": b"", "keep": {"notes.txt": b""},
            "deploy.sh~": b"", ".deploy.sh.swp": b"",
            ".pushbuttonignore": b"old/\nnotes.txt\n!keep/notes.txt\n!node_modules\n",
        },
    )  # fmt: skip
    found = {entry.path for entry in parsed(pack(tmp_path).content)[0]}
    assert found == {
        *("deploy.sh", ".env", "lib", "lib/log.sh", ".pushbuttonignore"),
        *("node_modules", "node_modules/x", "keep", "keep/notes.txt"),
    }


def test_a_data_folder_is_never_packed_whatever_is_asked_for(tmp_path):
    write(tmp_path, {"state": {"server.key": b"k"}, ".pushbuttonignore": b"!state\n"})
    assert b"server.key" not in pack(tmp_path).content


def test_links_inside_stay_links_and_are_seen_from_where_they_lie(tmp_path):
    write(tmp_path, {"bin": {}, "deploy.sh": (b"#!/bin/sh\n",)})
    (tmp_path / "bin" / "now").symlink_to("../deploy.sh")
    (tmp_path / "bin" / "far").symlink_to(tmp_path / "deploy.sh")
    made = pack(tmp_path)
    there = cache(tmp_path.parent / f"{tmp_path.name}-cache").put(made.digest, made.content)
    assert read(there)["bin"] == {"now": "-> ../deploy.sh", "far": "-> ../deploy.sh"}
    assert (there / "bin" / "far").read_bytes() == b"#!/bin/sh\n"


@pytest.mark.parametrize("target", ["/etc/passwd", "../elsewhere", "here/../../elsewhere"])
def test_a_link_out_of_the_folder_is_refused_by_its_name(tmp_path, target):
    (tmp_path / "here").mkdir()
    (tmp_path / "away").symlink_to(target)
    with pytest.raises(ConfigError, match=r"away:1: this is a link to .* is not in the folder"):
        pack(tmp_path)


def test_a_link_through_another_link_that_leads_out_is_refused(tmp_path):
    inside = tmp_path / "tasks"
    write(tmp_path, {"tasks": {"deep": {}}, "secret": b""})
    (inside / "deep" / "up").symlink_to("..")
    (inside / "away").symlink_to("deep/up/../secret")  # its words stay inside
    with pytest.raises(ConfigError, match="away:1: this is a link to"):
        pack(inside)


def test_pipes_and_sockets_are_left_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket has to be short
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind("socket")
        assert parsed(pack(tmp_path).content)[0] == []


def test_too_much_is_refused_in_one_sentence_with_the_largest_files(tmp_path):
    (tmp_path / "small").write_text("x")
    for name, length in (("film.mkv", MOST_BYTES), ("disk.img", 9_000_000)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(length)
    with pytest.raises(ConfigError) as told:
        pack(tmp_path)
    assert told.value.sentence == (
        "there is 73.0 MB in it, and 64 MB can be published: leave out with .pushbuttonignore what no task needs. "
        "The largest: film.mkv (64.0 MB), disk.img (9.0 MB), small (1 bytes)."
    )


def test_a_stamp_changes_with_what_is_packed_and_with_nothing_else(tmp_path):
    write(tmp_path, {"deploy.sh": b"a", ".git": {}, "lib": {}})
    before = stamp(tmp_path)
    (tmp_path / ".git" / "index").write_text("x")
    (tmp_path / "lib" / "x.pyc").write_text("x")
    assert stamp(tmp_path) == before
    (tmp_path / "deploy.sh").write_text("b")
    assert stamp(tmp_path) != before


# -- unpacking


def made_of(rows: list[list[Any]], contents: bytes = b"", **more: Any) -> bytes:
    """A bundle as somebody hostile may make it."""
    return json.dumps({"pushbutton bundle": 1, "entries": rows, **more}).encode() + b"\n" + contents


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (made_of([["../out", "f", 1]], b"x"), "leaves it"),
        (made_of([["/etc/x", "f", 1]], b"x"), "leaves it"),
        (made_of([["a", "d", 0], ["a/../../x", "f", 1]], b"x"), "in no folder|leaves it"),
        (made_of([["a//b", "f", 1]], b"x"), "leaves it"),
        (made_of([["a\0b", "f", 1]], b"x"), "leaves it"),
        (made_of([[".", "f", 1]], b"x"), "leaves it"),
        (made_of([["", "f", 1]], b"x"), "leaves it"),
        (made_of([["a/b", "f", 1]], b"x"), "in no folder"),
        (made_of([["a", "f", 0], ["a/b", "f", 1]], b"x"), "in no folder"),
        (made_of([["a", "l", "."], ["a/b", "f", 1]], b"x"), "in no folder"),
        (made_of([["a", "f", 1], ["a", "f", 1]], b"xx"), "twice"),
        (made_of([["b", "f", 1], ["a", "f", 1]], b"xx"), "not in order"),
        (made_of([["a", "l", "/etc/passwd"]]), "leads out"),
        (made_of([["a", "l", "../x"]]), "leads out"),
        (made_of([["a", "l", ""]]), "leads out"),
        (made_of([["d", "d", 0], ["d/u", "l", ".."], ["e", "l", "d/u/../x"]]), "leads out"),
        (made_of([["a", "l", "b"], ["b", "l", "a/../../x"]]), "leads out"),
        (made_of([["a", "f", 5]], b"x"), "not as long"),
        (made_of([["a", "f", 1]], b"xyz"), "not as long"),
        (made_of([["a", "f", -1], ["b", "f", 2]], b"x"), "size that cannot be"),
        (made_of([["a", "f", 10**30]], b"x"), "not as long"),
        (made_of([["a", "f", True]], b"x"), "cannot be read"),
        (made_of([["a", "c", 1]], b"x"), "cannot be read"),
        (made_of([["a", "f"]]), "cannot be read"),
        (made_of([["a", "l", "\ud800"]]), "cannot be read"),
        (made_of([["\ud800", "f", 0]]), "none that a file can have"),
        (made_of([["x" * 256, "f", 0]]), "too long"),
        (made_of([["a", "d", 7]]), "size that cannot be"),
        (b'{"pushbutton bundle":2,"entries":[]}\n', "another version"),
        (b"[" * 100_000 + b"\n", "cannot be read"),
        (b"{}\n", "cannot be read"),
        (b"", "no list"),
        (b"x" * 20_000_000, "no list"),
        (made_of([[f"{n:06}", "f", 0] for n in range(60_000)]), "more than 50,000"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_no_honest_bundle_is_not_unpacked_and_leaves_nothing(tmp_path, content, why):
    there = tmp_path / "cache"
    place = cache(there)
    with pytest.raises(BadBundle, match=why):
        place.put(digest_of(content), content)
    assert list(there.iterdir()) == []
    assert list(tmp_path.iterdir()) == [there]


def test_bytes_that_are_others_than_what_was_published_are_thrown_away(tmp_path):
    made = packed({"a": b"1"})
    for wrong in (made.content[:-1], made.content + b"x", made.content.replace(b"1", b"2")):
        with pytest.raises(BadBundle, match="some of its bytes are others"):
            cache(tmp_path).put(made.digest, wrong)
    assert list(tmp_path.iterdir()) == []


def test_what_is_unpacked_can_be_read_and_run_by_all_and_written_by_nobody(tmp_path):
    made = packed({"a": b"1", "b": (b"2",), "c": {"d": b"3"}})
    there = cache(tmp_path).put(made.digest, made.content)
    modes = {path.name: stat.S_IMODE(path.lstat().st_mode) for path in [*there.rglob("*"), there]}
    assert modes == {"a": 0o444, "b": 0o555, "c": 0o555, "d": 0o444, there.name: 0o555}


def test_half_of_one_that_a_killed_process_left_is_removed_by_the_next(tmp_path):
    made = packed({"a": b"1", "c": {"d": b"3"}})
    whole = cache(tmp_path).put(made.digest, made.content)
    half = whole.rename(tmp_path / ".half-x")
    assert cache(tmp_path).found(made.digest) is None
    assert not half.exists()


@pytest.mark.parametrize("fault", ["cut", "more", "mode", "gone"])
def test_what_is_not_whole_any_more_is_found_by_the_next_process_and_fetched_anew(tmp_path, fault):
    made = packed({"a": b"1", "c": {"d": b"3"}})
    there = cache(tmp_path).put(made.digest, made.content)
    for path in (there, there / "c", there / "a"):
        path.chmod(0o755)
    if fault == "cut":
        (there / "a").write_bytes(b"")
    elif fault == "more":
        (there / "c" / "e").write_bytes(b"")
    elif fault == "gone":
        (there / "c" / "d").unlink()
    later = cache(tmp_path)
    assert later.found(made.digest) is None
    assert read(later.put(made.digest, made.content)) == {"a": b"1", "c": {"d": b"3"}}


def test_those_that_are_needed_are_kept_and_few_of_the_others(tmp_path):
    place = cache(tmp_path)
    bundles = [packed({"a": str(number).encode()}) for number in range(KEPT + 4)]
    for number, one in enumerate(bundles):
        os.utime(place.put(one.digest, one.content), (number, number))
    place.tidy({bundles[0].digest})
    kept = [one.digest for one in bundles if place.found(one.digest)]
    assert kept == [bundles[0].digest, *(one.digest for one in bundles[-KEPT:])]


def test_which_tasks_came_went_and_changed_is_told_by_their_hashes():
    assert compared({"a": "1", "b": "1", "c": "1"}, {"b": "2", "c": "1", "d": "1"}) == {
        "added": ["d"],
        "changed": ["b"],
        "removed": ["a"],
    }
    assert compared({"a": "1"}, {"a": "1"}) == {}
