"""What pushbutton.yaml says once: variables for all tasks, whom to ask about those of a group, what a failure means."""

from __future__ import annotations

from pathlib import Path

from pushbutton.adapters.catalog import check
from pushbutton.runtime.task_digest import frozen
from pushbutton.testing import opened, press_and_wait

YAML = """
env: {HTTPS_PROXY: "http://proxy:3128", WHO: everybody}
groups:
  Tills: {contact: the till team, on_failure: The tills stand still.}
tasks:
  own:
    command: [sh, -c, 'echo $HTTPS_PROXY $WHO']
    env: {WHO: me}
    contact: Ada
    on_failure: Nothing is lost.
  asked:
    command: [sh, -c, 'echo $HTTPS_PROXY $WHO']
    params: {who: {default: an input}}
"""

LOCKS = "a table of locks, each with how many runs hold it at once: “ssh” has no such number."
ODD = "“PUSHBUTTON_” cannot be the name of a variable."


def _folder(path: Path) -> Path:
    (path / "pushbutton.yaml").write_text(YAML)
    (path / "Tills").mkdir()
    script = path / "Tills" / "count.sh"
    script.write_text("#!/bin/sh\necho $HTTPS_PROXY $WHO\n")
    script.chmod(0o755)
    (path / "shop.py").write_text(
        "import os\nfrom pushbutton import task\n@task\ndef look(): print(os.environ['WHO'])\n"
    )
    return path


async def test_variables_of_all_tasks_reach_each_kind_of_them_and_what_a_task_has_itself_goes_first(
    tmp_path: Path,
) -> None:
    async with opened(_folder(tmp_path)) as app:
        said = {slug: (await press_and_wait(app, slug)).output for slug in ("own", "asked", "count", "look")}
    proxy = "http://proxy:3128"
    assert said == {
        "own": f"{proxy} me\n", "asked": f"{proxy} an input\n", "count": f"{proxy} everybody\n", "look": "everybody\n",
    }  # fmt: skip


async def test_whom_to_ask_is_said_by_the_task_its_group_or_the_server(tmp_path: Path) -> None:
    async with opened(_folder(tmp_path), contact="operations") as app:
        tasks = (await app.open()).catalog.tasks()
    assert {slug: task.contact for slug, task in tasks.items()} == {
        "own": "Ada", "asked": "operations", "count": "the till team", "look": "operations",
    }  # fmt: skip


async def test_what_a_failure_means_is_said_by_the_task_its_group_or_the_server(tmp_path: Path) -> None:
    async with opened(_folder(tmp_path), on_failure="Call the hotline.") as app:
        tasks = (await app.open()).catalog.tasks()
    assert {slug: task.on_failure for slug, task in tasks.items()} == {
        "own": "Nothing is lost.", "asked": "Call the hotline.", "count": "The tills stand still.",
        "look": "Call the hotline.",
    }  # fmt: skip


async def test_a_group_that_says_one_of_them_leaves_the_other_to_the_server(tmp_path: Path) -> None:
    (tmp_path / "pushbutton.yaml").write_text("groups:\n  Tills: {on_failure: They stand still.}\n")
    (tmp_path / "Tills").mkdir()
    (tmp_path / "Tills" / "pushbutton.yaml").write_text(
        "groups:\n  Tills: {contact: the till team, on_failure: Nobody sees this.}\n"
        "tasks:\n  count: {command: ['true']}\n"
    )
    async with opened(tmp_path, contact="operations") as app:
        task = (await app.open()).catalog.task("count")
    assert (task.group, task.contact, task.on_failure) == ("Tills", "the till team", "They stand still.")


async def test_what_the_server_says_of_failures_is_no_part_of_what_is_approved(tmp_path: Path) -> None:
    (tmp_path / "pushbutton.yaml").write_text("tasks:\n  bare: {command: ['true']}\n")
    hashes = set()
    for said in ({}, {"contact": "operations"}, {"on_failure": "Call the hotline."}):
        async with opened(tmp_path, **said) as app:
            hashes.add(await frozen((await app.open()).catalog.task("bare")))
    assert len(hashes) == 1


async def test_where_nobody_says_anything_the_task_is_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "pushbutton.yaml").write_text("tasks:\n  bare: {command: ['true']}\n")
    async with opened(tmp_path) as app:
        task = (await app.open()).catalog.task("bare")
    assert (task.contact, task.on_failure) == ("", "")


async def test_how_many_runs_hold_a_lock_is_said_in_one_place_for_tasks_of_every_form(tmp_path: Path) -> None:
    (tmp_path / "pushbutton.yaml").write_text(
        "locks: {ssh: 5, db-2: 2}\ntasks:\n  copy: {command: ['true'], locks: [ssh, warehouse-db]}\n"
    )
    (tmp_path / "shop.py").write_text("from pushbutton import task\n@task(locks=['ssh'])\ndef look(): ...\n")
    script = tmp_path / "count.sh"
    script.write_text("#!/bin/sh\n# /// pushbutton\n# locks = ['db-2']\n# ///\n")
    script.chmod(0o755)
    (tmp_path / "Tills").mkdir()
    (tmp_path / "Tills" / "pushbutton.yaml").write_text("locks: {ssh: 9}\ntasks:\n  other: {command: ['true']}\n")
    async with opened(tmp_path) as app:
        tasks = (await app.open()).catalog.tasks()
    assert {slug: task.locks for slug, task in tasks.items()} == {
        "copy": {"ssh": 5, "warehouse-db": 1}, "look": {"ssh": 5}, "count": {"db-2": 2}, "other": {},
    }  # fmt: skip


async def test_locks_are_no_part_of_what_is_approved(tmp_path: Path) -> None:
    hashes = set()
    for said in ("", ", locks: [ssh]"):
        (tmp_path / "pushbutton.yaml").write_text(f"locks: {{ssh: 2}}\ntasks:\n  bare: {{command: ['true']{said}}}\n")
        async with opened(tmp_path) as app:
            hashes.add(await frozen((await app.open()).catalog.task("bare")))
    assert len(hashes) == 1


def test_what_is_wrong_with_it_is_placed(tmp_path: Path) -> None:
    (tmp_path / "pushbutton.yaml").write_text(
        "env: {PUSHBUTTON_: a}\ngroups:\n  Tills: {contakt: x}\n  Shop: {on_failre: x}\nlocks: {ssh: 0}\ntasks: {}\n"
    )
    assert [str(problem).rpartition("/")[2] for problem in check([tmp_path])] == [
        f"pushbutton.yaml:1:1: “env” must be a table of names and texts; {ODD}",
        "pushbutton.yaml:3:11: There is no key “contakt” here. Did you mean “contact”?",
        "pushbutton.yaml:4:10: There is no key “on_failre” here. Did you mean “on_failure”?",
        f"pushbutton.yaml:5:1: “locks” must be {LOCKS}",
    ]
