"""The catalog of published tasks, over a store in memory: what it has while others publish, and what it has not."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pushbutton.adapters.catalog import PathCatalog, PublishedCatalog
from pushbutton.adapters.in_process import LocalNotifier
from pushbutton.adapters.memory import MemoryStore
from pushbutton.assembly import publishing
from pushbutton.assembly.embedded import background
from pushbutton.config import Settings
from pushbutton.domain import task_text
from pushbutton.domain.bundle import MOST_BYTES, Publishing, digest_of
from pushbutton.domain.task import Task
from pushbutton.errors import NoSuchBundle, NoSuchTask, StillReading
from pushbutton.runtime import task_digest
from tests.acceptance.worlds import script, until


@dataclass
class Node:
    stack: contextlib.AsyncExitStack
    store: MemoryStore
    folder: Path
    place: Path

    async def catalog(self, place: str = "here", *, follows: bool = False) -> PublishedCatalog:
        """`follows`: what is saved in the folder is published."""
        notifier = LocalNotifier(self.place / "hint")
        folder = self.folder if follows else None
        made, publisher = await publishing.opened(
            self.stack, self.store, self.place / place, folder, PathCatalog, notifier
        )
        if publisher:
            background(self.stack, publisher.run())
        return made

    async def publish(self) -> str:
        async with publishing.offline(self.store, self.folder, Settings(), "ada") as publisher:
            return (await publisher.publish(again=True)).digest


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    for name in ("tasks", "place"):
        (tmp_path / name).mkdir()
    script(tmp_path / "tasks", "deploy.sh", "echo one")
    async with contextlib.AsyncExitStack() as stack:
        yield Node(stack, MemoryStore(), tmp_path / "tasks", tmp_path / "place")


def found(catalog: PublishedCatalog, slug: str, bundle: str) -> Task | None:
    try:
        return catalog.of(slug, bundle)
    except StillReading:
        return None


async def test_nothing_is_there_before_the_first_publishing_and_that_is_known(node):
    catalog = await node.catalog()
    assert (dict(catalog.tasks()), catalog.reading, catalog.places()) == ({}, False, [])
    with pytest.raises(NoSuchTask):
        catalog.task("deploy")
    await node.publish()
    await until(lambda: "deploy" in catalog.tasks())


async def test_a_task_has_the_same_hashes_wherever_its_bundle_is_unpacked(node):
    (node.folder / "pushbutton.yaml").write_text(
        "tasks:\n  tidy:\n    command: [./deploy.sh, all]\n    cwd: work\n    env: {PLACE: ./x}\n"
    )
    (node.folder / "work").mkdir()
    await node.publish()
    one, other = await node.catalog("one"), await node.catalog("other")
    for slug in ("deploy", "tidy"):
        tasks = one.task(slug), other.task(slug)
        assert tasks[0].cwd != tasks[1].cwd
        assert await task_digest.frozen(tasks[0]) == await task_digest.frozen(tasks[1])
        assert task_text.text(tasks[0], b"k") == task_text.text(tasks[1], b"k")
        assert str(node.place) not in task_text.text(tasks[0], b"k")


async def test_a_changed_file_is_another_hash(node):
    catalog = await node.catalog()
    first = await node.publish()
    await until(lambda: "deploy" in catalog.tasks())
    before = await task_digest.frozen(catalog.task("deploy"))
    script(node.folder, "deploy.sh", "echo two")
    second = await node.publish()
    await until(lambda: catalog.task("deploy").bundled.bundle == second)
    assert await task_digest.frozen(catalog.task("deploy")) != before
    await until(lambda: found(catalog, "deploy", first))
    assert await task_digest.frozen(catalog.of("deploy", first)) == before


async def test_an_older_bundle_is_fetched_when_a_run_asks_for_it(node):
    first = await node.publish()
    script(node.folder, "deploy.sh", "echo two", head='title = "Two"')
    script(node.folder, "more.sh", "echo more")
    await node.publish()
    catalog = await node.catalog()
    assert catalog.task("deploy").title == "Two"
    assert found(catalog, "deploy", first) is None, "it is on its way"
    await until(lambda: found(catalog, "deploy", first))
    assert catalog.of("deploy", first).title == "Deploy"
    with pytest.raises(NoSuchTask):
        catalog.of("more", first)
    assert catalog.of("more", "").slug == "more", "a run that was pressed in place gets the task of now"


async def test_a_bundle_that_nobody_has_is_said_to_be_missing(node):
    await node.publish()
    catalog = await node.catalog()

    def missing() -> bool:
        try:
            found(catalog, "deploy", "f" * 64)
        except NoSuchBundle:
            return True
        return False

    await until(missing)


async def test_what_cannot_be_unpacked_leaves_the_tasks_as_they_were(node, caplog):
    await node.publish()
    catalog = await node.catalog()
    hostile = b'{"pushbutton bundle":1,"entries":[["../x","f",1]]}\nx'
    await node.store.bundles.keep(digest_of(hostile), hostile, at=1)
    await node.store.bundles.publish(Publishing(digest_of(hostile), 1, "eve", size=len(hostile)), again=True)
    await until(lambda: "cannot be unpacked: the name “../x” leaves it" in caplog.text)
    assert list(catalog.tasks()) == ["deploy"]
    assert not (node.place / "x").exists()


async def test_addresses_are_kept_from_one_publishing_to_the_next(node):
    catalog = await node.catalog()
    await node.publish()
    (node.folder / "blog").mkdir()
    script(node.folder / "blog", "deploy.sh", "echo blog")
    second = await node.publish()
    await until(lambda: len(catalog.tasks()) == 2)
    assert catalog.task("deploy").group == ""
    (node.folder / "deploy.sh").unlink()
    await node.publish()
    await until(lambda: len(catalog.tasks()) == 1)
    [slug] = catalog.tasks()
    assert catalog.task(slug).group == "Blog"
    await until(lambda: found(catalog, slug, second))
    assert catalog.of(slug, second).group == "Blog"


async def test_what_was_only_touched_is_not_published_over_what_others_published(node):
    catalog = await node.catalog(follows=True)
    other = node.place / "other"
    other.mkdir()
    script(other, "newer.sh", "echo newer")
    async with publishing.offline(node.store, other, Settings(), "bob") as publisher:
        await publisher.publish(again=True)
    await until(lambda: "newer" in catalog.tasks())
    os.utime(node.folder / "deploy.sh", (1, 1))
    (node.folder / ".git").mkdir()
    script(node.folder, "deploy.sh", "echo two")  # until this is seen, so was the rest
    await until(lambda: "deploy" in catalog.tasks())
    assert await node.store.bundles.last() == 3


async def test_what_has_become_too_large_is_a_mistake_that_is_shown_until_it_is_mended(node):
    catalog = await node.catalog(follows=True)
    with (node.folder / "film.mkv").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    await until(lambda: any("64 MB can be published" in one.sentence for one in catalog.problems()))
    assert "deploy" in catalog.tasks()
    (node.folder / "film.mkv").unlink()
    await until(lambda: not catalog.problems())
