"""Names of inputs: a name whose variable no program acts on, and no command uses otherwise."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from pushbutton.domain.argument_text import protected
from pushbutton.domain.environment import inherited

__all__ = ["Names", "plain_name"]

_SHELLS_OWN = frozenset(
    """
    BASHPID BASH_ARGC BASH_ARGV COLUMNS COMP_CWORD COMP_LINE COMP_POINT COMP_WORDS COMPREPLY COPROC DIRSTACK
    EPOCHREALTIME
    EPOCHSECONDS EUID FCEDIT FIGNORE FUNCNAME GROUPS HISTCMD HISTFILE HISTSIZE HOSTNAME HOSTTYPE IGNOREEOF INPUTRC
    LINENO LINES MACHTYPE MAIL MAILCHECK MAILPATH MAPFILE OLDPWD OPTARG OPTERR OPTIND OSTYPE PIPESTATUS POSIXLY_CORRECT
    PPID PS1 PS2 PS3 PWD RANDOM READLINE_LINE READLINE_POINT REPLY SECONDS SHLVL SRANDOM TERM TIMEFORMAT TMOUT UID
    """.split()  # noqa: SIM905 - so many words, each in quotes, read badly
)
"""Variables that a shell sets or acts on: a value that comes in one of them is lost, or changes the shell."""
_LONGEST = 60


def plain_name(word: str) -> str:
    """A word as an identifier; "" where nothing of it can stand in one."""
    ascii_only = unicodedata.normalize("NFKD", word.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", ascii_only).strip("_")[:_LONGEST].strip("_")


class Names:
    """Those of the inputs of one task. `avoid`: variables that its command uses by itself."""

    def __init__(self, avoid: Collection[str] = ()) -> None:
        self._avoid = frozenset(avoid)
        self._given: dict[str, str] = {}

    def of(self, word: str) -> str:
        """Of what the source calls `word`: the same whenever it is asked."""
        if word not in self._given:
            self._given[word] = self._free(plain_name(word))
        return self._given[word]

    def _free(self, plain: str) -> str:
        if not plain or plain[0].isdigit() or self._taken(plain.upper()):
            plain = f"input_{plain}".rstrip("_")
        name, number = plain, 1
        while name in self._given.values() or name.upper() in self._avoid:
            number += 1
            name = f"{plain}_{number}"
        return name

    def _taken(self, variable: str) -> bool:
        return variable in self._avoid | _SHELLS_OWN or protected(variable) or inherited(variable)
