"""The metrics of this server, for Prometheus. Counters begin with the process; all else is as it is now.

Labels are bounded: states, kinds, and the tasks, of which those beyond `MOST_TASKS` are put together. None names a
person, a run or an input.
"""

from __future__ import annotations

import asyncio
import hmac
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.domain.node import NodeState
from pushbutton.domain.run import RunState
from pushbutton.errors import StoreError
from pushbutton.runtime import vitals
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import Disk
from pushbutton.runtime.tally import BOUNDS, Durations, Receiver, Tally
from pushbutton.runtime.vitals import Vitals
from pushbutton.web.http.auth import unknown
from pushbutton.web.http.context import core_of
from pushbutton.web.http.errors import problem
from pushbutton.web.http.operation import operation
from pushbutton.web.site import site_of

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

MOST_TASKS: Final = 500
OTHERS: Final = "(others)"
"""Stands for all tasks beyond that."""
PATIENCE: Final = 2.0  # seconds within which the store has to answer
Values = Mapping[tuple[str, ...], float]
"""By the values of the labels."""


@dataclass(frozen=True, slots=True)
class Family:
    name: str  # as it is read: what is counted ends with `_total`
    kind: str  # "gauge", "counter", "histogram"
    says: str
    labels: tuple[str, ...] = ()


INFO = Family("pushbutton_info", "gauge", "always 1; which version it is", ("version",))
STORE = Family("pushbutton_store_up", "gauge", "1: the store answers; 0: it does not, and what it knows is left out")
TASKS = Family("pushbutton_tasks", "gauge", "tasks that are ready, broken or paused", ("state",))
RUNS = Family("pushbutton_runs", "gauge", "runs that are not over", ("task", "state"))
QUEUE = Family("pushbutton_queue_runs", "gauge", "runs that wait for a place, and for nothing else")
OLDEST = Family("pushbutton_queue_oldest_seconds", "gauge", "for how long the oldest of these waits")
ENDED = Family("pushbutton_runs_ended_total", "counter", "runs that ended, and how", ("task", "outcome"))
TOOK = Family("pushbutton_run_duration_seconds", "histogram", "from start to end, of runs that ended", ("task",))
FAILURES = Family(
    "pushbutton_delivery_failures_total", "counter", "tries to tell somebody that were not taken", ("to",)
)
CHANNELS = Family("pushbutton_channels", "gauge", "channels that work, or take nothing", ("state",))
MESSAGES = Family("pushbutton_messages_waiting", "gauge", "messages that no channel has taken yet")
FREE = Family("pushbutton_disk_free_bytes", "gauge", "what is free on the disk of the data folder")
SIZE = Family("pushbutton_disk_size_bytes", "gauge", "how large that disk is")
WATCHERS = Family("pushbutton_watchers", "gauge", "event streams that are open at this server")
SUPERVISORS = Family("pushbutton_supervisors", "gauge", "live supervisors on this machine: one for each run")
PLACES = Family("pushbutton_places", "gauge", "runs that this server may have at the same time")
WORKERS = Family("pushbutton_workers", "gauge", "nodes that share the store", ("state",))

FAMILIES: Final = (
    *(INFO, STORE, TASKS, RUNS, QUEUE, OLDEST, ENDED, TOOK, FAILURES, CHANNELS, MESSAGES, FREE, SIZE, WATCHERS),
    *(SUPERVISORS, PLACES, WORKERS),
)


@operation(
    "What Prometheus reads",
    "server",
    description="Needs the token of the setting `metrics_token`, as “Authorization: Bearer …”; without that setting "
    "there is nothing here.",
    responses={200: {"description": "Prometheus' text format", "content": {"text/plain": {}}}},
)
async def metrics(request: Request) -> Response:
    site = site_of(request)
    if not (token := site.settings.metrics_token):
        return problem(404, "This server has no metrics: its setting “metrics_token” is not given.")
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        return unknown("Send the token of the metrics as “Authorization: Bearer …”.")
    from prometheus_client import CONTENT_TYPE_LATEST  # noqa: PLC0415  only few are asked for metrics

    return Response(await _text(core_of(request), site.version), media_type=CONTENT_TYPE_LATEST)


async def _text(core: Core, version: str) -> bytes:
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest  # noqa: PLC0415

    try:
        async with asyncio.timeout(PATIENCE):
            taken = await vitals.taken(core)
    except (StoreError, TimeoutError):
        taken = None
    found = [*_always(core, version, taken), *_counted(core.tally)]
    found += _of_disk(await vitals.disk(core))
    found += _of_store(taken) if taken else []
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Collected(found))
    return generate_latest(registry)


class _Collected:
    def __init__(self, found: Iterable[Metric]) -> None:
        self._found = list(found)

    def collect(self) -> Iterable[Metric]:
        return self._found


def _always(core: Core, version: str, taken: Vitals | None) -> Iterator[Metric]:
    yield _family(INFO, {(version,): 1})
    yield _family(STORE, {(): taken is not None})
    yield _family(WATCHERS, {(): core.hub.watchers})
    yield _family(PLACES, {(): core.at_once})


def _of_disk(disk: Disk | None) -> Iterator[Metric]:
    if disk:
        yield _family(FREE, {(): disk.free})
        yield _family(SIZE, {(): disk.size})


def _of_store(taken: Vitals) -> Iterator[Metric]:
    tasks = taken.tasks
    yield _family(TASKS, {("ready",): tasks.ready, ("broken",): tasks.broken, ("paused",): tasks.paused})
    yield _family(RUNS, _by_task(((one.task, one.state), one.runs) for one in taken.backlog))
    yield _family(QUEUE, {(): taken.queue})
    yield _family(OLDEST, {(): max(0.0, (now() - taken.since) / 1_000_000) if taken.since is not None else 0})
    yield _family(SUPERVISORS, {(): taken.supervisors})
    yield _family(WORKERS, {(state,): taken.workers.get(state, 0) for state in NodeState})
    broken = sum(bool(line.broken) for line in taken.lines.values())
    yield _family(CHANNELS, {("works",): len(taken.lines) - broken, ("broken",): broken})
    yield _family(MESSAGES, {(): sum(line.waiting for line in taken.lines.values())})


def _counted(tally: Tally) -> Iterator[Metric]:
    from prometheus_client.metrics_core import HistogramMetricFamily  # noqa: PLC0415

    yield _family(ENDED, _by_task(tally.ended.items()))
    yield _family(FAILURES, {(to,): tally.failures[to] for to in Receiver})
    made = HistogramMetricFamily(TOOK.name, TOOK.says, labels=TOOK.labels)
    for task, took in _few(tally.took).items():
        counts = zip((*map(str, BOUNDS), "+Inf"), itertools.accumulate(took.counts), strict=True)
        made.add_metric([task], list(counts), took.seconds)
    yield made


def _few(took: Mapping[str, Durations]) -> Mapping[str, Durations]:
    """The same of so many tasks as may be named, and of the others together."""
    found = dict(itertools.islice(took.items(), MOST_TASKS))
    if rest := list(itertools.islice(took.values(), MOST_TASKS, None)):
        columns = zip(*(one.counts for one in rest), strict=True)
        found[OTHERS] = Durations([sum(column) for column in columns], sum(one.seconds for one in rest))
    return found


def _by_task(counts: Iterable[tuple[tuple[str, RunState], float]]) -> Values:
    """Of so many tasks as may be named, and of the others together."""
    found: dict[tuple[str, ...], float] = {}
    named: set[str] = set()
    for (task, state), count in counts:
        if len(named) < MOST_TASKS:
            named.add(task)
        labels = (task if task in named else OTHERS, state.value)
        found[labels] = found.get(labels, 0) + count
    return found


def _family(of: Family, values: Values) -> Metric:
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415

    kind = CounterMetricFamily if of.kind == "counter" else GaugeMetricFamily
    made = kind(of.name, of.says, labels=of.labels)
    for labels, value in values.items():
        made.add_metric(labels, value)
    return made
