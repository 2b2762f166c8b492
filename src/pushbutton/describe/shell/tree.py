"""The parts of a shell script. Each command knows its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pushbutton.describe.arguments.found import NotRead

__all__ = [
    "Arithmetic",
    "Assignment",
    "Body",
    "Case",
    "Chain",
    "Command",
    "For",
    "Function",
    "Group",
    "If",
    "Item",
    "Literal",
    "Loop",
    "NotFollowed",
    "Parameter",
    "Part",
    "Pipeline",
    "Redirect",
    "Simple",
    "Substitution",
    "Test",
    "Word",
    "commands",
]


class NotFollowed(NotRead):
    """The text at `line` cannot be followed; `text` says why, as the end of a sentence."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(f"line {line}: {text}")
        self.line, self.text = line, text


# -- words


@dataclass(frozen=True, slots=True)
class Literal:
    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """`$name`, `${name#pattern}`. `operator` is what stands behind the name, "" for nothing."""

    name: str
    operator: str = ""
    rest: Word | None = None  # what stands behind the operator
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Substitution:
    """The output of commands, or with `arithmetic` a number."""

    body: Body = ()
    arithmetic: str = ""
    quoted: bool = False


Part = Literal | Parameter | Substitution


@dataclass(frozen=True, slots=True)
class Word:
    parts: tuple[Part, ...]
    line: int

    @property
    def literal(self) -> str | None:
        """Its text; None where the shell would fill something in."""
        texts = [part.text for part in self.parts if isinstance(part, Literal)]
        return "".join(texts) if len(texts) == len(self.parts) else None

    @property
    def plain(self) -> str:
        """Its text where no quote is in it; "" for any other, which is no reserved word and no name."""
        one = self.parts[0] if len(self.parts) == 1 else None
        return one.text if isinstance(one, Literal) and not one.quoted else ""

    @property
    def only(self) -> Parameter | None:
        """The parameter, if it is nothing else: `$1`, `"${name}"`."""
        parts = [part for part in self.parts if not isinstance(part, Literal) or part.text]
        return parts[0] if len(parts) == 1 and isinstance(parts[0], Parameter) else None


# -- commands


@dataclass(frozen=True, slots=True)
class Assignment:
    name: str
    value: Word | tuple[Word, ...]  # a list: `name=(a b)`
    append: bool = False
    element: bool = False  # of a list: `name[0]=a`


@dataclass(frozen=True, slots=True)
class Redirect:
    operator: str
    target: Word


@dataclass(frozen=True, slots=True)
class Command:
    line: int


Body = tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Simple(Command):
    words: tuple[Word, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    redirects: tuple[Redirect, ...] = ()

    @property
    def name(self) -> str:
        return (self.words[0].literal or "") if self.words else ""


@dataclass(frozen=True, slots=True)
class Chain(Command):
    """`a && b || c`: each but the first with what stands before it."""

    first: Command = field(default_factory=lambda: Simple(0))
    others: tuple[tuple[str, Command], ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline(Command):
    parts: Body = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Group(Command):
    """`{ …; }`, or with `apart` `( … )`, which has its own variables and its own end; `&` is that, too."""

    body: Body = ()
    apart: bool = False


@dataclass(frozen=True, slots=True)
class If(Command):
    branches: tuple[tuple[Body, Body], ...] = ()
    otherwise: Body = ()


@dataclass(frozen=True, slots=True)
class Loop(Command):
    """`while`, and `until`."""

    condition: Body = ()
    body: Body = ()
    until: bool = False


@dataclass(frozen=True, slots=True)
class For(Command):
    """`words` is None where none are named: it goes over the arguments. Without a name: `for ((…))`."""

    name: str = ""
    words: tuple[Word, ...] | None = None
    body: Body = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One branch of a `case`."""

    patterns: tuple[Word, ...]
    body: Body
    ending: str  # ";;", ";&", ";;&"
    line: int


@dataclass(frozen=True, slots=True)
class Case(Command):
    word: Word = field(default_factory=lambda: Word((), 0))
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Function(Command):
    name: str = ""
    body: Body = ()


@dataclass(frozen=True, slots=True)
class Arithmetic(Command):
    """`((…))`."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Test(Command):
    """`[[ … ]]`."""

    words: tuple[Word, ...] = ()


def commands(body: Body) -> Iterator[Command]:
    """All of them, with those inside of others; those of functions as well."""
    for one in body:
        yield one
        for inner in _inside(one):
            yield from commands(inner)


def _inside(one: Command) -> Iterator[Body]:
    if isinstance(one, Chain):
        yield (one.first, *(other for _, other in one.others))
    elif isinstance(one, Pipeline):
        yield one.parts
    elif isinstance(one, (Group, For, Function)):
        yield one.body
    elif isinstance(one, If):
        for condition, body in one.branches:
            yield condition
            yield body
        yield one.otherwise
    elif isinstance(one, Loop):
        yield one.condition
        yield one.body
    elif isinstance(one, Case):
        for item in one.items:
            yield item.body
