"""Lists of options, as getopts and getopt have them. https://man7.org/linux/man-pages/man1/getopt.1.html"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .tree import NotFollowed, Simple, Word

__all__ = ["letters", "spelled"]

_LIST = re.compile(r"[:+]*(?:[A-Za-z0-9?]:{0,2})*")


def letters(told: str, line: int) -> dict[str, str]:
    """By flag: "", ":" or "::". Raises `NotFollowed`."""
    if not _LIST.fullmatch(told):
        raise NotFollowed(line, f"its list of options, “{told}”, has something else in it")
    found = re.findall(r"([A-Za-z0-9?])(:{0,2})", told.lstrip(":+"))
    return {f"-{letter}": sign for letter, sign in found}


def spelled(call: Simple, text: object) -> dict[str, str]:
    """The options of `getopt -o ab: -l long: -- "$@"`. `text(word)` is a word's text, or None. Raises `NotFollowed`."""
    found: dict[str, str] = {}
    words = iter(call.words[1:])
    short = False
    for word in words:
        option = _text(word, text, call.line)
        name, _, value = option.partition("=")
        if option == "--":
            _all(list(words), call.line)
            break
        if name in ("-q", "-Q", "-T", "--quiet", "--quiet-output"):
            continue
        if option[:2] in ("-o", "-l", "-n", "-s") and len(option) > 2 and not option.startswith("--"):
            name, value = option[:2], option[2:]
        if name not in ("-o", "--options", "-l", "--long", "--longoptions", "-n", "--name", "-s", "--shell"):
            raise NotFollowed(
                call.line, f"its getopt is called with “{option}”, by which values with blanks come apart"
            )
        value = value or _text(next(words, None), text, call.line)
        if name in ("-o", "--options"):
            short = True
            found |= letters(value, call.line)
        elif name in ("-l", "--long", "--longoptions"):
            for one in re.split(r"[,\s]+", value.strip(", \n")):
                found[f"--{one.rstrip(':')}"] = one[len(one.rstrip(":")) :]
    if not short:
        raise NotFollowed(call.line, "its getopt has no list of letters (-o), so that values with blanks come apart")
    return found


def _text(word: Word | None, text: object, line: int) -> str:
    found = text(word) if word is not None and callable(text) else None
    if not isinstance(found, str):
        raise NotFollowed(line, "its list of options is only known when it runs")
    return found


def _all(words: Sequence[Word], line: int) -> None:
    only = words[0].only if len(words) == 1 else None
    if only is None or only.name != "@" or not only.quoted or only.operator:
        raise NotFollowed(line, 'getopt is given something else than “"$@"”')
