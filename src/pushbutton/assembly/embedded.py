"""Everything in one process: engine, worker, and what the web stands on."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import resource
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

from pushbutton import __version__
from pushbutton.adapters import accounts, bookmarks, confinement, copy_check, data_folder, otlp, secret_files
from pushbutton.adapters.apprise_post import ApprisePost
from pushbutton.adapters.calendars import AnyCalendar
from pushbutton.adapters.catalog import PathCatalog
from pushbutton.adapters.catalog.watched_folders import WatchedFolders
from pushbutton.adapters.in_process import InProcessDispatch, LocalNotifier
from pushbutton.adapters.patterns import LimitedPatterns
from pushbutton.adapters.seal import Seal
from pushbutton.adapters.secrets import SecretSources
from pushbutton.adapters.smtp import SmtpPost
from pushbutton.adapters.spools import SpoolFolder, SpoolRecords
from pushbutton.adapters.webhook import Webhook
from pushbutton.config import Settings
from pushbutton.domain import node, webhook
from pushbutton.domain.mail_server import mail_sender, mail_server
from pushbutton.domain.networks import networks
from pushbutton.domain.node import Node, NodeKind
from pushbutton.domain.person import Snapshot
from pushbutton.domain.prefix import prefix
from pushbutton.domain.task import Task
from pushbutton.domain.token import unfit_for_metrics
from pushbutton.errors import ConfigError, StoreError
from pushbutton.runtime import clock
from pushbutton.runtime.core import Core
from pushbutton.runtime.letterbox import Letterbox
from pushbutton.runtime.log.reader import LineReader
from pushbutton.runtime.ports import Catalog, Secrets, Store
from pushbutton.runtime.ports.messages import Writer
from pushbutton.runtime.stream_permits import Permits
from pushbutton.runtime.watch.hub import Hub
from pushbutton.runtime.worker import Worker
from pushbutton.services import (
    beat,
    expiry,
    follow,
    leavers,
    longer,
    messages,
    older,
    on_file,
    pruner,
    scheduler,
    tally,
    traces,
)
from pushbutton.services.catalog_audit import CatalogAudit
from pushbutton.services.webhooks import BOOKMARK, Webhooks

from . import fleet, kept_secrets, publishing, sign_in, stores

log = logging.getLogger(__name__)


class Limits(NamedTuple):
    """The limits that this process was started with, and that jobs keep: a server itself takes more files, and no
    dumps.
    """

    files: int
    core: int

    @classmethod
    def now(cls) -> Self:
        return cls(resource.getrlimit(resource.RLIMIT_NOFILE)[0], resource.getrlimit(resource.RLIMIT_CORE)[0])


def check(settings: Settings) -> None:
    """Raises `ConfigError` for what is wrong with a setting, before anything is opened."""
    networks(settings.trust_proxy, where="trust_proxy")
    prefix(settings.root_path, where="root_path")
    webhook.endpoints(settings.webhook, where="webhook")
    networks(settings.webhook_allow, where="webhook_allow")
    mail_sender(settings.smtp_from, mail_server(settings.smtp, where="smtp"), where="smtp_from")
    if settings.traces_to:
        otlp.check(settings.traces_to)
    if settings.metrics_token and unfit_for_metrics(settings.metrics_token):
        raise ConfigError(
            "the token of /metrics needs at least 16 letters, digits and signs without a space, and another beginning "
            "than pbt_, which those of people have.",
            file="metrics_token",
        )
    if settings.name and node.wrong_name(settings.name):
        raise ConfigError(
            f"“{settings.name}” is no name of a node: letters, digits, “.”, “_” and “-”, at most 100.", file="name"
        )
    if wrong := sorted(filter(node.wrong_tag, node.tags_of(settings.tags))):
        raise ConfigError(f"“{wrong[0]}” is no tag: small letters, digits, “.”, “_” and “-”, at most 63.", file="tags")


async def reachable(settings: Settings, paths: Sequence[str]) -> None:
    """Raises `StoreError` where the data would lie in a folder that does not answer."""
    if not settings.data and paths:
        await data_folder.answering(paths[0])


def background(stack: contextlib.AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    """Until the stack is closed."""
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(end)


def _alone(
    stack: contextlib.AsyncExitStack, store: Store, name: str, holder: str, work: Callable[[], Awaitable[None]]
) -> None:
    """In the background, here while no other process does it."""
    background(stack, follow.alone(store, name, holder, work))


Writing = Callable[[Callable[[str], str], Callable[[], Snapshot]], Writer]
"""Makes the writer of messages from how addresses of pages are made, and who there is."""


async def _left(store: Store, name: str) -> None:
    with contextlib.suppress(StoreError):
        await store.nodes.leave(name)


class Embedded:
    def __init__(
        self,
        paths: tuple[str, ...],
        settings: Settings,
        folder: Path,
        store: Store | None,
        *,
        url: str,
        limits: Limits,
        writing: Writing,
        kind: NodeKind,
    ) -> None:
        """`folder`: of the data; `store` None: the one in that folder; `url`: where jobs on this machine reach it."""
        self._writing, self._kind = writing, kind
        self._paths, self._settings, self._folder, self._store = paths, settings, folder, store
        self._url, self._limits = url, limits
        self._unconfined = ""  # why jobs cannot be kept from the data folder

    async def open(self, stack: contextlib.AsyncExitStack) -> Core:
        """Everything it opens is closed with the stack. Raises `StoreInUse`, `StoreDamaged`, `ConfigError`."""
        begin = (str(publishing.cache_of(self._settings, self._folder)),) if self._published else self._paths
        self._unconfined = await confinement.looked(self._settings.confine, self._folder, begin)
        runs = self._folder / "runs"
        store, key, me, shared = await self._ground(stack, runs)
        worker_name = me.name
        await secret_files.take_over(runs, store, Seal(key))
        signin, people = await sign_in.opened(stack, self._settings, store, key)
        directory = signin.directory
        notifier = LocalNotifier(self._folder / "hint")
        notifier.open()
        stack.callback(notifier.close)
        if shared:
            hints = stores.hints(store, notifier)
            hints.open()
            stack.callback(hints.close)
        spools = SpoolFolder(
            runs,
            hint=self._folder / "hint",
            url=self._url,
            files=self._limits.files,
            core=self._limits.core,
            closed=self._folder,
            confine=bool(self._settings.confine),
            results=int(self._settings.results_mb * 1_000_000),
        )
        stack.callback(spools.let_go)
        python = self._settings.python or sys.executable
        kept_from = confinement.kept_from(self._folder)
        stored = kept_secrets.of_store(store, self._folder, self._settings, key, shared=shared)
        make = partial(
            PathCatalog,
            python=python,
            stored=stored.names,
            told=self._folder / "readings",
            contact=self._settings.contact,
            on_failure=self._settings.on_failure,
            refused=self._refused,
            before=lambda task: kept_from if self._settings.confine or task.confine else (),
            patterns=LimitedPatterns(),
        )
        catalog = await self._catalog(stack, store, make, notifier)
        if self._kind is NodeKind.SERVER:
            await self._audited(stack, CatalogAudit(store, catalog, notifier, key), store, worker_name)
        names = [one.name for one in await store.nodes.all() if one.folder == me.folder]
        output, files, shipping = fleet.opened(stack, store, self._folder, notifier, names=names, shared=shared)
        secrets = SecretSources(catalog.secrets, stored, kept_from if self._settings.confine else ())
        hub = Hub(store, notifier, output)
        await hub.open()
        stack.push_async_callback(hub.close)
        permits = Permits(catalog, directory, notifier)
        background(stack, permits.run())
        core = Core(
            store=store,
            catalog=catalog,
            dispatch=InProcessDispatch(),
            notifier=notifier,
            supervisors=spools,
            records=SpoolRecords(runs),
            output=output,
            files=files,
            shipping=shipping,
            lines=lambda run: LineReader(output.log(run)),
            secrets=secrets,
            patterns=LimitedPatterns(),
            hub=hub,
            directory=directory,
            key=key,
            seal=Seal(key),
            permits=permits,
            signin=signin,
            people=people,
            worker=worker_name,
            at_once=self._settings.limit,
            python=python,
            calendars=AnyCalendar(),
            letters=self._letters(secrets, lambda: directory.all),
            tags=me.tags,
            traced=bool(self._settings.traces_to),
        )
        # Alone: this process holds the lock of the data folder.
        self.worker = worker = Worker(core, alone=not shared, names=names)
        stack.push_async_callback(worker.close)
        if shared:
            background(stack, beat.run(core, me, worker))
            background(stack, pruner.follow(core))
            background(stack, older.run(core, self._folder / "sent"))
        background(stack, worker.run())
        if self._kind is NodeKind.SERVER:
            self._beside(core, stack)
        return core

    def _beside(self, core: Core, stack: contextlib.AsyncExitStack) -> None:
        """The loops of a server besides running jobs, each in one process at a time."""
        alone, directory, signin, worker_name = (
            partial(_alone, stack, core.store),
            core.directory,
            core.signin,
            core.worker,
        )
        for name, loop in self._loops(core).items():
            alone(name, worker_name, loop)
        if (authority := signin.authority) and (hours := self._settings.ldap_look_hours):
            alone("leavers", worker_name, lambda: leavers.run(directory, authority, hours))
        if self._settings.traces_to:
            exporter = otlp.OtlpExporter(self._settings.traces_to)
            stack.callback(exporter.close)
            alone(traces.NAME, worker_name, lambda: traces.run(core, exporter))
        if self._settings.metrics_token:
            background(stack, tally.run(core))
        if endpoints := webhook.endpoints(self._settings.webhook, where="webhook"):
            background(stack, self._tell(core).run(endpoints))

    async def _ground(self, stack: contextlib.AsyncExitStack, runs: Path) -> tuple[Store, bytes, Node, bool]:
        """The data folder, which is held; the store, in which this node has joined, and its key; whether other nodes
        may share it.
        """
        with data_folder.writing(self._folder):
            open_to_others = data_folder.make(self._folder, runs, self._folder / "uploads")
            stack.callback(os.close, data_folder.lock(self._folder))
            me = self._node(data_folder.worker_name(self._folder))
        key, shared = stores.key(self._folder, self._settings), bool(self._settings.store) and self._store is None
        store = await stores.opened(self._folder, self._settings, key, self._store, node=me.name)
        stack.push_async_callback(store.close)
        await store.nodes.join(me, clock=clock.machine())
        if shared:
            await beat.give(store, me)
        stack.push_async_callback(_left, store, me.name)
        with data_folder.writing(self._folder):
            data_folder.keep_worker_name(self._folder, me.folder)
        for path in open_to_others:  # said once it is sure that the folder can be used at all
            log.warning("%s is open to other users, and not ours to close", path)
        await self._settle(store, me.folder if shared else "")
        return store, key, me, shared

    async def _catalog(
        self, stack: contextlib.AsyncExitStack, store: Store, make: publishing.Make, notifier: LocalNotifier
    ) -> Catalog:
        """Opened: of what is published, where nodes share a store; else of the paths as they lie there."""
        if self._published:
            folder, place = publishing.folder_of(self._paths), publishing.cache_of(self._settings, self._folder)
            published, publisher = await publishing.opened(stack, store, place, folder, make, notifier)
            if publisher:
                background(stack, publisher.run())
            return published
        catalog = make(
            self._paths, changed=lambda: notifier.hint("catalog"), remembered=self._folder / "addresses.json"
        )
        await catalog.open()
        stack.push_async_callback(catalog.close)
        return catalog

    @property
    def _published(self) -> bool:
        """Whether this node has its tasks from the store. Single files, and several paths, are no folder that could be
        published: they are for this node alone.
        """
        shared = bool(self._settings.store) and self._store is None
        return shared and (not self._paths or publishing.folder_of(self._paths) is not None)

    async def _audited(
        self, stack: contextlib.AsyncExitStack, changes: CatalogAudit, store: Store, worker_name: str
    ) -> None:
        await changes.started(__version__, {"paths": list(self._paths), **self._settings.given})
        stack.push_async_callback(changes.stopped)
        await changes.look()  # before anybody can press what has changed
        _alone(stack, store, "changes", worker_name, changes.run)

    def _loops(self, core: Core) -> Mapping[str, Callable[[], Awaitable[None]]]:
        return {
            "pruner": lambda: pruner.run(core, self._settings.keep_days),
            "schedules": lambda: scheduler.run(core),
            "expiry": lambda: expiry.run(core),
            messages.NAME: lambda: messages.decide(core),
            "channels": lambda: messages.carry(core),
            "on_file": lambda: on_file.run(core, WatchedFolders),
            "longer": lambda: longer.run(core),
        }

    def _node(self, folder: str) -> Node:
        """The node that we are. `folder`: what its data folder is known by."""
        return Node(
            self._settings.name or folder,
            self._kind,
            folder=folder,
            tags=node.tags_of(self._settings.tags),
            room=self._settings.limit,
            version=__version__,
            host=socket.gethostname(),
        )

    def _refused(self, task: Task) -> str:
        """Why a task cannot have what it asks for, as a sentence."""
        if why := accounts.refused(task, {name.strip() for name in self._settings.job_users.split(",")}):
            return why
        if task.user and self._published and not self._settings.bundles:
            return f"another user cannot reach the published tasks: {confinement.BESIDE}"
        if task.confine and self._unconfined:
            return f"“confine” is not possible here: {self._unconfined}"
        return ""

    async def _settle(self, store: Store, name: str) -> None:
        """Runs under way in a folder that is a copy are set aside, and nobody is told what happened before."""
        with data_folder.writing(self._folder):
            count, why = await copy_check.settle(self._folder, store, name)
            if why:
                bookmarks.removed(self._folder / "told")
            await bookmarks.moved(self._folder / "told", store, BOOKMARK)
        if count:
            runs = f"{count:,} {'run' if count == 1 else 'runs'}"
            log.warning(
                "%s is a copy (%s). %s that had not ended there wait until an administrator "
                "releases or drops them: pushbutton release", self._folder, why, runs
            )  # fmt: skip

    def _tell(self, core: Core) -> Webhooks:
        allowed = networks(self._settings.webhook_allow, where="webhook_allow")
        sender = Webhook(secret=self._settings.webhook_secret, allowed=allowed)
        return Webhooks(core, sender, lambda run: self._address(f"/runs/{run}"))

    def _letters(self, secrets: Secrets, people: Callable[[], Snapshot]) -> Letterbox:
        given = self._settings
        server = mail_server(given.smtp, where="smtp")
        sender = mail_sender(given.smtp_from, server, where="smtp_from")
        allowed = networks(given.webhook_allow, where="webhook_allow")
        return Letterbox(
            writer=functools.cache(lambda: self._writing(self._address, people)),
            mail=SmtpPost(server, sender, given.smtp_password) if server else None,
            others=ApprisePost(secrets, allowed=allowed),
            url=self._address,
        )

    def _address(self, path: str) -> str:
        """Of a page, for messages; "" where this server does not know its own."""
        below = prefix(self._settings.root_path, where="root_path")
        home = self._settings.public_url.rstrip("/") or (self._url and f"{self._url}{below}")
        return home and f"{home}{path}"
