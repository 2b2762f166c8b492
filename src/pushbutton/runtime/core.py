"""The parts that the verbs of the main flow work with: the ports, the hub, and the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .arriving import Arriving
from .directory import Directory
from .letterbox import Letterbox
from .log.reader import LineReader
from .people import People
from .ports import Catalog, Dispatch, Files, Notifier, Output, Patterns, Records, Secrets, Shipping, Store, Supervisors
from .ports.calendars import Calendars
from .ports.people import Sealed
from .signin import SignIn
from .stream_permits import Permits
from .tally import Tally
from .watch.hub import Hub


@dataclass(frozen=True, slots=True)
class Core:
    store: Store
    catalog: Catalog
    dispatch: Dispatch
    notifier: Notifier
    supervisors: Supervisors
    records: Records
    output: Output
    files: Files
    shipping: Shipping
    lines: Callable[[int], LineReader]  # those of a run's output
    secrets: Secrets
    patterns: Patterns
    hub: Hub
    directory: Directory
    key: bytes  # signs links, forms and the audit trail
    seal: Sealed
    permits: Permits
    signin: SignIn
    people: People
    worker: str  # this worker's name: the same after a restart on the same machine and data folder
    at_once: int  # runs of this worker at the same time, all tasks together
    python: str  # the interpreter for Python tasks
    letters: Letterbox
    calendars: Calendars
    tags: frozenset[str] = frozenset()  # what this worker has
    traced: bool = False  # a collector is told of each run, and jobs of their span
    arriving: Arriving = field(default_factory=Arriving)
    tally: Tally = field(default_factory=Tally)
