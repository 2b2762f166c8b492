"""Where tasks of one name stand: each has an address of its own, and keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
from hypothesis import given
from hypothesis import strategies as st

from pushbutton.adapters.catalog import PathCatalog
from pushbutton.adapters.catalog.assembly import Part, assemble
from pushbutton.adapters.catalog.model import FileTasks, Form, Found, slug_of
from pushbutton.domain.targets import ScriptTarget
from pushbutton.domain.task import Source, Task
from pushbutton.testing import opened


def script(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


async def addresses(folder: Path, remembered: Path | None = None) -> dict[str, str]:
    """Files by address."""
    catalog = PathCatalog([folder], remembered=remembered)
    await catalog.open()
    try:
        return {slug: str(Path(task.source.file).relative_to(folder)) for slug, task in catalog.tasks().items()}
    finally:
        await catalog.close()


async def test_one_name_in_two_folders_is_two_tasks(tmp_path: Path):
    script(tmp_path / "web-shop" / "restart.sh")
    script(tmp_path / "blog" / "restart.sh")
    assert await addresses(tmp_path) == {"restart": "blog/restart.sh", "web-shop-restart": "web-shop/restart.sh"}


async def test_one_name_with_two_endings_is_two_tasks_whose_titles_differ(tmp_path: Path):
    script(tmp_path / "backup")
    script(tmp_path / "backup.rb")
    catalog = PathCatalog([tmp_path])
    await catalog.open()
    await catalog.close()
    assert {slug: task.title for slug, task in catalog.tasks().items()} == {
        "backup": "Backup",
        "backup-rb": "Backup (rb)",
    }


async def test_two_functions_of_one_name_are_two_tasks(tmp_path: Path):
    for name in ("orders.py", "stock.py"):
        (tmp_path / name).write_text("from pushbutton import task\n@task\ndef export(): ...\n")
    assert await addresses(tmp_path) == {"export": "orders.py", "stock-export": "stock.py"}


async def test_an_address_stays_when_another_folder_gets_a_file_of_that_name_also_over_a_restart(tmp_path: Path):
    tasks, remembered = tmp_path / "tasks", tmp_path / "addresses.json"
    tasks.mkdir()
    script(tasks / "shop" / "deploy.sh")
    assert await addresses(tasks, remembered) == {"deploy": "shop/deploy.sh"}
    script(tasks / "blog" / "deploy.sh")  # it stands before the other
    both = {"blog-deploy": "blog/deploy.sh", "deploy": "shop/deploy.sh"}
    assert await addresses(tasks, remembered) == both
    assert await addresses(tasks, remembered) == both
    (tasks / "shop" / "deploy.sh").unlink()
    assert await addresses(tasks, remembered) == {"blog-deploy": "blog/deploy.sh"}


async def test_a_file_that_is_moved_takes_its_address_along(tmp_path: Path):
    changed = asyncio.Event()
    path = script(tmp_path / "shop" / "deploy.sh")
    (tmp_path / "blog").mkdir()
    catalog = PathCatalog([tmp_path], changed.set)

    async def until(true: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not true():
                changed.clear()
                await changed.wait()

    await catalog.open()
    try:
        path.rename(tmp_path / "blog" / "deploy.sh")
        await until(lambda: catalog.task("deploy").group == "Blog")
        assert list(catalog.tasks()) == ["deploy"]
    finally:
        await catalog.close()


async def test_a_damaged_memory_of_addresses_hurts_nobody(tmp_path: Path):
    script(tmp_path / "tasks" / "a.sh")
    for content in ("", "[]", '{"addresses": 3}'):
        (tmp_path / "addresses.json").write_text(content)
        assert await addresses(tmp_path / "tasks", tmp_path / "addresses.json") == {"a": "a.sh"}


async def test_a_link_to_a_file_that_is_shown_is_that_task(tmp_path: Path):
    tasks, elsewhere = tmp_path / "tasks", script(tmp_path / "elsewhere" / "tool.sh")
    script(tasks / "shop" / "deploy.sh")
    (tasks / "blog").mkdir()
    (tasks / "blog" / "deploy.sh").symlink_to("../shop/deploy.sh")
    (tasks / "release.sh").symlink_to("shop/deploy.sh")
    (tasks / "store").symlink_to("shop")  # a whole folder of them
    (tasks / "tool.sh").symlink_to(elsewhere)
    assert await addresses(tasks) == {"deploy": "shop/deploy.sh", "tool": "tool.sh"}


async def test_the_name_of_a_link_leads_to_the_task(tmp_path: Path):
    script(tmp_path / "deploy.sh")
    (tmp_path / "release.sh").symlink_to("deploy.sh")
    async with opened(tmp_path, data=str(tmp_path / "data")) as app:
        run = await (await app.press("release")).finished()
        assert run.task == "deploy"
        transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
            page = await client.get("/tasks/release")
            assert (page.status_code, page.headers["location"]) == (303, "/tasks/deploy")
            assert (await client.get("/api/tasks/release")).json()["slug"] == "deploy"


NAMES = st.tuples(
    st.sampled_from(["", "blog", "shop"]),
    st.sampled_from(["deploy", "shop-deploy", "deploy-rb"]),
    st.sampled_from(["", ".sh", ".rb"]),
)


def part(folder: str, stem: str, ending: str) -> Part:
    path = Path("/jobs", folder, f"{stem}{ending}")
    task = Task(slug_of(stem), stem, ScriptTarget(str(path)), Source(str(path)), group=folder.title())
    return Part(Found(path, Form.SCRIPT, folder.title()), FileTasks((task,)))


@given(st.lists(NAMES, unique=True, min_size=1, max_size=12), st.data())
def test_every_file_has_an_address_and_keeps_it_whatever_comes(files: list[tuple[str, str, str]], data: st.DataObject):
    memory: dict[str, str] = {}
    before: dict[str, str] = {}
    for count in range(1, len(files) + 1):
        there = data.draw(st.permutations(files[:count]))
        tasks = assemble([part(*one) for one in there], memory, Path("/jobs"))
        now = {task.source.file: slug for slug, task in tasks.items()}
        assert len(now) == count
        assert before.items() <= now.items()
        before = now
