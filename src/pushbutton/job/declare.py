"""How a Python file declares its tasks: `@task` over a function, `Field` and `SecretStr` in its type hints.

Nothing here runs a task; a decorated function stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import options as rows

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

    T = TypeVar("T", bound=Callable[..., Any])
    P = ParamSpec("P")

__all__ = ["Declaration", "Field", "SecretStr", "task"]

ATTRIBUTE = "__pushbutton__"
"""The one attribute that `task` adds."""


class Declaration:
    """The arguments of `task(...)`. `options` holds only what was given."""

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
    def _fills(table: Callable[P, None]) -> Callable[[Callable[..., None]], Callable[Concatenate[Any, P], None]]: ...

else:

    def _takes(table: Callable[..., None]) -> Callable[[Callable[..., Any]], Any]:
        """The options of `table`: for checkers its types, for readers its sentences."""

        def taking(function: Callable[..., Any]) -> Any:
            function.__doc__ = (function.__doc__ or "").replace("    OPTIONS", _listed(table))
            return function

        return taking

    _fills = _takes


def _listed(table: Any) -> str:
    return "\n".join(f"    {name}  {row.help}" for name, row in table.__kwdefaults__.items())


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
    """Facts about one input for its form: `Annotated[int, Field(min=1, max=8, label="Servers at a time")]`.

    OPTIONS

    What is given stands in `given`; what is wrong with it is said of the task, before anybody can press it.
    """

    __slots__ = ("given",)

    @_fills(rows.field)
    def __init__(self, **options: Any) -> None:
        self.given = options

    def __repr__(self) -> str:
        return f"Field({', '.join(f'{name}={value!r}' for name, value in self.given.items())})"


if Field.__doc__:
    Field.__doc__ = Field.__doc__.replace("    OPTIONS", _listed(rows.field))


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
