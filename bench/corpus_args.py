"""What a script of the corpus takes, and what its form must be: said here, before there is a script.

An `Arg` is one option or operand as its author means it. `answer` is the input that a form has for it, by the rules of
docs/howto/a-script.md alone; nothing here asks whatever reads scripts.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

NOUNS = (
    *("shop", "till", "oven", "loaf", "flour", "crate", "van", "route", "price", "order", "shelf", "batch", "recipe"),
    *("depot", "scale", "label", "invoice", "roll", "tray", "silo"),
)
ADJECTIVES = ("new", "old", "main", "spare", "daily", "cold", "north", "south", "early", "late")
VERBS = ("move", "show", "count", "shut", "load", "weigh", "bake", "stamp", "ship", "check", "sort", "pack")
_TYPES = {
    "text": "str", "int": "int", "float": "float", "yes": "bool", "pair": "bool", "count": "int", "repeat": "list",
    "many": "list", "two": "list", "choice": "choice", "sheet": "file", "either": "choice",
}  # fmt: skip


@dataclass(frozen=True)
class Arg:
    name: str  # what the script calls its value
    kind: str  # text, int, float, yes, pair, count, repeat, many, two, choice, sheet (a file that is read), or either:
    # one of the flags that its choices name
    operand: bool = False
    short: str = ""
    long: str = ""
    default: Any = None
    required: bool = False
    choices: tuple[str, ...] = ()
    gap: str = ""  # "default", "choices", "left out" or "perhaps": what only running tells

    @property
    def help(self) -> str:
        return f"The {self.name.replace('_', ' ')} of it"

    @property
    def flag(self) -> str:
        return self.long or self.short

    @property
    def off(self) -> str:
        return f"--no-{self.long[2:]}" if self.kind == "pair" else ""

    @property
    def called(self) -> str:
        """The name of its input."""
        if self.kind == "either":
            return "_or_".join(self.choices)
        return self.name if self.operand else self.flag.lstrip("-").replace("-", "_")

    def answer(self) -> dict[str, Any] | None:
        """None: it is left out."""
        if self.gap == "left out":
            return None
        kind = _TYPES[self.kind]
        fixed = {"yes": False, "count": 0}
        default = None if self.gap == "default" else fixed.get(self.kind, self.default)
        if self.kind == "choice" and self.gap == "choices":
            kind = "str"
        return {
            "name": self.called,
            "type": kind,
            "required": self.required and not self.gap,
            "default": default,
            "choices": [] if self.gap == "choices" else list(self.choices),
            "flag": "" if self.operand else self.flag,
            "off": self.off,
            "gap": self.gap,
            "as": self.name,
            "kind": self.kind,
            "operand": self.operand,
        }


@dataclass(frozen=True)
class Plan:
    """Of one script."""

    library: str
    args: tuple[Arg, ...] = ()
    commands: dict[str, tuple[Arg, ...]] = field(default_factory=dict)

    @property
    def all(self) -> list[Arg]:
        return [*self.args, *(arg for args in self.commands.values() for arg in args)]

    def answer(self) -> dict[str, Any]:
        """Each form by the name of its subcommand; with more than eight of these, one form has a choice of them."""
        lines = {name: _answers((*self.args, *args)) for name, args in self.commands.items()}
        lines = lines or {"": _answers(self.args)}
        forms = lines
        if len(lines) > 8:
            which = replace(Arg("command", "choice", choices=tuple(lines)), operand=True, required=True)
            forms = {"": _answers((*self.args, which, *(arg for args in self.commands.values() for arg in args)))}
        gaps = sorted({arg.called for arg in self.all if arg.gap})
        top = [arg.called for arg in self.args] if self.commands else []
        return {"library": self.library, "forms": forms, "lines": lines, "top": top, "gaps": gaps}


def _answers(args: tuple[Arg, ...]) -> list[dict[str, Any]]:
    return [made for arg in args if (made := arg.answer()) is not None]


class Draw:
    """The same from the same number, always."""

    def __init__(self, seed: int, kinds: tuple[str, ...], *, dashes: bool, shorts: bool = True) -> None:
        self.any = random.Random(seed)
        self._kinds, self._dashes, self._shorts = kinds, dashes, shorts
        self._names: set[str] = set()
        self._flags: set[str] = {"-h", "-V"}

    def name(self) -> str:
        while True:
            noun = self.any.choice(NOUNS)
            name = noun if self.any.random() < 0.5 else f"{self.any.choice(ADJECTIVES)}_{noun}"
            if name not in self._names:
                self._names.add(name)
                return name

    def option(self, kind: str = "", gap: str = "") -> Arg:
        kind = kind or self.any.choice(self._kinds)
        name = self.name()
        long = f"--{name.replace('_', '-')}" if self._dashes else f"--{name}"
        short = f"-{self.any.choice((name[0], name[0].upper()))}"
        short = short if self._shorts and short not in self._flags and self.any.random() < 0.6 else ""
        if short and self.any.random() < 0.1 and kind != "pair":
            long = ""
        self._flags |= {short, long}
        return self._filled(Arg(name, kind, short=short, long=long, gap=gap))

    def either(self) -> Arg:
        return Arg("", "either", choices=(self.name(), self.name()))

    def operand(self, kind: str = "text", *, required: bool = True) -> Arg:
        return Arg(self.name(), kind, operand=True, required=required)

    def options(self, least: int, most: int) -> tuple[Arg, ...]:
        return tuple(self.option() for _ in range(self.any.randint(least, most)))

    def _filled(self, arg: Arg) -> Arg:
        """With a default, or choices, or neither."""
        if arg.kind == "choice":
            choices = tuple(self.any.sample(("full", "half", "fast", "slow", "by hand", "none"), 3))
            given = self.any.choice([None, *choices])
            return replace(arg, choices=choices, default=None if arg.gap else given, required=given is None)
        plain = {"text": ("db-a", "a b", "north"), "int": (3, 40, 0), "float": (0.5, 2.25)}.get(arg.kind)
        if plain and not arg.gap:
            usual = self.any.choice([None, *plain])
            return replace(arg, default=usual, required=usual is None and self.any.random() < 0.4)
        if arg.kind == "pair":
            return replace(arg, default=self.any.random() < 0.5)
        return arg
