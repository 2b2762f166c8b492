"""Which program the first line of a script names."""

from __future__ import annotations

import re

__all__ = ["SHELLS", "program_of"]

SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
"""Those whose scripts are read for the options that they take."""


def program_of(shebang: str) -> str:
    """The name of the program behind "#!", through `env` and without its version: "python", "bash"; "" without one."""
    words = [word for word in shebang.removeprefix("#!").split() if not word.startswith("-") and "=" not in word]
    names = [word.rpartition("/")[2] for word in words] if shebang.startswith("#!") else []
    name = next((name for name in names if name != "env"), "")
    return re.sub(r"[\d.]+$", "", name)
