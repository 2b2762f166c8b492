"""The paths of a catalogue, each folder looked at by itself, in threads of its own.

A folder may not answer (a network drive that hangs), and a look at it comes back when it does, or never. So nobody
waits for one that is known not to: what was last seen there counts until it answers, and others are seen meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pushbutton import threads
from pushbutton.domain.problem import Problem
from pushbutton.errors import ConfigError, NoAnswer

from .file_watch import pause_after
from .folder import Listing, Named, Seen, absolute, merged, named, seen
from .sanitise import readable

__all__ = ["SILENT", "Branches"]

log = logging.getLogger(__name__)

SILENT = 3.0  # seconds without an answer after which a folder is said not to answer
_AGAIN = 1.0  # seconds until the next look at one that could not be looked at


@dataclass(slots=True)
class _Word:
    """One path of the command line."""

    word: str
    path: Path  # what it most likely is, until that is known
    named: Named | None = None
    seen: Seen | None = None  # the last time; None: it was not looked at yet
    fault: ConfigError | None = None


@dataclass(slots=True)
class _Branch:
    """What of the command line is, or lies in, one folder. Times are those of a monotonic clock."""

    root: Path
    words: list[_Word]
    asked: asyncio.Task[None] | None = None
    since: float = 0.0  # when it was asked
    due: float = 0.0  # when it is to be asked again
    cpu: float = 0.0  # seconds of a core that the last look took
    looked: float = 0.0  # when that began of which is known what is there
    fault: str = ""  # why it cannot be looked at, as the system says it

    @property
    def answers(self) -> bool:
        return self.asked is None or time.monotonic() - self.since < SILENT


@dataclass(frozen=True, slots=True)
class _Answer:
    words: Sequence[tuple[Named | None, Seen | None, ConfigError | None]]
    cpu: float
    wall: float


@dataclass(slots=True)
class Branches:
    """`stuck` says of a folder that what lies in it cannot be read, though the folder itself answers."""

    words: Sequence[str]
    stuck: Callable[[Path], bool] = lambda _: False
    came: bool = False  # something was answered since the last `listing`
    _words: list[_Word] = field(default_factory=list)
    _branches: list[_Branch] = field(default_factory=list)
    _said: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._words = [_Word(word, absolute(word)) for word in self.words]
        self._branches = [_Branch(word.path, [word]) for word in self._words]

    # -- looking

    async def look(self, patience: float, *, everywhere: bool = True) -> None:
        """Look at what is due, or `everywhere`. Waits no longer than so many seconds, and for none that was asked
        before and has not answered.
        """
        now = time.monotonic()
        fresh = []
        for branch in self._branches:
            if branch.asked is None and (everywhere or now >= branch.due):
                branch.since = now
                branch.asked = asyncio.create_task(self._ask(branch), name=f"catalog: look at {branch.root}")
                fresh.append(branch.asked)
        if fresh:
            await asyncio.wait(fresh, timeout=patience)
        self._regroup()

    async def close(self) -> None:
        asked = [branch.asked for branch in self._branches if branch.asked]
        for task in asked:
            task.cancel()  # what hangs in its thread keeps nobody from ending
        await asyncio.gather(*asked, return_exceptions=True)

    def due(self) -> float:
        """Seconds until the next look that nothing prompts."""
        now = time.monotonic()
        return max(0.0, min((branch.due - now for branch in self._branches if branch.asked is None), default=_AGAIN))

    async def _ask(self, branch: _Branch) -> None:
        words = list(branch.words)
        try:
            answer = await threads.catalogue(f"listing {branch.root}", _look, words)
        except OSError as error:
            fault = f"It cannot be looked at now: {error.strerror or error}."
            if fault != branch.fault:
                log.warning("%s cannot be looked at now: %s", branch.root, error)
            branch.fault, branch.due = fault, time.monotonic() + _AGAIN
        except Exception as error:
            log.exception("looking at %s failed; looking again", branch.root)
            branch.fault = f"It cannot be looked at now ({type(error).__name__}); the server's log says more."
            branch.due = time.monotonic() + _AGAIN
        else:
            branch.fault, branch.cpu, branch.looked = "", answer.cpu, branch.since
            for word, (one, look, wrong) in zip(words, answer.words, strict=True):
                word.named, word.seen, word.fault = one, look, wrong
            cpu = sum(one.cpu for one in self._branches)  # all looks together take next to nothing
            branch.due = time.monotonic() + pause_after(cpu=cpu, wall=answer.wall)
        finally:
            branch.asked = None
            self.came = True

    def _regroup(self) -> None:
        """Files of one folder are looked at together, once it is known that they are files."""
        roots: dict[Path, _Branch] = {}
        for branch in list(self._branches):
            if branch.asked is not None:
                continue
            found = {word.seen.root for word in branch.words if word.seen}
            branch.root = found.pop() if len(found) == 1 else branch.root
            first = roots.setdefault(branch.root, branch)
            if first is not branch:
                first.words += branch.words
                self._branches.remove(branch)

    # -- what is known

    def listing(self) -> Listing:
        """The last findings, in the order of the command line."""
        self.came = False
        return merged([word.seen for word in self._words if word.seen])

    def roots(self) -> Mapping[tuple[Path, str], Path]:
        """The folder through which each file is served, by its path and function."""
        found: dict[tuple[Path, str], Path] = {}
        for word in self._words:
            for file in word.seen.files if word.seen else ():
                found.setdefault((file.path, file.function), word.seen.root if word.seen else word.path)
        return found

    def looked(self) -> Mapping[Path, float]:
        """When the last look at each folder began that was answered."""
        return {branch.root: branch.looked for branch in self._branches}

    def asked(self) -> set[Path]:
        """Folders of which an answer is awaited."""
        return {branch.root for branch in self._branches if branch.asked is not None}

    def folders(self) -> Mapping[Path, Sequence[Path]]:
        """Where changes may be notified: of what answers, by folder that is served."""
        return {
            branch.root: list(dict.fromkeys(one for word in branch.words if word.seen for one in word.seen.folders))
            for branch in self._branches
            if branch.asked is None and not branch.fault
        }

    def named(self) -> list[Named]:
        """The paths that answer, in the order of the command line."""
        there = {id(word) for branch in self._branches if branch.asked is None for word in branch.words}
        return [word.named for word in self._words if word.named and id(word) in there]

    def paths(self) -> list[Path]:
        return [word.named.path if word.named else word.path for word in self._words]

    def first(self) -> tuple[Path, Path | None]:
        """The first path, and its folder where that is known."""
        word = self._words[0]
        return word.path, word.seen.root if word.seen else None

    def unseen(self) -> list[Path]:
        """The paths that were not looked at yet: their content is not known."""
        return [word.path for word in self._words if word.seen is None and word.fault is None]

    def read(self, whole: Callable[[Path], bool]) -> bool:
        """Whether all that could be looked at is read, as `whole` says of a folder."""
        return all(whole(branch.root) for branch in self._branches if any(word.seen for word in branch.words))

    def wrong(self) -> ConfigError | None:
        """The first path that does not exist."""
        return next((word.fault for word in self._words if word.fault), None)

    def silent(self) -> list[str]:
        """The paths that do not answer now."""
        return [
            readable(str(branch.root)) for branch in self._branches if not branch.answers or self.stuck(branch.root)
        ]

    def heard(self) -> bool:
        """Whether others do not answer than at the last call."""
        now = frozenset(self.silent())
        for one in sorted(now - self._said):
            log.warning("%s", NoAnswer(one))
        for one in sorted(self._said - now):
            log.warning("%s answers again", one)
        changed, self._said = now != self._said, now
        return changed

    def problems(self) -> Iterator[Problem]:
        for one in self.silent():
            yield Problem(one, 1, 1, NoAnswer.SENTENCE)
        for branch in self._branches:
            if branch.fault and branch.answers:
                yield Problem(readable(str(branch.root)), 1, 1, branch.fault)
        for word in self._words:
            if word.fault:
                yield Problem(readable(word.word), 1, 1, word.fault.sentence)


def _look(words: Sequence[_Word]) -> _Answer:
    """Raises `OSError` where it cannot be looked at now."""
    cpu, wall = time.thread_time(), time.monotonic()
    found: list[tuple[Named | None, Seen | None, ConfigError | None]] = []
    for word in words:
        one, fault = word.named, None
        if one is None:
            try:
                one = named([word.word])[0]
            except ConfigError as error:
                fault = error
        found.append((one, seen(one) if one else None, fault))
    return _Answer(found, time.thread_time() - cpu, time.monotonic() - wall)
