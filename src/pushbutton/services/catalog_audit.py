"""Records what becomes of the configuration: tasks that come, change, break and go, and how the server was started.

The last declaration of a task that is in the audit trail is what it is compared with, so that a change that was made
while no server ran is seen as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from pushbutton import threads
from pushbutton.domain import task_text
from pushbutton.domain.audit import SERVER, Act, Deed
from pushbutton.domain.bundle import portable
from pushbutton.domain.credentials import concealed_setting, hashed_with
from pushbutton.domain.event import Json
from pushbutton.domain.task import Task
from pushbutton.errors import StoreError
from pushbutton.runtime.clock import now
from pushbutton.runtime.ports import Catalog, Notifier, Store
from pushbutton.runtime.ports.people import AuditQuery

log = logging.getLogger(__name__)

LOOK = 60.0  # seconds after which it looks without a hint
AGAIN = 5.0  # seconds between tries while the store cannot write
ABOUT = "server"


class CatalogAudit:
    def __init__(self, store: Store, catalog: Catalog, notifier: Notifier, key: bytes) -> None:
        self._audit, self._catalog, self._notifier, self._key = store.audit, catalog, notifier, key
        self._texts: dict[str, tuple[Task, str]] = {}  # the declarations of the last look

    async def run(self) -> None:
        """Follow the catalogue until cancelled."""
        changed = asyncio.Event()
        unlisten = self._notifier.listen("catalog", changed.set)
        changed.set()  # it may have changed before we listened
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK):
                        await changed.wait()
                changed.clear()
                if not await self.look():
                    await asyncio.sleep(AGAIN)
                    changed.set()
        finally:
            unlisten()

    async def look(self) -> bool:
        """Record what is not as it was recorded last; False when the store cannot do it now."""
        try:
            acts = await self._acts()
            # All at once: they become one transaction, in this order.
            await asyncio.gather(*(self._audit.record(act) for act in acts))
        except StoreError as error:
            log.warning("what changed in the tasks is not recorded yet: %s", error)
            return False
        return True

    async def _acts(self) -> list[Act]:
        last = {record.act.about: record.act for record in await self._audit.newest("task", "task")}
        return await threads.comparing(self._compared, last, self._catalog.tasks(), whole=not self._catalog.reading)

    def _compared(self, last: Mapping[str, Act], tasks: Mapping[str, Task], *, whole: bool) -> list[Act]:
        """The changes to record. Of thousands of tasks this takes a while, so it is for a thread. `whole`: what is
        not among the tasks is gone; else it may not be read yet.
        """
        known, self._texts = self._texts, {}
        acts = []
        for slug, task in tasks.items():
            about = f"task {slug}"
            same, text = known.get(slug, (None, ""))
            after = text if same is task else task_text.text(task, self._key)
            self._texts[slug] = (task, after)
            old = last.get(about)
            recorded = "" if old is None or old.verb == Deed.TASK_REMOVED else str(old.data.get("text", ""))
            before = recorded if recorded == after else task_text.again(recorded, self._key)
            if before == after:
                continue
            file = portable(task.source.file, task.bundled)
            data: dict[str, Json] = {"file": file, "digest": task_text.digest(after), "text": after}
            if before:
                data["diff"] = task_text.diff(before, after)
            new = Deed.TASK_CHANGED if before else Deed.TASK_ADDED
            acts.append(Act(SERVER, Deed.TASK_BROKEN if task.broken else new, about, now(), data))
        for about, old in last.items() if whole else ():
            if about.removeprefix("task ") not in tasks and old.verb != Deed.TASK_REMOVED:
                kept: dict[str, Json] = {name: old.data[name] for name in ("file", "digest") if name in old.data}
                acts.append(Act(SERVER, Deed.TASK_REMOVED, about, now(), kept))
        return acts

    async def started(self, version: str, settings: Mapping[str, Json]) -> None:
        """`settings`: those that are not as they are by default. What is not as at the last start is shown."""
        await self._say(Deed.SERVER_STARTED, {"version": version, "settings": self._concealed(settings)})

    async def stopped(self) -> None:
        await self._say(Deed.SERVER_STOPPED, {})

    async def _say(self, deed: Deed, data: dict[str, Json]) -> None:
        try:
            if deed is Deed.SERVER_STARTED:
                query = AuditQuery(about=ABOUT, verb=Deed.SERVER_STARTED, limit=1)
                before = [_lines(self._again(record.act.data)) for record in await self._audit.records(query)]
                if before and (changed := task_text.diff(before[0], _lines(data))):
                    data["diff"] = changed
            await self._audit.record(Act(SERVER, deed, ABOUT, now(), data))
        except StoreError as error:
            log.warning("“%s” is not in the audit trail: %s", deed, error)

    def _again(self, data: Mapping[str, Json]) -> dict[str, Json]:
        """A kept record as it would be recorded now: an earlier release hid less."""
        settings = data.get("settings")
        return {**data, "settings": self._concealed(settings) if isinstance(settings, Mapping) else {}}

    def _concealed(self, settings: Mapping[str, Json]) -> dict[str, Json]:
        mark = hashed_with(self._key)
        return {name: concealed_setting(name, value, mark) for name, value in settings.items()}


def _lines(data: Mapping[str, Json]) -> str:
    """Version and settings, one a line."""
    settings = data.get("settings")
    named = dict(settings) if isinstance(settings, Mapping) else {}
    facts = {"version": data.get("version"), **{name: named[name] for name in sorted(named)}}
    return "".join(f"{name}: {value}\n" for name, value in facts.items())
