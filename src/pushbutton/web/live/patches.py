"""Boards: what a page shows that has a latest value only, made once for all who watch it.

    patch:REST         parts of pages as HTML; REST is `run:42`, `task:deploy`, `tasks`, `tasks:SELECTION` (of many
                       those that a page shows), `inbox` or `now`, with a language before it for another than English:
                       `patch:de:run:42`. Inside the server, the path below which its links lie stands behind it:
                       `patch:de:run:42@/buttons`
    tail:42            the last lines of a run's output, for its followers

Each frame is whole: who misses one misses nothing. A board works only while somebody watches it.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from pushbutton import threads
from pushbutton.domain.actor import Actor
from pushbutton.errors import PushbuttonError, StoreError
from pushbutton.runtime import history
from pushbutton.runtime.clock import now
from pushbutton.runtime.log.reader import LinePage, LineReader
from pushbutton.runtime.ports import EVERYTHING, Topics
from pushbutton.runtime.watch.frames import event_frame, frame
from pushbutton.runtime.watch.wakeup import Wakeup
from pushbutton.terminal.styles import Line
from pushbutton.web.http.numbers import number_of, whole
from pushbutton.web.site import Site
from pushbutton.web.views import fragments, previews, render
from pushbutton.web.views.catalogue import Selection
from pushbutton.web.views.output_lines import line_json
from pushbutton.web.views.run_output import with_output
from pushbutton.web.views.views import Watching
from pushbutton.web.words import i18n
from pushbutton.web.words.people import Names

from .stream import EventStream

log = logging.getLogger(__name__)

PATCHES = 0.25  # seconds between two patches of one board, at least
TAILS = 0.1  # the same for the end of an output
LOOK = 5.0  # how often to look without a word
TAIL_LINES = 120
TAIL_CHARS = 1 << 17  # of all its lines together; fewer lines where they are long
LINE_CHARS = 10_000  # what a page shows of one line


def register(site: Site) -> None:
    """Make the topics known to the hub."""
    site.core.hub.register("patch", functools.partial(_patches, site))
    site.core.hub.register("tail", functools.partial(_tails, site))


def below(root: str, topics: frozenset[str]) -> frozenset[str]:
    """The topics as the server knows them, where the pages lie below `root`. A client adds no root by itself."""
    return frozenset(
        f"{bare}@{root}" if root and bare.startswith("patch:") else bare
        for bare in (topic.partition("@")[0] for topic in topics)
    )


def crowd_of(site: Site, run: int | str, root: str = "") -> frozenset[str]:
    """The topics of everybody who looks at a run below `root`, whatever the language and the rights."""
    languages = ("", *(f"{code}:" for code in i18n.LANGUAGES))
    marks = list(site.audiences)
    return below(root, frozenset(f"patch:{mark}{language}run:{run}" for mark in marks for language in languages))


def watching(site: Site, run: int, root: str = "") -> Watching:
    """The people who look at a run now. A browser has one stream for all of its pages, and is counted once."""
    listeners = site.core.hub.watching(crowd_of(site, run, root))
    people = [listener.person if isinstance(listener, EventStream) else "" for listener in listeners]
    return Watching(tuple(sorted(set(people) - {""})), others=people.count(""))


# -- parts of pages


@dataclass(frozen=True, slots=True)
class _Drawing:
    html: fragments.Fragments
    follow: Topics | None  # what may change it; None: nothing any more
    ages: bool = False  # changes with time alone: a rest that is guessed, "longer than usual"


_Draw = Callable[[], Awaitable[_Drawing]]


async def _patches(site: Site, topic: str) -> AsyncIterator[bytes]:
    core, (rest, _, root) = site.core, topic.partition("@")
    actor, name = site.audiences.split(rest)
    draw, topics = _drawer(site, root, actor, name)
    wakeup, shown = Wakeup(), b""
    crowd = crowd_of(site, rest.rpartition(":")[2], root)  # of a run that is no run: nobody
    unlisten = core.notifier.listen("catalog", wakeup.wake)
    try:
        while True:
            # Drawn while it is followed already, so that nothing can happen in between.
            with core.hub.channel(topics, event_frame, wakeup), core.hub.lookout(crowd, wakeup):
                while True:
                    drawing = await _drawn(draw)
                    if drawing is None:
                        return
                    body = frame("patch", {"topic": f"patch:{name}", "html": drawing.html})
                    if body != shown:
                        shown = body
                        yield body
                    if drawing.follow != topics:
                        break
                    while not await wakeup.wait(LOOK) and not drawing.ages:
                        pass
                    await asyncio.sleep(PATCHES)
            if drawing.follow is None:
                return
            topics = drawing.follow
    finally:
        unlisten()


async def _drawn(draw: _Draw) -> _Drawing | None:
    """None: there is nothing to draw, or not any more."""
    while True:
        try:
            return await draw()
        except StoreError as error:
            log.warning("a page's parts wait: %s", error)
            await asyncio.sleep(LOOK)
        except PushbuttonError:
            return None


def _drawer(site: Site, root: str, actor: Actor, rest: str) -> tuple[_Draw, Topics]:
    """The function that draws it, and the topics to follow meanwhile. An unknown one is drawn as nothing."""
    core, views = site.core, site.views
    language, _, thing = rest.partition(":")
    if language not in i18n.LANGUAGES:
        language, thing = "en", rest
    name, _, which = thing.partition(":")

    def names() -> Names:
        return Names.of(core.directory.all)

    number = whole(which)

    seen: previews.Seen = {}

    async def a_run() -> _Drawing:
        run = await core.store.run(number or 0)
        view = await views.compared(await views.run(actor, run, now()))
        view = await previews.with_previews(core.files, view, seen)
        view = await with_output(core, site.lines, replace(view, watching=watching(site, run.id, root)))
        html = await threads.showing(fragments.run_fragments, view, language, root, names())
        if view.goes_on:
            return _Drawing(html, Topics(runs=frozenset(one.id for one in view.tries)))
        if run.state.active:
            return _Drawing(html, Topics(runs=frozenset({run.id})), ages=True)
        if run.state.over:  # somebody may comment on it
            return _Drawing(html, Topics(runs=frozenset({run.id})))
        # One that waits depends on those before it, and on who has its locks: another may get one of them at any time.
        holders = frozenset({view.holder.run.id} if view.holder else ())
        return _Drawing(html, Topics(tasks=frozenset({run.task}), runs=holders), ages=bool(view.needs))

    async def a_task() -> _Drawing:
        view = await views.task(actor, which, now())
        html = await threads.showing(fragments.task_fragments, view, language, root, names())
        return _Drawing(html, Topics(tasks=frozenset({which})))

    async def some_tasks() -> _Drawing:
        view = await views.tasks(actor, now(), Selection.named(which))
        html = await threads.showing(fragments.tasks_fragments, view, language, root, names())
        return _Drawing(html, EVERYTHING, ages=bool(view.going))

    async def going() -> _Drawing:
        return _Drawing({"now": _pill(await views.running(actor), language, root)}, EVERYTHING)

    async def inbox() -> _Drawing:
        view = await views.inbox(actor, now())
        html = await threads.showing(fragments.inbox_fragments, view, language, root, names())
        return _Drawing(html, EVERYTHING)

    async def nothing() -> _Drawing:
        return _Drawing({}, None)

    if name == "run" and number:
        return a_run, Topics(runs=frozenset({number}))
    if name == "task":
        return a_task, Topics(tasks=frozenset({which}))
    if name == "tasks":
        return some_tasks, EVERYTHING
    return {"inbox": inbox, "now": going}.get(thing, nothing), EVERYTHING


def _pill(count: int, language: str, root: str) -> str:
    """How many go on, for the header of every page."""
    parts: Any = render.environment(language).get_template("parts.html").make_module({"root": root})
    return str(parts.now_pill(count)).strip()


# -- the end of an output


async def _tails(site: Site, rest: str) -> AsyncIterator[bytes]:
    core = site.core
    try:
        run = await core.store.run(number_of(rest))
    except PushbuttonError:
        return
    await history.brought(core, run)
    wakeup, shown, quiet = Wakeup(), None, 0.0
    reader = site.lines.of(run.id)
    with core.hub.tap(run.id, wakeup, over=run.state.over) as tap:
        if (await core.store.run(run.id)).state.over:  # it may have ended before anybody listened
            tap.look(over=True)
        while True:
            over = tap.over
            page = await _end(reader, final=over)
            if shown != (now_shown := (page.total, page.bytes_read, page.done)):
                shown, quiet = now_shown, time.monotonic() + TAILS
                last = _last(page.lines)
                head = {"run": run.id, "total": page.total, "bytes": page.bytes_read, "over": page.done}
                first = page.first + len(page.lines) - len(last)
                yield frame("tail", {**head, "first": first, "lines": [line_json(line, LINE_CHARS) for line in last]})
            if over and page.done:
                return
            await wakeup.wait(LOOK)
            await asyncio.sleep(max(0.0, quiet - time.monotonic()))


async def _end(reader: LineReader, *, final: bool) -> LinePage:
    """The last lines; fewer where they are so long that a page ends before the last one."""
    count = TAIL_LINES
    while True:
        page = await reader.lines(-count, count, final=final)
        if count == 1 or page.first + len(page.lines) > page.total:
            return page
        count = max(1, count // 4)


def _last(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """As many of the last lines as fit into one frame."""
    room, first = TAIL_CHARS, len(lines)
    while first > 0 and room > 0:
        first -= 1
        room -= min(len(lines[first].text), LINE_CHARS)
    return lines[first:]
