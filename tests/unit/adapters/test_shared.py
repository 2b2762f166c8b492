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


def test_what_is_wrong_with_it_is_placed(tmp_path: Path) -> None:
    (tmp_path / "pushbutton.yaml").write_text(
        "env: {PUSHBUTTON_: a}\ngroups:\n  Tills: {contakt: x}\n  Shop: {on_failre: x}\ntasks: {}\n"
    )
    assert [str(problem).rpartition("/")[2] for problem in check([tmp_path])] == [
        f"pushbutton.yaml:1:1: “env” must be a table of names and texts; {ODD}",
        "pushbutton.yaml:3:11: There is no key “contakt” here. Did you mean “contact”?",
        "pushbutton.yaml:4:10: There is no key “on_failre” here. Did you mean “on_failure”?",
    ]
