"""Read a shell script: which arguments its own loop takes.

Its commands are gone through in order, into functions that are called with `"$@"`, up to one loop: `while getopts …`,
or a loop over the arguments with a `case`. What stands before it must leave the arguments as they are, or put them into
order by getopt. Operands are no inputs by themselves: nothing says what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pushbutton.describe.arguments.found import Argument, Command, Gap, Script
from pushbutton.describe.usage import Told, options_in

from . import tree
from .getopt import letters, spelled
from .options import UNKNOWN, Options, Spelling
from .parse import Script as Source
from .parse import parse
from .paths import Follower, Path, sets_arguments
from .tree import Body, Case, Chain, For, Function, Loop, NotFollowed, Parameter, Simple, Substitution, Word, commands

__all__ = ["Reading", "own_commands", "read_shell", "words_of"]

_DEEPEST = 4
_OPERANDS = "it takes operands, too, and they are left out"
_LOOKS = frozenset({"[", "test", "echo", "printf", ":"})


def read_shell(source: str) -> Script | None:
    """None: it has no loop over options. Raises `NotFollowed` where it has one that cannot be followed."""
    return Reading(parse(source)).script()


class Reading:
    """Of one script; what is asked of it first is in the fields then."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.functions = {one.name: one for one in commands(source.body) if isinstance(one, Function)}
        self._held: dict[str, object] = {}
        self._ordered: Spelling | None = None  # by getopt
        self._getopts: dict[str, Spelling] = {}  # what getopt put in order, by variable

    def script(self) -> Script | None:
        steps = list(self.steps())
        at = next((number for number, one in enumerate(steps) if self.is_loop(one)), None)
        if at is None:
            lost = next((one for one in commands(self.source.body) if self.is_loop(one)), None)
            if lost is None:
                return None
            raise NotFollowed(lost.line, "the loop over its options is not gone through by itself")
        for one in steps[:at]:
            self._before(one)
        loop = steps[at]
        found = self._getopts_loop(loop) if self._is_getopts(loop) else self._word_loop(loop)
        behind = self._behind(steps[at + 1 :]) or found.operands
        if behind:
            found.gaps.append(Gap(behind, _OPERANDS, about="operands", left_out=True))
        self._help(found.arguments)
        kind = "getopts" if self._is_getopts(loop) else "getopt" if self._ordered else "case"
        return Script(kind, Command("", arguments=found.arguments, line=loop.line), found.gaps)

    # -- the way to the loop

    def steps(self) -> Iterator[tree.Command]:
        """The commands in order, with those of functions that get all arguments in place of their calls."""
        return self._steps(self.source.body, 0)

    def _steps(self, body: Body, depth: int) -> Iterator[tree.Command]:
        for one in body:
            simple = one.first if isinstance(one, Chain) else one
            if isinstance(one, Function):
                continue
            if isinstance(one, tree.Group) and not one.apart:
                yield from self._steps(one.body, depth)
            elif isinstance(simple, Simple) and simple.name in self.functions and depth < _DEEPEST and _all(simple):
                yield from self._steps(self.functions[simple.name].body, depth + 1)
            else:
                yield one

    def is_loop(self, one: tree.Command) -> bool:
        return self._is_getopts(one) or self._items(one) is not None

    def _is_getopts(self, one: tree.Command) -> bool:
        return isinstance(one, Loop) and bool(one.condition) and _named(one.condition[-1]) == "getopts"

    def _items(self, one: tree.Command) -> tuple[Body, Case, Body] | None:
        """Of a loop over the arguments: what stands before its `case`, that, and what stands behind it."""
        if not isinstance(one, (Loop, For)) or (isinstance(one, For) and not _over_all(one)):
            return None
        name = one.name if isinstance(one, For) else ""
        holds = {name} if name else set[str]()
        for number, inner in enumerate(one.body):
            if isinstance(inner, Simple) and not name:
                holds |= {put.name for put in inner.assignments if isinstance(put.value, Word) and _first(put.value)}
            if isinstance(inner, Case):
                only = inner.word.only
                its = only is not None and not only.operator and (only.name in holds or (only.name == "1" and not name))
                if its and any(_begins(pattern, "-") for item in inner.items for pattern in item.patterns):
                    return one.body[:number], inner, one.body[number + 1 :]
        return None

    # -- what stands before it

    def _before(self, one: tree.Command) -> None:
        if isinstance(one, Simple) and not self._reordered(one):
            self._simple(one)
        elif not isinstance(one, Simple):
            self._touched(one)

    def _simple(self, one: Simple) -> None:
        if self._found_getopt(one):
            return
        self._refuse_looks(one)
        for put in one.assignments:
            text = self._text(put.value) if isinstance(put.value, Word) else None
            self._held[put.name] = UNKNOWN if text is None or put.append or put.element else text
        self._refilled(one.words)
        if one.name in (".", "source", "eval", "read"):
            self._held = dict.fromkeys(self._held, UNKNOWN)
        if one.name in self.functions:
            self._touched(*self.functions[one.name].body, inside=True)

    def _reordered(self, one: Simple) -> bool:
        """`eval set -- "$found"`."""
        if [word.literal for word in one.words[:3]] != ["eval", "set", "--"] or len(one.words) != 4:
            return False
        only = one.words[3].only
        if only is not None and only.name in self._getopts:
            self._ordered = self._getopts[only.name]
            return True
        call = _substituted(one.words[3])
        if call is not None and call.name == "getopt":
            self._ordered = Spelling("getopt", spelled(call, self._text))
            return True
        return False

    def _found_getopt(self, one: Simple) -> bool:
        """`found=$(getopt …)`."""
        for put in one.assignments:
            call = _substituted(put.value) if isinstance(put.value, Word) else None
            if call is not None and call.name.rpartition("/")[2] == "getopt":
                self._getopts[put.name] = Spelling("getopt", spelled(call, self._text))
                return True
        return False

    def _touched(self, *body: tree.Command, inside: bool = False) -> None:
        """Commands that may be gone through: whatever they put somewhere may hold it, or not."""
        for one in commands(body):
            if isinstance(one, Simple):
                if self._found_getopt(one):
                    continue
                if not inside:
                    self._refuse_looks(one)
                self._held.update({put.name: UNKNOWN for put in one.assignments})
                self._refilled(one.words)
                if one.name in (".", "source", "eval", "read"):
                    self._held = dict.fromkeys(self._held, UNKNOWN)
            elif isinstance(one, For):
                self._held[one.name] = UNKNOWN
                if not inside and (one.words is None or any(_whole(word) for word in one.words)):
                    raise NotFollowed(one.line, "it goes over its arguments before its options")
            elif isinstance(one, tree.Test) and not inside:
                self._refusewords_of(one.words, one.line)
            elif isinstance(one, tree.Arithmetic):
                self._held.update(dict.fromkeys(re.findall(r"[A-Za-z_]\w*", one.text), UNKNOWN))

    def _refilled(self, words: Sequence[Word]) -> None:
        """`${name:=text}` gives it one, if it has none."""
        for word in words:
            for part in word.parts:
                if isinstance(part, Parameter) and part.operator in (":=", "="):
                    self._held[part.name] = UNKNOWN

    def _refuse_looks(self, one: Simple) -> None:
        """A script whose first word is something else than an option is not one that begins with its options."""
        if one.name == "shift" or sets_arguments(one):
            raise NotFollowed(one.line, "it takes words before its options")
        if one.name == "eval" and any(
            "set" in str(getattr(part, "text", "")) for word in one.words for part in word.parts
        ):
            raise NotFollowed(one.line, "it sets its arguments anew")
        for put in one.assignments:
            for word in put.value if isinstance(put.value, tuple) else (put.value,):
                if _numbers(word):
                    raise NotFollowed(one.line, "it takes a word before its options")
        if one.name in _LOOKS:
            self._refusewords_of(one.words, one.line)
        elif any(_numbers(word) for word in one.words):
            raise NotFollowed(one.line, "it takes a word before its options")

    def _refusewords_of(self, words: Sequence[Word], line: int) -> None:
        """A test of the first word for something that is no option."""
        looks = [word for word in words if _numbers(word)]
        signs = {"[", "]", "test", "=", "==", "!=", "=~", "-z", "-n", "-a", "-o", "!", "&&", "||", "", None}
        texts = [word.literal for word in words if word.literal not in signs]
        if looks and any(text and not text.startswith(("-", "^-")) for text in texts) and words[0].literal != "echo":
            raise NotFollowed(line, "it looks for a word before its options")

    def _text(self, word: Word) -> str | None:
        """With what is known to be in variables; None where something else is filled in."""
        texts: list[str] = []
        for part in word.parts:
            if isinstance(part, tree.Literal):
                texts.append(part.text)
                continue
            held = self._held.get(part.name) if isinstance(part, Parameter) and not part.operator else None
            if not isinstance(held, str):
                return None
            texts.append(held)
        return "".join(texts)

    # -- the loop

    def _getopts_loop(self, loop: tree.Command) -> Options:
        assert isinstance(loop, Loop)  # noqa: S101 - the caller looked
        call = loop.condition[-1]
        assert isinstance(call, Simple)  # noqa: S101 - the caller looked
        words = call.words[1:]
        told = self._text(words[0]) if len(words) > 1 else None
        if told is None or len(loop.condition) > 1 or (len(words) > 2 and not _whole(words[2])) or len(words) > 3:
            raise NotFollowed(call.line, "what its getopts takes is only known when it runs")
        name = words[1].literal or ""
        case = next((one for one in loop.body if isinstance(one, Case) and _is(one.word, name)), None)
        if case is None:
            raise NotFollowed(loop.line, "its loop over getopts has no “case” of what was found")
        number = loop.body.index(case)
        follower = Follower(self.functions, {"OPTARG": 1, name: 0}, numbered=False)
        spelling = Spelling("getopts", letters(told, call.line))
        return self._options(follower, (loop.body[:number], case, loop.body[number + 1 :]), spelling, [Path()])

    def _word_loop(self, loop: tree.Command) -> Options:
        parts = self._items(loop)
        assert parts is not None  # noqa: S101 - the caller looked
        if isinstance(loop, For):
            if self._ordered:
                raise NotFollowed(loop.line, "what getopt put in order is gone through in another way")
            follower = Follower(self.functions, {loop.name: 0}, numbered=False)
            return self._options(follower, parts, None, [Path()], single=True)
        assert isinstance(loop, Loop)  # noqa: S101 - there is no other
        if _leaves_some(loop.condition):
            raise NotFollowed(loop.line, "it ends while there are arguments left")
        follower = Follower(self.functions)
        return self._options(follower, parts, self._ordered, [Path()])

    def _options(
        self,
        follower: Follower,
        parts: tuple[Body, Case, Body],
        spelling: Spelling | None,
        begun: list[Path],
        *,
        single: bool = False,
    ) -> Options:
        """`single`: each turn is one word, whatever is shifted."""
        before, case, behind = parts
        first = [path for path in follower.through(before, begun) if not path.ends]
        if len({path.shifted for path in first}) != 1:
            raise NotFollowed(case.line, "what stands before its “case” is not understood")

        def follow(item: tree.Item) -> list[Path]:
            if item.ending != ";;":
                raise NotFollowed(item.line, "a branch falls through to the next one")
            inside = follower.through(item.body, first[:1])
            paths = follower.through(behind, [replace(path, succeeded=None) for path in inside])
            own = [replace(path, sets=path.sets[len(first[0].sets) :]) for path in paths]
            return [replace(path, shifted=1) for path in own] if single else own

        found = Options(follow, self._held, spelling, looked_at=_looked_at((*before, case, *behind)))
        found.read(case.items)
        return found

    # -- what stands behind it

    def _behind(self, steps: Sequence[tree.Command]) -> int:
        """The line at which operands are looked at; 0: at none."""
        for one in steps:
            for inner in own_commands((one,)):
                if self.is_loop(inner):
                    raise NotFollowed(inner.line, "it goes over its arguments twice")
                if isinstance(inner, For) and (inner.words is None or any(_whole(word) for word in inner.words)):
                    return inner.line
                for word in words_of(inner):
                    if _whole(word) or _numbers(word):
                        return inner.line
        return 0

    # -- help

    def _help(self, arguments: Sequence[Argument]) -> None:
        lines = [
            (number + offset, text)
            for number, whole in self.source.texts
            for offset, text in enumerate(whole.replace("\\n", "\n").split("\n"))
        ]
        told: dict[str, Told] = {}
        for one in options_in(lines):
            for flag in one.flags:
                if one.help:
                    told.setdefault(flag, one)
        beside = {number: text.lstrip("# ") for number, text in self.source.texts if text.startswith("#")}
        for argument in arguments:
            found = next((told[flag] for flag in argument.flags if flag in told), None)
            argument.help = self._filled(found.help) if found else beside.get(argument.line, "").strip()
            argument.metavar = found.metavar if found else ""

    def _filled(self, text: str) -> str:
        def known(match: re.Match[str]) -> str:
            held = self._held.get(match[1])
            return held if isinstance(held, str) else match[0]

        text = re.sub(r"\$\{?([A-Za-z_]\w*)\}?", known, text)
        return re.sub(r"\s*[(\[][^()\[\]]*(?:\$|…)[^()\[\]]*[)\]]", "", text).strip()


def _leaves_some(condition: Body) -> bool:
    """`while [ $# -gt 1 ]`: a last word that is alone is not looked at."""
    for one in commands(condition):
        words = list(words_of(one))
        texts = [word.literal or "" for word in words]
        for at, word in enumerate(words[:-2]):
            counts = word.only is not None and word.only.name == "#"
            if (
                counts
                and texts[at + 2].isdigit()
                and int(texts[at + 2]) > {"-gt": 0, ">": 0, "-ge": 1}.get(texts[at + 1], 99)
            ):
                return True
        if any(part.name.isdigit() and int(part.name) > 1 for word in words for part in _parameters(word)):
            return True
        if isinstance(one, tree.Arithmetic) and re.search(r"#\}?\s*(?:>\s*[1-9]|>=\s*[2-9])", one.text):
            return True
    return False


def _looked_at(body: Body) -> frozenset[str]:
    """The variables that these commands look at, besides to add to them."""
    found: set[str] = set()
    for one in commands(body):
        if isinstance(one, Simple):
            for word in one.words:
                found |= {part.name for part in _parameters(word)}
            for put in one.assignments:
                for word in put.value if isinstance(put.value, tuple) else (put.value,):
                    found |= {part.name for part in _parameters(word) if part.name != put.name}
        else:
            found |= {part.name for word in words_of(one) for part in _parameters(word)}
    return frozenset(found)


def _parameters(word: Word) -> Iterator[Parameter]:
    return (part for part in _deep(word) if isinstance(part, Parameter))


def _named(one: tree.Command) -> str:
    return one.name if isinstance(one, Simple) else ""


def _is(word: Word, name: str) -> bool:
    return word.only is not None and word.only.name == name and not word.only.operator


def _begins(word: Word, text: str) -> bool:
    first = word.parts[0] if word.parts else None
    return isinstance(first, tree.Literal) and first.text.startswith(text)


def _first(word: Word) -> bool:
    return word.only is not None and word.only.name == "1" and word.only.operator in ("", ":-", "-")


def _over_all(one: For) -> bool:
    return one.words is None or (len(one.words) == 1 and _allwords_of(one.words[0]))


def _allwords_of(word: Word) -> bool:
    """`"$@"`, and nothing else."""
    return word.only is not None and word.only.name == "@" and word.only.quoted and not word.only.operator


def _all(call: Simple) -> bool:
    """Whether it gets all arguments, as they are. Raises `NotFollowed` where it gets them taken apart."""
    given = call.words[1:]
    if len(given) == 1 and (only := given[0].only) is not None and only.name in "@*" and not only.operator:
        if not (only.quoted and only.name == "@"):
            raise NotFollowed(
                call.line, f"“{call.name}” gets the arguments without quotes, so that blanks take them apart"
            )
        return True
    return False


def _whole(word: Word) -> bool:
    return any(isinstance(part, Parameter) and part.name in "@*" and part.operator != "#" for part in word.parts)


def _numbers(word: Word) -> bool:
    """Whether it looks at `$1` or another one."""
    return any(isinstance(part, Parameter) and part.name.isdigit() and part.name != "0" for part in _deep(word))


def _deep(word: Word) -> Iterator[tree.Part]:
    for part in word.parts:
        yield part
        if isinstance(part, Parameter) and part.rest is not None:
            yield from _deep(part.rest)
        elif isinstance(part, Substitution):
            for inner in commands(part.body):
                for other in words_of(inner):
                    yield from _deep(other)


def own_commands(body: Body) -> Iterator[tree.Command]:
    """All of them but those of functions, whose arguments are others."""
    functions = {id(inner) for one in commands(body) if isinstance(one, Function) for inner in commands(one.body)}
    return (one for one in commands(body) if id(one) not in functions)


def words_of(one: tree.Command) -> Iterator[Word]:
    if isinstance(one, Simple):
        yield from one.words
        for put in one.assignments:
            yield from put.value if isinstance(put.value, tuple) else (put.value,)
    elif isinstance(one, For):
        yield from one.words or ()
    elif isinstance(one, Case):
        yield one.word
    elif isinstance(one, tree.Test):
        yield from one.words


def _substituted(word: Word) -> Simple | None:
    """The one command whose output is the whole word."""
    parts = [part for part in word.parts if not isinstance(part, tree.Literal) or part.text]
    one = parts[0] if len(parts) == 1 else None
    body = one.body if isinstance(one, Substitution) else ()
    first = body[0].first if len(body) == 1 and isinstance(body[0], Chain) else body[0] if len(body) == 1 else None
    return first if isinstance(first, Simple) else None
