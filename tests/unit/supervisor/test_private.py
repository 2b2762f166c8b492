"""Where a process may be closed to others, as the mounted file systems tell it."""

from __future__ import annotations

import pytest

from pushbutton.supervisor import private

ROOT = "/dev/sda1 / ext4 rw,relatime 0 0\n"
SHOWN = "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n"
HIDDEN = ("hidepid=1", "hidepid=2", "hidepid=4", "hidepid=noaccess", "hidepid=invisible", "hidepid=ptraceable")


@pytest.mark.parametrize("option", HIDDEN)
def test_it_is_not_possible_where_processes_are_hidden_from_others(tmp_path, option):
    mounts = tmp_path / "mounts"
    mounts.write_text(ROOT + f"proc /proc proc rw,nosuid,{option},gid=7 0 0\nproc /jail/proc proc rw 0 0\n")
    assert not private.possible(str(mounts))


@pytest.mark.parametrize(
    "lines",
    [
        ROOT + SHOWN,
        ROOT + "proc /proc proc rw,hidepid=off 0 0\n",
        ROOT + "proc /jail/proc proc rw,hidepid=2 0 0\n" + SHOWN,
        ROOT + "proc /proc proc rw,hidepid=2 0 0\n" + SHOWN,  # the last one lies on top
        ROOT,
        "",
    ],
)
def test_it_is_where_they_are_not(tmp_path, lines):
    mounts = tmp_path / "mounts"
    mounts.write_text(lines)
    assert private.possible(str(mounts))
    assert private.possible(str(tmp_path / "no such file"))
