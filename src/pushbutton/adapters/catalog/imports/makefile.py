"""A Makefile as far as its text tells it: targets, their recipes, and the variables that they take from outside.

Nothing of it is run and nothing is included, so what `$(shell …)` or another file sets is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

__all__ = ["Makefile", "Reference", "Target", "Variable", "read_makefile", "references"]

_RULE = re.compile(r"(?P<targets>[^:=#\t][^:=#]*+)::?(?!=)(?P<rest>.*)", re.DOTALL)
_SET = re.compile(
    r"\s*(?P<words>(?:(?:export|override|private|unexport)\s+)*)(?P<name>[\w.-]+)\s*"
    r"(?P<how>\?=|:{0,3}=|\+=|!=)\s*(?P<value>.*)",
    re.DOTALL,
)
_CONDITION = re.compile(r"\s*(ifeq|ifneq|ifdef|ifndef|else|endif)\b")
_INCLUDE = re.compile(r"\s*(?:-include|sinclude|include)\s+(?P<files>.+)")
_REFERENCE = re.compile(r"\$(?:\$|\((?P<round>[\w.-]+)(?=[):])|\{(?P<curly>[\w.-]+)(?=[}:])|(?P<letter>[A-Za-z]))")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][\w.+/-]*")


@dataclass(frozen=True, slots=True)
class Variable:
    """One that stands in the file. `given`: it only counts where nobody gives another (`?=`)."""

    name: str
    line: int
    value: str
    given: bool
    sure: bool = True  # no condition decides whether it is set
    help: str = ""

    @property
    def known(self) -> bool:
        """Whether its value is the text that stands there."""
        return self.sure and "$" not in self.value


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    line: int
    help: str = ""
    shown: bool = False  # its help stands behind “##”, as what is meant for people does
    needs: tuple[str, ...] = ()
    recipe: tuple[tuple[int, str], ...] = ()  # (line, text as make hands it on, but for its variables)
    own: tuple[Variable, ...] = ()  # what is set for this target alone


@dataclass(slots=True)
class Makefile:
    targets: dict[str, Target] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    phony: set[str] = field(default_factory=set)
    exported: dict[str, int] = field(default_factory=dict)  # handed to recipes, by name with the line
    files: list[tuple[int, str]] = field(default_factory=list)  # what it includes
    patterns: list[tuple[int, str]] = field(default_factory=list)  # targets that stand for many
    recipe_mark: int = 0  # the line where another character than a tab is set for recipes; 0: nowhere


@dataclass(frozen=True, slots=True)
class Reference:
    """`$(NAME)` in a text."""

    name: str
    start: int
    end: int


def references(text: str) -> list[Reference]:
    """Of make's variables; `$$NAME` is one of the shell's."""
    found = []
    for match in _REFERENCE.finditer(text):
        name = match["round"] or match["curly"] or match["letter"]
        if name:
            closing = 1 if match["round"] or match["curly"] else 0
            found.append(Reference(name, match.start(), match.end() + closing))
    return found


def read_makefile(text: str) -> Makefile:
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._lines = text.replace("\r\n", "\n").split("\n")
        self._found = Makefile()
        self._open: list[str] = []  # the targets whose recipe may go on
        self._depth = 0  # conditions around the line
        self._comments: list[str] = []

    def read(self) -> Makefile:
        for number, line in self._logical():
            if line.startswith("\t") and self._open:
                self._recipe(number, line[1:])
            elif not line.strip():
                self._comments = []
            elif line.lstrip().startswith("#"):
                self._comments.append(line.strip().lstrip("#").strip())
            else:
                self._statement(number, line)
                self._comments = []
        return self._found

    def _logical(self) -> Iterator[tuple[int, str]]:
        """Lines with those that they go on in, and without the bodies of `define`."""
        at, defining = 0, 0
        while at < len(self._lines):
            number, line = at + 1, self._lines[at]
            joint = "\\\n" if line.startswith("\t") else " "
            while line.endswith("\\") and at + 1 < len(self._lines):
                at += 1
                following = self._lines[at]
                line = line[:-1] + joint + (following.removeprefix("\t") if joint != " " else following.lstrip())
            at += 1
            if re.match(r"\s*(?:override\s+)?define\s", line):
                defining += 1
            if not defining:
                yield number, line
            elif re.match(r"\s*endef\b", line):
                defining -= 1

    def _recipe(self, number: int, text: str) -> None:
        for name in self._open:
            target = self._found.targets[name]
            self._found.targets[name] = replace(target, recipe=(*target.recipe, (number, text)))

    def _statement(self, number: int, line: str) -> None:
        if match := _CONDITION.match(line):
            self._depth += {"endif": -1, "else": 0}.get(match[1], 1)
            return
        self._open = []
        if match := _INCLUDE.match(line):
            self._found.files.append((number, _uncommented(match["files"])[0]))
        elif match := re.match(r"\s*export(?:\s+(?P<names>[\w.\s-]+))?\s*(?:#.*)?$", line):
            for name in (match["names"] or "").split():
                self._found.exported[name] = number
        elif match := _SET.fullmatch(line):
            self._set(number, match)
        elif match := _RULE.fullmatch(line):
            self._rule(number, match)

    def _set(self, number: int, match: re.Match[str]) -> None:
        variable = self._variable(number, match)
        if variable.name == ".RECIPEPREFIX":
            self._found.recipe_mark = number
        if "export" in match["words"].split():
            self._found.exported[variable.name] = number
        before = self._found.variables.get(variable.name)
        if match["how"] == "+=" and before:
            value = f"{before.value} {variable.value}"
            self._found.variables[variable.name] = replace(before, value=value, sure=False)
        elif not (before and match["how"] == "?=" and before.sure):
            sure = variable.sure and before is None
            given = variable.given and (before is None or before.given)
            self._found.variables[variable.name] = replace(variable, sure=sure, given=given)

    def _variable(self, number: int, match: re.Match[str]) -> Variable:
        value, remark = _uncommented(match["value"])
        told = remark.lstrip("#").strip() or " ".join(self._comments)
        sure = self._depth == 0 and match["how"] not in ("+=", "!=")
        return Variable(match["name"], number, value, match["how"] == "?=", sure, told)

    def _rule(self, number: int, match: re.Match[str]) -> None:
        names = match["targets"].rstrip().removesuffix("&").split()
        rest, remark = _uncommented(match["rest"])
        if (own := _SET.fullmatch(rest)) and rest.strip():
            variable = self._variable(number, own)
            for name in names:
                target = self._found.targets.get(name, Target(name, number))
                self._found.targets[name] = replace(target, own=(*target.own, variable))
            return
        needs, _, command = rest.partition(";")
        if names == [".PHONY"]:
            self._found.phony.update(needs.split())
            return
        shown = remark.startswith("##")
        told = remark.lstrip("#").strip() if shown else "\n".join(self._comments).strip()
        for name in names:
            if "%" in name or "$" in name:
                self._found.patterns.append((number, name))
                continue
            if not _PLAIN_NAME.fullmatch(name):
                continue  # “.SUFFIXES” and the like tell make itself something
            before = self._found.targets.get(name)
            base = before or Target(name, number, told, shown)
            base = replace(base, line=number, help=told, shown=shown) if told and not base.help else base
            recipe = ((number, command.strip()),) if command.strip() else ()
            self._found.targets[name] = replace(
                base, needs=(*base.needs, *needs.replace("|", " ").split()), recipe=(*base.recipe, *recipe)
            )
            self._open.append(name)


def _uncommented(text: str) -> tuple[str, str]:
    """The text without its comment, and the comment with its marks."""
    match = re.search(r"(?<!\\)#", text)
    if match is None:
        return text.strip(), ""
    return text[: match.start()].strip(), text[match.start() :].strip()
