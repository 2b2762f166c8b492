"""A shell that gets its script whole behaves as one that the system starts with it: real shells, side by side."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from pushbutton.supervisor.shells import whole

LINES = {
    "bash": "#!/bin/bash",
    "bash with options": "#!/bin/bash -eu",
    "bash in POSIX mode": "#!/bin/bash --posix",
    "bash by env": "#!/usr/bin/env bash",
    "bash by env -S": "#!/usr/bin/env -S COLOUR=1 bash -o pipefail",
    "sh": "#!/bin/sh",
    "sh -": "#! /bin/sh -",
    "dash": "#!/bin/dash",
    "mksh": "#!/bin/mksh",
    "zsh": "#!/bin/zsh -f",
    "busybox": "#!/bin/busybox sh",
    "yash": "#!/usr/bin/env yash",
    "posh": "#!/bin/posh",
}
FACTS = {
    "its name and its arguments": 'echo "$0 $# $*"; basename "$0" .sh; readlink -f "$0"',
    "what a file that it sources knows": "echo 'echo \"$0 $1\"' > lib.inc; . ./lib.inc; rm lib.inc",
    "what a command substitution and a subshell know": 'x=$(echo "$0"); echo "$x"; (echo "$0")',
    "the number of a line": "echo $LINENO\nf() {\n:\n}\n\necho $LINENO",
    "its exit code": "exit 7",
    "the code of its last command": "echo x\nfalse",
    "where set -e ends it": "set -e\nf() { false; echo no; }\nf\necho no",
    "what its trap hears at the end": "trap 'echo bye $?' EXIT\nfalse",
    "that a signal ends it": "kill -KILL $$",
    "a script that starts itself again": '[ "$1" = again ] && { echo "again $0"; exit 4; }\nexec "$0" again',
    "what follows its end": 'tail -n +4 "$0"\nexit 0\nnot a command (',
    "a last line without its end": "cat <<END\n$0\nEND\nprintf last",
    "lines as on Windows": "echo a\r\n# a note\r",
    "that its input is empty": "read x; echo $?; cat; sh -c cat; echo end",
    "which descriptors a program inherits": "ls /proc/self/fd | grep -c .",
    "an alias": 'alias hello="echo hello" 2>/dev/null\nhello 2>/dev/null; echo $?',
    "its process": 'tr "\\0" "\\n" </proc/$$/cmdline | grep -cxF "$0"',
}
CODES = {
    "an unset variable": "set -u\necho $nothing\necho no",
    "a line that is no shell": "echo a\nif then\nfi (",
    "a quotation without end": 'echo a\necho "abc',
    "a special builtin that fails": "echo a\n. /no/such/file\necho after",
    "a variable that may not change": "readonly r=1\nr=2\necho after",
    "a command that is not there": "echo a\nno-such-command\nexit $?",
}
BASH = {
    "where it lies": 'cd "$(dirname "${BASH_SOURCE[0]}")" && pwd; [[ "${BASH_SOURCE[0]}" == "$0" ]] && echo run',
    "where its functions lie": 'f() { echo "${BASH_SOURCE[*]} ${BASH_LINENO[0]}"; }\nf',
    "that it is not sourced": "(return 0 2>/dev/null) && echo sourced || echo run",
    "that it is not sourced by its stack": '[[ "${FUNCNAME[*]}" == *source* ]] && echo sourced || echo run',
    "a trap for the end of functions": "f() { trap 'echo ended' RETURN; }\nf\necho x",
    "what it complains of": "echo a\n\nno-such-command\necho $undefined",
    "its error trap": "trap 'echo failed in $LINENO' ERR\nfalse",
    "its own text": 'echo "[${BASH_EXECUTION_STRING-}] ${#BASH_SOURCE[@]} $BASH"',
    "a list with the word pidof in it": 'pidof -x "${0##*/}" | grep -cw $$',
}


class Ended(NamedTuple):
    code: int
    said: str


def shell(line: str) -> None:
    """Skip where this machine has no such shell; bash and dash are everywhere."""
    program = line.rpartition("env ")[2] if "env " in line and "-S" not in line else line.removeprefix("#!").split()[0]
    if not shutil.which(program):
        pytest.skip(f"no {program} here")


def script(folder: Path, line: str, body: str) -> Path:
    file = folder / "a job.sh"
    file.write_bytes(f"{line}\n{body}\n".encode().removesuffix(b"last\n") + (b"last" if body.endswith("last") else b""))
    file.chmod(0o755)
    return file


def ran(argv: list[str], given: bytes, folder: Path) -> Ended:
    stdin = os.memfd_create("given")
    os.write(stdin, given)
    os.lseek(stdin, 0, os.SEEK_SET)
    try:
        with Path(os.devnull).open() as nothing:
            done = subprocess.run(
                argv,
                stdin=stdin if given else nothing,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=folder,
                check=False,
                timeout=60,
            )
    finally:
        os.close(stdin)
    return Ended(done.returncode, done.stdout.decode())


def both(folder: Path, line: str, body: str) -> tuple[Ended, Ended]:
    """By the system, and as we start it."""
    argv = [str(script(folder, line, body)), "a", "b c"]
    return ran(argv, b"", folder), ran(*whole(argv, path=os.environ["PATH"]), folder)


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("name", LINES)
def test_a_script_is_the_same_to_itself_and_to_others(name: str, fact: str, tmp_path: Path):
    shell(LINES[name])
    if (name, fact) == ("zsh", "its process"):
        pytest.skip("known: the path is no argument of zsh")
    by_hand, ours = both(tmp_path, LINES[name], FACTS[fact])
    assert ours == by_hand


@pytest.mark.parametrize("fact", CODES)
@pytest.mark.parametrize("name", LINES)
def test_a_mistake_has_its_exit_code_and_is_complained_of(name: str, fact: str, tmp_path: Path):
    """The complaint names `/dev/stdin` too, for other shells than bash and zsh."""
    shell(LINES[name])
    by_hand, ours = both(tmp_path, LINES[name], CODES[fact])
    assert ours.code == by_hand.code
    if "bash" in name or name == "zsh":
        assert ours == by_hand
    assert bool(ours.said.replace("a\n", "")) == bool(by_hand.said.replace("a\n", ""))


@pytest.mark.parametrize("fact", BASH)
def test_what_only_bash_can_ask_is_answered_the_same(fact: str, tmp_path: Path):
    by_hand, ours = both(tmp_path, "#!/bin/bash", BASH[fact])
    assert ours == by_hand


@pytest.mark.parametrize("name", LINES)
def test_an_edit_and_a_truncation_reach_no_running_script(name: str, tmp_path: Path):
    shell(LINES[name])
    padding = "# a line that no shell reads ahead\n" * 3000
    file = script(tmp_path, LINES[name], f": > up\nwhile [ ! -e go ]; do sleep 0.01; done\n{padding}echo old")
    argv, given = whole([str(file)], path=os.environ["PATH"])
    with (tmp_path / "given").open("w+b") as stdin:
        stdin.write(given)
        stdin.seek(0)
        job = subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=tmp_path)
        assert job.stdout
        while not (tmp_path / "up").exists():
            assert job.poll() is None, job.stdout.read()
        file.write_text("#!/bin/sh\nnew\n")
        (tmp_path / "go").touch()
        assert (job.stdout.read(), job.wait()) == (b"old\n", 0)
        job.stdout.close()


def test_a_script_of_twenty_thousand_lines_runs_whole(tmp_path: Path):
    by_hand, ours = both(tmp_path, "#!/bin/bash", "n=$((${n-0} + 1))\n" * 20_000 + "echo $n $LINENO")
    assert ours == by_hand == Ended(0, "20000 20002\n")


NOT_UNDERSTOOD = """\
#!/usr/bin/python3
#!/usr/bin/env python3
#!/opt/bashful
#!/no/such/bash
#!/bin/ksh93
#!/bin/rbash
#!/bin/bash -v
#!/bin/bash -r
#!/bin/bash -c
#!/usr/bin/env 'bash'
#!/bin/bash -e script
#!
no first line"""


@pytest.mark.parametrize("line", [*NOT_UNDERSTOOD.splitlines(), "#!/bin/bash " + "-e" * 150])
def test_what_is_no_shell_or_not_understood_is_started_as_it_is(line: str, tmp_path: Path):
    argv = [str(script(tmp_path, line, "echo x")), "one"]
    assert whole(argv, path=os.environ["PATH"]) == (argv, b"")


@pytest.mark.parametrize("body", ["exit 0\n\0\1\2", "# " + "x" * (4 << 20)])
def test_an_archive_that_unpacks_itself_is_not_kept_in_memory(body: str, tmp_path: Path):
    argv = [str(script(tmp_path, "#!/bin/sh", body))]
    assert whole(argv, path=os.environ["PATH"]) == (argv, b"")


def test_what_the_system_would_refuse_to_start_is_left_to_it(tmp_path: Path):
    file = script(tmp_path, "#!/bin/sh", "echo x")
    file.chmod(0o644)
    assert whole([str(file)], path=os.environ["PATH"]) == ([str(file)], b"")
    assert whole([str(tmp_path / "gone.sh")], path=os.environ["PATH"])[1] == b""


def test_only_the_text_that_was_approved_is_handed_over(tmp_path: Path):
    file = script(tmp_path, "#!/bin/dash", "echo x")
    good = hashlib.sha256(file.read_bytes()).hexdigest()
    assert whole([str(file)], path=os.environ["PATH"], digest=good)[1].endswith(b"\necho x\n")
    file.write_bytes(file.read_bytes() + b"rm -r /tmp/x\n")
    assert whole([str(file)], path=os.environ["PATH"], digest=good) == ([str(file)], b"")


def test_bash_before_its_fifth_version_is_started_once_more_by_the_name_of_the_script(tmp_path: Path):
    """The bash of this machine plays the old one: it is told that it is."""
    argv, given = whole([str(script(tmp_path, "#!/bin/bash -e", 'echo "$0 $1 $-"; false; echo no')), "x"], path="/bin")
    old = re.sub(rb"\$\{BASH_VERSINFO-0\}", b"4", given)
    assert ran(argv, old, tmp_path) == Ended(1, f"{tmp_path}/a job.sh x ehBc\n")
