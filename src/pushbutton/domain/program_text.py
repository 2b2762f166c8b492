"""Which items of a command are the text of a program: no value may be put into these.

One rule for everything that reads programs (shells, Python, Perl, awk …): from its name on, up to the item in which
its program is settled, no item may have an input in it; what follows is data. A program is settled by a text that
stands there literally (`sh -c 'echo "$1"' name {n}`) or by a script's file (`sh script.sh {n}`). An option of which
it is not known that it takes no value leaves open what the next item is, so an input is refused there, too: a wrong
no is said when the task is read, and there are always the environment and a script to turn to.

Two more kinds: options whose value some other program gives to a shell (`su -c`, `psql -c`), and programs that join
their words and give that to one: `ssh` does it on the other side, where no list of ours keeps an item together, so
that behind its host no input may stand. Quoting for it would be a guess: nobody here knows which shell it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["REMOTE", "SHELLS", "program_items"]

SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "mksh", "pdksh", "oksh", "rbash", "yash", "zsh", "posh"})


@dataclass(frozen=True, slots=True)
class _Reader:
    """How a program finds the text that it runs. Options are matched as a whole."""

    text: str  # those before a program's text, which is the next item, or follows at once as the group "here"
    plain: str  # those that are known to take no value
    many: bool = False  # there may be several texts; the first item behind them that is no option is data
    operand: bool = False  # the first item that is no option is the program itself, not the name of its file
    data: str = ""  # those whose value is data


_SHELL = _Reader(
    text=r"-[abefhiklmnprstuvxBEHP]*c[abefhiklmnprstuvxBEHP]*",
    plain=r"[-+][abefhiklmnprstuvxBEHP]+|--(?:login|norc|noprofile|posix|restricted|verbose)",
)
_CSH = _Reader(text=r"-[defilmnqstvVxX]*c", plain=r"-[defilmnqstvVxX]+")
_FISH = _Reader(
    text=r"--(?:init-)?command(?:=(?P<here>.*))?|-[cC](?P<at_once>.*)",
    plain=r"-[ilnNPv]+|--(?:login|interactive|no-config|private)",
    many=True,
)
_PYTHON = _Reader(text=r"-[bdBEhiIOPqRsSuvVx]*[cm](?P<here>.*)", plain=r"-[bdBEhiIOPqRsSuvVx]+|-[WX].+")
_PERL = _Reader(
    text=r"-(?:[acfnpsStTuUvwWX]|[0l][0-7]*)*[eE](?P<here>.*)",
    plain=r"-(?:[acfnpsStTuUvwWX]|[0l][0-7]*)+|-[MmIi].+",
    many=True,
)
_RUBY = _Reader(text=r"-(?:[aclnpsSvwW]|0[0-7]*)*e(?P<here>.*)", plain=r"-(?:[aclnpsSvwW]|0[0-7]*)+|-[Ir].+", many=True)
_NODE = _Reader(text=r"--(?:eval|print)(?:=(?P<here>.*))?|-p?[ep]", plain=r"-[ci]|--[\w-]+=.*", many=True)
_SED = _Reader(
    text=r"--(?:expression|file)(?:=(?P<here>.*))?|-[nErsuz]*[ef](?P<at_once>.*)",
    plain=r"-[nErsuz]+|-i.*|--(?:quiet|silent|regexp-extended|null-data|posix|separate|unbuffered|sandbox|in-place.*)",
    many=True,
    operand=True,
)
_AWK = _Reader(
    text=r"--(?:file|source)(?:=(?P<here>.*))?|-[ef](?P<at_once>.*)",
    plain=r"--(?:posix|traditional|csv|re-interval|sandbox)",
    many=True,
    operand=True,
    data=r"-[vF].*|--(?:assign|field-separator)(?:=.*)?",
)
_OTHER = _Reader(
    text=r"--?(?:eval|execute|command|run)(?:=(?P<here>.*))?|-[eErRBc](?P<at_once>.*)", plain=r"-[nqvw]", many=True
)

_READERS: Mapping[str, _Reader] = {
    **dict.fromkeys(SHELLS, _SHELL),
    **dict.fromkeys(("csh", "tcsh"), _CSH),
    "fish": _FISH,
    **dict.fromkeys(("python", "pythonw", "pypy"), _PYTHON),
    "perl": _PERL,
    **dict.fromkeys(("ruby", "jruby"), _RUBY),
    **dict.fromkeys(("node", "nodejs", "bun"), _NODE),
    **dict.fromkeys(("sed", "gsed"), _SED),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), _AWK),
    **dict.fromkeys(("php", "lua", "luajit", "tclsh", "wish", "expect", "osascript", "groovy", "scala"), _OTHER),
    **dict.fromkeys(("julia", "elixir", "erl", "Rscript", "ghc", "guile", "sbcl", "raku", "xonsh", "elvish"), _OTHER),
}

_OPTIONS: Mapping[str, str] = {
    **dict.fromkeys(("su", "runuser"), r"-[a-zA-Z]*c|--command|--session-command"),
    **dict.fromkeys(("script", "flock"), r"-[a-z]*c|--command"),
    "psql": r"-[a-zA-Z]*c|--command",
    **dict.fromkeys(("mysql", "mariadb"), r"-[a-zA-Z]*e|--execute"),
    "env": r"-[a-z0]*S|--split-string",
    "rsync": r"-[a-zA-Z]*e|--rsh|--rsync-path",
    "tar": r"-I|--use-compress-program|--to-command|--checkpoint-action|--rsh-command",
    "deno": r"eval",
    **dict.fromkeys(("vagrant", "gcloud"), r"-c|--command"),
    **dict.fromkeys(("vi", "vim", "nvim", "ex"), r"-c|--cmd"),
    "xterm": r"-e",
}
"""Options whose value these programs give to a shell, or read as commands that can start one."""

REMOTE = frozenset({"ssh", "autossh", "slogin", "rsh"})
_SSH_VALUES = frozenset("BbcDEeFIiJLlmOoPpQRSWw")
_POWERSHELLS = frozenset({"pwsh", "powershell"})
_JOINERS = frozenset({"watch", "make", "gmake", "just", "parallel", "tmux"})
_STARTERS = frozenset(
    {"env", "sudo", "doas", "nice", "ionice", "nohup", "timeout", "time", "stdbuf", "setsid", "chrt", "xargs", "chroot"}
    | {"busybox", "systemd-run", "systemd-inhibit", "unbuffer", "unshare", "nsenter", "strace", "caffeinate"}
)
"""Behind these any word may be the program; elsewhere the names of `_JOINERS` are words like others."""


def program_items(argv: Sequence[str], has_hole: Callable[[str], bool]) -> dict[int, str]:
    """The items with an input in them that are read as a program: their indices, and the program that reads them."""
    found: dict[int, str] = {}
    behind_starter = _name(argv[0]) in _STARTERS if argv else False
    for index, word in enumerate(argv):
        if has_hole(word):
            continue
        name = _name(word)
        items: Iterator[int] = iter(())
        if name in _READERS:
            items = _unsettled(argv, index, _READERS[name])
        elif name in REMOTE:
            items = _behind_host(argv, index)
        elif name in _POWERSHELLS:
            items = _powershell(argv, index)
        elif name in _OPTIONS:
            items = _values(argv, index, re.compile(_OPTIONS[name]))
        elif name in _JOINERS and (index == 0 or behind_starter):
            items = iter(range(index + 1, len(argv)))
        for item in items:
            if has_hole(argv[item]):
                found.setdefault(item, name)
    return found


def _name(word: str) -> str:
    """The program that a word names: /usr/bin/python3.12 is python."""
    base = word.rpartition("/")[2].removesuffix(".exe")
    return re.sub(r"(?<=[a-zA-Z])[-_.]?[0-9][0-9.]*[a-z]?$", "", base)


def _unsettled(argv: Sequence[str], start: int, reader: _Reader) -> Iterator[int]:
    """The items from its name to the one in which its program is settled; see the top of this file."""
    awaited = False  # a text comes
    texted = False  # a text was there
    unclear = False  # this item may be the value of the option before
    options = True  # there may be more of them
    items = iter(range(start + 1, len(argv)))
    for index in items:
        item = argv[index]
        option = options and len(item) > 1 and item.startswith(("-", "+"))
        if awaited and not unclear and (reader.many or not option):
            yield index
            if not reader.many:
                return
            awaited, texted = False, True
            if not option:
                continue
        if item == "--" and option:
            options = unclear = False
        elif option and reader.data and re.fullmatch(reader.data, item, re.DOTALL):
            if len(item) == 2 or (item.startswith("--") and "=" not in item):
                next(items, None)
        elif option:
            yield index
            unclear = False
            if match := re.fullmatch(reader.text, item, re.DOTALL):
                here = any(match.groupdict().values())
                if here and not reader.many:
                    return
                awaited, texted = not here, texted or here
            elif not re.fullmatch(reader.plain, item, re.DOTALL):
                unclear = True  # in a cluster such as -co both a value and a text may be announced
                awaited = awaited or bool(not reader.many and re.fullmatch(r"-[a-zA-Z]*c[a-zA-Z]*", item))
        elif unclear:
            yield index
            unclear = False
        else:
            if reader.operand and not texted:
                yield index
            return


def _behind_host(argv: Sequence[str], start: int) -> Iterator[int]:
    """Everything but the host, which is one word wherever it ends up."""
    index = start + 1
    while index < len(argv) and argv[index].startswith("-"):
        yield index
        if len(argv[index]) == 2 and argv[index][1] in _SSH_VALUES:
            index += 1
            yield index
        index += 1
    yield from range(index + 1, len(argv))


def _values(argv: Sequence[str], start: int, option: re.Pattern[str]) -> Iterator[int]:
    """The value of such an option, as the next item or in the same one."""
    for index in range(start + 1, len(argv)):
        if match := option.match(argv[index]):
            yield index
            if match.end() == len(argv[index]):
                behind = index + 1
                while behind < len(argv) - 1 and argv[behind].startswith("-"):
                    behind += 1
                yield behind


def _powershell(argv: Sequence[str], start: int) -> Iterator[int]:
    """Everything that is no argument of a script: it joins what follows -Command."""
    for index in range(start + 1, len(argv)):
        if argv[index].endswith(".ps1"):
            return
        yield index
        if re.fullmatch(r"-c\w*|-e(?:c|n\w*)?", argv[index], re.IGNORECASE):
            yield from range(index + 1, len(argv))
            return
