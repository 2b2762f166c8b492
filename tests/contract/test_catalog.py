"""What every catalogue must guarantee, see `runtime.ports.Catalog`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pushbutton.adapters.catalog import PathCatalog
from pushbutton.adapters.in_process import LocalNotifier
from pushbutton.adapters.memory import MemoryStore
from pushbutton.assembly import publishing
from pushbutton.assembly.embedded import background
from pushbutton.errors import ConfigError, NoSuchTask
from pushbutton.runtime.ports import Catalog
from tests.acceptance.worlds import LIMIT, script, until

COMMANDS = """
tasks:
  deploy:
    command: [echo, '{what}']
    params:
      what: {choices_from: [cat, offers]}
  lost:
    command: [echo, '{what}']
    params:
      what: {choices_from: [cat, nowhere]}
"""


@pytest.fixture(params=["in place", "published"])
async def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Catalog]:
    script(tmp_path, "greet.sh", "echo hello")
    (tmp_path / "pushbutton.yaml").write_text(COMMANDS)
    (tmp_path / "offers").write_text("one\ntwo\n")
    async with contextlib.AsyncExitStack() as stack:
        if request.param == "published":
            made: Catalog = await published(stack, tmp_path, tmp_path.parent / f"{tmp_path.name}-bundles")
        else:
            made = PathCatalog([str(tmp_path)])
            await made.open()
            stack.push_async_callback(made.close)
        await until(lambda: {"greet", "deploy"} <= made.tasks().keys())
        yield made


async def published(stack: contextlib.AsyncExitStack, folder: Path, place: Path) -> Catalog:
    """Of a folder that is published whenever it changes."""
    notifier = LocalNotifier(folder / ".hint")
    catalog, publisher = await publishing.opened(stack, MemoryStore(), place, folder, PathCatalog, notifier)
    assert publisher
    background(stack, publisher.run())
    return catalog


async def test_a_task_is_the_same_by_its_name_as_among_all(catalog):
    assert {slug: catalog.task(slug) for slug in catalog.tasks()} == dict(catalog.tasks())


async def test_a_name_that_is_none_is_answered_with_the_nearest(catalog):
    await until(lambda: not catalog.reading)
    with pytest.raises(NoSuchTask, match=r"deplo.*deploy"):
        catalog.task("deplo")


async def test_the_place_that_is_served_is_named(catalog, tmp_path):
    assert [Path(place) for place in catalog.places()] == [tmp_path]


async def test_who_waits_for_a_task_gets_its_name(catalog):
    assert await catalog.awaited("greet") == "greet"
    assert await catalog.awaited("nothing") == "nothing"


async def test_choices_are_told_when_they_are_asked_for_and_a_fault_names_the_input(catalog):
    offered = await catalog.offered("deploy")
    assert [choice.value for choice in offered.task.params[0].choices] == ["one", "two"]
    assert offered.faults == {}
    assert (await catalog.offered("lost")).faults.keys() == {"what"}
    assert (await catalog.offered("greet")).task is catalog.task("greet")
    with pytest.raises(NoSuchTask):
        await catalog.offered("nothing")


async def test_a_change_replaces_the_whole_task_and_the_one_that_was_given_out_stays_as_it_was(catalog, tmp_path):
    before = catalog.task("deploy")
    (tmp_path / "pushbutton.yaml").write_text(COMMANDS.replace("[echo,", "[echo, now,"))
    await until(lambda: catalog.task("deploy") is not before)
    assert catalog.task("deploy").target.argv[1] == "now"
    assert before.target.argv == ("echo", "{what}")


async def test_one_that_is_gone_for_good_goes_and_the_others_stay(catalog, tmp_path):
    (tmp_path / "greet.sh").unlink()
    await until(lambda: "greet" not in catalog.tasks())
    assert "deploy" in catalog.tasks()


async def test_what_is_no_task_is_told_with_its_reason(catalog, tmp_path):
    (tmp_path / "notes.sh").write_text("echo no first line, and not to be run\n")
    async with asyncio.timeout(LIMIT):
        while True:
            found = {Path(one.path).name: one for one in await catalog.passed()}
            if "notes.sh" in found:
                break
            await asyncio.sleep(0.05)
    assert found["notes.sh"].why


@pytest.mark.parametrize("adapter", [PathCatalog])
async def test_a_place_that_does_not_exist_is_no_catalogue(adapter, tmp_path):
    made: Catalog = adapter([str(tmp_path / "nowhere")])
    with pytest.raises(ConfigError, match="nowhere"):
        await made.open()
