"""The command `pushbutton`.

What a job says (`pushbutton status …`) is said on the fast path: a script may call it in a loop, so it loads neither
the option parser nor anything else of the command line.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> int:
    """The exit code; what the codes mean stands in `cli/exits.py`."""
    argv = sys.argv[1:]
    if argv and argv[0] in ("status", "progress", "step", "artifact"):
        from pushbutton.job.command import main as say  # noqa: PLC0415  the fast path

        return say(argv)
    from pushbutton.cli.commands import run  # noqa: PLC0415  the slow path

    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
