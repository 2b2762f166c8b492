"""Options and operands as texts for people tell them: a usage text, a comment, what a program prints for `--help`.

usage: move [-h] [--kind {full,prices}] till
  -k, --keep DAYS   how long (default: 7)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from .arguments.found import Argument, Command, Script
from .arguments.names import identifier

__all__ = ["Told", "operands_in", "options_in", "told_by"]

_METAVAR = r"(?:<[^<>]*>|\[[^\[\]]*\]|\{[^{}]*\}|[A-Z][A-Z0-9_.:/|-]*|[a-z_]+(?=\s{2}|\t|$))(?:\.\.\.|…)?"
_FLAG = re.compile(rf"(?P<flag>--?[A-Za-z0-9?][\w-]*)(?P<metavars>(?:(?:\[?=|[ ]){_METAVAR})*)\]?")
_BETWEEN = re.compile(r"\s*(?:,|\||/|\bor\b)\s*|\s(?=-)")
_BEHIND = re.compile(r"(?:\s{2,}|\t+\s*|\s*:\s+|\s+[-–—]+\s+|\s*\)\s+)(?P<help>\S.*)$|\s*:?\s*$")
_BOXED = re.compile(
    r"(?P<flags>(?:--?[\w-]+,?(?:\s+|$))+)(?:(?P<metavar>[A-Z]{3,}(?:\.\.\.)?|\[[^\[\]]+\|[^\[\]]+\])\s+)?"
)
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_USAGE = re.compile(r"^[\s#]*usage\s*:?\s*(?P<rest>.*)$", re.IGNORECASE)
_DEFAULT = re.compile(r"\s*[(\[]default(?: is)?\s*[:=]?\s*(?P<text>[^()\[\]]*)[)\]]", re.IGNORECASE)
_REQUIRED = re.compile(r"\s*[(\[]required[)\]]", re.IGNORECASE)
_SECTIONS = re.compile(r"(?:positional )?arguments\s*:?\s*$", re.IGNORECASE)
_TYPES = {"INTEGER": "int", "INT": "int", "FLOAT": "float", "DATE": "date"}
_HELPS = frozenset({"-h", "--help", "-?", "-V", "--version", "--install-completion", "--show-completion"})


@dataclass(frozen=True, slots=True)
class Told:
    """One option, as its line has it. `indent`: of the line."""

    flags: tuple[str, ...]
    metavars: tuple[str, ...] = ()
    help: str = ""
    line: int = 0
    indent: int = 0

    @property
    def metavar(self) -> str:
        return " ".join(self.metavars)


def options_in(lines: Iterable[tuple[int, str]]) -> Iterator[Told]:
    """In order. Lines that go on below an option's belong to its help: those that are indented more."""
    last: Told | None = None
    for number, text in lines:
        found = _told(number, text)
        if found is not None:
            if last is not None:
                yield last
            last = found
        elif last is not None:
            if text.strip() and _indent(text) > last.indent + 3 and len(last.help) < 400:
                last = replace(last, help=f"{last.help} {_bare(text)}".strip())
            else:
                yield last
                last = None
    if last is not None:
        yield last


def _indent(text: str) -> int:
    return len(text.expandtabs()) - len(text.expandtabs().lstrip(" │|"))


def _bare(text: str) -> str:
    return re.sub(r"^[\s#*│|]*", "", text).rstrip("│ \t")


def _told(number: int, text: str) -> Told | None:
    bare = _bare(text)
    if not bare.startswith("-"):
        return None
    if "│" in text and (match := _BOXED.match(bare)):
        bare = f"{' '.join(match['flags'].split())} {match['metavar'] or ''}  {bare[match.end() :]}"
    flags: list[str] = []
    metavars: list[str] = []
    at = 0
    while match := _FLAG.match(bare, at):
        flags.append(match["flag"])
        metavars = re.findall(_METAVAR, match["metavars"]) or metavars
        at = match.end()
        between = _BETWEEN.match(bare, at)
        if between is None or not bare.startswith("-", between.end()):
            break
        at = between.end()
    behind = _BEHIND.match(bare, at)
    if not flags or behind is None:
        return None
    return Told(
        tuple(flags), tuple(one.strip("<>") for one in metavars), (behind["help"] or "").strip(), number, _indent(text)
    )


# -- operands


def operands_in(lines: Sequence[str]) -> list[Argument]:
    """The operands of the first usage line, in order: `SOURCE... [DEST]`."""
    return [
        Argument(
            identifier(name.lower()), 0, called=name, required=needed, words=("+" if needed else "*") if many else "",
            choices=tuple(choices),
        )
        for name, needed, many, choices in _operands(_usage_line(lines))
    ]  # fmt: skip


def _usage_line(lines: Sequence[str]) -> str:
    """The words behind the program's name, with the lines that continue them."""
    for number, line in enumerate(lines):
        if match := _USAGE.match(_CODES.sub("", line)):
            behind = lines[number + 1 :]
            more = list(behind[: next((at for at, one in enumerate(behind) if not one.startswith((" ", "\t"))), 0)])
            more = more[: next((at for at, one in enumerate(more) if not one.strip()), len(more))]
            words = " ".join([match["rest"], *(one for one in more if not _told(0, one))]).strip()
            words = words or (behind[0].strip() if behind else "")
            return re.sub(r"^(?:python\d?(?:\.\d+)? )?\S+\s*", "", words)
    return ""


def _operands(usage: str) -> Iterator[tuple[str, bool, bool, list[str]]]:
    """(name, whether it is needed, whether there may be several, what it can be)"""
    bare = re.sub(r"\[-[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]|\(-[^()]*\)", " ", usage)  # options
    bare = re.sub(r"\[(?:OPTIONS?|FLAGS?|options?|flags?)\](?:\.\.\.|…)?|\bOPTIONS\b", " ", bare)
    bare = re.sub(rf"(?<!\S)--?[\w-]+(?:[= ]{_METAVAR})?", " ", bare)
    seen: set[str] = set()
    for match in re.finditer(
        r"(?P<open>\[)?\s*(?P<word>\{[\w,.-]+\}|<[^<>]+>|[A-Za-z][\w|-]*)(?P<many>\s*(?:\.\.\.|…))?(?:\s*\[(?P=word)\s*(?:\.\.\.|…)\])?\]?"
        r"(?P<more>\.\.\.|…)?",
        bare,
    ):
        word = match["word"].strip("<>")
        choices = [one for one in re.split(r"[,|]", word.strip("{}")) if one]
        name = "command" if len(choices) > 1 else choices[0] if choices else ""
        if not name or name.lower() in ("command", "args") * (len(choices) == 1) or name in seen:
            continue
        seen.add(name)
        several = bool(match["many"] or match["more"]) or "..." in match[0] or "…" in match[0]
        yield name, not match["open"], several and len(choices) == 1, choices if len(choices) > 1 else []


# -- what a program prints of itself


def told_by(text: str) -> Script:
    """The options and operands of what `--help` prints. It tells less than a source: what is not there is not known."""
    lines = _CODES.sub("", text).replace("\r", "").split("\n")
    usage = _usage_line(lines)
    operands = operands_in(lines)
    named = {one.name: one for one in operands}
    for called, said in _section(lines):
        name = identifier(called.lower())
        if name not in named:
            named[name] = Argument(name, 0, called=called, required=bool(_REQUIRED.search(said)))
        named[name].help = _REQUIRED.sub("", said).strip()
    found = [_option(one, usage) for one in options_in(enumerate(lines, 1)) if not set(one.flags) & _HELPS]
    for one in found:
        named.setdefault(one.name, one)
    return Script("--help", Command("", arguments=list(named.values())))


def _section(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The operands and their help, below a heading that says that they are such."""
    inside, base = False, 0
    for line in lines:
        bare = line.strip(" │╭╮─")
        if _SECTIONS.search(bare) and not re.search(r"\s{2}", bare):
            inside, base = True, 0
        elif inside and (not bare or "╰" in line or _told(0, line)):
            inside = False
        elif inside and (
            match := re.match(r"[*\s│]*(?P<name>[\w-]+)(?:\s+[A-Z]+)?(?:\s{2,}(?P<help>.*))?$", line.rstrip("│ "))
        ):
            base = base or _indent(line)
            if _indent(line) <= base + 1:
                yield match["name"], _DEFAULT.sub("", (match["help"] or "").strip())


def _option(one: Told, usage: str) -> Argument:
    made = Argument("", one.line, flags=one.flags)
    made.name = identifier(made.flag)
    help_text = one.help
    off = next((flag for flag in one.flags if flag.startswith("--no-") and f"--{flag[5:]}" in one.flags), "")
    if match := _DEFAULT.search(help_text):
        told, _, more = match["text"].partition(";")
        told = told.strip().strip("'\"")
        help_text = _DEFAULT.sub("", help_text)
    else:
        told = more = ""
    made.required = "required" in more or bool(_REQUIRED.search(help_text)) or _needed(made, usage)
    made.help = re.sub(r"\s+", " ", _REQUIRED.sub("", help_text)).strip()
    if not one.metavars:
        made.type, made.default = "bool", False
        if off:
            made.off, made.flags = off, tuple(flag for flag in one.flags if flag != off)
            made.name = identifier(made.flag)
            made.default = {"true": True, "false": False, made.flag[2:]: True, off[2:]: False}.get(told.lower())
        return made
    first = one.metavars[0]
    if inner := re.fullmatch(r"[\[{](?P<words>[^\[\]{}]+(?:[,|][^\[\]{}]+)+)[\]}]", first):
        made.choices = tuple(word.strip() for word in re.split(r"[,|]", inner["words"]))
    made.type = _TYPES.get(first.strip("."), "str")
    if len(one.metavars) > 1 or first.endswith(("...", "…")):
        open_ = any("..." in word or "…" in word for word in one.metavars)
        made.words = "+" if open_ else str(len(one.metavars))
    elif told and told not in ("None", "none"):
        made.default = _value(told, made)
    return made


def _needed(made: Argument, usage: str) -> bool:
    """Whether the usage line has it without brackets around it."""
    flat = re.sub(r"\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]", " ", usage)
    return any(re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", flat) for flag in made.flags)


def _value(told: str, made: Argument) -> object:
    try:
        return int(told) if made.type == "int" else float(told) if made.type == "float" else told
    except ValueError:
        return None
