"""The options of a task and of its inputs: one table for each.

Each parameter of `python` is an option of `@task(…)`, and nearly all are keys of `pushbutton.yaml` and of a script's
head as well; `WRITTEN` has those that only stand in files. From a row follow the key, the argument and its type for
checkers, what is read and said of a mistake, the JSON Schema, and the reference page. A new option is a row here, the
field of `domain.task.Task` that it fills, and what uses that.
"""

# ruff: noqa: B008 - a row stands where its parameter would have its default

from __future__ import annotations

from . import kinds

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Literal

__all__ = [
    "CONFIG",
    "FIELD",
    "FORMS",
    "INPUTS",
    "OPTIONS",
    "PYTHON",
    "SCRIPT",
    "Option",
    "field",
    "known",
    "python",
    "unknown",
]

PYTHON, CONFIG, SCRIPT = "python", "config", "script"
FORMS: Mapping[str, str] = {PYTHON: "Python", CONFIG: "pushbutton.yaml", SCRIPT: "a script's head"}
"""The forms in which a task can be declared, and what they are called."""


class Option:
    """A row. `into`: the field of a task that it fills, with dots; `only`: the forms in which it has a meaning, and
    `why` it has none in the others, as the end of a sentence. `words`: it only says something, so that a task without
    it does what it does with it.
    """

    __slots__ = ("help", "into", "kind", "only", "why", "words")

    def __init__(
        self, help_text: str, kind: kinds.Kind, *, into: str, only: Sequence[str], why: str, words: bool
    ) -> None:
        self.help, self.kind, self.into, self.only, self.why, self.words = help_text, kind, into, only, why, words


def option(
    help_text: str,
    kind: kinds.Kind,
    *,
    into: str = "",
    only: Sequence[str] = tuple(FORMS),
    why: str = "",
    words: bool = False,
) -> Any:
    """A row, where checkers see a value of its parameter's type. `into`: like the option itself, if it is left out."""
    return Option(help_text, kind, into=into, only=only, why=why, words=words)


def python(
    *,
    title: str = option("What the page calls it; made from the name where it is left out.", kinds.TEXT, words=True),
    help: str = option(  # noqa: A002 - the word that the page uses
        "Markdown; the first paragraph is shown in lists. Where it is left out, the docstring or the first comment is "
        "taken.",
        kinds.TEXT,
        words=True,
    ),
    group: str = option("The heading under which it stands.", kinds.TEXT, words=True),
    button: str = option("What the button says, with {name} filled in.", kinds.TEXT, words=True),
    confirm: str = option("Asked before it starts, with {name} filled in.", kinds.TEXT),
    on_failure: str = option("What it means that a run failed: said on its page, in bold.", kinds.TEXT, words=True),
    failures: Mapping[str, str] | Sequence[Mapping[str, str]] = option(
        "What helps when a run failed: a list of tables with “match” (a text in a line of what the run said, where * "
        "stands for anything; each failure, where it is left out), “help” (Markdown, shown on the run's page) and "
        "“task” (the name of a task that mends it, whose form the page offers). The first that matches counts.",
        kinds.FAILURES,
        words=True,
    ),
    contact: str = option(
        "Whom to ask about it: a name, a mail address, a link, or a name before one of them in <…>.",
        kinds.TEXT,
        words=True,
    ),
    reason: Literal["optional", "required"] = option(
        "Whether who presses has to say why.", kinds.one_of("optional", "required")
    ),
    approvals: int | Mapping[str, float | str] = option(
        "How many others have to approve a run before it starts; a table says as well how many hours they have: "
        "“approvers” and “expires”.",
        kinds.APPROVALS,
        into="approval",
    ),
    dry_run: str | Literal[False] = option(
        "The bool input that makes it change nothing, a button of its own on the page. One that is called dry_run is "
        "taken by itself, unless this is false.",
        kinds.DRY_RUN,
    ),
    cwd: str = option("The folder in which it starts, seen from this file's folder.", kinds.TEXT),
    env: Mapping[str, str] = option("Added to its environment.", kinds.ENV),
    results: Sequence[str] = option(
        "More folders from which it may hand over files, seen from this file's folder; besides the one in which it "
        "starts, and its temporary folder.",
        kinds.FOLDERS,
    ),
    timeout: float | str = option(
        "After so many seconds (or “10 min”) it is stopped.", kinds.SECONDS, into="limits.timeout"
    ),
    grace: float | str = option("Between asking it to stop and making it.", kinds.GRACE, into="limits.grace"),
    linger: float | str = option(
        "What processes that it leaves behind get before they are stopped.", kinds.GRACE, into="limits.linger"
    ),
    output: int | str = option("Bytes of output (or “10 MB”) that are kept.", kinds.SIZE, into="limits.output"),
    at_once: int = option("How many runs of it may be under way.", kinds.COUNT, into="limits.at_once"),
    busy: Literal["queue", "skip", "join", "replace"] = option(
        "What a press does while it runs: it waits, is let pass, is answered with the run that is there, or waits in "
        "the place of those that wait.",
        kinds.one_of("queue", "skip", "join", "replace"),
        into="limits.busy",
    ),
    rate: str | Mapping[str, str] = option(
        "How often it may be pressed: “5 per hour”, or a table with “all” and “person”, for each person alone.",
        kinds.RATES,
    ),
    keep: Mapping[str, Any] = option(
        "Which of its runs are kept: a table with “days”, “runs” (the newest so many), and “failed” with the word "
        "always; of what it does not name, what the server says counts.",
        kinds.KEEP,
    ),
    locks: Sequence[str] = option(
        "Names of what only one run may have at the same time, whatever its task: a run takes all of them when it "
        "starts, or waits. A number in “locks” at the top of pushbutton.yaml lets so many runs have one.",
        kinds.LOCKS,
    ),
    background: Literal["end", "leave"] = option(
        "What happens to processes that it leaves behind.", kinds.one_of("end", "leave"), into="limits.background"
    ),
    retry: int | Mapping[str, Any] = option(
        "What fails is tried again: how many tries there are in all, or a table with “times”, “wait”, “factor”, "
        "“most”, “jitter” and “on”.",
        kinds.RETRY,
    ),
    secrets: Sequence[str] | Mapping[str, str] = option(
        "The named secrets that it needs: a list, or a table of names and the variables in which it finds them.",
        kinds.SECRETS,
        into="named_secrets",
    ),
    user: str = option(
        "The user of this machine as whom it runs, one of those that the server lets tasks name; see --job-users.",
        kinds.NAME,
    ),
    confine: Literal["data"] = option(
        "“data”: it cannot reach the data folder, apart from its own run's, also where the server does not ask that of "
        "all; see --confine.",
        kinds.one_of("data"),
    ),
    where: Sequence[str] = option(
        "The tags that a worker must have to get its runs, all of them; see --tags of `serve` and `worker`.", kinds.TAGS
    ),
    tty: bool | Sequence[int] = option("It gets a terminal: true, or [rows, columns].", kinds.TTY),
    encoding: str = option(
        "The encoding of what it writes, such as cp1252 or shift_jis, where that is not UTF-8: what is shown and "
        "searched is decoded by it; a download has the bytes as they came.",
        kinds.ENCODING,
    ),
    schedules: Mapping[str, Any] | Sequence[Mapping[str, Any]] = option(
        "When it is pressed by itself: a list of tables with “cron” (five fields) and “zone”, or with “every”; "
        "“inputs”, “name”, “catch_up”, “window”, “late”, “pause_after” and “blackout” (an iCal file, or "
        "holidays:DE-BY).",
        kinds.SCHEDULES,
    ),
    on_file: str | Mapping[str, Any] = option(
        "A folder, seen from this file's folder, and a pattern of names in it: each file that comes to rest there "
        "presses it once. “incoming/*.csv”, or a table with “path”, “input” (which gets the file's path; else one "
        "that is called file does), “inputs” and “rest” (2 s).",
        kinds.ON_FILE,
    ),
    tell: Mapping[str, str | Sequence[str]] = option(
        "Which channels are told, by occasion: asks, failed, “failed 3 times”, recovered, late, longer, over. "
        "“presser” is mail to whoever pressed. What its group and the file tell comes on top.",
        kinds.TELL,
    ),
    say_output: int | str = option(
        "How many of the last lines of its output a message may hold, such as “20 lines”; none, where it is left out.",
        kinds.LINES,
    ),
    logging: bool = option(
        "Whether log records at INFO and above become statuses.",
        kinds.FLAG,
        into="target.logging",
        only=(PYTHON,),
        why="it is about the log of a Python function",
    ),
    dynamic: bool = option(
        "Whether the file may be run before anybody presses, for a type or a default that its source does not tell.",
        kinds.FLAG,
        only=(PYTHON,),
        why="the inputs stand here themselves, so nothing has to be run to know them",
    ),
) -> None:
    """The options of `@task(…)`."""


WRITTEN: Mapping[str, Option] = {
    "read": option(
        "Whether its inputs are read from its source, where that tells them and no “params” stand here; yes, where it "
        "is left out.",
        kinds.FLAG,
        only=(SCRIPT,),
        why="the inputs stand in the declaration",
    ),
    "command": option(
        "The program and its arguments, one item each; {name} is filled in. Items in a list of their own fall away "
        "together. No shell reads it.",
        kinds.COMMAND,
        into="target.argv",
        only=(CONFIG,),
        why="what is run is this file itself",
    ),
    "params": option(
        "What is asked before it starts, by name.",
        kinds.PARAMS,
        only=(CONFIG, SCRIPT),
        why="a function's inputs are its arguments, with their type hints",
    ),
}

OPTIONS: Mapping[str, Option] = {**(python.__kwdefaults__ or {}), **WRITTEN}


_IN_FILES = (CONFIG, SCRIPT)
_NO_LINE = "a function has arguments, and no command line"


def field(
    *,
    label: str = option("What the form calls it.", kinds.TEXT),
    help: str = option("Shown with it.", kinds.TEXT),  # noqa: A002 - the word that the page uses
    when: Mapping[str, Any] = option(
        "It is asked only while these inputs have this value, or one of these values. Otherwise it has no value; in "
        "Python, its default.",
        kinds.WHEN,
    ),
    min: Any = option("The least value, which is allowed: a number or a date.", kinds.BOUND),  # noqa: A002
    max: Any = option("The greatest value, which is allowed: a number or a date.", kinds.BOUND),  # noqa: A002
    min_length: int | None = option("The least number of characters, or of choices.", kinds.LENGTH),
    max_length: int | None = option("The greatest number of characters, or of choices.", kinds.LENGTH),
    pattern: str = option(
        "A regular expression that the whole value must match. What takes longer than a second to compare is refused.",
        kinds.PATTERN,
    ),
    pattern_text: str = option("What is said where it does not match; else the help is.", kinds.TEXT),
    example: str = option("Shown in the empty field, as in “such as 2.14.3”. It is never a value.", kinds.TEXT),
    multiline: bool = option("Whether it may have several lines.", kinds.FLAG),
    controls: bool = option(
        "Whether it may hold control characters and those that turn the direction of writing.", kinds.FLAG
    ),
    dash: bool = option("Whether it may begin with “-” where a program could take it for an option.", kinds.FLAG),
    labels: Mapping[Any, str | tuple[str, str]] | None = option(
        "What is shown for each choice: a text, or (text, one sentence more).",
        kinds.LABELS,
        only=(PYTHON,),
        why="a table of choices has the texts beside the values",
    ),
    upload: bool | None = option(
        "Whether a path is that of a file that who presses brings along, or one on the server. Where it is left out, a "
        "path without a default is brought along, unless its name says that it is where something goes (out, dest, "
        "dir, root …).",
        kinds.FLAG,
        only=(PYTHON,),
    ),
    choices: Callable[[], Any] | None = option(
        "A function of the same file that tells what can be chosen whenever somebody opens the form. It is called "
        "without arguments, and gives texts, pairs of a value and its text, or a dict of them.",
        kinds.ANY,
        only=(PYTHON,),
        why="a file has choices_from",
    ),
) -> None:
    """The options of `Field(…)`."""


FIELD: Mapping[str, Option] = field.__kwdefaults__ or {}

_TYPES = ("str", "int", "float", "bool", "date", "time", "datetime", "choice", "choices", "list", "file", "secret")

INPUTS: Mapping[str, Option] = {
    "type": option(
        "What its value is; text where it is left out.",
        kinds.one_of(*_TYPES),
        only=_IN_FILES,
        why="the type hint of an argument says it",
    ),
    "of": option(
        "Of a list: what each of its values is; text where it is left out.",
        kinds.one_of("str", "int", "float"),
        only=_IN_FILES,
        why="the type hint of an argument says it",
    ),
    "required": option(
        "Whether it must be filled in; yes, where it has no default.",
        kinds.FLAG,
        only=_IN_FILES,
        why="an argument with a default, or with None in its type, need not be filled in",
    ),
    "default": option(
        "What it is when nothing is filled in.", kinds.ANY, only=_IN_FILES, why="an argument has its own default"
    ),
    **FIELD,
    "choices": option(
        "What can be chosen: a list, or a table of values, each with its text or [text, one sentence more].",
        kinds.CHOICES,
        only=_IN_FILES,
    ),
    "choices_from": option(
        "The program and its arguments that print what can be chosen whenever somebody opens the form: a line each, "
        "with its text and one sentence more behind tabs. No shell reads it.",
        kinds.ARGV,
        only=_IN_FILES,
        why="Field has choices, a function",
    ),
    "upload": option(
        "Whether it is a file that who presses brings along, as with the type file; false, of a path that is read from "
        "a script's source: it is a path on the server.",
        kinds.FLAG,
        only=_IN_FILES,
    ),
    "hide": option(
        "Whether an input that is read from the script's source is left out of the form, and left to the script.",
        kinds.FLAG,
        only=(SCRIPT,),
        why="only there inputs are read that nobody has written down",
    ),
    "pass": option(
        "How the script gets it: in its environment as NAME, as --name=value, or as a plain argument.",
        kinds.one_of("env", "option", "argument"),
        only=(SCRIPT,),
        why="a command says itself where {name} goes, and a function has arguments",
    ),
    "flag": option(
        "The option by which it is passed, as it is typed: --shop or -s. Of a bool, what turns it on.",
        kinds.SPELLING,
        only=_IN_FILES,
        why=_NO_LINE,
    ),
    "off": option(
        "Of a bool: the flag that turns it off. Beside “flag”, one of the two is always passed; alone, it is on unless "
        "its default is false.",
        kinds.SPELLING,
        only=_IN_FILES,
        why=_NO_LINE,
    ),
    "repeat": option(
        "Whether each value of a list has the option before it: --only=a --only=b.",
        kinds.FLAG,
        only=_IN_FILES,
        why=_NO_LINE,
    ),
    "count": option(
        "Whether a number is passed by the flag so many times: -vvv.", kinds.FLAG, only=_IN_FILES, why=_NO_LINE
    ),
    "words": option(
        "How many words follow its option, or are its operands: a number, “+” for one or more, “*” for any number. "
        "With 1, its value is a word of its own behind the option: --shop north.",
        kinds.WORDS,
        only=_IN_FILES,
        why=_NO_LINE,
    ),
    "place": option(
        "Which operand it is, from 1, behind the options; “rest”: a list of all that follow.",
        kinds.PLACE,
        only=_IN_FILES,
        why=_NO_LINE,
    ),
    "under": option(
        "The subcommand that it belongs to, or a list of several. It is asked only for these, and passed behind them.",
        kinds.UNDER,
        only=_IN_FILES,
        why=_NO_LINE,
    ),
}
"""The options of an input: in a file these, and in Python, by `Field`, what has a meaning beside a type hint. Only
`choices` is another there.
"""


def known(form: str, options: Mapping[str, Option] = OPTIONS) -> dict[str, Option]:
    """Those that have a meaning in this form."""
    return {name: row for name, row in options.items() if form in row.only}


def unknown(name: str, form: str, options: Mapping[str, Option] = OPTIONS) -> str:
    """The complaint about a name that has no meaning in this form: the end of a sentence about it, or a guess."""
    row = options.get(name)
    if row is not None and row.why:
        return f" It belongs to {' and '.join(FORMS[one] for one in row.only)}: {row.why}."
    return kinds.nearest(name, list(known(form, options)))
