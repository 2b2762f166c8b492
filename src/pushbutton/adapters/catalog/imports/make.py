"""A Makefile: a task for each target that is meant for people."""

from __future__ import annotations

import re
import shlex
from collections import deque
from collections.abc import Iterator
from pathlib import PurePath

from pushbutton.describe.title import title_of
from pushbutton.domain.environment import inherited

from .kind import Draft, Left, Param, Source, Task, literal
from .limits import SHELLS, Taken, Use, limit, take
from .makefile import Makefile, Target, read_makefile, references
from .names import Names
from .place import beside, option

__all__ = ["read"]

_OWN = frozenset(
    """
    AR ARFLAGS AS ASFLAGS CC CFLAGS CO COFLAGS CPP CPPFLAGS CURDIR CXX CXXFLAGS FC FFLAGS GET GFLAGS LD LDFLAGS LDLIBS
    LEX LFLAGS LINT LINTFLAGS LOADLIBES M2C MAKE MAKECMDGOALS MAKEFILES MAKEFILE_LIST MAKEFLAGS MAKEINFO MAKELEVEL
    MAKEOVERRIDES MAKESHELL MAKE_COMMAND MAKE_HOST MAKE_RESTARTS MAKE_TERMERR MAKE_TERMOUT MAKE_VERSION MFLAGS
    OUTPUT_OPTION PC PFLAGS RFLAGS RM SHELL SUFFIXES TANGLE TEX TEXI2DVI VPATH WEAVE YACC YFLAGS
    """.split()  # noqa: SIM905 - so many words, each in quotes, read badly
)
"""Variables that make sets itself."""
_FUNCTIONS = frozenset(
    """
    abspath addprefix addsuffix and basename call dir error eval file filter filter-out findstring firstword flavor
    foreach guile if info intcmp join lastword let notdir or origin patsubst realpath shell sort strip subst suffix
    value warning wildcard word wordlist words
    """.split()  # noqa: SIM905
)
_GUARD = re.compile(r"[\w-]*guard[\w-]*?-(\w+)")
_WHOLE = re.compile(r"\$(?:\(\w+\)|\{\w+\}|\w)")


def read(source: Source) -> Draft:
    found = read_makefile(source.text)
    if not found.targets and not found.patterns:
        raise source.wrong("It is no Makefile: no line of it is a target, “name: what it needs”.")
    if found.recipe_mark:
        raise source.wrong("Recipes that begin with something else than a tab are not read.", found.recipe_mark)
    left = list(_left(found))
    shell = found.variables.get("SHELL")
    if shell and shell.known and PurePath(shell.value.split()[0] if shell.value else "sh").name not in SHELLS:
        raise source.wrong(f"Its recipes are no text of a shell (SHELL is {shell.value}).", shell.line)
    chosen = _chosen(found)
    if not chosen:
        raise source.wrong("No target of it is meant for people: name them behind “.PHONY:”, or give them “## help”.")
    reader = _Reader(source, found, left)
    tasks = [task for target in chosen if (task := reader.task(target)) is not None]
    passed = [one for name, one in found.targets.items() if one not in chosen and one.recipe]
    left += [
        Left(one.line, f"The target “{one.name}” is passed over: it makes a file, or is a step of others.",
             "Name it behind “.PHONY:”, or give it “## help”, if people call it.")
        for one in passed
    ]  # fmt: skip
    return Draft(tuple(tasks), tuple(left))


def _chosen(found: Makefile) -> list[Target]:
    """Those with `##` help or behind `.PHONY`; where a file has neither, all that do something and name no file."""
    named = [one for name, one in found.targets.items() if one.shown or (name in found.phony and _does(one))]
    if named or found.phony:
        return named
    return [one for name, one in found.targets.items() if one.recipe and not re.search(r"[./]", name)]


def _does(target: Target) -> bool:
    return bool(target.recipe or target.needs)


def _left(found: Makefile) -> Iterator[Left]:
    for line, name in found.files:
        yield Left(
            line, f"What is included is not read: {name}", "Import that file by itself, if people call its targets."
        )
    for line, name in found.patterns:
        yield Left(
            line, f"The target “{name}” stands for many, and is no button.", "Write a task for each one you need."
        )
    for name, line in found.exported.items():
        if name not in found.variables:
            yield Left(
                line,
                f"Its recipes find ${name} in the environment of whoever calls make; here it is not there.",
                f"Add “env” or “secrets: [{name}]” to the tasks that need it.",
            )


class _Reader:
    """Of targets."""

    def __init__(self, source: Source, found: Makefile, left: list[Left]) -> None:
        self._source, self._found, self._left = source, found, left
        self._known: dict[str, dict[str, Taken]] = {}  # what each target takes, without what it needs

    def task(self, target: Target) -> Task | None:
        asked = self._asked(target)
        if (unsafe := next((one.unsafe for name, one in asked.items() if self._refused(name, one)), None)) is not None:
            what = f"The target “{target.name}” is left out: {unsafe.what}"
            self._left.append(Left(unsafe.line, what, unsafe.do))
            return None
        asked = {name: one for name, one in asked.items() if one.unsafe is None}
        names = Names()
        params = [self._param(names.of(name), name, target, one) for name, one in asked.items()]
        items = [f"{name}={{{param.name}}}" for name, param in zip(asked, params, strict=True)]
        start = f"make{option('-f', self._source, ('Makefile', 'makefile', 'GNUmakefile'))} {target.name}"
        return Task(
            title_of(target.name),
            ("sh", "-c", literal(f'exec {start} "$@"'), "make", *items)
            if items
            else tuple(shlex.split(literal(start))),
            target.line,
            params=tuple(params),
            slug=target.name,
            help=target.help,
            cwd=beside(self._source),
        )

    def _refused(self, name: str, one: Taken) -> bool:
        """Whether nothing can be done without it. One that the file sets itself is left to the file."""
        if one.unsafe is None:
            return False
        if name not in self._found.variables:
            return True
        said = Left(one.unsafe.line, f"{name} is left as the Makefile sets it: {one.unsafe.what}")
        if said not in self._left:
            self._left.append(said)
        return False

    def _asked(self, target: Target) -> dict[str, Taken]:
        """The variables that it takes from outside, by itself and in what it needs."""
        asked: dict[str, Taken] = {}
        seen = {target.name}
        waiting = deque([target])
        while waiting:
            one = waiting.popleft()
            for name, taken in self._of_itself(one).items():
                asked.setdefault(name, Taken(taken.line)).add(taken)
            needed = [self._found.targets[need] for need in one.needs if need in self._found.targets]
            waiting += [need for need in needed if need.name not in seen]
            seen |= {need.name for need in needed}
        return asked

    def _of_itself(self, target: Target) -> dict[str, Taken]:
        if target.name in self._known:
            return self._known[target.name]
        asked = self._known[target.name] = {}
        own = {variable.name for variable in target.own if not variable.given}
        for line, text in target.recipe:
            self._in_text(line, text, own, asked)
        for need in target.needs:
            if match := _GUARD.fullmatch(need):
                asked.setdefault(match[1], Taken(target.line))
            for name in self._through(need):
                asked.setdefault(name, Taken(target.line)).how.add(Use.BARE)
        return asked

    def _in_text(self, line: int, text: str, own: set[str], asked: dict[str, Taken]) -> None:
        """A line of a recipe, as the shell gets it: what make's variables usually are stands in their place."""
        found: list[str] = []
        holes: dict[int, tuple[int, str]] = {}
        at = before = 0
        for one in references(text):
            found.append(text[before : one.start].replace("$$", "$"))
            at += len(found[-1])
            names = {} if one.name in own else self._through(text[one.start : one.end])
            usual = self._usual(one.name)
            for name in names:
                asked.setdefault(name, Taken(line))
                if name != one.name or not _WHOLE.fullmatch(text[one.start : one.end]):
                    asked[name].how.add(Use.BARE)  # in what make puts together
                holes[at] = (at + len(usual), name)
                found.append(usual)
                at += len(usual)
            if not names:
                found.append(usual)
                at += len(usual)
            before = one.end
        whole = "".join([*found, text[before:].replace("$$", "$")])
        marks = len(whole) - len(whole.lstrip("@-+ "))
        take(asked, line, whole[marks:], {place - marks: (end - marks, name) for place, (end, name) in holes.items()})
        for match in re.finditer(r"\$\$\{?(\w+)", text):
            variable = self._found.variables.get(match[1])
            if variable and variable.given and match[1] in self._found.exported:
                asked.setdefault(match[1], Taken(line)).how.add(Use.DATA)

    def _usual(self, name: str) -> str:
        variable = self._found.variables.get(name)
        return variable.value if variable and variable.known and variable.value else "x"

    def _through(self, text: str) -> dict[str, None]:
        """The variables from outside that a text names, by itself or through other variables."""
        found: dict[str, None] = {}
        seen: set[str] = set()
        waiting = [one.name for one in references(text)]
        while waiting:
            name = waiting.pop(0)
            if name in seen:
                continue
            seen.add(name)
            if self._outside(name):
                found[name] = None
            elif name in self._found.variables:
                waiting += [one.name for one in references(self._found.variables[name].value)]
        return found

    def _outside(self, name: str) -> bool:
        if variable := self._found.variables.get(name):
            return variable.given and name not in _OWN
        taken = name in _OWN or name in _FUNCTIONS or inherited(name) or len(name) == 1 or "." in name
        return not taken and bool(re.fullmatch(r"[A-Z][A-Z0-9_]*", name))

    def _param(self, name: str, called: str, target: Target, one: Taken) -> Param:
        variable = self._found.variables.get(called)
        allowed = limit(one.how, never="$", never_begins="- \t", program="make")
        default = variable.value if variable and variable.known else ""
        told = [variable.help if variable else ""]
        if default and not allowed.fits(default):
            told.append(f"Left empty, it is: {default}")
            default = ""
        elif variable and variable.value and not default:
            told.append("Left empty, make works it out.")
        guards = {match[1] for need in target.needs if (match := _GUARD.fullmatch(need))}
        return Param(
            name,
            label=title_of(called.lower()),
            help="\n".join(filter(None, told)),
            required=None if default else called in guards,
            default=default or None,
            pattern=allowed.pattern,
            pattern_text=allowed.text,
        )
