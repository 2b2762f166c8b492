"""Which files a watched folder's rule concerns, and which of them are known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pushbutton.domain.on_file import KEPT, REMEMBERED, FileSeen, Known, Lying, OnFile, Verdict, gone

FILE = Lying(changed=7, path="/in/a.csv", inode=3, size=10)


@pytest.mark.parametrize(
    ("pattern", "name", "concerned"),
    [
        ("*.csv", "a.csv", True),
        ("*.csv", "A.CSV", False),
        ("*.csv", "a.csv.part", False),
        ("*", ".hidden", False),
        (".*", ".hidden", True),
        ("order-[0-9]?.txt", "order-12.txt", True),
    ],
)
def test_names_are_compared_as_a_shell_does(pattern, name, concerned):
    assert OnFile("/in", pattern).concerns(name) is concerned


@pytest.mark.parametrize(
    ("other", "known"),
    [
        (replace(FILE, path="/in/renamed.csv"), True),
        (replace(FILE, inode=99), True),
        (replace(FILE, path="/in/b.csv", inode=99), False),
        (replace(FILE, changed=8), False),
        (replace(FILE, size=11), False),
    ],
)
def test_a_file_is_known_by_its_path_or_its_number_while_it_is_as_it_was(other, known):
    assert bool(Known([FileSeen("t", 0, Verdict.PRESSED, FILE)]).of(other)) is known


def test_only_what_is_old_and_lies_there_no_more_is_forgotten():
    files = [replace(FILE, path=f"/in/{number}", inode=number) for number in range(1, KEPT + 4)]
    seen = [FileSeen("t", 0, Verdict.PRESSED, file, number=file.inode) for file in files]
    begun = FileSeen("t", 0, Verdict.BEGUN, Lying(0, "/in/*", 0, 0), number=900)
    renamed = replace(files[0], path="/in/elsewhere")
    assert gone([begun, *seen], [renamed], REMEMBERED + 1) == [seen[2], seen[1]]
    assert gone([begun, *seen], [], REMEMBERED) == []
