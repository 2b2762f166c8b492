"""`runtime.ports.Output` of a node: what its own runs wrote is read from their spools, the rest from the mirror.

This is the one place that chooses: a run that is in the name of another worker is read from the mirror. One that still
waits is ours once its supervisor has written here; until then it is the mirror's, for others may start it.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pushbutton.adapters.output import OutputFiles
from pushbutton.domain.run import Run
from pushbutton.runtime.ports import Log
from pushbutton.supervisor import spool

from .mirror import Mirror

__all__ = ["NodeOutput"]


class NodeOutput:
    def __init__(self, runs: Path, mirror: Mirror, names: Collection[str]) -> None:
        """`runs`: the folder of this node's spools; `names`: those that its worker has, or had before."""
        self._runs, self._own, self._mirror, self._names = runs, OutputFiles(runs), mirror, frozenset(names)

    async def bring(self, run: Run) -> None:
        if run.worker not in self._names:
            await self._mirror.bring(run.id, elsewhere=bool(run.worker), over=run.state.over)

    def lags(self, run: int) -> bool:
        return self._at(run) is not self._own and not self._mirror.whole(run)

    def size(self, run: int) -> int:
        return self._at(run).size(run)

    def read(self, run: int, offset: int, most: int) -> bytes:
        return self._at(run).read(run, offset, most)

    def encoding(self, run: int) -> str:
        return self._at(run).encoding(run)

    def digest(self, run: int) -> str:
        return self._at(run).digest(run)

    def log(self, run: int) -> Log:
        return _NodeLog(self, run)

    def log_now(self, run: int) -> Log:
        """As it is read at this moment."""
        return self._at(run).log(run)

    def _at(self, run: int) -> OutputFiles:
        mirrored = self._mirror.holds(run) and (self._mirror.elsewhere(run) or not self._born(run))
        return self._mirror.files if mirrored else self._own

    def _born(self, run: int) -> bool:
        """Whether its supervisor has written anything here: an attempt that came to nothing has not."""
        try:
            return (self._runs / str(run) / spool.EVENTS).stat().st_size > 0
        except FileNotFoundError:
            return False


class _NodeLog:
    """It may be asked for before it is known where the run will be."""

    def __init__(self, output: NodeOutput, run: int) -> None:
        self._output, self._run = output, run

    @property
    def _log(self) -> Log:
        return self._output.log_now(self._run)

    def size(self) -> int:
        return self._log.size()

    def read(self, offset: int, most: int) -> bytes:
        return self._log.read(offset, most)

    def encoding(self) -> str:
        return self._log.encoding()

    def screen(self) -> tuple[int, int] | None:
        return self._log.screen()

    def times(self) -> int:
        return self._log.times()

    def noted(self, first: int, count: int) -> bytes:
        return self._log.noted(first, count)

    def place(self) -> Path:
        return self._log.place()
