"""A job with a terminal, and nobody in front of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pushbutton.domain.run import RunState
from pushbutton.testing import opened, press_and_wait

from .worlds import script

TTY = "tty = [30, 90]"


async def test_a_job_is_told_which_terminal_it_has_and_to_page_nothing(tmp_path):
    body = 'echo "$TERM ${GIT_PAGER-none} ${SYSTEMD_PAGER-none}"'
    script(tmp_path, "with.sh", body, head=TTY)
    script(tmp_path, "without.sh", body)
    script(tmp_path, "own.sh", body, head=f'{TTY}\nenv = {{ TERM = "vt100" }}')
    async with opened(tmp_path) as app:
        said = {name: (await press_and_wait(app, name)).output.strip() for name in ("with", "without", "own")}
    assert said == {"with": "xterm-256color cat cat", "without": "dumb none none", "own": "vt100 cat cat"}


async def test_who_asks_the_terminal_for_a_line_or_a_password_is_told_that_nobody_answers(tmp_path):
    body = """\
        read line </dev/tty; echo "line $?"
        python3 -c "import getpass; getpass.getpass('Word? ')" 2>&1 | tail -n 1
        echo end
        """
    script(tmp_path, "ask.sh", body, head=f"{TTY}\ntimeout = 60")
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "ask")
    assert done.run.state is RunState.SUCCEEDED, done.output
    assert done.output.replace("Word? ", "").split() == ["line", "1", "EOFError", "end"]


async def test_nothing_is_typed_at_a_program_that_waits_only_a_while_for_a_key(tmp_path):
    body = """\
        exec </dev/tty
        stty -icanon min 0 time 0; dd bs=99 count=1 >/dev/null 2>&1
        stty time 30; dd bs=1 count=1 2>/dev/null | od -An -c; echo end
        """
    script(tmp_path, "keys.sh", body, head=TTY)
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "keys")
    assert done.output.split() == ["end"]


@pytest.mark.parametrize("shell", ["bash", "dash", "python3"])
async def test_its_input_is_a_terminal_that_knows_its_size(tmp_path, shell):
    asks = "import os; print(*os.get_terminal_size(0), os.isatty(0), not os.path.exists('/proc/self/fd/4'))"
    body = asks if shell == "python3" else f'stty size </dev/stdin; stty size; "{sys.executable}" -c "{asks}"'
    with_shell(tmp_path, "size", shell, body)
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "size")
    assert done.output.split("\r\n")[-2:] == ["90 30 True True", ""]
    assert done.output.count("30 90\r\n") == (0 if shell == "python3" else 2)


@pytest.mark.parametrize("shell", ["bash", "dash"])
async def test_who_reads_its_input_is_at_the_end_each_time_that_it_asks(tmp_path, shell):
    body = f"""\
        for _ in 1 2 3; do read -r line; echo "read $?"; done
        cat; cat /dev/tty; timeout 50 cat; echo "cat $?"
        "{sys.executable}" -c "
        import getpass
        for ask in (input, input, getpass.getpass):
            try: ask('')
            except EOFError: print('asked')
        "
        """
    with_shell(tmp_path, "asks", shell, body)
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "asks")
    assert [line for line in done.output.split("\r\n") if line] == ["read 1"] * 3 + ["cat 0"] + ["asked"] * 3


async def test_who_waits_for_a_key_without_end_gets_the_one_that_ends_input(tmp_path):
    body = """\
        read -rsn 1 key; printf %s "$key" | od -An -c
        read -rsn 1 key </dev/tty; printf %s "$key" | od -An -c
        read -r line; echo "line $?"
        """
    with_shell(tmp_path, "key", "bash", body)
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "key")
    assert done.output.split() == ["004", "004", "line", "1"]


def with_shell(folder: Path, name: str, shell: str, body: str) -> None:
    file = script(folder, f"{name}.sh", body, head=f"{TTY}\ntimeout = 90")
    file.write_text(file.read_text().replace("#!/bin/sh", f"#!/usr/bin/env {shell}"))


async def test_lines_are_counted_as_wide_as_the_job_was_told(tmp_path):
    """It goes up over three rows of 90 columns and erases them, as programs do that draw their last lines anew."""
    body = """\
        echo kept; printf '%0200d\\n' 0
        for _ in 1 2 3; do printf '\\033[2K\\033[1A'; done; printf '\\033[2K\\033[Gdone\\n'
        """
    script(tmp_path, "wraps.sh", body, head=TTY)
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "wraps")
        core = await app.open()
        page = await core.lines(done.run.id).lines(1, 9, final=True)
    assert [line.text for line in page.lines] == ["kept", "done"]
