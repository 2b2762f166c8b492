"""A justfile: a task for each recipe that is not private."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

from pushbutton.describe.title import title_of

from .justfile import Justfile, Parameter, Recipe, read_justfile
from .kind import Draft, Left, Param, Source, Task, literal
from .limits import SHELLS, Taken, Use, limit, take, uses
from .names import Names
from .place import beside, option
from .shell_text import Unsafe

__all__ = ["read"]

_HOLE = re.compile(r"\{\{(?!\{)(?P<code>.{0,1000}?)\}\}", re.DOTALL)
_QUOTED = re.compile(r"\s*quote\(\s*(?P<name>[\w-]+)\s*\)\s*")
_NAMES = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"|(?P<name>[A-Za-z_][\w-]*)(?!\s*\()")
_ELSEWHERE = ("windows", "macos", "openbsd")


def read(source: Source) -> Draft:
    found = read_justfile(source.text)
    if not found.recipes:
        raise source.wrong("It is no justfile: no line of it is a recipe, “name:”.")
    left = list(_left(found))
    tasks = []
    for recipe in found.recipes.values():
        if recipe.private:
            left.append(Left(recipe.line, f"The recipe “{recipe.name}” is private, and passed over."))
        elif away := next((name for name in _ELSEWHERE if recipe.attribute(name)), ""):
            if not any(recipe.attribute(name) for name in ("linux", "unix")):
                left.append(Left(recipe.line, f"The recipe “{recipe.name}” is for {away} alone, and passed over."))
        elif (task := _Reader(source, found, recipe, left).task()) is not None:
            tasks.append(task)
    return Draft(tuple(tasks), tuple(left))


def _left(found: Justfile) -> Iterator[Left]:
    for line, what in found.others:
        yield Left(line, f"What is brought in is not read: {what}", "Import that file by itself.")
    for line, alias, name in found.aliases:
        yield Left(line, f"“{alias}” is another name of “{name}”, and no button of its own.")
    for line, text in found.odd:
        yield Left(
            line, f"This line is not understood: {text.splitlines()[0][:60]}", "Look whether a recipe is missing."
        )


class _Reader:
    """Of one recipe."""

    def __init__(self, source: Source, found: Justfile, recipe: Recipe, left: list[Left]) -> None:
        self._source, self._found, self._recipe, self._left = source, found, recipe, left

    def task(self) -> Task | None:
        recipe = self._recipe
        taken = [self._taken(recipe, one.name) for one in recipe.parameters]
        if (unsafe := next((one.unsafe for one in taken if one.unsafe), None)) is not None:
            self._left.append(Left(unsafe.line, f"The recipe “{recipe.name}” is left out: {unsafe.what}", unsafe.do))
            return None
        names = Names()
        params = [
            self._param(names.of(one.name), one, found.how) for one, found in zip(recipe.parameters, taken, strict=True)
        ]
        confirm, group = recipe.attribute("confirm"), recipe.attribute("group")
        return Task(
            title_of(recipe.name),
            self._command(params, yes=confirm is not None),
            recipe.line,
            params=tuple(params),
            slug=recipe.name,
            help=recipe.help,
            group=group.value if group else "",
            confirm=literal(confirm.value or f"Run {recipe.name}?") if confirm else "",
            cwd=beside(self._source),
        )

    def _command(self, params: Sequence[Param], *, yes: bool) -> tuple[str, ...]:
        """Its arguments go by place; the shell between only tells that they are no program: see `limits`."""
        own = option("--justfile", self._source, ("justfile", "Justfile", ".justfile"))
        start = f"just{' --yes' if yes else ''}{own} {self._recipe.name}"
        if not params:
            return tuple(shlex.split(literal(start)))
        return ("sh", "-c", literal(f'exec {start} "$@"'), "just", *(f"{{{param.name}}}" for param in params))

    def _param(self, name: str, one: Parameter, how: set[Use]) -> Param:
        allowed = limit(how)
        default, told = one.default, ""
        if default is not None and not allowed.fits(default):
            told, default = f"Left empty, it is: {default}", None
        elif one.optional and default is None:
            told = "Left empty, just works it out."
        if one.many:
            first = [default] if default else None
            optional = one.many == "*" or one.optional
            required = None if first or not optional else False
            return Param(
                name,
                "list",
                words=one.many,
                label=title_of(one.name),
                help=told,
                required=required,
                default=first,
                pattern=allowed.pattern,
            )
        optional = one.optional and (default is not None or one is self._recipe.parameters[-1])
        return Param(
            name,
            label=title_of(one.name),
            help=told if optional else "",  # what stands behind it would take its place
            required=None if default else not optional,
            default=default or None,
            pattern=allowed.pattern,
            pattern_text=allowed.text,
            dash=not allowed.pattern,
        )

    # -- what becomes of a value

    def _taken(self, recipe: Recipe, name: str) -> Taken:
        """In the recipe itself, and in those that it hands the value to."""
        found = Taken(recipe.line)
        seen: set[tuple[str, str]] = set()
        waiting = [(recipe, name)]
        while waiting:
            one, called = waiting.pop()
            if (one.name, called) in seen:
                continue
            seen.add((one.name, called))
            self._in_body(one, called, found)
            for need in one.dependencies:
                found.how |= {Use.BARE} if called in need.mixed else set()
                other = self._found.recipes.get(need.name)
                if other is None or not other.parameters:
                    continue
                places = [at for at, given in enumerate(need.given) if given == called]
                waiting += [(other, other.parameters[min(at, len(other.parameters) - 1)].name) for at in places]
        return found

    def _in_body(self, recipe: Recipe, name: str, found: Taken) -> None:
        text = "\n".join(line for _, line in recipe.body)
        there = {match.start(): match for match in _HOLE.finditer(text) if name in _named(match["code"])}
        if not there:
            return
        line = recipe.body[0][0]
        if reader := self._no_shell(recipe):
            at = line + text.count("\n", 0, next(iter(there)))
            what = f"“{name}” becomes part of a program that {reader} reads."
            found.unsafe = found.unsafe or Unsafe(
                at, what, "Let that program read it from its environment or arguments."
            )
            return
        quoted = {at for at, match in there.items() if _QUOTED.fullmatch(match["code"])}
        how: dict[str, Taken] = {}
        take(how, line, text, {at: (match.end(), name) for at, match in there.items() if at not in quoted})
        if name in how:
            found.how |= how[name].how
            found.unsafe = found.unsafe or how[name].unsafe
        for use in uses(text, quoted).values():
            found.how.add(Use.DATA if use is Use.BARE else use)

    def _no_shell(self, recipe: Recipe) -> str:
        """The program that reads its body, where that is no shell."""
        script = recipe.attribute("script")
        first = recipe.body[0][1] if recipe.body else ""
        if script:
            words = script.value.split()
        elif first.startswith("#!"):
            words = [word for word in first[2:].split() if not word.startswith("-")]
            words = words[1:] if words and PurePath(words[0]).name == "env" else words
        else:
            words = re.findall(r"[\w./-]+", self._found.settings.get("shell", "sh"))
        program = PurePath(words[0]).name if words else "sh"
        return "" if program in SHELLS else program


def _named(code: str) -> Mapping[str, None]:
    return {match["name"]: None for match in _NAMES.finditer(code) if match["name"]} | {
        match[1]: None for match in [_QUOTED.fullmatch(code)] if match
    }
