"""Published tasks, put together: a folder into the store, and out of it into the catalog of a node."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from pushbutton.adapters import data_folder
from pushbutton.adapters.bundles import Cache, pack, stamp
from pushbutton.adapters.catalog import PathCatalog, PublishedCatalog
from pushbutton.config import Settings
from pushbutton.domain.audit import SERVER
from pushbutton.domain.bundle import Bundled
from pushbutton.domain.task import Task
from pushbutton.runtime.ports import Notifier, Store
from pushbutton.services.publisher import Publisher

__all__ = ["cache_of", "folder_of", "offline", "opened"]

LONGEST = 600.0  # seconds for which the tasks of a folder are read, to say what came and went

Make = Callable[..., PathCatalog]
"""A catalog over paths, with `changed` and `addresses`."""


def folder_of(paths: tuple[str, ...]) -> Path | None:
    """The folder that a node with these paths publishes. None: single files and several paths are read in place."""
    one = Path(paths[0]).expanduser().absolute() if len(paths) == 1 else None
    return one if one and one.is_dir() else None


def cache_of(settings: Settings, data: Path) -> Path:
    """Where bundles are unpacked."""
    return Path(settings.bundles).expanduser().absolute() if settings.bundles else data / "bundles"


async def opened(
    stack: contextlib.AsyncExitStack, store: Store, place: Path, folder: Path | None, make: Make, notifier: Notifier
) -> tuple[PublishedCatalog, Publisher | None]:
    """The catalog of what is published, unpacked in `place`. With a folder, that is published first, and its publisher
    is to be run; raises `ConfigError` for one that cannot be.
    """
    cache = Cache(place)
    with data_folder.writing(place):
        cache.open()
    publisher = _publisher(store, folder, cache, make) if folder else None
    if publisher:
        await publisher.begin()
    catalog = PublishedCatalog(
        store.bundles,
        cache,
        lambda root, addresses, changed: make([str(root)], changed=changed, addresses=addresses),
        notifier,
        lambda: notifier.hint("catalog"),
        publisher.faults if publisher else tuple,
    )
    await catalog.open()
    stack.push_async_callback(catalog.close)
    return catalog, publisher


@contextlib.asynccontextmanager
async def offline(store: Store, folder: Path, settings: Settings, actor: str) -> AsyncIterator[Publisher]:
    """The parts that publish a folder once, beside servers that run."""
    with tempfile.TemporaryDirectory(prefix="pushbutton-", ignore_cleanup_errors=True) as place:
        cache = Cache(Path(place))
        python = settings.python or sys.executable
        make = partial(PathCatalog, python=python, contact=settings.contact, on_failure=settings.on_failure)
        yield _publisher(store, folder, cache, make, actor)


def _publisher(store: Store, folder: Path, cache: Cache, make: Make, actor: str = SERVER) -> Publisher:
    async def read(at: Bundled, addresses: Mapping[str, str]) -> tuple[Mapping[str, Task], Mapping[str, str]]:
        changed = asyncio.Event()
        catalog = make([at.root], changed=changed.set, addresses=addresses)
        await catalog.open()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LONGEST):
                    while catalog.reading:
                        await changed.wait()
                        changed.clear()
            tasks = {slug: replace(task, bundled=at) for slug, task in catalog.tasks().items()}
            return tasks, dict(catalog.addresses)
        finally:
            await catalog.close()

    return Publisher(store, folder, pack=pack, stamp=stamp, unpack=cache.put, read=read, actor=actor)
