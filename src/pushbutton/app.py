"""The application: what others use of it, and what serves it.

app = Pushbutton("tasks/")          # an ASGI application: serve it, or mount it in another
run = await app.press("deploy", env="prod")
async for event in run.events(): ...
await run.finished()
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from . import config
from .assembly import embedded, stores
from .assembly.offline import Offline
from .domain.actor import LOCAL, trusted
from .domain.audit import Act
from .domain.event import Draft, Event, Json, Kind
from .domain.node import NodeKind
from .domain.person import Snapshot
from .domain.run import Run, is_last
from .runtime import cancel, press
from .runtime.clock import now
from .runtime.core import Core
from .runtime.people import People
from .runtime.ports import EVERYTHING, RunQuery, Store, Topics
from .runtime.ports.messages import Writer

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from .services.publisher import Published

log = logging.getLogger(__name__)

Hook = Callable[[Event], Awaitable[None] | None]


async def reachable(settings: config.Settings, paths: Sequence[str]) -> None:
    """Raises `StoreError` where the data would lie in a folder that does not answer."""
    await embedded.reachable(settings, paths)


def _letters(url: Callable[[str], str], people: Callable[[], Snapshot]) -> Writer:
    from .web.views.letters import Letters  # noqa: PLC0415  loads much of the web, and few have somebody to write to

    return Letters(url, people)


class Pushbutton:
    """Tasks, their runs and their pages.

    `paths`: folders, Python files (`file.py` or `file.py:function`) and configuration files. `settings`: those of
    `config.Settings`; `store` is an address, as there, or an object.

    Opened by its ASGI lifespan, by `async with`, or by the first use; a mounted application gets no lifespan, so pass
    `lifespan=app.lifespan` to the one that mounts it, or it is never closed.
    """

    def __init__(self, *paths: str | Path, store: Store | str | None = None, **settings: Any) -> None:
        self.paths = tuple(str(path) for path in paths)
        address, store = (store, None) if isinstance(store, str) else (None, store)
        self.settings = config.load(store=address, **settings)
        self._origins = config.origins(store=address, **settings)
        embedded.check(self.settings)  # what is wrong with one is said at once
        self.folder = self.settings.folder(self.paths)
        self._store = store
        self._core: Core | None = None
        self._web: ASGIApp | None = None
        self._stack = contextlib.AsyncExitStack()
        self._opening = asyncio.Lock()
        self._hooks: dict[str, list[Hook]] = {}
        self._offline = Offline(self.settings, self.folder, store)
        self._limits = embedded.Limits.now()
        self.kind = NodeKind.SERVER  # set by what is another one, before it opens
        self.node: embedded.Embedded | None = None  # once it is open
        self.url = ""  # where jobs on this machine reach it over HTTP; set by what serves it, before it opens

    # -- life

    async def open(self) -> Core:
        """Open everything that is not open yet. Raises `StoreInUse`, `StoreDamaged`, `ConfigError`."""
        async with self._opening:
            if self._core is None:
                async with contextlib.AsyncExitStack() as stack:
                    self._core = await self._assemble(stack)
                    self._stack = stack.pop_all()
        return self._core

    async def _assemble(self, stack: contextlib.AsyncExitStack) -> Core:
        self.node = node = embedded.Embedded(
            self.paths,
            self.settings,
            self.folder,
            self._store,
            url=self.url,
            limits=self._limits,
            kind=self.kind,
            writing=_letters,
        )
        core = await node.open(stack)
        for kind, hooks in self._hooks.items():
            embedded.background(stack, self._call(core, kind, hooks))
        return core

    async def close(self) -> None:
        """Close in reverse. Running jobs go on; the next server finds them."""
        await self._stack.aclose()
        self._core = self._web = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @contextlib.asynccontextmanager
    async def lifespan(self, _: object = None) -> AsyncIterator[None]:
        """For the application that mounts this one."""
        async with self:
            yield

    @property
    def kept_in(self) -> str:
        """The database in which the history is, where it is not in the data folder."""
        return stores.kept_in(self.folder)

    async def closed(self) -> bool:
        """Whether one has to sign in here. Before it is opened, too, and then nothing is made for the question."""
        return self._core.directory.closed if self._core else await self._offline.closed()

    def people(self) -> AbstractAsyncContextManager[People]:
        """The people of this data folder, without opening the rest: a server may be running on it."""
        return self._offline.people()

    async def publish(self, actor: str = LOCAL.name) -> Published:
        """Publish the folder of tasks for all nodes of the store: a server may be running on it. Raises `ConfigError`,
        `StoreError`.
        """
        return await self._offline.publish(Path(self.paths[0]), actor)

    async def record(self, act: Act) -> None:
        """Add to the audit trail of this data folder without opening the rest: a server may be running on it."""
        await self._offline.record(act)

    # -- in-process use

    async def press(self, task: str, actor: str = LOCAL.name, /, **inputs: Json) -> RunHandle:
        """Press the button as `actor`, which may do everything: who may press is the caller's to decide. Raises what
        `runtime.press` raises.
        """
        core = await self.open()
        pressed = await press.press(core, trusted(actor), task, inputs)
        return RunHandle(core, pressed.run, made=pressed.made)

    async def say(self, text: str, *, source: str = "", task: str | None = None) -> Event:
        """A note to everybody who watches, or to those who watch a task."""
        core = await self.open()
        data = {"text": text, "source": source} if source else {"text": text}
        event = await core.store.say(Draft(Kind.NOTE, data, now()), task=task)
        core.notifier.hint("events")
        return event

    async def events(self, *, task: str | None = None, since: int | None = None) -> AsyncIterator[Event]:
        """All events, or one task's, behind `since` (default: from now on), and each new one as it comes."""
        core = await self.open()
        topics = Topics(tasks=frozenset({task})) if task else EVERYTHING
        async for event in core.hub.events(topics, core.hub.tip if since is None else since):
            yield event

    async def latest(self, task: str) -> Run | None:
        """The task's newest run, None if it never had one. `run.state.over` says whether its button is free again."""
        core = await self.open()
        return next(iter(await core.store.runs(RunQuery(task=task, limit=1))), None)

    def on(self, kind: str) -> Callable[[Hook], Hook]:
        """`@app.on("status")`: call the function, plain or async, with each event of that kind ("*": every one).

        For side effects inside this process; it hears events from the server's start on, and one that raises is
        logged and goes on hearing.
        """

        def register(hook: Hook) -> Hook:
            self._hooks.setdefault(kind, []).append(hook)
            return hook

        return register

    async def _call(self, core: Core, kind: str, hooks: list[Hook]) -> None:
        async for event in core.hub.events(EVERYTHING, core.hub.tip):
            if kind not in {"*", event.kind.value}:
                continue
            for hook in hooks:
                try:
                    result = hook(event)
                    if result is not None:
                        await result
                except Exception:
                    log.exception("a hook for %s events failed", kind)

    # -- inside another application

    async def stream(
        self,
        request: Request,
        show: Callable[[Event], tuple[str, str] | None],
        *,
        task: str | None = None,
        first: Sequence[tuple[str, str]] = (),
    ) -> Response:
        """The answer to a request for an event stream of your own: all events, or one task's, from the very first, then
        each as it comes.

        `show` makes (event name, text) of an event, or None to leave it out; pass the same function each time, so
        that everybody who watches shares its frames. `first` are frames that stand before all others. A browser that
        comes back goes on where it was; one whose last id cannot be ours gets “reset” and everything once more.
        """
        from .web.live import custom  # noqa: PLC0415  loads the whole web

        return await custom.stream(await self.open(), self.settings, request, show, task=task, first=first)

    def serve(self, asgi: ASGIApp) -> None:
        """Serve the application that mounts this one on the settings' host and port until Ctrl+C or SIGTERM.

        Any ASGI server can; this one lets event streams send what they have before it ends. Who may reach `asgi` is its
        own affair. Raises `OSError` when the port is taken.
        """
        from .web import server  # noqa: PLC0415  loads the whole web

        sock = server.listen(self.settings.host, self.settings.port)
        self.settings = replace(self.settings, port=sock.getsockname()[1])
        log.info("serving on %s/", server.address(sock))
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(server.serve(asgi, sock, self.settings, self.end_streams, mounted=True))

    def end_streams(self) -> None:
        """Let every event stream send what it has and end: for a server that is about to close its connections."""
        if self._core:
            self._core.hub.close_streams()

    # -- ASGI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        core = await self.open()
        if self._web is None:
            from .web.application import build  # noqa: PLC0415  only serving needs it

            self._web = build(core, self.settings, self._origins)
        await self._web(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.open()
        except Exception as error:  # noqa: BLE001  the server shows it
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})


class RunHandle:
    """A run from inside the process."""

    def __init__(self, core: Core, run: Run, *, made: bool) -> None:
        self._core = core
        self.id = run.id
        self.made = made  # False: the press was answered with an earlier run

    async def events(self, since: int = 0) -> AsyncIterator[Event]:
        """Every event of the run, from the first to the last."""
        async for event in self._core.hub.events(Topics(runs=frozenset({self.id})), since):
            if event.run != self.id:
                continue
            yield event
            if is_last(event):
                return

    async def finished(self) -> Run:
        """Wait for the end; the run as it is then, or its last try where it is tried again."""
        async for _ in self.events():
            pass
        run = await self.run()
        if not run.next:
            return run
        return await RunHandle(self._core, await self._core.store.run(run.next), made=True).finished()

    async def run(self) -> Run:
        return await self._core.store.run(self.id)

    async def cancel(self, actor: str = LOCAL.name) -> Run:
        return await cancel.cancel(self._core, trusted(actor), self.id)
