"""The port for what is kept for a while only, and has to hold over every process on the same store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from pushbutton.domain.run import Micros

MOST: Final = 10_000
"""Memos of one kind. Where there are more, those go that would end first."""


@dataclass(frozen=True, slots=True)
class Memo:
    """Others may read the store as well: a name or a value that is secret is hashed or sealed before it is kept."""

    name: str  # one of its kind
    value: str
    until: Micros  # from then on it is not there for anybody


Look = Callable[[Mapping[str, Memo]], Sequence[Memo]]
"""Sees by their names those that were asked for, and says what to keep from now on; one that has ended already goes.
Quick and pure; it may refuse by raising an error of ours, and may be called once more.
"""


class Memos(Protocol):
    """Implementers guarantee: `change` is one transaction from what `look` sees to what is kept, among all processes,
    and nothing of it is kept when `look` refuses. What has ended is never seen, and goes with a later change.
    """

    async def read(self, kind: str, names: Collection[str] | None = None, *, at: Micros) -> Mapping[str, Memo]:
        """Those with these names; without any, all of the kind."""
        ...

    async def change(self, kind: str, names: Collection[str] | None, look: Look, *, at: Micros) -> Mapping[str, Memo]:
        """The memo that `look` saw."""
        ...
