"""A task's params as options of a command line: `--name value`, `--name=value`, `--flag`, `--no-flag`.

Names may be written with "-" or "_". A value that begins with "-" is taken as one, unless it is an option's name;
`--name=value` takes any.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from pushbutton.domain.event import Json
from pushbutton.domain.param import Param, ParamType
from pushbutton.errors import InvalidInputs

__all__ = ["asks_help", "dashed", "help_text", "read", "rows", "with_secrets"]

HELP = ("--help", "-h")

_SHOWN = {
    ParamType.STR: "TEXT",
    ParamType.INT: "NUMBER",
    ParamType.FLOAT: "NUMBER",
    ParamType.DATE: "YYYY-MM-DD",
    ParamType.TIME: "HH:MM",
    ParamType.DATETIME: "YYYY-MM-DDTHH:MM",
    ParamType.LIST: "TEXT",
    ParamType.FILE: "FILE",
    ParamType.SECRET: "TEXT",
}


def asks_help(params: Sequence[Param], words: Sequence[str]) -> bool:
    return any(word in HELP for word in words) and not any(param.name in {"help", "h"} for param in params)


def read(params: Sequence[Param], words: Sequence[str]) -> dict[str, object]:
    """Raw values by param name, for `domain.inputs.parse` with `form`. Raises `InvalidInputs` with all mistakes."""
    known = {param.name: param for param in params}
    raw: dict[str, object] = {}
    wrong: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            continue
        if not word.startswith("--"):
            wrong.setdefault("", f"“{word}” stands alone; give each value as --name value.")
            continue
        option, equals, value = word[2:].partition("=")
        name = option.replace("-", "_")
        off = not equals and name not in known and name.startswith("no_") and _is_flag(known.get(name[3:]))
        if off:
            raw[name[3:]] = False
        elif name not in known:
            wrong[option] = _unknown(option, known)
            if not equals and rest and not rest[0].startswith("-"):
                rest.pop(0)  # most likely its value: one mistake is not two
        elif _is_flag(known[name]):
            raw[name] = value if equals else True
        elif equals:
            _put(raw, known[name], value)
        elif not rest or _is_option(rest[0], known):
            wrong[name] = "It needs a value."
        else:
            _put(raw, known[name], rest.pop(0))
    if wrong:
        raise InvalidInputs(wrong)
    return raw


def with_secrets(params: Sequence[Param], raw: Mapping[str, object]) -> dict[str, object]:
    """The raw values. Where a secret is given as "-", a line is read from standard input, unseen as it is typed."""
    found = dict(raw)
    for param in params:
        if param.type is ParamType.SECRET and raw.get(param.name) == "-":
            typed = sys.stdin.isatty()
            found[param.name] = getpass.getpass(f"{param.name}: ") if typed else sys.stdin.readline().rstrip("\r\n")
    return found


def help_text(params: Sequence[Param]) -> str:
    """The options of a task, one a line, with what each takes, its help and its default."""
    return rows((_usage(param), _remark(param)) for param in params) or "  It has no inputs."


def rows(pairs: Iterable[tuple[str, str]]) -> str:
    """Pairs of an option and what is said of it, a line each."""
    rows = list(pairs)
    width = min(36, max((len(usage) for usage, _ in rows), default=0))
    lines = []
    for usage, remark in rows:
        if len(usage) > width:
            lines += [f"  {usage}", f"  {'':{width}}  {remark}".rstrip()]
        else:
            lines.append(f"  {usage:{width}}  {remark}".rstrip())
    return "\n".join(lines)


def _put(raw: dict[str, object], param: Param, value: str) -> None:
    if param.type is ParamType.LIST:  # once for each of its values, which may hold commas
        before = raw.get(param.name)
        raw[param.name] = [*(before if isinstance(before, list) else []), value]
    elif param.type is ParamType.CHOICES:
        before = raw.get(param.name)
        raw[param.name] = [*(before if isinstance(before, list) else []), *value.split(",")]
    else:
        raw[param.name] = value


def _unknown(option: str, known: Mapping[str, Param]) -> str:
    if not known:
        return "There is no such option: the task has no inputs."
    near = get_close_matches(option.replace("-", "_"), list(known), 1)
    if near:
        return f"There is no such option. Did you mean --{dashed(near[0])}?"
    return f"There is no such option. There are: {', '.join(f'--{dashed(name)}' for name in known)}."


def _is_flag(param: Param | None) -> bool:
    return param is not None and param.type is ParamType.BOOL


def _is_option(word: str, known: Mapping[str, Param]) -> bool:
    """Whether a word that stands where a value should is rather the next option."""
    if not word.startswith("--"):
        return False
    name = word[2:].partition("=")[0].replace("-", "_")
    return name in known or (name.startswith("no_") and _is_flag(known.get(name[3:])))


def dashed(name: str) -> str:
    """A param's name as it stands in an option."""
    return name.replace("_", "-")


def _usage(param: Param) -> str:
    option = f"--{dashed(param.name)}"
    if param.type is ParamType.BOOL:
        return f"{option} / --no-{dashed(param.name)}"
    if param.type in (ParamType.CHOICE, ParamType.CHOICES):
        offered = "|".join(_text(choice.value) for choice in param.choices) or "TEXT"
        return f"{option} {offered}" + ("[,…]" if param.type is ParamType.CHOICES else "")
    if param.type is ParamType.LIST:
        return f"{option} {_SHOWN[param.of]} …"
    return f"{option} {_SHOWN[param.type]}"


def _remark(param: Param) -> str:
    default = param.default
    fact = f"default: {_text(default)}" if default is not None and default != "" else ""
    if not fact and param.required and param.type is not ParamType.BOOL:
        fact = "required"
    help_ = " ".join(param.help.split())
    return " ".join(part for part in (help_ or (param.label or ""), f"({fact})" if fact else "") if part)


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ",".join(_text(item) for item in value)
    return str(value)
