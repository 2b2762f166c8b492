"""What is filled in comes back equal through a shell script's own loop: here in the real bash and dash."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pushbutton.adapters.catalog.script_form import forms_of
from pushbutton.describe.shell.read import read_shell
from pushbutton.domain.command import build
from pushbutton.domain.inputs import parse
from pushbutton.domain.targets import ScriptTarget
from pushbutton.domain.task import Source, Task
from pushbutton.errors import InvalidInputs

SHELLS = [shell for shell in ("bash", "dash", "zsh") if shutil.which(shell)]
LONG = ["shop", "db-host", "dry_run", "till", "kind"]
TEXT = st.text("ab-=@ ,'\"$ü\\*%~`!#;()", min_size=1, max_size=6).filter(lambda text: text.strip() == text)


@dataclass(frozen=True)
class Option:
    letter: str
    long: str  # "" where the loop knows none
    kind: str  # text, flag, count, list
    default: str
    variable: str
    sign: bool  # its long name takes its value behind "="
    given: Any

    @property
    def name(self) -> str:
        return (self.long or self.letter).replace("-", "_")

    @property
    def expected(self) -> str:
        if self.kind == "list":
            return "".join(f"<{one}>" for one in self.given)
        if self.kind == "count":
            return str(self.given)
        if self.kind == "flag":
            return "yes" if self.given else self.default
        return self.default if self.given is None else self.given

    def branch(self, way: str) -> str:
        """As the loop of this kind has it."""
        value = "$OPTARG" if way == "getopts" else "${1#*=}" if way == "for" or (way == "loop" and self.sign) else "$2"
        does = {
            "text": f'{self.variable}="{value}"',
            "flag": f"{self.variable}=yes",
            "count": f"{self.variable}=$(({self.variable}+1))",
            "list": f'{self.variable}="${self.variable}<{value}>"',
        }[self.kind]
        valued = self.kind in ("text", "list")
        if way == "getopts":
            return f"{self.letter}) {does} ;;"
        if way == "for":
            does = does.replace("${1#", "${arg#")
            return f"--{self.long}{'=*' if valued else ''}) {does} ;;"
        pattern = f"--{self.long}=*" if way == "loop" and self.sign and valued else f"-{self.letter}|--{self.long}"
        shift = "; shift" if valued and not (way == "loop" and self.sign) else ""
        return f"{pattern}) {does}{shift} ;;"


@st.composite
def options(draw: st.DrawFn) -> list[Option]:
    made = []
    for at, letter in enumerate(draw(st.lists(st.sampled_from("sdtkn"), unique=True, min_size=1, max_size=4))):
        kind = draw(st.sampled_from(["text", "flag", "count", "list"]))
        default = draw(st.sampled_from(["", "usual"])) if kind in ("text", "flag") else "0" if kind == "count" else ""
        value = {
            "text": TEXT | st.none(),
            "flag": st.booleans(),
            "count": st.integers(0, 4),
            "list": st.lists(TEXT, max_size=3),
        }[kind]
        made.append(Option(letter, LONG[at], kind, default, f"V{at}", draw(st.booleans()), draw(value)))
    return made


def script(way: str, found: list[Option]) -> str:
    """A source that prints what its variables hold, a line each."""
    lines = [f"{one.variable}={one.default}" for one in found if one.default]
    letters = "".join(f"{one.letter}{':' * (one.kind in ('text', 'list'))}" for one in found)
    branches = [one.branch(way) for one in found]
    end = ["-h|--help) exit 0 ;;", "--) shift; break ;;", '-*) echo "what is $1?" >&2; exit 2 ;;', "*) break ;;"]
    match way:
        case "getopts":
            loop = [f'while getopts ":{letters}h" opt; do case $opt in', *branches, "*) exit 2 ;;", "esac; done"]
        case "loop":
            loop = ["while [ $# -gt 0 ]; do", 'case "$1" in', *branches, *end, "esac", "shift", "done"]
        case "for":
            loop = ['for arg in "$@"; do', "case $arg in", *branches, "*) exit 2 ;;", "esac", "done"]
        case _:
            long = ",".join(f"{one.long}{':' * (one.kind in ('text', 'list'))}" for one in found)
            lines.append(f'found=$(getopt -o "{letters}h" -l "{long},help" -- "$@") || exit 2')
            lines.append('eval set -- "$found"')
            loop = ["while true; do", 'case "$1" in', *branches, *end, "esac", "shift", "done"]
    shown = " ".join(f'"${one.variable}"' for one in found)
    return "\n".join([*lines, *loop, f"printf '%s\\n' {shown}", ""])


def command_line(source: str, inputs: dict[str, Any]) -> list[str]:
    read = read_shell(source)
    assert read is not None
    assert read.gaps == [], source
    (form,) = forms_of(json.loads(json.dumps(read.json())))
    target = ScriptTarget("/s", form.passing, read=form.library)
    task = Task("t", "T", target, Source("/s"), params=form.params)
    return list(build(task, parse(form.params, inputs), python="/py").argv[1:])


@pytest.mark.parametrize("way", ["getopts", "loop", "for", "getopt"])
@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(found=options())
def test_a_shell_finds_what_was_filled_in(way: str, found: list[Option]):
    if way == "getopt" and not shutil.which("getopt"):
        pytest.skip("there is no getopt here")
    source = script(way, found)
    names = [one.letter if way == "getopts" else one.name for one in found]
    inputs = {name: one.given for name, one in zip(names, found, strict=True) if one.given is not None}
    try:
        argv = command_line(source, inputs)
    except InvalidInputs:  # a value that could not be told from an option is refused
        assume(False)
    for shell in SHELLS:
        ran = subprocess.run([shell, "-c", source, "s", *argv], capture_output=True, check=False, encoding="utf-8")
        assert (ran.returncode, ran.stdout) == (0, "".join(f"{one.expected}\n" for one in found)), (shell, source, argv)


@pytest.mark.parametrize(
    ("branch", "inputs", "argv"),
    [
        ("--x) X=$2; shift ;;", {"x": "-y"}, ["--x", "-y"]),
        ("--x) X=$2; shift ;;", {"x": "--x=1"}, ["--x", "--x=1"]),
        ("--x) A=$2; B=$3; shift 2 ;;", {"x": ["-1", "b c"]}, ["--x", "-1", "b c"]),
        ("-x=*) X=${1#*=} ;;", {"x": "a=b"}, ["-x=a=b"]),
        ('-x) X="$X<$2>"; shift ;;', {"x": ["a", "-b"]}, ["-x", "a", "-x", "-b"]),
        ("-v) V=$((V+1)) ;;", {"v": 2}, ["-v", "-v"]),
        ("--no-x) X=0 ;;\n--x) X=1 ;;", {"x": False}, ["--no-x"]),
    ],
)
def test_values_are_passed_as_the_loop_takes_them(branch: str, inputs: dict[str, Any], argv: list[str]):
    source = f'X=1\nV=\nwhile [ $# -gt 0 ]; do case "$1" in\n{branch}\nesac; shift; done'
    assert command_line(source if "-v" not in branch and "X<" not in branch else source[4:], inputs) == argv
