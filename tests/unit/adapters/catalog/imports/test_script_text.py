"""A script's text as an argument of its interpreter, and times of Quartz as times of cron."""

from __future__ import annotations

import subprocess

import pytest

from pushbutton.adapters.catalog.imports.quartz import in_cron
from pushbutton.adapters.catalog.imports.script_text import in_shell, is_shell, starter


@pytest.mark.parametrize(
    ("text", "interpreter", "start"),
    [
        ("#!/usr/bin/env bash\nx", "", ("bash", "-c")),
        ("#!/bin/bash -eu\nx", "", ("/bin/bash", "-eu", "-c")),
        ("#! /usr/bin/env -S python3.12 -u\nx", "", ("python3.12", "-u", "-c")),
        ("#!/usr/bin/perl -w\nx", "", ("/usr/bin/perl", "-w", "-e")),
        ("x", "", ("sh", "-c")),
        ("#!/bin/bash\nx", "sudo -u till bash", ("sudo", "-u", "till", "bash", "-c")),
        ("#!/usr/bin/awk -f\nx", "", None),
        ("#!/usr/bin/env\nx", "", None),
        ("#!'\nx", "", None),
        ("#!\nx", "", None),
    ],
)
def test_what_stands_before_a_text(text: str, interpreter: str, start: tuple[str, ...] | None) -> None:
    assert starter(text, interpreter) == start
    if start:
        assert is_shell(start) == (not {"python3.12", "/usr/bin/perl"} & set(start))


def test_a_text_in_a_shell_is_the_same_text() -> None:
    text = (
        '#!/bin/bash\nset -e\nprintf \'<%s>\' "$0" "$@" "it\'s $((1 + 1)) `echo x` \\\\ $Y"\nfalse\necho never\nSTEP\n'
    )
    line = in_shell(("bash", "-c"), text, "its name", "'a b' \"$Y\"")
    done = subprocess.run(
        ["sh", "-c", f"{line}; echo $?"], env={"Y": "y z"}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "<its name><a b><y z><it's 2 x \\ y z>1\n"


@pytest.mark.parametrize(
    ("quartz", "cron"),
    [
        ("0 15 3 ? * MON-FRI *", "15 3 * * MON-FRI"),
        ("0 0/5 * 1 JAN,JUL ?", "0/5 * 1 JAN,JUL *"),
        ("0 0 1 ? * 1,3-7/2 2026", "0 1 * * 0,2-6/2"),
        ("0 0 1 L * ?", "0 0 1 L * ?"),
        ("0 0 1 ? * 6#3", "0 0 1 ? * 6#3"),
        ("0 0 1 ? JUL WED", "0 1 * JUL WED"),
        ("whenever", "whenever"),
    ],
)
def test_times_as_cron_writes_them(quartz: str, cron: str) -> None:
    assert in_cron(quartz) == cron
