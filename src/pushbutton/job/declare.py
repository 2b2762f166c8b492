"""How a Python file declares its tasks: `@task` over a function, `Field` and `SecretStr` in its type hints.

Nothing here runs a task; a decorated function stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from typing import Any, Literal, TypeVar, overload

    T = TypeVar("T", bound=Callable[..., Any])

__all__ = ["OPTIONS", "Declaration", "Field", "SecretStr", "task"]

ATTRIBUTE = "__pushbutton__"
"""The one attribute that `task` adds."""

OPTIONS: Mapping[str, tuple[type, ...]] = {
    "title": (str,),
    "group": (str,),
    "help": (str,),
    "button": (str,),
    "confirm": (str,),
    "on_failure": (str,),
    "contact": (str,),
    "reason": (str,),
    "approvals": (int, dict),
    "dry_run": (str, bool),
    "timeout": (int, float),
    "grace": (int, float),
    "at_once": (int,),
    "busy": (str,),
    "background": (str,),
    "logging": (bool,),
    "dynamic": (bool,),
    "tty": (tuple, list),
    "output": (int,),
    "env": (dict,),
    "results": (list, tuple),
    "secrets": (list, tuple, dict),
}
"""What `task` takes, and the types that each may have; `describe` reads the same table."""


class Declaration:
    """What `task(...)` was told. `options` holds only what was given."""

    __slots__ = ("options",)

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options


if TYPE_CHECKING:

    @overload
    def task(work: T, /) -> T: ...

    @overload
    def task(
        *,
        title: str = ...,
        group: str = ...,
        help: str = ...,
        button: str = ...,
        confirm: str = ...,
        on_failure: str = ...,
        contact: str = ...,
        reason: Literal["optional", "required"] = ...,
        approvals: int | Mapping[str, float] = ...,
        dry_run: str | Literal[False] = ...,
        timeout: float = ...,
        grace: float = ...,
        at_once: int = ...,
        busy: Literal["queue", "skip", "join"] = ...,
        background: Literal["end", "leave"] = ...,
        logging: bool = ...,
        dynamic: bool = ...,
        tty: tuple[int, int] = ...,
        output: int = ...,
        env: Mapping[str, str] = ...,
        results: Sequence[str] = ...,
        secrets: Sequence[str] | Mapping[str, str] = ...,
    ) -> Callable[[T], T]: ...


def task(work: T | None = None, /, **options: Any) -> T | Callable[[T], T]:
    """Make a button of a function, or of a class with a `run` method.

    title    on the page; made from the name where it is not given
    group    the heading under which it stands
    help     Markdown; the docstring where it is not given
    button   what the button says, with `{name}` filled in
    confirm  asked before it starts, with `{name}` filled in
    on_failure  what it means that a run failed: said on its page, in bold
    contact  whom to ask about it: a name, a mail address, a link, or a name before one of them in <…>
    reason   "required": who presses has to say why
    approvals  how many others have to approve a run; or {"approvers": 2, "expires": 48}, in hours
    dry_run  the bool argument that makes it change nothing, a button of its own; False: not even “dry_run” is
    timeout  seconds; then it is stopped
    grace    seconds between asking it to stop and making it
    at_once  how many runs of it may be under way
    busy     what a press does while it runs: "queue", "skip" or "join"
    background  what happens to processes it leaves behind: "end" or "leave"
    logging  True: log records at INFO and above become statuses
    dynamic  True: the file may be run before anybody presses, for a type or a default that its source does not tell
    tty      (rows, columns): it gets a terminal
    output   bytes of output that are kept
    env      added to its environment
    results  more folders from which it may hand over files, seen from its file's folder
    secrets  the named secrets that it needs, as names, or as names and the variables in which it finds them

    Returns what it was given. Raises TypeError for an option that it does not know.
    """
    for name in options:
        if name not in OPTIONS:
            raise TypeError(f"task() has no option named “{name}”; it takes {', '.join(OPTIONS)}")

    def declare(work: T) -> T:
        setattr(work, ATTRIBUTE, Declaration(options))
        return work

    return declare if work is None else declare(work)


class Field:
    """What a form should know of one param: `Annotated[int, Field(min=1, max=8, label="Servers at a time")]`.

    `min` and `max` are part of the range; for dates and times they are those types. `pattern` must match the whole
    value; where it does not, `pattern_text` says what is asked for, else `help` does. `dash` allows a value that begins
    with "-", `controls` one with control characters. `labels` maps a choice's value to what is shown for it: a text, or
    (text, one sentence more). `choices` is a function of the same file, called without arguments when somebody opens
    the form: it gives texts, pairs of a value and its text, or a dict of them. `when` maps other params to a value, or
    a list of values: it is asked only while they have them, and is its default (or None) otherwise.
    """

    __slots__ = (
        *(
            "choices",
            "controls",
            "dash",
            "help",
            "label",
            "labels",
            "max",
            "max_length",
            "min",
            "min_length",
            "multiline",
        ),
        *("pattern", "pattern_text", "when"),
    )

    def __init__(
        self,
        *,
        label: str = "",
        help: str = "",  # noqa: A002 - the word that the page uses
        min: Any = None,  # noqa: A002
        max: Any = None,  # noqa: A002
        min_length: int | None = None,
        max_length: int | None = None,
        pattern: str = "",
        pattern_text: str = "",
        multiline: bool = False,
        dash: bool = False,
        controls: bool = False,
        labels: Mapping[Any, str | tuple[str, str]] | None = None,
        choices: Callable[[], Any] | None = None,
        when: Mapping[str, Any] | None = None,
    ) -> None:
        self.label, self.help = label, help
        self.min, self.max = min, max
        self.min_length, self.max_length = min_length, max_length
        self.pattern, self.pattern_text = pattern, pattern_text
        self.multiline, self.dash, self.controls = multiline, dash, controls
        self.labels = dict(labels or {})
        self.choices = choices
        self.when = dict(when or {})

    def __repr__(self) -> str:
        given = (f"{name}={getattr(self, name)!r}" for name in self.__slots__ if getattr(self, name))
        return f"Field({', '.join(given)})"


class SecretStr:
    """Text that does not show itself: `str()` and `repr()` give "•••", `get_secret_value()` gives the text."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def get_secret_value(self) -> str:
        return self._value

    def __str__(self) -> str:
        return "•••" if self._value else ""

    def __repr__(self) -> str:
        return f"SecretStr('{self}')"

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretStr) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)
