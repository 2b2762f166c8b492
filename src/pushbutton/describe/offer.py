"""The choices that a task's author offers: `python -m pushbutton.describe.offer FILE NAME`.

The function is called without arguments. It gives texts, pairs (value, text), triples (value, text, one sentence more),
or a dict of values and texts. Each is printed as a line, with tabs between; nothing else that the file prints is part
of the answer. Exit code 1 and a sentence on stderr when it cannot be told.
"""

from __future__ import annotations

import os
import sys

from pushbutton.job.load import load

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["main", "run"]


def main(argv: list[str]) -> int:
    path, name = argv
    answer = os.dup(1)
    os.dup2(2, 1)
    try:
        lines = list(_lines(getattr(load(path), name)()))
    except BaseException as error:  # noqa: BLE001 - whatever the author's code raises ends here
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    with os.fdopen(answer, "w", encoding="utf-8", errors="replace") as out:
        out.writelines(f"{line}\n" for line in lines)
    return 0


def _lines(offered: Any) -> Iterator[str]:
    for one in offered.items() if isinstance(offered, dict) else offered:
        parts = list(one) if isinstance(one, tuple | list) else [one]
        if not all(isinstance(part, str | int | float) for part in parts):
            raise TypeError(f"a choice is text, or (value, text), not {one!r}")
        texts = [str(part) for part in parts]
        if any(char in text for text in texts for char in "\t\n\r"):
            raise ValueError(f"a choice cannot hold a tab or a line break: {one!r}")
        yield "\t".join(texts)


def run() -> None:
    """The whole process: `sys.argv` names file and function."""
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # a thread that the author's file started must not hold it


if __name__ == "__main__":
    run()
