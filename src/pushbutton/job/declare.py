"""How a Python file declares its tasks: `@task` over a function, `Field` and `SecretStr` in its type hints.

Nothing here runs a task; a decorated function stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import options as rows

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from typing import Any, ParamSpec, Protocol, TypeVar, overload

    T = TypeVar("T", bound=Callable[..., Any])
    P = ParamSpec("P")

__all__ = ["Declaration", "Field", "SecretStr", "task"]

ATTRIBUTE = "__pushbutton__"
"""The one attribute that `task` adds."""


class Declaration:
    """What `task(...)` was told. `options` holds only what was given."""

    __slots__ = ("options",)

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options


if TYPE_CHECKING:

    class _Task(Protocol[P]):
        @overload
        def __call__(self, work: T, /) -> T: ...
        @overload
        def __call__(self, *args: P.args, **options: P.kwargs) -> Callable[[T], T]: ...

    def _takes(table: Callable[P, None]) -> Callable[[Callable[..., Any]], _Task[P]]: ...

else:

    def _takes(table: Callable[..., None]) -> Callable[[Callable[..., Any]], Any]:
        """The options of `table`, for checkers and in the docstring."""

        def taking(function: Callable[..., Any]) -> Any:
            listed = "\n".join(f"    {name}  {row.help}" for name, row in table.__kwdefaults__.items())
            function.__doc__ = (function.__doc__ or "").replace("    OPTIONS", listed)
            return function

        return taking


@_takes(rows.python)
def task(work: T | None = None, /, **options: Any) -> T | Callable[[T], T]:
    """Make a button of a function, or of a class with a `run` method.

    OPTIONS

    Returns what it was given. Raises TypeError for an option that it does not know.
    """
    known = rows.known(rows.PYTHON)
    for name in options:
        if name not in known:
            hint = rows.unknown(name, rows.PYTHON)
            raise TypeError(f"task() has no option named “{name}”; it takes {', '.join(known)}.{hint}")

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
