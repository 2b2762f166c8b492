"""The streams: which one a request asks for, and from where on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pushbutton.errors import BadInput
from pushbutton.runtime import history, visibility
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import Topics
from pushbutton.runtime.stream_permits import Permit
from pushbutton.runtime.watch.frames import frame
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.errors import unacceptable
from pushbutton.web.http.numbers import number_of, whole
from pushbutton.web.http.operation import operation, query
from pushbutton.web.http.viewer import root_of
from pushbutton.web.site import site_of

from .audience import OWN
from .patches import below
from .stream import EventStream, acceptable, cursor, reset
from .subscription import RunEvents, RunOutput, TopicEvents, parse_topics

_EVENTS = {"(kind)": "EventShape", "reset": "ResetShape"}
_ALL = {**_EVENTS, "output": "OutputShape"}
_OVER: dict[int | str, dict[str, Any]] = {
    204: {"description": "The run is over and you have everything: stop asking"},
}
_SINCE = query("since", "The last event id that you have; the header Last-Event-ID says the same")
_TOPICS = query(
    "topics", "`runs` (everything), `run:42`, `task:deploy`, `output:42`; several with commas", "string", default="runs"
)
_STREAMS = "streams and output"

GONE = 204
"""The answer that makes an EventSource stop asking."""


def _permit(request: Request) -> Permit:
    return core_of(request).permits.of(actor_of(request))


async def _cut(request: Request, subscription: TopicEvents) -> TopicEvents:
    """Without what the actor may not see: for it, that does not exist."""
    core, actor = core_of(request), actor_of(request)
    boards = subscription.boards
    if actor.audience or (actor.user and any(topic.endswith(f":{OWN}") for topic in boards)):
        seen = [await site_of(request).audiences.topic(core, actor, topic) for topic in sorted(boards)]
        boards = frozenset(filter(None, seen))
    boards, topics = below(root_of(request), boards), subscription.topics
    topics = await visibility.topics(core.store, core.catalog, actor, topics) if topics else None
    return replace(subscription, topics=topics, boards=boards)


@operation(
    "Events as they happen",
    _STREAMS,
    "Live from now on, or everything behind `since`. Each frame's `event` is the kind, its `data` the event. "
    "`reset` says that your last id is of no use here: fetch anew. A comment comes every 15 seconds.",
    frames=_ALL,
    parameters=[_TOPICS, _SINCE],
)
async def all_events(request: Request) -> Response:
    """`?topics=…` (default: runs), live from now on, or behind `since`. `hello=1`: who speaks comes first."""
    if not acceptable(request):
        return unacceptable()
    core = core_of(request)
    subscription = parse_topics(request.query_params.get("topics", "runs"), core.hub.prefixes)
    since, known = cursor(request)
    if request.query_params.get("hello") == "1":  # a page that was rendered by another version offers to reload
        subscription = replace(subscription, first=frame("hello", {"version": site_of(request).version}))
    if not known or (since is not None and since > core.hub.tip and since > await core.store.last_event()):
        # It comes from another server or another time: rather everything once more than a gap.
        subscription, since = replace(subscription, first=subscription.first + reset(core.hub.tip)), 0
    elif since is not None and since < await core.store.forgotten():
        subscription = replace(subscription, first=subscription.first + reset(core.hub.tip))
    actor, permit = actor_of(request), _permit(request)  # first: what changes from here on ends the stream
    runs = {number: await history.written(core, actor, number) for number in subscription.outputs}
    subscription = await _cut(request, replace(subscription, runs=runs, since=since))
    return EventStream(core, subscription, site_of(request).settings, permit)


@operation(
    "All events of a task's runs",
    _STREAMS,
    "From the first one on, then live.",
    frames=_EVENTS,
    parameters=[_SINCE],
)
async def task_events(request: Request) -> Response:
    """Everything that ever happened to a task's runs, then live."""
    if not acceptable(request):
        return unacceptable()
    core = core_of(request)
    slug = request.path_params["slug"]
    visibility.task(core.catalog, actor_of(request), slug)
    subscription = await _cut(request, TopicEvents(Topics(tasks=frozenset({slug}))))
    since, known = cursor(request)
    if not known or (since or 0) > await core.store.last_event():
        subscription, since = replace(subscription, first=reset(core.hub.tip)), 0
    elif since is not None and since < await core.store.forgotten():
        subscription = replace(subscription, first=reset(core.hub.tip))
    return EventStream(core, replace(subscription, since=since or 0), site_of(request).settings, _permit(request))


@operation(
    "A run's events",
    _STREAMS,
    "From the first to the last one, which is the state that ends it. With `Accept: application/json` a list of at "
    "most 1,000; the header `Link` says where more may follow.",
    frames=_EVENTS,
    responses=_OVER,
    parameters=[
        _SINCE,
        query("after", "As JSON: events with a higher id alone"),
        query("limit", "As JSON: at most so many; 1,000 where it is left out"),
    ],
)
async def run_events(request: Request) -> Response:
    """A run's events from the first, or behind the client's last, to its terminal one. As JSON, if that is asked for, a
    page of them.
    """
    core, number = core_of(request), number_of(request.path_params["number"])
    actor = actor_of(request)
    run = await history.run(core, actor, number)
    if not acceptable(request):
        if "json" not in request.headers.get("accept", ""):
            return unacceptable()
        return await _listed(request, core, number)
    since, known = cursor(request)
    last = await core.store.last_event(number) if run.state.over else None
    subscription = RunEvents(number, last=last)
    if not known or (since or 0) > await core.store.last_event():
        subscription, since = replace(subscription, first=reset(core.hub.tip)), 0
    elif last is not None and since is not None and since >= last:
        return Response(status_code=GONE)
    return EventStream(core, replace(subscription, since=since or 0), site_of(request).settings, _permit(request))


async def _listed(request: Request, core: Core, number: int) -> Response:
    """A page of a run's events; where more may follow, `Link` says where."""
    asked = {name: request.query_params.get(name, "") for name in ("after", "limit")}
    numbers = {name: whole(text) for name, text in asked.items() if text}
    if None in numbers.values() or numbers.get("limit") == 0:
        raise BadInput("“after” and “limit” are numbers.")
    since, _ = cursor(request)
    limit = min(numbers.get("limit") or history.PAGE, history.PAGE)
    after = max(numbers.get("after") or 0, since or 0)
    events = await history.events(core, actor_of(request), number, after=after, limit=limit)
    headers = {}
    if len(events) == limit:
        place = f"{root_of(request)}/api/runs/{number}/events?after={events[-1].id}&limit={limit}"
        headers["link"] = f'<{place}>; rel="next"'
    return JSONResponse([event.to_json() for event in events], headers=headers)


@operation(
    "A run's output as it comes",
    _STREAMS,
    "Frames `output` with `offset`, `end` and `text`; their id is the byte offset behind them. Where the job does "
    "not speak UTF-8, `encoding` says which encoding `text` was decoded from.",
    frames={"output": "OutputShape"},
    responses=_OVER,
    parameters=[_SINCE],
)
async def output_stream(request: Request) -> Response:
    """A run's output as a stream whose ids are byte offsets."""
    if not acceptable(request):
        return unacceptable()
    core, number = core_of(request), number_of(request.path_params["number"])
    run = await history.written(core, actor_of(request), number)
    size = core.output.size(number)
    offset, known = cursor(request)
    if not known or ((offset or 0) > size and not core.output.lags(number)):
        offset = 0
    if run.state.over and (offset or 0) >= size:
        return Response(status_code=GONE)
    subscription = RunOutput(run, offset or 0)
    return EventStream(core, subscription, site_of(request).settings, _permit(request))
