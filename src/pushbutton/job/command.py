"""`pushbutton status …`, `progress`, `step` and `artifact`: how a job that is a shell script says what it does.

It starts fast (a few standard modules, no argument parser) because a script may call it in a loop.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from . import context

__all__ = ["VERBS", "main"]

VERBS = ("status", "progress", "step", "artifact")

USAGE = """Say what a job does, from inside it:

  pushbutton status [--level info|good|warn|bad] TEXT
  pushbutton progress PERCENT [TEXT]      33, 3/8, or ? for unknown
  pushbutton step NAME                    ends the step before it
  pushbutton artifact PATH [TITLE]        a file for the people who watch

Outside of a run it prints the same to stderr.
"""


def main(argv: Sequence[str]) -> int:
    """`argv` without the program's name. 0: said (or printed); 2: it makes no sense, and stderr says why."""
    verb, words = (argv[0], list(argv[1:])) if argv else ("", [])
    if verb in ("-h", "--help", "help", "") or words[:1] in (["-h"], ["--help"]):
        sys.stdout.write(USAGE)
        return 0
    level = "info"
    if verb == "status" and words:
        if words[0] == "--level" and len(words) > 1:
            level, words = words[1], words[2:]
        elif words[0].startswith("--level="):
            level, words = words[0].removeprefix("--level="), words[1:]
        if level not in context.LEVELS:
            return _wrong(f"There is no level “{level}”; choose one of: {', '.join(context.LEVELS)}.")
    if words[:1] == ["--"]:
        words = words[1:]
    if not any(words):
        return _wrong(f"Say what: pushbutton {verb} …") if verb in VERBS else _unknown(verb)
    if verb == "status":
        context.status(" ".join(words), level=level)
    elif verb == "step":
        context.begin(" ".join(words))
    elif verb == "artifact":
        context.artifact(words[0], " ".join(words[1:]))
    elif verb == "progress":
        from .protocol import parse  # noqa: PLC0415  only this verb reads what it is given

        said = parse(f"progress {' '.join(words)}")[0]
        if said["kind"] != "progress":
            return _wrong(f"“{words[0]}” is no progress; write a percentage (33), a part (3/8), or ? for unknown.")
        context.progress(said["data"]["percent"], said["data"].get("text", ""))
    else:
        return _unknown(verb)
    return 0


def _unknown(verb: str) -> int:
    return _wrong(f"There is no “{verb}” here; choose one of: {', '.join(VERBS)}.")


def _wrong(sentence: str) -> int:
    sys.stderr.write(f"pushbutton: {sentence}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
