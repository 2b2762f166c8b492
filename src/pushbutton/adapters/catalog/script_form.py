"""A script's form, from what was found in its source: params, and how each goes back into a command line.

What the source does not tell is left to the script: an empty field, of which nothing is passed. Nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pushbutton.describe.brought import is_brought
from pushbutton.describe.title import title_of
from pushbutton.domain.param import Choice, Param, ParamType
from pushbutton.domain.targets import ScriptTarget
from pushbutton.domain.ways import By, Way

from .way_keys import MOST_TIMES

__all__ = ["Gap", "ScriptForm", "forms_of", "is_secret"]

_MOST_TASKS = 8  # subcommands that are a task each
_SECRET = re.compile(r"(?:^|_)(?:password|passwd|passphrase|secret|token|api_?key|private_key|credentials?)$")
_TYPES = {
    "int": ParamType.INT,
    "float": ParamType.FLOAT,
    "bool": ParamType.BOOL,
    "date": ParamType.DATE,
    "time": ParamType.TIME,
    "datetime": ParamType.DATETIME,
}


@dataclass(frozen=True, slots=True)
class Gap:
    """As `describe.arguments` has it."""

    line: int
    text: str
    name: str = ""
    about: str = ""
    left_out: bool = False

    def __str__(self) -> str:
        return f"{self.line}: {self.text}"

    def told_by(self, said: Mapping[str, Any]) -> bool:
        """Whether what a script's head says of that input is what its source does not tell."""
        keys = {"default": {"default", "required"}, "choices": {"choices", "choices_from"}}.get(self.about, said.keys())
        return bool(keys & said.keys()) or said.get("hide") is True


@dataclass(frozen=True, slots=True)
class ScriptForm:
    """Of a script, or of one of its subcommands."""

    library: str
    command: str = ""  # what it is called; "" is the script itself
    words: str = ""  # what is passed for it
    help: str = ""
    params: tuple[Param, ...] = ()
    passing: Mapping[str, Way] = field(default_factory=dict)
    from_file: str = ""
    gaps: tuple[Gap, ...] = ()
    names: frozenset[str] = frozenset()  # of the inputs of all forms of the script
    variables: frozenset[str] = frozenset()  # inputs of the head alone, which the script finds in its environment
    above: str = ""  # of a subcommand: what the script says of itself
    commands: frozenset[str] = frozenset()  # the subcommands that are tasks of their own

    def target(self, script: ScriptTarget) -> ScriptTarget:
        """The script as one that gets its inputs so."""
        passing = {**self.passing, **script.passing}
        return replace(
            script, passing=passing, command=self.words, from_file=self.from_file, read=self.library,
            gaps=tuple(map(str, self.gaps)),
        )  # fmt: skip

    @property
    def told(self) -> str:
        """The outcome of the reading, as the end of a sentence about the file."""
        number, left_out = len(self.params), sum(gap.left_out for gap in self.gaps)
        known = f"{left_out} left out" if left_out else f"{len(self.gaps)} with a gap" if self.gaps else "all known"
        return f"{number} input{'' if number == 1 else 's'} ({self.library}), {known}"

    def without(self, said: Mapping[str, Any]) -> ScriptForm:
        """Less the gaps that a script's head closes. `said`: what it says, by input."""
        tables = {name: table if isinstance(table, Mapping) else {} for name, table in said.items()}
        operands = any("place" in table or table.get("pass") == "argument" for table in tables.values())
        left = (gap for gap in self.gaps if not (gap.about == "operands" and operands))
        return replace(self, gaps=tuple(gap for gap in left if not gap.told_by(tables.get(gap.name, {}))))


def is_secret(name: str) -> bool:
    """By what it is called."""
    return bool(_SECRET.search(name.lower()))


def forms_of(found: Mapping[str, Any]) -> list[ScriptForm]:
    """One for each task. `found` is what `describe.arguments` gives, as JSON has it."""
    root = found["command"]
    leaves = list(_leaves(root, _Leaf("", "", (("", root),))))
    gaps = [Gap(**gap) for gap in found["gaps"]]
    if not leaves:
        part = _Part(gaps)
        part.add(root["arguments"], "")
        return [part.form(found, _Leaf("", "", (("", root),)), root["help"])]
    if len(leaves) <= _MOST_TASKS:
        return [_of_leaf(found, root, leaf, gaps) for leaf in leaves]
    return [_of_all(found, root, leaves, gaps)]


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A subcommand that has none of its own, or does something without any."""

    name: str  # of it and those that it is below: "remote add"
    words: str  # what is passed for them
    steps: tuple[tuple[str, Mapping[str, Any]], ...]  # the script itself, and each on the way to it, with its words

    @property
    def command(self) -> Mapping[str, Any]:
        return self.steps[-1][1]

    def below(self, command: Mapping[str, Any]) -> bool:
        return any(one is command for _, one in self.steps)


def _leaves(command: Mapping[str, Any], here: _Leaf) -> Iterator[_Leaf]:
    if command["alone"]:
        yield here
    for one in command["commands"]:
        words = f"{here.words} {one['name'] if one['word'] is None else one['word']}".strip()
        inner = _Leaf(f"{here.name} {one['name']}".strip(), words, (*here.steps, (words, one)))
        if one["commands"]:
            yield from _leaves(one, inner)
        else:
            yield inner


def _all(command: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield command
    for one in command["commands"]:
        yield from _all(one)


def _lines(command: Mapping[str, Any]) -> list[int]:
    """Where its arguments stand, and what is not told of it."""
    return [*(one["line"] for one in command["arguments"]), *command["gaps"]]


def _of_leaf(found: Mapping[str, Any], root: Mapping[str, Any], leaf: _Leaf, gaps: Sequence[Gap]) -> ScriptForm:
    lines = {line for _, command in leaf.steps for line in _lines(command)}
    part = _Part(gaps, others={line for command in _all(root) for line in _lines(command)} - lines)
    for words, command in leaf.steps:
        part.add(command["arguments"], words, last=command is leaf.command)
    return replace(part.form(found, leaf, leaf.command["help"]), above=root["help"])


def _of_all(
    found: Mapping[str, Any], root: Mapping[str, Any], leaves: Sequence[_Leaf], gaps: Sequence[Gap]
) -> ScriptForm:
    """One form: which subcommand is a choice, and its own inputs are asked for only then."""
    part = _Part(gaps)
    part.add(root["arguments"], "", last=False)
    name = part.free("command")
    choices = tuple(Choice(leaf.name, leaf.name, _first(leaf.command["help"])) for leaf in leaves)
    flags = {leaf.name: leaf.words for leaf in leaves if leaf.words != leaf.name}
    part.put(Param(name, ParamType.CHOICE, choices=choices), Way(By.COMMAND, flags=flags))
    done = [root]
    for words, command in [step for leaf in leaves for step in leaf.steps]:
        if any(one is command for one in done):
            continue
        done.append(command)
        below = [leaf.name for leaf in leaves if leaf.below(command)]
        part.add(command["arguments"], words, when={name: below}, last=not command["commands"])
    return part.form(found, _Leaf("", "", (("", root),)), root["help"])


def _first(text: str) -> str:
    return text.strip().split("\n\n")[0].replace("\n", " ")[:200]


class _Part:
    """A form that is being put together."""

    def __init__(self, gaps: Sequence[Gap], *, others: Collection[int] = ()) -> None:
        self._gaps, self._others = list(gaps), others  # the lines of other subcommands
        self._params: list[Param] = []
        self._passing: dict[str, Way] = {}
        self._sources: list[tuple[Mapping[str, Any], str]] = []  # what was read, and the input's name
        self._operands_from = 0  # where the next operand of these arguments may stand among the params

    def form(self, found: Mapping[str, Any], leaf: _Leaf, help_text: str) -> ScriptForm:
        gaps = sorted({gap for gap in self._gaps if gap.line not in self._others}, key=lambda gap: (gap.line, gap.text))
        return ScriptForm(
            found["kind"], leaf.name, leaf.words, help_text, tuple(self._params), self._passing, found["from_file"],
            tuple(gaps),
        )  # fmt: skip

    def _lost(self, one: Mapping[str, Any], text: str) -> None:
        self._gaps.append(Gap(one["line"], text, one["name"], left_out=True))

    def free(self, name: str, under: str = "") -> str:
        """A name that no other input has."""
        taken = {param.name for param in self._params}
        if name in taken and under:
            name = f"{re.sub(r'[^0-9A-Za-z]+', '_', under)}_{name}"
        while name in taken:
            name += "_"
        return name

    def put(self, param: Param, way: Way) -> None:
        self._params.append(param)
        self._passing[param.name] = way

    def add(
        self,
        arguments: Sequence[Mapping[str, Any]],
        under: str,
        *,
        when: Mapping[str, Sequence[Any]] | None = None,
        last: bool = True,
    ) -> None:
        """`last`: no subcommand follows behind these."""
        seen: set[int] = set()
        self._operands_from = 0
        for one in sorted(arguments, key=lambda one: bool(one["flags"])):
            number = one["one_of"]
            if number and number not in seen:
                seen.add(number)
                self._choose([other for other in arguments if other["one_of"] == number], under, when, last=last)
            elif not number:
                self._one(one, under, when, last=last)

    def _one(
        self, one: Mapping[str, Any], under: str, when: Mapping[str, Sequence[Any]] | None, *, last: bool
    ) -> Param | None:
        """None: it is left out."""
        called = one["flags"][0] if one["flags"] else one["name"]
        if one["hidden"] and not one["required"]:
            return None
        if one["type"] == "secret" or any(is_secret(one[key]) for key in ("name", "called", "variable")):
            text = f"{called} is a secret, and everybody on the machine can read a command line: it is left out"
            self._lost(one, text)
            return None
        if one["flags"] and one["words"] in ("+", "*") and not last:
            text = f"{called} takes as many values as follow, and a subcommand follows: it is left out"
            self._lost(one, text)
            return None
        if when and (same := self._same(one, under, when)):
            return same
        param, way = _param(one, self.free(one["name"], under))
        if when:
            param = replace(param, when=dict(when))
        self.put(param, replace(way, under=under) if under else way)
        self._sources.append(({**one, "line": 0}, param.name))
        return param

    def _same(self, one: Mapping[str, Any], under: str, when: Mapping[str, Sequence[Any]]) -> Param | None:
        """The same input of other subcommands, which is asked for these as well. Operands stay in their order: what
        comes behind one that is new is new, too.
        """
        source = {**one, "line": 0}
        names = {name for was, name in self._sources if was == source}
        for index, param in enumerate(self._params):
            if param.name not in names or list(param.when) != list(when) or len(when) != 1:
                continue
            (chooser,) = when
            if set(param.when[chooser]) & set(when[chooser]) or (not one["flags"] and index < self._operands_from):
                continue
            self._operands_from = self._operands_from if one["flags"] else index + 1
            way = self._passing[param.name]
            also = dict.fromkeys((*way.also, *([under] if under != way.under else [])))
            self._passing[param.name] = replace(way, also=tuple(also))
            self._params[index] = replace(param, when={chooser: [*param.when[chooser], *when[chooser]]})
            return self._params[index]
        self._operands_from = self._operands_from if one["flags"] else len(self._params)
        return None

    def _choose(
        self,
        members: Sequence[Mapping[str, Any]],
        under: str,
        when: Mapping[str, Sequence[Any]] | None,
        *,
        last: bool,
    ) -> None:
        """Of several options at most one can be given: which one is a choice."""
        shown = [one for one in members if one["flags"] and not one["hidden"]]
        if len(shown) < 2:
            for one in members:
                self._one(one, under, when, last=last)
            return
        name = self.free("_or_".join(one["name"] for one in shown)[:60].strip("_"), under)
        choices = tuple(Choice(one["name"], title_of(one["name"]), one["help"]) for one in shown)
        flags = {one["name"]: _flag(one) if one["type"] == "bool" else "" for one in shown}
        chooser = Param(
            name, ParamType.CHOICE, label=_either(shown), choices=choices, required=bool(shown[0]["one_needed"]),
            when=dict(when or {}),
        )  # fmt: skip
        self.put(chooser, Way(By.CHOOSER, flags=flags, under=under))
        for one in shown:
            if one["type"] == "bool":
                continue
            only = {**(when or {}), name: [one["name"]]}
            need = {**one, "required": True, "default": None, "unknown": False, "one_of": 0}
            if one["words"] in ("*", "?"):
                need["required"] = False
            self._one(need, under, only, last=last)


def _either(shown: Sequence[Mapping[str, Any]]) -> str:
    titles = [title_of(one["name"]) for one in shown]
    return f"{', '.join(titles[:-1])} or {titles[-1][:1].lower()}{titles[-1][1:]}"


def _flag(one: Mapping[str, Any]) -> str:
    flags = one["flags"]
    return next((flag for flag in flags if flag.startswith("--")), flags[0] if flags else "")


def _param(one: Mapping[str, Any], name: str) -> tuple[Param, Way]:
    several = bool(one["repeat"]) or one["words"] not in ("", "?")
    kind = _TYPES.get(one["type"], ParamType.STR)
    choices = tuple(Choice(value) for value in one["choices"])
    file = one["type"] in ("file", "path")
    label = title_of(one["called"]) if one["called"] not in ("", name) else ""
    param = Param(name, kind, label=label, help=_help(one), required=bool(one["required"]), dash=bool(one["split"]))
    by = By.OPTION if one["flags"] else By.ARGUMENT
    way = Way(
        by, _flag(one), one["off"], repeat=bool(one["repeat"]), count=bool(one["count"]),
        words=several and not one["repeat"] and not (one["literal"] and one["flags"]), rest=bool(one["rest"]),
        ends=bool(one["ends"]), file=one["type"] in ("file", "out"), literal=bool(one["literal"]),
        split=bool(one["split"]),
    )  # fmt: skip
    if one["count"]:
        return replace(param, type=ParamType.INT, required=False, default=0, min=0, max=MOST_TIMES), replace(
            way, usual=0
        )
    if kind is ParamType.BOOL:
        default = one["default"] if not one["unknown"] else None
        if one["off"]:
            usual = None if one["required"] else default  # else it is passed whatever it is
            return replace(param, required=False, default=default), replace(way, usual=usual)
        return replace(param, required=False, default=False), replace(way, usual=False)
    if several:
        return _several(param, one, choices), way
    if choices:
        param = replace(param, type=ParamType.CHOICE, choices=choices)
    elif file and one["default"] is None and not one["unknown"] and is_brought(name):
        return replace(param, type=ParamType.FILE), way
    elif one["min"] is not None or one["max"] is not None:
        param = replace(param, min=one["min"], max=one["max"])
    default = _default(one, param.type, choices)
    if default is None:
        return param, way
    return replace(param, default=default), replace(way, usual=default)


def _several(param: Param, one: Mapping[str, Any], choices: tuple[Choice, ...]) -> Param:
    number = int(one["words"]) if one["words"].isdigit() else None
    least = number if number is not None else 1 if one["words"] == "+" or param.required else None
    if choices and number is None:
        return replace(param, type=ParamType.CHOICES, choices=choices, min_length=least if param.required else None)
    each = param.type if param.type in (ParamType.INT, ParamType.FLOAT) else ParamType.STR
    if choices:  # their order counts
        words = " | ".join(str(choice.value) for choice in choices)
        param = replace(param, help=param.help or words)
    bounds = {"min": one["min"], "max": one["max"]} if each is not ParamType.STR else {}
    return replace(
        param, type=ParamType.LIST, of=each, min_length=least, max_length=number, **bounds,
    )  # fmt: skip


def _default(one: Mapping[str, Any], kind: ParamType, choices: Sequence[Choice]) -> Any:
    """The script's own default, as the field would hold it; None where that cannot be shown so."""
    given = one["default"]
    if given is None or given == "" or isinstance(given, list | dict):
        return None
    if choices:
        return next(
            (choice.value for choice in choices if choice.value == given and type(choice.value) is type(given)), None
        )
    try:
        if kind is ParamType.INT and not isinstance(given, bool):
            return int(given) if isinstance(given, int | str) else None
        if kind is ParamType.FLOAT and not isinstance(given, bool):
            return float(given)
    except ValueError:
        return None
    return (
        given if kind is ParamType.STR and isinstance(given, str) else str(given) if _is_number(given, kind) else None
    )


def _is_number(given: Any, kind: ParamType) -> bool:
    return kind is ParamType.STR and isinstance(given, int | float) and not isinstance(given, bool)


def _help(one: Mapping[str, Any]) -> str:
    """Without the places that argparse fills in."""
    text = re.sub(r"\s*[(\[]defaults?(?: is|:|=)? *%\(default\)[sdr][)\]]\.?$", "", str(one["help"]))
    default = one["default"] if not one["unknown"] else None
    shown = "" if default is None else str(default)
    text = text.replace("%(default)s", shown or "…").replace("%(metavar)s", one["metavar"] or one["name"].upper())
    text = text.replace("%(dest)s", one["name"]).replace("%(type)s", one["type"])
    text = re.sub(r"%\(choices\)s", ", ".join(map(str, one["choices"])), text)
    return re.sub(r"%\(\w+\)[sdr]", "…", text)
