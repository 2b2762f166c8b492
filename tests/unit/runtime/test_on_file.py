"""What becomes of a file in a watched folder: it presses once, waits, or is kept with the reason why not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from pushbutton.app import Pushbutton
from pushbutton.domain.actor import LOCAL, Actor
from pushbutton.domain.on_file import FileSeen, Lying, OnFile, Verdict
from pushbutton.domain.person import User
from pushbutton.domain.policy import Grant
from pushbutton.errors import BadInput, NoSuchTask, Refused
from pushbutton.runtime import on_file, schedules
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import RunQuery
from pushbutton.testing import opened

from .worlds import put

TASKS = """
tasks:
  take:
    command: ["true", "{file}"]
    params: {file: {pattern: ".*[.]csv"}}
    on_file: {path: /in/*, rest: 2 s}
    rate: 2 per day
"""


@dataclass
class Shelf:
    """Folders in memory; `rules` are those that were looked at last."""

    files: list[Lying] = field(default_factory=list)
    rules: Mapping[str, OnFile] = field(default_factory=dict)

    def over(self, folders: Sequence[str]) -> None: ...

    def ring(self) -> None: ...

    async def wait(self, seconds: float) -> None: ...

    async def look(self, rules: Mapping[str, OnFile]) -> Mapping[str, Sequence[Lying]]:
        self.rules = rules
        return {name: sorted(self.files) for name in rules}

    async def close(self) -> None: ...


@dataclass
class World:
    app: Pushbutton
    core: Core
    shelf: Shelf
    lookout: on_file.Lookout
    clock: list[float]  # its last entry is the monotonic clock

    async def rests(self, lookout: on_file.Lookout) -> None:
        """It looks, and once more when all that lies there has rested."""
        await lookout.look()
        self.clock.append(self.clock[-1] + 2)
        await lookout.look()

    async def comes(self, *names: str) -> list[tuple[str, Verdict]]:
        """These files come, and somebody looks; what is kept of all, oldest first."""
        for name in names:
            number = len(self.shelf.files) + 1
            self.shelf.files.append(Lying(number, f"/in/{name}", number, 10))
        await self.rests(self.lookout)
        return [(one.file.path.removeprefix("/in/"), one.verdict) for one in (await self.seen())[::-1]]

    async def seen(self) -> Sequence[FileSeen]:
        return await on_file.seen(self.core, LOCAL, "take")

    async def runs(self) -> int:
        return len(await self.core.store.runs(RunQuery(task="take")))

    def who(self, name: str) -> Actor:
        return self.core.directory.actor(self.core.directory.all.users[name])


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    clock = [0.0]
    monkeypatch.setattr(on_file, "time", SimpleNamespace(monotonic=lambda: clock[-1]))
    (tmp_path / "pushbutton.yaml").write_text(TASKS)
    async with opened(tmp_path) as app:
        core = await app.open()
        await core.catalog.awaited("take")
        shelf = Shelf()
        found = World(app, core, shelf, on_file.Lookout(core, shelf), clock)
        await found.lookout.look()
        yield found


async def test_one_presses_when_it_has_stayed_as_it_is_for_so_long(world):
    world.shelf.files.append(Lying(1, "/in/a.csv", 1, 10))
    for size in (20, 30):
        await world.lookout.look()
        world.clock.append(world.clock[-1] + 1.9)
        world.shelf.files = [Lying(1, "/in/a.csv", 1, size)]
    assert await world.lookout.look() == pytest.approx(2)
    assert await world.seen() == []
    assert await world.comes() == [("a.csv", Verdict.PRESSED)]


async def test_each_presses_once_whoever_looks_and_how_often(world):
    assert await world.comes("a.csv") == [("a.csv", Verdict.PRESSED)]
    await world.lookout.look()
    await world.rests(on_file.Lookout(world.core, world.shelf))
    assert await world.runs() == 1


async def test_one_that_fits_no_input_or_has_no_name_in_utf_8_is_kept_with_the_reason_and_not_tried_again(world):
    found = await world.comes("a.txt", "b\udcff.csv")
    assert found == [("a.txt", Verdict.UNFIT), ("b\\udcff.csv", Verdict.UNFIT)]
    assert [bool(one.why) for one in await world.seen()] == [True, True]
    await world.rests(on_file.Lookout(world.core, world.shelf))
    assert len(await world.seen()) == 2
    assert await world.runs() == 0


async def test_beyond_the_rate_a_file_waits_and_is_pressed_by_nobody_meanwhile(world):
    assert (await world.comes("a.csv", "b.csv", "c.csv"))[2] == ("c.csv", Verdict.WAITS)
    [waits, *_] = await world.seen()
    assert "as often as it may be" in waits.why
    with pytest.raises(BadInput, match="waits for its task"):
        await on_file.again(world.core, LOCAL, "take", waits.number)
    assert await world.runs() == 2


async def test_while_all_schedules_are_paused_nothing_is_pressed_and_afterwards_what_came(world):
    await schedules.pause_all(world.core, LOCAL)
    assert await world.comes("a.csv") == []
    await schedules.resume_all(world.core, LOCAL)
    assert await world.comes() == [("a.csv", Verdict.PRESSED)]


async def test_where_another_folder_is_watched_what_lies_there_was_there(world, monkeypatch):
    await world.comes("a.csv")
    task = world.core.catalog.task("take")
    other = replace(task, on_file=replace(task.on_file, pattern="*.csv"))
    monkeypatch.setattr(world.core.catalog, "tasks", lambda: {"take": other})
    assert await world.comes("b.csv") == [("a.csv", Verdict.PRESSED), ("b.csv", Verdict.THERE)]
    assert (await world.comes("c.csv"))[2] == ("c.csv", Verdict.PRESSED)


async def test_only_who_may_press_has_one_pressed_once_more_in_their_own_name_and_twice_is_once(world):
    await put(world.core, User("ada", "Ada"), User("vic", "Vic"), User("eve", "Eve"))
    await put(world.core, Grant("user:ada", "presser"), Grant("user:vic", "viewer"))
    await world.comes("a.csv")
    [seen] = await world.seen()
    with pytest.raises(Refused):
        await on_file.again(world.core, world.who("vic"), "take", seen.number)
    with pytest.raises(NoSuchTask):
        await on_file.again(world.core, world.who("eve"), "take", seen.number)
    first = await on_file.again(world.core, world.who("ada"), "take", seen.number)
    assert (first.made, first.run.actor) == (True, "ada")
    assert [one.run for one in await world.seen()] == [first.run.id]
    assert await world.comes() == [("a.csv", Verdict.PRESSED)]
    assert await world.runs() == 2
