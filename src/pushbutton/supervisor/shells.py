"""How a shell gets its script: whole, so that an edit of the file while it runs changes nothing of the run.

A shell reads a script bit by bit while it runs it. A copy would protect it, but whatever the script asks about itself
would then be the copy's: its name, its folder, its lock, what git says of the folder. So the shell is started in
another way on the same file. What it needs for that is its standard input, which is empty again, or the terminal,
before the script's own first line:

* bash reads a file that it sources whole before it runs it, and its BASH_SOURCE is right then. A line on its standard
  input tells it to: if `-c` did, an unset variable would end it with 127 in place of 1.
* Every other shell finds the script's text there, and sources it. zsh runs it: for what is sourced, its `$0` changes.

`$0`, arguments, exit codes and the numbers of lines stay what they are. Where a script could tell the difference in a
way that matters, or its first line says more than is understood here, it is started as it is, and an edit can reach
it: `_ASKS`, `_OPTIONS`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

__all__ = ["whole"]

_LARGEST = 4 << 20  # bytes; what is larger unpacks itself, and is not kept in memory for that
_LINE = 255  # what the kernel reads of a first line
_NAMED = '{ printf %s "${0##*/}" >/proc/self/comm; } 2>/dev/null || :'  # as the kernel names who runs a script
_NOTHING, _TERMINAL = "</dev/null", "<&4 4<&-"  # what a script finds on its standard input

_KINDS = re.compile(r"(?P<kind>bash|zsh)[-.\d]*|(?:dash|ash|busybox|mksh|lksh|oksh|loksh|pdksh|yash|posh)[-.\d]*")
"""Not ksh93: what is sourced it reads to its end first, so that what follows an `exit` has to be a program, too."""
_OPTIONS = re.compile(
    r"(?:\s*(?:[-+](?:[efhpuxBCEPT]+|[efhpuxBCEPT]*o\s+[A-Za-z_]+)|--(?:login|noprofile|norc|posix)))*"
)
_ENV = re.compile(r"(?:(?:-S|--split-string[= ])\s*(?:-i\s+|[A-Za-z_]\w*=[\w./:-]*\s+)*)?(?P<shell>[\w./+-]+)")
_ASKS = {
    "": re.compile(rb"\0|\bpidof\b"),  # bytes of a program behind the text; who has the script as argv[1]
    "bash": re.compile(rb"\(\s*return\b|\bFUNCNAME\b.*\bsource\b|\btrap\b.*\bRETURN\b"),  # whether it is sourced
}


def whole(argv: Sequence[str], *, path: str, digest: str = "", tty: bool = False) -> tuple[list[str], bytes]:
    """What to start in place of the script `argv[0]`, and what it must find on its standard input; b"": nothing.

    `path` is the PATH of the user that runs it; `digest` the SHA-256 of the only text that may be handed over, if there
    is one; `tty` says that its input, too, is a terminal: the shell is given it as descriptor 4.

    What is no shell's script, or cannot be started so, comes back as it is.
    """
    script, *arguments = argv
    try:
        with Path(script).open("rb") as file:
            text = file.read(_LARGEST + 1)
    except OSError:
        return list(argv), b""  # the system says why
    if digest and sha256(text).hexdigest() != digest:
        return list(argv), b""  # the supervisor looks once more, and says that it was changed
    first, end, rest = text.partition(b"\n")
    program, option = [*os.fsdecode(first[2:]).split(maxsplit=1), "", ""][:2]
    option = option.strip()
    if option in ("-", "--"):  # no option follows: no path of a script begins with "-"
        option = ""
    known = first.startswith(b"#!") and end and len(first) <= _LINE and "\n" not in script
    kind, options = _kind(program, option, path) if known else ("", "")
    if not kind or len(text) > _LARGEST or not os.access(script, os.X_OK) or _asks(text, kind):
        return list(argv), b""
    given = _TERMINAL if tty else _NOTHING
    begin = f"exec {given}; {_NAMED}\n".encode()
    start = [program, *([option] if option else [])]  # the system passes it as one, and so it stays
    if kind == "bash":
        return [*start, "-s", "--", script, *arguments], _told(options, given).encode()
    # It takes the place of the first line, which is a comment: every other line keeps its number.
    if kind == "zsh":
        named = os.fsencode(f"0={shlex.quote(script)}; ")
        return [*start, "/dev/stdin", *arguments], named + begin + rest
    return [*start, "-c", ". /dev/stdin", script, *arguments], begin + rest


def _told(options: str, given: str) -> str:
    """The arguments for bash. Before version 5 it takes another `$0` only if it is started once more with `-c`."""
    old = '{ [ "${BASH_VERSINFO-0}" -lt 5 ]; } 2>/dev/null'
    again = f"""exec "$BASH"{options} -c '. "$0"' "$@" {given}"""
    return f'{old} && {again}; {{ exec {given}; BASH_ARGV0=$1; shift; }} 2>/dev/null; {_NAMED}; . "$0"\n'


def _kind(program: str, option: str, path: str) -> tuple[str, str]:
    """Which shell a first line starts, "sh" for one without a way of its own, and with which options; "" for a line
    that is not understood.
    """
    name, options = Path(program).name, f" {option}" if option else ""
    if name == "env":
        match = _ENV.match(option)
        if not match or (not option.startswith("-") and match.end() < len(option)):
            return "", ""
        program, options = match["shell"], option[match.end() :]
    elif name == "busybox":
        options = "" if option in ("sh", "ash") else "?"
    found = program if "/" in program else shutil.which(program, path=path)
    restricted = Path(program).name.startswith("r")  # such as rbash: it may source nothing
    if not found or restricted or not os.access(found, os.X_OK) or not _OPTIONS.fullmatch(options):
        return "", ""
    match = _KINDS.fullmatch(Path(os.path.realpath(found)).name)
    return (match["kind"] or "sh", options) if match else ("", "")


def _asks(text: bytes, kind: str) -> bool:
    return any(bool(asks.search(text)) for of, asks in _ASKS.items() if of in ("", kind))
