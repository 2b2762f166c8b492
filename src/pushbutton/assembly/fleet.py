"""The files that nodes have of each other's runs: none where the history is in a file."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pushbutton.adapters.files import FileFolder
from pushbutton.adapters.in_place import InPlace
from pushbutton.adapters.output import OutputFiles
from pushbutton.runtime.ports import Files, Notifier, Output, Shipping, Store

__all__ = ["opened"]

MIRROR: Final = "mirror"
"""The folder in a data folder for output of other machines' runs. It can be deleted while no server runs."""


def opened(
    stack: contextlib.AsyncExitStack,
    store: Store,
    folder: Path,
    notifier: Notifier,
    *,
    names: Sequence[str],
    shared: bool,
) -> tuple[Output, Files, Shipping]:
    """`names`: those that the worker of this data folder has, or had before; `shared`: others may have the store, too.
    Closed with the stack.
    """
    runs = folder / "runs"
    own = FileFolder(folder / "uploads", runs)
    if not shared:
        return OutputFiles(runs), own, InPlace()
    from pushbutton.adapters.postgres import (  # noqa: PLC0415  only where it is asked for
        Mirror,
        NodeFiles,
        NodeOutput,
        Pieces,
        PostgresStore,
        Shipper,
    )

    assert isinstance(store, PostgresStore)  # noqa: S101  nothing else is shared
    mirror = Mirror(store.connections, folder / MIRROR, lambda run: notifier.hint(f"run:{run}"))
    mirror.open()
    stack.callback(mirror.close)
    shipper = Shipper(Pieces(store.connections), runs, notifier)
    shipper.open()
    stack.push_async_callback(shipper.close)
    return NodeOutput(runs, mirror, names), NodeFiles(own, Pieces(store.connections)), shipper
