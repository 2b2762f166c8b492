"""The composition root: picks the adapters, opens them in order and closes them in reverse.

app = Pushbutton("tasks/")          # an ASGI application: serve it, or mount it in another
run = await app.press("deploy", env="prod")
async for event in run.events(): ...
await run.finished()
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from . import __version__, config, sign_in_adapters
from .adapters import accounts, bookmarks, confinement, copy_check, data_folder, secret_files, totp
from .adapters.catalog import PathCatalog
from .adapters.files import FileFolder
from .adapters.in_process import InProcessDispatch, LocalNotifier
from .adapters.output import OutputFiles
from .adapters.passwords import Passwords
from .adapters.patterns import LimitedPatterns
from .adapters.seal import Seal
from .adapters.secrets import EncryptedStore, SecretSources
from .adapters.spools import SpoolFolder, SpoolRecords
from .adapters.sqlite import SqliteStore
from .adapters.webhook import Webhook
from .domain import webhook
from .domain.actor import LOCAL, trusted
from .domain.audit import Act
from .domain.event import Draft, Event, Json, Kind
from .domain.networks import networks
from .domain.prefix import prefix
from .domain.run import Run
from .domain.task import Task
from .runtime import cancel, press
from .runtime.core import Core, now
from .runtime.directory import Directory
from .runtime.log.reader import LineReader
from .runtime.people import People
from .runtime.ports import RunQuery, Store, Topics
from .runtime.stream_permits import Permits
from .runtime.watch import EVERYTHING, Hub, is_last
from .runtime.worker import Worker
from .services import expiry, follow, leavers, pruner
from .services.catalog_audit import CatalogAudit
from .services.webhooks import BOOKMARK, Webhooks

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger(__name__)

Hook = Callable[[Event], Awaitable[None] | None]


class Pushbutton:
    """Tasks, their runs and their pages.

    `paths`: folders, Python files (`file.py` or `file.py:function`) and configuration files. `settings`: those of
    `config.Settings`. Opened by its ASGI lifespan, by `async with`, or by the first use; a mounted application gets
    no lifespan, so pass `lifespan=app.lifespan` to the one that mounts it, or it is never closed.
    """

    def __init__(self, *paths: str | Path, store: Store | None = None, **settings: Any) -> None:
        self.paths = tuple(str(path) for path in paths)
        self.settings = config.load(**settings)
        networks(self.settings.trust_proxy, where="trust_proxy")  # what is wrong with a setting is said at once
        self._prefix = prefix(self.settings.root_path, where="root_path")
        self._webhooks = webhook.targets(self.settings.webhook, where="webhook")
        networks(self.settings.webhook_allow, where="webhook_allow")
        self.folder = self.settings.folder(self.paths)
        self._store = store
        self._core: Core | None = None
        self._web: ASGIApp | None = None
        self._stack = contextlib.AsyncExitStack()
        self._opening = asyncio.Lock()
        self._hooks: dict[str, list[Hook]] = {}
        # Jobs keep what this process was started with: a server takes more files for itself, and no core dump.
        self._files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._core_dump = resource.getrlimit(resource.RLIMIT_CORE)[0]
        self.url = ""  # where jobs on this machine reach it over HTTP; whoever serves it says so before it opens

    # -- life

    async def open(self) -> Core:
        """Open everything that is not open yet. Raises `StoreInUse`, `StoreDamaged`, `ConfigError`."""
        async with self._opening:
            if self._core is None:
                async with contextlib.AsyncExitStack() as stack:
                    self._core = await self._assemble(stack)
                    self._stack = stack.pop_all()
        return self._core

    async def close(self) -> None:
        """Close in reverse. Running jobs go on; the next server finds them."""
        await self._stack.aclose()
        self._core = self._web = None

    async def _assemble(self, stack: contextlib.AsyncExitStack) -> Core:
        confinement.check(self.settings.confine, self.folder, self.paths)
        runs = self.folder / "runs"
        with data_folder.writing(self.folder):
            open_to_others = data_folder.make(self.folder, runs, self.folder / "uploads")
            stack.callback(os.close, data_folder.lock(self.folder))
            key = data_folder.key(self.folder)
        store: Store = self._store or self._sqlite(key)
        await store.open()
        stack.push_async_callback(store.close)
        for path in open_to_others:  # said once it is sure that the folder can be used at all
            log.warning("%s is open to other users, and not ours to close", path)
        await self._settle(store)
        await secret_files.take_over(runs, store, Seal(key))
        signin, people = await sign_in_adapters.opened(stack, self.settings, store, key)
        directory = signin.directory
        with data_folder.writing(self.folder):
            worker_name = data_folder.worker_name(self.folder)
        notifier = LocalNotifier(self.folder / "hint")
        notifier.open()
        stack.callback(notifier.close)
        spools = SpoolFolder(
            runs,
            hint=self.folder / "hint",
            url=self.url,
            files=self._files,
            core=self._core_dump,
            closed=self.folder,
            confine=bool(self.settings.confine),
            results=int(self.settings.results_mb * 1_000_000),
        )
        stack.callback(spools.let_go)
        python = self.settings.python or sys.executable
        kept_from = confinement.kept_from(self.folder)
        stored = EncryptedStore(self.folder, self.settings.key_path)
        catalog = PathCatalog(
            self.paths,
            changed=lambda: notifier.hint("catalog"),
            python=python,
            stored=stored.names,
            remembered=self.folder / "addresses.json",
            contact=self.settings.contact,
            refused=self._refused,
            before=lambda task: kept_from if self.settings.confine or task.confine else (),
            patterns=LimitedPatterns(),
        )
        await catalog.open()
        stack.push_async_callback(catalog.close)
        changes = CatalogAudit(store, catalog, notifier, key)
        await changes.started(__version__, {"paths": list(self.paths), **self.settings.given})
        stack.push_async_callback(changes.stopped)
        await changes.look()  # before anybody can press what has changed
        await self._alone(stack, store, "changes", worker_name, changes.run)
        output = OutputFiles(runs)
        hub = Hub(store, notifier, output)
        await hub.open()
        stack.push_async_callback(hub.close)
        permits = Permits(catalog, directory, notifier)
        await self._background(stack, permits.run())
        core = Core(
            store=store,
            catalog=catalog,
            dispatch=InProcessDispatch(),
            notifier=notifier,
            supervisors=spools,
            records=SpoolRecords(runs),
            output=output,
            files=FileFolder(self.folder / "uploads", runs),
            lines=lambda run: LineReader(output.log(run)),
            secrets=SecretSources(catalog.secrets, stored, kept_from if self.settings.confine else ()),
            patterns=LimitedPatterns(),
            hub=hub,
            directory=directory,
            key=key,
            seal=Seal(key),
            permits=permits,
            signin=signin,
            people=people,
            worker=worker_name,
            at_once=self.settings.limit,
            python=python,
        )
        worker = Worker(core)
        stack.push_async_callback(worker.close)
        await self._background(stack, worker.run())
        alone = partial(self._alone, stack, store)
        await alone("pruner", worker_name, lambda: pruner.run(core, self.settings.keep_days))
        await alone("expiry", worker_name, lambda: expiry.run(core))
        if (authority := signin.authority) and (hours := self.settings.ldap_look_hours):
            await alone("leavers", worker_name, lambda: leavers.run(directory, authority, hours))
        if self._webhooks:
            await self._background(stack, self._tell(core).run(self._webhooks))
        for kind, hooks in self._hooks.items():
            await self._background(stack, self._call(core, kind, hooks))
        return core

    def _refused(self, task: Task) -> str:
        """Why a task cannot have what it asks for, as a sentence."""
        if why := accounts.refused(task, {name.strip() for name in self.settings.job_users.split(",")}):
            return why
        if task.confine and (why := confinement.cannot(self.folder, self.paths)):
            return f"“confine” is not possible here: {why}"
        return ""

    async def _settle(self, store: Store) -> None:
        """What was under way in a folder that is a copy is set aside, and nobody is told what happened before."""
        with data_folder.writing(self.folder):
            count, why = await copy_check.settle(self.folder, store)
            if why:
                bookmarks.removed(self.folder / "told")
            await bookmarks.moved(self.folder / "told", store, BOOKMARK)
        if count:
            runs = f"{count:,} {'run' if count == 1 else 'runs'}"
            log.warning(
                "%s is a copy (%s). %s that had not ended there wait until an administrator "
                "releases or drops them: pushbutton release", self.folder, why, runs
            )  # fmt: skip

    def _sqlite(self, key: bytes) -> Store:
        return SqliteStore(self.folder / "history.db", key, apart=self.settings.end_path(self.folder))

    def _tell(self, core: Core) -> Webhooks:
        allowed = networks(self.settings.webhook_allow, where="webhook_allow")
        sender = Webhook(secret=self.settings.webhook_secret, allowed=allowed)
        home = self.settings.public_url.rstrip("/") or (self.url and f"{self.url}{self._prefix}")
        return Webhooks(core, sender, lambda run: home and f"{home}/runs/{run}")

    async def _alone(
        self,
        stack: contextlib.AsyncExitStack,
        store: Store,
        name: str,
        holder: str,
        work: Callable[[], Awaitable[None]],
    ) -> None:
        """In the background, here while no other process does it."""
        await self._background(stack, follow.alone(store, name, holder, work))

    @staticmethod
    async def _background(stack: contextlib.AsyncExitStack, work: Any) -> None:
        task = asyncio.create_task(work)

        async def end() -> None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

        stack.push_async_callback(end)

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

    async def closed(self) -> bool:
        """Whether one has to sign in here. Before it is opened, too, and then nothing is made for the question."""
        if self._core:
            return self._core.directory.closed
        if sign_in_adapters.elsewhere(self.settings):
            return True
        if self._store is None and not (self.folder / "history.db").exists():
            return False
        async with self.people() as people:
            return people.directory.closed

    @contextlib.asynccontextmanager
    async def people(self) -> AsyncIterator[People]:
        """Look after the people of this data folder without opening the rest: a server may be running on it."""
        with data_folder.writing(self.folder):
            data_folder.make(self.folder)
            key = data_folder.key(self.folder)
        store, passwords = self._store or self._sqlite(key), Passwords()
        await store.open()
        directory = Directory(store.people)
        try:
            await directory.open()
            yield People(directory, passwords, totp, Seal(key))
        finally:
            await directory.close()
            passwords.close()
            await store.close()

    async def record(self, act: Act) -> None:
        """Add to the audit trail of this data folder without opening the rest: a server may be running on it."""
        with data_folder.writing(self.folder):
            data_folder.make(self.folder)
            key = data_folder.key(self.folder)
        store = self._store or self._sqlite(key)
        await store.open()
        try:
            await store.audit.record(act)
        finally:
            await store.close()

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

        Any ASGI server can; this one ends event streams in good order before it ends. Who may reach `asgi` is its
        own affair. Raises `OSError` when the port is taken.
        """
        from .web import server  # noqa: PLC0415  loads the whole web

        sock = server.listen(self.settings.host, self.settings.port)
        self.settings = replace(self.settings, port=sock.getsockname()[1])
        log.info("serving on %s/", server.address(sock))
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(server.serve(asgi, sock, self.settings, self.end_streams, mounted=True))

    def end_streams(self) -> None:
        """Let every event stream end in good order: for a server that is about to close its connections."""
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

            self._web = build(core, self.settings)
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
        """Wait for the end; the run as it is then."""
        async for _ in self.events():
            pass
        return await self.run()

    async def run(self) -> Run:
        return await self._core.store.run(self.id)

    async def cancel(self, actor: str = LOCAL.name) -> Run:
        return await cancel.cancel(self._core, trusted(actor), self.id)
