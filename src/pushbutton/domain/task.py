"""A task: what can be pressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from .approval import Approval
from .bundle import Bundled
from .failure_help import FailureHelp
from .messages import Rule
from .on_file import OnFile
from .param import Inputs, Param
from .rate import Rate
from .retry import Retry
from .run import Busy
from .schedule import Schedule

if TYPE_CHECKING:
    from .targets import Target


class Reason(StrEnum):
    """Whether the presser has to give a reason."""

    OPTIONAL = "optional"
    REQUIRED = "required"


class Background(StrEnum):
    """The treatment of processes that the job leaves behind when its own process has ended."""

    END = "end"  # they get a moment (`linger`), then are ended; the run is over when the tree is empty
    LEAVE = "leave"  # the run is over at once; they go on, and what they write is still kept


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds, sizes in bytes."""

    timeout: float | None = None  # from the start of the job; None: no limit
    grace: float = 10.0  # between asking the tree to end (TERM) and making it (KILL)
    linger: float = 2.0  # what a background process gets after the job's own process has ended
    output: int = 1 << 30  # output kept; the job goes on, what it writes beyond is dropped
    at_once: int = 1  # runs of this task at the same time
    busy: Busy = Busy.QUEUE
    background: Background = Background.END


@dataclass(frozen=True, slots=True)
class Keep:
    """The retention of old runs. None: as the server says."""

    days: float | None = None
    runs: int | None = None  # the newest so many stay, and no others
    failed: bool = False  # those that failed or were lost stay


@dataclass(frozen=True, slots=True)
class Source:
    """Where a task is declared. `line` counts from 1."""

    file: str
    line: int = 1


@dataclass(frozen=True, slots=True)
class Task:
    slug: str  # in URLs and on the command line: a-z, 0-9 and "-"
    title: str
    target: Target
    source: Source
    help: str = ""  # Markdown; its first paragraph is the summary
    group: str = ""
    button: str = ""  # "Deploy to {where}"; empty: the title
    confirm: str = ""  # asked before the press, with `{name}` filled in; empty: no question
    on_failure: str = ""  # what it means that a run failed, in the author's words; empty: not said
    failures: tuple[FailureHelp, ...] = ()  # what helps when a run failed; the first that fits counts
    contact: str = ""  # whom to ask about it: a name, a mail address, a link; empty: not said
    params: tuple[Param, ...] = ()
    reason: Reason = Reason.OPTIONAL
    dry_run: str = ""  # the bool param that makes a run one that changes nothing; empty: there is none
    approval: Approval | None = None  # by others than the presser; None: it starts without
    cwd: str = ""  # where the job starts; absolute
    env: Mapping[str, str] = field(default_factory=dict)
    results: tuple[str, ...] = ()  # more folders from which it may hand over files; absolute
    named_secrets: Mapping[str, str] = field(default_factory=dict)  # by name, the variable in which the job finds it
    tty: tuple[int, int] | None = None  # (rows, columns): the job gets a terminal
    encoding: str = ""  # of what it writes; empty: UTF-8
    user: str = ""  # as whom it runs; empty: as the server
    confine: str = ""  # "data": it is kept from the data folder; empty: as the server wants it
    where: tuple[str, ...] = ()  # tags that a worker must have to get its runs
    limits: Limits = Limits()
    retry: Retry | None = None  # whether what failed is tried again; None: it is not
    rate: tuple[Rate, ...] = ()  # how often it may be pressed
    keep: Keep | None = None  # which of its runs are kept for how long; None: as the server says
    locks: Mapping[str, int] = field(default_factory=dict)  # that a run of it takes; how many runs hold each at once
    schedules: tuple[Schedule, ...] = ()  # when it is pressed by itself
    on_file: OnFile | None = None  # the folder whose files press it; None: it watches none
    tell: tuple[Rule, ...] = ()  # who is told what of its runs: what it says itself, its group and the files here
    say_output: int = 0  # the last lines of the output that a message may hold
    inherited: frozenset[str] = frozenset()  # text fields that its group or the server sets, not the task
    digest: str = ""  # of the file that it was read from
    bundled: Bundled | None = None  # where it lies, of published tasks; None: it is read in place
    broken: str = ""  # why it cannot be pressed: a line for each mistake; empty: it can

    @property
    def summary(self) -> str:
        return self.help.strip().split("\n\n", 1)[0].replace("\n", " ")

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The named secrets that it needs; their names may be shown, their values never."""
        return tuple(self.named_secrets)

    @property
    def secrets(self) -> frozenset[str]:
        """Its secret inputs."""
        return frozenset(param.name for param in self.params if param.type == "secret")

    def is_dry(self, inputs: Inputs) -> bool:
        """Whether a run with these inputs changes nothing."""
        return bool(self.dry_run) and inputs.get(self.dry_run) is True


@dataclass(frozen=True, slots=True)
class Offered:
    """A task with the choices that it offers right now, and a sentence for each param whose choices are unknown."""

    task: Task
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Command:
    """The start that a supervisor is asked for. Pure data; nothing of it passes through a shell."""

    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str] = field(repr=False)  # added to the allow-listed environment; secrets are in it
    payload: str = field(default="", repr=False)  # JSON for our own Python child, by a pipe; "" for every other program
    script: bool = False  # argv[0] is a script of the author's, which must not change while it runs
    tty: tuple[int, int] | None = None
    frozen: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of the files that were approved, by path
