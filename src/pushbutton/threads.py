"""Work that would hold up the event loop, in threads: each kind has its own, so that one that hangs (a network drive, a
name that nobody resolves) holds up its own kind alone.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """Called like `asyncio.to_thread`."""

    def __init__(self, name: str, at_once: int) -> None:
        self._name, self._at_once = name, at_once
        self._pool: ThreadPoolExecutor | None = None  # a command that needs none has none

    async def __call__(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._at_once, thread_name_prefix=self._name)
        return await asyncio.get_running_loop().run_in_executor(self._pool, functools.partial(work, *args, **kwargs))


starting = Threads("starting", 8)
"""A run's folder, and its supervisor."""
ending = Threads("ending", 8)
"""What is left of a run whose supervisor is gone or hangs; removing its folder."""
programs = Threads("programs", 16)
"""Files of authors, wherever these lie: what is about to be started."""
catalogue = Threads("catalogue", 4)
"""The same, when they are only listed."""
bringing = Threads("bringing", 8)
"""Files that people bring."""
showing = Threads("showing", 4)
"""Parts of pages, and what stands in files that runs made."""
asking = Threads("asking", 8)
"""Secrets that lie in files."""
resolving = Threads("resolving", 4)
"""Names of other machines."""
