"""A crontab, of a user or of the system: a task for each line that starts a command."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pushbutton.describe.title import title_of
from pushbutton.job.kinds import is_variable

from .kind import Draft, Left, Source, Task, literal
from .shell_text import first_words
from .times import timed

__all__ = ["read"]

_TIME = r"(?:\*|\d{1,4}|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)"
_FIELD = rf"{_TIME}(?:[-,/~]{_TIME})*"
_JOB = re.compile(rf"(?P<when>@[a-z_]+|(?:{_FIELD}\s+){{4}}{_FIELD})\s+(?P<rest>\S.*)", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"""(?P<name>[A-Za-z_]\w*|"[^"]+"|'[^']+')\s*=\s*(?P<value>.*)""")
_USER = re.compile(r"(?P<user>[a-z_][a-z0-9_.-]*\$?(?::[\w-]+)?(?:/[\w-]+)?)\s+(?P<rest>\S.*)")
_NO_PROGRAMS = frozenset({"root", "nobody", "www-data", "daemon", "postgres", "mysql", "apache", "nginx"})
_OF_CRON = ("MAILTO", "MAILFROM", "CRON_TZ", "SHELL", "RANDOM_DELAY", "START_HOURS_RANGE", "CONTENT_TYPE")
_TO_FILE = re.compile(r"(?:&?>>?\s*(?!&)[^\s;&|<>]+(?:\s*2>\s*&1)?|2>\s*&1\s*>>?\s*[^\s;&|<>]+)\s*$")
_TO_LOG = re.compile(r"(?:2>\s*&1\s*)?\|&?\s*(?:logger|ts|multilog|rotatelogs|cronolog)\b[^|;&]*$")
_TITLE = 60  # characters of a comment that can be a title
_SYSTEM = re.compile(r"(?:^|/)(?:cron\.d/[^/]+|etc/crontab)$")


@dataclass
class _State:
    """The settings of the lines so far for the following ones."""

    shell: str = "sh"
    zone: str = ""
    env: dict[str, str] = field(default_factory=dict)
    comment: list[str] = field(default_factory=list)


def read(source: Source) -> Draft:
    lines = list(enumerate(source.text.split("\n"), 1))
    jobs = {number: match for number, line in lines if (match := _job(line))}
    if not jobs:
        number, line = next((number, line) for number, line in lines if line.strip())
        raise source.wrong(f"No line of it is one of a crontab: “{line.strip()[:60]}” has no times.", number)
    system = _with_users(source.name, [match["rest"] for match in jobs.values()])
    tasks: list[Task] = []
    left: list[Left] = []
    state = _State()
    for number, raw in lines:
        line = raw.strip()
        if number in jobs:
            tasks.append(_task(jobs[number], number, state, left, system=system))
        elif line.startswith("#"):
            _comment(line, number, state, left)
            continue
        elif match := _ASSIGNMENT.fullmatch(line):
            _assigned(match["name"].strip("\"'"), _unquoted(match["value"]), number, state, left)
        elif line:
            left.append(Left(number, "This line is none of a crontab.", "It is passed over."))
        state.comment = []
    return Draft(tuple(tasks), tuple(left))


def _job(line: str) -> re.Match[str] | None:
    line = line.strip()
    return None if line.startswith("#") or _ASSIGNMENT.fullmatch(line) else _JOB.fullmatch(line)


def _with_users(name: str, commands: Sequence[str]) -> bool:
    """Whether a user stands before each command, as in a crontab of the system."""
    users = [match["user"] if (match := _USER.fullmatch(command)) else "" for command in commands]
    return all(users) and (bool(_SYSTEM.search(name)) or bool(_NO_PROGRAMS & set(users)))


def _comment(line: str, number: int, state: _State, left: list[Left]) -> None:
    text = line.lstrip("#").strip()
    if match := _job(text):
        left.append(
            Left(
                number,
                f"A line that is commented out is not taken: “{match['rest'][:60]}”.",
                "Take the “#” away first.",
            )
        )
        state.comment = []
    elif text and not _ASSIGNMENT.fullmatch(text):
        state.comment.append(text)


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _assigned(name: str, value: str, number: int, state: _State, left: list[Left]) -> None:
    if name == "SHELL":
        state.shell = value or "sh"
    elif name == "CRON_TZ":
        state.zone = value
    elif name == "MAILTO" and value:
        left.append(
            Left(
                number,
                f"Nobody gets mail here (MAILTO={value}).",
                "What a run says stays on its page; a webhook can tell another system.",
            )
        )
    elif name in _OF_CRON:
        if value:
            left.append(Left(number, f"{name} is for cron alone.", "It is left out."))
    elif is_variable(name):
        state.env[name] = value
        if name == "TZ" and value:
            what = "TZ is for the commands; most crons start them by the clock of the machine, and so do the schedules."
            left.append(Left(number, what, f"If this cron reads it, add “zone: {value}” to each."))
    else:
        left.append(Left(number, f"“{name}” cannot be the name of a variable here.", "It is left out."))


def _task(match: re.Match[str], number: int, state: _State, left: list[Left], *, system: bool) -> Task:
    when, command = match["when"], match["rest"]
    user = ""
    if system and (with_user := _USER.fullmatch(command)):
        user, command = with_user["user"], with_user["rest"]
    text, fed = _parted(command)
    notes = []
    at_start = when.lower() == "@reboot"
    if at_start:
        notes.append("schedule: @reboot")
        left.append(
            Left(number, "Nothing starts here when the machine starts (@reboot).", "Press it by a service of systemd.")
        )
    if user:
        notes.append(f"user: {user}")
        left.append(
            Left(
                number,
                f"It ran as {user}; here it runs as the user of the server.",
                f"Add “user: {user}”, and serve with --job-users.",
            )
        )
    left += _sinks(text, number)
    title, told = _titled(state.comment, text)
    return Task(
        name=title,
        slug=_called(text),
        command=(state.shell, "-c", literal(_with_input(text, fed))),
        line=number,
        help=told,
        cwd=state.env.get("HOME") or "~",
        env=dict(state.env),
        busy="skip" if re.search(r"\bflock\s+(?:-\w+\s+)*(?:-\w*n\w*|--nonblock|--nb)\b", text) else "",
        notes=tuple(notes),
        schedules=() if at_start else (timed(when, state.zone, nicknames=True),),
    )


def _parted(command: str) -> tuple[str, str | None]:
    """The command, and what it finds on its standard input: behind the first “%”, where each one ends a line."""
    parts = re.split(r"(?<!\\)%", command)
    text, *fed = [part.replace("\\%", "%") for part in parts]
    return text.rstrip(), "\n".join(fed) if fed else None


def _with_input(text: str, fed: str | None) -> str:
    if fed is None:
        return text
    mark = "EOF"
    while mark in fed.split("\n"):
        mark += "_"
    return f"{{ {text}\n}} <<'{mark}'\n{fed}\n{mark}"


def _sinks(text: str, number: int) -> Iterator[Left]:
    for pattern in (_TO_FILE, _TO_LOG):
        if match := pattern.search(text):
            yield Left(
                number,
                f"What it says goes elsewhere, so that its page stays empty: “{match[0].strip()}”.",
                "Take that away, and the page has it.",
            )


def _titled(comment: Sequence[str], text: str) -> tuple[str, str]:
    """A title, and the help."""
    if comment and len(comment[0]) <= _TITLE:
        return comment[0].rstrip(".:"), "\n".join(comment[1:])
    return title_of(_called(text)), "\n".join(comment)


def _called(text: str) -> str:
    return " ".join(first_words(text)) or "job"
