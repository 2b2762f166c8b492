"""Shell text with holes in it, as other tools fill values into: each hole becomes a variable between the right quotes.

Those tools put the value into the program's text, where it can be anything: several words, an option, another command.
Here the value comes in the environment, and what stands for it is one word whatever is in it: `"$NAME"` where no
quotes stand, `$NAME` between double quotes and in the text that follows `<<`, and `'…'"$NAME"'…'` between single ones.

Where even that would put a value into the text of a program (`python -c`, `awk`, SQL, `eval`, what is piped into a
shell), or where the shell would read it again (a number to calculate with, the name of a variable), nothing is
rewritten: `Unsafe` says which line it is and what to do. Which programs read their arguments as a program is the one
rule that commands of `pushbutton.yaml` have, too (`domain.program_text`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pushbutton.domain.program_text import SHELLS, program_items

__all__ = ["Hole", "Rewritten", "Unsafe", "assigned", "first_words", "rewritten", "used"]

_FIRST, _LAST = 0xF0000, 0xFFFFD  # characters that no text has; each stands for a hole
_HOLE = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")
_NAME_GOES_ON = re.compile(r"[A-Za-z0-9_\[]")
_ENDS_WORD = frozenset(" \t\n;&|<>()")
_KEYWORDS = frozenset(
    {"if", "then", "else", "elif", "fi", "do", "done", "while", "until", "!", "{", "}", "time", "coproc", "in"}
)
_ASSIGNED = re.compile(r"[A-Za-z_]\w*(?:\[[^]]*\])?\+?=", re.DOTALL)
_SQL = re.compile(
    r"\s*(?:select\s.*\sfrom\s|insert\s+into\s|update\s.*\sset\s|delete\s+from\s|(?:drop|alter|create|grant|truncate)\s)",
    re.IGNORECASE | re.DOTALL,
)
_JSON = re.compile(r'\s*[{\[].*"', re.DOTALL)
_SPEAKERS = frozenset({"echo", "printf", "print", "cat", "tee"})
_DATABASES = frozenset(
    {"psql", "mysql", "mariadb", "sqlite3", "sqlplus", "mongo", "mongosh", "bc", "dc", "at", "batch"}
)
_LANGUAGES = frozenset({"python", "perl", "ruby", "node", "php", "lua", *SHELLS})
_READ_AGAIN = frozenset({"eval", "let", "trap"})
_PROGRAM_AT: Mapping[str, int] = {"jq": 0, "yq": 0, "sqlite3": 1}
"""Which operand is a program."""
_COMPARED = frozenset({"-eq", "-ne", "-lt", "-le", "-gt", "-ge"})
_GUARDS = frozenset({"[", "[[", "test", "cd", "sleep", "export", "set", ".", "source", ":", "true", "umask", "ulimit"})
_WRAPPERS: Mapping[str, int] = {
    **dict.fromkeys(("nice", "ionice", "nohup", "sudo", "env", "chronic", "cronic", "setsid", "exec", "doas"), 0),
    **dict.fromkeys(("timeout", "flock", "chrt", "lckdo", "setlock", "run-one"), 1),
}
"""Programs that start another one, and how many operands of their own they have."""
_WITH_VALUE = frozenset({"-u", "-g", "-C", "-S"})  # options of theirs whose value is the next word, and no number


class Unsafe(Exception):
    """A hole that no variable can stand for. `line` counts from 0, from the first one of the text."""

    def __init__(self, line: int, what: str, do: str) -> None:
        super().__init__(what)
        self.line, self.what, self.do = line, what, do


@dataclass(frozen=True, slots=True)
class Hole:
    """The value for a hole. `empty`: it may have no value, and stands for no word then; `number`: a number only."""

    name: str  # of the input
    empty: bool = False
    number: bool = False

    @property
    def variable(self) -> str:
        return self.name.upper()


@dataclass(frozen=True, slots=True)
class Rewritten:
    """`bare`: holes that stood outside of quotes, where a value could be several words; `json`: those in a JSON text,
    which a quote in the value breaks. Each the name of its input, and the line, from 0.
    """

    text: str
    bare: tuple[tuple[str, int], ...] = ()
    json: tuple[tuple[str, int], ...] = ()


def rewritten(text: str, pattern: re.Pattern[str], meant: Callable[[re.Match[str]], Hole | None]) -> Rewritten:
    """`meant` tells what a match of `pattern` stands for; None: it is text like the rest. Raises `Unsafe`."""
    if match := _HOLE.search(text):
        raise Unsafe(text.count("\n", 0, match.start()), "It has characters that stand for nothing.", "Take them out.")
    holes: list[Hole] = []

    def mark(match: re.Match[str]) -> str:
        hole = meant(match)
        if hole is None or len(holes) >= _LAST - _FIRST:
            return match[0]
        holes.append(hole)
        return chr(_FIRST + len(holes) - 1)

    scan = _Scan(pattern.sub(mark, text), holes)
    try:
        scan.whole()
    except RecursionError:
        raise Unsafe(0, "Its “$(” in one another go too deep.", "Write it as a script.") from None
    for command in scan.commands:
        _refuse_programs(command, holes)
    return Rewritten("".join(scan.out), tuple(scan.bare), tuple(_in_json(scan.commands, holes)))


def assigned(text: str) -> frozenset[str]:
    """The variables that a shell text sets itself."""
    found = set(re.findall(r"(?<![\w$.{/-])([A-Za-z_]\w*)(?:\[[^]\n]*\])?\+?=", text))
    found |= set(re.findall(r"\b(?:for|select)\s+([A-Za-z_]\w*)", text))
    for words in re.findall(
        r"\b(?:read|local|declare|typeset|export|readonly|getopts|mapfile|unset)\s([^\n;|&<>]*)", text
    ):
        found |= set(re.findall(r"[A-Za-z_]\w*", words))
    return frozenset(found)


def used(text: str) -> frozenset[str]:
    """The variables that it asks for."""
    return frozenset(re.findall(r"\$\{?[#!]?([A-Za-z_]\w*)", text))


def first_words(text: str) -> list[str]:
    """The name for a command: its program without folder and ending, and a subcommand, if it has one."""
    scan = _Scan(text, [])
    try:
        scan.whole()
    except Unsafe:
        return []
    for command in scan.commands:
        words = _unwrapped(command.words)
        if words and words[0] not in _GUARDS:
            return _called(words)
    return []


def _unwrapped(words: Sequence[str]) -> list[str]:
    """Without the programs in front that only start it."""
    rest = list(words)
    while rest and (own := _WRAPPERS.get(rest[0].rpartition("/")[2], -1)) >= 0:
        rest.pop(0)
        while rest and (rest[0].startswith("-") or _ASSIGNED.match(rest[0])):
            option = rest.pop(0)
            if option in _WITH_VALUE or (len(option) == 2 and "".join(rest[:1]).isdigit()):
                del rest[:1]
        rest = rest[own:]
    return rest


def _called(words: Sequence[str]) -> list[str]:
    program = words[0].rpartition("/")[2]
    operands = [word for word in words[1:] if not word.startswith("-")]
    if re.sub(r"[\d.]+$", "", program) in _LANGUAGES and operands and "-c" not in words:
        return [operands[0].rpartition("/")[2].partition(".")[0]]
    subcommand = words[1:2] if "/" not in words[0] and re.fullmatch(r"[a-z][a-z-]+", "".join(words[1:2])) else []
    return [program.partition(".")[0], *subcommand]


@dataclass
class _Command:
    """A simple command: its words without their quotes, holes as their characters."""

    line: int
    words: list[str] = field(default_factory=list)
    fed: list[str] = field(default_factory=list)  # what follows << and <<<
    into: _Command | None = None  # behind a “|”

    @property
    def program(self) -> str:
        return re.sub(r"(?<=[a-z])[\d.]+$", "", self.words[0].rpartition("/")[2]) if self.words else ""


def _refuse_programs(command: _Command, holes: Sequence[Hole]) -> None:
    words = command.words
    if not words:
        return
    if _HOLE.search(words[0]):
        raise _unsafe(command, words[0], holes, "chooses the program that is started")
    for index, reader in program_items(words, lambda word: bool(_HOLE.search(word))).items():
        raise _unsafe(command, words[index], holes, f"stands in the text of a program that {reader} reads")
    for index, word in enumerate(words):
        found = _HOLE.search(word)
        if not found:
            continue
        if command.program in _READ_AGAIN:
            raise _unsafe(command, word, holes, f"stands in a text that {command.program} reads as a program")
        if _SQL.match(word):
            raise _unsafe(command, word, holes, "stands in a statement for a database")
        if command.program in _PROGRAM_AT and _operand(words, index) == _PROGRAM_AT[command.program]:
            raise _unsafe(command, word, holes, f"stands in the text of a program that {command.program} reads")
        if command.program == "[[" and _COMPARED & set(words) and not holes[ord(found[0]) - _FIRST].number:
            raise _unsafe(command, word, holes, "is calculated with, and need not be a number")
    for word in command.fed:
        if _reads_programs(command) and _HOLE.search(word):
            raise _unsafe(command, word, holes, f"stands in the text of a program that {command.program} reads")
    into = command.into
    for word in (*command.fed, *words[1:]) if into and command.program in _SPEAKERS and _reads_programs(into) else ():
        if into and _HOLE.search(word):
            raise _unsafe(command, word, holes, f"stands in the text of a program that {into.program} reads")


def _operand(words: Sequence[str], index: int) -> int:
    return sum(not word.startswith("-") for word in words[1:index])


def _reads_programs(command: _Command) -> bool:
    """Whether what comes on its standard input is a program."""
    operands = [word for word in command.words[1:] if not (word.startswith("-") and word != "-")]
    if command.program in _DATABASES:
        return True
    if command.program in ("ssh", "su", "sudo", "rsh"):
        return len(operands) <= 1
    texts = any(re.fullmatch(r"-[a-zA-Z]*[ceE]", word) for word in command.words[1:])
    return command.program in _LANGUAGES and not texts and operands[:1] in ([], ["-"])


def _unsafe(command: _Command, word: str, holes: Sequence[Hole], how: str) -> Unsafe:
    match = _HOLE.search(word)
    hole = holes[ord(match[0]) - _FIRST] if match else Hole("it")
    return Unsafe(
        command.line,
        f"“{hole.name}” {how}: a value would become a part of that program.",
        f"Write a script that reads it from ${hole.variable}, and name that script as the command.",
    )


def _in_json(commands: Sequence[_Command], holes: Sequence[Hole]) -> list[tuple[str, int]]:
    found = []
    for command in commands:
        for word in (*command.words, *command.fed):
            if _JSON.match(word):
                marked = [holes[ord(sign) - _FIRST] for sign in _HOLE.findall(word)]
                found += [(hole.name, command.line) for hole in marked if not hole.number]
    return list(dict.fromkeys(found))


class _Scan:
    """Goes through a text once, as a shell does: which quotes are open, and where commands and words end."""

    def __init__(self, text: str, holes: Sequence[Hole]) -> None:
        self._text, self._holes, self._at, self._line = text, holes, 0, 0
        self._here: list[tuple[_Command, str, bool, bool]] = []  # texts that follow the line: <<
        self.out: list[str] = []
        self.commands: list[_Command] = []
        self.bare: list[tuple[str, int]] = []

    def whole(self) -> None:
        try:
            while self._at < len(self._text):
                self._list("")  # an end that nothing began is passed over
        except RecursionError:
            raise Unsafe(0, "Its brackets go too deep.", "Write a script that does it.") from None

    # -- the text, sign by sign

    def _peek(self, length: int = 1) -> str:
        return self._text[self._at : self._at + length]

    def _take(self, length: int = 1, *, write: bool = True) -> str:
        taken = self._text[self._at : self._at + length]
        self._at += length
        self._line += taken.count("\n")
        if write:
            self.out.append(taken)
        return taken

    def _hole(self, sign: str) -> Hole:
        return self._holes[ord(sign) - _FIRST]

    def _is_hole(self) -> bool:
        return self._at < len(self._text) and _FIRST <= ord(self._text[self._at]) <= _LAST

    def _refused(self, hole: Hole, how: str, do: str) -> Unsafe:
        return Unsafe(self._line, f"“{hole.name}” {how}.", do)

    def _named(self, hole: Hole) -> str:
        """Where quotes are open already, or none are needed."""
        ahead = self._text[self._at : self._at + 1]
        return f"${{{hole.variable}}}" if _NAME_GOES_ON.match(ahead) else f"${hole.variable}"

    # -- commands

    def _list(self, end: str) -> None:
        """Commands up to `end`, which is taken: “)”, “`”, or "" for the end of the text."""
        command = self._begun()
        cases = 0
        while self._at < len(self._text):
            sign = self._peek()
            if sign == end and not (sign == ")" and cases):
                self._take()
                return
            if sign == "\n":
                self._take()
                self._bodies()
                command = self._begun()
            elif sign in " \t":
                self._take()
            elif self._peek(2) == "\\\n":
                self._take(2)
            elif sign == "#":
                self._comment()
            elif self._peek(2) == "((" and not command.words:
                self._take(2)
                self._calculation()
            elif sign == "(":
                self._take()
                self._list(")")
                command = self._begun()
            elif sign in ";&)" and self._peek(2) != "&>":
                self._take()
                command = self._begun()
            elif sign == "|":
                piped = self._peek(2) != "||"
                self._take(1 if piped else 2)
                if self._peek() == "&":
                    self._take()
                before, command = command, self._begun()
                before.into = command if piped else None
            elif sign in "<>&":
                self._redirection(command)
            else:
                word = self._word(end)
                if not command.words and word in _KEYWORDS:
                    continue
                cases += (not command.words and word == "case") - (not command.words and word == "esac")
                if command.words or not _ASSIGNED.match(word):
                    command.words.append(word)

    def _begun(self) -> _Command:
        command = _Command(self._line)
        self.commands.append(command)
        return command

    def _comment(self) -> None:
        while self._at < len(self._text) and self._peek() != "\n":
            if self._is_hole():
                self.out.append(self._hole(self._take(write=False)).name)
            else:
                self._take()

    def _redirection(self, command: _Command) -> None:
        match = re.compile(r"<<<|<<-?|&>>?|>>|>\||[<>]&|<>|[<>]").match(self._text, self._at)
        operator = self._take(len(match[0]) if match else 1)
        while self._peek() in (" ", "\t"):
            self._take()
        if self._peek() == "(" and operator in "<>":  # <(…)
            self._take()
            self._list(")")
            return
        begin = len(self.out)
        word = self._word("")
        if operator in ("<<", "<<-"):
            as_it_is = bool(re.search(r"[\"'\\]", "".join(self.out[begin:])))
            self._here.append((command, word, as_it_is, operator == "<<-"))
        elif operator == "<<<":
            command.fed.append(word)

    def _bodies(self) -> None:
        """The texts that the line before announced."""
        waiting, self._here = self._here, []
        for command, mark, as_it_is, tabs in waiting:
            begin = self._at
            while self._at < len(self._text):
                stop = self._text.find("\n", self._at)
                line = self._text[self._at : stop if stop >= 0 else len(self._text)]
                if (line.lstrip("\t") if tabs else line) == mark:
                    command.fed.append(self._text[begin : self._at])
                    self._take(len(line))
                    break
                self._here_line(len(line), as_it_is=as_it_is)
                self._take()  # the line's end
            else:
                command.fed.append(self._text[begin:])

    def _here_line(self, length: int, *, as_it_is: bool) -> None:
        end = self._at + length
        while self._at < end:
            if self._is_hole():
                hole = self._hole(self._take(write=False))
                if as_it_is:
                    do = "Take the quotes around the word behind “<<” away, and write “\\$” where a “$” is meant."
                    raise self._refused(hole, "stands in a text in which nothing is filled in (<<'…')", do)
                self.out.append(self._named(hole))
            elif as_it_is:
                self._take()
            else:
                self._inside(quoted=True)

    # -- words

    def _word(self, end: str) -> str:
        """One word; what comes back is without its quotes."""
        begin = len(self.out)
        found: list[str] = []
        while self._at < len(self._text):
            sign = self._peek()
            if sign in _ENDS_WORD or sign == end:
                break
            if self._is_hole():
                self._bare_hole(found, alone=len(self.out) == begin, end=end)
            elif sign == "'":
                found.append(self._single("'"))
            elif sign == '"':
                found.append(self._double())
            elif self._peek(2) == "$'":
                found.append(self._single("$'"))
            else:
                before = self._at
                self._inside()
                found.append(self._text[before : self._at])
        if len(self.out) == begin and not found:
            self._take()  # nothing that a word can begin with
        return "".join(found)

    def _bare_hole(self, found: list[str], *, alone: bool, end: str) -> None:
        sign = self._take(write=False)
        hole = self._hole(sign)
        self.bare.append((hole.name, self._line))
        found.append(sign)
        ahead = self._peek()
        alone = alone and (not ahead or ahead in _ENDS_WORD or ahead == end)
        name = hole.variable
        self.out.append(f'${{{name}:+"${name}"}}' if alone and hole.empty else f'"${name}"')

    def _single(self, opened: str) -> str:
        """Between single quotes nothing is filled in: they are closed around a hole."""
        self._take(len(opened), write=False)
        found: list[str] = []
        parts: list[str] = []
        literal = ""
        while self._at < len(self._text) and self._peek() != "'":
            if self._is_hole():
                sign = self._take(write=False)
                parts += [f"{opened}{literal}'"] if literal else []
                parts.append(f'"${self._hole(sign).variable}"')
                literal = ""
                found.append(sign)
            else:
                piece = self._take(2 if opened == "$'" and self._peek() == "\\" else 1, write=False)
                literal += piece
                found.append(piece)
        closed = self._take(write=False)
        parts += [f"{opened}{literal}{closed}"] if literal or not parts else []
        self.out.append("".join(parts))
        return "".join(found)

    def _double(self) -> str:
        """Inside of $(…) quotes count anew, also where the whole stands between quotes."""
        self._take()
        found: list[str] = []
        while self._at < len(self._text) and self._peek() != '"':
            if self._is_hole():
                sign = self._take(write=False)
                self.out.append(self._named(self._hole(sign)))
                found.append(sign)
            else:
                before = self._at
                self._inside(quoted=True)
                found.append(self._text[before : self._at])
        self._take()
        return "".join(found)

    def _inside(self, *, quoted: bool = False) -> None:
        """One sign that is no quote, or what “$”, “\\” and “`” begin."""
        if self._peek() == "\\":
            self._after(self._take())
            if self._at < len(self._text):
                self._take()
        elif self._peek(3) == "$((":
            self._take(3)
            self._calculation()
        elif self._peek(2) == "$(":
            self._take(2)
            self._list(")")
        elif self._peek(2) == "${":
            self._take(2)
            self._expansion(quoted=quoted)
        elif self._peek() == "$":
            self._after(self._take())
        elif self._peek() == "`":
            self._backticks(quoted=quoted)
        else:
            self._take()

    def _after(self, sign: str) -> None:
        if self._is_hole():
            hole = self._hole(self._peek())
            how = "names a variable" if sign == "$" else "stands behind a “\\”"
            raise self._refused(hole, f"{how}, which no value can", "Write it without the sign in front of it.")

    def _backticks(self, *, quoted: bool) -> None:
        self._take()
        if quoted:
            stop = self._text.find("`", self._at)
            if match := _HOLE.search(self._text, self._at, stop if stop >= 0 else len(self._text)):
                do = "Write $(…) in place of `…`."
                raise self._refused(self._hole(match[0]), "stands between “`” inside of quotes", do)
        self._list("`")

    def _expansion(self, *, quoted: bool) -> None:
        """Up to the “}”; what stands behind “:-” and the like is text as it stands around."""
        named = False
        while self._at < len(self._text) and self._peek() != "}":
            sign = self._peek()
            if self._is_hole():
                hole = self._hole(self._peek())
                if not named:
                    raise self._refused(hole, "names a variable, which no value can", "Name the variable itself.")
                self._take(write=False)
                self.out.append(self._named(hole) if quoted else f'"${hole.variable}"')
            elif sign == '"' and not quoted:
                self._double()
            elif sign == "'" and not quoted:
                self._single("'")
            else:
                named = named or not re.match(r"[A-Za-z0-9_!#\[@*?-]", sign)
                self._inside(quoted=quoted)
        self._take()

    def _calculation(self) -> None:
        """Up to “))”."""
        depth = 0
        while self._at < len(self._text) and (depth or self._peek(2) != "))"):
            if self._is_hole():
                hole = self._hole(self._take(write=False))
                if not hole.number:
                    do = "Give it the type of a number."
                    raise self._refused(hole, "is calculated with, and need not be a number", do)
                self.out.append(self._named(hole))
            else:
                depth += (self._peek() == "(") - (self._peek() == ")")
                self._inside()
        self._take(2)
